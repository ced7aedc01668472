"""School years and terms over HTTP: what a term may be, and what stands on it."""

import pytest

from service.kit.auth import Role
from tests.calendar.conftest import problems_of

YEAR = {"label": "2027-2028", "valid_from": "2027-08-01", "valid_until": "2028-08-01"}
TERM = {"number": 1, "starts": "2026-08-31", "until": "2027-01-23", "week_one": "2026-08-31"}


@pytest.fixture
async def year(make):
    return await make.school_year()


async def opened(office, year, **more):
    answer = await office.post("/v1/terms", json={"school_year_id": str(year.id), **TERM, **more})
    assert answer.status_code == 201, answer.text
    return answer


async def test_a_year_and_its_terms_are_opened_and_read(office, as_, make):
    year = await office.post("/v1/school-years", json=YEAR)
    assert year.status_code == 201, year.text
    autumn = {
        "school_year_id": year.json()["id"],
        "number": 1,
        "starts": "2027-09-01",
        "until": "2028-01-22",
        "week_one": "2027-08-30",
    }
    term = await office.post("/v1/terms", json=autumn)
    assert term.status_code == 201, term.text
    assert term.json().items() >= autumn.items()

    teacher = as_(Role.TEACHER, school=await make.school())
    years = (await teacher.get("/v1/school-years")).json()["items"]
    terms = (await teacher.get("/v1/terms", params={"school_year_id": years[0]["id"]})).json()
    assert years == [year.json()]
    assert terms["items"] == [term.json()]
    for path, made in (("school-years", year), ("terms", term)):
        one = f"/v1/{path}/{made.json()['id']}"
        got = await teacher.get(one)
        assert got.json() == made.json()
        assert got.headers["etag"] == made.headers["etag"]
        again = await teacher.get(one, headers={"If-None-Match": got.headers["etag"]})
        assert again.status_code == 304


async def test_the_first_term_of_many_comes_first(office, make):
    for label in ("2026-2027", "2025-2026"):
        await opened_in(office, await make.school_year(label=label), int(label[:4]))

    listed = (await office.get("/v1/terms")).json()["items"]

    assert [term["week_one"] for term in listed] == ["2025-09-01", "2026-08-31"]


async def opened_in(office, year, number):
    monday = {2025: "2025-09-01", 2026: "2026-08-31"}[number]
    await opened(office, year, starts=monday, week_one=monday, until=f"{number + 1}-01-17")


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"until": "2026-08-31"}, [("/until", "reversed")]),
        ({"until": "2026-08-01"}, [("/until", "reversed")]),
        ({"until": "2027-07-31"}, [("/until", "too_long")]),
        ({"week_one": "2026-09-01"}, [("/week_one", "not_monday"), ("/week_one", "week_one_away")]),
        ({"week_one": "2026-09-07"}, [("/week_one", "week_one_away")]),
        ({"starts": "2026-07-27", "week_one": "2026-07-27"}, [("/starts", "outside_year")]),
    ],
)
async def test_days_that_do_not_fit_together_are_named(office, year, change, problems):
    refused = await office.post(
        "/v1/terms", json={"school_year_id": str(year.id), **TERM, **change}
    )

    assert refused.status_code == 422, refused.text
    assert refused.json()["code"] == "term-unfit"
    assert problems_of(refused) == problems


