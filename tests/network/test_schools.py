"""Schools and campuses over HTTP: dated facts, who decides what, and bad input by name."""

import pytest

from service.kit.auth import Role
from tests.network.conftest import codes_of

NEW = {
    "name": "示例区新桥小学",
    "type_code": "211",
    "urban_rural_code": "220",
    "identifier": "2150909901",
    "identifier_from": "2026-09-01",
}


@pytest.fixture
def office(as_):
    """The district's office."""
    return as_(Role.DISTRICT_ADMIN)


async def registered(office, **more):
    answer = await office.post("/v1/schools", json=NEW | more)
    assert answer.status_code == 201, answer.text
    return answer


async def test_a_school_is_registered_and_found(office):
    made = (await registered(office)).json()

    assert made["rural"] is True
    assert made["weak"] is False
    assert made["type_label"] == "小学"
    for params in (
        {"q": "新桥"},
        {"q": "Xin Qiao"},
        {"identifier": "2150909901"},
        {"rural": True},
        {"type_code": "211"},
        {"weak": False},
    ):
        found = (await office.get("/v1/schools", params=params)).json()["items"]
        assert [one["id"] for one in found] == [made["id"]], params
    for params in ({"q": "%"}, {"rural": False}, {"weak": True}, {"identifier": "2150900000"}):
        assert (await office.get("/v1/schools", params=params)).json()["items"] == []


async def test_labels_follow_the_readers_language(office):
    made = (await registered(office)).json()

    english = await office.get(f"/v1/schools/{made['id']}", headers={"Accept-Language": "en"})

    assert english.json()["urban_rural_label"] == "Village"


async def test_a_new_identifier_ends_the_former_and_history_stays(office):
    made = await registered(office)
    path = f"/v1/schools/{made.json()['id']}"

    changed = await office.post(
        f"{path}/identifiers",
        json={"code": "3150909901", "valid_from": "2027-09-01"},
        headers={"If-Match": made.headers["etag"]},
    )

    assert changed.status_code == 201, changed.text
    assert [(one["code"], one["valid_until"]) for one in changed.json()["identifiers"]] == [
        ("2150909901", "2027-09-01"),
        ("3150909901", None),
    ]
    for day, code in (("2027-08-31", "2150909901"), ("2027-09-01", "3150909901")):
        found = await office.get(path, params={"as_of": day})
        assert found.json()["identifier"] == code
        listed = await office.get("/v1/schools", params={"as_of": day, "identifier": code})
        assert len(listed.json()["items"]) == 1
    assert (await office.get(path, params={"as_of": "2026-08-31"})).json()["identifier"] is None


async def test_an_identifier_belongs_to_one_school_at_a_time(office):
    await registered(office)
    other = await registered(office, name="另一小学", identifier="2150909902")
    path = f"/v1/schools/{other.json()['id']}/identifiers"

    taken = await office.post(
        path,
        json={"code": "2150909901", "valid_from": "2027-09-01"},
        headers={"If-Match": other.headers["etag"]},
    )
    too_early = await office.post(
        path,
        json={"code": "2150909903", "valid_from": "2026-09-01"},
        headers={"If-Match": other.headers["etag"]},
    )

    assert (taken.status_code, taken.json()["code"]) == (409, "school-identifier-taken")
    assert (too_early.status_code, too_early.json()["code"]) == (409, "school-identifier-taken")


async def test_a_designation_counts_while_it_is_valid(office):
    made = await registered(office)
    path = f"/v1/schools/{made.json()['id']}"
    body = {"kind": "weak", "valid_from": "2026-09-01", "reason": "区教委文件"}

    designated = await office.post(
        f"{path}/designations", json=body, headers={"If-Match": made.headers["etag"]}
    )
    twice = await office.post(f"{path}/designations", json=body, headers={"If-Match": "*"})

    assert designated.json()["weak"] is True
    assert (twice.status_code, twice.json()["code"]) == (409, "designation-overlaps")
    (weak,) = (await office.get("/v1/schools", params={"weak": True})).json()["items"]
    assert weak["id"] == made.json()["id"]
    (designation,) = designated.json()["designations"]

    over = {"on": "2027-09-01", "reason": "摘帽"}
    end = f"/v1/designations/{designation['id']}:end"
    stale = await office.post(end, json=over, headers={"If-Match": made.headers["etag"]})
    ended = await office.post(end, json=over, headers={"If-Match": designated.headers["etag"]})
    same = await office.post(end, json=over, headers={"If-Match": ended.headers["etag"]})
    before_it_began = await office.post(
        end, json=over | {"on": "2026-09-01"}, headers={"If-Match": "*"}
    )

    assert stale.status_code == 412
    assert ended.json()["designations"][0]["valid_until"] == "2027-09-01"
    assert same.headers["etag"] == ended.headers["etag"]
    assert (before_it_began.status_code, before_it_began.json()["code"]) == (409, "end-refused")
    assert (await office.get(path, params={"as_of": "2027-09-01"})).json()["weak"] is False
    assert (await office.get(path, params={"as_of": "2027-08-31"})).json()["weak"] is True


