"""``huangge run``: one command brings a district up, one key takes it down."""

import os
import select
import signal
import socket
import subprocess
import sys

import httpx

from tests.cli.conftest import PATIENCE, Running, environment, kill, server_of


def test_two_offices_answer_say_where_and_stop_cleanly(start, place, furnish):
    for home in ("one", "two"):
        (place / home).mkdir()
        furnish(place / home)
    one, two = start(place / "one"), start(place / "two")

    assert one.address != two.address
    for office in (one, two):
        assert office.get("/livez").json() == {"status": "ok"}
        assert office.get("/readyz").json() == {"status": "ready"}
        assert f"{office.address}/docs" in office.said
    assert (one.stop(signal.SIGINT), two.stop(signal.SIGTERM)) == (0, 0)
    for office, home in ((one, "one"), (two, "two")):
        assert "数据已保存" in office.said
        assert not (place / home / "postgres/data/postmaster.pid").exists()


async def test_a_killed_service_loses_nothing_and_starts_again(
    start, place, embedded, worker_of, furnish
):
    furnish(place)
    running = start()
    await embedded("CREATE TABLE kept (n int)")
    await embedded("INSERT INTO kept VALUES (7)")
    worker = os.pidfd_open(worker_of(running.process.pid))
    running.stop(signal.SIGKILL)
    kill(server_of(place))

    again = start()

    assert select.select([worker], [], [], PATIENCE)[0], "the worker outlives its service"
    os.close(worker)
    assert await embedded("SELECT n FROM kept") == 7
    assert again.get("/readyz").status_code == 200
    assert again.stop() == 0


def test_a_port_that_is_taken_is_said_in_words(huangge):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = huangge("run", HUANGGE_PORT=str(taken.getsockname()[1]))

    assert refused.returncode == 1
    assert "HUANGGE_PORT=8001" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_another_database_is_used_instead(huangge, place, database_url):
    done = huangge("migrate", HUANGGE_DATABASE_URL=database_url)

    assert done.returncode == 0
    assert not (place / "postgres").exists()


def test_a_database_that_does_not_answer_is_said_in_words(huangge):
    refused = huangge("migrate", HUANGGE_DATABASE_URL="postgresql://u:secret@127.0.0.1:1/none")

    assert refused.returncode == 1
    assert "does not answer" in refused.stderr
    assert "secret" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_migrating_twice_changes_nothing(huangge, place):
    first = huangge("migrate")
    secret = (place / "secret").read_text()
    second = huangge("migrate")

    assert "The schema has been updated" in first.stdout
    assert "The schema is up to date" in second.stdout
    assert (place / "secret").read_text() == secret
    assert (place / "secret").stat().st_mode & 0o077 == 0


def test_a_server_alone_answers_until_it_is_told_to_stop(place, free_port, furnish):
    furnish(place)
    command = [sys.executable, "-m", "service.cli.main", "serve", "--workers", "2"]
    process = subprocess.Popen(command, env=environment(place, HUANGGE_PORT=str(free_port)))
    try:
        alive = httpx.HTTPTransport(retries=10)
        with httpx.Client(transport=alive, timeout=PATIENCE) as client:
            assert client.get(f"http://127.0.0.1:{free_port}/livez").status_code == 200
    finally:
        process.terminate()
        process.wait(PATIENCE)

    assert not (place / "postgres/data/postmaster.pid").exists()


def test_a_stale_contract_is_said_in_words(huangge, place):
    (place / "openapi.json").write_text("{}")
    stale = huangge("openapi", str(place / "openapi.json"), "--check")

    assert stale.returncode == 1
    assert "make openapi" in stale.stderr


def test_help_speaks_both_languages(huangge):
    said = huangge("--help").stdout

    assert "启动全部" in said
    assert "Start everything" in said


def test_the_demo_answers_early_and_is_completed_even_after_a_stop(start):
    early = start(HUANGGE_DEMO="true", HUANGGE_DEMO_SCALE="0.29")
    begun = groups_of(early)
    assert early.stop() == 0
    assert "数据已保存" in early.said

    again = start(HUANGGE_DEMO="true", HUANGGE_DEMO_SCALE="0.29")
    again.hear("演示学区已全部载入")

    assert len(begun) >= 3
    assert len(groups_of(again)) == 4
    assert again.stop() == 0
    third = start(HUANGGE_DEMO="true", HUANGGE_DEMO_SCALE="0.29")
    assert third.stop() == 0
    assert "正在" not in third.said


def groups_of(office: Running) -> list[str]:
    """The names of the groups, as the district's office reads them."""
    me = {"grant_type": "password", "username": "district", "password": "huangge-demo"}
    token = httpx.post(f"{office.address}/v1/oauth/token", data=me, timeout=PATIENCE).json()
    signed = {"Authorization": f"Bearer {token['access_token']}"}
    page = httpx.get(f"{office.address}/v1/groups", headers=signed, timeout=PATIENCE).json()
    return [group["name"] for group in page["items"]]
