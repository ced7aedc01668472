"""Whoever laid lessons is asked before the calendar moves under them: what, where, which dates."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.dialects.postgresql import Range

from service.calendar import bulk, watchers
from service.calendar.problems import LessonsAreLaid
from service.calendar.rules import DayKind, DayScope, Impact, PeriodTimes
from service.calendar.schemas import BellRow, DayRow, TermRow
from service.calendar.watchers import Touched
from service.kit.auth import Role, system
from service.kit.db import AsyncSession, days
from tests.calendar.conftest import decide, place

pytestmark = pytest.mark.usefixtures("nobody_watches")


@dataclass
class Watch:
    """Remembers what it was asked, and says how many lessons stand in the way."""

    lessons: int = 0
    asked: list[Touched] = field(default_factory=list)

    async def __call__(self, _: AsyncSession, touched: Touched) -> Impact:
        self.asked.append(touched)
        return Impact(in_the_way=self.lessons if touched.lost else 0)

    @property
    def lost(self) -> dict[UUID, list[date]]:
        """What the last change would have lost, by campus."""
        return {id_: sorted(shift.lost) for id_, shift in self.asked[-1].shifts.items()}

    @property
    def gained(self) -> dict[UUID, list[date]]:
        return {id_: sorted(shift.gained) for id_, shift in self.asked[-1].shifts.items()}


@pytest.fixture
def watch(nobody_watches: None) -> Watch:
    made = Watch()
    watchers.before_change(made)
    return made


@dataclass
class Town:
    school: Any
    campus: Any
    mate: Any
    group: Any
    term: Any


@pytest.fixture
async def town(make: Any) -> Town:
    school, mate = await make.school(), await make.school()
    group = await make.group(lead=school, close=[mate])
    campus = await make.campus(school=school)
    return Town(school, campus, await make.campus(school=mate), group, await make.school_term())


FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)


async def test_a_watcher_that_registers_again_is_asked_once(office, town, watch):
    watchers.before_change(watch)
    watch.lessons = 12

    refused = await decide(office, place(town.school, str(FRIDAY)), kind="off")

    assert refused.json()["lessons"] == 12


async def test_a_day_off_is_refused_under_laid_lessons(office, town, watch):
    watch.lessons = 12

    refused = await decide(office, place(town.school, str(FRIDAY)), kind="off")

    assert refused.status_code == 409, refused.text
    body = refused.json()
    assert (body["code"], body["lessons"], body["dates"]) == (
        "lessons-are-laid",
        12,
        [str(FRIDAY)],
    )
    assert "12" in body["detail"]
    assert (await office.get(place(town.school, str(FRIDAY)))).status_code == 404
    assert watch.lost == {town.campus.id: [FRIDAY]}
    assert watch.gained == {town.campus.id: []}


async def test_everybody_who_watches_is_asked(office, town, watch):
    second = Watch(lessons=3)
    watchers.before_change(second)
    watch.lessons = 2

    refused = await decide(office, place(town.school, str(FRIDAY)), kind="off")

    assert refused.json()["lessons"] == 5


async def test_a_day_that_follows_another_is_lost_and_gained(office, town, watch):
    path = place(town.school, str(FRIDAY))
    assert (await decide(office, path, follows_weekday=1)).status_code == 201
    assert (watch.lost, watch.gained) == ({town.campus.id: [FRIDAY]},) * 2

    assert (await office.delete(path, headers={"If-Match": "*"})).status_code == 204
    assert (watch.lost, watch.gained) == ({town.campus.id: [FRIDAY]},) * 2


async def test_a_make_up_day_gains_and_loses_nothing(office, town, watch):
    watch.lessons = 12

    made = await decide(office, place(town.school, str(SATURDAY)), follows_weekday=2)

    assert made.status_code == 201, made.text
    assert (watch.lost, watch.gained) == ({town.campus.id: []}, {town.campus.id: [SATURDAY]})


async def test_what_changes_nothing_asks_nobody(office, town, watch, district):
    watch.lessons = 12
    path = place(town.school, str(FRIDAY))

    for tag, body in (
        ('"0"', {"reason": "照常上课"}),
        ("*", {"reason": "照常上课,不放假"}),
        ("*", {"follows_weekday": 5}),
    ):
        assert (await decide(office, path, tag=tag, **body)).status_code < 300
    undecided = place(town.school, str(SATURDAY))
    assert (await decide(office, undecided)).status_code == 201
    assert (await office.delete(undecided, headers={"If-Match": "*"})).status_code == 204
    far = place(district, "2027-08-20", "district")
    assert (await decide(office, far, kind="off")).status_code == 201

    assert watch.asked == []


async def test_only_those_are_asked_about_whom_nothing_narrower_keeps(
    office, make, town, watch, district
):
    outside = await make.campus(school=await make.school())
    await make.day_decided(school=town.school, on_date=FRIDAY, kind="teach")

    await decide(office, place(town.group, str(FRIDAY), "group"), kind="off")
    assert watch.lost == {town.mate.id: [FRIDAY]}

    await decide(office, place(district, str(FRIDAY), "district"), kind="off")
    assert watch.lost == {outside.id: [FRIDAY]}


async def test_a_term_that_ends_earlier_loses_its_last_days(office, town, watch):
    watch.lessons = 40
    path = f"/v1/terms/{town.term.id}"
    headers = {"If-Match": "*"}

    refused = await office.patch(path, json={"until": "2027-01-13"}, headers=headers)
    assert (refused.status_code, refused.json()["lessons"]) == (409, 40)
    assert watch.lost == {
        campus.id: [date(2027, 1, day) for day in (13, 14, 15)]
        for campus in (town.campus, town.mate)
    }

    longer = await office.patch(path, json={"until": "2027-01-23"}, headers=headers)
    assert longer.status_code == 200, longer.text
    assert set(watch.lost) == {town.campus.id, town.mate.id}
    assert set(map(len, watch.lost.values())) == {0}
    assert set(map(len, watch.gained.values())) == {5}

    refused = await office.delete(path, headers=headers)
    assert refused.status_code == 409
    assert len(watch.lost[town.campus.id]) == 21 * 5


async def test_a_new_term_gains_its_days(office, town, watch):
    watch.lessons = 40
    body = {
        "school_year_id": str(town.term.school_year_id),
        "number": 2,
        "starts": "2027-02-22",
        "week_one": "2027-02-22",
        "until": "2027-03-06",
    }

    assert (await office.post("/v1/terms", json=body)).status_code == 201
    assert set(map(len, watch.gained.values())) == {10}


async def test_a_year_is_taken_over_as_a_whole_or_not_at_all(office, town, watch):
    watch.lessons = 7

    refused = await office.post("/v1/calendar-notices/2026:apply")

    assert refused.status_code == 409
    assert len(watch.asked) == 1, "all dates are asked about at once"
    assert watch.lost[town.campus.id] == [
        date(2026, 9, 25),
        *(date(2026, 10, day) for day in (1, 2, 5, 6, 7)),
    ]
    assert (await office.get("/v1/calendar-days")).json()["items"] == []

    watch.lessons = 0
    assert (await office.post("/v1/calendar-notices/2026:apply")).status_code == 200


# Bells


async def test_bells_ask_about_the_teaching_days_that_ring_otherwise(as_, make, town, watch):
    made = await make.bells(campus=town.campus, valid=days(date(2026, 8, 31), None))
    principal = as_(Role.SCHOOL_ADMIN, school=town.school)
    path = f"/v1/bell-schedules/{made.id}"
    shown = (await principal.get(path)).json()
    body = {name: shown[name] for name in ("name", "valid_from", "valid_until", "periods")}
    watch.lessons = 5

    async def put(**change: Any) -> int:
        return int(
            (await principal.put(path, json=body | change, headers={"If-Match": "*"})).status_code
        )

    assert await put(name="冬季") == 200
    renamed = [period | {"name": "晨读"} for period in body["periods"]]
    assert await put(periods=renamed) == 200
    assert await put(valid_from="2026-08-01") == 200
    assert await put(valid_until="2027-01-16") == 200
    assert watch.asked == []

    assert await put(valid_until="2027-01-14") == 409
    assert watch.asked[-1].stage == "2"
    assert watch.lost == {town.campus.id: [date(2027, 1, 14), date(2027, 1, 15)]}
    later = [period | {"ends": period["ends"].replace(":10", ":15")} for period in body["periods"]]
    assert await put(periods=later) == 409
    assert len(watch.lost[town.campus.id]) == 20 * 5
    assert (await principal.delete(path, headers={"If-Match": "*"})).status_code == 409

    watch.lessons = 0
    assert await put(periods=later) == 200
    assert (await principal.delete(path, headers={"If-Match": "*"})).status_code == 204
    assert set(map(len, watch.gained.values())) == {0}


async def test_first_bells_only_gain(office, town, watch):
    watch.lessons = 5
    body = {
        "campus_id": str(town.campus.id),
        "stage": "2",
        "name": "作息",
        "valid_from": "2026-11-09",
        "valid_until": "2026-11-16",
        "periods": [{"number": 1, "starts": "08:30", "ends": "09:10"}],
    }

    assert (await office.post("/v1/bell-schedules", json=body)).status_code == 201
    monday = date(2026, 11, 9)
    assert watch.gained == {town.campus.id: [monday + timedelta(days=n) for n in range(5)]}
    assert watch.lost == {town.campus.id: []}


async def test_without_terms_no_bell_disturbs_anybody(office, make, watch):
    campus = await make.campus(school=await make.school())
    made = await make.bells(campus=campus)

    gone = await office.delete(f"/v1/bell-schedules/{made.id}", headers={"If-Match": "*"})

    assert gone.status_code == 204
    assert watch.asked == []


# Workbooks

Change = Callable[[Any], Any]


def _term(town: Town) -> tuple[Any, Any]:
    span = days(date(2026, 8, 31), date(2027, 1, 14))
    return bulk.upsert_terms, TermRow("2026-2027", 1, span, date(2026, 8, 31))


def _day(town: Town) -> tuple[Any, Any]:
    return bulk.upsert_calendar_days, DayRow(DayScope.DISTRICT, None, FRIDAY, DayKind.OFF)


def _bell(town: Town) -> tuple[Any, Any]:
    period = PeriodTimes(1, time(8, 0), time(8, 40))
    span: Range[date] = days(date(2026, 8, 31), None)
    return bulk.upsert_bells, BellRow(town.campus.code, "2", "作息", span, period)


@pytest.mark.parametrize("given", [_term, _day, _bell])
async def test_a_workbook_is_refused_under_laid_lessons_too(db, make, district, town, watch, given):
    await make.bells(campus=town.campus)
    upsert, row = given(town)
    watch.lessons = 3

    with pytest.raises(LessonsAreLaid):
        await upsert(db, [row], by=system(district.id))

    assert watch.asked[-1].shifts[town.campus.id].lost


async def test_a_workbook_that_says_the_same_asks_nobody(db, make, district, town, watch):
    await make.bells(campus=town.campus)
    await make.day_decided(on_date=FRIDAY, kind="off")
    watch.lessons = 3
    by = system(district.id)
    _, term = _term(town)
    whole = replace(term, days=days(date(2026, 8, 31), date(2027, 1, 16)))

    assert (await bulk.upsert_terms(db, [whole], by=by)).unchanged == 1
    assert (await bulk.upsert_calendar_days(db, [_day(town)[1]], by=by)).unchanged == 1
    assert watch.asked == []
