"""Matching a whole cohort: wished for, worked out between two short transactions, accepted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from time import perf_counter
from typing import Any
from uuid import UUID

from service.kit import clock, jobs
from service.kit.auth import Caller, system
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, Database, change_fields, days
from service.kit.journal import record, record_by_reach
from service.kit.problems import FieldError, Text
from service.mentoring import load
from service.mentoring.care import mind
from service.mentoring.load import Loaded
from service.mentoring.matching.child import solved
from service.mentoring.problems.matching import GroundChanged, MatchingDaysUnfit, PinUnfit
from service.mentoring.queries import lock_teachers, names_of
from service.mentoring.queries import matching as queries
from service.mentoring.queries import programme as programmes
from service.mentoring.queries.cohort import frame_of
from service.mentoring.rules import LACKS
from service.mentoring.rules.matching import (
    MatchingState,
    Pinned,
    Solution,
    changed,
    check_pins,
    check_ready,
)
from service.mentoring.rules.programme import ProgrammeState, Step, check_step
from service.mentoring.tables import (
    MatchingChoice,
    MentoringMatching,
    MentoringProgramme,
    Pairing,
)

SOLVE = "mentoring.match"
ATTEMPTS = 3

_WORN_OUT = "多次尝试未能完成,请稍后重新发起"
_PINS = "指定的结对已不成立,请核对后重新发起"
_MOVED = "计算期间情况有变化,请重新发起"
_CLOSED = "帮扶项目已关闭"
_OTHER = "已采用另一次匹配"


@dataclass(frozen=True, slots=True)
class Wish:
    """The days of the pairings that should come of a run, and who is put together beforehand."""

    valid_from: date | None
    valid_until: date | None
    pinned: Sequence[Pinned]


async def ask(
    db: AsyncSession, *, caller: Caller, programme_id: UUID, wish: Wish
) -> MentoringMatching:
    """Wish for a matching of a programme's whole cohort.

    Raises
    ------
    ProgrammeStateUnfit
        The programme is not open.
    MatchingDaysUnfit
        The days are not within its year.
    PinUnfit
        A pinned pair cannot be.
    """
    programme = await programmes.programme_to_change(db, caller=caller, programme_id=programme_id)
    check_step(ProgrammeState(programme.state), Step.MATCH)
    frame = await frame_of(db, programme=programme)
    valid = (wish.valid_from or frame.day, wish.valid_until or frame.after)
    if not frame.first <= valid[0] < valid[1] <= frame.after:
        raise MatchingDaysUnfit
    if wish.pinned:
        check_pins_in(await _loaded(db, programme, valid=valid, pinned=wish.pinned))
    matching = MentoringMatching(
        district_id=caller.district_id,
        programme_id=programme_id,
        valid=days(*valid),
        pinned=[
            {"mentee_id": str(one.mentee_id), "role": one.role, "mentor_id": str(one.mentor_id)}
            for one in wish.pinned
        ],
        asked_by_name=caller.name,
        asked_at=clock.now(),
    )
    db.add(matching)
    await db.flush()
    await _tell(db, "mentoring-matching.asked", matching, programme, by=caller)
    payload = {"matching_id": str(matching.id), "by": caller.name}
    await jobs.enqueue(
        db, SOLVE, payload, district_id=caller.district_id, once=f"{SOLVE}:{matching.id}"
    )
    return matching


def check_pins_in(loaded: Loaded) -> None:
    """Refuse pinned pairs that cannot be, with the reasons of those who are no mentors."""
    barred = {id_: LACKS[lacks[0]] for id_, (_, lacks) in loaded.barred.items()}
    check_pins(loaded.scene, barred=barred)


async def _loaded(
    db: AsyncSession,
    programme: MentoringProgramme,
    *,
    valid: tuple[date, date],
    pinned: Sequence[Pinned],
) -> Loaded:
    frame = await frame_of(db, programme=programme, as_of=valid[0])
    return await load.scene_of(db, frame=frame, span=valid, pinned=pinned)


async def _tell(
    db: AsyncSession,
    event: str,
    matching: MentoringMatching,
    programme: MentoringProgramme,
    *,
    by: Caller,
    before: dict[str, Any] | None = None,
) -> None:
    reach = [] if programme.group_id is None else [programme.group_id]
    await record(db, event, matching, by=by, before=before, reach=reach)


# The work


async def work(database: Database, *, district_id: UUID, matching_id: UUID, by: str) -> None:
    """Find the best matching and write it down; nothing is locked while it is looked for."""
    caller = system(district_id, name=by)
    async with database.write(district_id) as db:
        loaded = await _begin(db, caller=caller, matching_id=matching_id)
    if loaded is None:
        return
    started = perf_counter()
    solution = await solved(loaded.scene)
    seconds = perf_counter() - started
    async with database.write(district_id) as db:
        found = _Found(loaded, solution, seconds)
        await _finish(db, caller=caller, matching_id=matching_id, found=found)


@dataclass(frozen=True, slots=True)
class _Found:
    loaded: Loaded
    solution: Solution
    seconds: float


async def _begin(db: AsyncSession, *, caller: Caller, matching_id: UUID) -> Loaded | None:
    """What is to be solved, or nothing where there is nothing to do any more."""
    matching = await queries.matching_in_work(db, matching_id=matching_id)
    if matching.state not in {MatchingState.WAITING, MatchingState.RUNNING}:
        return None
    programme = await programmes.row_by_id(db, programme_id=matching.programme_id)
    if programme.state != ProgrammeState.OPEN:
        await _end(db, matching, programme, by=caller, state=MatchingState.OUTDATED, why=_CLOSED)
        return None
    if matching.attempts >= ATTEMPTS:
        await _end(db, matching, programme, by=caller, state=MatchingState.FAILED, why=_WORN_OUT)
        return None
    loaded = await _loaded(db, programme, valid=_days(matching), pinned=_pins(matching))
    try:
        check_pins_in(loaded)
    except PinUnfit:
        await _end(db, matching, programme, by=caller, state=MatchingState.FAILED, why=_PINS)
        return None
    values = {"state": MatchingState.RUNNING, "attempts": matching.attempts + 1}
    before = change_fields(matching, values)
    await db.flush()
    await _tell(db, "mentoring-matching.started", matching, programme, by=caller, before=before)
    return loaded


def _days(matching: MentoringMatching) -> tuple[date, date]:
    return matching.valid.lower or date.min, matching.valid.upper or date.max


def _pins(matching: MentoringMatching) -> list[Pinned]:
    return [
        Pinned(UUID(one["mentee_id"]), one["role"], UUID(one["mentor_id"]))
        for one in matching.pinned
    ]


async def _end(
    db: AsyncSession,
    matching: MentoringMatching,
    programme: MentoringProgramme,
    *,
    by: Caller,
    state: MatchingState,
    why: str | None = None,
) -> None:
    values = {"state": state, "reason": why, "finished_at": matching.finished_at or clock.now()}
    before = change_fields(matching, values)
    await db.flush()
    await _tell(db, f"mentoring-matching.{state}", matching, programme, by=by, before=before)


async def _finish(db: AsyncSession, *, caller: Caller, matching_id: UUID, found: _Found) -> None:
    matching = await queries.matching_in_work(db, matching_id=matching_id)
    if matching.state != MatchingState.RUNNING:
        return
    programme = await programmes.row_by_id(db, programme_id=matching.programme_id)
    now = await _loaded(db, programme, valid=_days(matching), pinned=_pins(matching))
    facts = found.loaded.facts()
    if changed(facts, now.facts()):
        await _end(db, matching, programme, by=caller, state=MatchingState.OUTDATED, why=_MOVED)
        return
    db.add_all(_choices(matching, found.solution))
    involved = {str(one) for match in found.solution.matches for one in _two(match)}
    matching.facts = {id_: fact for id_, fact in facts.items() if id_ in involved}
    matching.totals = _totals(found)
    await _end(db, matching, programme, by=caller, state=MatchingState.DONE)


def _two(match: Any) -> tuple[UUID, UUID]:
    return match.mentee_id, match.mentor_id


def _choices(matching: MentoringMatching, solution: Solution) -> list[MatchingChoice]:
    key: dict[str, Any] = {"district_id": matching.district_id, "matching_id": matching.id}
    return [
        *(
            MatchingChoice(
                **key,
                mentee_id=one.mentee_id,
                role=one.role,
                mentor_id=one.mentor_id,
                pinned=one.pinned,
                score=one.score,
                points={name.value: points for name, points in one.points.items()},
                best_mentor_id=one.best_mentor_id,
                given_up=one.given_up,
            )
            for one in solution.matches
        ),
        *(
            MatchingChoice(**key, mentee_id=one.mentee_id, role=one.role, candidates=one.candidates)
            for one in solution.vacancies
        ),
    ]


def _totals(found: _Found) -> dict[str, Any]:
    solution = found.solution
    return {
        "mentees": sum(bool(one.roles) for one in found.loaded.scene.learners),
        "mentors": len(found.loaded.scene.coaches),
        "places": sum(one.free for one in found.loaded.scene.coaches),
        "filled": len(solution.matches),
        "vacant": len(solution.vacancies),
        "pinned": sum(one.pinned for one in solution.matches),
        "score": solution.score,
        "bound": solution.bound,
        "gap": solution.gap,
        "given_up": sum(one.given_up for one in solution.matches),
        "seconds": round(found.seconds, 3),
    }


# Accepting


async def accept(
    db: AsyncSession, *, caller: Caller, matching_id: UUID, expected: Precondition
) -> MentoringMatching:
    """Propose all pairings of a matching at once, or none.

    Raises
    ------
    MatchingNotReady
        There is no result, or it was accepted.
    GroundChanged
        It names everybody who is not as they were.
    """
    seen = await queries.visible_matching(db, caller=caller, matching_id=matching_id)
    programme = await programmes.programme_to_change(
        db, caller=caller, programme_id=seen.programme_id
    )
    check_step(ProgrammeState(programme.state), Step.MATCH)
    choices = await queries.choices_of(db, matching_id=matching_id)
    mentors = {one.mentor_id for one in choices if one.mentor_id is not None}
    await lock_teachers(db, teacher_ids=mentors | {one.mentee_id for one in choices})
    matching = await queries.matching_in_work(db, matching_id=matching_id)
    expected.check(matching.version)
    check_ready(MatchingState(matching.state), accepted=matching.accepted_at is not None)
    await _check_ground(db, matching, programme)
    proposed = [
        Pairing(
            district_id=caller.district_id,
            mentor_id=one.mentor_id,
            mentee_id=one.mentee_id,
            role=one.role,
            valid=matching.valid,
        )
        for one in choices
        if one.mentor_id is not None
    ]
    db.add_all(proposed)
    await db.flush()
    await _tell_pairings(db, matching, proposed, by=caller)
    await mind(db, by=caller, mentee_ids={one.mentee_id for one in proposed})
    before = change_fields(matching, {"accepted_at": clock.now()})
    await db.flush()
    await _tell(db, "mentoring-matching.accepted", matching, programme, by=caller, before=before)
    await let_lapse(db, by=caller, programme=programme, why=_OTHER, besides=matching.id)
    return matching


async def let_lapse(
    db: AsyncSession,
    *,
    by: Caller,
    programme: MentoringProgramme,
    why: str,
    besides: UUID | None = None,
) -> None:
    """Results that wait to be accepted are outdated, because something else was decided."""
    for other in await queries.others_done(db, programme_id=programme.id, besides=besides):
        await _end(db, other, programme, by=by, state=MatchingState.OUTDATED, why=why)


async def _check_ground(
    db: AsyncSession, matching: MentoringMatching, programme: MentoringProgramme
) -> None:
    # The pinned pairs are proposed like the others: only who is who and has room matters now.
    now = await _loaded(db, programme, valid=_days(matching), pinned=())
    moved = changed(matching.facts, now.facts())
    if not moved:
        return
    names = await names_of(db, teacher_ids=[UUID(id_) for id_ in moved])
    raise GroundChanged(
        errors=[
            FieldError(f"/teachers/{id_}", "changed", _named(names[UUID(id_)], what))
            for id_, what in sorted(moved.items())
        ]
    )


def _named(name: str, what: Text) -> Text:
    return Text(f"{name}{what.zh}", f"{name} {what.en}")


async def _tell_pairings(
    db: AsyncSession, matching: MentoringMatching, proposed: Sequence[Pairing], *, by: Caller
) -> None:
    """Tell readers, those of the same two schools together."""
    home: Mapping[str, Sequence[str]] = matching.facts
    grouped: dict[frozenset[UUID], list[tuple[UUID, int]]] = defaultdict(list)
    for one in proposed:
        schools = {UUID(home[str(id_)][1]) for id_ in (one.mentor_id, one.mentee_id)}
        grouped[frozenset(schools)].append((one.id, one.version))
    await record_by_reach(db, "pairing.proposed", grouped, by=by, collection=Pairing.__collection__)
