"""From a shortage to an assignment, asked from outside."""

import asyncio
from collections import Counter
from datetime import date, datetime, timedelta
from io import BytesIO

import openpyxl
import pytest
from sqlalchemy import func, select

from service.itinerant import jobs
from service.kit import clock
from service.kit.auth import Role
from service.kit.db import days
from service.timetable.tables import Occupancy
from tests.crowd import insisting
from tests.itinerant.conftest import act, asking, shortage

NOBODY = "01a20ad7-90ca-7387-8a0d-edd0756500a4"
RIVALS = 50


@pytest.fixture
def held(database, district):
    """How many weekly times of a teacher are taken, by kind."""

    async def count(teacher, kind="hold"):
        statement = select(func.count()).select_from(Occupancy)
        statement = statement.filter_by(resource_id=teacher.id, kind=kind)
        async with database.read(district.id) as db:
            return (await (await db.connection()).execute(statement)).scalar_one()

    return count


async def see(client, things, thing):
    return (await client.get(f"/v1/{things}/{thing['id']}")).json()


@pytest.fixture
def offered(town, who):
    async def offer(short, **changes):
        answer = await act(who.office, "shortages", short, "offer", body=asking(town, **changes))
        assert answer.status_code == 201, answer.text
        return answer.json()

    return offer


# Filing


async def test_a_school_files_what_it_is_short_of(town, who):
    answer = await who.mountain.post("/v1/shortages", json=shortage(town))

    assert answer.status_code == 201, answer.text
    said = answer.json()
    assert (said["state_label"], said["urgency_label"]) == ("已提交", "紧急")
    assert said["group"]["id"] == str(town.group.id)
    assert (said["valid_from"], said["valid_until"]) == ("2026-08-31", "2027-01-16")
    assert (said["missing_lessons"], said["covered_lessons"]) == (2, 0)
    listed = await who.mountain.get("/v1/shortages", params={"state": "submitted", "subject": "24"})
    assert [one["id"] for one in listed.json()["items"]] == [said["id"]]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"lessons_per_week": 0}, "/lessons_per_week"),
        ({"half_days": ["8-am"]}, "/half_days/0"),
        ({"half_days": ["2-pm", "7-am"]}, "/half_days/1"),
        ({"half_days": []}, "/half_days"),
        ({"stage": "3"}, "/class_ids/0"),
        ({"class_ids": [NOBODY]}, "/class_ids/0"),
        ({"subject": "999"}, "/subject"),
        ({"campus_id": NOBODY}, "/campus_id"),
        ({"term_id": NOBODY}, "/term_id"),
        ({"group_id": NOBODY}, "/group_id"),
        ({"valid_from": "2026-08-01"}, "/valid_from"),
        ({"valid_until": "2027-03-01"}, "/valid_until"),
        ({"valid_from": "2026-10-01", "valid_until": "2026-10-01"}, "/valid_until"),
        ({"urgency": "soon"}, "/urgency"),
    ],
)
async def test_a_shortage_that_cannot_be_is_refused(town, changes, pointer, who):
    answer = await who.mountain.post("/v1/shortages", json=shortage(town, **changes))

    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_classes_of_another_school_are_refused(town, who):
    body = shortage(town, class_ids=[str(town.home_class.id)])
    answer = await who.mountain.post("/v1/shortages", json=body)

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/class_ids/0", "class-not-there")


async def test_a_school_files_for_itself_only(town, who):
    elsewhere = await who.home.post("/v1/shortages", json=shortage(town))

    assert elsewhere.status_code == 422
    assert (await who.office.post("/v1/shortages", json=shortage(town))).status_code == 201


async def test_a_campus_without_bells_says_so(make, town, who):
    campus = await make.campus(school=town.host, name="山区小学分部")
    section = await make.class_section(campus=campus)
    body = shortage(town, campus_id=str(campus.id), class_ids=[str(section.id)])

    answer = await who.mountain.post("/v1/shortages", json=body)

    assert answer.status_code == 422
    assert "作息" in answer.json()["errors"][0]["message"]


# Changing


async def change(client, one, expected="*", **changes):
    return await client.patch(
        f"/v1/shortages/{one['id']}", json=changes, headers={"If-Match": expected}
    )


