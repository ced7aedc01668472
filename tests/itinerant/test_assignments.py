"""Assignments from the draft to the end, asked from outside."""

from datetime import date, datetime

import pytest

from service.kit import clock
from service.kit.auth import Role
from service.kit.db import days


@pytest.fixture
def office(as_, town):
    """The group's office, which drafts and publishes."""
    return as_(Role.GROUP_ADMIN, group=town.group)


@pytest.fixture
async def draft(make, town):
    """The music teacher at the host school on Tuesday and Thursday afternoons."""
    return await make.assignment(
        teacher=town.teacher,
        home=town.home,
        campus=town.host_campus,
        group=town.group,
        term=town.term,
        classes=[town.host_class],
        patterns=[{"weekday": 2, "period": 5}, {"weekday": 4, "period": 6}],
    )


def wanted(town, **changes):
    return {
        "teacher_id": str(town.teacher.id),
        "campus_id": str(town.host_campus.id),
        "term_id": str(town.term.id),
        "subject": "24",
        "stage": "2",
        "patterns": [{"weekday": 2, "period": 5, "class_ids": [str(town.host_class.id)]}],
        **changes,
    }


async def act(client, assignment, verb, *, body=None, expected="*"):
    id_ = assignment["id"] if isinstance(assignment, dict) else assignment.id
    return await client.post(
        f"/v1/assignments/{id_}:{verb}", json=body, headers={"If-Match": expected}
    )


async def lessons_of(client, town, **filters):
    found = await client.get(
        "/v1/lessons",
        params={"limit": 200, "campus_id": str(town.host_campus.id), **filters},
    )
    return found.json()["items"]


# Drafting


async def test_a_draft_completes_itself(office, town):
    answer = await office.post("/v1/assignments", json=wanted(town))

    assert answer.status_code == 201, answer.text
    said = answer.json()
    assert said["state"] == "draft"
    assert said["home_school"]["name"] == "城区小学"
    assert said["host_school"]["name"] == "山区小学"
    assert said["group"]["id"] == str(town.group.id)
    assert (said["valid_from"], said["valid_until"]) == ("2026-08-31", "2027-01-16")
    assert said["term"] == "2026-2027-1"
    assert said["subject_label"] == "音乐"
    (pattern,) = said["patterns"]
    assert [one["name"] for one in pattern["classes"]] == ["三年级1班"]
    assert pattern["slot_id"] is None
    assert await lessons_of(office, town) == []


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"teacher_id": "01a20ad7-90ca-7387-8a0d-edd0756500a4"}, "/teacher_id"),
        ({"campus_id": "01a20ad7-90ca-7387-8a0d-edd0756500a4"}, "/campus_id"),
        ({"term_id": "01a20ad7-90ca-7387-8a0d-edd0756500a4"}, "/term_id"),
        ({"group_id": "01a20ad7-90ca-7387-8a0d-edd0756500a4"}, "/group_id"),
        ({"home_school_id": "01a20ad7-90ca-7387-8a0d-edd0756500a4"}, "/home_school_id"),
        ({"subject": "999"}, "/subject"),
        ({"valid_from": "2026-08-01"}, "/valid_from"),
        ({"valid_until": "2027-03-01"}, "/valid_until"),
        ({"valid_from": "2026-10-01", "valid_until": "2026-09-01"}, "/valid_until"),
        ({"patterns": []}, "/patterns"),
        ({"colour": "red"}, "/colour"),
        ({"stage": "9"}, "/stage"),
    ],
)
async def test_a_draft_that_points_nowhere_is_refused(office, town, changes, pointer):
    answer = await office.post("/v1/assignments", json=wanted(town, **changes))

    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"weekday": 8}, "/patterns/0/weekday"),
        ({"weeks": []}, "/patterns/0/weeks"),
        ({"weeks": [54]}, "/patterns/0/weeks/0"),
        ({"weeks": [1], "parity": "odd"}, "/patterns/0"),
        ({"class_ids": []}, "/patterns/0/class_ids"),
        ({"room_id": "01a20ad7-90ca-7387-8a0d-edd0756500a4"}, "/patterns/0/room_id"),
        ({"class_ids": ["01a20ad7-90ca-7387-8a0d-edd0756500a4"]}, "/patterns/0/class_ids/0"),
        ({"valid_from": "2027-01-20"}, "/patterns/0/valid_until"),
        ({"valid_from": "2026-08-01"}, "/patterns/0/valid_from"),
    ],
)
async def test_a_weekly_period_that_cannot_be_is_refused(office, town, changes, pointer):
    pattern = {"weekday": 2, "period": 5, "class_ids": [str(town.host_class.id)], **changes}

    answer = await office.post("/v1/assignments", json=wanted(town, patterns=[pattern]))

    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_code_names_one_assignment(office, town):
    first = await office.post("/v1/assignments", json=wanted(town, code="ZJ-1"))
    second = await office.post("/v1/assignments", json=wanted(town, code="ZJ-1"))

    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "assignment-code-taken")


