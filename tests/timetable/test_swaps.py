"""Swaps: lessons that change places as one, by the consent of all, and never by halves."""

import asyncio
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from service.kit import clock
from service.kit.auth import Role
from service.kit.db import days
from service.network.tables import Task
from service.timetable.tables import DutyPolicy
from tests.timetable.absences import ANY, away, covers_of, lesson_on, read, step

MONDAY, TUESDAY, WEDNESDAY = "2026-09-07", "2026-09-08", "2026-09-09"
CROSSINGS = 500
AT_ONCE = 40


@pytest.fixture
def office(as_, town):
    return as_(Role.SCHOOL_ADMIN, school=town.home)


@pytest.fixture
def as_teacher(as_, town):
    return lambda teacher: as_(Role.TEACHER, teacher=teacher, school=town.home)


@pytest.fixture
def herself(as_teacher, town):
    return as_teacher(town.teacher)


@pytest.fixture
async def colleague(make, town):
    return await make.teacher(school=town.home, name="演示语文教师", subjects=(("13", "2"),))


@pytest.fixture
def other(as_teacher, colleague):
    return as_teacher(colleague)


@pytest.fixture
async def both(make, town, colleague, office):
    """Music on Tuesday in the first period, Chinese on Wednesday in the second; one class."""
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=colleague, classes=[town.home_class], weekday=3, period=2, subject="13")
    return [
        await lesson_on(office, town.teacher, TUESDAY),
        await lesson_on(office, colleague, WEDNESDAY),
    ]


@pytest.fixture
def duet(herself, other, both):
    """Who would swap with whom, and what."""
    return herself, other, both


@pytest.fixture
async def at_once(make, town):
    """The school lets teachers swap by themselves."""
    await make.kept(rows=[_policy(town, swap_approval=False)])


def _policy(town, **values):
    numbers = {
        "swap_days": 1,
        "temporary_days": 5,
        "cover_lead_minutes": 120,
        "swap_approval": True,
        "check_in_early_minutes": 60,
        "late_after_minutes": 5,
        "check_in_metres": 500,
        **values,
    }
    return DutyPolicy(
        district_id=town.home.district_id,
        school_id=town.home.id,
        valid=days(date(2026, 8, 1), None),
        **numbers,
    )


async def propose(client, lessons, **values):
    body = {"lesson_ids": [one["id"] for one in lessons], "reason": "外出培训", **values}
    return await client.post("/v1/swaps", json=body)


async def proposed(client, lessons):
    answer = await propose(client, lessons)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def swapped(client, other, lessons):
    """A swap that both agreed to, where nobody has to approve."""
    swap = await proposed(client, lessons)
    answer = await step(other, f"swaps/{swap['id']}:consent")
    assert (answer.status_code, answer.json()["state"]) == (200, "done"), answer.text
    return answer.json()


def refusal(answer):
    return answer.status_code, answer.json().get("code")


async def times_of(office, *lessons):
    now = [await read(office, f"lessons/{one['id']}") for one in lessons]
    return [(one["on_date"], one["period"], one["starts_at"]) for one in now]


async def test_partners_are_listed_and_a_busy_one_is_not(make, town, herself, both):
    busy = await make.teacher(school=town.home, name="忙碌教师", subjects=(("13", "2"),))
    await make.slot(teacher=busy, classes=[town.home_class], weekday=4, period=3, subject="13")
    other_class = await make.class_section(campus=town.home_campus)
    await make.slot(teacher=busy, classes=[other_class], weekday=2, period=1, subject="13")

    found = await read(herself, f"lessons/{both[0]['id']}/swap-partners")

    best = found["items"][0]
    assert best["lesson_ids"] == [both[0]["id"], both[1]["id"]]
    assert best["partners"][0]["teacher"]["name"] == "演示语文教师"
    assert best["score"] == sum(best["criteria"].values())
    direct = [one for one in found["items"] if len(one["partners"]) == 1]
    assert {one["partners"][0]["teacher"]["name"] for one in direct} == {"演示语文教师"}
    assert await propose_first(herself, found) == 201


async def propose_first(client, found):
    body = {"lesson_ids": found["items"][0]["lesson_ids"], "reason": "外出培训"}
    return (await client.post("/v1/swaps", json=body)).status_code


