"""Rows of mentoring, a file per noun."""

from service.mentoring.tables.pairing import (
    Pairing,
)
from service.mentoring.tables.programme import (
    MentoringProgramme,
    MentoringStandard,
    ProgrammeEntry,
)

__all__ = [
    "MentoringProgramme",
    "MentoringStandard",
    "Pairing",
    "ProgrammeEntry",
]
