"""Lessons: who sees them, and what happens when one is cancelled or moved."""

from datetime import date, datetime

import pytest

from service.kit import clock
from service.kit.auth import Role


async def lessons_of(client, **filters):
    answer = await client.get("/v1/lessons", params={"limit": 200, **filters})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


@pytest.fixture
def district_office(as_):
    return as_(Role.DISTRICT_ADMIN)


async def test_a_slot_is_laid_on_every_teaching_day_of_its_weekday(make, town, district_office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=3)

    lessons = await lessons_of(district_office, teacher_id=str(town.teacher.id))

    assert len(lessons) == 20
    first = lessons[0]
    assert (first["starts_at"], first["ends_at"]) == (
        "2026-09-01T10:20:00+08:00",
        "2026-09-01T11:00:00+08:00",
    )
    assert first["status"] == "scheduled"
    assert first["original"] is None
    assert first["campus"]["name"] == "城区小学本部"
    assert [one["name"] for one in first["classes"]] == ["四年级1班"]
    assert first["teacher"]["name"] == "演示音乐教师"
    assert first["version"] == 1


async def test_lessons_are_found_by_day_class_and_campus(make, town, district_office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=3, period=1)

    week = {"from": "2026-09-07", "until": "2026-09-14"}

    assert [one["on_date"] for one in await lessons_of(district_office, **week)] == [
        "2026-09-08",
        "2026-09-09",
    ]
    by_class = await lessons_of(district_office, class_id=str(town.host_class.id), **week)
    by_campus = await lessons_of(district_office, campus_id=str(town.host_campus.id), **week)
    assert by_class == by_campus
    assert [one["on_date"] for one in by_class] == ["2026-09-09"]


async def test_days_in_the_wrong_order_are_refused(district_office):
    answer = await district_office.get(
        "/v1/lessons", params={"from": "2026-09-14", "until": "2026-09-07"}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "query/until"


async def test_each_sees_the_lessons_of_their_campuses_and_their_teachers(make, town, as_):
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=3, period=1)
    other_school = await make.school()
    other_teacher = await make.teacher(school=other_school)

    def seen_by(role, **where):
        return lessons_of(as_(role, **where), **{"from": "2026-09-01", "until": "2026-09-08"})

    assert len(await seen_by(Role.SCHOOL_ADMIN, school=town.host)) == 1
    assert len(await seen_by(Role.SCHOOL_ADMIN, school=town.home)) == 1, "her own teacher's"
    assert len(await seen_by(Role.GROUP_ADMIN, group=town.group)) == 1
    assert len(await seen_by(Role.TEACHER, teacher=town.teacher, school=town.home)) == 1
    assert await seen_by(Role.SCHOOL_ADMIN, school=other_school) == []
    assert await seen_by(Role.TEACHER, teacher=other_teacher, school=other_school) == []


async def the_first_lesson(client, teacher):
    return (await lessons_of(client, teacher_id=str(teacher.id)))[0]


