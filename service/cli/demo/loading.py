"""Loads the demo district the way every district moves in, and lays its logins down.

A load that was interrupted is taken up again: the rows of a workbook and the logins come out the
same however often they are laid.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from uuid import UUID

from rich.console import Console
from sqlalchemy import text

from service import wiring
from service.accounts.clients import Organisation
from service.accounts.logins import create_client, create_login
from service.accounts.rules import Scope
from service.cli.bar import Tell, told
from service.cli.demo import anchors, cohort, offices
from service.cli.demo.part import Part
from service.cli.demo.workbook import books, first_book, later_books
from service.cli.demo.year import FIRST_DAY
from service.cli.districts import open_district, opener
from service.cli.errors import CommandError
from service.kit.auth import Caller, Reach, Role
from service.kit.db import AsyncSession, Database
from service.kit.ids import new_id
from service.kit.problems import Text
from service.network.tables import District
from service.partners.loading import Refused, load_workbook

PASSWORD = "huangge-demo"
CLIENT_ID = "demo-partner"
CLIENT_SECRET = "huangge-demo-secret"

_SHOWN = 5
_LETTING_IN = Text("建立演示账号", "Making the demo logins")

_WHERE = text(
    "SELECT (SELECT id FROM school_group WHERE name = :group) AS group_id,"
    " (SELECT school_id FROM school_identifier WHERE code = :lead) AS lead_id,"
    " (SELECT school_id FROM school_identifier WHERE code = :rural) AS rural_id"
)
_WHO = text("SELECT id, name FROM teacher WHERE number = :number")


def invented(scale: float) -> Sequence[bytes]:
    """The demo district as workbooks: one, or several where one would be too long."""
    return [book.content() for book in books(scale)]


def in_turns(scale: float, part: Part) -> Iterator[bytes]:
    """The same district in smaller workbooks: the first at once, others when they are asked for."""
    first = [] if part is Part.REST else [first_book().content()]
    later = [] if part is Part.BEGINNING else later_books(scale)
    return chain(first, (book.content() for book in later))


def load(
    url: str, workbooks: Iterable[bytes], *, console: Console, part: Part = Part.WHOLE
) -> None:
    """Load the demo district, or what is missing of it.

    The logins are laid once the first workbook is there: all of them work in its schools.

    Raises
    ------
    CommandError
        Its rows are refused: somebody has changed the district too much to complete it.
    """
    wiring.load_tables()
    with told(console) as tell:
        try:
            asyncio.run(_load(url, iter(workbooks), furnished=part is Part.REST, tell=tell))
        except Refused as refused:
            first = "\n".join(
                f"{problem.sheet} {problem.row} {problem.column}: {problem.message.en}"
                for problem in refused.findings.problems[:_SHOWN]
            )
            raise CommandError(f"The demo district does not fit: {refused}\n{first}") from refused


def write(file: Path, workbooks: Sequence[bytes]) -> None:
    """Write the demo district down instead."""
    for number, content in enumerate(workbooks, start=1):
        name = file if number == 1 else file.with_stem(f"{file.stem}-{number}")
        name.write_bytes(content)


async def _load(url: str, workbooks: Iterator[bytes], *, furnished: bool, tell: Tell) -> None:
    """While the database writes a workbook, the next one is made."""
    database = Database(url)
    try:
        by = opener(await district_id(database))
        content = await asyncio.to_thread(next, workbooks, None)
        while content is not None:
            upcoming = asyncio.create_task(asyncio.to_thread(next, workbooks, None))
            await load_workbook(database, content, by=by, progress=tell)
            if not furnished:
                await tell(_LETTING_IN, 1.0)
                await _furnish(database, by=by)
                furnished = True
            content = await upcoming
    finally:
        await database.close()


async def _furnish(database: Database, *, by: Caller) -> None:
    async with database.write(by.district_id) as db:
        await _let_in(db, by=by)
        await cohort.set_up(db, by=by)
        await offices.set_up(db, by=by)


async def district_id(database: Database) -> UUID:
    """The demo district, opened if it is not there."""
    async with database.read(None) as db:
        statement = text("SELECT id FROM district WHERE code = :code")
        found = await (await db.connection()).scalar(statement, {"code": anchors.DISTRICT_CODE})
    if found is not None:
        known: UUID = found
        return known
    row = District(
        id=new_id(),
        code=anchors.DISTRICT_CODE,
        name=anchors.DISTRICT_NAME,
        name_en=anchors.DISTRICT_NAME_EN,
        zone=anchors.ZONE,
    )
    async with database.write(row.id) as db:
        await open_district(db, caller=opener(row.id), row=row)
    return row.id


async def _let_in(db: AsyncSession, *, by: Caller) -> None:
    found = await (await db.connection()).execute(
        _WHERE,
        {"group": anchors.GROUP, "lead": anchors.LEAD_SCHOOL, "rural": anchors.RURAL_SCHOOL},
    )
    at = found.one()
    offices = (
        ("district", "区教委办公室", Role.DISTRICT_ADMIN, Reach.DISTRICT, None),
        ("group", "集团办公室", Role.GROUP_ADMIN, Reach.GROUP, at.group_id),
        ("school", "学校办公室", Role.SCHOOL_ADMIN, Reach.SCHOOL, at.rural_id),
        ("auditor", "督查员", Role.AUDITOR, Reach.DISTRICT, None),
    )
    for username, name, role, reach, target_id in offices:
        await create_login(
            db,
            by=by,
            username=username,
            password=PASSWORD,
            display_name=name,
            role=role,
            reach=reach,
            target_id=target_id,
            teacher_id=None,
            since=FIRST_DAY,
        )
    for username, number, school_id in (
        ("teacher", anchors.ITINERANT, at.lead_id),
        ("mentor", anchors.MENTOR, at.lead_id),
        ("mentee", anchors.MENTEE, at.rural_id),
    ):
        person = (await (await db.connection()).execute(_WHO, {"number": number})).one()
        await create_login(
            db,
            by=by,
            username=username,
            password=PASSWORD,
            display_name=person.name,
            role=Role.TEACHER,
            reach=Reach.SELF,
            target_id=school_id,
            teacher_id=person.id,
            since=FIRST_DAY,
        )
    await create_client(
        db,
        by=by,
        client_id=CLIENT_ID,
        secret=CLIENT_SECRET,
        name="演示合作系统",
        scopes=(
            Scope.SCHEDULE_READ,
            Scope.PEOPLE_READ,
            Scope.GROUPS_READ,
            Scope.WEBHOOKS_WRITE,
        ),
        organisations=(Organisation(Reach.DISTRICT),),
    )
