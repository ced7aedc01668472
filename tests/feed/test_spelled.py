"""Lessons that PostgreSQL spells are, to the letter, what the list of lessons shows."""

from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from service.kit.auth import Role
from service.timetable.tables import Lesson

WORDS = '“校运会”,"A\\B"\n第二行 🌳'
MOMENT = datetime(2026, 8, 25, 8, 30, 1, 120_000, tzinfo=UTC)
CAMPUSES = (
    {"zone": "Asia/Shanghai", "name": '东"校\\区"'},
    {"zone": "America/St_Johns", "name": "西校区"},
    {"zone": "Asia/Kathmandu", "name": "南校区"},
)


@pytest.fixture
async def shapes(make, town, district, database):
    """Lessons at three clocks, each changed in another way."""
    await make.code_item(list="local_subject", code="L1", zh="石柱土家舞", en="Tujia dance")
    await make.code_item(list="local_subject", code="L2", zh="川江号子", en=None)
    substitute = await make.teacher(school=town.host, name='代"课"\\老师')
    for number, (values, subject) in enumerate(zip(CAMPUSES, ("L1", "L2", "24"), strict=True)):
        campus = await make.campus(school=town.home, **values)
        await make.bell_times(campus=campus)
        rooms = [await make.room(campus=campus, name=name) for name in ('舞"蹈"室', "操场")]
        taught = [await make.class_section(campus=campus, name=name) for name in ("二班", "一班")]
        slot = await make.slot(
            teacher=town.teacher,
            classes=taught,
            campus_id=campus.id,
            weekday=number + 1,
            period=2,
            subject=subject,
            room_id=None if number == 2 else rooms[0].id,
        )
        async with database.write(district.id) as db:
            laid = select(Lesson).where(col(Lesson.slot_id) == slot).order_by(col(Lesson.on_date))
            plain, covered, moved, elsewhere, cancelled, *_ = (await db.exec(laid)).all()
            assert plain.change is None
            covered.substitute_id, covered.change = substitute.id, "covered"
            covered.reason, covered.changed_by, covered.changed_at = WORDS, "教务", MOMENT
            moved.original_starts_at, moved.original_ends_at = moved.starts_at, moved.ends_at
            moved.starts_at, moved.period = moved.starts_at.replace(microsecond=700), None
            elsewhere.room_id, elsewhere.period, elsewhere.change = rooms[1].id, 3, "moved"
            cancelled.status, cancelled.change, cancelled.room_id = "cancelled", "cancelled", None


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_lesson_is_told_as_it_is_listed(shapes, as_, settled, language):
    office = as_(Role.DISTRICT_ADMIN)
    spoken = {"Accept-Language": language}
    await settled()
    listed, path = [], "/v1/lessons?limit=200"
    while path:
        page = await office.get(path, headers=spoken)
        listed += page.json()["items"]
        path = page.links.get("next", {}).get("url")

    told, token = [], None
    while True:
        asked = {"limit": 13} | ({"since": token} if token else {"collections": "lessons"})
        page = (await office.get("/v1/changes", params=asked, headers=spoken)).json()
        told += [item["data"] for item in page["items"]]
        token = page["next_token"]
        if not page["has_more"]:
            break

    assert told == sorted(listed, key=lambda one: one["id"])
    assert len({str(one["original"]) for one in told}) > 5, "some are changed"
    assert {one["starts_at"][-6:] for one in told} >= {"+08:00", "-02:30", "+05:45"}