async def test_a_renamed_school_is_found_by_its_new_name(office):
    made = await registered(office)

    renamed = await office.patch(
        f"/v1/schools/{made.json()['id']}",
        json={"name": "示例区旧桥小学"},
        headers={"If-Match": "*"},
    )

    assert (renamed.json()["name_pinyin"], renamed.json()["version"]) == (
        "shiliqujiuqiaoxiaoxue",
        2,
    )
    assert len((await office.get("/v1/schools", params={"q": "jiuqiao"})).json()["items"]) == 1


async def test_what_a_schools_own_office_may_change(as_, office, make):
    school = await make.school(name="自管小学")
    own = as_(Role.SCHOOL_ADMIN, school=school)
    path = f"/v1/schools/{school.id}"
    tag = {"If-Match": (await own.get(path)).headers["etag"]}

    renamed = await own.patch(path, json={"short_name": "自小"}, headers=tag)
    same_name = await own.patch(
        path, json={"name": "自管小学"}, headers={"If-Match": renamed.headers["etag"]}
    )
    decided = await own.patch(path, json={"urban_rural_code": "220"}, headers={"If-Match": "*"})
    made = await own.post("/v1/schools", json=NEW)

    assert renamed.json()["short_name"] == "自小"
    assert same_name.headers["etag"] == renamed.headers["etag"]
    assert (decided.status_code, decided.json()["code"]) == (403, "district-decides")
    assert (made.status_code, made.json()["code"]) == (403, "district-decides")


async def test_a_school_out_of_reach_is_not_found(as_, make):
    stranger = as_(Role.SCHOOL_ADMIN, school=await make.school())
    path = f"/v1/schools/{(await make.school()).id}"

    assert (await stranger.get(path)).status_code == 404
    refused = await stranger.patch(path, json={"short_name": "x"}, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (404, "school-not-found")
    assert len((await stranger.get("/v1/schools")).json()["items"]) == 1


async def test_a_school_in_sight_is_not_therefore_in_ones_hands(as_, make):
    own, other = await make.school(), await make.school()
    teacher = await make.teacher(school=own)
    both_hats = as_(Role.SCHOOL_ADMIN, school=own, teacher=teacher)
    await both_hats.get("/v1/district")
    both_hats = as_(Role.AUDITOR, teacher=teacher)
    path = f"/v1/schools/{other.id}"

    assert (await both_hats.get(path)).status_code == 200
    refused = await both_hats.patch(path, json={"short_name": "x"}, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_schools_of_a_group_on_a_day(office, make):
    school = await make.school()
    group = await make.group(lead=school)
    await make.school()

    async def found(day):
        params = {"group_id": str(group.id), "as_of": day}
        return (await office.get("/v1/schools", params=params)).json()["items"]

    assert [one["id"] for one in await found("2026-11-10")] == [str(school.id)]
    assert await found("2020-08-31") == []


async def test_a_designation_out_of_reach_is_not_found(as_, office, make):
    school = await make.school()
    made = await office.post(
        f"/v1/schools/{school.id}/designations",
        json={"kind": "weak", "valid_from": "2026-09-01"},
        headers={"If-Match": "*"},
    )
    body = {"on": "2027-09-01", "reason": "x"}
    stranger = as_(Role.SCHOOL_ADMIN, school=await make.school())
    (weak,) = made.json()["designations"]

    hidden = await stranger.post(
        f"/v1/designations/{weak['id']}:end", json=body, headers={"If-Match": "*"}
    )
    unknown = await office.post(
        f"/v1/designations/{school.id}:end", json=body, headers={"If-Match": "*"}
    )

    for refused in (hidden, unknown):
        assert (refused.status_code, refused.json()["code"]) == (404, "designation-not-found")


async def test_a_teacher_reads_the_own_school_and_changes_nothing(as_, make):
    school = await make.school()
    teacher = as_(Role.TEACHER, school=school)
    path = f"/v1/schools/{school.id}"

    assert (await teacher.get(path)).status_code == 200
    refused = await teacher.patch(path, json={"short_name": "x"}, headers={"If-Match": "*"})
    assert refused.status_code == 403


async def test_a_change_that_changes_nothing_keeps_the_tag(office):
    made = await registered(office)
    path = f"/v1/schools/{made.json()['id']}"

    same = await office.patch(
        path, json={"name": NEW["name"]}, headers={"If-Match": made.headers["etag"]}
    )
    unchanged = await office.get(path, headers={"If-None-Match": made.headers["etag"]})

    assert same.headers["etag"] == made.headers["etag"]
    assert unchanged.status_code == 304


async def test_a_name_is_taken_once(office):
    await registered(office)
    again = await office.post("/v1/schools", json=NEW | {"identifier": "2150909902"})

    assert (again.status_code, again.json()["code"]) == (409, "school-name-taken")


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"type_code": "999"}, ("/type_code", "code-unknown")),
        ({"urban_rural_code": "1"}, ("/urban_rural_code", "code-unknown")),
        ({"identifier": "215090990"}, ("/identifier", "string-pattern-mismatch")),
        ({"identifier": "２150909901"}, ("/identifier", "string-pattern-mismatch")),
        ({"name": ""}, ("/name", "string-too-short")),
        ({"name": None}, ("/name", "string-type")),
        ({"identifier_from": "2026-13-01"}, ("/identifier_from", "date-from-datetime-parsing")),
        ({"stars": 5}, ("/stars", "extra-forbidden")),
    ],
)
async def test_a_wrong_field_is_named(office, wrong, expected):
    refused = await office.post("/v1/schools", json=NEW | wrong)

    assert refused.status_code == 422
    assert codes_of(refused) == [expected]


