"""Which language the present reader wants: Chinese unless English is asked for."""

from contextvars import ContextVar

from service.kit.problems import Text

_language: ContextVar[str] = ContextVar("language", default="zh")


def choose(accept_language: str) -> str:
    """``zh`` or ``en`` for an ``Accept-Language`` header (RFC 9110 §12.5.4)."""
    best, best_quality = "zh", 0.0
    for item in accept_language.split(","):
        tag, _, parameters = item.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        try:
            quality = float(parameters.strip().removeprefix("q=")) if parameters else 1.0
        except ValueError:
            quality = 0.0
        if primary in {"zh", "en"} and quality > best_quality:
            best, best_quality = primary, quality
    return best


def speak(language: str) -> None:
    """Answer in this language from here on, in this task."""
    _language.set(language)


def current() -> str:
    """The language of the present request."""
    return _language.get()


def say(text: Text) -> str:
    """The sentence in the language of the present request."""
    return text.in_(_language.get())
