"""A month's settlement: drawn, submitted, approved by another, frozen, corrected later."""

import asyncio
from decimal import Decimal
from io import BytesIO

import openpyxl

from service.kit.auth import Role
from tests.workload.conftest import at
from tests.workload.steps import (
    code,
    confirm_month,
    draw,
    money,
    pays,
    read,
    settle,
    step,
    the_statement,
)

OCTOBER = "2026-10-08T09:00"
NOVEMBER = "2026-11-03T09:00"


async def test_what_the_host_confirmed_becomes_a_statement(
    visits, host, home, district_office, herself
):
    await pays(district_office, lesson="30.00", trip="10.00", km="0.8350", cap_month="500.00")
    with at(OCTOBER):
        confirmed = await confirm_month(host, visits.host)
        first = await draw(home)
        again = await draw(home)
        one = await the_statement(herself)

    assert confirmed["confirmed"] == 10
    assert (first["drawn"], again["drawn"], again["unchanged"]) == (1, 0, 1)
    assert (one["lessons"], one["days"], one["trips"], one["state_label"]) == (
        "10.00",
        5,
        5,
        "草稿",
    )
    # Ten lessons, five trips, five times 30.9 km there and back.
    assert (money(one["lines"], "lesson"), money(one["lines"], "trip")) == (300, 50)
    assert one["amount"] == str(money(one["lines"], "lesson", "trip", "km"))
    assert Decimal(one["km"]) > 100
    assert one["minutes"] == 5 * 110
    assert one["amount_in_words"].startswith("肆佰柒拾")


async def test_the_list_of_a_school_adds_up_to_its_confirmed_items(
    make, visits, host, home, district_office, group
):
    colleague = await make.teacher(school=visits.home, name="演示美术教师")
    other = await make.class_section(campus=visits.host_campus, name="四年级2班")
    await make.slot(teacher=colleague, classes=[other], weekday=4, period=6)
    await pays(district_office, lesson="33.33", day="7.77", km="0.8350", cap_day="70.00")
    with at(OCTOBER):
        await confirm_month(host, visits.host)
        await draw(group)
        statements = (await read(group, "statements", month="2026-09"))["items"]
        lines = [
            line
            for one in statements
            for line in (await read(group, f"statements/{one['id']}"))["lines"]
        ]
        path = f"schools/{visits.host.id}/allowance-list"
        listed = await read(host, path, month="2026-09")
        sheet = await host.get(f"/v1/{path}.xlsx", params={"month": "2026-09"})

    total = sum((Decimal(one["amount"]) for one in statements), Decimal(0))
    items = {line["lesson_id"]: Decimal(0) for line in lines}
    for line in lines:
        items[line["lesson_id"]] += Decimal(line["amount"])
    assert Decimal(listed["amount"]) == total == sum(items.values())
    assert sum(Decimal(one["amount"]) for one in listed["items"]) == total
    assert listed["confirmed_lessons"] == listed["listed_lessons"] == len(items) == 14
    assert not listed["complete"]

    page = openpyxl.load_workbook(BytesIO(sheet.content)).active
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    assert rows[0][0] == "山区小学2026年9月走教教师补贴发放表"
    assert rows[2][:5] == ["序号", "工号", "姓名", "学校", "课时"]
    assert rows[2][-1] == "签字"
    assert [row[2] for row in rows[3:5]] == ["演示音乐教师", "演示美术教师"]
    assert rows[3][3] == "城区小学"
    assert sum(Decimal(str(row[8])) for row in rows[3:5]) == total
    assert rows[5][0].replace(" ", "") == "合计"
    assert rows[5][8] == "=SUM(I4:I5)"
    assert rows[6][0] == f"人民币（大写）：{listed['amount_in_words']}"
    assert [value for value in rows[8] if value][:2] == ["制表人：", "审核人："]
    assert "标准" in rows[2]
    assert "33.33元/课时" in rows[3][7]


async def test_an_empty_list_is_a_form_too(visits, host, home):
    path = f"/v1/schools/{visits.host.id}/allowance-list"
    sheet = await host.get(f"{path}.xlsx", params={"month": "2026-09"})
    page = openpyxl.load_workbook(BytesIO(sheet.content)).active
    assert page["I4"].value == 0

    assert (await home.get(path, params={"month": "2026-09"})).status_code == 404
    assert (await host.get(path, params={"month": "2026-13"})).status_code == 422


