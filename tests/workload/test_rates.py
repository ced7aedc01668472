"""Rates and coefficients: effective-dated, never overlapping, never edited."""

import asyncio

from tests.workload.steps import ANY, code, read

LESSON = {"kind": "lesson", "amount": "30.00", "valid_from": "2026-09-01"}
BAND = {**LESSON, "kind": "band", "km_from": "20.0", "km_until": "40.0"}


def add(client, **body):
    return client.post("/v1/allowance-rates", json=body)


async def test_rates_that_overlap_are_refused(district_office, home):
    first = await add(district_office, **LESSON)
    assert (first.json()["kind_label"], first.json()["amount"]) == ("课时补贴(元/课时)", "30.0000")
    again = await add(district_office, **{**LESSON, "valid_from": "2027-01-01"})
    assert code(again) == (409, "rate-overlaps")

    id_, tag = first.json()["id"], first.headers["etag"]
    ended = await district_office.post(
        f"/v1/allowance-rates/{id_}:end",
        json={"valid_until": "2027-01-01"},
        headers={"If-Match": tag},
    )
    assert ended.json()["valid_until"] == "2027-01-01"
    assert (await add(district_office, **{**LESSON, "valid_from": "2027-01-01"})).status_code == 201
    assert (await add(district_office, **{**LESSON, "kind": "day"})).status_code == 201
    assert (await add(home, **LESSON)).status_code == 403
    assert len((await read(home, "allowance-rates", kind="lesson"))["items"]) == 2
    assert len((await read(home, "allowance-rates", on="2026-10-01"))["items"]) == 2
    assert (await read(home, f"allowance-rates/{id_}"))["version"] == 2


async def test_bands_overlap_only_where_their_distances_do(district_office):
    first = await add(district_office, **BAND)
    assert (first.json()["km_from"], first.json()["km_until"]) == ("20.0", "40.0")
    assert code(await add(district_office, **{**BAND, "km_from": "39.9", "km_until": None})) == (
        409,
        "rate-overlaps",
    )
    beyond = {**BAND, "km_from": "40.0", "km_until": None}
    assert (await add(district_office, **beyond)).status_code == 201


async def test_what_is_no_rate(district_office):
    for wrong in (
        {**LESSON, "amount": "-1"},
        {**LESSON, "amount": "0.00001"},
        {**LESSON, "km_from": "5.0"},
        {**BAND, "km_until": "20.0"},
        {**LESSON, "valid_until": "2026-09-01"},
        {**LESSON, "kind": "bonus"},
    ):
        assert (await add(district_office, **wrong)).status_code == 422, wrong


async def test_two_who_add_at_once_add_one(district_office):
    answers = await asyncio.gather(*(add(district_office, **LESSON) for _ in range(5)))

    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409, 409]


async def test_a_rate_ends_once(district_office):
    id_ = (await add(district_office, **LESSON)).json()["id"]

    async def end(day):
        return await district_office.post(
            f"/v1/allowance-rates/{id_}:end", json={"valid_until": day}, headers=ANY
        )

    assert (await end("2026-09-01")).status_code == 422
    first = await end("2027-01-01")
    assert (await end("2027-01-01")).json()["version"] == first.json()["version"]
    assert code(await end("2027-02-01")) == (409, "rate-over")


async def test_coefficients_are_dated_too(district_office, home):
    body = {"subject": "24", "factor": "1.20", "valid_from": "2026-09-01"}

    async def add_(**more):
        return await district_office.post("/v1/lesson-coefficients", json={**body, **more})

    first = await add_()
    assert (first.json()["stage"], first.json()["factor"]) == ("*", "1.20")
    assert code(await add_()) == (409, "coefficient-overlaps")
    assert (await add_(stage="2")).status_code == 201
    assert (await add_(factor="6")).status_code == 422
    id_ = first.json()["id"]
    ended = await district_office.post(
        f"/v1/lesson-coefficients/{id_}:end", json={"valid_until": "2027-01-01"}, headers=ANY
    )
    assert ended.json()["version"] == 2
    assert (await read(home, f"lesson-coefficients/{id_}"))["valid_until"] == "2027-01-01"
    assert len((await read(home, "lesson-coefficients"))["items"]) == 2
    missing = "018f0000-0000-7000-8000-000000000000"
    for path in ("allowance-rates", "lesson-coefficients"):
        assert (await home.get(f"/v1/{path}/{missing}")).status_code == 404
        gone = await district_office.post(
            f"/v1/{path}/{missing}:end", json={"valid_until": "2027-01-01"}, headers=ANY
        )
        assert gone.status_code == 404