async def test_a_patch_cannot_empty_what_must_be_there(office, make):
    school = await make.school()

    refused = await office.patch(
        f"/v1/schools/{school.id}", json={"name": None}, headers={"If-Match": "*"}
    )

    assert codes_of(refused) == [("/name", "string-type")]


# Campuses


async def test_a_campus_is_opened_found_and_changed(as_, make):
    school = await make.school()
    office = as_(Role.SCHOOL_ADMIN, school=school)
    body = {
        "school_id": str(school.id),
        "code": "2150909901-2",
        "name": "江北校区",
        "gate": "东门",
        "longitude": 106.4378681,
        "latitude": 29.82542,
        "datum": "wgs84",
    }

    made = await office.post("/v1/campuses", json=body)
    assert made.status_code == 201, made.text
    path = f"/v1/campuses/{made.json()['id']}"
    moved = await office.patch(
        path, json={"gate": "西门", "longitude": 106.437868}, headers={"If-Match": '"1"'}
    )
    by_code = await office.get("/v1/campuses", params={"code": "2150909901-2"})
    by_name = await office.get("/v1/campuses", params={"q": "江北", "school_id": str(school.id)})

    assert made.json()["longitude"] == 106.437868
    assert (moved.json()["gate"], moved.json()["version"]) == ("西门", 2)
    assert by_code.json()["items"] == by_name.json()["items"] == [moved.json()]
    assert (await office.get(path, headers={"If-None-Match": '"2"'})).status_code == 304
    same = await office.patch(path, json={"gate": "西门"}, headers={"If-Match": '"2"'})
    assert same.headers["etag"] == '"2"'


async def test_a_school_has_one_main_campus(as_, make):
    office = as_(Role.DISTRICT_ADMIN)
    school = await make.school()
    await make.campus(school=school, main=True)
    other = await make.campus(school=school)

    refused = await office.patch(
        f"/v1/campuses/{other.id}", json={"main": True}, headers={"If-Match": "*"}
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "main-campus-exists")


