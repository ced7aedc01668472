"""Reading shortages and offers, and who in a group could help."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, any_, bindparam, exists, func, or_, text
from sqlalchemy import select as select_rows
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE
from sqlalchemy.dialects.postgresql.ranges import MultiRange
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import ScalarSelect
from sqlmodel import col, select

from service.calendar.tables import SchoolYear, Term
from service.itinerant.problems.shortage import ShortageNotFound, ShortageOfferNotFound
from service.itinerant.rules import AssignmentState
from service.itinerant.rules.shortage import OfferState
from service.itinerant.tables import Assignment, Shortage, ShortageOffer
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, named_rows
from service.network.access import visible_schools
from service.network.tables import Campus, CodeItem, Group, School
from service.staff.access import visible_teachers
from service.staff.tables import Teacher
from service.timetable.tables import ClassSection

# Shortages


def halves(*, shortage_id: Any, state: OfferState) -> ScalarSelect[Any]:
    """Half lessons a week in offers of a state; what an ended assignment gave is missing again."""
    statement = select_rows(func.coalesce(func.sum(col(ShortageOffer.half_lessons)), 0)).where(
        col(ShortageOffer.shortage_id) == shortage_id, col(ShortageOffer.state) == state
    )
    if state is OfferState.ACCEPTED:
        live = exists().where(
            col(Assignment.id) == col(ShortageOffer.assignment_id),
            col(Assignment.state) != AssignmentState.ENDED,
        )
        statement = statement.where(live)
    return statement.scalar_subquery()


def _classes() -> ScalarSelect[Any]:
    return (
        select_rows(
            func.json_agg(
                func.json_build_object("id", col(ClassSection.id), "name", ClassSection.name)
            )
        )
        .where(col(ClassSection.id) == any_(col(Shortage.class_ids)))
        .correlate(Shortage)
        .scalar_subquery()
    )


def _subject(column: Any) -> Any:
    return and_(col(CodeItem.list) == "local_subject", col(CodeItem.code) == column)


def _shortage_rows() -> Select[Any]:
    return (
        select_rows(
            *(column for column in Shortage.__table__.c),  # type: ignore[attr-defined]
            col(School.name).label("school_name"),
            col(School.urban_rural_code).label("urban_rural_code"),
            col(Campus.name).label("campus_name"),
            col(Group.name).label("group_name"),
            col(SchoolYear.label).label("year_label"),
            col(Term.number).label("term_number"),
            col(CodeItem.zh).label("subject_zh"),
            col(CodeItem.en).label("subject_en"),
            _classes().label("classes"),
            halves(shortage_id=col(Shortage.id), state=OfferState.ACCEPTED).label("covered"),
            halves(shortage_id=col(Shortage.id), state=OfferState.PENDING).label("asked"),
        )
        .join(School, col(School.id) == col(Shortage.school_id))
        .join(Campus, col(Campus.id) == col(Shortage.campus_id))
        .join(Group, col(Group.id) == col(Shortage.group_id))
        .join(Term, col(Term.id) == col(Shortage.term_id))
        .join(SchoolYear, col(SchoolYear.id) == col(Term.school_year_id))
        .outerjoin(CodeItem, _subject(col(Shortage.subject)))
    )


_ROWS = _shortage_rows()
shortage_row = named_rows(_ROWS)
"""A row of ``shortages`` by the names of its columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortageFilter:
    """Which shortages are asked for."""

    school_id: UUID | None = None
    group_id: UUID | None = None
    term_id: UUID | None = None
    subject: str | None = None
    state: str | None = None
    urgency: str | None = None


def shortages(caller: Caller, *, wanted: ShortageFilter) -> Select[Any]:
    """The shortages of schools within reach."""
    seen = visible_schools(caller, Permission.SHORTAGE_READ)
    statement = _ROWS.where(col(Shortage.school_id).in_(seen))
    for column, value in (
        (col(Shortage.school_id), wanted.school_id),
        (col(Shortage.group_id), wanted.group_id),
        (col(Shortage.term_id), wanted.term_id),
        (col(Shortage.subject), wanted.subject),
        (col(Shortage.state), wanted.state),
        (col(Shortage.urgency), wanted.urgency),
    ):
        if value is not None:
            statement = statement.where(column == value)
    return statement


