"""Whom a programme concerns: teachers by its standard, and those decided by hand."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, literal, or_
from sqlalchemy import select as select_rows
from sqlmodel import col

from service.kit.db import AsyncSession
from service.mentoring.queries.programme import standard_on, year_of
from service.mentoring.rules.programme import Combine, EntryKind, years_before
from service.mentoring.tables import MentoringProgramme, MentoringStandard, ProgrammeEntry
from service.network.access import members_of
from service.network.queries import Standpoint, standpoint, weak_on
from service.network.tables import School
from service.staff.tables import Employment, Teacher


@dataclass(frozen=True, slots=True)
class Frame:
    """A programme as it is on a day within its year."""

    programme: MentoringProgramme
    standard: MentoringStandard
    at: Standpoint
    first: date
    """The first day of the school year: who is new is decided once a year."""
    last: date

    @property
    def after(self) -> date:
        """The day on which the year is over."""
        return self.last + timedelta(days=1)

    @property
    def day(self) -> date:
        """The day one looks at it."""
        return self.at.day


async def frame_of(
    db: AsyncSession, *, programme: MentoringProgramme, as_of: date | None = None
) -> Frame:
    """A programme on a day, by default today; before its year the first day, after it the last."""
    year = await year_of(db, school_year_id=programme.school_year_id)
    first = year.valid.lower or date.min
    last = (year.valid.upper or date.max) - timedelta(days=1)
    now = await standpoint(db, district_id=programme.district_id, as_of=as_of)
    day = min(max(now.day, first), last)
    at = Standpoint(day, now.today, now.rural_codes, now.backdating_days)
    standard = await standard_on(db, programme_id=programme.id, day=day)
    return Frame(programme, standard, at, first, last)


def in_scope(frame: Frame) -> ColumnElement[bool]:
    """Whether a school belongs to the programme's scope."""
    group_id = frame.programme.group_id
    if group_id is None:
        return literal(value=True)
    return col(Employment.school_id).in_(members_of([group_id], on=frame.day))


def employed(frame: Frame) -> ColumnElement[bool]:
    """Whether a teacher works on the day: employed, and not retired."""
    retires = col(Teacher.expected_retirement_on)
    return and_(
        col(Employment.valid).contains(frame.day), or_(retires.is_(None), retires > frame.day)
    )


def rural(frame: Frame) -> ColumnElement[bool]:
    """Whether a school is rural."""
    return col(School.urban_rural_code).in_(frame.at.rural_codes)


def cohort(frame: Frame) -> Select[Any]:
    """Everybody a programme concerns: teacher, school, and on what ground."""
    standard = frame.standard
    years = standard.new_years
    is_new = (
        func.coalesce(
            col(Teacher.teaching_since) >= years_before(frame.first, years), literal(value=False)
        )
        if years is not None
        else false()
    )
    is_rural = rural(frame) if standard.rural else false()
    is_weak = weak_on(frame.day) if standard.weak else false()
    added, exempted = _entry(frame, EntryKind.ADDED), _entry(frame, EntryKind.EXEMPTED)
    columns: tuple[Any, ...] = (
        col(Teacher.id).label("teacher_id"),
        col(Employment.school_id).label("school_id"),
        is_new.label("is_new"),
        is_rural.label("rural"),
        is_weak.label("weak"),
        added.label("added"),
        or_(rural(frame), weak_on(frame.day)).label("disadvantaged"),
    )
    return (
        select_rows(*columns)
        .select_from(Teacher)
        .join(Employment, col(Employment.teacher_id) == col(Teacher.id))
        .join(School, col(School.id) == col(Employment.school_id))
        .where(
            employed(frame),
            in_scope(frame),
            or_(added, _criteria(standard, is_new=is_new, rural=is_rural, weak=is_weak)),
            ~exempted,
        )
    )


def _criteria(
    standard: MentoringStandard, *, is_new: Any, rural: Any, weak: Any
) -> ColumnElement[bool]:
    """New teachers, and those of certain schools: both, or either.

    A criterion that nobody asked for neither lets anybody in nor keeps anybody out.
    """
    asked: list[Any] = [is_new] if standard.new_years is not None else []
    places = [one for wanted, one in ((standard.rural, rural), (standard.weak, weak)) if wanted]
    if places:
        asked.append(or_(*places))
    if not asked:
        return literal(value=False)
    return and_(*asked) if standard.combine == Combine.ALL else or_(*asked)


def _entry(frame: Frame, kind: EntryKind) -> Any:
    return exists().where(
        col(ProgrammeEntry.programme_id) == frame.programme.id,
        col(ProgrammeEntry.teacher_id) == col(Teacher.id),
        col(ProgrammeEntry.kind) == kind.value,
    )