async def test_a_campus_has_both_coordinates_or_none(office, make):
    school = await make.school()
    campus = await make.campus(school=school)
    body = {"school_id": str(school.id), "code": "x", "name": "x", "latitude": 29.8}

    made = await office.post("/v1/campuses", json=body)
    changed = await office.patch(
        f"/v1/campuses/{campus.id}", json={"latitude": 29.8}, headers={"If-Match": "*"}
    )

    assert codes_of(made) == [("", "position-incomplete")]
    assert (changed.status_code, codes_of(changed)) == (422, [("/longitude", "not-allowed")])


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"zone": "Asia/Beibei"}, ("/zone", "zone-unknown")),
        ({"zone": "../etc/passwd"}, ("/zone", "zone-unknown")),
        ({"latitude": 91, "longitude": 0}, ("/latitude", "less-than-equal")),
        ({"latitude": 1e308, "longitude": 0}, ("/latitude", "less-than-equal")),
        ({"datum": "moon"}, ("/datum", "enum")),
        ({"code": ""}, ("/code", "string-too-short")),
    ],
)
async def test_a_wrong_campus_names_its_field(office, make, wrong, expected):
    school = await make.school()
    body = {"school_id": str(school.id), "code": "c-1", "name": "本部"}

    refused = await office.post("/v1/campuses", json=body | wrong)

    assert codes_of(refused) == [expected]


async def test_a_campus_of_a_school_out_of_reach(as_, make):
    own, other = await make.school(), await make.school()
    campus = await make.campus(school=other)
    office = as_(Role.SCHOOL_ADMIN, school=own)
    body = {"school_id": str(other.id), "code": "c-1", "name": "本部"}

    refused = await office.post("/v1/campuses", json=body)

    assert (refused.status_code, codes_of(refused)) == (422, [("/school_id", "not-found")])
    assert (await office.get(f"/v1/campuses/{campus.id}")).status_code == 404


async def test_the_groups_office_sees_campuses_and_changes_none(as_, make):
    school = await make.school()
    campus = await make.campus(school=school)
    office = as_(Role.GROUP_ADMIN, group=await make.group(lead=school))

    assert (await office.get(f"/v1/campuses/{campus.id}")).status_code == 200
    refused = await office.patch(
        f"/v1/campuses/{campus.id}", json={"gate": "x"}, headers={"If-Match": "*"}
    )
    assert refused.status_code == 403


async def test_a_campus_code_is_taken_once(office, make):
    campus = await make.campus(school=await make.school(), code="c-1")

    body = {"school_id": str(campus.school_id), "code": "c-1", "name": "又一个"}
    assert (await office.post("/v1/campuses", json=body)).json()["code"] == "campus-code-taken"


# The district


async def test_what_counts_as_rural_is_the_districts_word(office, make):
    await make.school(name="镇上小学", urban_rural_code="123")
    town = await make.school(name="城里小学", urban_rural_code="111")
    before = await office.get("/v1/district")

    changed = await office.patch(
        "/v1/district",
        json={"rural_codes": ["210", "220", "123"], "travel": {"buffer": 15}},
        headers={"If-Match": before.headers["etag"]},
    )

    assert changed.json()["rural_codes"] == ["210", "220", "123"]
    found = (await office.get("/v1/schools", params={"rural": True})).json()["items"]
    assert [(one["name"], one["version"]) for one in found] == [("镇上小学", 2)]
    assert (await office.get(f"/v1/schools/{town.id}")).json()["version"] == 1

    back = await office.patch(
        "/v1/district",
        json={"rural_codes": None, "travel": {"buffer": None}},
        headers={"If-Match": changed.headers["etag"]},
    )
    assert back.json()["rural_codes"] == ["210", "220"]
    assert back.json()["settings"] == {"travel": {}}


async def test_a_setting_that_stays_changes_no_school(office, make):
    school = await make.school(urban_rural_code="123")

    renamed = await office.patch(
        "/v1/district",
        json={"name_en": "Example", "membership_backdating_days": 7},
        headers={"If-Match": '"1"'},
    )
    again = await office.patch(
        "/v1/district", json={"name_en": "Example"}, headers={"If-Match": '"2"'}
    )
    once_more = await office.patch(
        "/v1/district", json={"name_en": "Example District"}, headers={"If-Match": '"2"'}
    )

    assert once_more.headers["etag"] == '"3"'
    assert renamed.json()["membership_backdating_days"] == 7
    assert again.headers["etag"] == renamed.headers["etag"] == '"2"'
    assert (await office.get(f"/v1/schools/{school.id}")).json()["version"] == 1


async def test_only_the_district_decides_for_the_district(as_, make, office):
    school_office = as_(Role.SCHOOL_ADMIN, school=await make.school())

    refused = await school_office.patch("/v1/district", json={}, headers={"If-Match": "*"})
    wrong = await office.patch(
        "/v1/district", json={"rural_codes": ["999"]}, headers={"If-Match": "*"}
    )

    assert (await school_office.get("/v1/district")).status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (403, "district-decides")
    assert codes_of(wrong) == [("/rural_codes/0", "code-unknown")]