async def test_a_shortage_is_changed_while_nobody_has_been_asked(short_of, who):
    filed = await short_of(approved=False)

    stale = await change(who.mountain, filed, '"7"', lessons_per_week=3)
    changed = await change(who.mountain, filed, lessons_per_week=3, half_days=["4-pm"], note="急")
    again = await change(who.mountain, filed, lessons_per_week=3)

    assert stale.status_code == 412
    said = changed.json()
    assert (said["state"], said["lessons_per_week"], said["half_days"]) == (
        "submitted",
        3,
        ["4-pm"],
    )
    assert (said["classes"], said["urgency"], said["note"]) == (filed["classes"], "urgent", "急")
    assert said["version"] == again.json()["version"] == filed["version"] + 1


async def test_what_was_approved_is_approved_anew_and_not_by_whoever_changed_it(
    short_of, town, who
):
    approved = await short_of()

    changed = await change(who.office, approved, lessons_per_week=4)
    own = await act(who.office, "shortages", approved, "approve")
    offered = await act(who.office, "shortages", approved, "offer", body=asking(town))
    back = await change(who.mountain, approved, lessons_per_week=2)
    granted = await act(who.office, "shortages", approved, "approve")

    assert (changed.json()["state"], changed.json()["approved_by_name"]) == ("submitted", None)
    assert (own.status_code, own.json()["code"]) == (403, "own-request")
    assert (offered.status_code, offered.json()["code"]) == (409, "shortage-state-unfit")
    assert (back.status_code, granted.json()["state"]) == (200, "approved")


async def test_a_shortage_that_teachers_were_asked_for_or_that_is_over_stays(
    short_of, offered, who
):
    asked, over = await short_of(), await short_of()
    await offered(asked)
    await act(who.mountain, "shortages", over, "withdraw", body={"reason": "已解决"})

    for one in (asked, over):
        answer = await change(who.mountain, one, lessons_per_week=3)
        assert (answer.status_code, answer.json()["code"]) == (409, "shortage-state-unfit")


async def test_a_change_is_judged_like_a_filing_and_only_by_those_it_is_for(short_of, town, who):
    filed = await short_of()

    for changes, pointer in (
        ({"half_days": ["7-am"]}, "/half_days/0"),
        ({"class_ids": [str(town.home_class.id)]}, "/class_ids/0"),
        ({"valid_until": "2027-03-01"}, "/valid_until"),
        ({"lessons_per_week": None}, "/lessons_per_week"),
        ({"subject": "13"}, "/subject"),
    ):
        answer = await change(who.mountain, filed, **changes)
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await change(who.home, filed, lessons_per_week=3)).status_code == 404


async def test_the_list_as_a_file_adds_up(short_of, who):
    await short_of()
    await short_of(lessons_per_week=3, urgency="normal", note="音乐教师产假")

    sheet = await who.mountain.get("/v1/shortages.xlsx")
    fewer = await who.mountain.get("/v1/shortages.xlsx", params={"state": "closed"})

    rows = list(openpyxl.load_workbook(BytesIO(sheet.content)).active.values)
    assert rows[0][0] == "紧缺需求一览"
    (total,) = [row for row in rows if row[0] == "合计"]
    assert (total[6], total[9]) == (5, 5)
    (one,) = [row for row in rows if row[-1] == "音乐教师产假"]
    assert (one[0], one[6], one[10], one[11], one[12]) == (
        "山区小学",
        3,
        "周二下午、周四下午",
        "一般",
        "已批准",
    )
    assert len(list(openpyxl.load_workbook(BytesIO(fewer.content)).active.values)) < len(rows)


# Deciding


async def test_nobody_approves_what_they_filed(short_of, who):
    mine = await short_of(approved=False, client=who.office)

    answer = await act(who.office, "shortages", mine, "approve")

    assert (answer.status_code, answer.json()["code"]) == (403, "own-request")


async def test_a_school_approves_nothing(short_of, who):
    filed = await short_of(approved=False)

    assert (await act(who.mountain, "shortages", filed, "approve")).status_code == 403


