"""My week on the phone: everything needed to be at the right gate in time."""

from datetime import date, datetime, time

from service.kit import clock
from service.kit.auth import Role

WEEK = {"from": "2026-09-14", "until": "2026-09-21"}


async def schedule(phone, **params):
    answer = await phone.get("/v1/me/schedule", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def lessons(phone, **params):
    return [
        lesson for day in (await schedule(phone, **params))["days"] for lesson in day["lessons"]
    ]


async def test_a_week_says_where_to_be_and_when(taught, phone):
    week = await schedule(phone, **WEEK)

    assert [day["on_date"] for day in week["days"]][:2] == ["2026-09-14", "2026-09-15"]
    assert len(week["days"]) == 7
    here, there = week["days"][1]["lessons"]
    assert here["starts_at"] == "2026-09-15T11:10:00+08:00"
    assert here["campus"]["name"] == "江湾校区"
    assert here["transfer"] is None
    assert there["starts_at"] == "2026-09-15T14:00:00+08:00"
    assert there["ends_at"] == "2026-09-15T14:40:00+08:00"
    assert there["subject"] == {"code": "24", "label": "音乐"}
    assert [one["name"] for one in there["classes"]] == ["三年级1班"]
    assert (there["period"], there["week"]) == (5, 3)
    assert there["campus"] == {
        "id": str(taught.host_campus.id),
        "name": "本部",
        "school": {"id": str(taught.host.id), "name": "演示云岭小学"},
        "address": "云岭路 46 号",
        "gate": "东门",
        "position": {"longitude": 106.5, "latitude": 29.9, "datum": "gcj02"},
        "zone": "Asia/Shanghai",
    }
    assert there["transfer"] == {
        "from_campus": {"id": str(taught.home_campus.id), "name": "江湾校区"},
        "leave_by": "2026-09-15T13:00:00+08:00",
        "available_minutes": 130,
        "needed_minutes": 60,
        "estimated": False,
    }
    assert there["changed"] is None
    assert there["status"] == "scheduled"
    assert week["as_of"] == "2026-08-25T08:00:00.000+08:00"


async def test_without_dates_it_is_this_week(taught, phone):
    with clock.freeze(datetime.fromisoformat("2026-09-16T20:00:00+08:00")):
        week = await schedule(phone)

    assert (week["from_date"], week["until"]) == ("2026-09-14", "2026-09-21")


async def test_a_way_nobody_measured_is_marked_as_an_estimate(make, village, phone):
    far = await make.campus(school=village.host, name="分校", longitude=106.6, latitude=29.95)
    await make.bell_times(campus=far)
    class_ = await make.class_section(campus=far)
    await make.slot(teacher=village.teacher, classes=[village.home_class], weekday=3, period=1)
    await make.slot(teacher=village.teacher, classes=[class_], weekday=3, period=5)

    _, there = await lessons(phone, **WEEK)

    assert there["transfer"]["estimated"] is True
    assert there["transfer"]["needed_minutes"] == 70, "an hour, because home has no position"


async def test_a_make_up_sunday_says_whose_timetable_it_follows(make, village, phone):
    await make.special_day(
        on_date=date(2026, 9, 20), follows_weekday=2, follows_parity="odd", reason="国庆节调休"
    )
    await make.slot(
        teacher=village.teacher, classes=[village.home_class], weekday=2, period=1, parity="odd"
    )

    week = await schedule(phone, **WEEK)

    sunday = week["days"][6]
    assert (sunday["nature"], sunday["label"]) == ("teach", "按周二(单周)课表")
    assert [one["calendar_label"] for one in sunday["lessons"]] == ["按周二(单周)课表"]
    assert week["days"][1]["lessons"][0]["calendar_label"] is None


async def test_english_is_answered_to_who_asks_for_it(make, village, phone):
    await make.special_day(on_date=date(2026, 9, 20), follows_weekday=2, follows_parity="odd")
    await make.slot(teacher=village.teacher, classes=[village.home_class], weekday=2, period=1)
    chinese = await phone.get("/v1/me/schedule", params=WEEK)

    english = await phone.get("/v1/me/schedule", params=WEEK, headers={"Accept-Language": "en"})

    sunday = english.json()["days"][6]
    assert sunday["label"] == "follows Tuesday (odd week)"
    assert sunday["lessons"][0]["subject"]["label"] == "Music"
    assert english.headers["etag"] != chinese.headers["etag"]


async def test_days_off_say_why(make, taught, phone):
    await make.special_day(on_date=date(2026, 9, 15), kind="off", reason="防汛停课")

    days = (await schedule(phone, **WEEK))["days"]

    assert (days[1]["nature"], days[1]["label"]) == ("off", "防汛停课")
    assert days[5]["nature"] == "weekend"


async def test_a_school_can_differ_from_the_host(make, village, phone):
    """The day is what it is at home; a lesson's label is the host's."""
    await make.special_day(
        on_date=date(2026, 9, 18), school=village.host, follows_weekday=2, reason="周五按周二"
    )
    await make.slot(teacher=village.teacher, classes=[village.host_class], weekday=2, period=1)

    friday = (await schedule(phone, **WEEK))["days"][4]

    assert (friday["nature"], friday["label"]) == ("teach", None)
    assert friday["lessons"][0]["calendar_label"] == "按周二课表"


async def test_a_year_without_a_notice_is_provisional(make, village, phone):
    await make.slot(teacher=village.teacher, classes=[village.home_class], weekday=2, period=1)

    week = await schedule(phone, **{"from": "2026-12-28", "until": "2027-01-08"})

    assert week["provisional"] is True
    assert [day["provisional"] for day in week["days"]] == [False] * 4 + [True] * 7
    assert [one["provisional"] for day in week["days"] for one in day["lessons"]] == [False, True]


async def test_a_cancelled_lesson_stays_and_says_why_and_by_whom(taught, phone, office):
    lesson = (await lessons(phone, **WEEK))[1]
    answer = await office.post(
        f"/v1/lessons/{lesson['id']}:cancel",
        json={"reason": "学校运动会"},
        headers={"If-Match": f'"{lesson["version"]}"'},
    )
    assert answer.status_code == 200, answer.text

    changed = (await lessons(phone, **WEEK))[1]

    assert (changed["status"], changed["status_label"]) == ("cancelled", "已取消")
    assert changed["transfer"] is None
    why = changed["changed"]
    assert (why["kind"], why["label"], why["reason"]) == ("cancelled", "停课", "学校运动会")
    assert why["by"]
    assert why["at"] == "2026-08-25T08:00:00+08:00"


async def test_a_moved_lesson_says_where_it_was(make, taught, phone, office):
    room = await make.room(campus=taught.host_campus, name="音乐教室")
    lesson = (await lessons(phone, **WEEK))[1]
    answer = await office.post(
        f"/v1/lessons/{lesson['id']}:move",
        json={
            "on_date": "2026-09-16",
            "period": 2,
            "room_id": str(room.id),
            "reason": "教研活动",
        },
        headers={"If-Match": f'"{lesson["version"]}"'},
    )
    assert answer.status_code == 200, answer.text

    moved = (await lessons(phone, **WEEK))[1]

    assert moved["id"] == lesson["id"]
    assert moved["starts_at"] == "2026-09-16T09:20:00+08:00"
    assert moved["room"]["name"] == "音乐教室"
    assert moved["changed"]["kind"] == "moved"
    assert moved["changed"]["original"] == {
        "teacher": None,
        "starts_at": "2026-09-15T14:00:00+08:00",
        "ends_at": "2026-09-15T14:40:00+08:00",
        "period": 5,
        "room": None,
    }


async def test_any_range_across_terms(make, taught, phone):
    await make.next_term(term=taught.term, first_day=date(2027, 2, 22), last_day=date(2027, 7, 2))
    await make.slot(
        teacher=taught.teacher,
        classes=[taught.home_class],
        weekday=1,
        period=1,
        valid_from=date(2027, 2, 22),
        valid_until=date(2027, 7, 3),
    )

    year = await schedule(phone, **{"from": "2026-08-31", "until": "2027-07-03"})

    assert len(year["days"]) == 306
    found = [lesson["starts_at"][:7] for day in year["days"] for lesson in day["lessons"]]
    assert {"2026-09", "2027-01", "2027-02", "2027-06"} <= set(found)
    nature = {day["on_date"]: day["nature"] for day in year["days"]}
    assert nature["2027-02-10"] == "outside_term"


async def test_ranges_that_cannot_be_are_refused(village, phone):
    async def pointer(**params):
        answer = await phone.get("/v1/me/schedule", params=params)
        assert answer.status_code == 422, answer.text
        return answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]

    assert await pointer(**{"from": "2026-09-02", "until": "2026-09-01"}) == (
        "query/until",
        "range-reversed",
    )
    assert await pointer(**{"from": "2026-09-01", "until": "2027-10-07"}) == (
        "query/until",
        "range-too-long",
    )
    assert await pointer(until="0001-01-01") == ("query/until", "out-of-range")
    assert await pointer(**{"from": "9999-12-31"}) == ("query/from", "out-of-range")
    assert (await pointer(**{"from": "yesterday"}))[0] == "query/from"
    assert (await pointer(since="2026-09-01"))[1] == "unknown-parameter"