async def test_two_schools_of_two_groups_need_the_group_named(make, town, as_):
    await make.group(alliance=[town.home, town.host])
    office = as_(Role.DISTRICT_ADMIN)

    refused = await office.post("/v1/assignments", json=wanted(town))
    named = await office.post("/v1/assignments", json=wanted(town, group_id=str(town.group.id)))

    assert refused.json()["errors"][0]["pointer"] == "/group_id"
    assert named.status_code == 201


async def test_a_draft_can_be_changed_and_a_change_of_nothing_changes_nothing(office, draft, town):
    path = f"/v1/assignments/{draft.id}"
    pattern = {"weekday": 3, "period": 2, "class_ids": [str(town.host_class.id)]}

    changed = await office.patch(path, json={"patterns": [pattern]}, headers={"If-Match": '"1"'})
    same = await office.patch(path, json={"patterns": [pattern]}, headers={"If-Match": '"2"'})
    stale = await office.patch(path, json={"subject": "25"}, headers={"If-Match": '"1"'})

    assert changed.status_code == 200, changed.text
    assert [(one["weekday"], one["period"]) for one in changed.json()["patterns"]] == [(3, 2)]
    assert (changed.json()["version"], same.json()["version"]) == (2, 2)
    assert stale.status_code == 412


async def test_another_teacher_brings_another_home_school(make, office, draft, town):
    third = await make.school()
    await make.member(group=town.group, school=third)
    other = await make.teacher(school=third)

    answer = await office.patch(
        f"/v1/assignments/{draft.id}",
        json={"teacher_id": str(other.id)},
        headers={"If-Match": "*"},
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["home_school"]["id"] == str(third.id)


async def test_other_days_keep_the_patterns_that_lasted_as_long(office, draft):
    answer = await office.patch(
        f"/v1/assignments/{draft.id}",
        json={"valid_from": "2026-10-12"},
        headers={"If-Match": "*"},
    )

    assert {one["valid_from"] for one in answer.json()["patterns"]} == {"2026-10-12"}


# Who sees and may what


async def test_each_side_sees_an_assignment_and_the_office_of_both_publishes(
    make, as_, draft, town
):
    home = as_(Role.SCHOOL_ADMIN, school=town.home)
    host = as_(Role.SCHOOL_ADMIN, school=town.host)
    teacher = as_(Role.TEACHER, teacher=town.teacher, school=town.home)
    stranger = as_(Role.GROUP_ADMIN, group=await make.group(lead=await make.school()))

    for client in (home, host, teacher):
        found = (await client.get("/v1/assignments")).json()["items"]
        assert [one["id"] for one in found] == [str(draft.id)]
    assert (await stranger.get("/v1/assignments")).json()["items"] == []
    assert (await act(home, draft, "publish")).status_code == 403
    assert (await act(stranger, draft, "publish")).status_code == 404


async def test_a_list_is_narrowed_by_school_group_term_and_state(office, draft, town):
    async def found(**filters):
        return len((await office.get("/v1/assignments", params=filters)).json()["items"])

    assert await found(school_id=str(town.host.id)) == 1
    assert await found(group_id=str(town.group.id), term_id=str(town.term.id)) == 1
    assert await found(teacher_id=str(town.teacher.id), state="draft") == 1
    assert await found(state="published") == 0


# Publishing


async def test_publishing_lays_every_lesson_of_the_term(office, draft, town):
    answer = await act(office, draft, "publish", expected='"1"')

    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["version"]) == ("published", 2)
    assert all(one["slot_id"] for one in answer.json()["patterns"])
    lessons = await lessons_of(office, town)
    assert len(lessons) == 40
    assert {one["origin"] for one in lessons} == {"itinerant"}
    assert {one["origin_id"] for one in lessons} == {str(draft.id)}