async def listed(db: AsyncSession, *, caller: Caller, wanted: ShortageFilter) -> list[Any]:
    """All shortages of schools within reach, in the order of a printed list."""
    statement = shortages(caller, wanted=wanted).order_by(
        col(School.name), col(Shortage.subject), col(Shortage.id)
    )
    return list((await (await db.connection()).execute(statement)).all())


async def visible_shortage(db: AsyncSession, *, caller: Caller, shortage_id: UUID) -> Any:
    """A shortage within reach, as a flat row.

    Raises
    ------
    ShortageNotFound
        It does not exist, or the caller may not see it.
    """
    statement = shortages(caller, wanted=ShortageFilter()).where(col(Shortage.id) == shortage_id)
    found = (await (await db.connection()).execute(statement)).one_or_none()
    if found is None:
        raise ShortageNotFound
    return found


@dataclass(frozen=True, slots=True)
class Taken:
    """How much of a shortage offers take, in half lessons, and how many offers are open."""

    accepted: int
    pending: int
    open_offers: int


async def taken(db: AsyncSession, *, shortage_id: UUID) -> Taken:
    """How much of a shortage offers take."""
    count = (
        select_rows(func.count())
        .select_from(ShortageOffer)
        .where(
            col(ShortageOffer.shortage_id) == shortage_id,
            col(ShortageOffer.state) == OfferState.PENDING,
        )
        .scalar_subquery()
    )
    statement = select_rows(
        halves(shortage_id=shortage_id, state=OfferState.ACCEPTED),
        halves(shortage_id=shortage_id, state=OfferState.PENDING),
        count,
    )
    return Taken(*(await (await db.connection()).execute(statement)).one())


async def groups_of_school(db: AsyncSession, *, school_id: UUID, day: date) -> list[UUID]:
    """The groups to which a school belongs on a day."""
    found = await (await db.connection()).execute(_GROUPS, {"school": school_id, "day": day})
    return list(found.scalars())


_GROUPS = text("""SELECT group_id FROM membership
WHERE school_id = :school AND valid @> CAST(:day AS date) ORDER BY group_id""")


# Offers

_Home = aliased(School, name="home")