async def test_partners_are_looked_for_in_days_that_can_be_named(town, herself, both):
    path = f"/v1/lessons/{both[0]['id']}/swap-partners"

    later = await herself.get(path, params={"from": "2026-09-14", "until": "2026-09-21"})
    reversed_ = await herself.get(path, params={"from": "2026-09-14", "until": "2026-09-14"})
    endless = await herself.get(path, params={"from": "2026-09-14", "until": "2027-09-14"})

    assert [one["partners"][0]["on_date"] for one in later.json()["items"]] == ["2026-09-16"]
    assert {reversed_.status_code, endless.status_code} == {422}


@pytest.mark.usefixtures("at_once")
async def test_the_consent_of_both_is_enough_where_the_school_wants_no_more(
    office, herself, both, other
):
    before = await times_of(office, *both)
    swap = await proposed(herself, both)
    assert [one["consented_at"] is not None for one in swap["lessons"]] == [True, False]
    assert await times_of(office, *both) == before

    answer = await step(other, f"swaps/{swap['id']}:consent")

    assert (answer.status_code, answer.json()["state"]) == (200, "done"), answer.text
    assert await times_of(office, *both) == before[::-1]
    music = await read(office, f"lessons/{both[0]['id']}")
    assert (music["change"], music["reason"]) == ("swapped", "外出培训")
    assert music["changed_by"]
    assert music["original"]["starts_at"] == "2026-09-08T08:30:00+08:00"
    assert music["teacher"] == both[0]["teacher"]


async def test_where_the_school_wants_it_another_person_approves(
    database, district, office, herself, both, other
):
    before = await times_of(office, *both)
    swap = await proposed(herself, both)
    agreed = await step(other, f"swaps/{swap['id']}:consent")
    assert agreed.json()["state"] == "agreed"
    assert await times_of(office, *both) == before
    async with database.read(district.id) as db:
        (waiting,) = (await db.exec(select(Task).where(col(Task.state) == "open"))).all()
    assert (waiting.kind, str(waiting.subject_id)) == ("swap-awaits-approval", swap["id"])

    approved = await step(office, f"swaps/{swap['id']}:approve")

    assert (approved.status_code, approved.json()["state"]) == (200, "done"), approved.text
    assert await times_of(office, *both) == before[::-1]
    async with database.read(district.id) as db:
        task = (await db.exec(select(Task))).one()
    assert task.state == "done"


async def test_who_proposed_does_not_approve(as_, town, office, as_teacher, colleague, both):
    swap = await proposed(office, both)
    assert [one["consented_at"] for one in swap["lessons"]] == [None, None]
    for teacher in (town.teacher, colleague):
        answer = await step(as_teacher(teacher), f"swaps/{swap['id']}:consent")
        assert answer.status_code == 200

    own = await step(office, f"swaps/{swap['id']}:approve")
    head = as_(Role.SCHOOL_ADMIN, school=town.home, teacher=colleague)
    party = await step(head, f"swaps/{swap['id']}:refuse", reason="不妥")
    second = await step(as_(Role.SCHOOL_ADMIN, school=town.home), f"swaps/{swap['id']}:approve")

    assert refusal(own) == (403, "own-request")
    assert refusal(party) == (403, "own-request")
    assert second.status_code == 200


async def test_a_swap_is_declined_refused_and_withdrawn_with_a_word(office, herself, both, other):
    first = await proposed(herself, both)
    declined = await step(other, f"swaps/{first['id']}:decline", reason="当日有教研活动")
    second = await proposed(herself, both)
    await step(other, f"swaps/{second['id']}:consent")
    refused = await step(office, f"swaps/{second['id']}:refuse", reason="影响考试安排")
    third = await proposed(herself, both)
    withdrawn = await step(herself, f"swaps/{third['id']}:withdraw")

    assert (declined.json()["state"], declined.json()["decision_note"]) == (
        "declined",
        "当日有教研活动",
    )
    assert (refused.json()["state"], refused.json()["decision_note"]) == ("refused", "影响考试安排")
    assert withdrawn.json()["state"] == "withdrawn"
    assert refusal(await step(other, f"swaps/{third['id']}:consent")) == (409, "swap-over")
    listed = (await read(other, "swaps?state=declined"))["items"]
    assert [one["id"] for one in listed] == [first["id"]]


async def test_only_the_teachers_concerned_consent(make, town, as_teacher, herself, both):
    swap = await proposed(herself, both)
    stranger = as_teacher(await make.teacher(school=town.home))

    unseen = await step(stranger, f"swaps/{swap['id']}:consent")
    again = await step(herself, f"swaps/{swap['id']}:consent")

    assert refusal(unseen) == (404, "swap-not-found")
    assert refusal(again) == (409, "swap-over")


