"""Rows of mentoring, a file per noun."""

from service.mentoring.tables.agreement import AgreementText
from service.mentoring.tables.log import LogEntry, LogEntryVersion
from service.mentoring.tables.matching import (
    MatchingChoice,
    MentoringMatching,
)
from service.mentoring.tables.pairing import (
    Pairing,
)
from service.mentoring.tables.programme import (
    MentoringProgramme,
    MentoringStandard,
    ProgrammeEntry,
)
from service.mentoring.tables.studio import (
    Studio,
    StudioActivity,
    StudioAttendance,
    StudioMember,
    StudioOutput,
    StudioReview,
)

__all__ = [
    "AgreementText",
    "LogEntry",
    "LogEntryVersion",
    "MatchingChoice",
    "MentoringMatching",
    "MentoringProgramme",
    "MentoringStandard",
    "Pairing",
    "ProgrammeEntry",
    "Studio",
    "StudioActivity",
    "StudioAttendance",
    "StudioMember",
    "StudioOutput",
    "StudioReview",
]
