"""What people arranged with single lessons stands when a group's timetable is switched and back."""

import pytest

from service.kit.auth import Role
from tests.itinerant.conftest import act
from tests.itinerant.test_versions import AUTUMN, a_draft, period, timetable
from tests.timetable.absences import away, covers_of, read, step

__all__ = ["a_draft", "timetable"]

THE_TUESDAY, THE_WEDNESDAY = "2026-10-20", "2026-10-21"
ON_TUESDAY = {"starts_at": "2026-10-20T00:00:00+08:00", "ends_at": "2026-10-21T00:00:00+08:00"}


@pytest.fixture
async def switched(town, a_draft, timetable):
    """Tuesdays and Thursdays at first, Tuesdays and Fridays in another version, and back again."""
    first = await a_draft(patterns=[{"weekday": 2, "period": 5}, {"weekday": 4, "period": 5}])
    one = await timetable.published()

    async def there_and_back():
        await timetable.amend(first, patterns=[period(town, 2), period(town, 5)])
        two = await timetable.published(from_date=AUTUMN)
        assert len(two["diff"]["changed"]) == 1
        yield
        back = await timetable.restore(one, from_date=AUTUMN)
        assert back.status_code == 201, back.text
        yield

    return there_and_back


async def lesson_of(client, teacher, day):
    found = await client.get(
        "/v1/lessons", params={"teacher_id": str(teacher.id), "from": day, "limit": 1}
    )
    (lesson,) = found.json()["items"]
    assert lesson["on_date"] == day
    return lesson


async def test_a_cover_outlives_another_version_and_the_way_back(make, town, as_, switched):
    office = as_(Role.DISTRICT_ADMIN)
    await away(as_(Role.GROUP_ADMIN, group=town.group), office, town.teacher, **ON_TUESDAY)
    (needed,) = await covers_of(office)
    standin = await make.teacher(school=town.home)
    assigned = await step(office, f"covers/{needed['id']}:assign", teacher_id=str(standin.id))
    assert assigned.status_code == 200, assigned.text
    lesson = await read(office, f"lessons/{needed['lesson_id']}")

    async for _ in switched():
        assert await read(office, f"covers/{needed['id']}") == assigned.json()
        assert await read(office, f"lessons/{needed['lesson_id']}") == lesson
        assert (lesson["change"], lesson["teacher"]["id"]) == ("covered", str(standin.id))


async def test_a_swap_outlives_another_version_and_the_way_back(make, town, as_, switched):
    colleague = await make.teacher(school=town.host, subjects=(("13", "2"),))
    await make.slot(teacher=colleague, classes=[town.host_class], weekday=3, period=5, subject="13")
    herself = as_(Role.TEACHER, teacher=town.teacher, school=town.home)
    other = as_(Role.TEACHER, teacher=colleague, school=town.host)
    office = as_(Role.DISTRICT_ADMIN)
    both = [
        await lesson_of(office, town.teacher, THE_TUESDAY),
        await lesson_of(office, colleague, THE_WEDNESDAY),
    ]
    body = {"lesson_ids": [one["id"] for one in both], "reason": "外出培训"}
    proposed = await herself.post("/v1/swaps", json=body)
    assert proposed.status_code == 201, proposed.text
    await step(other, f"swaps/{proposed.json()['id']}:consent")
    done = await act(office, "swaps", proposed.json(), "approve")
    assert done.json()["state"] == "done", done.text
    after = [await read(office, f"lessons/{one['id']}") for one in both]
    assert [one["on_date"] for one in after] == [THE_WEDNESDAY, THE_TUESDAY]

    async for _ in switched():
        assert (await read(office, f"swaps/{proposed.json()['id']}"))["state"] == "done"
        assert [await read(office, f"lessons/{one['id']}") for one in both] == after