async def test_what_is_not_granted_is_closed_with_a_reason(short_of, who):
    filed = await short_of(approved=False)
    over = {"reason": "本学期无人可派"}

    closed = await act(who.office, "shortages", filed, "close", body=over, expected='"1"')

    assert (closed.json()["state"], closed.json()["over_reason"]) == ("closed", over["reason"])
    again = await act(who.mountain, "shortages", filed, "withdraw", body=over)
    assert (again.status_code, again.json()["code"]) == (409, "shortage-state-unfit")
    stale = await act(who.office, "shortages", filed, "approve", expected='"1"')
    assert stale.status_code == 412


async def test_what_is_not_approved_cannot_be_offered(town, short_of, who):
    filed = await short_of(approved=False)

    answer = await act(who.office, "shortages", filed, "offer", body=asking(town))

    assert (answer.status_code, answer.json()["code"]) == (409, "shortage-state-unfit")


# Who could help


async def candidates(client, short, **params):
    answer = await client.get(f"/v1/shortages/{short['id']}/candidates", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_those_who_can_are_ranked_with_reasons_and_the_rest_is_counted(
    make, town, short_of, who
):
    short = await short_of()
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=1, period=1)
    await make.teacher(school=town.home, name="语文老师", subjects=(("13", "2"),))
    await make.teacher(school=town.home, name="将退休", expected_retirement_on=date(2026, 12, 1))
    await make.teacher(
        school=town.home, name="将离任", employed=days(date(2020, 9, 1), date(2026, 12, 1))
    )
    full = await make.teacher(school=town.home, name="排满的")
    for weekday in (2, 4):
        for period in (5, 6, 7):
            section = await make.class_section(campus=town.home_campus)
            await make.slot(teacher=full, classes=[section], weekday=weekday, period=period)
    idle = await make.teacher(school=town.home, name="没有课的")

    said = await candidates(who.office, short, others="true")

    assert [one["teacher"]["id"] for one in said["candidates"]] == [
        str(town.teacher.id),
        str(idle.id),
    ]
    first = said["candidates"][0]
    assert {one["criterion"]: one["points"] for one in first["criteria"]} == {
        "subject": 25,
        "tier": 15,
        "load": 20,
        "travel": 8,
        "half_days": 15,
        "fairness": 10,
    }
    assert first["points"] == 93
    assert first["needed_minutes"] == 60
    assert {(one["weekday"], one["period"]) for one in first["free_periods"]} == {
        (day, period) for day in (2, 4) for period in (5, 6, 7)
    }
    assert {one["reason"]: one["teachers"] for one in said["out"]} == {
        "not-qualified": 1,
        "retired": 1,
        "left": 1,
        "teacher-busy": 1,
    }
    assert {one["teacher"]["name"]: one["reason"] for one in said["out_teachers"]} == {
        "语文老师": "not-qualified",
        "将退休": "retired",
        "将离任": "left",
        "排满的": "teacher-busy",
    }
    assert (await candidates(who.office, short))["out_teachers"] is None


async def test_a_way_that_is_too_long_takes_periods_away(make, town, short_of, who):
    short = await short_of(half_days=["2-pm"])
    # Home until 11:50, an hour's way: the first afternoon period begins at 14:00.
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=4)
    late = await make.teacher(school=town.home, name="午后有课")
    await make.slot(
        teacher=late,
        classes=[await make.class_section(campus=town.home_campus)],
        weekday=2,
        period=5,
        subject="13",
    )

    said = await candidates(who.office, short)

    free = {
        one["teacher"]["name"]: [at["period"] for at in one["free_periods"]]
        for one in said["candidates"]
    }
    # From 14:40 and an hour's way: only the last, from 15:40.
    assert free == {"演示音乐教师": [5, 6, 7], "午后有课": [7]}


async def test_who_cannot_be_there_in_time_or_is_away_is_out(make, town, short_of, who):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=6)
    short = await short_of(half_days=["2-pm"])
    said = await candidates(who.office, short)
    assert [one["reason"] for one in said["out"]] == ["travel"]

    asked = {
        "teacher_id": str(town.teacher.id),
        "kind": "personal",
        "starts_at": "2026-09-01T00:00:00+08:00",
        "ends_at": "2026-09-09T00:00:00+08:00",
    }
    leave = await who.musician.post("/v1/leaves", json=asked)
    assert leave.status_code == 201, leave.text
    granted = await act(who.office, "leaves", leave.json(), "approve", body={})
    assert granted.status_code == 200, granted.text

    said = await candidates(who.office, await short_of(half_days=["2-am"]))
    assert [one["reason"] for one in said["out"]] == ["leave"]


