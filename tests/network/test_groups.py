"""Groups from draft to dissolution, what the report says of them, who heads them."""

from datetime import date

import pytest

from service.kit.auth import Role
from service.kit.db import days
from service.network.rules import Tier
from tests.network.conftest import change, codes_of, names_on, step


@pytest.fixture
def office(as_):
    """The district's office."""
    return as_(Role.DISTRICT_ADMIN)


async def conforming(make, **values):
    return await make.group(lead=await make.school(), close=[await make.school()], **values)


async def test_a_group_is_created_in_draft_and_found(office):
    made = await office.post(
        "/v1/groups", json={"name": "示例江湾集团", "kind": "k12", "founded_on": "2026-09-01"}
    )

    assert made.status_code == 201, made.text
    assert (made.json()["state"], made.json()["state_label"]) == ("draft", "筹建")
    for params in ({"q": "jiangwan"}, {"kind": "k12"}, {"state": "draft"}):
        found = (await office.get("/v1/groups", params=params)).json()["items"]
        assert found == [made.json()], params
    for params in ({"state": "active"}, {"kind": "kindergarten"}, {"category": "a"}):
        assert (await office.get("/v1/groups", params=params)).json()["items"] == []
    path = f"/v1/groups/{made.json()['id']}"
    unchanged = await office.get(path, headers={"If-None-Match": made.headers["etag"]})
    assert unchanged.status_code == 304


async def test_a_list_of_a_day_shows_the_groups_of_that_day(office, make):
    school = await make.school()
    await make.group(name="旧集团", founded_on=date(2020, 9, 1), dissolved_on=date(2026, 1, 1))
    new = await make.group(name="新集团", founded_on=date(2026, 9, 1), lead=school)

    async def listed(**params):
        items = (await office.get("/v1/groups", params=params)).json()["items"]
        return [item["name"] for item in items]

    assert await listed(as_of="2021-01-01") == ["旧集团"]
    assert await listed(as_of="2026-11-10") == ["新集团"]
    assert len(await listed()) == 2
    assert await listed(school_id=str(school.id)) == ["新集团"]
    assert await listed(school_id=str(new.id)) == []


async def test_a_category_comes_from_the_districts_list(office):
    body = {"name": "示例集团", "kind": "k12", "category": "a"}

    unknown = await office.post("/v1/groups", json=body)
    await office.post("/v1/code-lists/group_category/items", json={"code": "a", "zh": "第一类"})
    known = await office.post("/v1/groups", json=body)
    path = f"/v1/groups/{known.json()['id']}"
    wrong = await office.patch(path, json={"category": "b"}, headers={"If-Match": "*"})
    none = await office.patch(path, json={"category": None}, headers={"If-Match": "*"})

    assert (unknown.status_code, codes_of(unknown)) == (422, [("/category", "unknown")])
    assert known.json()["category"] == "a"
    assert wrong.json()["code"] == "unknown-category"
    assert none.json()["category"] is None


async def test_the_groups_office_changes_its_own_group_only(as_, office, make):
    own, other = await conforming(make), await conforming(make, name="别的集团")
    group_office = as_(Role.GROUP_ADMIN, group=own)

    renamed = await group_office.patch(
        f"/v1/groups/{own.id}", json={"name": "改名集团"}, headers={"If-Match": '"1"'}
    )
    hidden = await group_office.patch(
        f"/v1/groups/{other.id}", json={"name": "x"}, headers={"If-Match": "*"}
    )
    made = await group_office.post("/v1/groups", json={"name": "x", "kind": "k12"})
    dissolved = await group_office.post(
        f"/v1/groups/{own.id}:dissolve",
        json={"on": "2027-09-01", "reason": "x"},
        headers={"If-Match": "*"},
    )
    taken = await office.patch(
        f"/v1/groups/{own.id}", json={"name": "别的集团"}, headers={"If-Match": "*"}
    )

    assert (renamed.status_code, renamed.json()["version"]) == (200, 2)
    assert hidden.status_code == 404
    assert (made.status_code, made.json()["code"]) == (403, "district-decides")
    assert (dissolved.status_code, dissolved.json()["code"]) == (403, "district-decides")
    assert (taken.status_code, taken.json()["code"]) == (409, "group-name-taken")