async def test_a_statement_is_approved_by_another_and_freezes_the_month(
    visits, host, home, group, district_office, as_
):
    await pays(district_office, lesson="30.00")
    with at(OCTOBER):
        await confirm_month(host, visits.host)
        left = (await read(host, "attendance", visiting=True, **{"from": "2026-09-29"}))["items"]
        await draw(group)
        one = await the_statement(group)
        early = await step(group, one["id"], "approve")
        sent = await step(group, one["id"], "submit")
        own = await step(group, one["id"], "approve")
        beyond = await step(home, one["id"], "approve")
        stale = await step(district_office, one["id"], "approve", version=f'"{one["version"]}"')
        done = await step(
            district_office, one["id"], "approve", version=f'"{sent.json()["version"]}"'
        )
        drawn = await draw(group)
        disputed = await host.post(
            f"/v1/lessons/{left[0]['lesson_id']}/attendance:dispute",
            json={"reason": "重复"},
            headers={"If-Match": "*"},
        )

    assert code(early) == (409, "statement-moved")
    assert code(own) == (403, "own-request")
    assert beyond.status_code == 403
    assert stale.status_code == 412
    assert (done.json()["state"], done.json()["state_label"]) == ("approved", "已审批")
    assert drawn == {"drawn": 0, "unchanged": 0, "settled": 1, "statement_ids": []}
    assert code(disputed) == (409, "month-frozen")


async def test_a_frozen_month_refuses_confirmation_and_says_the_way_out(
    visits, host, group, district_office, herself
):
    await pays(district_office, lesson="30.00")
    with at(OCTOBER):
        missed = (await read(host, "attendance", visiting=True, **{"from": "2026-09-29"}))["items"]
        missed_id = missed[0]["lesson_id"]
        await confirm_month(host, visits.host, except_lesson_ids=[missed_id])
        one = await settle(group, district_office)
        assert one["lessons"] == "9.00"
        await step(district_office, one["id"], "freeze")
        late = await host.post(
            f"/v1/lessons/{missed_id}/attendance:confirm", headers={"If-Match": "*"}
        )
        bulk = await confirm_month(host, visits.host)
        back = await step(district_office, one["id"], "return", reason="再核")
        again = await step(district_office, one["id"], "freeze")

    assert code(late) == (409, "month-frozen")
    assert "更正行" in late.json()["detail"]
    assert [(left["why"], left["lesson_id"]) for left in bulk["open"]] == [
        ("month_frozen", missed_id)
    ]
    assert code(back) == code(again) == (409, "statement-moved")

    with at(NOVEMBER):
        await confirm_month(host, visits.host, "2026-10")
        await draw(group, "2026-10")
        later = await the_statement(group, "2026-10")
        before = Decimal(later["amount"])
        body = {
            "month": "2026-09",
            "school_id": str(visits.host.id),
            "lesson_id": missed_id,
            "lessons": "1.00",
            "amount": "30.00",
            "reason": "9月29日第六节漏确认",
        }
        corrected = await step(group, later["id"], "correct", **body)
        redrawn = await draw(group, "2026-10")
        seen = await the_statement(herself, "2026-10")
        frozen = await the_statement(group, "2026-09")
        listed = await read(host, f"schools/{visits.host.id}/allowance-list", month="2026-10")

    assert corrected.status_code == 200, corrected.text
    assert redrawn["drawn"] == 0
    assert Decimal(seen["amount"]) == before + 30 == Decimal(listed["amount"])
    line = seen["lines"][-1]
    assert (line["kind_label"], line["reason"], line["corrects_id"]) == (
        "更正",
        "9月29日第六节漏确认",
        frozen["id"],
    )
    assert frozen["lessons"] == "9.00"


async def test_only_settled_months_are_corrected_and_only_in_drafts(
    visits, host, group, district_office, make
):
    with at(OCTOBER):
        await confirm_month(host, visits.host)
        await draw(group, "2026-10", teacher_id=str(visits.teacher.id))
        one = await the_statement(group, "2026-10")
        body = {
            "month": "2026-09",
            "school_id": str(visits.host.id),
            "amount": "-30.00",
            "reason": "重复计算",
        }
        open_month = await step(group, one["id"], "correct", **body)
        await settle(group, district_office)
        stranger = await make.school()
        elsewhere = await step(
            group, one["id"], "correct", **{**body, "school_id": str(stranger.id)}
        )
        less = await step(group, one["id"], "correct", **body)
        same = await step(group, one["id"], "correct", **{**body, "amount": "0.00"})
        settled = await step(
            group, (await the_statement(group, "2026-09"))["id"], "correct", **body
        )

    assert code(open_month) == (409, "nothing-to-correct")
    assert code(elsewhere) == (422, "related-not-found")
    assert less.json()["amount"] == "-30.00"
    assert less.json()["amount_in_words"] == "负叁拾元整"
    assert same.json()["version"] == less.json()["version"] + 1
    assert code(settled) == (409, "statement-moved")