async def test_only_periods_in_which_a_class_has_nothing_are_asked_for(make, town, short_of, who):
    other = await make.class_section(campus=town.host_campus, name="三年级2班")
    both = [str(town.host_class.id), str(other.id)]
    short = await short_of(half_days=["2-pm"], class_ids=both)
    local = await make.teacher(school=town.host)
    for number, classes in ((5, [town.host_class]), (6, [town.host_class, other])):
        await make.slot(teacher=local, classes=classes, weekday=2, period=number, subject="13")

    said = await candidates(who.office, short)

    found = {one["period"]: one["class_ids"] for one in said["open_periods"]}
    assert found == {5: [str(other.id)], 7: sorted(both)}
    (one,) = said["candidates"]
    assert [free["period"] for free in one["free_periods"]] == [5, 7]


async def test_classes_that_are_full_ask_for_nobody(make, town, short_of, who):
    short = await short_of(half_days=["2-pm"])
    local = await make.teacher(school=town.host)
    for number in (5, 6, 7):
        slot = {"weekday": 2, "period": number, "subject": "13"}
        await make.slot(teacher=local, classes=[town.host_class], **slot)

    said = await candidates(who.office, short)

    assert (said["open_periods"], said["candidates"]) == ([], [])


# Offers


async def test_three_agree_and_an_assignment_is_drafted_and_published(
    town, short_of, offered, held, who
):
    short = await short_of()
    offer = await offered(short)

    assert [one["who"] for one in offer["waiting_for"]] == ["home_school", "teacher"]
    assert offer["across_groups"] is False
    assert (await held(town.teacher), await held(town.teacher, "travel")) == (2, 0)
    assert (await see(who.mountain, "shortages", short))["state"] == "offered"

    agreed = await act(who.home, "shortage-offers", offer, "agree", expected='"1"')
    assert [one["who"] for one in agreed.json()["waiting_for"]] == ["teacher"]
    done = await act(who.musician, "shortage-offers", offer, "confirm", expected='"2"')

    assert done.json()["state_label"] == "已接受"
    matched = await see(who.mountain, "shortages", short)
    assert (matched["state"], matched["covered_lessons"], matched["missing_lessons"]) == (
        "matched",
        2,
        0,
    )
    draft = {"id": done.json()["assignment_id"]}
    assert (await see(who.office, "assignments", draft))["state"] == "draft"
    assert await held(town.teacher) == 2
    check = await act(who.office, "assignments", draft, "check")
    assert (check.json()["publishable"], check.json()["lesson_count"]) == (True, 40)
    published = await act(who.office, "assignments", draft, "publish")
    assert published.status_code == 200, published.text
    assert (await held(town.teacher), await held(town.teacher, "lesson")) == (0, 2)
    over = {"reason": "学期结束"}
    closed = await act(who.office, "shortages", short, "close", body=over)
    assert closed.json()["state"] == "closed"


async def test_a_draft_that_is_given_up_gives_the_time_back(town, short_of, offered, held, who):
    short = await short_of()
    offer = await offered(short)
    await act(who.musician, "shortage-offers", offer, "confirm")
    done = await act(who.home, "shortage-offers", offer, "agree")
    draft = {"id": done.json()["assignment_id"]}

    ended = await act(who.office, "assignments", draft, "end", body={"reason": "取消"})

    assert ended.status_code == 200, ended.text
    assert await held(town.teacher) == 0
    assert (await see(who.mountain, "shortages", short))["missing_lessons"] == 2