async def test_a_term_of_54_weeks_is_refused(office, year):
    refused = await office.post(
        "/v1/terms",
        json={"school_year_id": str(year.id), **TERM, "until": "2027-09-13"},
    )

    assert problems_of(refused) == [("/until", "too_long"), ("/starts", "outside_year")]


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"number": 3}, [("/number", "literal-error")]),
        ({"starts": "2026-02-30"}, [("/starts", "date-from-datetime-parsing")]),
        ({"starts": "2026-08-31T08:00:00"}, [("/starts", "date-from-datetime-inexact")]),
        ({"weeks": 20}, [("/weeks", "extra-forbidden")]),
        ({"until": None}, [("/until", "date-type")]),
    ],
)
async def test_a_term_that_cannot_be_read_is_named(office, year, change, problems):
    refused = await office.post(
        "/v1/terms", json={"school_year_id": str(year.id), **TERM, **change}
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")
    assert problems_of(refused) == problems


@pytest.mark.parametrize(
    "change",
    [
        {"valid_until": None},
        {"valid_until": "2027-08-01"},
        {"valid_until": "2027-07-01"},
        {"label": "2027-2029"},
        {"label": "2027/2028"},
        {"label": "2026-2027"},
        {"valid_until": "2029-08-01"},
    ],
)
async def test_a_school_year_spans_its_two_years(office, change):
    refused = await office.post("/v1/school-years", json=YEAR | change)

    assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")


async def test_years_and_terms_do_not_overlap(office, year):
    await opened(office, year)
    second = {"number": 2, "starts": "2027-01-18", "week_one": "2027-01-18", "until": "2027-07-10"}

    for body in ({"number": 2}, second, {}):
        refused = await office.post(
            "/v1/terms", json={"school_year_id": str(year.id), **TERM, **body}
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "term-exists"), body
    for another in (
        {"label": "2026-2027", "valid_from": "2026-09-01", "valid_until": "2027-09-01"},
        {"label": "2027-2028", "valid_from": "2027-07-31", "valid_until": "2028-08-01"},
    ):
        refused = await office.post("/v1/school-years", json=another)
        assert (refused.status_code, refused.json()["code"]) == (409, "school-year-exists")


async def test_terms_that_touch_do_not_overlap(office, year):
    await opened(office, year)

    await opened(
        office, year, number=2, starts="2027-01-23", week_one="2027-01-18", until="2027-07-10"
    )


async def test_a_term_changes_under_its_tag(office, year):
    made = await opened(office, year)
    path = f"/v1/terms/{made.json()['id']}"

    longer = await office.patch(
        path, json={"until": "2027-01-30"}, headers={"If-Match": made.headers["etag"]}
    )
    assert longer.status_code == 200, longer.text
    assert longer.json() == made.json() | {"until": "2027-01-30", "version": 2}

    assert (await office.patch(path, json={"until": "2027-01-20"})).status_code == 428
    stale = await office.patch(
        path, json={"until": "2027-01-20"}, headers={"If-Match": made.headers["etag"]}
    )
    assert (stale.status_code, stale.headers["etag"]) == (412, longer.headers["etag"])
    same = await office.patch(path, json={"until": "2027-01-30"}, headers={"If-Match": "*"})
    assert same.json()["version"] == 2
    unfit = await office.patch(path, json={"week_one": "2026-09-01"}, headers={"If-Match": "*"})
    assert unfit.json()["code"] == "term-unfit"
    nothing = await office.patch(path, json={"until": None}, headers={"If-Match": "*"})
    assert problems_of(nothing) == [("/until", "date-type")]


async def test_weeks_are_counted_anew_from_another_monday(office, year, make):
    campus = await make.campus(school=await make.school())
    made = await opened(office, year)

    moved = await office.patch(
        f"/v1/terms/{made.json()['id']}",
        json={"starts": "2026-09-07", "week_one": "2026-09-07"},
        headers={"If-Match": made.headers["etag"]},
    )

    assert moved.status_code == 200, moved.text
    found = await office.get(
        f"/v1/campuses/{campus.id}/teaching-days",
        params={"from": "2026-09-04", "until": "2026-09-08"},
    )
    assert [(day["week"], day["why_not"]) for day in found.json()["items"]] == [
        (None, "outside_term"),
        (None, "outside_term"),
        (None, "outside_term"),
        (1, None),
    ]


async def test_what_was_entered_by_mistake_is_dropped_from_the_leaf_up(office, year):
    made = await opened(office, year)
    term = f"/v1/terms/{made.json()['id']}"
    above = f"/v1/school-years/{year.id}"

    used = await office.delete(above, headers={"If-Match": "*"})
    assert (used.status_code, used.json()["code"]) == (409, "still-referenced")
    assert (await office.delete(term, headers={"If-Match": '"7"'})).status_code == 412
    for path in (term, above):
        assert (await office.delete(path)).status_code == 428
        assert (await office.delete(path, headers={"If-Match": "*"})).status_code == 204
        assert (await office.get(path)).status_code == 404
        assert (await office.delete(path, headers={"If-Match": "*"})).status_code == 404


async def test_only_the_district_decides_about_terms(as_, make, year):
    school = await make.school()
    group = await make.group(lead=school)
    body = {"school_year_id": str(year.id), **TERM}

    for client in (as_(Role.SCHOOL_ADMIN, school=school), as_(Role.GROUP_ADMIN, group=group)):
        assert (await client.post("/v1/terms", json=body)).status_code == 403
        assert (await client.post("/v1/school-years", json=YEAR)).status_code == 403
        gone = await client.delete(f"/v1/school-years/{year.id}", headers={"If-Match": "*"})
        assert gone.status_code == 403


async def test_another_districts_year_is_not_there(office, make):
    elsewhere = await make.at(None).district()
    foreign = await make.at(elsewhere).school_year()

    assert (await office.get(f"/v1/school-years/{foreign.id}")).status_code == 404
    refused = await office.post("/v1/terms", json={"school_year_id": str(foreign.id), **TERM})
    assert (refused.status_code, refused.json()["code"]) == (404, "school-year-not-found")
    for path in ("/v1/school-years", "/v1/terms"):
        assert (await office.get(path)).json()["items"] == []


async def test_only_checking_a_term_keeps_nothing(office, year):
    answer = await office.post(
        "/v1/terms",
        json={"school_year_id": str(year.id), **TERM},
        params={"validate_only": "true"},
    )

    assert answer.status_code == 201
    assert (await office.get("/v1/terms")).json()["items"] == []
