"""What may be said of a teacher, and how an employment may change: pure, without a session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from service.kit.auth import FieldProfile
from service.kit.pinyin import pinyin_of
from service.staff.problems import EmployedThere, EmploymentContradicts, NotEmployed


class Title(StrEnum):
    """职称."""

    SENIOR_FULL = "senior_full"
    SENIOR = "senior"
    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    NONE = "none"


class BackboneLevel(StrEnum):
    """骨干荣誉."""

    BACKBONE = "backbone"
    SUBJECT_LEADER = "subject_leader"
    MASTER = "master"
    SPECIAL = "special"


class Grantor(StrEnum):
    """Who granted the honour."""

    SCHOOL = "school"
    DISTRICT = "district"
    CITY = "city"
    PROVINCE = "province"
    NATION = "nation"


class LeavingReason(StrEnum):
    """Why an employment ended; never more than a code."""

    TRANSFERRED = "transferred"
    ROTATED = "rotated"
    RETIRED = "retired"
    RESIGNED = "resigned"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Qualified:
    """A subject at a stage that a teacher may teach."""

    subject: str
    stage: str


def is_retired(*, expected_retirement_on: date | None, on: date) -> bool:
    """Whether a teacher has reached retirement on a day."""
    return expected_retirement_on is not None and on >= expected_retirement_on


# Employment


@dataclass(frozen=True, slots=True)
class Stay:
    """A teacher's time at a school, ``[since, until)``."""

    school_id: UUID
    since: date
    until: date | None = None
    reason: LeavingReason | None = None

    def holds(self, day: date) -> bool:
        """Whether the school employs the teacher on a day."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Course:
    """What happens to the rows of an employment: one is corrected, one begins, or neither."""

    corrected: tuple[Stay, Stay] | None = None
    """As it was and as it is to be."""
    begun: Stay | None = None

    @property
    def changes(self) -> bool:
        """Whether anything happens."""
        return self != Course()


def plan_stay(history: Sequence[Stay], *, wanted: Stay) -> Course:
    """Bring an employment up to what somebody outside says of it.

    The last stay may be corrected or ended; a stay at another school that begins later ends it and
    follows it. Earlier stays are history: what contradicts them is refused, not overwritten.

    Parameters
    ----------
    history
        All stays, in order.
    wanted
        Where the teacher is to be, from when; a reason left out keeps the one that is known.

    Raises
    ------
    EmploymentContradicts
        The teacher is known to be somewhere else by then.
    """
    if not history:
        return Course(begun=wanted)
    *earlier, last = history
    if any(_same_days(stay, wanted) for stay in earlier):
        return Course()
    if last.until is not None and last.until <= wanted.since:
        return Course(begun=wanted)
    if last.school_id == wanted.school_id:
        if earlier and wanted.since < (earlier[-1].until or date.max):
            raise EmploymentContradicts(since=earlier[-1].since, until=earlier[-1].until)
        return _corrected(last, wanted)
    if wanted.since <= last.since:
        raise EmploymentContradicts(since=last.since, until=last.until)
    left = replace(last, until=wanted.since, reason=LeavingReason.TRANSFERRED)
    return Course(corrected=(last, left), begun=wanted)


def _same_days(stay: Stay, wanted: Stay) -> bool:
    return (stay.school_id, stay.since, stay.until) == (
        wanted.school_id,
        wanted.since,
        wanted.until,
    )


def _corrected(last: Stay, wanted: Stay) -> Course:
    reason = wanted.reason
    if reason is None and wanted.until is not None:
        reason = last.reason
    after = replace(wanted, reason=reason)
    return Course() if after == last else Course(corrected=(last, after))


def plan_transfer(history: Sequence[Stay], *, school_id: UUID, on: date) -> Course:
    """Move a teacher to another school, or employ one who has left.

    Raises
    ------
    EmployedThere
        The school employs the teacher on that day already.
    EmploymentContradicts
        The teacher is known to be somewhere else from a later day.
    """
    if any(stay.school_id == school_id and stay.holds(on) for stay in history):
        raise EmployedThere
    return plan_stay(history, wanted=Stay(school_id, on))


def plan_leaving(history: Sequence[Stay], *, on: date, reason: LeavingReason) -> Course:
    """End a teacher's last employment, or correct the day or the reason of its end.

    Raises
    ------
    NotEmployed
        No school has ever employed the teacher, or the last one only from that day on.
    """
    if not history or on <= history[-1].since:
        raise NotEmployed(on=on)
    last = history[-1]
    left = replace(last, until=on, reason=reason)
    return Course() if left == last else Course(corrected=(last, left))


# Names

_SURNAMES: Mapping[str, str] = {
    "仇": "qiu",
    "任": "ren",
    "区": "ou",
    "单": "shan",
    "召": "shao",
    "尉迟": "yuchi",
    "曾": "zeng",
    "朴": "piao",
    "查": "zha",
    "盖": "ge",
    "种": "chong",
    "秘": "bi",
    "缪": "miao",
    "翟": "zhai",
    "覃": "qin",
    "解": "xie",
    "那": "na",
    "重": "chong",
    "乐": "yue",
}
"""Characters that are read otherwise as a surname."""


def pinyin_of_person(name: str) -> str:
    """How a person's name is sorted and typed in Latin letters; surnames are read as surnames."""
    surname = next((one for one in (name[:2], name[:1]) if one in _SURNAMES), "")
    rest = name.removeprefix(surname)
    return _SURNAMES.get(surname, "") + pinyin_of(rest)


_HONOURS = frozenset({"backbone_level", "backbone_label", "backbone_grantor", "teaching_since"})
_PRIVATE = frozenset({"birth_year", "expected_retirement_on"})
HIDDEN: Mapping[FieldProfile, frozenset[str]] = {
    FieldProfile.BASIC: _HONOURS | _PRIVATE,
    FieldProfile.PROFESSIONAL: _PRIVATE,
    FieldProfile.FULL: frozenset(),
}
"""What of a teacher is left empty for a partner's system, by its field profile."""
