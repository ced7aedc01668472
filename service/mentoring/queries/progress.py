"""Reading how far pairs have come in a term."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func
from sqlalchemy import select as select_rows
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.calendar.queries import bounds_of
from service.calendar.tables import SchoolYear, Term
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.mentoring.problems.progress import TermUnfit
from service.mentoring.queries.cohort import Frame
from service.mentoring.queries.pairing import PairingFilter, pairings
from service.mentoring.queries.programme import plans_for
from service.mentoring.rules import Side
from service.mentoring.rules.log import LogKind, LogState
from service.mentoring.rules.progress import (
    Entered,
    Progress,
    Window,
    present,
    progress,
    window,
)
from service.mentoring.tables import LogEntry, Pairing
from service.network.access import among, members_of
from service.network.queries.finding import rows_of
from service.staff.access import visible_teachers
from service.staff.tables import Employment


@dataclass(frozen=True, slots=True)
class InTerm:
    """A term that is asked about, with the name of its year."""

    term: Term
    year: str

    @property
    def bounds(self) -> Window:
        """The first day, and the one after the last."""
        return bounds_of(self.term.days)

    def day_of(self, today: date) -> date:
        """The day of the term on which one looks at it: today, or the first or last one."""
        first, until = self.bounds
        return min(max(today, first), until - timedelta(days=1))


async def _terms(db: AsyncSession, *, within: Any) -> list[InTerm]:
    shown: tuple[Any, ...] = (Term, col(SchoolYear.label))
    statement = (
        select_rows(*shown)
        .join(SchoolYear, col(SchoolYear.id) == col(Term.school_year_id))
        .where(within)
        .order_by(col(Term.days))
    )
    return [InTerm(term, year) for term, year in await rows_of(db, statement)]


def _chosen(terms: Sequence[InTerm], *, term_id: UUID | None, today: date) -> InTerm:
    if term_id is None:
        bounds = present([one.bounds for one in terms], today=today)
        found = next((one for one in terms if one.bounds == bounds), None)
    else:
        found = next((one for one in terms if one.term.id == term_id), None)
    if found is None:
        raise TermUnfit
    return found


async def term_of_pairing(
    db: AsyncSession, *, pairing: Pairing, term_id: UUID | None, today: date
) -> InTerm:
    """The term asked about, or the present one, in which a pairing has a day.

    Raises
    ------
    TermUnfit
        It has none in this term, or in any.
    """
    terms = await _terms(db, within=col(Term.days).op("&&")(pairing.valid))
    return _chosen(terms, term_id=term_id, today=today)


async def terms_of_programme(db: AsyncSession, *, frame: Frame) -> list[InTerm]:
    """The terms of a programme's year, in order."""
    return await _terms(db, within=col(Term.school_year_id) == frame.programme.school_year_id)


async def term_of_programme(db: AsyncSession, *, frame: Frame, term_id: UUID | None) -> InTerm:
    """The term of a programme's year that is asked about, or the present one.

    Raises
    ------
    TermUnfit
        It is none of the year's, or the year has none.
    """
    terms = await terms_of_programme(db, frame=frame)
    return _chosen(terms, term_id=term_id, today=frame.at.today)


async def entered(
    db: AsyncSession, *, pairing_ids: Collection[UUID], during: Window
) -> dict[UUID, list[Entered]]:
    """How many entries of each sort the logs of pairings have from these days."""
    sort: tuple[Any, ...] = (
        col(LogEntry.pairing_id),
        col(LogEntry.kind),
        col(LogEntry.observed),
        col(LogEntry.state),
    )
    statement = (
        select_rows(*sort, func.count())
        .where(
            among(LogEntry.pairing_id, pairing_ids),
            col(LogEntry.on_date) >= during[0],
            col(LogEntry.on_date) < during[1],
        )
        .group_by(*sort)
    )
    found: dict[UUID, list[Entered]] = defaultdict(list)
    for pairing_id, kind, observed, state, count in await rows_of(db, statement):
        side = Side(observed) if observed else None
        found[pairing_id].append(Entered(LogKind(kind), side, LogState(state), count))
    return found


async def progress_of(
    db: AsyncSession, *, pairings: Collection[Pairing], term: InTerm, today: date
) -> dict[UUID, Progress]:
    """How far pairs have come in a term; those that have no day in it are left out."""
    plans = await plans_for(db, pairings=pairings, term=term.bounds)
    counts = await entered(db, pairing_ids=list(plans), during=term.bounds)
    found: dict[UUID, Progress] = {}
    for one in pairings:
        valid = one.valid.lower or date.min, one.valid.upper
        own = window(term.bounds, valid=valid)
        if own is not None:
            found[one.id] = progress(
                plans[one.id], entered=counts.get(one.id, ()), during=own, today=today
            )
    return found


# Of a programme


@dataclass(frozen=True, slots=True)
class PairFilter:
    """Which pairs of a programme are asked for."""

    school_id: UUID | None = None
    group_id: UUID | None = None


def mentees_in_scope(frame: Frame, *, day: date, wanted: PairFilter) -> SelectOfScalar[UUID]:
    """Teachers whom the programme's scope employs on a day, at the schools asked for."""
    statement = select(Employment.teacher_id).where(col(Employment.valid).contains(day))
    for group_id in (frame.programme.group_id, wanted.group_id):
        if group_id is not None:
            mine = members_of([group_id], on=day)
            statement = statement.where(col(Employment.school_id).in_(mine))
    if wanted.school_id is not None:
        statement = statement.where(col(Employment.school_id) == wanted.school_id)
    return statement


def running(caller: Caller, *, frame: Frame, day: date, wanted: PairFilter) -> Select[Any]:
    """Rows for ``PairingOut``: the pairs that work together on a day, of mentees in reach."""
    return pairings(caller, day=day, wanted=PairingFilter(on=day)).where(
        col(Pairing.activated_on).is_not(None),
        col(Pairing.mentee_id).in_(visible_teachers(caller, Permission.PROGRAMME_READ)),
        col(Pairing.mentee_id).in_(mentees_in_scope(frame, day=day, wanted=wanted)),
    )