async def test_what_changed_since_must_be_drawn_anew(visits, host, group, district_office):
    await pays(district_office, lesson="30.00")
    with at(OCTOBER):
        (first, *_) = (await read(host, "attendance", visiting=True))["items"]
        await confirm_month(host, visits.host, except_lesson_ids=[first["lesson_id"]])
        await draw(group)
        one = await the_statement(group)
        path = f"/v1/lessons/{first['lesson_id']}/attendance:confirm"
        await step(group, one["id"], "submit")
        await host.post(path, headers={"If-Match": "*"})
        approved = await step(district_office, one["id"], "approve")
        returned = await step(district_office, one["id"], "return", reason="又确认了一节")
        submitted = await step(group, one["id"], "submit")
        await draw(group)
        again = await step(group, one["id"], "submit")
        done = await step(district_office, one["id"], "approve")

    assert code(approved) == code(submitted) == (409, "statement-outdated")
    assert returned.json()["return_reason"] == "又确认了一节"
    assert again.status_code == 200, again.text
    assert (done.json()["lessons"], done.json()["amount"]) == ("10.00", "300.00")


async def test_an_approved_month_opens_again_when_it_is_returned(
    visits, host, group, district_office
):
    with at(OCTOBER):
        (first, *_) = (await read(host, "attendance", visiting=True))["items"]
        await confirm_month(host, visits.host, except_lesson_ids=[first["lesson_id"]])
        one = await settle(group, district_office)
        await step(district_office, one["id"], "return", reason="漏一节")
        confirmed = await host.post(
            f"/v1/lessons/{first['lesson_id']}/attendance:confirm", headers={"If-Match": "*"}
        )
        again = await settle(group, district_office)

    assert confirmed.status_code == 200, confirmed.text
    assert again["lessons"] == "10.00"


async def test_a_month_is_submitted_after_its_end(visits, host, group):
    with at("2026-09-30T23:00"):
        await confirm_month(host, visits.host)
        await draw(group)
        early = await step(group, (await the_statement(group))["id"], "submit")
    with at("2026-10-01T00:00"):
        late = await step(group, (await the_statement(group))["id"], "submit")

    assert code(early) == (409, "month-not-over")
    assert late.status_code == 200


async def test_confirming_and_approving_at_once_leave_nothing_out(
    visits, host, group, district_office
):
    """Either the confirmation came first, and the approval must draw anew, or it is refused."""
    with at(OCTOBER):
        items = (await read(host, "attendance", visiting=True, until="2026-10-01", limit=200))[
            "items"
        ]
        last = items.pop()["lesson_id"]
        await confirm_month(host, visits.host, except_lesson_ids=[last])
        await draw(group)
        one = await the_statement(group)
        await step(group, one["id"], "submit")

        confirmed, approved = await asyncio.gather(
            host.post(f"/v1/lessons/{last}/attendance:confirm", headers={"If-Match": "*"}),
            step(district_office, one["id"], "approve"),
        )
        state = (await the_statement(group))["state"]
        listed = await read(host, f"schools/{visits.host.id}/allowance-list", month="2026-09")

    assert {confirmed.status_code, approved.status_code} == {200, 409}
    if approved.status_code == 200:
        assert (state, code(confirmed)) == ("approved", (409, "month-frozen"))
        assert listed["confirmed_lessons"] == listed["listed_lessons"]
    else:
        assert (state, code(approved)) == ("submitted", (409, "statement-outdated"))


async def test_a_schools_teachers_or_one_teacher_are_drawn(make, visits, host, home, group, as_):
    with at(OCTOBER):
        await confirm_month(host, visits.host)
        nobody = await draw(group, home_school_id=str(visits.host.id))
        theirs = await draw(home, home_school_id=str(visits.home.id))
        stranger = await make.teacher(school=await make.school())
        unseen = await group.post(
            "/v1/statements:draw", json={"month": "2026-09", "teacher_id": str(stranger.id)}
        )

    assert (nobody["drawn"], theirs["drawn"]) == (0, 1)
    assert code(unseen) == (422, "related-not-found")
    auditor = as_(Role.AUDITOR)
    assert len((await read(auditor, "statements", state="draft"))["items"]) == 1
    assert (await read(auditor, "statements", teacher_id=str(stranger.id)))["items"] == []
    assert (await read(auditor, "statements", home_school_id=str(stranger.id)))["items"] == []
    foreign = as_(Role.SCHOOL_ADMIN, school=await make.school())
    assert (await foreign.get(f"/v1/statements/{theirs['statement_ids'][0]}")).status_code == 404
