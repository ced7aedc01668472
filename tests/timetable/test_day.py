"""What a school asks every morning: who visits, who is free, what is wrong."""

from datetime import date, datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from service.kit import clock
from service.kit.auth import Role
from tests.timetable.absences import away, read

TUESDAY = "2026-09-08"
MORNING = datetime.fromisoformat("2026-09-08T06:30:00+08:00")
TWO_WEEKS = {"from": "2026-09-07", "until": "2026-09-21"}


@pytest.fixture
def host_office(as_, town):
    return as_(Role.SCHOOL_ADMIN, school=town.host)


@pytest.fixture
def group_office(as_, town):
    return as_(Role.GROUP_ADMIN, group=town.group)


@pytest.fixture
async def visited(make, town):
    """On Tuesdays a teacher of the town comes to the hills; a colleague lives there."""
    await make.slot(
        teacher=town.teacher, classes=[town.host_class], weekday=2, period=3, origin="itinerant"
    )
    native = await make.teacher(school=town.host, name="本校教师")
    other = await make.class_section(campus=town.host_campus, name="五年级1班")
    await make.slot(teacher=native, classes=[other], weekday=2, period=1)
    return town


async def workbook_of(client, path, **params):
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    page = load_workbook(BytesIO(answer.content)).worksheets[0]
    return [[cell.value for cell in row] for row in page.iter_rows()]


# Who visits


async def test_the_day_sheet_names_who_comes_from_elsewhere(visited, host_office):
    sheet = await read(host_office, f"campuses/{visited.host_campus.id}/day-sheet?on={TUESDAY}")

    assert sheet["teaching"] is True
    assert sheet["gate"] == "东门"
    (visitor,) = sheet["visitors"]
    assert visitor["teacher"]["name"] == "演示音乐教师"
    assert visitor["home_school"]["name"] == "城区小学"
    assert visitor["arrives_at"] == visitor["lessons"][0]["starts_at"]
    assert [one["classes"][0]["name"] for one in visitor["lessons"]] == ["三年级1班"]
    assert sheet["uncovered"] == []


async def test_without_a_day_the_sheet_is_of_today(visited, host_office):
    with clock.freeze(MORNING):
        sheet = await read(host_office, f"campuses/{visited.host_campus.id}/day-sheet")

    assert sheet["on_date"] == TUESDAY
    assert len(sheet["visitors"]) == 1


async def test_a_lesson_that_nobody_takes_is_on_the_sheet(as_, visited, host_office, group_office):
    herself = as_(Role.TEACHER, teacher=visited.teacher, school=visited.home)
    await away(herself, group_office, visited.teacher)

    sheet = await read(host_office, f"campuses/{visited.host_campus.id}/day-sheet?on={TUESDAY}")

    assert sheet["visitors"] == []
    assert [one["classes"][0]["name"] for one in sheet["uncovered"]] == ["三年级1班"]


async def test_the_day_sheet_can_be_printed_and_signed(visited, host_office):
    path = f"/v1/campuses/{visited.host_campus.id}/day-sheet.xlsx"

    rows = await workbook_of(host_office, path, on=TUESDAY)

    assert rows[0][0] == "山区小学 山区小学本部 来校走教教师值日表"
    assert rows[2][0] == "教师"
    assert rows[2][-1] == "签到"
    assert rows[3][:2] == ["演示音乐教师", "城区小学"]


async def test_the_sheet_of_a_campus_out_of_reach_is_not_found(make, as_, visited):
    stranger = as_(Role.SCHOOL_ADMIN, school=await make.school())

    answer = await stranger.get(f"/v1/campuses/{visited.host_campus.id}/day-sheet")

    assert answer.status_code == 404
    assert answer.json()["code"] == "campus-not-found"


# Who is free


def free(client, town, **params):
    return client.get(f"/v1/campuses/{town.host_campus.id}/free-teachers", params=params)


async def test_who_is_free_in_a_period_and_can_get_there(visited, host_office):
    answer = await free(host_office, visited, on=TUESDAY, period=1, subject="24", stage="2")

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [one["teacher"]["name"] for one in found["items"]] == ["演示音乐教师"]
    assert found["others"] == [{"reason": "teacher-busy", "label": "该时段已有安排", "count": 1}]
    assert found["starts_at"].startswith(TUESDAY)


