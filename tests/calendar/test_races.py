"""Several offices press the button together: one decides, the others are told."""

import asyncio
from collections import Counter

from tests.calendar.conftest import decide, place

AT_ONCE = 6


async def together(*requests):
    answers = await asyncio.gather(*requests)
    return answers, Counter(answer.status_code for answer in answers)


async def test_a_date_is_decided_once(office, make):
    path = place(await make.school(), "2026-11-20")

    answers, statuses = await together(
        *(decide(office, path, kind="off", reason=f"第{number}次") for number in range(AT_ONCE))
    )

    assert statuses[201] == 1
    assert statuses[409] + statuses[412] == AT_ONCE - 1, statuses
    (won,) = [answer for answer in answers if answer.status_code == 201]
    assert (await office.get(path)).json() == won.json()


async def test_a_campus_gets_one_schedule_at_a_time(office, make):
    campus = await make.campus(school=await make.school())
    body = {
        "campus_id": str(campus.id),
        "stage": "2",
        "name": "作息",
        "periods": [{"number": 1, "starts": "08:30", "ends": "09:10"}],
    }

    _, statuses = await together(
        *(
            office.post("/v1/bell-schedules", json=body | {"valid_from": f"2026-09-0{number + 1}"})
            for number in range(AT_ONCE)
        )
    )

    assert statuses == {201: 1, 409: AT_ONCE - 1}
    listed = await office.get(f"/v1/campuses/{campus.id}/bell-schedules")
    assert len(listed.json()["items"]) == 1


async def test_a_schedule_is_replaced_by_one_of_those_who_read_it(office, make):
    campus = await make.campus(school=await make.school())
    made = await make.bells(campus=campus)
    path = f"/v1/bell-schedules/{made.id}"
    body = {
        "valid_from": "2026-08-31",
        "periods": [{"number": 1, "starts": "08:30", "ends": "09:10"}],
    }

    _, statuses = await together(
        *(
            office.put(path, json=body | {"name": f"作息{number}"}, headers={"If-Match": '"1"'})
            for number in range(AT_ONCE)
        )
    )

    assert statuses == {200: 1, 412: AT_ONCE - 1}
    assert (await office.get(path)).headers["etag"] == '"2"'


async def test_a_term_is_opened_once(office, make):
    year = await make.school_year()
    body = {"number": 1, "starts": "2026-08-31", "until": "2027-01-23", "week_one": "2026-08-31"}

    _, statuses = await together(
        *(
            office.post("/v1/terms", json={"school_year_id": str(year.id), **body})
            for _ in range(AT_ONCE)
        )
    )

    assert statuses == {201: 1, 409: AT_ONCE - 1}


async def test_a_notice_is_taken_over_once(office):
    _, statuses = await together(
        *(office.post("/v1/calendar-notices/2026:apply") for _ in range(AT_ONCE))
    )

    assert statuses[200] >= 1
    assert set(statuses) <= {200, 409}
    days = (await office.get("/v1/calendar-days", params={"limit": 200})).json()["items"]
    assert len(days) == 33 + 6
    assert {one["version"] for one in days} == {1}
