"""A charter: drafted, signed by every member, in force from a day on, replaced by the next."""

import asyncio
from typing import Any

import pytest

from service.kit.auth import Role

TEXT: dict[str, Any] = {
    "title": "集团章程(2026 版)",
    "clauses": [
        {"kind": "duty", "tier": "lead", "text": "每学期组织两次联合教研"},
        {"kind": "right", "text": "共享课程资源"},
    ],
}
ANY = {"If-Match": "*"}


@pytest.fixture
async def schools(make):
    """The lead and the close school of the group."""
    return [await make.school(name="牵头小学"), await make.school(name="紧密小学")]


@pytest.fixture
async def group(make, schools):
    """A conforming group."""
    return await make.group(lead=schools[0], close=[schools[1]])


@pytest.fixture
def office(as_, group):
    """The group's office."""
    return as_(Role.GROUP_ADMIN, group=group)


async def drafted(office, group, **more):
    answer = await office.post(f"/v1/groups/{group.id}/charters", json=TEXT | more)
    assert answer.status_code == 201, answer.text
    return f"/v1/charters/{answer.json()['id']}"


def sign(as_, path, school):
    client = as_(Role.SCHOOL_ADMIN, school=school)
    body = {"school_id": str(school.id), "signed_by": "示例校长"}
    return client.post(f"{path}:sign", json=body, headers=ANY)


async def enforced(as_, office, path, schools, day):
    await office.post(f"{path}:open", headers=ANY)
    for school in schools:
        assert (await sign(as_, path, school)).status_code == 200
    return await office.post(f"{path}:enforce", json={"effective_from": day}, headers=ANY)


async def test_a_charter_is_signed_by_all_and_comes_into_force(as_, office, group, schools):
    path = await drafted(office, group)

    opened = await office.post(f"{path}:open", headers={"If-Match": '"1"'})
    first = await sign(as_, path, schools[0])
    too_early = await office.post(
        f"{path}:enforce", json={"effective_from": "2026-12-01"}, headers=ANY
    )
    await sign(as_, path, schools[1])
    done = await office.post(f"{path}:enforce", json={"effective_from": "2026-12-01"}, headers=ANY)

    assert opened.json()["state"] == "signing"
    assert first.json()["signatures"][0]["signed_on"] == "2026-11-10"
    assert (too_early.status_code, too_early.json()["code"]) == (409, "signatures-missing")
    assert too_early.json()["schools"] == ["紧密小学"]
    assert "紧密小学" in too_early.json()["detail"]
    assert (done.json()["state"], done.json()["effective_from"]) == ("effective", "2026-12-01")
    assert [one["tier"] for one in done.json()["clauses"]] == ["lead", None]
    composition = f"/v1/groups/{group.id}/composition"
    for day, number in (("2026-11-30", None), ("2026-12-01", 1)):
        report = await office.get(composition, params={"as_of": day})
        assert report.json()["charter_number"] == number


async def test_the_next_version_replaces_the_former_from_its_day_on(as_, office, group, schools):
    first = await drafted(office, group)
    await enforced(as_, office, first, schools, "2026-12-01")
    abandoned = await drafted(office, group, title="未通过的草案")
    second = await drafted(office, group, title="第三版")

    too_early = await enforced(as_, office, second, schools, "2026-12-01")
    done = await office.post(
        f"{second}:enforce", json={"effective_from": "2027-09-01"}, headers=ANY
    )

    assert (too_early.status_code, too_early.json()["code"]) == (409, "charter-not-in-order")
    assert done.status_code == 200, done.text

    async def states(day):
        answer = await office.get(f"/v1/groups/{group.id}/charters", params={"as_of": day})
        return [(one["number"], one["state"]) for one in answer.json()["items"]]

    assert await states("2027-08-31") == [(3, "effective"), (2, "replaced"), (1, "effective")]
    assert await states("2027-09-01") == [(3, "effective"), (2, "replaced"), (1, "replaced")]
    assert (await office.get(abandoned)).json()["state"] == "replaced"
    kept = await office.get(first, params={"as_of": "2027-09-01"})
    assert kept.json()["clauses"][0]["text"] == TEXT["clauses"][0]["text"]


async def test_a_draft_is_rewritten_and_a_text_for_signing_is_not(office, group):
    path = await drafted(office, group)
    better = {"title": "集团章程", "clauses": [{"kind": "rule", "text": "一校一票"}]}

    same = await office.put(path, json=TEXT, headers={"If-Match": '"1"'})
    rewritten = await office.put(path, json=better, headers={"If-Match": '"1"'})
    await office.post(f"{path}:open", headers=ANY)
    too_late = await office.put(path, json=TEXT, headers=ANY)
    twice = await office.post(f"{path}:open", headers=ANY)

    assert same.headers["etag"] == '"1"'
    assert (rewritten.json()["version"], rewritten.json()["title"]) == (2, "集团章程")
    assert [one["text"] for one in rewritten.json()["clauses"]] == ["一校一票"]
    assert too_late.json()["code"] == twice.json()["code"] == "charter-state-refused"


async def test_who_may_sign(as_, office, group, schools, make):
    path = await drafted(office, group)
    outside = await make.school()
    district = as_(Role.DISTRICT_ADMIN)
    early = await sign(as_, path, schools[0])
    await office.post(f"{path}:open", headers=ANY)

    hidden = await sign(as_, path, outside)
    body = {"school_id": str(schools[1].id), "signed_by": "x"}
    for_another = await as_(Role.SCHOOL_ADMIN, school=schools[0]).post(
        f"{path}:sign", json=body, headers=ANY
    )
    no_member = await district.post(
        f"{path}:sign", json=body | {"school_id": str(outside.id)}, headers=ANY
    )
    await sign(as_, path, schools[0])
    twice = await sign(as_, path, schools[0])
    by_the_group = await office.post(f"{path}:sign", json=body, headers=ANY)

    assert (early.status_code, early.json()["code"]) == (409, "charter-state-refused")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "charter-not-found")
    assert for_another.status_code == 403
    assert (no_member.status_code, no_member.json()["code"]) == (409, "signer-not-a-member")
    assert (twice.status_code, twice.json()["code"]) == (409, "charter-signed")
    assert by_the_group.status_code == 403


async def test_a_member_school_reads_the_charter_and_writes_none(as_, office, group, schools):
    path = await drafted(office, group)
    school = as_(Role.SCHOOL_ADMIN, school=schools[1])

    read = await school.get(path)

    assert read.status_code == 200
    assert (await school.get(path, headers={"If-None-Match": '"1"'})).status_code == 304
    assert (await school.put(path, json=TEXT, headers=ANY)).status_code == 403


async def test_the_district_may_not_write_over_the_wall(as_, make, office, group):
    path = await drafted(office, group)
    stranger = as_(Role.GROUP_ADMIN, group=await make.group(lead=await make.school()))

    assert (await stranger.put(path, json=TEXT, headers=ANY)).status_code == 404


async def test_versions_drafted_at_once_get_numbers_of_their_own(office, group):
    answers = await asyncio.gather(
        *(office.post(f"/v1/groups/{group.id}/charters", json=TEXT) for _ in range(6))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["number"] for answer in answers) == [1, 2, 3, 4, 5, 6]


async def test_schools_sign_at_once(as_, office, group, schools):
    path = await drafted(office, group)
    await office.post(f"{path}:open", headers=ANY)

    answers = await asyncio.gather(*(sign(as_, path, school) for school in schools * 2))

    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409]
    assert len((await office.get(path)).json()["signatures"]) == 2