async def test_half_a_shortage_stays_open_for_the_rest(make, town, short_of, offered, who):
    short = await short_of()
    first = asking(town)["patterns"][:1]
    offer = await offered(short, patterns=first)
    await act(who.musician, "shortage-offers", offer, "confirm")
    await act(who.home, "shortage-offers", offer, "agree")

    rest = await see(who.mountain, "shortages", short)
    assert (rest["state"], rest["missing_lessons"]) == ("approved", 1)
    other = await make.teacher(school=town.home)
    too_many = await act(who.office, "shortages", short, "offer", body=asking(town, teacher=other))
    assert too_many.json()["errors"][0]["code"] == "more-than-missing"
    await offered(short, teacher=other, patterns=asking(town)["patterns"][1:])


@pytest.mark.parametrize("side", ["teacher", "home", "office"])
async def test_a_no_frees_the_time_at_once(town, short_of, offered, held, side, who):
    short = await short_of()
    offer = await offered(short)
    client, verb, state = {
        "teacher": (who.musician, "decline", "declined"),
        "home": (who.home, "refuse", "declined"),
        "office": (who.office, "withdraw", "withdrawn"),
    }[side]

    answer = await act(client, "shortage-offers", offer, verb, body={"reason": "另有安排"})

    assert (answer.json()["state"], answer.json()["over_reason"]) == (state, "另有安排")
    assert (await held(town.teacher), await held(town.teacher, "travel")) == (0, 0)
    assert (await see(who.mountain, "shortages", short))["state"] == "approved"
    again = await act(who.musician, "shortage-offers", offer, "confirm")
    assert (again.status_code, again.json()["code"]) == (409, "shortage-offer-over")


async def test_a_withdrawn_shortage_takes_its_offers_along(town, short_of, offered, held, who):
    short = await short_of()
    offer = await offered(short)

    answer = await act(who.mountain, "shortages", short, "withdraw", body={"reason": "已招到教师"})

    assert answer.json()["state"] == "withdrawn"
    assert await held(town.teacher) == 0
    assert (await see(who.musician, "shortage-offers", offer))["state"] == "withdrawn"


async def test_an_offer_nobody_answers_expires(town, short_of, offered, held, database, who):
    short = await short_of()
    deadline = clock.now() + timedelta(hours=2)
    offer = await offered(short, expires_at=deadline.isoformat())
    due = {"offer_id": offer["id"]}
    await jobs.offer_due(database, town.term.district_id, due)
    assert await held(town.teacher) == 2

    with clock.freeze(deadline):
        late = await act(who.musician, "shortage-offers", offer, "confirm")
        assert (late.status_code, late.json()["code"]) == (409, "shortage-offer-expired")
        await jobs.offer_due(database, town.term.district_id, due)
        await jobs.offer_due(database, town.term.district_id, due)

    assert await held(town.teacher) == 0
    assert (await see(who.mountain, "shortages", short))["state"] == "approved"
    assert (await see(who.musician, "shortage-offers", offer))["state"] == "expired"
    await jobs.offer_due(database, town.term.district_id, {"offer_id": NOBODY})


async def test_a_new_offer_need_not_wait_for_the_job(town, short_of, offered, held):
    first, second = await short_of(), await short_of()
    deadline = clock.now() + timedelta(hours=2)
    await offered(first, expires_at=deadline.isoformat())

    with clock.freeze(deadline):
        await offered(second)

    assert await held(town.teacher) == 2


@pytest.mark.parametrize("when", ["2026-08-25T07:00:00+08:00", "2026-10-25T07:00:00+08:00"])
async def test_a_deadline_lies_ahead_and_not_too_far(town, short_of, when, who):
    short = await short_of()
    body = asking(town, expires_at=when)

    answer = await act(who.office, "shortages", short, "offer", body=body)

    assert [one["pointer"] for one in answer.json()["errors"]] == ["/expires_at"]


async def test_time_that_is_held_is_taken(make, town, short_of, offered, who):
    await offered(await short_of())
    section = await make.class_section(campus=town.host_campus)
    other = await short_of(class_ids=[str(section.id)])
    patterns = [{"weekday": 2, "period": 5, "class_ids": [str(section.id)]}]

    answer = await act(
        who.office, "shortages", other, "offer", body=asking(town, patterns=patterns)
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "teacher-taken")
    assert answer.json()["conflicts"][0]["kind"] == "teacher-busy"