async def test_a_cancelled_lesson_says_why_and_frees_the_time(make, town, as_, district_office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    lesson = await the_first_lesson(district_office, town.teacher)
    office = as_(Role.SCHOOL_ADMIN, school=town.home)

    answer = await office.post(
        f"/v1/lessons/{lesson['id']}:cancel",
        json={"reason": "学校运动会"},
        headers={"If-Match": '"1"'},
    )

    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"2"'
    said = answer.json()
    assert (said["status"], said["change"], said["reason"]) == (
        "cancelled",
        "cancelled",
        "学校运动会",
    )
    assert said["changed_by"]
    assert said["changed_at"] == "2026-08-25T08:00:00+08:00"
    other = await make.teacher(school=town.home)
    await make.slot(
        teacher=other,
        classes=[town.home_class],
        weekday=2,
        period=1,
        valid_until=date(2026, 9, 2),
    )


async def test_a_lesson_is_cancelled_once(make, town, district_office):
    await make.slot(teacher=town.teacher, classes=[town.home_class])
    lesson = await the_first_lesson(district_office, town.teacher)
    path, body = f"/v1/lessons/{lesson['id']}:cancel", {"reason": "停课"}

    await district_office.post(path, json=body, headers={"If-Match": '"1"'})
    stale = await district_office.post(path, json=body, headers={"If-Match": '"1"'})
    again = await district_office.post(path, json=body, headers={"If-Match": "*"})

    assert stale.status_code == 412
    assert (again.status_code, again.json()["code"]) == (409, "lesson-not-scheduled")


async def test_what_has_begun_is_not_changed_any_more(make, town, district_office):
    await make.slot(teacher=town.teacher, classes=[town.home_class])
    lesson = await the_first_lesson(district_office, town.teacher)

    with clock.freeze(datetime.fromisoformat("2026-09-01T08:30:00+08:00")):
        answer = await district_office.post(
            f"/v1/lessons/{lesson['id']}:cancel",
            json={"reason": "停课"},
            headers={"If-Match": "*"},
        )

    assert (answer.status_code, answer.json()["code"]) == (409, "lesson-over")


async def test_the_home_office_sees_but_does_not_change_lessons_elsewhere(make, town, as_):
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=3)
    home = as_(Role.SCHOOL_ADMIN, school=town.home)
    stranger = as_(Role.SCHOOL_ADMIN, school=await make.school())
    lesson = await the_first_lesson(home, town.teacher)

    async def cancel(client):
        path = f"/v1/lessons/{lesson['id']}:cancel"
        return await client.post(path, json={"reason": "停课"}, headers={"If-Match": "*"})

    assert (await cancel(home)).status_code == 403
    assert (await cancel(stranger)).status_code == 404


# Moving


async def move(client, lesson, expected="*", **body):
    return await client.post(
        f"/v1/lessons/{lesson['id']}:move",
        json={"reason": "教师外出教研", **body},
        headers={"If-Match": expected},
    )


