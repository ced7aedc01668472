"""Commands that move a district in: open it, take its workbook, or invent one."""

import pytest
from sqlalchemy import text

from service.cli.demo.anchors import DISTRICT_CODE


@pytest.fixture
def command(huangge, database_url):
    """A command against the database of this test."""

    def run(*words, **env):
        return huangge(*words, HUANGGE_DATABASE_URL=database_url, **env)

    return run


@pytest.fixture
async def counted(database):
    """How many rows a table has, in a district."""

    async def count(table, *, district_id=None):
        async with database.read(district_id) as db:
            return await (await db.connection()).scalar(text(f"SELECT count(*) FROM {table}"))

    return count


async def test_a_district_opens_with_somebody_who_can_sign_in(command, counted, client):
    opened = command("district", "500998", "江北区", "--password", "long enough 1")

    assert opened.returncode == 0
    assert "district@500998" in opened.stdout
    signed_in = await client.post(
        "/v1/oauth/token",
        data={
            "grant_type": "password",
            "username": "district@500998",
            "password": "long enough 1",
        },
    )
    assert signed_in.status_code == 200


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("50099", "江北区", "--password", "long enough 1"), "six digits"),
        (("500998", "江北区", "--password", "short"), "10 characters"),
        (("500998", "江北区", "--password", "long enough 1", "--admin", "!"), "username"),
    ],
)
async def test_a_district_that_cannot_be_is_refused_in_words(command, counted, words, said):
    refused = command("district", *words)

    assert refused.returncode == 1
    assert said in refused.stderr
    assert await counted("district") == 0


async def test_a_district_opens_once(command, district):
    refused = command("district", district.code, "江北区", "--password", "long enough 1")

    assert refused.returncode == 1
    assert district.code in refused.stderr


async def test_a_file_that_is_no_workbook_is_refused_in_words(command, district, place):
    (place / "notes.xlsx").write_text("not a workbook")

    refused = command("import", str(place / "notes.xlsx"))

    assert refused.returncode == 1
    assert ".xlsx" in refused.stderr
    assert "Traceback" not in refused.stderr


async def test_an_import_asks_which_district(command, place, database):
    (place / "notes.xlsx").write_text("whatever")

    refused = command("import", str(place / "notes.xlsx"))

    assert refused.returncode == 1
    assert "--district" in refused.stderr


async def test_the_demo_district_moves_in_like_any_other(command, counted, client, place):
    written = command("demo", "--scale", "0.05", "--file", str(place / "demo.xlsx"))
    loaded = command("demo", "--scale", "0.05")

    assert (written.returncode, loaded.returncode) == (0, 0), loaded.stderr
    for username in ("district", "group", "school", "teacher", "mentor", "mentee", "auditor"):
        signed_in = await client.post(
            "/v1/oauth/token",
            data={
                "grant_type": "password",
                "username": username,
                "password": "huangge-demo",
            },
        )
        assert signed_in.status_code == 200, username

    again = command("import", str(place / "demo.xlsx"), "--district", DISTRICT_CODE)
    assert again.returncode == 0, again.stderr
