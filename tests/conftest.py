"""The ground of every test: a real PostgreSQL, real commits, and a clean database each time.

One throwaway cluster serves the run, every worker clones its database from one template, and what
a test wrote is deleted after it. ``PG=system`` takes an installed PostgreSQL for the bundled one.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import hypothesis
import pytest
from fastapi import FastAPI
from sqlalchemy import TextClause, make_url, text
from sqlmodel.ext.asyncio.session import AsyncSession
from typing_extensions import override

from service.cli import migrations, postgres
from service.kit import clock
from service.kit.auth import Role
from service.kit.db import Database
from service.kit.settings import settings
from tests.factories.accounts import access_token

ROOT = Path(__file__).parent.parent
TEMPLATE = "huangge_template"

# How long an example takes says something of the machine, not of the rule.
hypothesis.settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any-machine")

_LEFT_BEHIND_SECONDS = 2 * 60 * 60


# The cluster


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a home; its workers inherit it through the environment."""
    if hasattr(config, "workerinput"):
        return
    _sweep()
    home = Path(tempfile.mkdtemp(prefix="huangge-test-"))
    home.chmod(0o711)
    os.environ |= {
        "HUANGGE_DATA_DIR": str(home),
        "HUANGGE_SECRET": "a secret that only tests know, long enough for HMAC",
        "HUANGGE_DEMO": "false",
        # Stories are told faster than people ask.
        "HUANGGE_PEOPLE_QUOTA": "1000000",
        "HUANGGE_CLIENT_QUOTA": "1000000",
        # Nor is a machine that stands still for a while a client that has left.
        "HUANGGE_IDLE_TRANSACTION_TIMEOUT_SECONDS": "60",
    }
    os.environ.pop("HUANGGE_DATABASE_URL", None)
    settings.cache_clear()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ["HUANGGE_DATA_DIR"], ignore_errors=True)


def _sweep() -> None:
    """Remove what runs that were killed left behind; their servers stop when their files go."""
    for home in Path(tempfile.gettempdir()).glob("huangge-test-*"):
        with suppress(OSError):
            if time.time() - home.stat().st_mtime > _LEFT_BEHIND_SECONDS:
                shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of the run's PostgreSQL; the first worker starts it, the last one stops it."""
    binaries = postgres.installed() if os.environ.get("PG") == "system" else postgres.choose()
    with postgres.running(
        settings().data_dir, binaries=binaries, options=postgres.THROWAWAY
    ) as url:
        yield url


@pytest.fixture(scope="session")
def database_url(cluster: str, worker_id: str) -> str:
    """A migrated database of this worker's own."""
    name = f"test_{worker_id}"
    with (settings().data_dir / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        asyncio.run(_provide(cluster, name))
    return named(cluster, name)


async def _provide(cluster: str, name: str) -> None:
    connection = await asyncpg.connect(driverless(cluster))
    try:
        known = await connection.fetchval(
            "SELECT count(*) FROM pg_database WHERE datname = $1", TEMPLATE
        )
        if not known:
            await connection.execute(f"CREATE DATABASE {TEMPLATE}")
            await _lay_out(named(cluster, TEMPLATE))
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    finally:
        await connection.close()


async def _lay_out(url: str) -> None:
    await asyncio.to_thread(migrations.upgrade, url)
    owner = await asyncpg.connect(driverless(as_superuser(url)))
    await owner.execute(await _cleaner(owner))
    await owner.close()


async def _cleaner(connection: "asyncpg.Connection[asyncpg.Record]") -> str:
    """A procedure that empties what is not empty: asking costs microseconds, deleting does not."""
    tables = await connection.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname <> 'alembic_version'"
    )
    steps = "".join(
        f'IF EXISTS (SELECT FROM "{name}") THEN DELETE FROM "{name}"; END IF;\n'
        for (name,) in tables
    )
    return f"CREATE PROCEDURE test_clean() LANGUAGE plpgsql AS $$ BEGIN\n{steps}END $$"


def named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def as_superuser(url: str) -> str:
    return make_url(url).set(username=postgres.SUPERUSER).render_as_string(hide_password=False)


