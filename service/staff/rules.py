"""What may be said of a teacher, and what follows from it: pure, without a session."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


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
