"""A workbook's rows: written once, unchanged ones silent, history kept, faults named by row."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, func, select

from service.kit.audit import Audit
from service.kit.auth import Role, system
from service.kit.changes import Change
from service.kit.db import Outcome, days
from service.kit.problems import Problem
from service.network import bulk
from service.network.rules import Datum
from service.network.schemas import CampusRow, CodeRow, GroupRow, MembershipRow, SchoolRow
from tests.network.conftest import change, names_on, step

ALWAYS = days(date(2026, 9, 1), None)
SCHOOLS = [
    SchoolRow("2150900001", "江湾小学", "211", "121", "江小"),
    SchoolRow("2150900002", "桃湾小学", "211", "220", code_from=date(2020, 9, 1)),
    SchoolRow("2150900003", "渡桥小学", "211", "220", weak=days(date(2025, 9, 1), None)),
]
CAMPUSES = [
    CampusRow(
        "2150900001-1",
        "2150900001",
        "本部",
        gate="东门",
        longitude=Decimal("106.4"),
        latitude=Decimal("29.8"),
        main=True,
    ),
    CampusRow("2150900002-1", "2150900002", "本部"),
]
GROUPS = [GroupRow("江湾集团", "k12", state="active", founded_on=date(2026, 9, 1))]
MEMBERS = [
    MembershipRow("江湾集团", "2150900001", "lead", ALWAYS),
    MembershipRow("江湾集团", "2150900002", "close", ALWAYS),
    MembershipRow("江湾集团", "2150900003", "alliance", ALWAYS),
]
WRITERS: dict[type, Any] = {
    CodeRow: bulk.upsert_codes,
    SchoolRow: bulk.upsert_schools,
    CampusRow: bulk.upsert_campuses,
    GroupRow: bulk.upsert_groups,
    MembershipRow: bulk.upsert_memberships,
}


@pytest.fixture
def load(database, district):
    """Writes sheets of rows, each in a transaction of its own."""

    async def write(*sheets):
        outcomes = []
        for rows in sheets:
            async with database.write(district.id) as db:
                outcomes.append(await WRITERS[type(rows[0])](db, rows, by=system(district.id)))
        return outcomes[-1] if len(outcomes) == 1 else outcomes

    return write


@pytest.fixture
def told(database, district):
    """How many changes and audit entries there are."""

    async def count():
        async with database.read(district.id) as db:
            return [
                (await db.exec(select(func.count()).select_from(table))).one()
                for table in (Change, Audit)
            ]

    return count


@pytest.fixture
def office(as_):
    """The district's office."""
    return as_(Role.DISTRICT_ADMIN)


def faults(refused):
    return [(error.pointer, error.code) for error in refused.value.errors]


async def test_a_workbook_is_written_once(load, told):
    assert await load(SCHOOLS, CAMPUSES, GROUPS, MEMBERS) == [
        Outcome(created=3),
        Outcome(created=2),
        Outcome(created=1),
        Outcome(created=3),
    ]
    before = await told()

    again = await load(SCHOOLS, CAMPUSES, GROUPS, MEMBERS)

    assert [(one.created, one.changed) for one in again] == [(0, 0)] * 4
    assert [one.unchanged for one in again] == [3, 2, 1, 3]
    assert await told() == before
    assert before == [9, 4]


async def test_only_what_differs_changes(load, told, office):
    await load(SCHOOLS, CAMPUSES)
    before = await told()

    schools = await load([replace(SCHOOLS[0], short_name="湾小"), *SCHOOLS[1:]])
    campuses = await load([replace(CAMPUSES[0], gate="西门"), CAMPUSES[1]])

    assert schools == Outcome(changed=1, unchanged=2)
    assert campuses == Outcome(changed=1, unchanged=1)
    after = await told()
    assert [new - old for new, old in zip(after, before, strict=True)] == [2, 2]
    found = (await office.get("/v1/schools", params={"q": "jiangwan"})).json()["items"]
    assert [(one["short_name"], one["version"]) for one in found] == [("湾小", 2)]