def driverless(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


# The database of a test


@pytest.fixture(scope="session")
async def sessions(database_url: str) -> AsyncIterator[Database]:
    """One engine for all tests of a worker: connections and prepared statements stay warm."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def cleaner(database_url: str) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    """Deletes what a test left; as superuser, since row-level security hides rows from all else."""
    connection = await asyncpg.connect(
        driverless(as_superuser(database_url)),
        server_settings={"session_replication_role": "replica", "lock_timeout": "5s"},
    )
    yield lambda: connection.execute("CALL test_clean()")
    await connection.close()


@pytest.fixture
async def database(
    sessions: Database, cleaner: Callable[[], Awaitable[object]]
) -> AsyncIterator[Database]:
    """A clean database; what the test commits is gone after it."""
    yield sessions
    await cleaner()


@pytest.fixture
def settled(database: Database) -> Callable[[], Awaitable[None]]:
    """Wait until what has been committed by now can be read from the feed.

    Other workers' databases live on the same server, and their transactions hold the feed back too.
    """
    now = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
    before = text("SELECT huangge_settled_before()::text")

    async def number(statement: TextClause) -> int:
        async with database.read(None) as db:
            return int((await (await db.connection()).execute(statement)).scalar_one())

    async def wait() -> None:
        newest = await number(now)
        async with asyncio.timeout(300):
            while await number(before) < newest:
                pass

    return wait


@pytest.fixture
async def district(database: Database) -> Any:
    """The district that a test plays in."""
    return await Make(database, None).district()


@pytest.fixture
async def db(database: Database, district: Any) -> AsyncIterator[AsyncSession]:
    """An open writing transaction in the district; what it did not commit is rolled back."""
    async with database.write(district.id) as session:
        yield session
        await session.rollback()


class Make:
    """The factories of all modules, each call a committed transaction of its own."""

    def __init__(self, database: Database, district: Any) -> None:
        self._database = database
        self._district = district

    def at(self, district: Any) -> "Make":
        """The same factories in another district."""
        return Make(self._database, district)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        factory = _factory(name)

        async def build(**values: Any) -> Any:
            home = {"district": self._district} if self._district is not None else {}
            async with self._database.write(self._district and self._district.id) as db:
                return await factory(db, **home, **values)

        return build


def _factory(name: str) -> Callable[..., Awaitable[Any]]:
    for file in sorted((ROOT / "tests" / "factories").glob("[a-z]*.py")):
        module = import_module(f"tests.factories.{file.stem}")
        found: Callable[..., Awaitable[Any]] | None = vars(module).get(name)
        if found is not None and found.__module__ == module.__name__:
            return found
    raise AttributeError(f"no factory {name!r} in tests/factories")


@pytest.fixture
def make(database: Database, district: Any) -> Make:
    """Rows for a test: ``await make.school(name="…")``."""
    return Make(database, district)


# Who asks


@pytest.fixture(scope="session")
def application(sessions: Database) -> FastAPI:
    """The service, made once: laying out its routes takes longer than most tests."""
    from service.cli import quick

    with quick.loading():
        from service.main import create_app

        return create_app(sessions)


@pytest.fixture
def app(application: FastAPI, database: Database) -> Iterator[FastAPI]:
    """The service on a clean database."""
    authenticate = application.state.authenticate
    yield application
    application.state.authenticate, application.state.database = authenticate, database


@pytest.fixture
async def guests(app: FastAPI) -> AsyncIterator[Callable[..., httpx.AsyncClient]]:
    """Clients of the service, closed after the test."""
    async with AsyncExitStack() as open_clients:
        made: list[httpx.AsyncClient] = []

        def enter(**options: Any) -> httpx.AsyncClient:
            made.append(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app), base_url="http://huangge.test", **options
                )
            )
            open_clients.push_async_callback(made[-1].aclose)
            return made[-1]

        yield enter


@pytest.fixture
def client(guests: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    """Somebody who has not signed in."""
    return guests()


@pytest.fixture
def as_(
    database: Database, guests: Callable[..., httpx.AsyncClient], district: Any
) -> Callable[..., httpx.AsyncClient]:
    """Somebody who wears a hat: ``as_(Role.SCHOOL_ADMIN, school=school)``.

    ``school``, ``group`` and ``teacher`` are rows or ids and decide how far the hat reaches; a
    teacher's ``school`` is the one that keeps the account. ``district`` is another one than the
    test's own. The account, its grant and its session are rows like any other, made at the first
    request.
    """

    def sign_in(role: Role, **where: Any) -> httpx.AsyncClient:
        make = Make(database, where.pop("district", None) or district)
        return guests(auth=SignedIn(lambda: make.wearer(role=role, **where)))

    return sign_in


class SignedIn(httpx.Auth):
    """A session, and an access token of it that is never too old for the test's clock."""

    def __init__(self, begin: Callable[[], Awaitable[Any]]) -> None:
        self._begin = begin
        self._session: Any = None
        self._token = ""
        self._issued_at: datetime | None = None
        self._lock = asyncio.Lock()

    @override
    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        async with self._lock:
            self._session = self._session or await self._begin()
            now = clock.now()
            if self._issued_at is None or abs(now - self._issued_at) > timedelta(minutes=5):
                self._token, self._issued_at = access_token(self._session), now
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request
