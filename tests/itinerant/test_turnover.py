"""A school leaves its group: what itinerant teachers still have there is said, and looked after."""

import pytest

from service.itinerant.watch import BEYOND
from service.kit.auth import Role


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
async def published(make, town, office):
    """Tuesday afternoons at a third school, which may leave."""
    leaving = await make.school(name="即将退出小学")
    campus = await make.campus(school=leaving)
    await make.bell_times(campus=campus)
    await make.member(group=town.group, school=leaving)
    draft = await make.assignment(
        teacher=town.teacher,
        home=town.home,
        campus=campus,
        group=town.group,
        term=town.term,
        classes=[await make.class_section(campus=campus)],
    )
    answer = await office.post(f"/v1/assignments/{draft.id}:publish", headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    return leaving


async def leave(client, town, school, on, **params):
    body = {
        "effective_on": on,
        "reason": "调整集团布局",
        "steps": [{"action": "leave", "school_id": str(school.id)}],
    }
    path = f"/v1/groups/{town.group.id}/membership-changes"
    answer = await client.post(path, json=body, params=params)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def tasks(client):
    found = (await client.get("/v1/tasks", params={"state": "open"})).json()["items"]
    return [one for one in found if one["kind"] == BEYOND]


async def test_what_goes_on_without_a_membership_is_said_before_and_looked_after(
    town, office, published
):
    before = await leave(office, town, published, "2026-12-01", validate_only="true")
    assert await tasks(office) == []

    done = await leave(office, town, published, "2026-12-01")

    assert before["assignments_beyond"] == done["assignments_beyond"] == 1
    assert before["lessons_beyond"] == done["lessons_beyond"] == 7
    (task,) = await tasks(office)
    assert task["due_on"] == "2026-12-01"
    assert "即将退出小学" in task["title"]


async def test_what_ends_before_is_nobodys_task(make, town, office, published):
    done = await leave(office, town, published, "2027-01-16")

    assert (done["assignments_beyond"], done["lessons_beyond"]) == (0, 0)
    assert await tasks(office) == []
