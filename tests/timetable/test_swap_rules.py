"""Swaps as pure rules: states, who may change places, and with whom it is best."""

import itertools
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from service.calendar.rules import TermSpan
from service.timetable.problems.swap import (
    LessonLookedAfter,
    SwapAcrossTerms,
    SwapApart,
    SwapOver,
    SwapWithOneself,
    UndoTooLate,
)
from service.timetable.rules import Duty, ResourceKind, TimeKind, Way
from service.timetable.rules.swap import (
    OPEN,
    Party,
    Setting,
    SwapState,
    SwapStep,
    check_swappable,
    check_undoable,
    points,
    proposals,
    swap_after,
)

ZONE = ZoneInfo("Asia/Shanghai")
CAMPUS, FAR, CLASS = uuid4(), uuid4(), uuid4()
MONDAY = date(2026, 9, 7)
TERM = TermSpan(1, date(2026, 8, 31), date(2027, 1, 16), date(2026, 8, 31))
NEXT = TermSpan(2, date(2027, 2, 22), date(2027, 7, 10), date(2027, 2, 22))
WAYS = {(CAMPUS, FAR): Way(50, 10, estimated=False), (FAR, CAMPUS): Way(50, 10, estimated=False)}


def at(day: int, hour: int) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=day), time(hour), ZONE)


def party(day: int = 0, hour: int = 9, **values) -> Party:
    filled = {
        "lesson_id": uuid4(),
        "slot_id": uuid4(),
        "teacher_id": uuid4(),
        "campus_id": CAMPUS,
        "stage": "2",
        "class_ids": (CLASS,),
        "room_id": None,
        "on_date": MONDAY + timedelta(days=day),
        "starts_at": at(day, hour),
        "ends_at": at(day, hour) + timedelta(minutes=40),
        "change": None,
        "valid": (TERM.starts, TERM.until),
        **values,
    }
    return Party(**filled)


def setting(*parties: Party, more: tuple[Duty, ...] = ()) -> Setting:
    standing: dict[Any, list[Duty]] = {}
    for one in parties:
        for duty in one.duties_at(one.starts_at, one.ends_at, source_id=one.slot_id):
            standing.setdefault(duty.resource_id, []).append(duty)
    for duty in more:
        standing.setdefault(duty.resource_id, []).append(duty)
    return Setting(standing, WAYS, ZONE)


def busy(resource_id, day: int, hour: int, *, campus=CAMPUS, kind=TimeKind.LESSON) -> Duty:
    starts = at(day, hour)
    ends = starts + timedelta(minutes=40)
    return Duty(ResourceKind.TEACHER, resource_id, starts, ends, kind, campus, uuid4())


LEADS = {
    (SwapState.PROPOSED, SwapStep.CONSENT): SwapState.PROPOSED,
    (SwapState.PROPOSED, SwapStep.AGREE): SwapState.AGREED,
    (SwapState.PROPOSED, SwapStep.CARRY_OUT): SwapState.DONE,
    (SwapState.PROPOSED, SwapStep.DECLINE): SwapState.DECLINED,
    (SwapState.PROPOSED, SwapStep.WITHDRAW): SwapState.WITHDRAWN,
    (SwapState.PROPOSED, SwapStep.LAPSE): SwapState.LAPSED,
    (SwapState.AGREED, SwapStep.APPROVE): SwapState.DONE,
    (SwapState.AGREED, SwapStep.REFUSE): SwapState.REFUSED,
    (SwapState.AGREED, SwapStep.WITHDRAW): SwapState.WITHDRAWN,
    (SwapState.AGREED, SwapStep.LAPSE): SwapState.LAPSED,
    (SwapState.DONE, SwapStep.UNDO): SwapState.UNDONE,
}


@pytest.mark.parametrize(("state", "step"), list(itertools.product(SwapState, SwapStep)))
def test_a_step_leads_where_the_table_says_and_nowhere_else(state, step):
    if (state, step) in LEADS:
        assert swap_after(state, step) is LEADS[state, step]
    else:
        with pytest.raises(SwapOver):
            swap_after(state, step)


def test_what_is_open_can_still_lapse():
    assert {state for state, step in LEADS if step is SwapStep.LAPSE} == OPEN


def test_undone_only_on_its_own_local_day():
    late = datetime(2026, 9, 7, 23, 50, tzinfo=ZONE)
    check_undoable(late, now=late + timedelta(minutes=9), zone=ZONE)
    with pytest.raises(UndoTooLate):
        check_undoable(late, now=late + timedelta(minutes=10), zone=ZONE)


