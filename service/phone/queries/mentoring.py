"""Whom a teacher mentors, and by whom."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import exists, func, or_, text
from sqlalchemy import select as select_rows
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit import clock
from service.kit.db import AsyncSession
from service.kit.language import say
from service.kit.problems import Text
from service.mentoring.rules import (
    GAPS,
    EndReason,
    Guide,
    PairingState,
    dual_gaps,
    state_on,
)
from service.mentoring.tables import Pairing
from service.network import codes
from service.network.rules import DesignationKind, is_rural
from service.network.schemas import rural_codes_of
from service.network.tables import CodeItem, District, School, SchoolDesignation
from service.phone.queries.home import Home, thing
from service.phone.queries.pair_work import last_advice, progress_in_term, waiting
from service.phone.queries.visits import next_visits
from service.phone.schemas import (
    MyAdvice,
    MyCode,
    MyCounterpart,
    MyGap,
    MyMentoringOut,
    MyPairing,
    MyProgress,
    MyVisit,
)


async def mentoring(db: AsyncSession, *, home: Home) -> MyMentoringOut:
    """The pairings of a teacher: the open ones first, then those that are over."""
    rows = (await db.exec(_pairings(home.teacher.id))).all()
    people = await _people(
        db, {id_ for row in rows for id_ in (row.mentor_id, row.mentee_id)}, home=home
    )
    roles = await _roles(db)
    ids = [row.id for row in rows]
    active = [row for row in rows if _state(row, home=home) is PairingState.ACTIVE]
    more = _More(
        progress=await progress_in_term(db, home=home, pairings=active),
        visits=await next_visits(db, home=home, after=clock.now()),
        advice=await last_advice(db, pairing_ids=ids),
    )
    mine = [_pairing(row, home=home, people=people, roles=roles, more=more) for row in rows]
    as_mentee = [
        one for one, row in zip(mine, rows, strict=True) if row.mentee_id == home.teacher.id
    ]
    return MyMentoringOut(
        as_of=clock.now(),
        as_mentor=[
            one for one, row in zip(mine, rows, strict=True) if row.mentor_id == home.teacher.id
        ],
        as_mentee=as_mentee,
        gaps=await _gaps(db, home=home, pairings=as_mentee),
        waiting=await waiting(db, home=home, pairings=rows),
    )


@dataclass(frozen=True, slots=True)
class _More:
    """What is told of each pair beside the pairing itself."""

    progress: Mapping[UUID, MyProgress]
    visits: Mapping[UUID, MyVisit]
    advice: Mapping[UUID, MyAdvice]


def _state(row: Pairing, *, home: Home) -> PairingState:
    valid = row.valid.lower or date.min, row.valid.upper
    return state_on(PairingState(row.state), valid=valid, day=home.today)


def _pairings(teacher_id: UUID) -> SelectOfScalar[Pairing]:
    return (
        select(Pairing)
        .where(or_(col(Pairing.mentor_id) == teacher_id, col(Pairing.mentee_id) == teacher_id))
        .order_by(
            col(Pairing.ended_at).desc().nulls_first(),
            func.lower(col(Pairing.valid)).desc(),
            col(Pairing.id),
        )
    )


_PEOPLE = text("""SELECT t.id, t.name, s.id AS school_id, s.name AS school_name
FROM teacher t
LEFT JOIN employment e ON e.teacher_id = t.id AND e.valid @> CAST(:today AS date)
LEFT JOIN school s ON s.id = e.school_id
WHERE t.id = ANY (CAST(:ids AS uuid[]))""")


async def _people(
    db: AsyncSession, ids: Collection[UUID], *, home: Home
) -> dict[UUID, MyCounterpart]:
    found = await (await db.connection()).execute(
        _PEOPLE, {"today": home.today, "ids": sorted(ids)}
    )
    return {
        row.id: MyCounterpart(
            id=row.id, name=row.name, school=thing(row.school_id, row.school_name)
        )
        for row in found
    }


async def _roles(db: AsyncSession) -> dict[str, Text]:
    words = {one.code: one.label for one in codes.DEFAULTS["mentor_role"]}
    statement = select(CodeItem).where(col(CodeItem.list) == "mentor_role")
    for item in (await db.exec(statement)).all():
        words[item.code] = Text(item.zh, item.en or item.zh)
    return words


_PAIRING_STATES = {
    PairingState.PROPOSED: Text("拟结对", "Proposed"),
    PairingState.ACCEPTED: Text("已同意", "Accepted"),
    PairingState.SIGNED: Text("已签协议", "Signed"),
    PairingState.ACTIVE: Text("进行中", "Active"),
    PairingState.ENDED: Text("已结束", "Ended"),
}
_END_REASONS = {
    EndReason.COMPLETED: Text("期满完成", "Completed"),
    EndReason.REPLACED: Text("更换导师", "Replaced"),
    EndReason.TRANSFERRED: Text("工作调动", "Transferred"),
    EndReason.WITHDRAWN: Text("撤回", "Withdrawn"),
}


def _pairing(
    row: Pairing,
    *,
    home: Home,
    people: Mapping[UUID, MyCounterpart],
    roles: Mapping[str, Text],
    more: _More,
) -> MyPairing:
    state = _state(row, home=home)
    reason = EndReason(row.end_reason) if row.end_reason else None
    return MyPairing(
        id=row.id,
        version=row.version,
        role=MyCode(code=row.role, label=say(roles.get(row.role, Text(row.role, row.role)))),
        counterpart=people[row.mentee_id if row.mentor_id == home.teacher.id else row.mentor_id],
        valid_from=row.valid.lower or date.min,
        valid_until=row.valid.upper,
        state=state,
        state_label=say(_PAIRING_STATES[state]),
        mentor_accepted=row.mentor_accepted,
        mentee_accepted=row.mentee_accepted,
        mentor_signed=row.mentor_signed_at is not None,
        mentee_signed=row.mentee_signed_at is not None,
        goals=row.goals,
        progress=more.progress.get(row.id),
        next_visit=more.visits.get(row.id),
        last_advice=more.advice.get(row.id),
        end_reason=reason,
        end_reason_label=say(_END_REASONS[reason]) if reason else None,
    )


async def _gaps(db: AsyncSession, *, home: Home, pairings: Sequence[MyPairing]) -> list[MyGap]:
    if all(one.state is PairingState.ENDED for one in pairings):
        return []
    guides = [
        Guide(
            one.counterpart.id,
            one.role.code,
            outside=one.counterpart.school is not None
            and one.counterpart.school.id != home.school_id,
        )
        for one in pairings
        if one.state is PairingState.ACTIVE and one.valid_from <= home.today
    ]
    disadvantaged = await _disadvantaged(db, home=home)
    return [
        MyGap(kind=gap, message=say(GAPS[gap]))
        for gap in dual_gaps(guides, disadvantaged=disadvantaged)
    ]


async def _disadvantaged(db: AsyncSession, *, home: Home) -> bool:
    """Whether the home school is rural or weak."""
    weak = exists().where(
        col(SchoolDesignation.school_id) == col(School.id),
        col(SchoolDesignation.kind) == DesignationKind.WEAK,
        col(SchoolDesignation.valid).contains(home.today),
    )
    statement = (
        select_rows(col(School.urban_rural_code), col(District.settings), weak)
        .join(District, col(District.id) == col(School.district_id))
        .where(col(School.id) == home.school_id)
    )
    row = (await (await db.connection()).execute(statement)).one_or_none()
    if row is None:
        return False
    code, settings, is_weak = row
    return bool(is_weak) or is_rural(code, rural_codes=rural_codes_of(settings))