async def test_a_lesson_may_begin_where_the_way_to_a_later_one_was(make, office, town):
    """She was underway from 10:10 to the lesson at 11:10; now she leaves an hour earlier."""
    other_class = await make.class_section(campus=town.host_campus, name="四年级2班")
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[other_class], weekday=2, period=4)
    between = await make.assignment(
        teacher=town.teacher,
        home=town.home,
        campus=town.host_campus,
        group=town.group,
        term=town.term,
        classes=[town.host_class],
        patterns=[{"weekday": 2, "period": 3}],
    )

    published = await act(office, between, "publish")

    assert published.status_code == 200, published.text


async def test_what_is_published_is_not_edited_and_not_published_twice(office, draft):
    await act(office, draft, "publish")

    again = await act(office, draft, "publish")
    edited = await office.patch(
        f"/v1/assignments/{draft.id}", json={"subject": "25"}, headers={"If-Match": "*"}
    )

    for answer in (again, edited):
        assert (answer.status_code, answer.json()["code"]) == (409, "assignment-state-unfit")


async def test_without_a_precondition_nothing_is_published(office, draft):
    answer = await office.post(f"/v1/assignments/{draft.id}:publish")

    assert answer.status_code == 428


async def test_the_dry_run_of_a_publication_keeps_nothing(office, draft, town):
    answer = await office.post(
        f"/v1/assignments/{draft.id}:publish?validate_only=true", headers={"If-Match": "*"}
    )

    assert answer.json()["state"] == "published"
    assert await lessons_of(office, town) == []
    assert (await office.get(f"/v1/assignments/{draft.id}")).json()["state"] == "draft"


async def refusal(client, assignment):
    answer = await act(client, assignment, "publish")
    assert (answer.status_code, answer.json()["code"]) == (409, "schedule-conflict"), answer.text
    return answer.json()


async def test_a_refusal_names_every_conflict_and_leaves_nothing(make, office, draft, town):
    other = await make.teacher(school=town.host, name="演示数学教师")
    await make.slot(teacher=other, classes=[town.host_class], weekday=2, period=5, subject="14")
    await make.slot(
        teacher=town.teacher, classes=[town.home_class], weekday=4, period=6, weeks=(3, 4)
    )

    said = await refusal(office, draft)

    found = {one["kind"]: one for one in said["conflicts"]}
    assert found.keys() == {"class-busy", "teacher-busy"}
    assert len(found["class-busy"]["dates"]) == 20
    assert found["class-busy"]["with"]["teacher_name"] == "演示数学教师"
    assert found["teacher-busy"]["dates"] == ["2026-09-17", "2026-09-24"]
    assert len(await lessons_of(office, town)) == 20
    assert (await office.get(f"/v1/assignments/{draft.id}")).json()["version"] == 1


async def test_a_suggested_period_can_be_published(make, office, draft, town):
    other = await make.teacher(school=town.host)
    await make.slot(teacher=other, classes=[town.host_class], weekday=2, period=5)
    first = (await refusal(office, draft))["suggestions"][0]

    classes = [str(town.host_class.id)]
    await office.patch(
        f"/v1/assignments/{draft.id}",
        json={
            "patterns": [
                {"weekday": first["weekday"], "period": first["period"], "class_ids": classes},
                {"weekday": 4, "period": 6, "class_ids": classes},
            ]
        },
        headers={"If-Match": "*"},
    )

    assert (await act(office, draft, "publish")).status_code == 200


async def test_a_day_that_cannot_be_walked_is_refused(make, office, draft, town):
    # Home until 11:50, at the host from 14:00: enough. Home until 14:40 is not.
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=4)
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=4, period=5)

    (conflict,) = (await refusal(office, draft))["conflicts"]

    assert conflict["kind"] == "travel"
    assert (conflict["needed_minutes"], conflict["available_minutes"]) == (60, 10)
    assert len(conflict["dates"]) == 20


