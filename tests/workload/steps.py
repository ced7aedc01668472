"""The steps of a month's settlement that the stories share."""

from decimal import Decimal

ANY = {"If-Match": "*"}


async def pays(office, **rates):
    """Rates that hold from September on."""
    for kind, amount in rates.items():
        body = {"kind": kind, "amount": amount, "valid_from": "2026-09-01"}
        answer = await office.post("/v1/allowance-rates", json=body)
        assert answer.status_code == 201, answer.text


async def confirm_month(host, school, month="2026-09", **body):
    answer = await host.post(
        "/v1/attendance:confirm-month",
        json={"school_id": str(school.id), "month": month, "unchecked_too": True, **body},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def draw(client, month="2026-09", **body):
    answer = await client.post("/v1/statements:draw", json={"month": month, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def step(client, statement_id, verb, version="*", **body):
    return await client.post(
        f"/v1/statements/{statement_id}:{verb}", json=body or None, headers={"If-Match": version}
    )


async def read(client, path, **params):
    answer = await client.get(f"/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def the_statement(client, month="2026-09"):
    (one,) = (await read(client, "statements", month=month))["items"]
    return await read(client, f"statements/{one['id']}")


async def settle(submitter, approver, month="2026-09"):
    """The month of the only teacher, drawn, submitted and approved."""
    await draw(submitter, month)
    one = await the_statement(submitter, month)
    sent = await step(submitter, one["id"], "submit")
    assert sent.status_code == 200, sent.text
    answer = await step(approver, one["id"], "approve")
    assert answer.status_code == 200, answer.text
    return answer.json()


def money(lines, *kinds):
    return sum((Decimal(one["amount"]) for one in lines if one["kind"] in kinds), Decimal(0))


def code(answer):
    return answer.status_code, answer.json().get("code")
