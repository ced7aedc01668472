"""A district whose history is written at random, and those who follow it."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, func, text, update
from sqlmodel import col, select

from huangge_client import Replica, sync
from huangge_client.feed import pages
from service.calendar.tables import CalendarDay
from service.feed import following
from service.feed.queries import changes as queries
from service.feed.tables import FeedState
from service.kit.auth import Role, system
from service.kit.changes import Change
from service.kit.db import Database, days
from service.kit.ids import new_id
from service.kit.journal import record, record_many
from service.network.tables import Membership, School
from service.staff.tables import Employment, Teacher
from service.timetable.rules import LessonStatus
from service.timetable.tables import Lesson
from tests.factories import timetable

TODAY = date(2026, 8, 25)
ANY = {"If-Match": "*"}
Readers = dict[str, tuple[httpx.AsyncClient, Replica]]


@dataclass
class World:
    """Three schools, two of them in a group; teachers, classes, lessons; and what is under way."""

    database: Database
    district: Any
    make: Any
    schools: list[Any]
    group: Any
    teachers: list[Any]
    classes: list[Any]
    office: httpx.AsyncClient
    followers: Readers
    open: list[tuple[AsyncExitStack, Any]] = field(default_factory=list)
    periods: int = 0

    @property
    def by(self) -> Any:
        return system(self.district.id)

    # What happens

    async def rename(self, one: int, other: int) -> None:
        school = self.schools[one % 3]
        name = f"学校{other % 4}"
        await self._ok(
            self.office.patch(
                f"/v1/schools/{school.id}", json={"short_name": name}, headers=ANY, timeout=30
            )
        )

    async def lay(self, one: int, other: int) -> None:
        """A weekly slot: one change for all of its lessons."""
        if self.periods == 15:
            return
        weekday, period = 1 + self.periods % 5, 1 + self.periods // 5
        self.periods += 1
        taught = self.classes[one % 3]
        teacher = self.teachers[other % len(self.teachers)]
        async with self.database.write(self.district.id) as db:
            slot_id = await timetable.slot(
                db,
                district=self.district,
                teacher=teacher,
                classes=[taught],
                weekday=weekday,
                period=period,
                valid_until=date(2026, 9, 21),
            )
            await record_many(
                db,
                "lessons.laid",
                by=self.by,
                collection="lessons",
                resources=[(slot_id, 1)],
                reach=[taught.school_id, teacher.id],
                spread=True,
            )

    async def cancel(self, one: int, _: int) -> None:
        lesson = await self._lesson(one)
        if lesson is not None:
            await self._ok(
                self.office.post(
                    f"/v1/lessons/{lesson.id}:cancel", json={"reason": "停电"}, headers=ANY
                )
            )

    async def hand(self, one: int, other: int) -> None:
        """Another teacher takes a lesson, as a cover would have it."""
        lesson = await self._lesson(one)
        if lesson is None:
            return
        teacher = self.teachers[other % len(self.teachers)]
        async with self.database.write(self.district.id) as db:
            row = await db.get_one(Lesson, (self.district.id, lesson.id), with_for_update=True)
            before = row.teacher_id
            row.substitute_id = None if teacher.id == row.original_teacher_id else teacher.id
            row.version += 1
            await db.flush()
            await record(db, "lesson.covered", row, by=self.by, reach=[before, teacher.id])

    async def decide(self, one: int, _: int) -> None:
        """A date is decided, or no longer: a row that comes and goes."""
        school = self.schools[one % 3]
        place = f"/v1/calendar-days/school/{school.id}/2026-10-1{one % 4}"
        if (await self.office.get(place)).status_code == 200:
            await self._ok(self.office.delete(place, headers=ANY))
        else:
            await self._ok(
                self.office.put(place, json={"kind": "activity", "reason": "运动会"}, headers=ANY)
            )

    async def join(self, one: int, _: int) -> None:
        """The third school joins the group, or leaves it today."""
        async with self.database.write(self.district.id) as db:
            statement = select(Membership).where(
                col(Membership.school_id) == self.schools[2].id,
                func.upper(col(Membership.valid)).is_(None),
            )
            row = (await db.exec(statement)).one_or_none()
            event = "membership.ended"
            if row is None:
                event = "membership.started"
                row = Membership(
                    district_id=self.district.id,
                    group_id=self.group.id,
                    school_id=self.schools[2].id,
                    tier="alliance",
                    valid=days(TODAY, None),
                )
                db.add(row)
            elif one % 2:
                event = "membership.withdrawn"
                row.version += 1
                await db.delete(row)
            else:
                row.version += 1
                row.valid = days(date(2026, 1, 1), TODAY - timedelta(days=30))
            await db.flush()
            gone = event == "membership.withdrawn"
            reach = [self.group.id, row.school_id]
            await record(db, event, row, by=self.by, reach=reach, gone=gone)

    async def transfer(self, one: int, other: int) -> None:
        """A teacher goes to another school."""
        teacher, school = self.teachers[one % len(self.teachers)], self.schools[other % 3]
        async with self.database.write(self.district.id) as db:
            row = await db.get_one(Teacher, (self.district.id, teacher.id), with_for_update=True)
            statement = select(Employment).where(col(Employment.teacher_id) == teacher.id)
            employment = (await db.exec(statement)).one()
            before, employment.school_id = employment.school_id, school.id
            row.version += 1
            await db.flush()
            reach = [before, school.id, teacher.id]
            await record(db, "teacher.transferred", row, by=self.by, reach=reach)

    async def start(self, one: int, other: int) -> None:
        """Somebody begins to write and does not come to an end."""
        if len(self.open) == 2:
            return
        stack = AsyncExitStack()
        db = await stack.enter_async_context(self.database.write(self.district.id))
        row = School(
            district_id=self.district.id,
            name=f"新校{one}-{other}-{len(self.open)}-{new_id()}",
            type_code="211",
            urban_rural_code="111",
        )
        db.add(row)
        await db.flush()
        await record(db, "school.registered", row, by=self.by, reach=[row.id])
        self.open.append((stack, db))

    async def finish(self, one: int, other: int) -> None:
        """One who began ends, or takes everything back."""
        if self.open:
            stack, db = self.open.pop(one % len(self.open))
            if other % 3 == 0:
                await db.rollback()
            await stack.aclose()

    async def read_all(self, one: int, _: int) -> None:
        client, replica = self._follower(one)
        await sync(client, replica, limit=50)

    async def read_a_page(self, one: int, other: int) -> None:
        """A reader takes one page and is killed in the middle of the next."""
        client, replica = self._follower(one)
        await anext(pages(client, replica, limit=1 + other % 7))
        await kill_within_a_page(client, replica, limit=1 + other % 7)

    async def trim(self, _: int, __: int) -> None:
        """What has settled is kept no longer."""
        async with self.database.write(self.district.id) as db:
            settled = col(Change.xid) < text("huangge_settled_before()")
            mine = col(Change.district_id) == self.district.id
            newest = (
                select(Change.xid, Change.seq)
                .where(mine, settled)
                .order_by(col(Change.xid).desc(), col(Change.seq).desc())
                .limit(1)
            )
            last = (await db.exec(newest)).one_or_none()
            if last is not None:
                await db.exec(delete(Change).where(mine, settled))
                await db.exec(
                    update(FeedState)
                    .where(col(FeedState.district_id) == self.district.id)
                    .values(trimmed_xid=int(last[0] or 0), trimmed_seq=last[1])
                )

    async def restore(self, _: int, __: int) -> None:
        """The district comes back from a backup: an epoch begins."""
        async with self.database.write(self.district.id) as db:
            now = (await queries.moment(db, district_id=self.district.id))[0]
            await following.begin(db, district_id=self.district.id, now=now, anew=True)

    # What is true

    async def end(self) -> None:
        """Whoever still writes comes to an end."""
        while self.open:
            await self.finish(0, 1)

    async def tables(self) -> dict[str, dict[str, int]]:
        """The versions that the tables hold, by collection."""
        found = {}
        async with self.database.read(self.district.id) as db:
            for table in (School, Membership, Teacher, CalendarDay, Lesson):
                rows = await db.exec(select(table.id, table.version))
                found[table.__collection__] = {str(id_): version for id_, version in rows}
        return found

    def _follower(self, one: int) -> tuple[httpx.AsyncClient, Replica]:
        return list(self.followers.values())[one % len(self.followers)]

    async def _lesson(self, one: int) -> Lesson | None:
        statement = (
            select(Lesson)
            .where(col(Lesson.status) == LessonStatus.SCHEDULED)
            .order_by(col(Lesson.id))
        )
        async with self.database.read(self.district.id) as db:
            rows = (await db.exec(statement)).all()
        return rows[one % len(rows)] if rows else None

    @staticmethod
    async def _ok(asking: Awaitable[httpx.Response]) -> None:
        answer = await asking
        assert answer.status_code < 300, answer.text


async def joins(make: Any, database: Database, *, group: Any, school: Any) -> None:
    """A school joins a group, and the change is recorded."""
    row = await make.member(group=group, school=school, valid=days(TODAY, None))
    async with database.write(row.district_id) as db:
        by, reach = system(row.district_id), [row.group_id, row.school_id]
        await record(db, "membership.started", row, by=by, reach=reach)


async def kill_within_a_page(client: httpx.AsyncClient, replica: Replica, *, limit: int) -> None:
    """Let a reader die while it writes a page down: nothing of the page may stay."""
    token, rows = replica.token, replica.digests()
    with closing(sqlite3.connect(replica.path)) as other:
        other.execute(
            "CREATE TRIGGER killed BEFORE UPDATE ON position"
            " WHEN new.token IS NOT NULL BEGIN SELECT RAISE(ABORT, 'killed'); END"
        )
        other.commit()
        with pytest.raises(sqlite3.IntegrityError, match="killed"):
            await anext(pages(client, replica, limit=limit))
        other.execute("DROP TRIGGER killed")
        other.commit()
    assert replica.digests() == rows
    assert replica.token in {token, None}


async def world(make: Any, as_: Any, database: Database, replicas: Callable[[], Replica]) -> World:
    """A new district."""
    district = await make.district()
    make = make.at(district)
    schools = [await make.school() for _ in range(3)]
    group = await make.group(lead=schools[0], close=[schools[1]])
    campuses = [await make.campus(school=school) for school in schools]
    for campus in campuses:
        await make.bell_times(campus=campus)
    await make.school_term()
    classes = [await make.class_section(campus=campus) for campus in campuses]
    teachers = [await make.teacher(school=school) for school in schools for _ in range(2)]
    office = as_(Role.DISTRICT_ADMIN, district=district)
    clients = {
        "district": office,
        "again": office,
        "group": as_(Role.GROUP_ADMIN, group=group, district=district),
        "school": as_(Role.PARTNER, school=schools[0], district=district),
        "teacher": as_(Role.TEACHER, teacher=teachers[0], school=schools[0], district=district),
    }
    followers = {name: (client, replicas()) for name, client in clients.items()}
    return World(database, district, make, schools, group, teachers, classes, office, followers)
