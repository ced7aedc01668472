"""An appraisal and an agreement on paper, in Chinese whatever language the reader asks for."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from service.kit import paper
from service.mentoring.schemas import PairingOut
from service.mentoring.schemas.agreement import AgreementOut, SignatoryOut
from service.mentoring.schemas.appraisal import AppraisalOut, VoiceOut

_HERE = Path(__file__).parent / "paper_files"
_NOTHING = "—"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _score(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:g}"


def appraisal_pdf(found: AppraisalOut, *, district: str, zone: str) -> bytes:
    """An appraisal as one page of A4."""
    said: dict[str, Any] = {
        "title": f"师徒结对{found.kind_label}表",
        "subtitle": f"{district} 师徒帮扶",
        "facts": [
            ("徒弟", f"{found.mentee.name}（{found.mentee.number}）"),
            ("徒弟学校", found.mentee.school_name or _NOTHING),
            ("导师", f"{found.mentor.name}（{found.mentor.number}）"),
            ("导师学校", found.mentor.school_name or _NOTHING),
            ("导师角色", found.role_label),
            ("考核状态", found.state_label),
            ("总分", _score(found.score)),
            ("等次", (found.grade_label or _NOTHING) + ("，优秀结对" if found.outstanding else "")),
        ],
        "voices": [one.voice_label for one in found.voices],
        "criteria": [
            *(
                (one.zh, f"{one.weight}%", *(_given(voice, one.code) for voice in found.voices))
                for one in found.rubric.criteria
            ),
            ("得分", "", *(_score(voice.total) for voice in found.voices)),
            ("三方权重", "", *(f"{found.rubric.voices[one.voice]}%" for one in found.voices)),
        ],
        "comments": [
            *((one.voice_label, one.comment or _NOTHING) for one in found.voices),
            ("办结意见", found.note or _NOTHING),
        ],
        "day": _local(found.concluded_at, zone) if found.concluded_at else "    年  月  日",
    }
    return paper.as_pdf(_HERE / "appraisal.typ", said)


def _given(voice: VoiceOut, code: str) -> str:
    return _NOTHING if voice.scores is None else str(voice.scores[code])


def _local(at: datetime, zone: str) -> str:
    return _day(at.astimezone(ZoneInfo(zone)).date())


def agreement_pdf(found: AgreementOut, pair: PairingOut, *, district: str, zone: str) -> bytes:
    """An agreement, to be kept or signed by hand."""
    last = pair.valid_until - timedelta(days=1) if pair.valid_until else None
    said: dict[str, Any] = {
        "title": found.title,
        "subtitle": f"{district} 文本编号 {found.text_number}",
        "facts": [
            ("导师", f"{pair.mentor.name}（{pair.mentor.number}）"),
            ("导师学校", pair.mentor.school_name or _NOTHING),
            ("徒弟", f"{pair.mentee.name}（{pair.mentee.number}）"),
            ("徒弟学校", pair.mentee.school_name or _NOTHING),
            ("导师角色", pair.role_label),
            ("起止日期", f"{_day(pair.valid_from)}至{_day(last) if last else '长期'}"),
        ],
        "paragraphs": [one for one in found.body.splitlines() if one.strip()],
        "mentor": _signature(found.mentor, zone),
        "mentee": _signature(found.mentee, zone),
    }
    return paper.as_pdf(_HERE / "agreement.typ", said)


def _signature(one: SignatoryOut, zone: str) -> tuple[str, str]:
    if one.signed_at is None:
        return "", "    年  月  日"
    return one.name, f"{_local(one.signed_at, zone)}（本人账号签署）"
