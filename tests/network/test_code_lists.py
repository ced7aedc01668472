"""Code lists: national ones as they are, the district's own as it writes them."""

import pytest

from service.kit.auth import Role
from service.network import codes
from tests.network.conftest import codes_of


@pytest.fixture
def office(as_):
    """The district's office."""
    return as_(Role.DISTRICT_ADMIN)


async def test_everybody_reads_every_list(as_, make):
    teacher = as_(Role.TEACHER, school=await make.school())

    lists = {one["name"]: one for one in (await teacher.get("/v1/code-lists")).json()["items"]}

    assert lists.keys() == codes.NATIONAL.keys() | codes.DISTRICT_LISTS.keys()
    assert lists["school_type"]["national"] is True
    assert lists["group_category"] == {
        "name": "group_category",
        "title": "集团类别(区定)",
        "national": False,
        "items": [],
    }
    roles = [one["label"] for one in lists["mentor_role"]["items"]]
    assert roles == ["校内导师", "集团/区级导师"]


async def test_a_list_by_its_name(office):
    found = await office.get("/v1/code-lists/stage", headers={"Accept-Language": "en"})
    unknown = await office.get("/v1/code-lists/stars")

    assert [(one["code"], one["label"]) for one in found.json()["items"]][:2] == [
        ("1", "Preschool"),
        ("2", "Primary"),
    ]
    assert (unknown.status_code, unknown.json()["code"]) == (404, "code-list-not-found")


async def test_a_district_writes_its_own_list(office):
    path = "/v1/code-lists/group_category"
    made = await office.post(f"{path}/items", json={"code": "b", "zh": "第二类", "rank": 2})
    await office.post(f"{path}/items", json={"code": "a", "zh": "第一类", "en": "First", "rank": 1})
    again = await office.post(f"{path}/items", json={"code": "b", "zh": "又一类"})

    assert made.status_code == 201, made.text
    assert (again.status_code, again.json()["code"]) == (409, "code-taken")
    listed = (await office.get(path)).json()["items"]
    assert [one["label"] for one in listed] == ["第一类", "第二类"]

    stopped = await office.patch(
        f"{path}/items/b", json={"active": False}, headers={"If-Match": made.headers["etag"]}
    )
    assert (stopped.json()["active"], stopped.json()["version"]) == (False, 2)
    same = await office.patch(
        f"{path}/items/b", json={"active": False}, headers={"If-Match": '"2"'}
    )
    assert same.headers["etag"] == '"2"'
    refused = await office.post("/v1/groups", json={"name": "x", "kind": "k12", "category": "b"})
    assert refused.json()["code"] == "unknown-category"


async def test_what_a_list_holds_from_the_start_can_be_renamed(office):
    path = "/v1/code-lists/mentor_role"

    taken = await office.post(f"{path}/items", json={"code": "in_school", "zh": "x"})
    renamed = await office.patch(
        f"{path}/items/in_school", json={"zh": "本校导师"}, headers={"If-Match": '"0"'}
    )
    same = await office.patch(
        f"{path}/items/cross_school", json={"rank": 1}, headers={"If-Match": '"0"'}
    )

    assert taken.json()["code"] == "code-taken"
    assert (renamed.json()["label"], renamed.json()["version"]) == ("本校导师", 1)
    assert same.json()["version"] == 0
    listed = (await office.get(path)).json()["items"]
    assert [one["label"] for one in listed] == ["本校导师", "集团/区级导师"]


async def test_national_codes_stay(office):
    added = await office.post("/v1/code-lists/subject/items", json={"code": "99", "zh": "x"})
    changed = await office.patch(
        "/v1/code-lists/subject/items/13", json={"zh": "x"}, headers={"If-Match": "*"}
    )
    nowhere = await office.post("/v1/code-lists/stars/items", json={"code": "a", "zh": "x"})
    no_such = await office.patch(
        "/v1/code-lists/mentor_role/items/zzz", json={"zh": "x"}, headers={"If-Match": "*"}
    )

    assert added.json()["code"] == changed.json()["code"] == "national-code-fixed"
    assert nowhere.json()["code"] == no_such.json()["code"] == "code-list-not-found"


async def test_only_the_district_writes_codes(as_, make):
    school = as_(Role.SCHOOL_ADMIN, school=await make.school())

    refused = await school.post(
        "/v1/code-lists/group_category/items", json={"code": "a", "zh": "x"}
    )

    assert refused.status_code == 403


async def test_a_code_is_a_word_that_stays(office):
    refused = await office.post(
        "/v1/code-lists/group_category/items", json={"code": "第一", "zh": "x"}
    )

    assert codes_of(refused) == [("/code", "string-pattern-mismatch")]


def test_every_national_list_has_a_title_and_no_code_twice():
    assert codes.TITLES.keys() == codes.NATIONAL.keys()
    for name, items in codes.NATIONAL.items():
        known = [item.code for item in items]
        assert len(known) == len(set(known)), name


def test_the_numbers_partners_expect():
    expected = {
        ("school_type", "312"): "九年一贯制学校",
        ("urban_rural", "220"): "村庄",
        ("subject", "22"): "体育与健康",
        ("stage", "3"): "普通初中",
        ("gender", "9"): "未说明",
        ("term", "2"): "春季学期",
        ("teacher_title", "senior_full"): "正高级",
    }

    for (name, code), zh in expected.items():
        words = codes.label_of(name, code)
        assert words is not None
        assert words.zh == zh
    assert codes.label_of("subject", "99") is None
    assert codes.label_of("stars", "1") is None
