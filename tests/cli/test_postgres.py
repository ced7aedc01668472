"""The embedded PostgreSQL: durable, private, and no trouble to its neighbours."""

import multiprocessing
import os
from pathlib import Path

import asyncpg
import pytest

from service.cli import demote, postgres
from service.cli.errors import CommandError
from service.cli.postgres import PostgresError, running
from tests.cli.conftest import kill, server_of


async def ask(url: str, *statements: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


def owner_of(process: int) -> int:
    return Path(f"/proc/{process}").stat().st_uid


async def test_what_was_written_is_there_after_a_stop(place):
    with running(place) as url:
        await ask(url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)", "SELECT 1")

    assert not (place / "postgres/data/postmaster.pid").exists()
    with running(place) as url:
        assert await ask(url, "SELECT n FROM kept") == 7


async def test_what_was_committed_survives_a_kill(place):
    with running(place) as url:
        await ask(url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)", "SELECT 1")
        kill(server_of(place))

        with running(place) as again:
            assert await ask(again, "SELECT n FROM kept") == 7


async def test_a_pid_file_left_behind_may_name_anybody(place):
    with running(place) as url:
        await ask(url, "SELECT 1")
        lines = (place / "postgres/data/postmaster.pid").read_text().splitlines(keepends=True)
    left_behind = place / "postgres/data/postmaster.pid"
    left_behind.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))

    with running(place) as url:
        assert await ask(url, "SELECT 1") == 1


async def test_the_first_starts_and_the_last_stops(place):
    with running(place) as first:
        server = server_of(place)
        with running(place) as second:
            assert second == first
            assert server_of(place) == server
        assert await ask(first, "SELECT 1") == 1

    assert not (place / "postgres/data/postmaster.pid").exists()


async def test_two_run_side_by_side(place):
    with running(place / "one") as one, running(place / "two") as two:
        await ask(one, "CREATE TABLE here (n int)", "SELECT 1")

        assert await ask(two, "SELECT to_regclass('here')") is None


async def test_nobody_gets_in_without_the_password(place):
    with running(place) as url:
        password = (place / "postgres/password").read_text()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(url.replace(password, "guessed"), "SELECT 1")

    assert (place / "postgres/password").stat().st_mode & 0o077 == 0
    assert (place / "postgres/data").stat().st_mode & 0o077 == 0
    assert (place / "postgres/run").stat().st_mode & 0o077 == 0


async def test_the_service_is_no_superuser(place):
    with running(place) as url:
        assert await ask(url, "SELECT current_setting('is_superuser')") == "off"


async def test_text_sorts_and_folds_the_same_everywhere(place):
    with running(place) as url:
        assert await ask(url, "SELECT lower('ÄÉ渝')") == "äé渝"
        assert await ask(url, "SELECT 'a' < 'B' COLLATE \"default\"") is False
        assert await ask(url, "SHOW jit") == "off"
        assert await ask(url, "SHOW server_encoding") == "UTF8"


async def test_a_path_too_long_for_a_socket_uses_the_loopback(place):
    with running(place / ("long" * 20)) as url:
        assert "127.0.0.1" in url
        assert await ask(url, "SELECT 1") == 1


async def test_a_half_made_cluster_is_made_anew(place):
    (place / "postgres/unfinished").mkdir(parents=True)
    (place / "postgres/unfinished/PG_VERSION").write_text("18")

    with running(place) as url:
        assert await ask(url, "SELECT 1") == 1


def test_data_of_another_major_version_is_left_alone(place):
    (place / "postgres/data").mkdir(parents=True)
    (place / "postgres/data/PG_VERSION").write_text("14\n")

    with pytest.raises(PostgresError, match="PostgreSQL 14"), running(place):
        pass


def test_a_server_that_cannot_start_says_why(place):
    broken = {**postgres.SETTINGS, "shared_buffers": "nonsense"}

    with pytest.raises(CommandError, match="shared_buffers"), running(place, options=broken):
        pass


def test_a_folder_without_programs_is_no_postgresql(place):
    assert postgres.Binaries.at(place) is None


def test_without_any_postgresql_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setattr(postgres, "bundled", lambda: None)
    monkeypatch.setattr(postgres, "installed", lambda: None)

    with pytest.raises(PostgresError, match="HUANGGE_DATABASE_URL"):
        postgres.choose()


def test_a_log_that_grew_large_is_set_aside(place):
    home = place / "postgres"
    home.mkdir()
    with (home / "log").open("wb") as log:
        log.truncate(11 * 1024 * 1024)

    with running(place):
        pass

    assert (home / "log").stat().st_size < 1024 * 1024
    assert (home / "log.1").exists()


root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its database away")


@root_only
async def test_root_passes_directories_that_are_closed_to_others(place):
    place.chmod(0o700)

    with running(place) as url:
        assert await ask(url, "SELECT 1") == 1
        assert place.stat().st_mode & 0o777 == 0o700
        assert owner_of(server_of(place)) != 0


@root_only
def test_root_in_a_container_without_capabilities_is_told_what_to_do(place, monkeypatch):
    place.chmod(0o700)
    monkeypatch.setattr(demote, "passing_capability", lambda: None)

    with pytest.raises(PostgresError, match="may enter"), running(place):
        pass


def as_ordinary_user(place: Path) -> None:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    with running(place) as url:
        assert url.startswith("postgresql://huangge:")


@root_only
def test_an_ordinary_user_runs_it_alone(place):
    if not postgres.lets_everybody_in(postgres.choose().folder):
        pytest.skip("the programs are closed to others here")
    os.chown(place, 65534, 65534)

    child = multiprocessing.get_context("fork").Process(target=as_ordinary_user, args=(place,))
    child.start()
    child.join()

    assert child.exitcode == 0
    assert (place / "postgres/data").stat().st_uid == 65534