def _reaches_offer(caller: Caller, permission: Permission) -> Any:
    schools = visible_schools(caller, permission)
    return or_(
        col(Shortage.school_id).in_(schools),
        col(ShortageOffer.home_school_id).in_(schools),
        col(ShortageOffer.teacher_id).in_(visible_teachers(caller, permission)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFilter:
    """Which offers are asked for."""

    shortage_id: UUID | None = None
    teacher_id: UUID | None = None
    home_school_id: UUID | None = None
    state: str | None = None


def offers(caller: Caller, *, wanted: OfferFilter) -> Select[Any]:
    """One's own offers, those of one's teachers, and those of one's schools' shortages."""
    statement: Any = (
        select_rows(
            ShortageOffer,
            Shortage,
            col(Teacher.name),
            col(_Home.name),
            col(School.name),
            col(Campus.name),
            col(CodeItem.zh),
            col(CodeItem.en),
        )
        .join(Shortage, col(Shortage.id) == col(ShortageOffer.shortage_id))
        .join(Teacher, col(Teacher.id) == col(ShortageOffer.teacher_id))
        .join(_Home, col(_Home.id) == col(ShortageOffer.home_school_id))
        .join(School, col(School.id) == col(Shortage.school_id))
        .join(Campus, col(Campus.id) == col(Shortage.campus_id))
        .outerjoin(CodeItem, _subject(col(Shortage.subject)))
        .where(_reaches_offer(caller, Permission.SHORTAGE_READ))
    )
    for column, value in (
        (col(ShortageOffer.shortage_id), wanted.shortage_id),
        (col(ShortageOffer.teacher_id), wanted.teacher_id),
        (col(ShortageOffer.home_school_id), wanted.home_school_id),
        (col(ShortageOffer.state), wanted.state),
    ):
        if value is not None:
            statement = statement.where(column == value)
    return statement  # type: ignore[no-any-return]


async def visible_offer(db: AsyncSession, *, caller: Caller, offer_id: UUID) -> Any:
    """An offer within reach, as a row of ``offers``.

    Raises
    ------
    ShortageOfferNotFound
        It does not exist, or the caller may not see it.
    """
    statement: Any = offers(caller, wanted=OfferFilter()).where(col(ShortageOffer.id) == offer_id)
    statement = statement.execution_options(populate_existing=True)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise ShortageOfferNotFound
    return found


async def may_with_offer(
    db: AsyncSession, *, caller: Caller, offer_id: UUID, permission: Permission
) -> bool:
    """Whether a permission reaches the home school of an offer, or its teacher."""
    statement = select(ShortageOffer.id).where(
        col(ShortageOffer.id) == offer_id,
        or_(
            col(ShortageOffer.home_school_id).in_(visible_schools(caller, permission)),
            col(ShortageOffer.teacher_id).in_(visible_teachers(caller, permission)),
        ),
    )
    return (await db.exec(statement)).one_or_none() is not None


async def hold_pending(db: AsyncSession, *, shortage_id: UUID) -> Sequence[ShortageOffer]:
    """The open offers of a shortage, held for a change."""
    statement = (
        select(ShortageOffer)
        .where(
            col(ShortageOffer.shortage_id) == shortage_id,
            col(ShortageOffer.state) == OfferState.PENDING,
        )
        .order_by(col(ShortageOffer.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


async def overdue_offers(
    db: AsyncSession, *, teacher_id: UUID, now: datetime
) -> Sequence[ShortageOffer]:
    """A teacher's open offers whose time is over."""
    statement = (
        select(ShortageOffer)
        .where(
            col(ShortageOffer.teacher_id) == teacher_id,
            col(ShortageOffer.state) == OfferState.PENDING,
            col(ShortageOffer.expires_at) <= now,
        )
        .order_by(col(ShortageOffer.id))
    )
    return (await db.exec(statement)).all()


async def teachers_asked(db: AsyncSession, *, shortage_id: UUID) -> Sequence[UUID]:
    """The teachers with open offers of a shortage."""
    statement = select(ShortageOffer.teacher_id).where(
        col(ShortageOffer.shortage_id) == shortage_id,
        col(ShortageOffer.state) == OfferState.PENDING,
    )
    return (await db.exec(statement)).all()


# Who could help

# The load of those who may teach the subject only: the rest needs no more than its reason. A school
# does not help itself.
_HELPERS = text("""WITH people AS MATERIALIZED (
  SELECT t.id, t.name, t.weekly_load_limit, e.school_id, s.name AS school_name, m.tier,
    coalesce(t.expected_retirement_on < :until, false) AS retires,
    coalesce(upper(e.valid) < :until, false) AS leaves,
    EXISTS (SELECT FROM qualification q
      WHERE q.teacher_id = t.id AND q.subject = :subject AND q.stage = :stage) AS qualified,
    (SELECT c.id FROM campus c WHERE c.school_id = e.school_id
      ORDER BY c.main DESC, c.id LIMIT 1) AS home_campus_id
  FROM membership m
  JOIN school s ON s.id = m.school_id
  JOIN employment e ON e.school_id = m.school_id AND e.valid @> CAST(:from_ AS date)
  JOIN teacher t ON t.id = e.teacher_id
  WHERE m.group_id = :group AND m.valid @> CAST(:from_ AS date) AND m.school_id <> :school
)
SELECT p.*, coalesce(w.weekly, 0) AS weekly, coalesce(w.helping, 0) AS helping,
  coalesce(w.teaches, false) AS teaches
FROM people p
LEFT JOIN LATERAL (
  SELECT sum(one) AS weekly, sum(one) FILTER (WHERE origin = 'itinerant') AS helping,
    bool_or(subject = :subject) AS teaches
  FROM (
    SELECT CASE parity WHEN 'every' THEN 1.0 ELSE 0.5 END AS one, origin, subject
    FROM weekly_slot
    WHERE teacher_id = p.id AND valid && daterange(:from_, :until)) AS slots
) AS w ON p.qualified""")

_PLACES = text("""SELECT DISTINCT campus_id FROM occupancy
WHERE resource_id = ANY (CAST(:people AS uuid[])) AND kind <> 'travel' AND campus_id IS NOT NULL
  AND during && :days""").bindparams(bindparam("days", type_=TSTZMULTIRANGE))

# A duty that is elsewhere reaches as far as the way from it, and to it.
_TAKEN = text("""WITH
occ AS MATERIALIZED (
  SELECT * FROM unnest(CAST(:number AS int[]), CAST(:on_date AS date[]),
    CAST(:starts_at AS timestamptz[]), CAST(:ends_at AS timestamptz[]))
  AS occ (number, on_date, starts_at, ends_at)),
way AS MATERIALIZED (
  SELECT campus_id, make_interval(mins => there) AS there, make_interval(mins => back) AS back
  FROM unnest(CAST(:campus AS uuid[]), CAST(:there AS int[]), CAST(:back AS int[]))
  AS way (campus_id, there, back)),
busy AS MATERIALIZED (
  SELECT o.resource_id, o.kind, o.campus_id, lower(one) AS starts_at, upper(one) AS ends_at,
    CAST(lower(one) AT TIME ZONE :zone AS date) AS on_date
  FROM occupancy o, unnest(o.during * :days) AS one
  WHERE o.resource_id = ANY (CAST(:people AS uuid[])) AND o.kind <> 'travel'
    AND o.during && :days)
SELECT b.resource_id, o.number,
  bool_or(b.starts_at < o.ends_at AND b.ends_at > o.starts_at) AS overlaps, false AS on_leave
FROM busy b JOIN occ o USING (on_date) LEFT JOIN way w USING (campus_id)
WHERE b.kind <> 'leave'
  AND b.starts_at < o.ends_at + coalesce(w.back, interval '0')
  AND b.ends_at > o.starts_at - coalesce(w.there, interval '0')
GROUP BY b.resource_id, o.number
UNION ALL
SELECT b.resource_id, o.number, true, true
FROM busy b JOIN occ o ON b.starts_at < o.ends_at AND b.ends_at > o.starts_at
WHERE b.kind = 'leave'
GROUP BY b.resource_id, o.number""").bindparams(bindparam("days", type_=TSTZMULTIRANGE))


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpAsked:
    """What help is looked for."""

    group_id: UUID
    school_id: UUID
    subject: str
    stage: str
    from_: date
    until: date


async def helpers(db: AsyncSession, *, asked: HelpAsked) -> list[Any]:
    """The teachers of a group's other schools, with the load of those who teach the subject."""
    values = {
        "group": asked.group_id,
        "school": asked.school_id,
        "subject": asked.subject,
        "stage": asked.stage,
        "from_": asked.from_,
        "until": asked.until,
    }
    return list((await (await db.connection()).execute(_HELPERS, values)).all())


async def places_of(
    db: AsyncSession, *, people: Collection[UUID], days: MultiRange[datetime]
) -> set[UUID]:
    """The campuses where people have duties."""
    values = {"people": sorted(people), "days": days}
    return set((await (await db.connection()).execute(_PLACES, values)).scalars())


async def taken_periods(db: AsyncSession, *, asked: dict[str, Any]) -> list[Any]:
    """In which weekly periods people are busy, or too far away, on at least one date."""
    return list((await (await db.connection()).execute(_TAKEN, asked)).all())