async def test_schools_come_with_their_dated_facts(load, office):
    await load(SCHOOLS)

    weak = (await office.get("/v1/schools", params={"weak": True})).json()["items"]
    early = await office.get("/v1/schools", params={"as_of": "2019-09-01", "sort": "-name"})

    assert [one["name"] for one in weak] == ["渡桥小学"]
    identifiers = {one["name"]: one["identifier"] for one in early.json()["items"]}
    assert identifiers == {
        "江湾小学": "2150900001",
        "桃湾小学": None,
        "渡桥小学": "2150900003",
    }


async def test_a_designation_that_gets_an_end_or_begins_changes_its_school(load, office):
    await load(SCHOOLS)
    ended = replace(SCHOOLS[2], weak=days(date(2025, 9, 1), date(2027, 9, 1)))
    begun = replace(SCHOOLS[0], weak=days(date(2026, 9, 1), None))

    assert await load([ended, begun, SCHOOLS[1]]) == Outcome(changed=2, unchanged=1)
    assert await load([ended, begun, SCHOOLS[1]]) == Outcome(unchanged=3)
    assert await load(SCHOOLS[:1]) == Outcome(unchanged=1)
    later = await office.get("/v1/schools", params={"weak": True, "as_of": "2027-09-01"})
    assert [(one["name"], one["version"]) for one in later.json()["items"]] == [("江湾小学", 2)]


async def test_a_school_is_known_by_a_former_identifier(load, office):
    await load(SCHOOLS[:1])
    (school,) = (await office.get("/v1/schools")).json()["items"]
    await office.post(
        f"/v1/schools/{school['id']}/identifiers",
        json={"code": "3150900001", "valid_from": "2026-10-01"},
        headers={"If-Match": "*"},
    )

    assert await load(SCHOOLS[:1]) == Outcome(unchanged=1)
    assert await load([replace(SCHOOLS[0], code="3150900001")]) == Outcome(unchanged=1)


async def test_what_a_campus_refers_to_must_be_there(load):
    await load(SCHOOLS[:2], CAMPUSES)

    with pytest.raises(Problem) as refused:
        await load(
            [
                CampusRow("x-1", "2150999999", "本部"),
                replace(CAMPUSES[0], school="2150900002"),
                replace(CAMPUSES[1], datum=Datum.WGS84),
            ]
        )

    assert refused.value.code == "rows-unfit"
    assert faults(refused) == [("school", "not-found"), ("school", "other-school")]
    assert "2150999999" in refused.value.errors[0].message.zh


async def test_a_districts_codes_come_with_the_workbook(load, office):
    row = CodeRow("group_category", "a", "第一类")

    assert await load([row]) == Outcome(created=1)
    assert await load([row]) == Outcome(unchanged=1)
    assert await load([replace(row, en="First kind")]) == Outcome(changed=1)
    assert await load([GroupRow("甲集团", "k12", category="a")]) == Outcome(created=1)
    with pytest.raises(Problem) as refused:
        await load([GroupRow("乙集团", "k12", category="b"), GroupRow("甲集团", "kindergarten")])
    assert faults(refused) == [("category", "unknown-category"), ("kind", "kind-changed")]


async def test_a_state_only_moves_forward(load, office):
    draft = GroupRow("甲集团", "k12")

    async def state():
        return (await office.get("/v1/groups")).json()["items"][0]["state"]

    await load([draft])
    assert await state() == "draft"
    assert await load([replace(draft, state="active")]) == Outcome(changed=1)
    assert await load([draft]) == Outcome(unchanged=1)
    assert await state() == "active"
    over = replace(draft, dissolved_on=date(2026, 11, 1))
    assert await load([over]) == Outcome(changed=1)
    assert await load([over], [draft]) == [Outcome(unchanged=1), Outcome(unchanged=1)]
    assert await state() == "dissolved"


# Memberships


async def test_a_group_that_does_not_conform_is_loaded_and_reported(load, office):
    await load(SCHOOLS, GROUPS, MEMBERS[2:])
    (group,) = (await office.get("/v1/groups")).json()["items"]

    report = (await office.get(f"/v1/groups/{group['id']}/composition")).json()

    assert group["state"] == "active"
    assert report["conforming"] is False
    assert [one["code"] for one in report["warnings"]][:2] == ["no-lead", "no-close"]


