"""Who is due, and how schools are staffed, as pure rules."""

from datetime import date
from uuid import uuid4

import pytest

from service.rotation.rules import (
    AGES,
    SENIORITIES,
    UNKNOWN,
    Measure,
    Person,
    Policy,
    Whynot,
    age_in,
    band_of,
    bars,
    due_on,
    full_years,
    spread,
    structure_of,
    target,
)
from service.staff.rules import Title

ON = date(2026, 9, 1)


def person(**values):
    given = {
        "teacher_id": uuid4(),
        "number": "T1",
        "name": "演示教师",
        "school_id": uuid4(),
        "here_since": date(2018, 9, 1),
        "title": Title.FIRST,
        "backbone": False,
        "birth_year": 1988,
        "teaching_since": date(2012, 9, 1),
        "retires_on": date(2048, 9, 1),
        **values,
    }
    return Person(**given)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, []),
        ({"here_since": date(2020, 9, 1)}, []),
        ({"here_since": date(2020, 9, 2)}, [Whynot.NOT_LONG_ENOUGH]),
        ({"birth_year": 1976}, []),
        ({"birth_year": 1975}, [Whynot.OVER_AGE]),
        ({"birth_year": None, "retires_on": None}, []),
        ({"retires_on": date(2031, 9, 2)}, []),
        ({"retires_on": date(2031, 9, 1)}, [Whynot.RETIRING]),
        (
            {"here_since": ON, "birth_year": 1970, "retires_on": date(2030, 1, 1)},
            list(Whynot),
        ),
    ],
)
def test_why_somebody_is_not_asked(values, why):
    assert bars(person(**values), policy=Policy(), on=ON) == why


def test_a_leap_day_has_its_anniversary_in_march():
    leap = person(here_since=date(2020, 2, 29))

    assert due_on(leap, policy=Policy(years_at_school=5)) == date(2025, 3, 1)
    assert due_on(leap, policy=Policy(years_at_school=8)) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("since", "years"),
    [(date(2020, 9, 1), 6), (date(2020, 9, 2), 5), (date(2026, 9, 1), 0), (date(2027, 1, 1), 0)],
)
def test_years_count_when_they_are_full(since, years):
    assert full_years(since, ON) == years


def test_a_share_of_few_is_one():
    assert [target(count, policy=Policy()) for count in (0, 1, 5, 6)] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("number", "bands", "band"),
    [
        (None, AGES, UNKNOWN),
        (35, AGES, "<=35"),
        (36, AGES, "36-45"),
        (50, AGES, "46-50"),
        (51, AGES, ">=51"),
        (3, SENIORITIES, "<=3"),
        (21, SENIORITIES, ">20"),
    ],
)
def test_every_number_has_a_band(number, bands, band):
    assert band_of(number, bands=bands) == band


def test_a_structure_counts_everybody_once_in_each_way():
    people = [
        person(backbone=True, title=Title.SENIOR),
        person(birth_year=None, teaching_since=None),
        person(birth_year=2001, teaching_since=date(2024, 9, 1), title=Title.NONE),
    ]

    found = structure_of(people, on=ON)

    assert found.teachers == 3
    assert found.by_age == {"<=35": 1, "36-45": 1, "46-50": 0, ">=51": 0, UNKNOWN: 1}
    assert found.by_seniority == {"<=3": 1, "4-10": 0, "11-20": 1, ">20": 0, UNKNOWN: 1}
    assert {name: count for name, count in found.by_title.items() if count} == {
        "senior": 1,
        "first": 1,
        "none": 1,
    }
    assert found.backbone_share == pytest.approx(1 / 3)
    assert structure_of([], on=ON).backbone_share is None
    assert age_in(None, 2026) is None


def test_schools_alike_do_not_differ():
    one = structure_of([person(backbone=True), person()], on=ON)
    none = structure_of([person(), person()], on=ON)

    assert spread([one, one], measure=Measure.BACKBONE) == 0
    assert spread([one, none], measure=Measure.BACKBONE) == pytest.approx(1)
    assert spread([none, none], measure=Measure.BACKBONE) is None
    assert spread([structure_of([], on=ON)], measure=Measure.YOUNG) is None
    assert spread([one, none], measure=Measure.SENIOR) is None