async def test_a_teacher_proposes_only_for_a_lesson_of_their_own(herself, both, other):
    answer = await propose(other, both)
    reversed_ = await propose(other, both[::-1])

    assert answer.status_code == 404
    assert reversed_.status_code == 201


@pytest.mark.usefixtures("at_once")
async def test_chains_of_three_go_round(make, town, as_teacher, duet, office):
    herself, other, both = duet
    third = await make.teacher(school=town.home, name="演示英语教师", subjects=(("41", "2"),))
    await make.slot(teacher=third, classes=[town.home_class], weekday=4, period=3, subject="41")
    lessons = [*both, await lesson_on(office, third, "2026-09-10")]
    before = await times_of(office, *lessons)
    swap = await proposed(herself, lessons)

    first = await step(other, f"swaps/{swap['id']}:consent")
    second = await step(as_teacher(third), f"swaps/{swap['id']}:consent")

    assert (first.json()["state"], second.json()["state"]) == ("proposed", "done")
    assert await times_of(office, *lessons) == [before[1], before[2], before[0]]


@pytest.mark.usefixtures("at_once")
async def test_a_swap_is_undone_within_the_day_and_not_later(office, herself, both, taken, other):
    before, time_before = await times_of(office, *both), await taken()
    swap = await swapped(herself, other, both)
    assert len(await taken()) == len(time_before)

    undone = await step(herself, f"swaps/{swap['id']}:undo")

    assert (undone.status_code, undone.json()["state"]) == (200, "undone"), undone.text
    assert await times_of(office, *both) == before
    assert await taken() == time_before
    music = await read(office, f"lessons/{both[0]['id']}")
    assert (music["change"], music["original"]) == (None, None)
    again = await swapped(herself, other, both)
    with clock.freeze(clock.now() + timedelta(days=1)):
        late = await step(herself, f"swaps/{again['id']}:undo")
    assert refusal(late) == (409, "undo-too-late")
    assert refusal(await step(herself, f"swaps/{swap['id']}:undo")) == (409, "swap-over")


@pytest.fixture
def taken(database, district):
    """All stretches of time that are taken, by whom."""

    async def read_():
        statement = text(
            "SELECT resource_id, kind, lower(one) AS at FROM occupancy, unnest(during) one"
            " ORDER BY 1, 3"
        )
        async with database.read(district.id) as db:
            return (await (await db.connection()).execute(statement)).all()

    return read_


@pytest.mark.usefixtures("at_once")
async def test_a_swap_cannot_be_undone_once_one_of_its_times_has_begun(herself, both, other):
    with clock.freeze(datetime.fromisoformat("2026-09-08T07:00:00+08:00")):
        swap = await swapped(herself, other, both)
    with clock.freeze(datetime.fromisoformat("2026-09-08T08:40:00+08:00")):
        late = await step(herself, f"swaps/{swap['id']}:undo")

    assert refusal(late) == (409, "lesson-over")


@pytest.mark.usefixtures("at_once")
async def test_a_swap_that_was_moved_since_is_not_undone(office, herself, both, other):
    swap = await swapped(herself, other, both)
    moved = {"on_date": "2026-09-11", "period": 4, "reason": "活动"}
    assert (await step(office, f"lessons/{both[0]['id']}:move", **moved)).status_code == 200

    assert refusal(await step(herself, f"swaps/{swap['id']}:undo")) == (409, "swap-outdated")


async def test_impossible_swaps_each_say_why(make, town, office, herself, colleague, both):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=4, period=1)
    own = await lesson_on(office, town.teacher, "2026-09-10")
    await make.slot(teacher=colleague, classes=[town.host_class], weekday=5, period=6)
    apart = await lesson_on(office, colleague, "2026-09-11")
    stranger = {"id": "01900000-0000-7000-8000-000000000000"}
    cancelled = await lesson_on(office, colleague, "2026-09-16")
    await step(office, f"lessons/{cancelled['id']}:cancel", reason="活动")

    assert refusal(await propose(herself, [both[0], both[0]])) == (409, "swap-with-oneself")
    assert refusal(await propose(herself, [both[0], own])) == (409, "swap-with-oneself")
    assert refusal(await propose(herself, [both[0], apart])) == (409, "swap-apart")
    missing = await propose(herself, [both[0], stranger])
    assert refusal(missing) == (422, "related-not-found")
    assert missing.json()["errors"][0]["pointer"] == "/lesson_ids/1"
    assert refusal(await propose(herself, [both[0], cancelled])) == (409, "lesson-not-scheduled")
    assert (await propose(herself, both[:1])).status_code == 422
    with clock.freeze(datetime.fromisoformat("2026-09-08T09:00:00+08:00")):
        assert refusal(await propose(herself, both)) == (409, "lesson-over")


