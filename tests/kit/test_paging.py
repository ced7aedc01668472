"""Pages: complete, in order, and only for whom they were made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit.paging import read_cursor, write_cursor
from service.kit.problems import CursorMismatch
from tests.kit.conftest import SignIn


@pytest.mark.parametrize("sort", ["name", "-name", "rank", "-rank,name", "rank,-name"])
async def test_pages_together_are_the_whole_in_order(sign_in: SignIn, sort: str) -> None:
    client = sign_in()
    for number in range(11):
        await client.post("/v1/things", json={"name": f"n{number:02}", "rank": number % 3})
    whole = (await client.get("/v1/things", params={"sort": sort})).json()
    assert whole["next_cursor"] is None

    items, path = [], f"/v1/things?limit=4&sort={sort}"
    for _ in range(3):
        page = await client.get(path)
        items += page.json()["items"]
        path = page.headers.get("Link", "<>").split(">")[0][1:]

    assert path == ""
    assert items == whole["items"]
    keys = [item["rank"] for item in items] if "rank" in sort else [i["name"] for i in items]
    assert keys == sorted(keys, reverse=sort.startswith("-"))


async def test_a_full_last_page_is_the_end(sign_in: SignIn) -> None:
    client = sign_in()
    for name in "abcd":
        await client.post("/v1/things", json={"name": name})

    page = await client.get("/v1/things?limit=2")
    last = await client.get(f"/v1/things?limit=2&cursor={page.json()['next_cursor']}")

    assert last.json()["next_cursor"] is None
    assert "Link" not in last.headers


async def test_a_cursor_fits_only_its_own_query(sign_in: SignIn) -> None:
    client = sign_in()
    for name in "abc":
        await client.post("/v1/things", json={"name": name})
    cursor = (await client.get("/v1/things?limit=1")).json()["next_cursor"]

    answers = [
        await client.get(f"/v1/things?limit=1&sort=-name&cursor={cursor}"),
        await sign_in().get(f"/v1/things?limit=1&cursor={cursor}"),
        await client.get(f"/v1/things?limit=1&cursor={cursor[:-3]}"),
        await client.get("/v1/things?limit=1&cursor=%E9%BB%84"),
    ]

    assert [answer.json()["code"] for answer in answers] == ["cursor-mismatch"] * 4
    assert (await client.get(f"/v1/things?limit=2&cursor={cursor}")).status_code == 200


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "sort=secret"])
async def test_bad_pages_are_named(sign_in: SignIn, query: str) -> None:
    refused = await sign_in().get(f"/v1/things?{query}")

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == f"query/{query.partition('=')[0]}"


async def test_the_total_is_counted_when_asked_for(sign_in: SignIn) -> None:
    client = sign_in()
    for name in "abc":
        await client.post("/v1/things", json={"name": name})

    counted = await client.get("/v1/things?limit=1", headers={"Prefer": "count=exact"})

    assert counted.headers["X-Total-Count"] == "3"
    assert "X-Total-Count" not in (await client.get("/v1/things")).headers


VALUES = st.lists(
    st.one_of(
        st.text(), st.integers(-(2**53), 2**53), st.uuids(), st.dates(), st.booleans(), st.none()
    ),
    min_size=1,
    max_size=4,
)


@given(values=VALUES, binding=st.text())
def test_a_cursor_gives_back_what_it_was_made_of(values: list[object], binding: str) -> None:
    cursor = write_cursor(values, binding=binding)

    assert read_cursor(cursor, binding=binding, length=len(values)) == values


@given(values=VALUES, place=st.integers(0), flip=st.integers(1, 255))
def test_a_changed_cursor_is_never_read(values: list[object], place: int, flip: int) -> None:
    raw = bytearray(write_cursor(values, binding="b").encode())
    raw[place % len(raw)] ^= flip
    forged = raw.decode("latin-1")
    if forged == write_cursor(values, binding="b"):
        return

    with pytest.raises(CursorMismatch):
        read_cursor(forged, binding="b", length=len(values))
