"""Preconditions: what a caller believes the version to be (RFC 9110 §13)."""

from dataclasses import dataclass

from service.kit.problems import PreconditionFailed


def etag(version: int | str, *, weak: bool = False) -> str:
    """The entity tag of a version, as it stands in a header."""
    return f'{"W/" if weak else ""}"{version}"'


def matches(header: str, current: str, *, weakly: bool) -> bool:
    """Whether a list of entity tags names the current one.

    ``If-Match`` compares strongly, ``If-None-Match`` weakly (RFC 9110 §8.8.3.2).
    """
    if header.strip() == "*":
        return True
    tags = [tag.strip() for tag in header.split(",")]
    if weakly:
        return current.removeprefix("W/") in {tag.removeprefix("W/") for tag in tags}
    return not current.startswith("W/") and current in tags


@dataclass(frozen=True, slots=True)
class Precondition:
    """The ``If-Match`` a caller sent; ``*`` means whatever it is now."""

    header: str

    def check(self, version: int | str) -> None:
        """Refuse to go on from an outdated copy.

        Raises
        ------
        PreconditionFailed
            The row has another version by now; the problem carries the current tag.
        """
        current = etag(version)
        if not matches(self.header, current, weakly=False):
            raise PreconditionFailed(headers={"ETag": current}, current_etag=current)


ANY = Precondition("*")
