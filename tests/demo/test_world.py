"""The demo district is one that could be: whatever its size, nobody is asked for twice."""

from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.cli.demo import anchors, invention
from service.cli.demo.blueprint import count_of, group
from service.cli.demo.dice import Dice
from service.cli.demo.land import LONGEST_WAY
from service.cli.demo.workbook import books
from service.cli.demo.world import World, make
from service.cli.demo.year import NOON_MINUTES
from service.mentoring.rules import Person, Plan, Policy, lacks
from service.network.rules import Member, Tier, conforms
from service.partners import consistency
from service.partners.consistency import Known
from service.partners.reader import read
from service.staff.rules import Stay
from service.timetable.rules import ResourceKind
from tests.demo.laid import Laid, named

groups = st.integers(1, 400).map(make)
PARITIES = {"every": {0, 1}, "odd": {1}, "even": {0}}


def weeks_of(lesson):
    weeks = lesson.weeks or range(1, 21)
    return {week for week in weeks if week % 2 in PARITIES[lesson.parity]}


def taught(world: World):
    """Every lesson of the autumn with the unit it is in, at home and elsewhere."""
    yield from world.lessons[anchors.AUTUMN]
    for term, one in world.assignments:
        if term == anchors.AUTUMN and one.state == "published":
            yield from ((one.host, lesson) for lesson in one.lessons)


@settings(max_examples=12, deadline=None)
@given(world=groups)
def test_nobody_is_asked_for_twice(world):
    taken: Counter[object] = Counter()
    for unit, lesson in taught(world):
        for week in weeks_of(lesson):
            when = week, lesson.weekday, lesson.period
            taken[lesson.teacher.number, when] += 1
            for code in lesson.classes:
                taken[unit.school.code, code, when] += 1
            if lesson.room:
                taken[unit.campus, lesson.room, when] += 1

    assert [what for what, count in taken.items() if count > 1] == []


@settings(max_examples=12, deadline=None)
@given(world=groups)
def test_everybody_teaches_what_they_may_and_not_too_much(world):
    loads: Counter[str] = Counter()
    for unit, lesson in taught(world):
        assert (unit.stage, lesson.subject) in lesson.teacher.teaches
        loads[lesson.teacher.number] += 1 if lesson.parity == "every" else 0

    assert max(loads.values()) <= 18
    assert world.dropped == 0


@settings(max_examples=12, deadline=None)
@given(world=groups)
def test_who_is_away_for_half_a_day_has_no_lessons_at_home_in_it(world):
    at_home = defaultdict(set)
    for unit, lesson in world.lessons[anchors.AUTUMN]:
        morning = lesson.period <= unit.shape.morning
        at_home[lesson.teacher.number].add((lesson.weekday, morning))

    for _, one in world.assignments:
        for lesson in one.lessons:
            if one.code != anchors.BAD_DRAFT:
                half = lesson.weekday, lesson.period <= one.host.shape.morning
                assert half not in at_home[lesson.teacher.number]


@settings(max_examples=12, deadline=None)
@given(world=groups)
def test_every_way_fits_into_noon(world):
    assert LONGEST_WAY <= NOON_MINUTES
    assert all(5 <= way["minutes"] + way["buffer"] <= LONGEST_WAY for way in world.ways())


@settings(max_examples=12, deadline=None)
@given(world=groups)
def test_every_pair_fits(world):
    people = {
        one.number: Person(
            teacher_id=named(one.number),
            teaches=frozenset(one.teaches),
            backbone=one.backbone_level is not None,
            teaching_since=one.teaching_since,
            retires_on=one.expected_retirement_on,
            stays=[Stay(named(one.school.code), one.joined_on, None)],
        )
        for one in world.teachers
    }
    mentees: Counter[str] = Counter()
    for row in world.pairings:
        mentor, mentee = people[row["mentor"]], people[row["mentee"]]
        valid = row["valid_from"], row["valid_through"]
        assert lacks(Plan(mentor, mentee, row["role"], valid), policy=Policy()) == []
        mentees[row["mentor"]] += 1
    assert max(mentees.values(), default=0) <= Policy().capacity
    assert len({(row["mentor"], row["mentee"]) for row in world.pairings}) == len(world.pairings)


def test_two_groups_of_the_district_do_not_conform_and_all_others_do():
    unfit = [
        plan.name
        for plan in map(group, range(1, 15))
        if not conforms(members(plan), on=date(2026, 9, 1))
    ]

    assert sorted(unfit) == sorted(anchors.UNFIT_GROUPS)
    kinds = Counter(group(number).kind for number in range(1, 15))
    assert kinds == {"k12": 9, "kindergarten": 5}


def members(plan):
    since = date(2024, 9, 1)
    return [
        Member(named(school.code), Tier(school.tier), school.seat, since, None)
        for school in plan.schools
    ]