async def test_people_and_schools_must_allow_it_on_every_date(make, office, town):
    gone = await make.teacher(
        school=town.home,
        subjects=(("25", "2"),),
        employed=days(date(2020, 9, 1), date(2026, 12, 1)),
        expected_retirement_on=date(2026, 11, 1),
    )
    late = await make.school(name="新成员小学")
    await make.member(
        group=town.group, school=late, valid=days(date(2020, 1, 1), date(2026, 10, 1))
    )
    campus = await make.campus(school=late)
    await make.bell_times(campus=campus)
    short = await make.class_section(campus=campus, valid=days(date(2023, 9, 1), date(2026, 12, 1)))
    draft = await make.assignment(
        teacher=gone,
        home=town.home,
        campus=campus,
        group=town.group,
        term=town.term,
        classes=[short],
    )

    said = await refusal(office, draft)

    assert {one["kind"]: (one["from_date"], one["until"]) for one in said["conflicts"]} == {
        "not-qualified": ("2026-08-31", "2027-01-16"),
        "retired": ("2026-11-01", "2027-01-16"),
        "left": ("2026-12-01", "2027-01-16"),
        "not-a-member": ("2026-10-01", "2027-01-16"),
        "class-not-there": ("2026-12-01", "2027-01-16"),
    }
    assert said["suggestions"] == []


async def test_a_period_without_bells_is_refused(make, office, town):
    draft = await make.assignment(
        teacher=town.teacher,
        home=town.home,
        campus=town.host_campus,
        group=town.group,
        term=town.term,
        classes=[town.host_class],
        patterns=[{"weekday": 2, "period": 12}, {"weekday": 3, "period": 1, "weeks": [29]}],
    )

    said = await refusal(office, draft)

    assert {one["kind"] for one in said["conflicts"]} == {"no-such-period", "not-a-teaching-day"}


# Checking


@pytest.mark.parametrize(
    ("changes", "over"),
    [
        ({}, {"already-over": 7}),
        ({"valid_from": "2026-10-13"}, {"already-over": 1}),
        ({"valid_from": "2026-10-14"}, {}),
    ],
)
async def test_a_check_says_what_would_be_over_already(office, town, changes, over):
    with clock.freeze(datetime.fromisoformat("2026-10-14T09:00:00+08:00")):
        made = (await office.post("/v1/assignments", json=wanted(town, **changes))).json()
        said = (await act(office, made, "check")).json()

    assert said["publishable"] is True
    assert {one["kind"]: one["dates"] for one in said["by_kind"]} == over


async def test_a_check_counts_conflicts_from_every_side_and_keeps_nothing(
    make, as_, office, draft, town
):
    other = await make.teacher(school=town.host)
    await make.slot(teacher=other, classes=[town.host_class], weekday=2, period=5, weeks=(1, 2))
    await make.slot(
        teacher=town.teacher, classes=[town.home_class], weekday=4, period=5, weeks=(2,)
    )

    answer = await office.post(f"/v1/assignments/{draft.id}:check")

    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["publishable"] is False
    assert said["lesson_count"] == 40
    assert [(one["kind"], one["dates"]) for one in said["by_kind"] if one["hard"]] == [
        ("class-busy", 2),
        ("travel", 1),
    ]
    assert [(one["name"], one["dates"]) for one in said["by_teacher"]] == [("演示音乐教师", 1)]
    assert [(one["name"], one["dates"]) for one in said["by_school"]] == [("山区小学", 3)]
    assert said["by_week"] == [
        {"monday": "2026-08-31", "dates": 1},
        {"monday": "2026-09-07", "dates": 2},
    ]
    assert said["suggestions"]
    teacher = as_(Role.TEACHER, teacher=town.teacher, school=town.home)
    seen = (await teacher.post(f"/v1/assignments/{draft.id}:check")).json()
    busy = next(one for one in seen["hard"] if one["kind"] == "class-busy")
    assert busy["with"] == "busy"


async def test_a_check_warns_of_hardship_but_lets_publish(make, office, draft, town):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=4)
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=7)
    # 11:50 to 12:55 is left between the morning and the ways at noon.
    said = (await office.post(f"/v1/assignments/{draft.id}:check")).json()

    assert said["publishable"] is False, "14:40 to 15:40 is too short for the way back"
    assert {one["kind"] for one in said["hard"]} == {"travel"}


async def test_the_weekly_limit_of_the_teacher_is_only_a_warning(make, office, town):
    busy = await make.teacher(school=town.home, weekly_load_limit=1)
    draft = await make.assignment(
        teacher=busy,
        home=town.home,
        campus=town.host_campus,
        group=town.group,
        term=town.term,
        classes=[town.host_class],
        patterns=[{"weekday": 2, "period": 5}, {"weekday": 4, "period": 6}],
    )

    said = (await office.post(f"/v1/assignments/{draft.id}:check")).json()

    assert said["publishable"] is True
    assert {one["kind"] for one in said["soft"]} == {"weekly-maximum"}
    assert (said["soft"][0]["count"], said["soft"][0]["limit"]) == (2, 1)
    assert (await act(office, draft, "publish")).status_code == 200


