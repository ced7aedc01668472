"""Opens a district: its first row, and the first person, who may let others in."""

import asyncio
import re
from uuid import UUID

from sqlmodel import col, select

from service import wiring
from service.accounts.logins import create_login
from service.accounts.rules import is_username
from service.cli.errors import CommandError
from service.kit.auth import Caller, Reach, Role, system
from service.kit.db import AsyncSession, Database
from service.kit.ids import new_id
from service.kit.journal import record_many
from service.network.tables import District

_CODE = re.compile(r"\d{6}")
_SHORTEST_PASSWORD = 10


def open_with_admin(url: str, *, code: str, name: str, admin: str, password: str) -> None:
    """Open a district for people who move in with their own data.

    Raises
    ------
    CommandError
        The code is none, or the district is there already, or nobody could sign in like that.
    """
    if not _CODE.fullmatch(code):
        raise CommandError("学区代码应为 6 位数字。A district's code has six digits.")
    if not is_username(admin):
        raise CommandError("用户名不可用。This cannot be a username.")
    if len(password) < _SHORTEST_PASSWORD:
        raise CommandError(
            f"密码至少 {_SHORTEST_PASSWORD} 位。A password has {_SHORTEST_PASSWORD} characters."
        )
    wiring.load_tables()
    row = District(id=new_id(), code=code, name=name)
    asyncio.run(_open(url, row, admin=admin, password=password))


async def _open(url: str, row: District, *, admin: str, password: str) -> None:
    database = Database(url)
    caller = opener(row.id)
    try:
        async with database.write(row.id) as db:
            known = select(District).where(col(District.code) == row.code)
            if (await db.exec(known)).first() is not None:
                raise CommandError(f"学区 {row.code} 已存在。The district {row.code} is there.")
            await open_district(db, caller=caller, row=row)
            await create_login(
                db,
                by=caller,
                username=admin,
                password=password,
                display_name=admin,
                role=Role.DISTRICT_ADMIN,
                reach=Reach.DISTRICT,
                target_id=None,
                teacher_id=None,
            )
    finally:
        await database.close()


async def open_district(db: AsyncSession, *, caller: Caller, row: District) -> None:
    """Lay the row of a district; the transaction stands in that district already."""
    db.add(row)
    await db.flush()
    await record_many(
        db,
        "district.opened",
        by=caller,
        collection=District.__collection__,
        resources=[(row.id, row.version)],
    )


def opener(district_id: UUID) -> Caller:
    """Whoever sits at the machine's keyboard: there is nobody in the district yet."""
    return system(district_id, name="huangge")