def test_names_and_codes_are_given_once():
    schools = [
        school for plan in map(group, range(1, 281)) for school in (*plan.schools, *plan.outsiders)
    ]

    for found in (
        [school.name for school in schools],
        [school.code for school in schools],
        [group(number).name for number in range(1, 281)],
    ):
        assert [name for name, count in Counter(found).items() if count > 1] == []
    assert len({invention.person(number) for number in range(7_000)}) == 7_000


def test_a_small_district_is_the_beginning_of_a_large_one():
    assert [count_of(scale) for scale in (0.05, 0.5, 1, 20)] == [3, 7, 14, 280]


@pytest.fixture(scope="module")
def small():
    """The district of the tests."""
    return next(books(0.05))


def test_it_is_the_same_every_time(small):
    again = next(books(0.05))

    assert again.rows == small.rows


def test_a_large_district_comes_in_several_files():
    *_, last = books(3.2)

    assert last.rows["group"][-1]["name"] == group(45).name
    assert "calendar_day" not in last.rows


def test_the_workbook_has_no_problem(small):
    contents = read(small.content(), lists={})

    assert list(contents.problems) == []
    assert list(consistency.check(contents, Known(), district_code="500109")) == []
    assert {name: len(rows) for name, rows in contents.rows.items()} == {
        name: len(rows) for name, rows in small.rows.items()
    }


@pytest.fixture(scope="module")
def laid(small):
    """The district's timetable with its dates."""
    return Laid(small)


@pytest.fixture(scope="module")
def duties(laid):
    return list(laid.duties(laid.taught()))


def test_on_the_calendar_nothing_overlaps(duties):
    by_resource = defaultdict(list)
    for duty in duties:
        by_resource[duty.resource_id].append(duty)

    assert [
        (earlier, later)
        for mine in by_resource.values()
        for earlier, later in pairwise(sorted(mine, key=lambda duty: duty.starts_at))
        if later.starts_at < earlier.ends_at
    ] == []


def test_every_day_can_be_walked(laid, duties):
    legs = laid.legs(duties)

    assert [leg for leg in legs if not leg.fits] == []
    mine = [leg for leg in legs if leg.later.resource_id == named(anchors.ITINERANT)]
    assert any(leg.way.estimated for leg in mine)
    assert any(not leg.way.estimated for leg in mine)
    days = {leg.later.starts_at.date() for leg in mine}
    assert anchors.MAKE_UP_SUNDAY in days, "the make-up Sunday shows a way, too"


def test_documentation_can_rely_on_its_people(small, laid):
    people = {row["number"]: row for row in small.rows["teacher"]}
    hosts = {
        row["campus"]
        for row in small.rows["assignment"]
        if row["teacher"] == anchors.ITINERANT and row["state"] == "published"
    }
    roles = {row["role"]: row for row in small.rows["pairing"] if row["mentee"] == anchors.MENTEE}

    assert people[anchors.ITINERANT]["school"] == anchors.LEAD_SCHOOL
    assert hosts == {anchors.RURAL_CAMPUS, anchors.VILLAGE_CAMPUS}
    assert laid.school_of[anchors.RURAL_CAMPUS] == anchors.RURAL_SCHOOL
    assert people[anchors.MENTEE]["school"] == anchors.RURAL_SCHOOL
    assert roles.keys() == {"in_school", "cross_school"}
    assert roles["cross_school"]["mentor"] == anchors.MENTOR
    assert {row["state"] for row in roles.values()} == {"active"}


def test_one_draft_can_be_published_and_one_cannot(small, laid, duties):
    drafts = {row["code"]: row for row in small.rows["assignment"] if row["state"] == "draft"}
    taken = defaultdict(list)
    for duty in duties:
        taken[duty.resource_id].append(duty)

    def clashes(code):
        return {
            wanted.resource_kind
            for wanted in laid.duties([drafts[code]])
            for other in taken[wanted.resource_id]
            if wanted.starts_at < other.ends_at and other.starts_at < wanted.ends_at
        }

    assert clashes(anchors.GOOD_DRAFT) == set()
    assert ResourceKind.TEACHER in clashes(anchors.BAD_DRAFT)
    days = [*duties, *laid.duties([drafts[anchors.GOOD_DRAFT]])]
    assert [leg for leg in laid.legs(days) if not leg.fits] == []


def test_dice_fall_the_same_way_everywhere():
    dice = Dice("a", 1)

    assert [dice.below(100) for _ in range(8)] == [33, 73, 30, 31, 48, 82, 40, 59]
    assert Dice("a", 1).below(10**6) != Dice("a", 2).below(10**6)


@given(seed=st.integers(), low=st.integers(-50, 50), width=st.integers(0, 50))
def test_dice_keep_their_bounds(seed, low, width):
    dice = Dice(seed)

    assert low <= dice.between(low, low + width) <= low + width
    assert dice.weigh((1, "a"), (3, "b")) in {"a", "b"}
    assert dice.pick("xyz") in "xyz"