@pytest.mark.parametrize(
    ("problem", "change"),
    [
        (None, {}),
        (None, {"change": "needs-cover"}),
        (SwapApart, {"campus_id": FAR}),
        (SwapApart, {"stage": "3"}),
        (LessonLookedAfter, {"change": "covered"}),
        (LessonLookedAfter, {"change": "merged"}),
        (LessonLookedAfter, {"change": "self-study"}),
        (SwapAcrossTerms, {"on_date": NEXT.starts}),
        (SwapAcrossTerms, {"on_date": TERM.until}),
    ],
)
def test_which_lessons_may_change_places(problem, change):
    pair = [party(), party(1, **change)]
    if problem is None:
        check_swappable(pair, terms=[TERM, NEXT])
    else:
        with pytest.raises(problem):
            check_swappable(pair, terms=[TERM, NEXT])


def test_nobody_swaps_with_themselves():
    mine = party()
    for other in (mine, party(1, teacher_id=mine.teacher_id)):
        with pytest.raises(SwapWithOneself):
            check_swappable([mine, other], terms=[TERM])


def test_a_lesson_takes_a_time_where_all_it_needs_is_free():
    room = uuid4()
    mine, other = party(0, 9, room_id=room), party(1, 10)

    assert setting(mine, other).takes(mine, other)
    taken = setting(mine, other, more=(busy(mine.teacher_id, 1, 10),))
    assert not taken.takes(mine, other)
    assert taken.takes(other, mine)
    away = setting(mine, other, more=(busy(mine.teacher_id, 1, 10, kind=TimeKind.LEAVE),))
    assert not away.takes(mine, other)
    assert not setting(mine, other, more=(busy(room, 1, 10),)).takes(mine, other)
    ended = party(0, 9, valid=(TERM.starts, other.on_date))
    assert not setting(ended, other).takes(ended, other)


def test_a_lesson_takes_a_time_only_where_its_teacher_can_get_there():
    mine, other = party(0, 9), party(1, 10)
    near = busy(mine.teacher_id, 1, 11, campus=FAR)
    later = busy(mine.teacher_id, 1, 12, campus=FAR)
    elsewhere = busy(mine.teacher_id, 2, 11, campus=FAR)

    assert not setting(mine, other, more=(near,)).takes(mine, other)
    assert setting(mine, other, more=(later, elsewhere)).takes(mine, other)


def test_the_nearest_and_least_loaded_partner_comes_first():
    mine = party(0, 9)
    near, loaded, far = party(1, 10), party(1, 11), party(8, 10)
    more = tuple(busy(loaded.teacher_id, 0, hour) for hour in (14, 15, 16))

    found = proposals(
        mine,
        others=[far, loaded, near],
        setting=setting(mine, near, loaded, far, more=more),
        most=9,
    )

    assert [one.parties[1] for one in found] == [near, loaded, far]
    assert points(found[0]) == {"direct": 30, "same_week": 20, "near": 19, "load": 9}
    assert points(found[2]) == {"direct": 30, "same_week": 0, "near": 12, "load": 9}


def test_own_lessons_are_no_partners_and_no_more_are_proposed_than_asked_for():
    mine = party(0, 9)
    own = party(1, 9, teacher_id=mine.teacher_id)
    others = [party(day, 10) for day in (1, 2, 3)]

    found = proposals(mine, others=[own, *others], setting=setting(mine, own, *others), most=2)

    assert [one.parties[1] for one in found] == others[:2]


def test_a_chain_of_three_is_found_where_no_pair_is():
    mine, second, third = party(0, 9), party(1, 10), party(2, 11)
    more = (busy(second.teacher_id, 0, 9), busy(mine.teacher_id, 2, 11))

    found = proposals(
        mine,
        others=[second, third],
        setting=setting(mine, second, third, more=more),
        most=9,
    )

    assert [one.parties for one in found] == [(mine, second, third)]
    assert points(found[0])["direct"] == 0


def test_no_chain_through_one_teacher_twice():
    mine, second = party(0, 9), party(1, 10)
    third = party(2, 11, teacher_id=second.teacher_id)
    more = (busy(second.teacher_id, 0, 9),)

    found = proposals(
        mine,
        others=[second, third],
        setting=setting(mine, second, third, more=more),
        most=9,
    )

    assert found == []
