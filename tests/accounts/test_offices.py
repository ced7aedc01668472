"""The office's work: accounts, dated grants, partner clients, and nobody beyond their own reach."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import select

from service.accounts.tables import Account, AccountGrant, LoginSession
from service.kit import clock
from service.kit.audit import Audit
from service.kit.auth import Role
from service.kit.db import days
from tests.accounts.conftest import PASSWORD, bearer
from tests.factories.accounts import access_token

ANY = {"If-Match": "*"}


@pytest.fixture
async def schools(make):
    """A group of two schools, and a school outside it."""
    lead, member, outside = [await make.school() for _ in range(3)]
    group = await make.group(lead=lead, alliance=[member])
    return group, lead, member, outside


@pytest.fixture
def enter(make, guests):
    """Sign a new account in that wears a hat."""

    async def enter(role, **where):
        account = await make.account(school_id=getattr(where.get("school"), "id", None))
        await make.hat(account=account, role=role, **where)
        session = await make.signed_in(account=account)
        client = guests(headers={"Authorization": f"Bearer {access_token(session)}"})
        client.account = account
        return client

    return enter


def _new(username: str = "zhang", **values: Any) -> dict[str, Any]:
    return {"username": username, "display_name": "张老师", **values}


# Accounts


async def test_a_school_opens_accounts_for_itself_and_finds_them_again(enter, schools, client):
    _, lead, member, outside = schools
    office = await enter(Role.SCHOOL_ADMIN, school=lead)
    made = await office.post("/v1/accounts", json=_new(school_id=str(lead.id), password=PASSWORD))
    assert made.status_code == 201
    account = made.json()
    assert made.headers["etag"] == '"1"'
    assert account["has_password"] is True
    assert "password_hash" not in account
    assert (await office.get(f"/v1/accounts/{account['id']}")).json() == account

    form = {"grant_type": "password", "username": "ZHANG", "password": PASSWORD}
    assert (await client.post("/v1/oauth/token", data=form)).status_code == 200

    for school_id in (str(member.id), str(outside.id), None):
        refused = await office.post("/v1/accounts", json=_new("li", school_id=school_id))
        assert refused.status_code == 403
        assert refused.json()["code"] == "beyond-own-reach"


async def test_a_list_ends_where_the_reach_ends(enter, schools, make):
    group, lead, member, outside = schools
    for name, school in (("aa", lead), ("bb", member), ("cc", outside), ("dd", None)):
        await make.account(username=name, school_id=school and school.id)
    offices = {
        "lead": await enter(Role.SCHOOL_ADMIN, school=lead),
        "group": await enter(Role.GROUP_ADMIN, group=group),
        "district": await enter(Role.DISTRICT_ADMIN),
    }

    async def sees(office: str) -> set[str]:
        found = await offices[office].get("/v1/accounts?limit=200")
        return {item["username"] for item in found.json()["items"]} & {"aa", "bb", "cc", "dd"}

    assert await sees("lead") == {"aa"}
    assert await sees("group") == {"aa", "bb"}
    assert await sees("district") == {"aa", "bb", "cc", "dd"}


async def test_accounts_are_found_by_name_school_and_state(enter, make, schools):
    _, lead, _, _ = schools
    await make.account(username="a_b", display_name="甲", school_id=lead.id)
    await make.account(username="axb", display_name="乙", active=False)
    office = await enter(Role.DISTRICT_ADMIN)

    async def find(query: str) -> list[str]:
        found = await office.get(f"/v1/accounts?{query}")
        return [item["username"] for item in found.json()["items"]]

    assert await find("q=a_b") == ["a_b"]
    assert await find("q=乙") == ["axb"]
    assert await find(f"school_id={lead.id}") == ["a_b"]
    assert await find("active=false") == ["axb"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (_new("a b"), 422, "validation-failed"),
        (_new("a@b"), 422, "validation-failed"),
        (_new(password="short"), 422, "validation-failed"),
        (_new("taken"), 409, "username-taken"),
        (_new("TAKEN"), 409, "username-taken"),
        (_new(subject="s1"), 409, "subject-taken"),
        (_new(teacher_id="0199f0c2-a1b2-7c3d-8e4f-5a6b7c8d9e0f"), 409, "teacher-has-account"),
        (_new(school_id="0199f0c2-a1b2-7c3d-8e4f-5a6b7c8d9e0f"), 422, "related-not-found"),
        (_new(role="district_admin"), 422, "validation-failed"),
    ],
)
async def test_an_account_that_cannot_be(enter, make, body, status, code):
    await make.account(
        username="taken", subject="s1", teacher_id="0199f0c2-a1b2-7c3d-8e4f-5a6b7c8d9e0f"
    )
    office = await enter(Role.DISTRICT_ADMIN)
    refused = await office.post("/v1/accounts", json=body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_only_the_district_says_which_teacher_an_account_is(enter, schools):
    _, lead, _, _ = schools
    body = _new(school_id=str(lead.id), teacher_id=str(uuid4()))
    office = await enter(Role.SCHOOL_ADMIN, school=lead)
    assert (await office.post("/v1/accounts", json=body)).status_code == 403
    district = await enter(Role.DISTRICT_ADMIN)
    made = await district.post("/v1/accounts", json=body)
    assert made.status_code == 201

    path = f"/v1/accounts/{made.json()['id']}"
    patch = {"teacher_id": str(uuid4())}
    assert (await office.patch(path, json=patch, headers=ANY)).status_code == 403
    assert (await office.patch(path, json={"teacher_id": None}, headers=ANY)).status_code == 200


async def test_an_account_changes_only_from_its_present_version(enter, make):
    account = await make.account(display_name="旧")
    office = await enter(Role.DISTRICT_ADMIN)
    path = f"/v1/accounts/{account.id}"
    body = {"display_name": "新"}
    assert (await office.patch(path, json=body)).status_code == 428
    changed = await office.patch(path, json=body, headers={"If-Match": '"1"'})
    assert changed.json()["display_name"] == "新"
    assert changed.headers["etag"] == '"2"'
    same = await office.patch(path, json=body, headers={"If-Match": '"2"'})
    assert same.headers["etag"] == '"2"'
    assert (await office.patch(path, json=body, headers={"If-Match": '"1"'})).status_code == 412
    null = await office.patch(path, json={"display_name": None}, headers=ANY)
    assert null.status_code == 422


async def test_an_account_cannot_be_pushed_out_of_the_own_reach(enter, schools, make):
    _, lead, member, _ = schools
    account = await make.account(school_id=lead.id)
    office = await enter(Role.SCHOOL_ADMIN, school=lead)
    moved = await office.patch(
        f"/v1/accounts/{account.id}", json={"school_id": str(member.id)}, headers=ANY
    )
    assert moved.status_code == 403


async def test_a_reset_password_works_and_signs_everybody_out(enter, make, client, password_hash):
    account = await make.account(username="zhang", password_hash=password_hash)
    await make.hat(account=account, role=Role.TEACHER)
    form = {"grant_type": "password", "username": "zhang", "password": PASSWORD}
    before = await client.post("/v1/oauth/token", data=form)
    office = await enter(Role.DISTRICT_ADMIN)

    reset = await office.post(
        f"/v1/accounts/{account.id}:reset-password",
        json={"password": "another good one"},
        headers={"If-Match": '"1"'},
    )

    assert reset.status_code == 200
    assert (await client.get("/v1/me/sessions", headers=bearer(before))).status_code == 401
    assert (await client.post("/v1/oauth/token", data=form)).status_code == 400
    form["password"] = "another good one"
    assert (await client.post("/v1/oauth/token", data=form)).status_code == 200


async def test_nobody_takes_over_somebody_above_by_a_new_password(enter, schools, make):
    group, lead, member, _ = schools
    office = await enter(Role.SCHOOL_ADMIN, school=lead)
    above = await make.account(school_id=lead.id)
    await make.hat(account=above, role=Role.GROUP_ADMIN, group=group)
    sideways = await make.account(school_id=lead.id)
    await make.hat(account=sideways, role=Role.SCHOOL_ADMIN, school=member)
    beside = await make.account(school_id=lead.id)
    await make.hat(account=beside, role=Role.SCHOOL_ADMIN, school=lead)
    former = await make.account(school_id=lead.id)
    past = days(date(2020, 9, 1), date(2021, 9, 1))
    await make.hat(account=former, role=Role.GROUP_ADMIN, group=group, valid=past)

    async def reset(account: Account) -> Any:
        answer = await office.post(
            f"/v1/accounts/{account.id}:reset-password",
            json={"password": "another good one"},
            headers=ANY,
        )
        return answer.status_code

    assert [await reset(one) for one in (above, sideways, beside, former)] == [403, 403, 200, 200]


async def test_ones_own_password_needs_the_present_one(enter, make, client, password_hash):
    account = await make.account(username="zhang", password_hash=password_hash)
    await make.hat(account=account, role=Role.TEACHER)
    form = {"grant_type": "password", "username": "zhang", "password": PASSWORD}
    here = await client.post("/v1/oauth/token", data=form)
    there = await client.post("/v1/oauth/token", data=form)
    body = {"current_password": "guessed", "new_password": "another good one"}

    wrong = await client.post("/v1/me:change-password", json=body, headers=bearer(here))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "password-wrong")
    body["current_password"] = PASSWORD
    right = await client.post("/v1/me:change-password", json=body, headers=bearer(here))
    assert right.status_code == 204

    assert (await client.get("/v1/me/sessions", headers=bearer(here))).status_code == 200
    assert (await client.get("/v1/me/sessions", headers=bearer(there))).status_code == 401


async def test_a_closed_account_is_out_at_once_and_comes_back_with_its_grants(enter, make, guests):
    account = await make.account()
    await make.hat(account=account, role=Role.TEACHER)
    person = guests(
        headers={"Authorization": "Bearer " + access_token(await make.signed_in(account=account))}
    )
    assert (await person.get("/v1/me/sessions")).status_code == 200
    office = await enter(Role.DISTRICT_ADMIN)
    path = f"/v1/accounts/{account.id}"
    closed = await office.post(f"{path}:deactivate", headers={"If-Match": '"1"'})
    assert closed.json()["active"] is False
    assert (await person.get("/v1/me/sessions")).status_code == 401
    again = await office.post(f"{path}:deactivate", headers={"If-Match": '"2"'})
    assert again.headers["etag"] == '"2"'
    opened = await office.post(f"{path}:activate", headers={"If-Match": '"2"'})
    assert opened.json()["active"] is True
    assert (await person.get("/v1/me/sessions")).status_code == 401
    session = await make.signed_in(account=account)
    person.headers["Authorization"] = f"Bearer {access_token(session)}"
    assert (await person.get("/v1/me/sessions")).status_code == 200


# Sessions


async def test_one_sees_and_ends_only_ones_own_sessions(enter, make):
    person = await enter(Role.TEACHER)
    other = await make.signed_in(account=person.account)
    stranger = await enter(Role.TEACHER)
    path = f"/v1/me/sessions/{other.id}"

    assert len((await person.get("/v1/me/sessions")).json()["items"]) == 2
    shown = await person.get(path)
    assert shown.json()["current"] is False
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.delete(path, headers=ANY)).status_code == 404
    assert (await person.delete(path)).status_code == 428
    tag = {"If-Match": shown.headers["etag"]}
    assert (await person.delete(path, headers=tag)).status_code == 204
    assert (await person.delete(path, headers=ANY)).status_code == 404
    assert (await person.get(path)).status_code == 404
    assert len((await person.get("/v1/me/sessions")).json()["items"]) == 1


# Grants


def _grant(role: str, reach: str, target: Any = None, **values: Any) -> dict[str, Any]:
    target_id = str(target.id) if target is not None else None
    body = {"role": role, "reach": reach, "target_id": target_id, "valid_from": "2026-09-01"}
    return {**body, **values}


async def test_a_given_grant_works_at_once_and_an_ended_one_no_longer(enter, schools, guests, make):
    _, lead, _, _ = schools
    account = await make.account()
    session = await make.signed_in(account=account)
    person = guests(headers={"Authorization": f"Bearer {access_token(session)}"})
    assert (await person.get("/v1/me/sessions")).status_code == 403
    office = await enter(Role.DISTRICT_ADMIN)

    given = await office.post(
        f"/v1/accounts/{account.id}/grants",
        json=_grant("school_admin", "school", lead, valid_from="2020-09-01"),
    )
    assert given.status_code == 201
    assert given.json()["target_id"] == str(lead.id)
    assert (await person.get("/v1/me/sessions")).status_code == 200

    path = f"/v1/grants/{given.json()['id']}"
    shown = await office.get(path)
    assert shown.json() == given.json()
    ended = await office.delete(path, headers={"If-Match": shown.headers["etag"]})
    assert ended.status_code == 204
    assert (await person.get("/v1/me/sessions")).status_code == 403
    kept = (await office.get(path)).json()
    assert kept["valid_until"] == clock.today("Asia/Shanghai").isoformat()
    twice = await office.delete(path, headers=ANY)
    assert (twice.status_code, twice.json()["code"]) == (409, "grant-over")


async def test_a_grant_is_worth_nothing_before_and_after_its_days(enter, make, guests):
    today = clock.today("Asia/Shanghai")
    for valid, status in (
        (days(today, today + timedelta(days=1)), 200),
        (days(today - timedelta(days=9), today), 403),
        (days(today + timedelta(days=1), None), 403),
    ):
        account = await make.account()
        await make.hat(account=account, role=Role.TEACHER, valid=valid)
        token = access_token(await make.signed_in(account=account))
        person = guests(headers={"Authorization": f"Bearer {token}"})
        assert (await person.get("/v1/me/sessions")).status_code == status


async def test_a_grant_not_yet_begun_is_withdrawn(enter, make):
    office = await enter(Role.DISTRICT_ADMIN)
    account = await make.account()
    body = _grant("auditor", "district", valid_from="2099-01-01")
    given = await office.post(f"/v1/accounts/{account.id}/grants", json=body)
    path = f"/v1/grants/{given.json()['id']}"
    past = await office.delete(f"{path}?valid_until=2020-01-01", headers=ANY)
    assert (past.status_code, past.json()["code"]) == (422, "end-in-past")
    assert (await office.delete(path, headers=ANY)).status_code == 204
    assert (await office.get(path)).status_code == 404
    assert (await office.delete(path, headers=ANY)).status_code == 404


async def test_a_grant_can_end_on_a_later_day(enter, make):
    office = await enter(Role.DISTRICT_ADMIN)
    account = await make.account()
    body = _grant("auditor", "district", valid_from="2020-09-01")
    given = await office.post(f"/v1/accounts/{account.id}/grants", json=body)
    path = f"/v1/grants/{given.json()['id']}"
    assert (await office.delete(f"{path}?valid_until=2099-01-01", headers=ANY)).status_code == 204
    listed = await office.get(f"/v1/accounts/{account.id}/grants?as_of=2098-12-31")
    assert [item["valid_until"] for item in listed.json()["items"]] == ["2099-01-01"]
    later = await office.get(f"/v1/accounts/{account.id}/grants?as_of=2099-01-01")
    assert later.json()["items"] == []
    assert (await office.delete(f"{path}?valid_until=2099-01-01", headers=ANY)).status_code == 204


async def test_nobody_gives_more_than_they_reach(enter, schools, make):
    group, lead, member, outside = schools
    school_office = await enter(Role.SCHOOL_ADMIN, school=lead)
    group_office = await enter(Role.GROUP_ADMIN, group=group)
    other_group = await make.group(lead=outside)
    account = await make.account(school_id=lead.id)

    async def give(office: Any, role: str, reach: str, target: Any = None) -> Any:
        body = _grant(role, reach, target)
        path = f"/v1/accounts/{account.id}/grants?validate_only=true"
        return (await office.post(path, json=body)).status_code

    assert await give(school_office, "teacher", "self") == 201
    assert await give(school_office, "school_admin", "school", lead) == 201
    assert await give(school_office, "school_admin", "school", member) == 403
    assert await give(school_office, "group_admin", "group", group) == 403
    assert await give(school_office, "district_admin", "district") == 403
    assert await give(school_office, "auditor", "school", lead) == 403
    assert await give(group_office, "teacher", "self") == 201
    assert await give(group_office, "group_admin", "group", group) == 201
    assert await give(group_office, "group_admin", "group", other_group) == 403
    assert await give(group_office, "school_admin", "school", member) == 403
    assert await give(group_office, "district_admin", "district") == 403


async def test_a_group_that_a_school_has_left_reaches_it_no_more(enter, schools, make):
    group, _, _, outside = schools
    left = days(date(2020, 9, 1), date(2021, 9, 1))
    await make.member(group=group, school=outside, valid=left)
    account = await make.account(school_id=outside.id)
    office = await enter(Role.GROUP_ADMIN, group=group)
    assert (await office.get(f"/v1/accounts/{account.id}")).status_code == 404
    assert (
        await office.post(f"/v1/accounts/{account.id}/grants", json=_grant("teacher", "self"))
    ).status_code == 404


async def test_an_account_is_seen_where_it_wears_a_hat_and_only_that_hat_is_taken(
    enter, schools, make
):
    _, lead, member, _ = schools
    account = await make.account(school_id=lead.id)
    there = await make.hat(account=account, role=Role.SCHOOL_ADMIN, school=member)
    here = await make.hat(account=account, role=Role.SCHOOL_ADMIN, school=lead)
    office = await enter(Role.SCHOOL_ADMIN, school=member)
    assert (await office.get(f"/v1/accounts/{account.id}")).status_code == 200
    assert (await office.delete(f"/v1/grants/{here.id}", headers=ANY)).status_code == 403
    assert (await office.delete(f"/v1/grants/{there.id}", headers=ANY)).status_code == 204


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (_grant("teacher", "district"), 422, "reach-unfit"),
        (_grant("partner", "district"), 422, "reach-unfit"),
        (_grant("school_admin", "school"), 422, "reach-unfit"),
        (_grant("auditor", "district", target_id=str(uuid4())), 422, "reach-unfit"),
        (_grant("school_admin", "school", target_id=str(uuid4())), 422, "related-not-found"),
        (_grant("group_admin", "group", target_id=str(uuid4())), 422, "related-not-found"),
        (_grant("auditor", "district", valid_until="2026-09-01"), 422, "validation-failed"),
        (_grant("emperor", "district"), 422, "validation-failed"),
    ],
)
async def test_a_grant_that_cannot_be(enter, make, body, status, code):
    office = await enter(Role.DISTRICT_ADMIN)
    account = await make.account()
    refused = await office.post(f"/v1/accounts/{account.id}/grants", json=body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_the_same_grant_is_not_given_twice_for_a_day(enter, make):
    office = await enter(Role.DISTRICT_ADMIN)
    account = await make.account()
    path = f"/v1/accounts/{account.id}/grants"
    assert (await office.post(path, json=_grant("auditor", "district"))).status_code == 201
    twice = await office.post(path, json=_grant("auditor", "district", valid_from="2027-01-01"))
    assert (twice.status_code, twice.json()["code"]) == (409, "grant-overlaps")


async def test_the_last_district_admin_stays(enter, make):
    office = await enter(Role.DISTRICT_ADMIN)
    mine = (await office.get(f"/v1/accounts/{office.account.id}/grants")).json()["items"][0]
    for refused in (
        await office.delete(f"/v1/grants/{mine['id']}", headers=ANY),
        await office.post(f"/v1/accounts/{office.account.id}:deactivate", headers=ANY),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "last-district-admin")
    # One whose days are numbered does not count.
    deputy = await make.account()
    soon = days(date(2020, 9, 1), date(2099, 9, 1))
    await make.hat(account=deputy, role=Role.DISTRICT_ADMIN, valid=soon)
    refused = await office.delete(f"/v1/grants/{mine['id']}", headers=ANY)
    assert refused.status_code == 409
    await enter(Role.DISTRICT_ADMIN)
    assert (await office.delete(f"/v1/grants/{mine['id']}", headers=ANY)).status_code == 204


async def test_two_admins_who_remove_each_other_do_not_both_succeed(enter, database, district):
    first, second = await enter(Role.DISTRICT_ADMIN), await enter(Role.DISTRICT_ADMIN)
    answers = await asyncio.gather(
        first.post(f"/v1/accounts/{second.account.id}:deactivate", headers=ANY),
        second.post(f"/v1/accounts/{first.account.id}:deactivate", headers=ANY),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 409])
    async with database.read(district.id) as db:
        assert len((await db.exec(select(AccountGrant))).all()) == 2


async def test_nothing_of_another_district_is_seen(enter, make, guests):
    account = await make.account()
    grant = await make.hat(account=account, role=Role.AUDITOR)
    other = await make.at(None).district()
    stranger = await make.at(other).account()
    await make.at(other).hat(account=stranger, role=Role.DISTRICT_ADMIN)
    session = await make.at(other).signed_in(account=stranger)
    office = guests(headers={"Authorization": f"Bearer {access_token(session)}"})
    assert (await office.get(f"/v1/accounts/{account.id}")).status_code == 404
    assert (await office.get(f"/v1/grants/{grant.id}")).status_code == 404
    listed = (await office.get("/v1/accounts")).json()["items"]
    assert [item["id"] for item in listed] == [str(stranger.id)]


# Partner clients


def _client(**values: Any) -> dict[str, Any]:
    body = {
        "client_id": "zhixue",
        "name": "智学",
        "scopes": ["people.read"],
        "organisations": [{"reach": "district"}],
    }
    return {**body, **values}


async def _token(client: httpx.AsyncClient, client_id: str, secret: str) -> httpx.Response:
    form = {"grant_type": "client_credentials"}
    return await client.post("/v1/oauth/token", data=form, auth=(client_id, secret))


async def test_a_client_is_told_its_secret_once_and_comes_in_with_it(enter, client):
    office = await enter(Role.DISTRICT_ADMIN)
    made = await office.post("/v1/clients", json=_client())
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    body = made.json()
    secret = body.pop("client_secret")
    shown = await office.get(f"/v1/clients/{body['id']}")
    assert shown.json() == body
    assert body["organisations"] == [{"reach": "district", "target_id": None}]
    assert len(body["secrets_created_at"]) == 1
    listed = (await office.get("/v1/clients")).json()["items"]
    assert listed == [body]
    assert (await _token(client, "zhixue", secret)).status_code == 200


async def test_two_secrets_live_side_by_side_and_a_third_ends_the_first(enter, client):
    office = await enter(Role.DISTRICT_ADMIN)
    made = (await office.post("/v1/clients", json=_client())).json()
    path = f"/v1/clients/{made['id']}:rotate-secret"
    answers = [await office.post(path, headers=ANY) for _ in range(3)]
    secrets = [made["client_secret"], *(one.json()["client_secret"] for one in answers)]
    works = [(await _token(client, "zhixue", secret)).status_code for secret in secrets]
    assert works == [401, 401, 200, 200]
    open_ = await _token(client, "zhixue", secrets[-1])
    only = await office.post(f"{path}?keep_previous=false", headers=ANY)
    assert len(only.json()["secrets_created_at"]) == 1
    secrets.append(only.json()["client_secret"])
    works = [(await _token(client, "zhixue", secret)).status_code for secret in secrets]
    assert works == [401, 401, 401, 401, 200]
    assert (await client.get("/v1/me/sessions", headers=bearer(open_))).status_code == 401


async def test_what_a_client_may_do_changes_within_its_sessions(enter, client, app, schools):
    _, lead, _, _ = schools
    office = await enter(Role.DISTRICT_ADMIN)
    made = (await office.post("/v1/clients", json=_client())).json()
    path = f"/v1/clients/{made['id']}"
    token = (await _token(client, "zhixue", made["client_secret"])).json()["access_token"]
    assert (await app.state.authenticate(token)).may("staff.read")

    where = [{"reach": "school", "target_id": str(lead.id)}]
    body = {"organisations": where, "name": "智学网"}
    changed = await office.patch(path, json=body, headers={"If-Match": '"1"'})
    assert changed.json()["organisations"] == where
    assert changed.json()["version"] == 2
    caller = await app.state.authenticate(token)
    assert {g.target_id for g in caller.grants_for("staff.read")} == {lead.id}
    same = await office.patch(path, json=body, headers={"If-Match": '"2"'})
    assert same.json()["version"] == 2
    elsewhere = await office.patch(path, json={"organisations": []}, headers={"If-Match": '"2"'})
    assert elsewhere.json()["version"] == 3

    await office.patch(path, json={"scopes": ["groups.read"]}, headers=ANY)
    assert not (await app.state.authenticate(token)).may("staff.read")
    await office.patch(path, json={"active": False}, headers=ANY)
    assert (
        await client.get("/v1/me/sessions", headers={"Authorization": f"Bearer {token}"})
    ).status_code == 401
    assert (await _token(client, "zhixue", made["client_secret"])).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (_client(client_id="TAKEN"), 409, "client-id-taken"),
        (_client(scopes=["everything"]), 422, "validation-failed"),
        (_client(organisations=[{"reach": "self"}]), 422, "validation-failed"),
        (_client(organisations=[{"reach": "school"}]), 422, "reach-unfit"),
        (
            _client(organisations=[{"reach": "group", "target_id": str(uuid4())}]),
            422,
            "related-not-found",
        ),
    ],
)
async def test_a_client_that_cannot_be(enter, make, body, status, code):
    await make.partner(client_id="taken")
    office = await enter(Role.DISTRICT_ADMIN)
    refused = await office.post("/v1/clients", json=body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_partners_are_the_districts_own_affair(enter, schools, make):
    group, lead, _, _ = schools
    partner = await make.partner(school=lead)
    for office in (
        await enter(Role.SCHOOL_ADMIN, school=lead),
        await enter(Role.GROUP_ADMIN, group=group),
    ):
        assert (await office.get("/v1/clients")).json()["items"] == []
        assert (await office.get(f"/v1/clients/{partner.id}")).status_code == 404
        assert (await office.post("/v1/clients", json=_client())).status_code == 403
        path = f"/v1/clients/{partner.id}:rotate-secret"
        assert (await office.post(path, headers=ANY)).status_code == 404
    auditor = await enter(Role.AUDITOR)
    assert (await auditor.get(f"/v1/clients/{partner.id}")).status_code == 200
    assert (await auditor.post("/v1/clients", json=_client())).status_code == 403


async def test_what_is_kept_of_secrets_is_no_secret(enter, database, district):
    office = await enter(Role.DISTRICT_ADMIN)
    made = (await office.post("/v1/clients", json=_client())).json()
    await office.post("/v1/accounts", json=_new(password=PASSWORD))
    async with database.read(district.id) as db:
        trail = (await db.exec(select(Audit))).all()
        sessions = (await db.exec(select(LoginSession))).all()
    told = str([row.after for row in trail]) + str([row.before for row in trail])
    assert {row.event for row in trail} == {"client.created", "account.created"}
    assert made["client_secret"] not in told
    assert "argon2" not in told
    assert "password_hash" not in told
    assert sessions


# Those whom other tests ask as


async def test_whoever_a_test_asks_as_is_really_signed_in(as_, schools, make):
    group, lead, _, _ = schools
    teacher = await make.account()
    one = as_(Role.TEACHER, teacher=teacher.id, school=lead)
    same = as_(Role.SCHOOL_ADMIN, teacher=teacher.id, school=lead)
    assert (await one.get("/v1/accounts")).status_code == 403
    assert (await same.get("/v1/accounts")).status_code == 200
    assert len((await same.get("/v1/me/sessions")).json()["items"]) == 2
    assert (await as_(Role.GROUP_ADMIN, group=group).get("/v1/accounts")).status_code == 200
    assert (await as_(Role.PARTNER).get("/v1/accounts")).status_code == 403
    other = await make.at(None).district()
    stranger = as_(Role.DISTRICT_ADMIN, district=other)
    assert len((await stranger.get("/v1/accounts")).json()["items"]) == 1


async def test_a_test_may_live_at_any_time(as_):
    office = as_(Role.DISTRICT_ADMIN)
    for at in ("2026-09-01T08:00:00+08:00", "2027-06-30T08:00:00+08:00"):
        with clock.freeze(datetime.fromisoformat(at)):
            assert (await office.get("/v1/accounts")).status_code == 200