async def test_close_members_without_a_seat_get_one(load, office):
    rows = [replace(MEMBERS[0], tier="close"), MEMBERS[1]]
    await load(SCHOOLS, GROUPS, rows)

    assert await load(rows) == Outcome(unchanged=2)
    items = (await office.get("/v1/memberships")).json()["items"]
    assert sorted(one["seat"] for one in items) == [1, 2]


async def test_a_third_close_member_is_refused_by_the_constraint(load):
    rows = [replace(row, tier="close") for row in MEMBERS]
    await load(SCHOOLS, GROUPS)

    with pytest.raises(Exception, match="ex_membership_seat"):
        await load(rows)


async def test_an_end_is_entered_and_the_next_row_follows(load, office):
    await load(SCHOOLS, GROUPS, MEMBERS)
    spring = date(2027, 2, 22)
    ended = replace(MEMBERS[1], valid=days(date(2026, 9, 1), spring))
    follows = MembershipRow("江湾集团", "2150900003", "close", days(spring, None))
    alliance = replace(MEMBERS[2], valid=days(date(2026, 9, 1), spring))
    rows = [MEMBERS[0], ended, alliance, follows]

    assert await load(rows) == Outcome(created=1, changed=2, unchanged=1)
    assert await load(rows) == Outcome(unchanged=4)
    (group,) = (await office.get("/v1/groups")).json()["items"]

    class Found:
        id = group["id"]

    assert await names_on(office, Found, "2027-02-21") == {
        "江湾小学": "lead",
        "桃湾小学": "close",
        "渡桥小学": "alliance",
    }
    assert await names_on(office, Found, "2027-02-22") == {"江湾小学": "lead", "渡桥小学": "close"}


async def test_what_is_in_effect_is_not_rewritten(load):
    await load(SCHOOLS, GROUPS, MEMBERS)

    with pytest.raises(Problem) as refused:
        await load([MEMBERS[0], replace(MEMBERS[2], tier="close", seat=2)])

    assert faults(refused) == [("tier", "history")]
    assert "2150900003" in refused.value.errors[0].message.zh


async def test_a_draft_may_be_corrected(load):
    draft = [replace(GROUPS[0], state="draft")]
    await load(SCHOOLS, draft, MEMBERS)

    corrected = [MEMBERS[0], replace(MEMBERS[2], tier="close", seat=2)]
    assert await load(corrected) == Outcome(changed=1, unchanged=1)


async def test_nobody_belongs_to_a_group_longer_than_it_exists(load, office):
    over = [replace(GROUPS[0], dissolved_on=date(2027, 9, 1))]
    short = replace(MEMBERS[2], valid=days(date(2026, 9, 1), date(2027, 1, 1)))

    await load(SCHOOLS, over, [*MEMBERS[:2], short])

    assert await load([*MEMBERS[:2], short]) == Outcome(unchanged=3)
    items = (await office.get("/v1/memberships", params={"sort": "school"})).json()["items"]
    assert sorted(one["valid_until"] for one in items) == ["2027-01-01", "2027-09-01", "2027-09-01"]


async def test_what_a_membership_refers_to_must_be_there(load):
    await load(SCHOOLS, GROUPS)

    with pytest.raises(Problem) as refused:
        await load([replace(MEMBERS[0], group="乙集团"), replace(MEMBERS[1], school="2150999999")])

    assert faults(refused) == [("group", "not-found"), ("school", "not-found")]


async def test_after_the_workbook_the_district_goes_on_by_changes(load, office, make):
    await load(SCHOOLS, GROUPS, MEMBERS)
    (group,) = (await office.get("/v1/groups")).json()["items"]
    newcomer = await make.school()

    done = await office.post(
        f"/v1/groups/{group['id']}/membership-changes",
        json=change("2026-12-01", step("join", newcomer, "close")),
    )

    assert done.status_code == 201, done.text
    assert await load(MEMBERS) == Outcome(unchanged=3)


async def test_a_large_sheet_is_one_entry_of_the_audit(load, database, district):
    rows = [
        SchoolRow(f"21509{number:05}", f"第{number}小学", "211", "220") for number in range(400)
    ]

    assert await load(rows) == Outcome(created=400)

    async with database.read(district.id) as db:
        audited = (
            await db.exec(select(Audit.after).where(col(Audit.event) == "school.imported"))
        ).one()
    assert audited["count"] == 400
    assert await load(rows) == Outcome(unchanged=400)
