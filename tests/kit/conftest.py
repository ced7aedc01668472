"""A tiny module that lives only in these tests: things with names, under the whole contract."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pydantic import AwareDatetime
from pydantic import Field as Described
from sqlalchemy import MetaData, text
from sqlmodel import Field, col, select

from service.kit import jobs
from service.kit.auth import Caller, Grant, Permission, Reach, Role
from service.kit.conditional import Precondition
from service.kit.db import (
    AsyncSession,
    Database,
    Versioned,
    change_fields,
    check,
    lock,
    lock_all,
    unique,
)
from service.kit.http import (
    DayRange,
    Db,
    IfMatch,
    In,
    NewTag,
    Out,
    Page,
    Paging,
    ReadDb,
    Tag,
    make_router,
    may_fail,
    needs,
    public,
)
from service.kit.ids import new_id
from service.kit.journal import record
from service.kit.problems import Conflict, NotFound, Text, refuses, refuses_value
from service.kit.tables import APP_ROLE, wall
from service.main import create_app

_OWN = MetaData()


class Thing(Versioned, table=True):
    """Something with a name."""

    metadata = _OWN
    __tablename__ = "thing"
    __collection__ = "things"
    __private__ = frozenset({"secret"})
    __table_args__ = (unique("uq_thing_name", "name"), check("ck_thing_rank", "rank >= 0"))

    name: str
    rank: int = Field(default=0)
    secret: str = Field(default="")


class ThingExists(Conflict):
    """Another thing has the name."""

    code = "thing-exists"
    title = Text("名称已存在", "The name is taken")


refuses("uq_thing_name", ThingExists)
refuses_value("ck_thing_rank", "/rank", Text("不能为负", "cannot be negative"))


class ThingIn(In):
    name: Annotated[str, Described(min_length=1, max_length=20)]
    rank: int = 0
    seen_at: AwareDatetime | None = None


class ThingPatch(In):
    name: str | None = None


class ThingOut(Out):
    id: UUID
    name: str
    rank: int

    @classmethod
    def of(cls, thing: Thing) -> "ThingOut":
        return cls(id=thing.id, name=thing.name, rank=thing.rank)


router = make_router(tag="things")
Reader = Annotated[Caller, needs(Permission.STAFF_READ)]
Writer = Annotated[Caller, needs(Permission.STAFF_WRITE)]


@router.post("/things", status_code=201, responses=may_fail(ThingExists))
async def create(*, db: Db, caller: Writer, tag: NewTag, body: ThingIn) -> ThingOut:
    thing = Thing(district_id=caller.district_id, name=body.name, rank=body.rank, secret="s")
    db.add(thing)
    await record(db, "thing.created", thing, by=caller)
    await jobs.enqueue(db, "things.greet", {"id": str(thing.id)}, district_id=caller.district_id)
    tag(thing.version)
    return ThingOut.of(thing)


@router.get("/things")
async def list_things(*, db: ReadDb, caller: Reader, paging: Paging) -> Page[ThingOut]:
    return await paging.answer(
        db,
        select(Thing),
        sorts={"name": col(Thing.name), "rank": col(Thing.rank)},
        default="name",
        tie=col(Thing.id),
        out=ThingOut.of,
    )


@router.get("/things/{thing_id}")
async def get_thing(*, db: ReadDb, caller: Reader, tag: Tag, thing_id: UUID) -> ThingOut:
    found = (await db.exec(select(Thing).where(col(Thing.id) == thing_id))).one_or_none()
    if found is None:
        raise NotFound
    tag(found.version)
    return ThingOut.of(found)


@router.patch("/things/{thing_id}")
async def rename(
    *, db: Db, caller: Writer, expected: IfMatch, tag: NewTag, thing_id: UUID, body: ThingPatch
) -> ThingOut:
    thing = await _locked(db, thing_id, expected)
    before = change_fields(thing, body.model_dump(exclude_unset=True))
    if before:
        await record(db, "thing.renamed", thing, by=caller, before=before)
    tag(thing.version)
    return ThingOut.of(thing)


async def _locked(db: AsyncSession, thing_id: UUID, expected: Precondition) -> Thing:
    thing = await lock(db, Thing, thing_id)
    if thing is None:
        raise NotFound
    expected.check(thing.version)
    return thing


@router.post("/things/{first}:swap/{second}")
async def swap(*, db: Db, caller: Writer, first: UUID, second: UUID) -> dict[str, int]:
    """Locks in the order given: two callers can wait for each other."""
    await lock(db, Thing, first)
    await db.exec(select(text("pg_sleep(0.1)")))
    await lock(db, Thing, second)
    rows = await lock_all(db, Thing, [first, second])
    for row in rows:
        change_fields(row, {"rank": row.rank + 1})
    return {"swapped": len(rows)}


@router.post("/things:look")
async def look(*, db: Db, caller: Writer) -> dict[str, bool]:
    """Writes nothing at all."""
    return {"seen": True}


@router.get("/things:write")
async def write_while_reading(*, db: ReadDb, caller: Reader) -> dict[str, int]:
    db.add(Thing(district_id=caller.district_id, name="never"))
    await db.flush()
    return {}


@router.post("/ranges")
async def ranges(*, caller: Annotated[None, public()], body: DayRange) -> dict[str, bool]:
    return {"open": body.valid.upper is None}


@router.get("/broken")
async def broken(*, caller: Annotated[None, public()]) -> dict[str, int]:
    return {"never": 1 // 0}


@pytest.fixture
async def things(database: Database, district: Any) -> AsyncIterator[Database]:
    """The table, for one test."""
    async with database.engine.begin() as connection:
        await connection.run_sync(_OWN.create_all)
        for statement in wall("thing"):
            await connection.exec_driver_sql(statement)
        await connection.exec_driver_sql(f"GRANT ALL ON thing TO {APP_ROLE}")
    yield database
    async with database.engine.begin() as connection:
        await connection.run_sync(_OWN.drop_all)


@pytest.fixture
def thing_app(things: Database) -> FastAPI:
    app = create_app(things)
    app.router.routes.extend(router.routes)
    return app


SignIn = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def sign_in(thing_app: FastAPI, district: Any) -> AsyncIterator[SignIn]:
    """A client with permissions, in the test's district or another."""
    callers: dict[str, Caller] = {}
    clients: list[httpx.AsyncClient] = []

    async def authenticate(token: str) -> Caller:
        return callers[token]

    thing_app.state.authenticate = authenticate

    def enter(
        *permissions: Permission, district_id: UUID | None = None, **options: Any
    ) -> httpx.AsyncClient:
        token = str(new_id())
        held = frozenset(permissions or (Permission.STAFF_READ, Permission.STAFF_WRITE))
        callers[token] = Caller(
            district_id=district_id or district.id,
            name="tester",
            account_id=new_id(),
            grants=(Grant(Role.SCHOOL_ADMIN, held, Reach.DISTRICT),),
        )
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(thing_app),
            base_url="http://huangge.test",
            headers={"Authorization": f"Bearer {token}", **options},
        )
        clients.append(client)
        return client

    yield enter
    for client in clients:
        await client.aclose()