async def test_one_is_asked_once(town, short_of, offered, who):
    short = await short_of(lessons_per_week=4, half_days=["2-pm", "4-pm", "3-pm"])
    await offered(short)
    patterns = [{"weekday": 3, "period": 5, "class_ids": [str(town.host_class.id)]}]

    answer = await act(
        who.office, "shortages", short, "offer", body=asking(town, patterns=patterns)
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "shortage-offer-made")


@pytest.mark.parametrize(
    ("pattern", "pointer", "code"),
    [
        ({"weekday": 3}, "/patterns/0", "outside-half-days"),
        ({"period": 1}, "/patterns/0", "outside-half-days"),
        ({"weekday": 9}, "/patterns/0/weekday", None),
    ],
)
async def test_an_offer_answers_what_was_asked(town, short_of, pattern, pointer, code, who):
    short = await short_of()
    wanted = {"weekday": 2, "period": 5, "class_ids": [str(town.host_class.id)], **pattern}

    answer = await act(
        who.office, "shortages", short, "offer", body=asking(town, patterns=[wanted])
    )

    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert code in {None, error["code"]}


async def test_classes_nobody_asked_for_are_refused(make, town, short_of, who):
    short = await short_of()
    section = await make.class_section(campus=town.host_campus)
    patterns = [{"weekday": 2, "period": 5, "class_ids": [str(section.id)]}]

    answer = await act(
        who.office, "shortages", short, "offer", body=asking(town, patterns=patterns)
    )

    assert answer.json()["errors"][0]["code"] == "class-not-asked"


async def refused_kinds(client, short, body):
    answer = await act(client, "shortages", short, "offer", body=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "schedule-conflict")
    return {one["kind"] for one in answer.json()["conflicts"]}


async def test_a_teacher_without_the_subject_is_refused(make, town, short_of, who):
    teacher = await make.teacher(school=town.home, subjects=(("13", "2"),))

    kinds = await refused_kinds(who.office, await short_of(), asking(town, teacher=teacher))

    assert kinds == {"not-qualified"}


async def test_a_teacher_on_leave_or_on_the_way_is_refused(make, town, short_of, who):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=6)
    body = asking(town)
    assert await refused_kinds(who.office, await short_of(), body) == {"travel"}

    asked = {
        "teacher_id": str(town.teacher.id),
        "kind": "sick",
        "starts_at": "2026-09-03T00:00:00+08:00",
        "ends_at": "2026-09-04T00:00:00+08:00",
    }
    leave = await who.musician.post("/v1/leaves", json=asked)
    await act(who.office, "leaves", leave.json(), "approve", body={})
    body["patterns"] = body["patterns"][1:]
    assert await refused_kinds(who.office, await short_of(), body) == {"leave"}


async def test_a_class_that_has_lessons_is_refused(make, town, short_of, who):
    local = await make.teacher(school=town.host)
    await make.slot(teacher=local, classes=[town.host_class], weekday=2, period=5)

    assert await refused_kinds(who.office, await short_of(), asking(town)) == {"class-busy"}


async def test_a_shortage_that_is_over_is_offered_to_nobody(town, short_of, who):
    short = await short_of()

    with clock.freeze(datetime.fromisoformat("2027-01-20T08:00:00+08:00")):
        answer = await act(who.office, "shortages", short, "offer", body=asking(town))

    assert answer.json()["errors"][0]["code"] == "over"


# Who agrees


async def test_each_says_their_own_yes(as_, town, short_of, offered, who):
    offer = await offered(await short_of())

    own = await act(who.office, "shortage-offers", offer, "agree")
    assert (own.status_code, own.json()["code"]) == (403, "own-request")
    assert (await act(who.mountain, "shortage-offers", offer, "agree")).status_code == 403
    assert (await act(who.home, "shortage-offers", offer, "confirm")).status_code == 403
    assert (
        await act(who.mountain, "shortage-offers", offer, "refuse", body={"reason": "不"})
    ).status_code == 403
    assert (
        await act(who.home, "shortage-offers", offer, "withdraw", body={"reason": "不"})
    ).status_code == 403
    assert (await act(who.home, "shortage-offers", offer, "agree")).status_code == 200
    twice = await act(who.home, "shortage-offers", offer, "agree")
    assert (twice.status_code, twice.json()["code"]) == (409, "shortage-offer-over")
    needless = await act(as_(Role.DISTRICT_ADMIN), "shortage-offers", offer, "approve")
    assert (needless.status_code, needless.json()["code"]) == (409, "shortage-offer-over")