async def test_a_moved_lesson_remembers_where_it_was(make, town, district_office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    lesson = await the_first_lesson(district_office, town.teacher)

    answer = await move(district_office, lesson, on_date="2026-09-03", period=5)

    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["id"] == lesson["id"]
    assert (said["starts_at"], said["period"]) == ("2026-09-03T14:00:00+08:00", 5)
    assert (said["change"], said["version"]) == ("moved", 2)
    assert said["original"]["starts_at"] == "2026-09-01T08:30:00+08:00"
    assert said["original"]["period"] == 1


async def test_a_lesson_moved_back_is_as_planned(make, town, district_office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    lesson = await the_first_lesson(district_office, town.teacher)

    await move(district_office, lesson, on_date="2026-09-03", period=5)
    answer = await move(district_office, lesson, on_date="2026-09-01", period=1)

    said = answer.json()
    assert (said["original"], said["change"], said["version"]) == (None, None, 3)
    again = await move(district_office, lesson, on_date="2026-09-01", period=1)
    assert again.json()["version"] == 3, "a move that moves nothing changes nothing"


async def test_a_lesson_may_move_to_a_clock_time_and_another_room(make, town, district_office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    room = await make.room(campus=town.home_campus, name="新音乐教室")
    lesson = await the_first_lesson(district_office, town.teacher)

    answer = await move(
        district_office, lesson, starts_at="2026-09-02T17:00:00+08:00", room_id=str(room.id)
    )

    said = answer.json()
    assert answer.status_code == 200, answer.text
    assert (said["starts_at"], said["ends_at"], said["period"]) == (
        "2026-09-02T17:00:00+08:00",
        "2026-09-02T17:40:00+08:00",
        None,
    )
    assert said["room"]["name"] == "新音乐教室"


async def test_a_busy_class_refuses_and_the_answer_says_what_would_work(
    make, town, district_office
):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    other = await make.teacher(school=town.home, name="演示数学教师")
    await make.slot(teacher=other, classes=[town.home_class], weekday=3, period=2, subject="14")
    lesson = await the_first_lesson(district_office, town.teacher)

    answer = await move(district_office, lesson, on_date="2026-09-02", period=2)

    assert (answer.status_code, answer.json()["code"]) == (409, "schedule-conflict")
    (conflict,) = answer.json()["conflicts"]
    assert conflict["kind"] == "class-busy"
    assert conflict["with"]["teacher_name"] == "演示数学教师"
    assert conflict["with"]["subject"] == "14"
    first = answer.json()["suggestions"][0]
    accepted = await move(
        district_office, lesson, on_date=first["starts_at"][:10], period=first["period"]
    )
    assert accepted.status_code == 200, accepted.text


async def test_what_the_caller_may_not_see_is_only_busy(make, town, as_, district_office):
    away = await make.school(name="外集团小学")
    away_campus = await make.campus(school=away)
    await make.bell_times(campus=away_campus)
    away_class = await make.class_section(campus=away_campus)
    guest = await make.teacher(school=away)
    await make.slot(teacher=guest, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=guest, classes=[away_class], weekday=3, period=2)
    lesson = await the_first_lesson(district_office, guest)

    answer = await move(
        as_(Role.SCHOOL_ADMIN, school=town.home), lesson, on_date="2026-09-02", period=2
    )

    kinds = {one["kind"]: one["with"] for one in answer.json()["conflicts"]}
    assert kinds == {"teacher-busy": "busy"}


async def test_a_way_that_is_too_long_refuses_with_its_minutes(make, town, district_office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=2, period=4)
    lesson = await the_first_lesson(district_office, town.teacher)

    # Period 2 ends at 10:00, period 4 at the other school begins at 11:10: 70 minutes, 60 needed.
    fits = await move(district_office, lesson, on_date="2026-09-01", period=2)
    refused = await move(district_office, lesson, on_date="2026-09-01", period=3)

    assert fits.status_code == 200, fits.text
    (conflict,) = refused.json()["conflicts"]
    assert (conflict["kind"], conflict["needed_minutes"], conflict["available_minutes"]) == (
        "travel",
        60,
        10,
    )


@pytest.mark.parametrize(
    ("to", "kind"),
    [
        ({"on_date": "2026-09-05", "period": 1}, "not-a-teaching-day"),
        ({"on_date": "2026-09-03", "period": 9}, "no-such-period"),
        ({"on_date": "2027-03-02", "period": 1}, "not-a-teaching-day"),
        ({"starts_at": "2026-09-06T09:00:00+08:00"}, "not-a-teaching-day"),
    ],
)
async def test_some_days_and_periods_do_not_exist(make, town, district_office, to, kind):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    lesson = await the_first_lesson(district_office, town.teacher)

    answer = await move(district_office, lesson, **to)

    assert answer.status_code == 409
    assert [one["kind"] for one in answer.json()["conflicts"]] == [kind]


async def test_a_lesson_stays_within_the_validity_of_its_slot(make, town, district_office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], valid_until=date(2026, 9, 10))
    lesson = await the_first_lesson(district_office, town.teacher)

    answer = await move(district_office, lesson, on_date="2026-09-14", period=1)

    assert [one["kind"] for one in answer.json()["conflicts"]] == ["outside-validity"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"on_date": "2026-09-03"}, ""),
        ({"period": 3}, ""),
        ({"on_date": "2026-09-03", "period": 3, "starts_at": "2026-09-03T09:00:00+08:00"}, ""),
        ({"ends_at": "2026-09-03T09:00:00+08:00"}, ""),
        ({"starts_at": "2026-09-03T09:00:00"}, "/starts_at"),
        (
            {
                "starts_at": "2026-09-03T09:00:00+08:00",
                "ends_at": "2026-09-03T08:00:00+08:00",
            },
            "",
        ),
        (
            {
                "starts_at": "2026-09-03T23:30:00+08:00",
                "ends_at": "2026-09-04T00:30:00+08:00",
            },
            "/ends_at",
        ),
        ({"room_id": "01a20ad7-90ca-7387-8a0d-edd0756500a4"}, "/room_id"),
        ({"on_date": "2026-09-03", "period": 3, "teacher": "x"}, "/teacher"),
    ],
)
async def test_a_move_that_makes_no_sense_is_refused(make, town, district_office, body, pointer):
    await make.slot(teacher=town.teacher, classes=[town.home_class])
    lesson = await the_first_lesson(district_office, town.teacher)

    answer = await move(district_office, lesson, **body)

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_nothing_moves_into_the_past(make, town, district_office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=3, period=1)
    lesson = await the_first_lesson(district_office, town.teacher)

    with clock.freeze(datetime.fromisoformat("2026-09-01T12:00:00+08:00")):
        answer = await move(district_office, lesson, on_date="2026-09-01", period=1)

    assert answer.status_code == 422
    assert answer.json()["errors"][0] == {
        "pointer": "/on_date",
        "code": "in-the-past",
        "message": "新的时间应晚于现在",
    }