async def test_a_confirmed_lesson_is_swapped_no_more(make, town, as_, colleague, herself):
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=2, period=1)
    await make.slot(teacher=colleague, classes=[town.host_class], weekday=3, period=2)
    host = as_(Role.SCHOOL_ADMIN, school=town.host)
    lessons = [
        await lesson_on(host, town.teacher, TUESDAY),
        await lesson_on(host, colleague, WEDNESDAY),
    ]
    with clock.freeze(datetime.fromisoformat("2026-09-08T09:30:00+08:00")):
        path = f"lessons/{lessons[0]['id']}/attendance:confirm"
        assert (await step(host, path)).status_code == 200

        assert refusal(await propose(herself, lessons)) == (409, "lesson-confirmed")


async def test_no_swap_across_terms(make, town, office, herself, colleague, both):
    spring = {"first_day": date(2027, 2, 22), "last_day": date(2027, 7, 9)}
    await make.school_term(**spring, label="2027", number=2)
    await make.slot(
        teacher=colleague,
        classes=[town.home_class],
        weekday=3,
        period=2,
        valid_from=spring["first_day"],
        valid_until=spring["last_day"],
    )
    later = await lesson_on(office, colleague, "2027-02-22")

    assert refusal(await propose(herself, [both[0], later])) == (409, "swap-across-terms")


async def test_a_slot_that_ends_before_is_no_place(make, town, office, herself, colleague, both):
    await make.slot(
        teacher=town.teacher,
        classes=[town.home_class],
        weekday=1,
        period=6,
        valid_until=date(2026, 9, 8),
    )
    ending = await lesson_on(office, town.teacher, MONDAY)

    answer = await propose(herself, [ending, both[1]])

    assert refusal(answer) == (409, "schedule-conflict")
    assert [one["kind"] for one in answer.json()["conflicts"]] == ["outside-validity"]


async def test_a_busy_teacher_is_said_at_once(make, town, herself, colleague, both):
    other_class = await make.class_section(campus=town.home_campus)
    await make.slot(teacher=colleague, classes=[other_class], weekday=2, period=1)

    answer = await propose(herself, both)

    assert refusal(answer) == (409, "schedule-conflict")
    assert [one["kind"] for one in answer.json()["conflicts"]] == ["teacher-busy"]


async def test_the_ways_of_both_days_are_checked(make, town, office, as_teacher, herself, both):
    """The music teacher of Tuesday would have to be at the other campus on Wednesday."""
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=3, period=3)

    answer = await propose(herself, both)

    assert refusal(answer) == (409, "schedule-conflict")
    (said,) = answer.json()["conflicts"]
    assert (said["kind"], said["needed_minutes"], said["available_minutes"]) == ("travel", 60, 20)


@pytest.mark.usefixtures("at_once")
async def test_what_was_free_may_be_taken_when_all_have_agreed(make, town, colleague, office, duet):
    """Nothing of a swap happens where a part of it cannot."""
    herself, other, both = duet
    swap = await proposed(herself, both)
    before = await times_of(office, *both)
    await make.slot(
        teacher=colleague, classes=[await make.class_section(campus=town.home_campus)], period=1
    )

    answer = await step(other, f"swaps/{swap['id']}:consent")

    assert refusal(answer) == (409, "schedule-conflict")
    assert await times_of(office, *both) == before
    assert (await read(herself, f"swaps/{swap['id']}"))["state"] == "proposed"


async def test_a_lesson_is_in_one_open_swap(make, town, office, herself, colleague, both):
    third = await make.teacher(school=town.home, subjects=(("41", "2"),))
    await make.slot(teacher=third, classes=[town.home_class], weekday=4, period=3, subject="41")
    swap = await proposed(herself, both)

    second = await propose(herself, [both[0], await lesson_on(office, third, "2026-09-10")])

    assert refusal(second) == (409, "lesson-in-swap")
    await step(herself, f"swaps/{swap['id']}:withdraw")
    assert (await propose(herself, both)).status_code == 201


