"""The state machine, what forbids an assignment, and how a draft completes itself."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.itinerant.problems import AssignmentStateUnfit
from service.itinerant.rules import (
    Act,
    AssignmentState,
    Draft,
    Facts,
    Person,
    Span,
    Surroundings,
    Taught,
    WeeklyPeriod,
    complete,
    groups_on,
    next_state,
    obstacles,
)
from service.kit.problems import InvalidValue, RelatedNotFound
from service.timetable.rules import ConflictKind, Parity

TEACHER, HOME, HOST, CAMPUS, GROUP, OTHER_GROUP, CLASS, ROOM, TERM = (
    UUID(int=number) for number in range(1, 10)
)
FIRST, LAST = date(2026, 8, 31), date(2027, 1, 16)
ALWAYS: list[Span] = [(None, None)]


# States


def test_a_draft_is_published_and_ends():
    published = next_state(AssignmentState.DRAFT, Act.PUBLISH)

    assert published is AssignmentState.PUBLISHED
    assert next_state(published, Act.END) is AssignmentState.ENDED
    assert next_state(AssignmentState.DRAFT, Act.END) is AssignmentState.ENDED


@pytest.mark.parametrize(
    ("state", "act"),
    [
        (AssignmentState.PUBLISHED, Act.PUBLISH),
        (AssignmentState.PUBLISHED, Act.CHANGE),
        *((AssignmentState.ENDED, act) for act in Act),
    ],
)
def test_some_acts_come_too_late(state, act):
    with pytest.raises(AssignmentStateUnfit) as refused:
        next_state(state, act)

    assert refused.value.members == {"state": state.value, "act": act.value}


@given(st.lists(st.sampled_from(Act)))
def test_no_order_of_acts_brings_a_state_back(acts):
    order = list(AssignmentState)
    state = AssignmentState.DRAFT
    for act in acts:
        try:
            following = next_state(state, act)
        except AssignmentStateUnfit:
            continue
        assert order.index(following) >= order.index(state)
        state = following


# Facts


def facts(**values) -> Facts:
    return Facts(
        **{
            "teacher_id": TEACHER,
            "home_school_id": HOME,
            "host_school_id": HOST,
            "employed": ALWAYS,
            "retires_on": None,
            "qualified": True,
            "members": {HOME: ALWAYS, HOST: ALWAYS},
            "classes": {CLASS: ALWAYS},
            **values,
        }
    )


def found(known: Facts) -> list[tuple[ConflictKind, UUID | None, date | None, date | None]]:
    return [
        (one.kind, one.subject_id, one.from_date, one.until)
        for one in obstacles(known, valid=(FIRST, LAST))
    ]


def test_nothing_stands_in_the_way_of_good_order():
    assert found(facts()) == []


NOVEMBER = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"qualified": False}, (ConflictKind.NOT_QUALIFIED, TEACHER, FIRST, LAST)),
        ({"employed": []}, (ConflictKind.LEFT, TEACHER, FIRST, LAST)),
        ({"employed": [(None, NOVEMBER)]}, (ConflictKind.LEFT, TEACHER, NOVEMBER, LAST)),
        ({"retires_on": NOVEMBER}, (ConflictKind.RETIRED, TEACHER, NOVEMBER, LAST)),
        ({"retires_on": date(2020, 1, 1)}, (ConflictKind.RETIRED, TEACHER, FIRST, LAST)),
        ({"members": {HOME: ALWAYS}}, (ConflictKind.NOT_A_MEMBER, HOST, FIRST, LAST)),
        (
            {"members": {HOME: [(NOVEMBER, None)], HOST: ALWAYS}},
            (ConflictKind.NOT_A_MEMBER, HOME, FIRST, NOVEMBER),
        ),
        (
            {"classes": {CLASS: [(None, NOVEMBER)]}},
            (ConflictKind.CLASS_NOT_THERE, CLASS, NOVEMBER, LAST),
        ),
    ],
)
def test_each_fact_forbids_its_own_days(known, expected):
    assert found(facts(**known)) == [expected]


def test_who_retires_on_the_day_after_may_teach_to_the_end():
    assert found(facts(retires_on=LAST)) == []


def test_a_teacher_of_the_host_school_itself_needs_one_membership():
    assert found(facts(home_school_id=HOST, members={HOST: ALWAYS})) == []


# Drafts

PERIOD = WeeklyPeriod(
    weekday=2,
    period=5,
    parity=Parity.EVERY,
    weeks=None,
    class_ids=(CLASS,),
    room_id=None,
    valid_from=None,
    valid_until=None,
)
DRAFT = Draft(
    code=None,
    teacher_id=TEACHER,
    campus_id=CAMPUS,
    home_school_id=None,
    group_id=None,
    term_id=TERM,
    subject="24",
    stage="2",
    valid_from=None,
    valid_until=None,
    patterns=(PERIOD,),
)
SEEN = Surroundings(
    person=Person([(HOME, (date(2020, 9, 1), None))], None, frozenset({("24", "2")}), 18),
    host_school_id=HOST,
    known_home=True,
    known_group=True,
    term=(FIRST, LAST),
    subjects=frozenset({"24"}),
    members={GROUP: {HOME: ALWAYS, HOST: ALWAYS}},
    classes={CLASS: Taught(CAMPUS, "2", (None, None))},
    rooms=frozenset({ROOM}),
)


def test_a_draft_completes_itself():
    completed = complete(DRAFT, SEEN)

    assert completed.home_school_id == HOME
    assert completed.group_id == GROUP
    assert completed.valid == (FIRST, LAST)
    assert completed.pattern_days == [(FIRST, LAST)]


def test_what_a_draft_names_is_taken_as_it_is():
    completed = complete(
        replace(
            DRAFT,
            home_school_id=HOST,
            group_id=OTHER_GROUP,
            valid_from=NOVEMBER,
            patterns=(replace(PERIOD, valid_until=date(2026, 12, 1), room_id=ROOM),),
        ),
        SEEN,
    )

    assert (completed.home_school_id, completed.group_id) == (HOST, OTHER_GROUP)
    assert completed.pattern_days == [(NOVEMBER, date(2026, 12, 1))]


def pointers(refused):
    return [error.pointer for error in refused.value.errors]


@pytest.mark.parametrize(
    ("draft", "seen", "expected"),
    [
        ({}, {"person": None}, ["/teacher_id"]),
        ({}, {"host_school_id": None}, ["/campus_id"]),
        ({}, {"known_home": False}, ["/home_school_id"]),
        ({}, {"known_group": False}, ["/group_id"]),
        ({}, {"term": None}, ["/term_id"]),
        ({"subject": "99"}, {}, ["/subject"]),
        ({"stage": "3"}, {}, ["/patterns/0/class_ids/0"]),
        ({}, {"classes": {}}, ["/patterns/0/class_ids/0"]),
        ({"patterns": (replace(PERIOD, room_id=TERM),)}, {}, ["/patterns/0/room_id"]),
        (
            {"subject": "99"},
            {"person": None, "term": None},
            ["/teacher_id", "/term_id", "/subject"],
        ),
    ],
)
def test_everything_missing_is_named_at_once(draft, seen, expected):
    with pytest.raises(RelatedNotFound) as refused:
        complete(replace(DRAFT, **draft), replace(SEEN, **seen))

    assert pointers(refused) == expected


EARLY, LATE = date(2026, 8, 1), date(2027, 3, 1)


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        ({"valid_from": EARLY}, ["/valid_from"]),
        ({"valid_until": LATE}, ["/valid_until"]),
        ({"valid_from": EARLY, "valid_until": LATE}, ["/valid_from", "/valid_until"]),
        ({"valid_from": NOVEMBER, "valid_until": NOVEMBER}, ["/valid_until"]),
        (
            {"patterns": (replace(PERIOD, valid_from=NOVEMBER, valid_until=NOVEMBER),)},
            ["/patterns/0/valid_until"],
        ),
        (
            {"valid_from": NOVEMBER, "patterns": (replace(PERIOD, valid_from=FIRST),)},
            ["/patterns/0/valid_from"],
        ),
        (
            {"valid_until": NOVEMBER, "patterns": (replace(PERIOD, valid_until=LAST),)},
            ["/patterns/0/valid_until"],
        ),
    ],
)
def test_days_that_do_not_fit_are_named(draft, expected):
    with pytest.raises(InvalidValue) as refused:
        complete(replace(DRAFT, **draft), SEEN)

    assert pointers(refused) == expected


def test_a_home_school_that_cannot_be_told_is_asked_for():
    person = Person([(HOME, (None, FIRST)), (HOST, (LAST, None))], None, frozenset(), 18)

    with pytest.raises(InvalidValue) as refused:
        complete(DRAFT, replace(SEEN, person=person, members={}))

    assert pointers(refused) == ["/home_school_id", "/group_id"]


def test_two_groups_are_one_too_many_to_guess():
    members = {**SEEN.members, OTHER_GROUP: SEEN.members[GROUP]}

    with pytest.raises(InvalidValue) as refused:
        complete(DRAFT, replace(SEEN, members=members))

    assert pointers(refused) == ["/group_id"]


def test_a_group_counts_on_the_days_of_both_memberships():
    members: dict[UUID, dict[UUID, list[Span]]] = {
        GROUP: {HOME: [(None, NOVEMBER)], HOST: [(FIRST, None)]},
        OTHER_GROUP: {HOME: ALWAYS},
    }

    assert groups_on(members, school_ids={HOME, HOST}, day=FIRST) == [GROUP]
    assert groups_on(members, school_ids={HOME, HOST}, day=NOVEMBER) == []
    assert groups_on(members, school_ids={HOME, HOST}, day=EARLY) == []


def test_the_school_of_a_day_is_the_one_that_employs():
    person = Person([(HOME, (None, FIRST)), (HOST, (FIRST, None))], None, frozenset(), 18)

    assert person.school_on(EARLY) == HOME
    assert person.school_on(FIRST) == HOST
    assert person.employed_at(HOST) == [(FIRST, None)]
