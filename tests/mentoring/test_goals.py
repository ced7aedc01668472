"""What a pair wants to reach: a term's goals in numbers, and three years of growth."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit.auth import Role
from service.mentoring.rules import PairingState
from service.mentoring.rules.goal import share_done
from tests.mentoring.conftest import ANY

pytestmark = pytest.mark.usefixtures("autumn")

LESSONS = {"name": "汇报课", "target": 2, "unit": "节"}
NOTE = "🎵 <script>alert(1)</script>"
PLANS = {"name": "教案", "target": 3, "unit": "篇", "done": 3, "note": NOTE}
YEARS = [{"goal": "站稳讲台"}, {"goal": "教学能手", "measures": "公开课"}, {"goal": "骨干教师"}]


@pytest.fixture
async def term(make):
    return await make.school_term()


@pytest.fixture
async def pairing(make, mentor, mentee):
    return await make.pairing(mentor=mentor, mentee=mentee, role="cross_school")


@pytest.fixture
def the_two(as_, mentor, mentee):
    return as_(Role.TEACHER, teacher=mentor), as_(Role.TEACHER, teacher=mentee)


async def test_the_two_set_a_terms_goals_and_count_what_is_done(
    the_two, as_, schools, pairing, term
):
    path = f"/v1/pairings/{pairing.id}/goal-plans"
    body = {"term_id": str(term.id), "summary": "站稳讲台", "items": [LESSONS, PLANS]}

    made = await the_two[0].post(path, json=body)
    plan = f"/v1/goal-plans/{made.json()['id']}"
    counted = {"summary": "站稳讲台", "items": [{**LESSONS, "done": 1}, PLANS]}
    changed = await the_two[1].put(plan, json=counted, headers={"If-Match": made.headers["etag"]})
    stale = await the_two[0].put(plan, json=counted, headers={"If-Match": made.headers["etag"]})
    twice = await the_two[0].post(path, json=body)
    school = as_(Role.SCHOOL_ADMIN, school=schools[1])
    (listed,) = (await school.get(path)).json()["items"]
    elsewhere = await as_(Role.SCHOOL_ADMIN, school=schools[0]).get(plan)

    assert made.status_code == 201
    assert (made.json()["share"], changed.json()["share"]) == (50, 75)
    assert stale.status_code == 412
    assert (twice.status_code, twice.json()["code"]) == (409, "goal-plan-exists")
    assert (listed["school_year"], listed["term_number"]) == ("2026-2027", 1)
    assert listed["items"][1]["note"] == NOTE
    assert elsewhere.status_code == 200  # the mentor's own school
    assert (await school.put(plan, json=counted, headers=ANY)).status_code == 403


async def test_goals_that_do_not_fit_are_refused(make, the_two, pairing, term, mentor, mentee):
    path = f"/v1/pairings/{pairing.id}/goal-plans"
    ended = await make.pairing(mentor=mentor, mentee=mentee, state=PairingState.ENDED)
    later = await make.next_term(term=term, first_day=date(2027, 8, 30), last_day=date(2028, 1, 10))

    async def refused(body, at=path):
        answer = await the_two[0].post(at, json={"term_id": str(term.id), **body})
        return answer.status_code, answer.json()["errors"][0]["pointer"]

    assert await refused({"items": [LESSONS, LESSONS]}) == (422, "/items/1/name")
    assert await refused({"items": []}) == (422, "/items")
    assert await refused({"items": [{**LESSONS, "target": 0}]}) == (422, "/items/0/target")
    assert await refused({"term_id": str(pairing.id), "items": [LESSONS]}) == (422, "/term_id")
    assert await refused({"term_id": str(later.id), "items": [LESSONS]}) == (422, "/term_id")
    over = await the_two[0].post(
        f"/v1/pairings/{ended.id}/goal-plans", json={"term_id": str(term.id), "items": [LESSONS]}
    )
    assert over.json()["code"] == "goal-pairing-over"


async def test_a_mentee_plans_three_years_which_the_mentors_and_offices_read(
    the_two, as_, make, schools, mentee, pairing
):
    path = f"/v1/mentees/{mentee.id}/growth-plans"
    body = {"first_year": 2026, "vision": "三年成为骨干教师", "years": YEARS}

    made = await the_two[1].post(path, json=body)
    later = await the_two[0].post(path, json={**body, "first_year": 2028})
    plan = f"/v1/growth-plans/{made.json()['id']}"
    done = [{**YEARS[0], "outcome": "已达成"}, *YEARS[1:]]
    changed = await the_two[0].put(
        plan,
        json={"vision": "三年成为骨干教师", "years": done},
        headers={"If-Match": made.headers["etag"]},
    )
    (listed,) = (await the_two[0].get(path)).json()["items"]
    office = await as_(Role.SCHOOL_ADMIN, school=schools[1]).get(plan)
    stranger = as_(Role.TEACHER, teacher=await make.teacher(school=schools[0]))

    assert (made.json()["valid_from"], made.json()["valid_until"]) == ("2026-09-01", "2029-09-01")
    assert [one["school_year"] for one in listed["years"]] == [
        "2026-2027",
        "2027-2028",
        "2028-2029",
    ]
    assert (later.status_code, later.json()["code"]) == (409, "growth-plan-exists")
    assert changed.json()["years"][0]["outcome"] == "已达成"
    assert office.status_code == 200
    assert [(await stranger.get(one)).status_code for one in (plan, path)] == [404, 404]


async def test_who_is_no_mentee_plans_no_growth(as_, mentor):
    answer = await as_(Role.TEACHER, teacher=mentor).post(
        f"/v1/mentees/{mentor.id}/growth-plans",
        json={"first_year": 2026, "vision": "名师", "years": YEARS},
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "growth-plan-not-of-the-mentee")


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), max_size=6))
def test_the_share_is_full_exactly_when_everything_is_done(items):
    share = share_done(items)

    assert 0 <= share <= 100
    assert (share == 100) == (bool(items) and all(done >= target for done, target in items))