async def test_what_is_published_does_not_conflict_with_itself(office, draft):
    await act(office, draft, "publish")

    said = (await office.post(f"/v1/assignments/{draft.id}:check")).json()

    assert said["publishable"] is True


# Ending


async def test_ending_keeps_the_past_and_frees_what_was_to_come(make, office, draft, town):
    await act(office, draft, "publish")

    with clock.freeze(datetime.fromisoformat("2026-10-14T09:00:00+08:00")):
        answer = await act(
            office, draft, "end", body={"from_date": "2026-10-20", "reason": "教师返岗"}
        )

    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["ended_on"]) == ("ended", "2026-10-20")
    lessons = await lessons_of(office, town)
    kept = [one for one in lessons if one["status"] == "scheduled"]
    assert max(one["on_date"] for one in kept) == "2026-10-15"
    over = [one for one in lessons if one["status"] == "cancelled"]
    assert min(one["on_date"] for one in over) == "2026-10-20"
    assert {(one["change"], one["reason"]) for one in over} == {("ended", "教师返岗")}
    other = await make.teacher(school=town.host)
    await make.slot(
        teacher=other,
        classes=[town.host_class],
        weekday=2,
        period=5,
        valid_from=date(2026, 10, 20),
    )


async def test_a_moved_lesson_ends_by_where_it_is_now(office, draft, town):
    await act(office, draft, "publish")
    early, late = (await lessons_of(office, town))[0], (await lessons_of(office, town))[1]
    for lesson, day in ((early, "2026-09-08"), (late, "2026-09-02")):
        moved = await office.post(
            f"/v1/lessons/{lesson['id']}:move",
            json={"on_date": day, "period": 7, "reason": "调课"},
            headers={"If-Match": "*"},
        )
        assert moved.status_code == 200, moved.text

    await act(office, draft, "end", body={"from_date": "2026-09-03", "reason": "返岗"})

    left = [one for one in await lessons_of(office, town) if one["status"] == "scheduled"]
    assert [(one["id"], one["on_date"]) for one in left] == [(late["id"], "2026-09-02")]


async def test_a_draft_that_ends_is_discarded(office, draft, town):
    answer = await act(office, draft, "end", body={"reason": "不再需要"})

    assert answer.json()["state"] == "ended"
    assert await lessons_of(office, town) == []
    for verb, body in (("publish", None), ("end", {"reason": "再次"}), ("check", None)):
        refused = await act(office, draft, verb, body=body)
        assert refused.json()["code"] == "assignment-state-unfit"


@pytest.mark.parametrize(
    ("day", "code"), [("2026-08-24", "in-the-past"), ("2027-02-01", "after-the-end")]
)
async def test_an_end_lies_within_the_assignment_and_not_in_the_past(office, draft, day, code):
    answer = await act(office, draft, "end", body={"from_date": day, "reason": "返岗"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code


async def test_what_is_not_there_is_not_found(office):
    nowhere = "/v1/assignments/01a20ad7-90ca-7387-8a0d-edd0756500a4"

    answers = [
        await office.get(nowhere),
        await office.patch(nowhere, json={"subject": "25"}, headers={"If-Match": "*"}),
        await office.post(f"{nowhere}:check"),
        await office.post(f"{nowhere}:publish", headers={"If-Match": "*"}),
        await office.post(f"{nowhere}:end", json={"reason": "x"}, headers={"If-Match": "*"}),
    ]

    assert {(one.status_code, one.json()["code"]) for one in answers} == {
        (404, "assignment-not-found")
    }


async def test_a_draft_for_another_term_takes_its_days(make, office, draft, database, district):
    term = await make.school_term(
        label="2027-2028", first_day=date(2027, 8, 30), last_day=date(2028, 1, 14)
    )

    answer = await office.patch(
        f"/v1/assignments/{draft.id}", json={"term_id": str(term.id)}, headers={"If-Match": "*"}
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["valid_from"] == "2027-08-30"
    assert {one["valid_until"] for one in answer.json()["patterns"]} == {"2028-01-15"}


async def test_a_class_is_named_once_in_a_period(office, town):
    twice = [str(town.host_class.id)] * 2
    pattern = {"weekday": 2, "period": 5, "class_ids": twice}

    answer = await office.post("/v1/assignments", json=wanted(town, patterns=[pattern]))

    assert answer.json()["errors"][0]["pointer"] == "/patterns/0/class_ids"
