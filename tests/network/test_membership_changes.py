"""Changing a group's members over HTTP: dated, whole, judged, and never rewriting history."""

import asyncio

import pytest

from service.kit import changes as feed
from service.kit.auth import Role
from tests.network.conftest import change, codes_of, names_on, step

MARCH = "2027-03-01"


@pytest.fixture
async def group(make):
    """A conforming, active group."""
    return await make.group(
        name="江湾集团",
        lead=await make.school(name="牵头小学"),
        close=[await make.school(name="紧密小学")],
        alliance=[await make.school(name="联盟小学")],
    )


@pytest.fixture
def district_office(as_):
    return as_(Role.DISTRICT_ADMIN)


async def members(client, group, **params):
    answer = await client.get("/v1/memberships", params={"group_id": str(group.id), **params})
    return answer.json()["items"]


async def school_named(client, name):
    found = (await client.get("/v1/schools", params={"q": name})).json()["items"]

    class Found:
        id = found[0]["id"]

    return Found


async def test_a_change_takes_effect_on_its_day_and_not_before(district_office, group, make):
    newcomer = await make.school(name="新来小学")
    leaving = await school_named(district_office, "联盟小学")

    done = await district_office.post(
        f"/v1/groups/{group.id}/membership-changes",
        json=change(MARCH, step("join", newcomer, "close"), step("leave", leaving)),
    )

    assert done.status_code == 201, done.text
    assert done.json()["conforming"] is True
    assert [one["school_name"] for one in done.json()["ended"]] == ["联盟小学"]
    assert [(one["school_name"], one["seat"]) for one in done.json()["started"]] == [
        ("新来小学", 2)
    ]
    before = {"牵头小学": "lead", "紧密小学": "close", "联盟小学": "alliance"}
    assert await names_on(district_office, group, "2027-02-28") == before
    assert await names_on(district_office, group, MARCH) == {
        "牵头小学": "lead",
        "紧密小学": "close",
        "新来小学": "close",
    }


async def test_the_end_of_one_is_the_beginning_of_the_next(district_office, group):
    lead, close = [await school_named(district_office, name) for name in ("牵头小学", "紧密小学")]

    done = await district_office.post(
        f"/v1/groups/{group.id}/membership-changes",
        json=change(MARCH, step("retier", lead, "close"), step("retier", close, "lead")),
    )

    assert done.status_code == 201, done.text
    rows = await members(district_office, group, history=True, school_id=str(lead.id))
    assert [(row["tier"], row["valid_from"], row["valid_until"]) for row in rows] == [
        ("lead", "2020-09-01", MARCH),
        ("close", MARCH, None),
    ]


async def test_a_change_that_breaks_the_group_is_refused_whole(district_office, group, make):
    newcomer = await make.school(name="新来小学")
    close = await school_named(district_office, "紧密小学")
    before = await members(district_office, group, history=True)

    refused = await district_office.post(
        f"/v1/groups/{group.id}/membership-changes",
        json=change(MARCH, step("join", newcomer, "alliance"), step("leave", close)),
    )

    assert refused.status_code == 409
    assert refused.json()["code"] == "membership-change-refused"
    assert codes_of(refused) == [("/steps", "no-close")]
    assert "紧密型" in refused.json()["errors"][0]["message"]
    assert await members(district_office, group, history=True) == before


async def test_a_close_seat_too_many_is_named(district_office, group, make):
    first, second = await make.school(), await make.school()

    refused = await district_office.post(
        f"/v1/groups/{group.id}/membership-changes",
        json=change(MARCH, step("join", first, "close"), step("join", second, "close")),
    )

    assert refused.status_code == 409
    assert codes_of(refused) == [("/steps/1", "no-seat")]


async def test_a_lead_in_two_groups_is_named(district_office, group, make):
    elsewhere = await make.school(name="别处牵头")
    await make.group(lead=elsewhere, close=[await make.school()])

    refused = await district_office.post(
        f"/v1/groups/{group.id}/membership-changes",
        json=change(MARCH, step("join", elsewhere, "close")),
    )
    taken_as_alliance = await district_office.post(
        f"/v1/groups/{group.id}/membership-changes",
        json=change(MARCH, step("join", elsewhere, "alliance")),
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "core-elsewhere")
    assert codes_of(refused) == [("/steps/0/school_id", "core-elsewhere")]
    assert taken_as_alliance.status_code == 201


async def test_a_dry_run_shows_the_change_and_keeps_nothing(district_office, group, make):
    newcomer = await make.school(name="新来小学")
    before = await members(district_office, group, history=True)

    tried = await district_office.post(
        f"/v1/groups/{group.id}/membership-changes",
        params={"validate_only": True},
        json=change(MARCH, step("join", newcomer, "alliance")),
    )

    assert tried.status_code == 201, tried.text
    assert [one["school_name"] for one in tried.json()["started"]] == ["新来小学"]
    assert await members(district_office, group, history=True) == before