async def test_who_is_free_at_an_instant_whatever_they_teach(visited, host_office):
    answer = await free(host_office, visited, at="2026-09-09T09:00:00+08:00")

    assert answer.status_code == 200, answer.text
    names = {one["teacher"]["name"] for one in answer.json()["items"]}
    assert names == {"演示音乐教师", "本校教师"}
    assert answer.json()["ends_at"] == "2026-09-09T09:40:00+08:00"


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({}, "query/at"),
        ({"on": TUESDAY}, "query/at"),
        ({"on": TUESDAY, "period": 1, "at": "2026-09-09T09:00:00+08:00"}, "query/at"),
        ({"at": "2026-09-09T09:00:00+08:00", "subject": "24"}, "query/stage"),
        ({"on": TUESDAY, "period": 19}, "query/period"),
        ({"at": "2026-09-09T09:00:00"}, "query/at"),
    ],
)
async def test_a_question_that_says_no_time_is_refused(visited, host_office, params, pointer):
    answer = await free(host_office, visited, **params)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_campus_with_two_stages_asks_which(make, visited, host_office):
    await make.bell_times(campus=visited.host_campus, stage="3")

    answer = await free(host_office, visited, on=TUESDAY, period=1)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "query/stage"


async def test_the_free_are_listed_in_a_file(visited, host_office):
    path = f"/v1/campuses/{visited.host_campus.id}/free-teachers.xlsx"

    rows = await workbook_of(host_office, path, on=TUESDAY, period=1)

    assert rows[2][0] == "教师"
    assert rows[3][0] == "演示音乐教师"


# What is wrong


async def standing(client, **params):
    return await read(
        client, "standing-conflicts?" + "&".join(f"{k}={v}" for k, v in params.items())
    )


async def test_nothing_is_wrong_with_a_sound_timetable(visited, group_office):
    found = await standing(group_office, **TWO_WEEKS)

    assert found["items"] == []
    assert found["by_kind"] == []


async def test_everything_wrong_is_counted_by_kind_teacher_school_and_week(
    make, as_, visited, group_office
):
    herself = as_(Role.TEACHER, teacher=visited.teacher, school=visited.home)
    await away(herself, group_office, visited.teacher)
    idle = await make.teacher(school=visited.host, name="超额教师", weekly_load_limit=1)
    sixth = await make.class_section(campus=visited.host_campus, name="六年级1班")
    await make.slot(teacher=idle, classes=[sixth], weekday=3, period=1)
    await make.slot(teacher=idle, classes=[sixth], weekday=4, period=1, subject="13")

    found = await standing(group_office, **TWO_WEEKS)

    kinds = {one["kind"]: (one["hard"], one["lesson_count"]) for one in found["by_kind"]}
    assert kinds == {
        "needs-cover": (True, 1),
        "not-qualified": (False, 2),
        "over-weekly-limit": (False, 4),
    }
    assert found["by_teacher"][0]["name"] == "超额教师"
    assert {one["monday"]: one["lesson_count"] for one in found["by_week"]} == {
        "2026-09-07": 4,
        "2026-09-14": 3,
    }
    assert found["by_school"][0]["lesson_count"] == sum(
        one["lesson_count"] for one in found["items"]
    )


async def test_lessons_after_a_membership_or_an_employment_ended_are_shown(make, visited, as_):
    district_office = as_(Role.DISTRICT_ADMIN)
    await make.member_left(school=visited.host, on=date(2026, 9, 10))
    found = await standing(district_office, **TWO_WEEKS, kind="not-a-member")

    assert [(one["first_on"], one["lesson_count"]) for one in found["items"]] == [("2026-09-15", 1)]
    assert found["items"][0]["school"]["name"] == "山区小学"


async def test_the_dashboard_can_be_narrowed(visited, make, group_office):
    idle = await make.teacher(school=visited.host, weekly_load_limit=1, name="超额教师")
    sixth = await make.class_section(campus=visited.host_campus, name="六年级1班")
    for weekday in (3, 4):
        await make.slot(teacher=idle, classes=[sixth], weekday=weekday, period=1)

    everywhere = await standing(group_office, **TWO_WEEKS, group_id=visited.group.id)
    there = await standing(group_office, **TWO_WEEKS, school_id=visited.host.id)
    here = await standing(group_office, **TWO_WEEKS, school_id=visited.home.id)
    hers = await standing(group_office, **TWO_WEEKS, teacher_id=visited.teacher.id)

    assert everywhere["items"] == there["items"]
    assert len(there["items"]) == 2
    assert here["items"] == hers["items"] == []


@pytest.mark.parametrize("until", ["2026-09-07", "2026-12-31"])
async def test_a_range_that_is_none_or_too_long_is_refused(visited, group_office, until):
    answer = await group_office.get(
        "/v1/standing-conflicts", params={"from": "2026-09-07", "until": until}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "query/until"


async def test_the_dashboard_as_a_file_adds_up(visited, make, group_office):
    idle = await make.teacher(school=visited.host, weekly_load_limit=1, name="超额教师")
    sixth = await make.class_section(campus=visited.host_campus, name="六年级1班")
    for weekday in (3, 4):
        await make.slot(teacher=idle, classes=[sixth], weekday=weekday, period=1)

    rows = await workbook_of(group_office, "/v1/standing-conflicts.xlsx", **TWO_WEEKS)

    assert rows[1][0] == "问题"
    assert [row[-1] for row in rows[2:]] == [2, 2, 4]
    assert rows[-1][0] == "合计"