async def test_an_office_without_a_teacher_is_told_so(village, as_, client):
    for path in ("/v1/me/schedule", "/v1/me/today", "/v1/me/mentoring"):
        refused = await as_(Role.SCHOOL_ADMIN, school=village.home).get(path)
        assert refused.status_code == 404, path
        assert refused.json()["code"] == "not-a-teacher"
        assert "教师账号" in refused.json()["detail"]
        assert (await client.get(path)).status_code == 401
        assert (await as_(Role.PARTNER).get(path)).status_code == 403


async def test_a_colleagues_schedule_is_not_mine(make, taught, as_):
    colleague = await make.teacher(school=taught.home)

    assert await lessons(as_(Role.TEACHER, teacher=colleague), **WEEK) == []


async def test_today_and_tomorrow(taught, phone):
    with clock.freeze(datetime.fromisoformat("2026-09-14T21:00:00+08:00")):
        found = (await phone.get("/v1/me/today")).json()

    assert (found["today"]["on_date"], found["today"]["lessons"]) == ("2026-09-14", [])
    assert found["tomorrow"]["on_date"] == "2026-09-15"
    assert [one["campus"]["gate"] for one in found["tomorrow"]["lessons"]] == ["北门", "东门"]


async def test_midnight_turns_tomorrow_into_today(taught, phone):
    with clock.freeze(datetime.fromisoformat("2026-09-14T23:59:59+08:00")):
        before = (await phone.get("/v1/me/today")).json()
    with clock.freeze(datetime.fromisoformat("2026-09-15T00:00:00+08:00")):
        after = (await phone.get("/v1/me/today")).json()

    assert before["tomorrow"] == after["today"]


async def test_today_is_what_it_is_at_the_campus(make, village, phone):
    """Two hours west the day begins later: a late lesson there is still today's."""
    west = await make.campus(school=village.host, name="西部校区", zone="Asia/Urumqi")
    await make.bell_times(campus=west, periods={1: (time(22, 30), time(23, 10))})
    class_ = await make.class_section(campus=west)
    await make.slot(teacher=village.teacher, classes=[class_], weekday=2, period=1)

    with clock.freeze(datetime.fromisoformat("2026-09-16T00:20:00+08:00")):
        found = (await phone.get("/v1/me/today")).json()

    assert found["today"]["on_date"] == "2026-09-16"
    assert [one["starts_at"] for one in found["today"]["lessons"]] == ["2026-09-15T22:30:00+06:00"]


async def test_a_teacher_between_schools_has_lessons_but_no_home_calendar(make, taught, as_):
    free = await make.teacher()
    await make.slot(teacher=free, classes=[taught.host_class], weekday=4, period=1)

    week = await schedule(as_(Role.TEACHER, teacher=free), **WEEK)

    assert [day["nature"] for day in week["days"]] == [None] * 7
    assert len(week["days"][3]["lessons"]) == 1
