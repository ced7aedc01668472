"""An office asks about a teacher's days, and reads what the teacher's own phone shows."""

from datetime import date, datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from service.kit import clock
from service.kit.auth import Role


async def asked(client, path, **params):
    answer = await client.get(f"/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer


async def rows_of(client, path, **params):
    answer = await asked(client, path, **params)
    page = load_workbook(BytesIO(answer.content)).worksheets[0]
    return [[cell.value for cell in row] for row in page.iter_rows()]


@pytest.fixture
def home_office(as_, village):
    return as_(Role.SCHOOL_ADMIN, school=village.home)


async def test_an_office_reads_the_week_that_the_phone_shows(taught, home_office, phone):
    week = (await asked(home_office, f"teachers/{taught.teacher.id}/week", on="2026-09-16")).json()

    shown = await phone.get("/v1/me/schedule", params={"from": "2026-09-14", "until": "2026-09-21"})
    assert week["monday"] == "2026-09-14"
    assert week["days"] == shown.json()["days"]
    assert week["lesson_count"] == 2


async def test_without_a_day_it_is_this_week(taught, home_office):
    with clock.freeze(datetime.fromisoformat("2026-09-20T20:00:00+08:00")):
        week = (await asked(home_office, f"teachers/{taught.teacher.id}/week")).json()

    assert week["monday"] == "2026-09-14"


async def test_a_week_as_a_file_says_when_to_leave(taught, home_office):
    rows = await rows_of(home_office, f"teachers/{taught.teacher.id}/week.xlsx", on="2026-09-16")

    assert rows[0][0] == "演云溪 2026-09-14 一周课表"
    assert rows[1][0] == "共 2 节,其中走教 0 节"
    assert [row[2] for row in rows[3:]] == [4, 5]
    assert str(rows[4][10]) == "13:00:00"


async def test_a_term_is_counted_day_by_day(taught, home_office, phone):
    term = (
        await asked(
            home_office, f"teachers/{taught.teacher.id}/term-calendar", term_id=taught.term.id
        )
    ).json()

    shown = await phone.get(
        "/v1/me/schedule", params={"from": term["from_date"], "until": term["until"]}
    )
    lessons = [one for day in shown.json()["days"] for one in day["lessons"]]
    assert term["lesson_count"] == len(lessons)
    assert sum(day["lesson_count"] for day in term["days"]) == len(lessons)
    tuesday = next(day for day in term["days"] if day["on_date"] == "2026-09-15")
    assert [one["name"] for one in tuesday["campuses"]] == [
        "演示江湾学校·江湾校区",
        "演示云岭小学·本部",
    ]


async def test_without_a_term_it_is_the_coming_one(taught, home_office):
    path = f"teachers/{taught.teacher.id}/term-calendar"

    assert (await asked(home_office, path)).json()["from_date"] == "2026-08-31"


async def test_a_term_as_a_file_hangs_on_the_wall(make, taught, home_office):
    rows = await rows_of(home_office, f"teachers/{taught.teacher.id}/term-calendar.xlsx")

    assert rows[2] == ["教学周", "周一", "周二", "周三", "周四", "周五", "周六", "周日"]
    assert rows[3][0] == 1
    assert rows[3][1] == "08-31"
    assert rows[3][2] == "09-01\n2节"
    assert all(len(row) == 8 for row in rows)


async def test_the_term_file_says_which_days_are_off(make, taught, home_office):
    await make.special_day(on_date=date(2026, 9, 25), kind="off", reason="中秋节")

    rows = await rows_of(home_office, f"teachers/{taught.teacher.id}/term-calendar.xlsx")

    assert "09-25\n中秋节" in {cell for row in rows for cell in row}


@pytest.mark.parametrize("what", ["week", "week.xlsx", "term-calendar", "term-calendar.xlsx"])
async def test_a_teacher_out_of_reach_is_not_found(make, as_, taught, what):
    stranger = as_(Role.SCHOOL_ADMIN, school=await make.school())

    answer = await stranger.get(f"/v1/teachers/{taught.teacher.id}/{what}")

    assert answer.status_code == 404
    assert answer.json()["code"] == "teacher-not-found"


async def test_a_term_that_is_none_is_not_found(taught, home_office):
    answer = await home_office.get(
        f"/v1/teachers/{taught.teacher.id}/term-calendar", params={"term_id": str(taught.way.id)}
    )

    assert answer.status_code == 404
    assert answer.json()["code"] == "term-not-found"