async def test_a_lesson_that_changes_lets_its_swap_lapse(office, herself, both, other):
    swap = await proposed(herself, both)
    await step(office, f"lessons/{both[1]['id']}:cancel", reason="学校运动会")

    seen = await read(herself, f"swaps/{swap['id']}")
    late = await step(other, f"swaps/{swap['id']}:consent")

    assert seen["state"] == "lapsed"
    assert refusal(late) == (409, "swap-over")


async def test_a_day_off_lets_the_swaps_of_its_lessons_lapse(as_, district, herself, both):
    swap = await proposed(herself, both)
    path = f"/v1/calendar-days/district/{district.id}/{TUESDAY}"
    decided = await as_(Role.DISTRICT_ADMIN).put(
        path, json={"kind": "off", "reason": "防汛停课"}, headers=ANY
    )
    assert decided.status_code == 201, decided.text

    assert (await read(herself, f"swaps/{swap['id']}"))["state"] == "lapsed"


@pytest.mark.usefixtures("at_once")
async def test_a_short_absence_is_answered_by_a_swap(as_, town, office, herself, both, other):
    """Tuesday's lesson needs cover; on Wednesday its teacher is back."""
    await away(herself, office, town.teacher)
    (needed,) = await covers_of(office)
    found = await read(herself, f"lessons/{both[0]['id']}/swap-partners")
    assert found["items"][0]["lesson_ids"] == [one["id"] for one in both]

    swap = await swapped(herself, other, both)

    assert (await read(office, f"covers/{needed['id']}"))["state"] == "lapsed"
    music = await read(office, f"lessons/{both[0]['id']}")
    assert (music["on_date"], music["change"]) == (WEDNESDAY, "swapped")
    back = await step(herself, f"swaps/{swap['id']}:undo")
    assert refusal(back) == (409, "schedule-conflict")
    assert back.json()["conflicts"][0]["kind"] == "leave"


async def test_a_covered_lesson_is_not_swapped_and_a_cover_ends_the_proposal(
    make, town, office, herself, both
):
    await away(herself, office, town.teacher)
    (needed,) = await covers_of(office)
    swap = await proposed(herself, both)
    standin = await make.teacher(school=town.home)

    await step(office, f"covers/{needed['id']}:assign", teacher_id=str(standin.id))

    assert (await read(office, f"swaps/{swap['id']}"))["state"] == "lapsed"
    assert refusal(await propose(office, both)) == (409, "lesson-looked-after")


@pytest.mark.usefixtures("at_once")
async def test_a_swapped_lesson_that_loses_its_day_becomes_a_task(
    as_, database, district, herself, both, other
):
    await swapped(herself, other, both)
    path = f"/v1/calendar-days/district/{district.id}/{WEDNESDAY}"
    await as_(Role.DISTRICT_ADMIN).put(
        path, json={"kind": "off", "reason": "防汛停课"}, headers=ANY
    )

    async with database.read(district.id) as db:
        tasks = (await db.exec(select(Task))).all()
    assert [(task.kind, str(task.subject_id)) for task in tasks] == [
        ("lesson-lost-its-day", both[0]["id"])
    ]


@pytest.mark.usefixtures("at_once")
async def test_crossing_swaps_meet_without_a_deadlock(office, duet, taken):
    """Two ways round, hundreds of times at once: each is carried out, or said to be too late."""
    time_before = Counter(row.resource_id for row in await taken())
    *clients, both = duet
    queue = asyncio.Semaphore(AT_ONCE)

    async def cross(number):
        mine, other = (0, 1) if number % 2 else (1, 0)
        async with queue:
            made = await propose(clients[mine], [both[mine], both[other]])
            answers = [made]
            if made.status_code == 201:
                path = f"swaps/{made.json()['id']}"
                answers += await asyncio.gather(
                    step(clients[other], f"{path}:consent"),
                    step(clients[mine], f"{path}:withdraw"),
                )
        return [(answer.status_code, answer.json().get("code")) for answer in answers]

    answers = Counter(
        one
        for some in await asyncio.gather(*(cross(number) for number in range(CROSSINGS)))
        for one in some
    )

    assert {code for status, code in answers if status not in {200, 201}} <= {
        "lesson-in-swap",
        "swap-over",
        "swap-outdated",
    }
    assert sum(count for (status, _), count in answers.items() if status == 201) > 1
    assert Counter(row.resource_id for row in await taken()) == time_before
    assert len(set(await times_of(office, *both))) == len(both)