async def test_a_planned_joining_is_withdrawn_without_a_trace(district_office, group, make):
    newcomer = await make.school(name="新来小学")
    path = f"/v1/groups/{group.id}/membership-changes"
    await district_office.post(path, json=change(MARCH, step("join", newcomer, "alliance")))

    undone = await district_office.post(path, json=change(MARCH, step("leave", newcomer)))

    assert undone.status_code == 201, undone.text
    assert [one["school_name"] for one in undone.json()["withdrawn"]] == ["新来小学"]
    everything = await members(district_office, group, history=True)
    assert "新来小学" not in {row["school_name"] for row in everything}


async def test_a_change_is_told_to_readers_of_the_feed(district_office, group, make, db, settled):
    newcomer = await make.school()
    leaving = await school_named(district_office, "联盟小学")
    await district_office.post(
        f"/v1/groups/{group.id}/membership-changes",
        json=change(MARCH, step("join", newcomer, "alliance"), step("leave", leaving)),
    )

    await settled()
    told = [row for row in await feed.read_after(db) if row.collection == "memberships"]

    assert [(row.event, row.op, row.version) for row in told] == [
        ("membership.ended", "upsert", 2),
        ("membership.started", "upsert", 1),
    ]
    assert {group.id, newcomer.id} == set(told[1].reach)
    assert told[0].reason == "成员调整"


# Groups that were loaded as they are


async def test_a_group_that_does_not_conform_changes_step_by_step(district_office, make):
    group = await make.group(lead=await make.school(name="牵头"), alliance=[await make.school()])
    newcomer = await make.school()
    path = f"/v1/groups/{group.id}/membership-changes"

    honest = await district_office.post(
        path, json=change(MARCH, step("join", newcomer, "alliance"))
    )
    boasting = await district_office.post(
        path, json=change("2027-04-01", step("leave", newcomer), conforming=True)
    )

    assert honest.status_code == 201
    assert honest.json()["conforming"] is False
    assert honest.json()["warnings"][0]["code"] == "no-close"
    assert codes_of(boasting) == [("/steps", "no-close")]


async def test_a_draft_is_filled_and_then_activated(district_office, make):
    lead, close = await make.school(), await make.school()
    created = await district_office.post("/v1/groups", json={"name": "新集团", "kind": "k12"})
    path = f"/v1/groups/{created.json()['id']}"

    await district_office.post(
        f"{path}/membership-changes", json=change("2026-09-01", step("join", lead, "lead"))
    )
    too_early = await district_office.post(
        f"{path}:activate", headers={"If-Match": created.headers["etag"]}
    )
    await district_office.post(
        f"{path}/membership-changes", json=change("2026-10-01", step("join", close, "close"))
    )
    done = await district_office.post(
        f"{path}:activate", headers={"If-Match": created.headers["etag"]}
    )
    again = await district_office.post(f"{path}:activate", headers={"If-Match": "*"})

    assert (too_early.status_code, too_early.json()["code"]) == (409, "group-not-conforming")
    assert codes_of(too_early) == [("", "no-close")]
    assert (done.status_code, done.json()["state"]) == (200, "active")
    assert done.json()["founded_on"] == "2026-11-10"
    assert (again.status_code, again.json()["code"]) == (409, "group-state-refused")


# Who may


async def test_a_group_cannot_help_itself_to_a_school(as_, group, make):
    stranger = await make.school(name="外校")
    office = as_(Role.GROUP_ADMIN, group=group)
    path = f"/v1/groups/{group.id}/membership-changes"

    refused = await office.post(path, json=change(MARCH, step("join", stranger, "alliance")))
    unknown = await office.post(path, json=change(MARCH, step("join", group, "alliance")))
    own = await office.post(
        path, json=change(MARCH, step("leave", await school_named(office, "联盟小学")))
    )

    assert (refused.status_code, refused.json()["code"]) == (403, "school-beyond-reach")
    assert codes_of(refused) == [("/steps/0/school_id", "school-beyond-reach")]
    assert unknown.json() | {"trace_id": ""} == refused.json() | {"trace_id": ""}
    assert own.status_code == 201, own.text


async def test_the_district_names_a_school_that_does_not_exist(district_office, group):
    refused = await district_office.post(
        f"/v1/groups/{group.id}/membership-changes",
        json=change(MARCH, step("join", group, "alliance")),
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "related-not-found")
    assert codes_of(refused) == [("/steps/0/school_id", "not-found")]


async def test_another_districts_school_does_not_exist(district_office, group, make):
    foreign = await make.at(await make.at(None).district()).school()

    refused = await district_office.post(
        f"/v1/groups/{group.id}/membership-changes",
        json=change(MARCH, step("join", foreign, "alliance")),
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "related-not-found")


