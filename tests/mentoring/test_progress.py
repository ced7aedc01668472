"""How far pairs have come: what is confirmed against the plan, and the list of those behind."""

from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from service.kit import clock
from service.kit.auth import Role
from service.kit.db import days


@pytest.fixture(autouse=True)
def _november():
    with clock.freeze(datetime(2026, 11, 10, 1, tzinfo=UTC)):
        yield


@pytest.fixture
async def term(make):
    return await make.school_term(first_day=date(2026, 9, 1), last_day=date(2027, 1, 18))


@pytest.fixture
async def schools(make):
    town, rural = await make.school(), await make.school(urban_rural_code="220")
    await make.group(lead=town, close=[rural])
    return town, rural


@pytest.fixture
async def pair(make, schools, term):
    mentor, mentee = [await make.teacher(school=school) for school in schools]
    row = await make.pairing(mentor=mentor, mentee=mentee, role="cross_school")
    return row, mentor, mentee


def rows_of(answer):
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    return book.get_sheet_by_index(0).to_python(skip_empty_area=True)


async def observe(make, pair, *, count, observed="mentee", state="confirmed", **more):
    row, mentor, _ = pair
    done = {"state": state, "confirmed_at": clock.now() if state == "confirmed" else None}
    for _ in range(count):
        await make.log_entry(
            pairing=row, writer=mentor, kind="observation", observed=observed, **done, **more
        )


async def test_a_pair_sees_what_is_left_of_the_term(as_, make, pair, term):
    row, mentor, mentee = pair
    await observe(make, pair, count=3)
    await observe(make, pair, count=2, state="written")
    await observe(make, pair, count=9, on_date=date(2027, 1, 19))
    path = f"/v1/pairings/{row.id}/progress"

    told = (await as_(Role.TEACHER, teacher=mentee).get(path)).json()
    stranger = await as_(Role.TEACHER, teacher=await make.teacher()).get(path)
    later = await make.spring_term(first_day=date(2027, 2, 22), last_day=date(2027, 7, 9))
    spring = (await as_(Role.TEACHER, teacher=mentor).get(f"{path}?term_id={later.id}")).json()
    unknown = await as_(Role.DISTRICT_ADMIN).get(f"{path}?term_id={row.id}")

    by_mentor = next(one for one in told["items"] if one["item"] == "observed_by_mentor")
    assert by_mentor["item_label"] == "导师听徒弟的课"
    assert [by_mentor[name] for name in ("planned", "confirmed", "waiting", "left")] == [8, 3, 2, 5]
    assert (by_mentor["due"], by_mentor["behind"]) == (4, 1)
    assert (told["term"]["id"], told["catch_up_by"]) == (str(term.id), "2027-01-18")
    assert told["term"]["label"] == "2026-2027 学年第 1 学期"
    kinds = {one["kind"]: (one["confirmed"], one["waiting"]) for one in told["kinds"]}
    assert kinds["observation"] == (3, 2)
    assert (spring["left"], spring["behind"]) == (19, 0)
    assert (stranger.status_code, unknown.status_code) == (404, 422)
    assert unknown.json()["code"] == "mentoring-term-unfit"


async def test_the_office_lists_who_is_behind_and_prints_it(as_, make, pair, schools, term):
    row, _, mentee = pair
    programme = await make.programme(year=term.school_year_id, valid=days(date(2026, 8, 15), None))
    helper = await make.teacher(school=schools[1])
    good = await make.pairing(mentor=helper, mentee=mentee)
    other = (good, helper, mentee)
    await observe(make, other, count=4)
    await observe(make, other, count=4, observed="mentor")
    for _ in range(2):
        await make.log_entry(
            pairing=good,
            writer=helper,
            kind="lesson_plan",
            state="confirmed",
            confirmed_at=clock.now(),
        )
    # Not begun, and over: neither is at work.
    await make.pairing(
        mentor=helper, mentee=await make.teacher(school=schools[1]), state="proposed"
    )
    elsewhere = await make.school()
    office, path = as_(Role.DISTRICT_ADMIN), f"/v1/mentoring-programmes/{programme.id}/progress"

    async def ids(client, query=""):
        return {one["pairing_id"] for one in (await client.get(path + query)).json()["items"]}

    behind = (await office.get(f"{path}?behind=true")).json()["items"]
    assert [one["pairing_id"] for one in behind] == [str(row.id)]
    assert (behind[0]["behind"], behind[0]["left"]) == (9, 19)
    assert await ids(office) == {str(row.id), str(good.id)}
    assert await ids(office, "?behind=false") == {str(good.id)}
    assert await ids(office, f"?school_id={schools[0].id}") == set()
    first = (await office.get(f"{path}?limit=1")).json()
    assert len(first["items"]) == 1
    assert await ids(office, f"?limit=1&cursor={first['next_cursor']}") == {
        str(row.id),
        str(good.id),
    } - {first["items"][0]["pairing_id"]}
    own = as_(Role.SCHOOL_ADMIN, school=schools[1])
    other_school = as_(Role.SCHOOL_ADMIN, school=elsewhere)
    assert (await ids(own), await ids(other_school)) == ({str(row.id), str(good.id)}, set())

    printed = rows_of(await office.get(f"{path}.xlsx?behind=true"))
    assert printed[0][0] == "帮扶进度滞后名单"
    assert printed[3][1] == mentee.name
    assert printed[3][-1] == date(2027, 1, 18)
    assert printed[3][-2] == 9
    assert len(rows_of(await office.get(f"{path}.xlsx"))) == 5


async def test_a_mentor_who_took_over_owes_a_part(as_, make, schools, term):
    mentor, mentee = [await make.teacher(school=school) for school in schools]
    late = days(date(2026, 12, 14), date(2027, 7, 10))
    row = await make.pairing(mentor=mentor, mentee=mentee, role="cross_school", valid=late)

    told = (await as_(Role.DISTRICT_ADMIN).get(f"/v1/pairings/{row.id}/progress")).json()

    assert [one["planned"] for one in told["items"]] == [1, 3, 3]


async def test_a_year_without_terms_says_so(as_, make):
    programme = await make.programme(year=await make.school_year())

    answer = await as_(Role.DISTRICT_ADMIN).get(f"/v1/mentoring-programmes/{programme.id}/progress")

    assert (answer.status_code, answer.json()["code"]) == (422, "mentoring-term-unfit")
