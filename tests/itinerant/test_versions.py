"""A group's timetable as a whole: drafted by many, checked, published, gone back to."""

import asyncio
from collections import Counter
from datetime import date

import pytest
from sqlmodel import col, select

from service.itinerant.rules import WeeklyPeriod
from service.itinerant.rules.version import Rhythm, Standing, difference, reshape
from service.kit.auth import Role
from service.kit.changes import Change
from service.kit.ids import new_id
from service.timetable.rules import Parity
from tests.itinerant.conftest import act

AUTUMN = "2026-10-12"
"""A Monday, six teaching weeks into the term."""


@pytest.fixture
def a_draft(make, town):
    async def draft(**values):
        return await make.assignment(
            **{
                "teacher": town.teacher,
                "home": town.home,
                "campus": town.host_campus,
                "group": town.group,
                "term": town.term,
                "classes": [town.host_class],
                **values,
            }
        )

    return draft


@pytest.fixture
def timetable(town, who):
    return Timetable(town, who.office)


class Timetable:
    """The group's timetable, as its office works with it."""

    def __init__(self, town, office):
        self.town, self.office = town, office
        self.path = f"/v1/groups/{town.group.id}/itinerant-draft"
        self.term = {"term_id": str(town.term.id)}

    async def draft(self):
        return await self.office.get(self.path, params=self.term)

    async def check(self, **body):
        answer = await self.office.post(f"{self.path}:check", params=self.term, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def publish(self, *, expected="*", **body):
        said = {"reason": "走教安排", **self.term, **body}
        return await self.office.post(
            f"{self.path}:publish", json=said, headers={"If-Match": expected}
        )

    async def published(self, **body):
        answer = await self.publish(**body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def amend(self, assignment, *, expected="*", **body):
        return await self.office.put(
            f"/v1/assignments/{assignment.id}/amendment",
            json=body,
            headers={"If-Match": expected},
        )

    async def restore(self, version, **body):
        said = {"reason": "恢复", **body}
        return await act(self.office, "itinerant-versions", version, "restore", body=said)

    async def lessons(self, **params):
        found = await self.office.get(
            "/v1/lessons",
            params={"campus_id": str(self.town.host_campus.id), "limit": 200, **params},
        )
        return {one["id"]: one for one in found.json()["items"]}


def period(town, weekday, number=5):
    return {"weekday": weekday, "period": number, "class_ids": [str(town.host_class.id)]}


async def test_many_drafts_are_one_version(make, town, who, a_draft, timetable):
    other = await make.teacher(school=town.home)
    second = await make.class_section(campus=town.host_campus)
    first = await a_draft()
    await a_draft(teacher=other, classes=[second])

    draft = await timetable.draft()
    checked = await timetable.check()

    assert len(draft.json()["additions"]) == 2
    assert (checked["publishable"], checked["additions"], checked["lesson_count"]) == (True, 2, 40)
    assert await timetable.lessons() == {}
    version = await timetable.published(expected=draft.headers["ETag"])
    assert (version["number"], version["lessons_laid"], version["assignments"]) == (1, 40, 2)
    assert {one["teacher"]["name"] for one in version["diff"]["added"]} == {
        town.teacher.name,
        other.name,
    }
    assert len(await timetable.lessons()) == 40
    detail = await who.mountain.get(f"/v1/itinerant-versions/{version['id']}")
    assert str(first.id) in {one["assignment_id"] for one in detail.json()["content"]}
    tasks = (await who.mountain.get("/v1/tasks")).json()["items"]
    assert [one["kind"] for one in tasks] == ["itinerant-version"]


async def test_conflicts_are_counted_from_every_side_and_nothing_is_published(
    make, town, a_draft, timetable
):
    other = await make.teacher(school=town.home, weekly_load_limit=1)
    await a_draft()
    await a_draft(
        teacher=other, patterns=[{"weekday": 2, "period": 5}, {"weekday": 3, "period": 5}]
    )
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=5)

    checked = await timetable.check()

    assert checked["publishable"] is False
    kinds = {one["kind"]: one["hard"] for one in checked["by_kind"]}
    assert kinds == {"class-busy": True, "teacher-busy": True, "weekly-maximum": False}
    assert {one["name"] for one in checked["by_teacher"]} == {town.teacher.name, other.name}
    assert [one["name"] for one in checked["by_school"]] == ["山区小学"]
    assert checked["by_week"][0]["monday"] == "2026-08-31"
    refused = await timetable.publish()
    assert (refused.status_code, refused.json()["code"]) == (409, "schedule-conflict")
    assert {one["kind"] for one in refused.json()["conflicts"]} == {"class-busy", "teacher-busy"}
    assert {one["campus_id"] for one in (await timetable.lessons()).values()} == set()


async def test_facts_forbid_a_version_too(make, town, a_draft, timetable):
    stranger = await make.teacher(school=town.home, subjects=(("13", "2"),))
    await a_draft(teacher=stranger)
    await a_draft(patterns=[{"weekday": 3, "period": 12}])

    checked = await timetable.check()

    assert {one["kind"] for one in checked["by_kind"]} == {"not-qualified", "no-such-period"}
    assert {one["name"] for one in checked["by_school"]} == {"城区小学", "山区小学"}
    assert (await timetable.publish()).status_code == 409


async def test_what_does_not_change_keeps_its_lessons(town, a_draft, timetable):
    first = await a_draft(patterns=[{"weekday": 2, "period": 5}, {"weekday": 4, "period": 5}])
    await timetable.published()
    before = await timetable.lessons()
    moved = next(iter(one for one in before.values() if one["on_date"] == "2026-10-20"))
    changed = await act(
        timetable.office,
        "lessons",
        moved,
        "move",
        body={"on_date": "2026-10-21", "period": 5, "reason": "调课"},
    )
    assert changed.status_code == 200, changed.text

    amended = await timetable.amend(first, patterns=[period(town, 2), period(town, 5)])
    assert amended.status_code == 200, amended.text
    assert (await timetable.check(from_date=AUTUMN))["changes"] == 1
    version = await timetable.published(from_date=AUTUMN)

    assert (version["number"], len(version["diff"]["changed"])) == (2, 1)
    diff = version["diff"]["changed"][0]
    assert [one["weekday"] for one in diff["periods_removed"]] == [4]
    assert [one["weekday"] for one in diff["periods_added"]] == [5]
    after = await timetable.lessons()
    tuesdays = [one for one in before.values() if date.fromisoformat(one["on_date"]).weekday() == 1]
    for one in tuesdays:
        if one["id"] != moved["id"]:
            assert after[one["id"]]["version"] == one["version"]
    assert after[moved["id"]]["on_date"] == "2026-10-21"
    late = [one for one in before.values() if one["on_date"] >= AUTUMN and one not in tuesdays]
    assert {after[one["id"]]["status"] for one in late} == {"cancelled"}
    new = [one for id_, one in after.items() if id_ not in before]
    assert {date.fromisoformat(one["on_date"]).weekday() for one in new} == {4}
    assert min(one["on_date"] for one in new) >= AUTUMN
    assert (await timetable.draft()).json()["amendments"] == []


async def test_an_end_is_part_of_a_version_and_can_be_undone(town, a_draft, timetable):
    first = await a_draft()
    one = await timetable.published()
    await timetable.amend(first)
    draft = (await timetable.draft()).json()
    assert [each["ends"] for each in draft["amendments"]] == [True]

    two = await timetable.published(from_date=AUTUMN)

    assert [len(two["diff"][kind]) for kind in ("added", "changed", "removed")] == [0, 0, 1]
    assert two["assignments"] == 0
    standing = [
        each for each in (await timetable.lessons()).values() if each["status"] == "scheduled"
    ]
    assert max(each["on_date"] for each in standing) < AUTUMN
    three = await timetable.restore(one, from_date=AUTUMN)
    assert three.status_code == 201, three.text
    assert (three.json()["number"], three.json()["restores"]) == (3, 1)
    assert len(three.json()["diff"]["added"]) == 1
    again = [each for each in (await timetable.lessons()).values() if each["status"] == "scheduled"]
    assert len(again) == 20
    listed = await timetable.office.get("/v1/itinerant-versions", params=timetable.term)
    assert [each["number"] for each in listed.json()["items"]] == [3, 2, 1]


async def test_going_back_ends_what_came_later_and_undoes_changes(make, town, a_draft, timetable):
    first = await a_draft()
    one = await timetable.published()
    before = await timetable.lessons()
    await timetable.amend(first, patterns=[period(town, 3)])
    other = await make.teacher(school=town.home)
    second = await make.class_section(campus=town.host_campus)
    await a_draft(teacher=other, classes=[second], patterns=[{"weekday": 4, "period": 5}])
    await timetable.published(from_date=AUTUMN)

    back = await timetable.restore(one, from_date="2026-11-09")

    assert back.status_code == 201, back.text
    diff = back.json()["diff"]
    assert [len(diff[kind]) for kind in ("added", "changed", "removed")] == [0, 1, 1]
    after = (await timetable.lessons()).values()
    live = [each for each in after if each["status"] == "scheduled"]
    late = {each["on_date"] for each in live if each["on_date"] >= "2026-11-09"}
    assert late == {each["on_date"] for each in before.values() if each["on_date"] >= "2026-11-09"}
    nothing = await timetable.restore(back.json(), from_date="2026-11-09")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing-to-publish")


async def test_an_edit_of_somebody_else_is_not_published_unseen(a_draft, timetable):
    await a_draft()
    seen = (await timetable.draft()).headers["ETag"]
    await a_draft(patterns=[{"weekday": 3, "period": 6}])

    answer = await timetable.publish(expected=seen)

    assert answer.status_code == 412
    again = (await timetable.draft()).headers["ETag"]
    assert (await timetable.publish(expected=again)).status_code == 201
    nothing = await timetable.publish()
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing-to-publish")


async def test_amendments_have_versions_and_can_be_dropped(town, a_draft, timetable):
    first = await a_draft()
    early = await timetable.amend(first)
    assert (early.status_code, early.json()["code"]) == (409, "assignment-not-published")
    await timetable.published()

    made = await timetable.amend(first, expected='"0"', patterns=[period(town, 3)])
    assert made.headers["ETag"] == '"1"'
    assert (await timetable.amend(first, expected='"0"')).status_code == 412
    same = await timetable.amend(first, expected='"1"', patterns=[period(town, 3)])
    assert same.headers["ETag"] == '"1"'
    nowhere = {**period(town, 3), "class_ids": [str(town.home_class.id)]}
    wrong = await timetable.amend(first, patterns=[nowhere])
    assert wrong.json()["errors"][0]["pointer"] == "/patterns/0/class_ids/0"
    path = f"/v1/assignments/{first.id}/amendment"
    for _ in range(2):
        gone = await timetable.office.delete(path, headers={"If-Match": "*"})
        assert gone.status_code == 204
    assert (await timetable.draft()).json()["amendments"] == []


async def test_only_the_groups_office_publishes_and_not_into_the_past(
    make, as_, who, a_draft, timetable
):
    await a_draft()
    outsider = as_(Role.GROUP_ADMIN, group=await make.group(lead=await make.school()))
    body = {"reason": "走教", **timetable.term}
    for client, status in ((who.mountain, 403), (outsider, 404)):
        answer = await client.post(
            f"{timetable.path}:publish", json=body, headers={"If-Match": "*"}
        )
        assert answer.status_code == status
    past = await timetable.publish(from_date="2026-08-01")
    assert past.json()["errors"][0]["pointer"] == "/from_date"


async def test_rivals_publish_one_version_each_number(a_draft, timetable):
    await a_draft()

    answers = await asyncio.gather(*(timetable.publish() for _ in range(6)))

    assert Counter(one.status_code for one in answers) == {201: 1, 409: 5}
    assert len(await timetable.lessons()) == 20


async def test_everybody_concerned_is_told(town, a_draft, timetable, database, district):
    await a_draft()
    await timetable.published()

    statement = select(col(Change.reach)).where(Change.event == "itinerant-version.published")
    async with database.read(district.id) as db:
        (reach,) = (await db.exec(statement)).all()
    assert set(reach) == {town.group.id, town.home.id, town.host.id, town.teacher.id}


async def test_a_research_half_day_is_said_but_does_not_forbid(
    make, town, a_draft, timetable, database, district
):
    async with database.write(district.id) as db:
        row = await db.get(type(district), district.id)
        row.settings = {**row.settings, "research_half_days": {"24": "2-pm"}}
    await a_draft(patterns=[{"weekday": 2, "period": 5}, {"weekday": 3, "period": 5}])

    checked = await timetable.check()

    assert checked["publishable"] is True
    assert {one["kind"]: one["dates"] for one in checked["by_kind"]} == {"research-half-day": 20}


# Pure

DAYS = (date(2026, 9, 1), date(2027, 1, 16))
FROM = date(2026, 10, 12)


def weekly(weekday, **changes):
    usual = {
        "period": 5,
        "parity": Parity.EVERY,
        "weeks": None,
        "class_ids": (),
        "room_id": None,
        "valid_from": None,
        "valid_until": None,
    }
    return WeeklyPeriod(weekday=weekday, **{**usual, **changes})


def laid(weekday, days=DAYS):
    return Standing(new_id(), Rhythm.of(weekly(weekday)), days)


@pytest.mark.parametrize(
    ("wanted", "standing", "sizes"),
    [
        ([weekly(2)], [laid(2)], (1, 0, 0)),
        ([weekly(3)], [laid(2)], (0, 1, 1)),
        ([weekly(2), weekly(2)], [laid(2)], (1, 0, 1)),
        ([weekly(2)], [laid(2, (DAYS[0], FROM))], (0, 0, 1)),
        ([weekly(2, valid_until=FROM)], [], (0, 0, 0)),
        ([weekly(2, valid_until=date(2026, 12, 1))], [laid(2)], (0, 1, 1)),
        ([], [laid(2), laid(3)], (0, 2, 0)),
    ],
)
def test_the_smallest_change(wanted, standing, sizes):
    shape = reshape(wanted, standing=standing, valid=DAYS, from_date=FROM)

    assert (len(shape.kept), len(shape.dropped), len(shape.added)) == sizes


def test_versions_differ_by_assignment_and_period():
    named = dict.fromkeys(
        (
            *("code", "teacher_id", "teacher_name", "home_school_id", "home_school_name"),
            *("host_school_id", "host_school_name", "subject"),
        ),
        "",
    )

    def one(id_, *patterns):
        return {"id": id_, "patterns": list(patterns), **named}

    before = [one("a", 1, 2), one("b", 1), one("c", 1)]
    found = difference(before, [one("a", 2, 3), one("b", 1), one("d", 4)])

    assert {
        kind: [(each["id"], each["periods_added"], each["periods_removed"]) for each in entries]
        for kind, entries in found.items()
    } == {
        "added": [("d", [4], [])],
        "changed": [("a", [3], [1])],
        "removed": [("c", [], [1])],
    }
