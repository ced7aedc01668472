"""Rows of mentoring, a file per noun."""

from service.mentoring.tables.agreement import AgreementText
from service.mentoring.tables.appraisal import Appraisal
from service.mentoring.tables.goal import GoalPlan, GrowthPlan
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
from service.mentoring.tables.visit import Visit

__all__ = [
    "AgreementText",
    "Appraisal",
    "GoalPlan",
    "GrowthPlan",
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
    "Visit",
]
