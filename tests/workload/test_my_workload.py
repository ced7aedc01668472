"""My month on the phone: lessons and allowance, confirmed and not; my certificates."""

from decimal import Decimal

from service.kit.auth import Role
from tests.workload.conftest import at
from tests.workload.steps import confirm_month, draw, pays, read


async def test_my_month_says_what_is_confirmed_and_what_waits(
    visits, herself, host, home, group, district_office
):
    await pays(district_office, lesson="30.00", trip="10.00")
    with at("2026-09-16T09:00"):
        third = (await read(host, "attendance", visiting=True, **{"from": "2026-09-15"}))["items"]
        await confirm_month(host, visits.host, except_lesson_ids=[third[0]["lesson_id"]])
        mine = await read(herself, "me/workload", month="2026-09")

    assert (mine["confirmed"]["lessons"], mine["confirmed"]["amount"]) == ("5.00", "180.00")
    assert (mine["waiting"]["lessons"], mine["waiting"]["amount"]) == ("1.00", "30.00")
    assert [one["state"] for one in mine["lessons"]].count("confirmed") == 5
    assert {one["state_label"] for one in mine["lessons"]} == {"已确认", "待确认"}
    assert mine["lessons"][-1]["presence"] == "upcoming"
    assert (mine["statement"], mine["certificates"]) == (None, [])

    with at("2026-10-08T09:00"):
        await confirm_month(host, visits.host)
        await draw(home)
        body = {
            "teacher_id": str(visits.teacher.id),
            "from_date": "2026-09-01",
            "until": "2026-10-01",
        }
        issued = await group.post("/v1/certificates", json=body)
        mine = await read(herself, "me/workload", month="2026-09")
        now = await read(herself, "me/workload")

    assert mine["statement"]["state_label"] == "草稿"
    assert mine["statement"]["amount"] == mine["confirmed"]["amount"] == "350.00"
    assert Decimal(mine["waiting"]["amount"]) == 0
    assert [one["code"] for one in mine["certificates"]] == [issued.json()["code"]]
    assert mine["certificates"][0]["state_label"] == "有效"
    assert (now["month"], now["confirmed"]["amount"]) == ("2026-10", "0.00")


async def test_a_lesson_on_the_phone_says_whether_it_was_checked_in_and_confirmed(
    visits, herself, host
):
    with at("2026-09-08T14:40"):
        before = await read(herself, "me/today")
        id_ = before["today"]["lessons"][0]["id"]
        await herself.post(f"/v1/lessons/{id_}:check-in", json={})
        after = await read(herself, "me/today")
    with at("2026-09-08T17:00"):
        await confirm_month(host, visits.host)
        done = await read(herself, "me/today")

    def first(found):
        return found["today"]["lessons"][0]["attendance"]

    assert first(before) is None
    assert (first(after)["state"], first(after)["arrived_at"]) == (
        "open",
        "2026-09-08T14:40:00+08:00",
    )
    assert (first(done)["state"], first(done)["state_label"]) == ("confirmed", "已确认")


async def test_who_teaches_nowhere_has_no_workload(as_):
    answer = await as_(Role.DISTRICT_ADMIN).get("/v1/me/workload")

    assert (answer.status_code, answer.json()["code"]) == (404, "not-a-teacher")
