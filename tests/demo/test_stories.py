"""What people come to do, step by step, with the demo's logins and nothing but what answers say.

Every id that a step needs was read in an answer before it; every refusal says the way out.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from service.cli.demo import anchors
from service.kit import clock

ANY = {"If-Match": "*"}
FAR = {"longitude": 106.0, "latitude": 29.5}


@pytest.fixture(scope="module", autouse=True)
def in_the_fourth_week() -> Iterator[None]:
    with clock.freeze(datetime.fromisoformat("2026-09-21T07:00:00+08:00")):
        yield


async def read(client, path, **params):
    answer = await client.get(f"/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def write(client, path, body=None, *, status=200, method="POST", **params):
    answer = await client.request(method, f"/v1/{path}", json=body, headers=ANY, params=params)
    assert answer.status_code == status, answer.text
    said = answer.json() if answer.content else {}
    if answer.is_error:
        assert said["title"]
        assert said["detail"] or said["errors"]
    return said


async def mine(client):
    """The school or group of an office."""
    (hat,) = (await read(client, "me"))["hats"]
    return hat["target"]["id"]


async def lessons_of(teacher, day, *, origin=None):
    until = (datetime.fromisoformat(day) + timedelta(days=1)).date()
    week = await read(teacher, "me/schedule", **{"from": day, "until": str(until)})
    found = [one for date_ in week["days"] for one in date_["lessons"]]
    return [one for one in found if origin in {None, one["origin"]}]


# A teacher on the phone


async def test_a_teacher_sees_where_to_be_and_whether_it_can_be_done(sign_in):
    today = await read(await sign_in("teacher"), "me/today")
    week = await read(
        await sign_in("teacher"), "me/schedule", **{"from": "2026-09-21", "until": "2026-09-28"}
    )

    lessons = [one for day in week["days"] for one in day["lessons"]]
    assert {day["on_date"] for day in (today["today"], today["tomorrow"])} == {
        "2026-09-21",
        "2026-09-22",
    }
    assert all(one["campus"]["gate"] and one["starts_at"].endswith("+08:00") for one in lessons)
    ways = [one["transfer"] for one in lessons if one["transfer"]]
    assert ways
    assert all(way["available_minutes"] >= way["needed_minutes"] for way in ways)


async def test_a_teacher_checks_in_or_hears_why_not_and_is_paid_and_certified(sign_in):
    lesson = (await lessons_of(await sign_in("teacher"), "2026-09-22", origin="itinerant"))[0]
    id_, starts = lesson["id"], datetime.fromisoformat(lesson["starts_at"])
    spot = lesson["campus"]["position"]
    near = {name: spot[name] for name in ("longitude", "latitude", "datum")}

    with clock.freeze(starts - timedelta(minutes=10)):
        teacher = await sign_in("teacher")
        far = await write(teacher, f"lessons/{id_}:check-in", FAR, status=409)
        here = await write(teacher, f"lessons/{id_}:check-in", near)
    with clock.freeze(starts + timedelta(hours=3)):
        teacher, school, office = [
            await sign_in(name) for name in ("teacher", "school", "district")
        ]
        await write(school, f"lessons/{id_}/attendance:confirm")
        work = await read(teacher, "me/workload")
        person = (await read(teacher, "me"))["teacher"]["id"]
        body = {"teacher_id": person, "from_date": "2026-09-01", "until": "2026-09-23"}
        issued = await write(office, "certificates", body, status=201)
        held = (await read(teacher, "certificates"))["items"]
        verified = await read(teacher, f"certificates/{issued['code']}:verify")

    assert far["code"] == "check-in-too-far"
    assert here["check_in"]["distance_metres"] < 50
    assert float(work["confirmed"]["amount"]) > 0
    assert float(work["waiting"]["amount"]) > 0
    assert [one["id"] for one in held] == [issued["id"]]
    assert (verified["valid"], verified["lessons"]) == (True, 1)


async def test_a_teacher_swaps_with_a_colleague_and_reads_what_changed(sign_in, settled):
    teacher, mentor, group = [await sign_in(name) for name in ("teacher", "mentor", "group")]
    partner = (await read(mentor, "me"))["teacher"]["id"]
    since = (await read(teacher, "me/schedule/changes"))["next_token"]
    choice = None
    for lesson in await lessons_of(teacher, "2026-09-28", origin="home"):
        found = (await read(teacher, f"lessons/{lesson['id']}/swap-partners"))["items"]
        direct = [
            one for one in found if [p["teacher"]["id"] for p in one["partners"]] == [partner]
        ]
        choice = choice or next(iter(direct), None)
    assert choice, "the mentor teaches a class of the music teacher"

    body = {"lesson_ids": choice["lesson_ids"], "reason": "外出培训"}
    swap = await write(teacher, "swaps", body, status=201)
    early = await write(group, f"swaps/{swap['id']}:approve", status=409)
    await write(mentor, f"swaps/{swap['id']}:consent")
    done = await write(group, f"swaps/{swap['id']}:approve")
    await settled()
    news = (await read(teacher, "me/schedule/changes", since=since))["items"]
    await write(teacher, f"swaps/{swap['id']}:undo")

    assert "待同意" in early["detail"]
    assert done["state"] == "done"
    told = {one["lesson_id"]: one for one in news}
    assert choice["lesson_ids"][0] in told
    assert told[choice["lesson_ids"][0]]["by"] == "集团办公室"
    assert told[choice["lesson_ids"][0]]["event_label"] == "课:已换课"


async def test_a_teacher_covers_a_lesson_or_comes_too_late(sign_in):
    teacher, mentor, group = [await sign_in(name) for name in ("teacher", "mentor", "group")]
    absent, asked = [(await read(one, "me"))["teacher"]["id"] for one in (mentor, teacher)]
    times = {"starts_at": "2026-10-19T00:00:00+08:00", "ends_at": "2026-10-24T00:00:00+08:00"}
    leave = await write(
        mentor, "leaves", {"teacher_id": absent, "kind": "training", **times}, status=201
    )
    await write(group, f"leaves/{leave['id']}:approve")
    covers = (await read(group, "covers", leave_id=leave["id"], state="open"))["items"]
    for cover in covers:
        path = f"/v1/covers/{cover['id']}:offer"
        await group.post(path, json={"teacher_ids": [asked]}, headers=ANY)
    first, second, *_ = (await read(teacher, "cover-offers", state="offered"))["items"]

    mine_ = await write(teacher, f"cover-offers/{first['id']}:accept")
    await write(group, f"covers/{second['cover_id']}:settle", {})
    late = await write(teacher, f"cover-offers/{second['id']}:accept", status=409)

    assert first["class_names"]
    assert first["subject_label"] == "语文"
    assert mine_["state"] == "accepted"
    assert late["code"] == "already-taken"


async def test_a_mentee_reads_what_is_left_this_term(sign_in):
    pairs = (await read(await sign_in("mentee"), "me/mentoring"))["as_mentee"]

    assert [pair["progress"]["left"] for pair in pairs] == [19, 19]


# A school's office


async def test_a_school_files_a_shortage_and_another_approves_it(sign_in):
    school, group = await sign_in("school"), await sign_in("group")
    (campus,) = (await read(school, "campuses", school_id=await mine(school)))["items"]
    term = (await read(school, "terms"))["items"][0]
    section = (await read(school, "classes", campus_id=campus["id"]))["items"][0]
    body = {
        "campus_id": campus["id"],
        "term_id": term["id"],
        "subject": "41",
        "stage": "2",
        "class_ids": [section["id"]],
        "lessons_per_week": 2,
        "half_days": ["2-pm", "4-pm"],
    }

    unfit = await write(school, "shortages", {**body, "half_days": ["6-am"]}, status=422)
    filed = await write(school, "shortages", body, status=201)
    forbidden = await write(school, f"shortages/{filed['id']}:approve", status=403)
    approved = await write(group, f"shortages/{filed['id']}:approve")

    assert unfit["errors"][0]["pointer"] == "/half_days/0"
    assert "shortage.decide" in forbidden["detail"]
    assert approved["state"] == "approved"


async def test_a_school_sees_whose_lessons_bells_and_days_move_before_it_decides(sign_in):
    school = await sign_in("school")
    school_id = await mine(school)
    (campus,) = (await read(school, "campuses", school_id=school_id))["items"]
    bells = (await read(school, f"campuses/{campus['id']}/bell-schedules"))["items"][0]
    later = [{**one, "ends": one["ends"].replace(":10:00", ":12:00")} for one in bells["periods"]]
    fields = {name: bells[name] for name in ("name", "valid_from", "valid_until")}

    moved = await write(
        school, f"bell-schedules/{bells['id']}:preview", {**fields, "periods": later}
    )
    shorter = await write(
        school,
        f"bell-schedules/{bells['id']}:preview",
        {**fields, "periods": bells["periods"][:4]},
        status=409,
    )
    friday = f"calendar-days/school/{school_id}/2026-10-16"
    monday = {"kind": "teach", "follows_weekday": 1, "reason": "周五按周一课表"}
    hit = await write(school, f"{friday}:preview", monday)
    await write(school, friday, monday, method="PUT", status=201)
    await write(school, friday, method="DELETE", status=204)

    assert moved["lessons_moved"] > 0
    assert moved["teachers"][0]["teacher_name"]
    assert shorter["code"] == "lessons-are-laid"
    assert hit["teacher_count"] == len(hit["teachers"]) > 3
    assert {"laid", "cancelled"} <= hit["teachers"][0].keys()


async def test_a_school_finds_cover_for_a_leave_of_four_days(sign_in):
    school, group = await sign_in("school"), await sign_in("group")
    (campus,) = (await read(school, "campuses", school_id=await mine(school)))["items"]
    day = {"from": "2026-09-30", "until": "2026-10-01"}
    taught = (await read(school, "lessons", campus_id=campus["id"], limit=200, **day))["items"]
    lesson = next(one for one in taught if one["period"] == 3 and one["origin"] == "home")
    free = await read(
        school,
        f"campuses/{campus['id']}/free-teachers",
        on="2026-09-30",
        period=3,
        subject=lesson["subject"],
        stage="2",
    )
    times = {"starts_at": "2026-09-27T00:00:00+08:00", "ends_at": "2026-10-01T00:00:00+08:00"}
    body = {"teacher_id": lesson["teacher"]["id"], "kind": "personal", **times}

    leave = await write(school, "leaves", body, status=201)
    own = await write(school, f"leaves/{leave['id']}:approve", status=403)
    await write(group, f"leaves/{leave['id']}:approve")
    covers = (await read(school, "covers", leave_id=leave["id"]))["items"]
    (needed,) = [one for one in covers if one["lesson_id"] == lesson["id"]]
    covered = await write(school, f"covers/{needed['id']}:assign", {})

    assert free["items"]
    assert leave["measure_label"] == "临时代课"
    assert own["code"] == "own-request"
    assert covered["substitute"]["id"] in {one["teacher"]["id"] for one in free["items"]}


async def test_a_school_confirms_a_month_in_bulk_and_its_list_adds_up(sign_in):
    with clock.freeze(datetime.fromisoformat("2026-11-02T09:00:00+08:00")):
        school, office = await sign_in("school"), await sign_in("district")
        school_id = await mine(school)
        body = {"school_id": school_id, "month": "2026-10"}
        open_ = await write(school, "attendance:confirm-month", body)
        done = await write(school, "attendance:confirm-month", {**body, "unchecked_too": True})
        await write(office, "statements:draw", {"month": "2026-10"})
        listed = await read(school, f"schools/{school_id}/allowance-list", month="2026-10")

    assert open_["confirmed"] == 0
    assert {one["why_label"] for one in open_["open"]} == {"未签到"}
    assert done["confirmed"] == len(open_["open"]) == listed["listed_lessons"]
    assert sum(float(one["amount"]) for one in listed["items"]) == float(listed["amount"]) > 0


async def test_a_school_reads_who_may_rotate_and_how_it_is_staffed(sign_in):
    school = await sign_in("school")
    school_id = await mine(school)

    due = await read(school, f"schools/{school_id}/rotation-eligibility")
    staff = await read(
        school, f"schools/{school_id}/staff-structure", before="2026-08-30", after="2026-09-01"
    )

    assert 0 < due["eligible_count"] < due["teacher_count"]
    assert all(one["eligible"] or one["reasons"] for one in due["teachers"])
    assert sum(one["after"] for one in staff["structure"]["by_age"]) == due["teacher_count"]


# A group's office


async def test_a_group_reads_its_composition_and_changes_members_as_a_whole(sign_in):
    group = await sign_in("group")
    path = f"groups/{await mine(group)}"

    whole = await read(group, f"{path}/composition")
    lead, last = whole["lead"]["school_id"], whole["alliance"][-1]["school_id"]

    def leave(school_id):
        step = {"action": "leave", "school_id": school_id}
        return {"effective_on": "2026-10-01", "reason": "调整布局", "steps": [step]}

    told = await write(
        group, f"{path}/membership-changes", leave(last), status=201, validate_only=True
    )
    refused = await write(
        group, f"{path}/membership-changes", leave(lead), status=409, validate_only=True
    )

    assert whole["conforming"]
    assert {one["code"] for one in whole["warnings"]} == {"no-head", "no-charter"}
    assert told["lessons_beyond"] > 0
    assert refused["errors"][0]["code"] == "no-lead"


async def test_a_group_matches_a_shortage_with_everybodys_consent(sign_in):
    group, office = await sign_in("group"), await sign_in("district")
    wanted = (await read(group, "shortages", state="approved", subject="25"))["items"][0]
    found = await read(group, f"shortages/{wanted['id']}/candidates")
    best = found["candidates"][0]
    free = best["free_periods"][0]
    place = {name: free[name] for name in ("weekday", "period")}
    (classes,) = [one["class_ids"] for one in found["open_periods"] if place.items() <= one.items()]
    body = {
        "teacher_id": best["teacher"]["id"],
        "patterns": [{**place, "class_ids": classes[:1]}],
    }

    offer = await write(group, f"shortages/{wanted['id']}:offer", body, status=201)
    own = await write(group, f"shortage-offers/{offer['id']}:agree", status=403)
    agreed = await write(office, f"shortage-offers/{offer['id']}:agree")
    login = {
        "username": "helper",
        "display_name": best["teacher"]["name"],
        "teacher_id": best["teacher"]["id"],
        "school_id": best["school"]["id"],
        "password": "huangge-helper",
    }
    account = await write(office, "accounts", login, status=201)
    hat = {"role": "teacher", "reach": "self", "valid_from": "2026-09-01"}
    await write(office, f"accounts/{account['id']}/grants", hat, status=201)
    helper = await sign_in("helper", "huangge-helper")
    confirmed = await write(helper, f"shortage-offers/{offer['id']}:confirm")

    assert own["code"] == "own-request"
    assert [one["label"] for one in agreed["waiting_for"]] == ["教师确认"]
    assert confirmed["state"] == "accepted"
    assert confirmed["assignment_id"]


async def test_a_group_tries_a_draft_publishes_it_and_reads_the_version(sign_in):
    group = await sign_in("group")
    path = f"groups/{await mine(group)}/itinerant-draft"
    autumn, spring = (await read(group, "terms"))["items"]

    fits = await write(group, f"{path}:check", {}, term_id=autumn["id"])
    clashes = await write(group, f"{path}:check", {}, term_id=spring["id"])
    before = (await read(group, "itinerant-versions"))["items"]
    refused = await write(
        group, f"{path}:publish", {"term_id": spring["id"], "reason": "试排"}, status=409
    )
    body = {"term_id": autumn["id"], "reason": "新增美术走教"}
    published = await write(group, f"{path}:publish", body, status=201)
    kept = await read(group, f"itinerant-versions/{published['id']}")

    assert fits["publishable"]
    assert not clashes["publishable"]
    assert clashes["by_teacher"]
    assert clashes["by_week"]
    assert before == []
    assert refused["code"] == "schedule-conflict"
    assert published["number"] == 1
    assert len(kept["content"]) == published["assignments"]


async def test_a_group_finds_a_time_for_joint_research_and_books_the_room(sign_in):
    group = await sign_in("group")
    group_id = await mine(group)
    lead = (await read(group, f"groups/{group_id}/composition"))["lead"]["school_id"]
    campus = (await read(group, "campuses", school_id=lead))["items"][0]
    found = await read(
        group, f"groups/{group_id}/research-times", campus_id=campus["id"], subject="24", minutes=60
    )
    time = found["items"][0]
    room = (await read(group, "rooms", campus_id=campus["id"]))["items"][0]
    times = {name: time[name] for name in ("starts_at", "ends_at")}
    after = {
        "starts_at": f"{time['on_date']}T18:00:00+08:00",
        "ends_at": f"{time['on_date']}T19:00:00+08:00",
    }

    booked = await write(
        group, "room-bookings", {"room_id": room["id"], "purpose": "音乐教研", **after}, status=201
    )
    collides = await write(
        group, "room-bookings", {"room_id": room["id"], "purpose": "合唱排练", **after}, status=409
    )

    assert found["teacher_count"] > 2
    assert time["free"] + len(time["missing"]) == found["teacher_count"]
    assert times["starts_at"] < times["ends_at"]
    assert [(one["id"], one["about"]) for one in collides["taken"]] == [(booked["id"], "音乐教研")]


async def test_a_group_sees_who_has_too_many_and_who_is_behind(sign_in):
    group = await sign_in("group")
    (programme,) = (await read(group, "mentoring-programmes", state="open"))["items"]

    full = [one for one in (await read(group, "mentors"))["items"] if one["free"] == 0]
    behind = await read(group, f"mentoring-programmes/{programme['id']}/progress")

    assert {one["teacher"]["number"] for one in full} >= {anchors.MENTOR}
    assert behind["items"]
