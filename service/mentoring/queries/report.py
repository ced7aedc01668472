"""Reading a programme's whole year: every pair that worked together, its log and appraisals."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, days
from service.mentoring.queries.cohort import Frame
from service.mentoring.queries.pairing import PairingFilter, pairings
from service.mentoring.queries.progress import InTerm, entered, progress_of, terms_of_programme
from service.mentoring.rules.appraisal import AppraisalKind, AppraisalState
from service.mentoring.rules.growth import PairFacts
from service.mentoring.rules.log import LogState
from service.mentoring.rules.progress import Entered, Progress
from service.mentoring.tables import Appraisal, LogEntry, Pairing
from service.network.access import among, members_of
from service.network.queries.finding import rows_of
from service.network.tables import Group, Membership, School
from service.staff.access import visible_teachers
from service.staff.tables import Employment, Teacher


@dataclass(frozen=True, slots=True)
class YearOfPairs:
    """The pairs of a programme's year, and everything that is counted about them."""

    frame: Frame
    terms: Sequence[InTerm]
    rows: Sequence[Any]
    """Rows for ``PairingOut``."""
    entered: Mapping[UUID, Sequence[Entered]]
    """All entries of each log, whatever their day."""
    progress: Sequence[Mapping[UUID, Progress]]
    """How far pairs came, term by term."""
    appraisals: Mapping[tuple[UUID, AppraisalKind], Appraisal]

    def outside_terms(self, pairing_id: UUID) -> int:
        """How many confirmed entries of a pair are from no term of the year."""
        whole = sum(
            one.count for one in self.entered.get(pairing_id, ()) if one.state is LogState.CONFIRMED
        )
        within = sum(
            confirmed
            for term in self.progress
            if pairing_id in term
            for confirmed, _ in term[pairing_id].kinds.values()
        )
        return whole - within


def year_pairs(caller: Caller, *, frame: Frame) -> Select[Any]:
    """Rows for ``PairingOut``: pairs that worked together in the year, of mentees in reach.

    A mentee belongs to the scope whose school employed them when the pair began, so that who has
    left since is not forgotten.
    """
    begun = func.greatest(func.lower(col(Pairing.valid)), frame.first)
    employed = select(Employment.teacher_id).where(
        col(Employment.teacher_id) == col(Pairing.mentee_id),
        col(Employment.valid).op("@>")(begun),
    )
    if frame.programme.group_id is not None:
        mine = members_of([frame.programme.group_id], on=begun)
        employed = employed.where(col(Employment.school_id).in_(mine))
    return pairings(caller, day=frame.day, wanted=PairingFilter()).where(
        col(Pairing.activated_on).is_not(None),
        col(Pairing.valid).op("&&")(days(frame.first, frame.after)),
        col(Pairing.mentee_id).in_(visible_teachers(caller, Permission.PROGRAMME_READ)),
        employed.correlate(Pairing).exists(),
    )


async def year_of_pairs(db: AsyncSession, *, caller: Caller, frame: Frame) -> YearOfPairs:
    """Everything about the pairs of a year."""
    rows = await rows_of(db, year_pairs(caller, frame=frame))
    pairs = [row[0] for row in rows]
    ids = [one.id for one in pairs]
    terms = await terms_of_programme(db, frame=frame)
    return YearOfPairs(
        frame=frame,
        terms=terms,
        rows=rows,
        entered=await entered(db, pairing_ids=ids, during=(date.min, date.max)),
        progress=[
            await progress_of(db, pairings=pairs, term=term, today=frame.at.today) for term in terms
        ],
        appraisals=await _concluded(db, pairing_ids=ids),
    )


async def _concluded(
    db: AsyncSession, *, pairing_ids: Collection[UUID]
) -> dict[tuple[UUID, AppraisalKind], Appraisal]:
    statement = select(Appraisal).where(
        among(Appraisal.pairing_id, pairing_ids),
        col(Appraisal.state) == AppraisalState.CONCLUDED.value,
    )
    return {
        (one.pairing_id, AppraisalKind(one.kind)): one for one in (await db.exec(statement)).all()
    }


async def entries_of(db: AsyncSession, *, pairing_ids: Collection[UUID]) -> Sequence[Any]:
    """Every entry of these logs, with the name of who wrote it, in order of the days."""
    shown: tuple[Any, ...] = (LogEntry, col(Teacher.name))
    statement = (
        select_rows(*shown)
        .join(Teacher, col(Teacher.id) == col(LogEntry.written_by))
        .where(among(LogEntry.pairing_id, pairing_ids))
        .order_by(col(LogEntry.on_date), col(LogEntry.id))
    )
    return await rows_of(db, statement)


async def rural_among(db: AsyncSession, *, school_ids: Collection[UUID], frame: Frame) -> set[UUID]:
    """Which of these schools are rural."""
    statement = select(School.id).where(
        among(School.id, school_ids), col(School.urban_rural_code).in_(frame.at.rural_codes)
    )
    return set((await db.exec(statement)).all())


async def groups_among(
    db: AsyncSession, *, school_ids: Collection[UUID], day: date
) -> list[tuple[UUID, str, UUID]]:
    """The groups of schools on a day: group, its name, school; by name."""
    shown: tuple[Any, ...] = (col(Group.id), col(Group.name), col(Membership.school_id))
    statement = (
        select_rows(*shown)
        .join(Membership, col(Membership.group_id) == col(Group.id))
        .where(among(Membership.school_id, school_ids), col(Membership.valid).contains(day))
        .order_by(col(Group.name), col(Group.id))
    )
    return [
        (group_id, name, school_id) for group_id, name, school_id in await rows_of(db, statement)
    ]


def facts_of(found: YearOfPairs, *, term: InTerm, rural: Collection[UUID]) -> list[PairFacts]:
    """What counts of each pair, its mentee at the school of the day."""
    place = [one.term.id for one in found.terms].index(term.term.id)
    told: list[PairFacts] = []
    for pairing, _, mentee, *_ in found.rows:
        progress = found.progress[place].get(pairing.id)
        school_id = UUID(mentee["school_id"]) if mentee["school_id"] else None
        told.append(
            PairFacts(
                mentee_id=pairing.mentee_id,
                school_id=school_id,
                rural=school_id in rural,
                confirmed=sum(done for done, _ in progress.kinds.values()) if progress else 0,
                behind=progress.behind if progress else None,
                midterm=_score(found, pairing.id, AppraisalKind.MIDTERM),
                final=_score(found, pairing.id, AppraisalKind.FINAL),
            )
        )
    return told


def _score(found: YearOfPairs, pairing_id: UUID, kind: AppraisalKind) -> Decimal | None:
    known = found.appraisals.get((pairing_id, kind))
    return known.score if known else None