async def test_a_dry_run_of_a_move_keeps_nothing(make, town, district_office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    lesson = await the_first_lesson(district_office, town.teacher)

    answer = await district_office.post(
        f"/v1/lessons/{lesson['id']}:move?validate_only=true",
        json={"reason": "试", "on_date": "2026-09-03", "period": 5},
        headers={"If-Match": "*"},
    )

    assert answer.json()["period"] == 5
    assert (await the_first_lesson(district_office, town.teacher))["version"] == 1


async def test_a_lesson_is_read_and_revalidated(make, town, district_office, as_):
    await make.slot(teacher=town.teacher, classes=[town.home_class])
    lesson = await the_first_lesson(district_office, town.teacher)
    path = f"/v1/lessons/{lesson['id']}"

    read = await district_office.get(path)
    again = await district_office.get(path, headers={"If-None-Match": read.headers["etag"]})
    stranger = await as_(Role.SCHOOL_ADMIN, school=await make.school()).get(path)
    english = await district_office.get(path, headers={"Accept-Language": "en"})

    assert read.json() == lesson
    assert again.status_code == 304
    assert (stranger.status_code, stranger.json()["code"]) == (404, "lesson-not-found")
    assert (english.json()["subject_label"], english.json()["status_label"]) == (
        "Music",
        "Scheduled",
    )


async def test_giving_time_back_is_never_refused_for_a_way(make, town, district_office):
    """Over the mountain directly takes longer than by the valley school."""
    valley = await make.campus(school=town.home, name="河谷校区")
    await make.bell_times(campus=valley)
    valley_class = await make.class_section(campus=valley)
    for ends in ((town.home_campus, valley), (valley, town.host_campus)):
        await make.travel_time(ends=ends, minutes=5, buffer=0)
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[valley_class], weekday=2, period=2)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=2, period=3)
    found = await lessons_of(district_office, campus_id=str(valley.id))

    # From 9:10 to 10:20 there are 70 minutes, the way needs 60; at 9:45 it would not fit.
    cancelled = await district_office.post(
        f"/v1/lessons/{found[0]['id']}:cancel",
        json={"reason": "停课"},
        headers={"If-Match": "*"},
    )
    moved = await move(
        district_office,
        (await lessons_of(district_office, campus_id=str(town.host_campus.id)))[1],
        starts_at="2026-09-08T10:06:00+08:00",
    )
    assert moved.status_code == 200, moved.text
    second = await district_office.post(
        f"/v1/lessons/{found[1]['id']}:cancel",
        json={"reason": "停课"},
        headers={"If-Match": "*"},
    )

    assert cancelled.status_code == 200
    assert second.status_code == 200, "56 minutes are left for a way of 60, and nobody is refused"