async def test_a_group_in_sight_is_not_therefore_in_ones_hands(as_, make):
    own, other = await conforming(make), await conforming(make)
    teacher = await make.teacher(school=await make.school())
    both_hats = as_(Role.GROUP_ADMIN, group=own, teacher=teacher)
    await both_hats.get("/v1/district")
    both_hats = as_(Role.AUDITOR, teacher=teacher)
    path = f"/v1/groups/{other.id}"

    assert (await both_hats.get(path)).status_code == 200
    refused = await both_hats.patch(path, json={"name": "x"}, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


# Composition


async def test_the_report_says_what_a_group_is_made_of(as_, make):
    rural = await make.school(name="村小", urban_rural_code="220")
    lead = await make.school(name="牵头")
    group = await make.group(
        lead=lead, close=[await make.school(name="紧密")], alliance=[rural], kind="k12"
    )
    client = as_(Role.SCHOOL_ADMIN, school=rural)

    report = (await client.get(f"/v1/groups/{group.id}/composition")).json()

    assert report["as_of"] == "2026-11-10"
    assert report["conforming"] is True
    assert report["lead"]["school_name"] == "牵头"
    assert [one["school_name"] for one in report["close"]] == ["紧密"]
    assert [one["school_name"] for one in report["alliance"]] == ["村小"]
    assert (report["rural_schools"], report["weak_schools"]) == (1, 0)
    assert [one["code"] for one in report["warnings"]] == ["no-head", "no-charter"]


async def test_a_group_that_does_not_conform_is_reported_in_both_languages(office, make):
    kindergarten = await make.school(name="某幼儿园", type_code="111")
    group = await make.group(alliance=[kindergarten])
    path = f"/v1/groups/{group.id}/composition"

    chinese = (await office.get(path)).json()
    english = (await office.get(path, headers={"Accept-Language": "en"})).json()

    assert chinese["conforming"] is False
    assert chinese["lead"] is None
    assert [one["code"] for one in chinese["warnings"]] == [
        "no-lead",
        "no-close",
        "kind-mismatch",
        "no-head",
        "no-charter",
    ]
    assert chinese["warnings"][0]["message"] == "缺少牵头学校"
    assert english["warnings"][0]["message"] == "the lead school is missing"
    assert "某幼儿园" in english["warnings"][2]["message"]


async def test_a_gap_to_come_is_told_before_it_comes(office, make):
    group = await make.group(lead=await make.school())
    await make.member(
        group=group,
        school=await make.school(),
        tier=Tier.CLOSE,
        seat=1,
        valid=days(date(2026, 9, 1), date(2027, 9, 1)),
    )
    path = f"/v1/groups/{group.id}/composition"

    now = (await office.get(path)).json()
    then = (await office.get(path, params={"as_of": "2027-09-01"})).json()

    assert now["conforming"] is True
    assert (now["warnings"][0]["code"], now["warnings"][0]["on"]) == ("planned-gap", "2027-09-01")
    assert then["conforming"] is False


# Dissolution


async def test_a_dissolution_to_come_ends_everything_on_its_day(office, make):
    group = await conforming(make)
    newcomer = await make.school()
    path = f"/v1/groups/{group.id}"
    await office.post(
        f"{path}/membership-changes", json=change("2027-10-01", step("join", newcomer, "alliance"))
    )
    await office.post(f"{path}/heads", json={"person_name": "甲", "valid_from": "2026-09-01"})
    await office.post(f"{path}/heads", json={"person_name": "乙", "valid_from": "2027-11-01"})

    done = await office.post(
        f"{path}:dissolve",
        json={"on": "2027-09-01", "reason": "调整布局"},
        headers={"If-Match": '"1"'},
    )

    assert (done.status_code, done.json()["state"]) == (200, "active"), done.text
    assert done.json()["dissolved_on"] == "2027-09-01"
    last_day = (await office.get(path, params={"as_of": "2027-08-31"})).json()
    day_after = (await office.get(path, params={"as_of": "2027-09-01"})).json()
    assert (last_day["state"], day_after["state"]) == ("active", "dissolved")
    assert len(await names_on(office, group, "2027-08-31")) == 2
    assert await names_on(office, group, "2027-09-01") == {}
    assert await names_on(office, group, "2027-10-01") == {}
    heads = (await office.get(f"{path}/heads")).json()["items"]
    assert [(one["person_name"], one["valid_until"]) for one in heads] == [("甲", "2027-09-01")]

    again = await office.post(
        f"{path}:dissolve",
        json={"on": "2028-09-01", "reason": "x"},
        headers={"If-Match": "*"},
    )
    joining = await office.post(
        f"{path}/membership-changes", json=change("2027-09-01", step("join", newcomer, "alliance"))
    )
    for_a_while = await office.post(
        f"{path}/membership-changes", json=change("2027-03-01", step("join", newcomer, "alliance"))
    )
    headed = await office.post(
        f"{path}/heads", json={"person_name": "丙", "valid_from": "2027-09-01"}
    )
    assert again.json()["code"] == headed.json()["code"] == "group-state-refused"
    assert codes_of(joining) == [("/steps", "after-dissolution")]
    assert for_a_while.json()["started"][0]["valid_until"] == "2027-09-01"


async def test_what_is_over_before_a_dissolution_stays_as_it_was(office, make):
    group = await conforming(make)
    former = await make.member(
        group=group, school=await make.school(), valid=days(date(2024, 9, 1), date(2026, 9, 1))
    )
    path = f"/v1/groups/{group.id}"
    await office.post(
        f"{path}/heads",
        json={"person_name": "甲", "valid_from": "2024-09-01", "valid_until": "2026-09-01"},
    )

    await office.post(
        f"{path}:dissolve",
        json={"on": "2027-09-01", "reason": "调整布局"},
        headers={"If-Match": "*"},
    )

    rows = await office.get("/v1/memberships", params={"history": True, "sort": "valid_from"})
    versions = {row["id"]: row["version"] for row in rows.json()["items"]}
    assert versions.pop(str(former.id)) == 1
    assert set(versions.values()) == {2}
    (head,) = (await office.get(f"{path}/heads")).json()["items"]
    assert (head["valid_until"], head["version"]) == ("2026-09-01", 1)


async def test_a_change_of_a_group_that_changes_nothing_keeps_the_tag(office, make):
    group = await conforming(make, category="a")
    path = f"/v1/groups/{group.id}"

    same = await office.patch(
        path, json={"name": group.name, "category": "a"}, headers={"If-Match": '"1"'}
    )

    assert same.headers["etag"] == '"1"'


async def test_a_dissolved_group_stays_as_it_was(office, make):
    group = await conforming(make)
    path = f"/v1/groups/{group.id}"
    await office.post(
        f"{path}:dissolve",
        json={"on": "2026-11-10", "reason": "调整布局"},
        headers={"If-Match": "*"},
    )

    renamed = await office.patch(path, json={"name": "x"}, headers={"If-Match": "*"})
    changed = await office.post(
        f"{path}/membership-changes",
        json=change("2027-03-01", step("join", await make.school(), "lead")),
    )
    drafted = await office.post(
        f"{path}/charters", json={"title": "x", "clauses": [{"kind": "rule", "text": "x"}]}
    )

    for refused in (renamed, changed, drafted):
        assert (refused.status_code, refused.json()["code"]) == (409, "group-state-refused")
    assert (await office.get("/v1/groups", params={"state": "dissolved"})).json()["items"] != []


@pytest.mark.parametrize("day", ["2026-10-01", "2020-09-01"])
async def test_a_group_is_not_dissolved_before_something_that_has_happened(office, make, day):
    group = await conforming(make)
    await make.member(
        group=group,
        school=await make.school(),
        valid=days(date(2026, 9, 1), date(2026, 11, 1)),
    )

    refused = await office.post(
        f"/v1/groups/{group.id}:dissolve",
        json={"on": day, "reason": "x"},
        headers={"If-Match": "*"},
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "end-refused")
    assert len(await names_on(office, group, "2026-10-15")) == 3


async def test_a_draft_is_given_up_at_any_time(office, make):
    group = await make.group(state="draft", lead=await make.school())

    done = await office.post(
        f"/v1/groups/{group.id}:dissolve",
        json={"on": "2019-09-01", "reason": "不再筹建"},
        headers={"If-Match": "*"},
    )

    assert (done.status_code, done.json()["state"]) == (200, "dissolved")
    assert await names_on(office, group, "2026-11-10") == {}


# Heads


async def test_a_new_head_follows_the_former(office, make):
    group = await conforming(make)
    path = f"/v1/groups/{group.id}/heads"

    first = await office.post(
        path,
        json={"person_name": "甲", "valid_from": "2024-09-01", "criteria": ["vision", "devotion"]},
    )
    second = await office.post(path, json={"person_name": "乙", "valid_from": "2026-09-01"})
    same_day = await office.post(path, json={"person_name": "丙", "valid_from": "2026-09-01"})
    over_a_plan = await office.post(
        path,
        json={"person_name": "丁", "valid_from": "2023-09-01", "valid_until": "2025-09-01"},
    )

    assert first.status_code == second.status_code == 201
    assert first.json()["criteria"] == ["vision", "devotion"]
    listed = (await office.get(path)).json()["items"]
    assert [(one["person_name"], one["valid_until"]) for one in listed] == [
        ("乙", None),
        ("甲", "2026-09-01"),
    ]
    in_2025 = (await office.get(path, params={"as_of": "2025-01-01"})).json()["items"]
    assert [one["person_name"] for one in in_2025] == ["甲"]
    for refused in (same_day, over_a_plan):
        assert (refused.status_code, refused.json()["code"]) == (409, "group-head-overlaps")
    report = await office.get(f"/v1/groups/{group.id}/composition")
    assert report.json()["head"] == "乙"


async def test_a_term_of_office_ends_once(office, make):
    group = await conforming(make)
    made = await office.post(
        f"/v1/groups/{group.id}/heads", json={"person_name": "甲", "valid_from": "2026-09-01"}
    )
    path = f"/v1/group-heads/{made.json()['id']}"
    body = {"on": "2026-11-01", "reason": "退休"}

    ended = await office.post(f"{path}:end", json=body, headers={"If-Match": made.headers["etag"]})
    later = await office.post(
        f"{path}:end", json=body | {"on": "2027-01-01"}, headers={"If-Match": "*"}
    )

    assert ended.json()["valid_until"] == "2026-11-01"
    assert (later.status_code, later.json()["code"]) == (409, "end-refused")
    assert (await office.get(path)).headers["etag"] == '"2"'


async def test_the_same_end_again_changes_nothing(office, make):
    group = await conforming(make)
    made = await office.post(
        f"/v1/groups/{group.id}/heads", json={"person_name": "甲", "valid_from": "2026-09-01"}
    )
    path = f"/v1/group-heads/{made.json()['id']}:end"
    body = {"on": "2027-01-01", "reason": "退休"}

    once = await office.post(path, json=body, headers={"If-Match": "*"})
    twice = await office.post(path, json=body, headers={"If-Match": "*"})

    assert twice.headers["etag"] == once.headers["etag"] == '"2"'


async def test_a_head_out_of_reach_is_not_found(as_, office, make):
    group = await conforming(make)
    made = await office.post(
        f"/v1/groups/{group.id}/heads", json={"person_name": "甲", "valid_from": "2026-09-01"}
    )
    path = f"/v1/group-heads/{made.json()['id']}"
    stranger = as_(Role.SCHOOL_ADMIN, school=await make.school())
    own = as_(Role.GROUP_ADMIN, group=group)

    assert (await stranger.get(path)).json()["code"] == "group-head-not-found"
    assert (await own.get(path)).status_code == 200
    ended = await own.post(
        f"{path}:end", json={"on": "2027-01-01", "reason": "x"}, headers={"If-Match": "*"}
    )
    assert ended.status_code == 403


async def test_a_reversed_range_is_named(office, make):
    group = await conforming(make)

    refused = await office.post(
        f"/v1/groups/{group.id}/heads",
        json={"person_name": "甲", "valid_from": "2026-09-01", "valid_until": "2026-09-01"},
    )

    assert (refused.status_code, codes_of(refused)) == (422, [("", "range-reversed")])


async def test_pages_follow_each_other_to_the_end(office, make):
    for number in range(5):
        await make.group(name=f"集团{number}", name_pinyin=f"jituan{number}")

    seen, path = [], "/v1/groups?limit=2&sort=-name"
    while path:
        answer = await office.get(path)
        seen += [item["name"] for item in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url")

    assert seen == ["集团4", "集团3", "集团2", "集团1", "集团0"]


async def test_members_are_listed_in_any_order_over_pages(office, make):
    schools = [await make.school() for _ in range(5)]
    group = await make.group(lead=schools[0], alliance=schools[1:])

    for sort in ("school", "-valid_from", "group,school", "-group,valid_from"):
        seen, path = set(), f"/v1/memberships?group_id={group.id}&limit=2&sort={sort}"
        while path:
            answer = await office.get(path)
            assert answer.status_code == 200, answer.text
            seen |= {item["school_id"] for item in answer.json()["items"]}
            path = answer.links.get("next", {}).get("url")
        assert len(seen) == 5
    leads = await office.get("/v1/memberships", params={"tier": "lead"})
    assert [one["school_id"] for one in leads.json()["items"]] == [str(schools[0].id)]