async def test_a_member_school_sees_its_group_and_changes_nothing(
    as_, group, make, district_office
):
    lead = await school_named(district_office, "牵头小学")
    office = as_(Role.SCHOOL_ADMIN, school=lead.id)
    stranger = as_(Role.SCHOOL_ADMIN, school=await make.school())
    body = change(MARCH, step("leave", lead))
    path = f"/v1/groups/{group.id}/membership-changes"

    assert (await office.get(f"/v1/groups/{group.id}")).status_code == 200
    assert (await office.post(path, json=body)).status_code == 403
    assert (await stranger.get(f"/v1/groups/{group.id}")).status_code == 404
    assert (await stranger.get(f"/v1/groups/{group.id}/composition")).status_code == 404


async def test_a_membership_that_ended_gives_nothing(as_, group, make, district_office):
    former = await make.school(name="退出小学")
    path = f"/v1/groups/{group.id}/membership-changes"
    await district_office.post(path, json=change("2026-11-01", step("join", former, "alliance")))
    office = as_(Role.SCHOOL_ADMIN, school=former)
    group_office = as_(Role.GROUP_ADMIN, group=group)
    assert (await office.get(f"/v1/groups/{group.id}")).status_code == 200
    assert (await group_office.get(f"/v1/schools/{former.id}")).status_code == 200

    left = await district_office.post(path, json=change("2026-11-10", step("leave", former)))

    assert left.status_code == 201, left.text
    assert (await office.get(f"/v1/groups/{group.id}")).status_code == 404
    assert (await group_office.get(f"/v1/schools/{former.id}")).status_code == 404
    rows = (await office.get("/v1/memberships", params={"history": True})).json()["items"]
    assert [(row["valid_from"], row["valid_until"]) for row in rows] == [
        ("2026-11-01", "2026-11-10")
    ]


# Bad input


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("/effective_on", "missing"), ("/steps", "missing"), ("/reason", "missing")]),
        ({"effective_on": "soon", "steps": [], "reason": "x"}, None),
        (
            {"effective_on": MARCH, "steps": [{"action": "join", "school_id": "a"}], "reason": ""},
            None,
        ),
    ],
)
async def test_a_body_that_cannot_be_read_names_its_fields(district_office, group, body, expected):
    refused = await district_office.post(f"/v1/groups/{group.id}/membership-changes", json=body)

    assert refused.status_code == 422
    assert expected is None or codes_of(refused) == expected


async def test_a_tier_goes_with_joining_and_never_with_leaving(district_office, group, make):
    school = await make.school()
    path = f"/v1/groups/{group.id}/membership-changes"

    without = await district_office.post(path, json=change(MARCH, step("join", school)))
    with_one = await district_office.post(path, json=change(MARCH, step("leave", school, "lead")))

    assert codes_of(without) == codes_of(with_one) == [("/steps/0", "tier-mismatch")]
    assert "tier" in without.json()["errors"][0]["message"]


# Races


async def test_of_two_groups_that_claim_a_school_one_gets_it(district_office, make):
    groups = [await make.group(lead=await make.school(), close=[await make.school()]) for _ in "ab"]
    wanted = await make.school(name="抢手小学")

    answers = await asyncio.gather(
        *(
            district_office.post(
                f"/v1/groups/{group.id}/membership-changes",
                json=change(MARCH, step("join", wanted, "close")),
            )
            for group in groups
            for _ in range(4)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    reasons = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert reasons <= {"core-elsewhere", "membership-change-refused"}
    rows = await district_office.get(
        "/v1/memberships", params={"school_id": str(wanted.id), "as_of": MARCH}
    )
    assert len(rows.json()["items"]) == 1


async def test_of_many_leads_one_leads(district_office, make):
    group = await make.group(state="draft")
    rivals = [await make.school() for _ in range(8)]

    answers = await asyncio.gather(
        *(
            district_office.post(
                f"/v1/groups/{group.id}/membership-changes",
                json=change(MARCH, step("join", school, "lead")),
            )
            for school in rivals
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    rows = await members(district_office, group, as_of=MARCH)
    assert [row["tier"] for row in rows] == ["lead"]


async def test_two_close_schools_never_leave_together(district_office, make):
    first, second = await make.school(), await make.school()
    group = await make.group(lead=await make.school(), close=[first, second])

    answers = await asyncio.gather(
        *(
            district_office.post(
                f"/v1/groups/{group.id}/membership-changes",
                json=change(MARCH, step("leave", school)),
            )
            for school in (first, second)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    rows = await members(district_office, group, as_of=MARCH)
    assert sorted(row["tier"] for row in rows) == ["close", "lead"]


async def test_the_same_change_sent_twice_happens_once(district_office, group, make):
    newcomer = await make.school()
    body = change(MARCH, step("join", newcomer, "alliance"))
    headers = {"Idempotency-Key": "outbox-1"}
    path = f"/v1/groups/{group.id}/membership-changes"

    first = await district_office.post(path, json=body, headers=headers)
    again = await district_office.post(path, json=body, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