async def test_a_colleague_does_not_answer_for_another(make, as_, town, short_of, offered):
    offer = await offered(await short_of())
    other = await make.teacher(school=town.home)
    colleague = as_(Role.TEACHER, teacher=other, school=town.home)

    assert (await act(colleague, "shortage-offers", offer, "confirm")).status_code == 404


async def test_a_teacher_of_another_group_needs_the_district(make, as_, town, short_of, held, who):
    far = await make.school(name="外集团小学")
    await make.group(lead=far)
    campus = await make.campus(school=far)
    for ends in ((campus, town.host_campus), (town.host_campus, campus)):
        await make.travel_time(ends=ends, minutes=40, buffer=10)
    guest = await make.teacher(school=far)
    district = as_(Role.DISTRICT_ADMIN)
    other = as_(Role.DISTRICT_ADMIN)
    short = await short_of()
    body = asking(town, teacher=guest)

    unseen = await act(who.office, "shortages", short, "offer", body=body)
    assert [one["pointer"] for one in unseen.json()["errors"]] == ["/teacher_id"]
    made = await act(district, "shortages", short, "offer", body=body)
    assert made.status_code == 201, made.text
    offer = made.json()
    assert offer["across_groups"] is True
    home = as_(Role.SCHOOL_ADMIN, school=far)
    await act(home, "shortage-offers", offer, "agree")
    herself = as_(Role.TEACHER, teacher=guest, school=far)
    said = await act(herself, "shortage-offers", offer, "confirm")
    assert (said.json()["state"], [one["who"] for one in said.json()["waiting_for"]]) == (
        "pending",
        ["district"],
    )
    assert (await act(who.office, "shortage-offers", offer, "approve")).status_code == 403
    own = await act(district, "shortage-offers", offer, "approve")
    assert (own.status_code, own.json()["code"]) == (403, "own-request")
    done = await act(other, "shortage-offers", offer, "approve")
    assert done.json()["state"] == "accepted"
    draft = {"id": done.json()["assignment_id"]}
    published = await act(district, "assignments", draft, "publish")
    assert published.status_code == 200, published.text
    assert published.json()["across_groups"] is True
    assert (await held(guest), await held(guest, "lesson")) == (0, 2)


# However many ask at once


async def test_of_fifty_offers_of_the_same_hour_one_holds_it(make, town, short_of, held, who):
    sections = [await make.class_section(campus=town.host_campus) for _ in range(RIVALS)]
    shorts = [await short_of(class_ids=[str(one.id)]) for one in sections]
    bodies = [
        asking(town, patterns=[{"weekday": 2, "period": 5, "class_ids": [str(one.id)]}])
        for one in sections
    ]

    async def ask(short, body):
        return await insisting(lambda: act(who.office, "shortages", short, "offer", body=body))

    answers = await asyncio.gather(
        *(ask(short, body) for short, body in zip(shorts, bodies, strict=True))
    )

    assert Counter(one.status_code for one in answers) == {201: 1, 409: RIVALS - 1}
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"teacher-taken"}
    assert await held(town.teacher) == 1


async def test_a_yes_and_a_withdrawal_are_one_of_them(town, short_of, offered, held, who):
    short = await short_of()
    offer = await offered(short)
    await act(who.home, "shortage-offers", offer, "agree")

    answers = await asyncio.gather(
        act(who.musician, "shortage-offers", offer, "confirm"),
        act(who.office, "shortage-offers", offer, "withdraw", body={"reason": "改派"}),
    )

    assert sorted(one.status_code for one in answers) == [200, 409]
    accepted = (await see(who.musician, "shortage-offers", offer))["state"] == "accepted"
    assert await held(town.teacher) == (2 if accepted else 0)
    state = (await see(who.mountain, "shortages", short))["state"]
    assert state == ("matched" if accepted else "approved")
