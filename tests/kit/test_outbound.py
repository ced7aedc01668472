"""Asking servers of others: what may be asked, and what a hostile one can do about it."""

import asyncio
from ipaddress import ip_address

import httpx
import pytest

from service.kit import outbound
from service.kit.outbound import check, is_public, post, understand
from service.kit.problems import Problem
from tests.receiver import (
    HOST,
    LARGE,
    Receiver,
    authority,
    configured,
    hangs,
    lies,
    opened,
    receiver,
    says,
    talks_nonsense,
)

__all__ = ["authority", "receiver"]


async def sent(receiver: Receiver, *, seconds: float = 60) -> int:
    answer = await post(
        receiver.url, content=b'{"n":1}', headers={"webhook-id": "m1"}, seconds=seconds
    )
    return answer.status


# What may be asked


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "url-unfit"),
        ("hooks", "url-unfit"),
        ("https://", "url-unfit"),
        ("https:///path", "url-unfit"),
        ("https://hooks.example:99999/", "url-unfit"),
        ("https://user:word@hooks.example/", "url-unfit"),
        ("https://hooks.example/#part", "url-unfit"),
        ("https://hooks.example\\@10.0.0.1/", "url-unfit"),
        ("https://hooks.example/" + "x" * 2000, "url-unfit"),
        ("https://ho oks.example/", "url-unfit"),
        ("http://hooks.example/", "url-not-https"),
        ("ftp://hooks.example/", "url-not-https"),
        ("file:///etc/passwd", "url-not-https"),
        ("https://127.0.0.1/", "url-not-public"),
        ("https://127.1/", "url-not-public"),
        ("https://2130706433/", "url-not-public"),
        ("https://0x7f000001/", "url-not-public"),
        ("https://0177.0.0.1/", "url-unfit"),
        ("https://0/", "url-not-public"),
        ("https://10.0.0.1/", "url-not-public"),
        ("https://172.16.0.1/", "url-not-public"),
        ("https://192.168.1.1/", "url-not-public"),
        ("https://100.64.0.1/", "url-not-public"),
        ("https://169.254.169.254/latest/meta-data", "url-not-public"),
        ("https://224.0.0.1/", "url-not-public"),
        ("https://255.255.255.255/", "url-not-public"),
        ("https://[::1]/", "url-not-public"),
        ("https://[::]/", "url-not-public"),
        ("https://[fe80::1]/", "url-not-public"),
        ("https://[fc00::1]/", "url-not-public"),
        ("https://[ff02::1]/", "url-not-public"),
        ("https://[::ffff:127.0.0.1]/", "url-not-public"),
        ("https://[::ffff:a00:1]/", "url-not-public"),
        ("https://[::127.0.0.1]/", "url-not-public"),
        ("https://[64:ff9b::7f00:1]/", "url-not-public"),
        ("https://[2002:7f00:1::]/", "url-not-public"),
        ("https://[2001:0:1::1]/", "url-not-public"),
    ],
)
async def test_each_bad_address_has_its_problem(url, code):
    with pytest.raises(Problem) as refused:
        await check(url, pointer="/target")

    assert refused.value.code == code
    assert refused.value.errors[0].pointer == "/target"


@pytest.mark.parametrize("url", ["https://198.41.0.4/x", "https://[2001:500:200::b]:8443/hooks"])
async def test_a_public_address_may_be_asked(url):
    await check(url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("198.41.0.4", True),
        ("::ffff:198.41.0.4", True),
        ("::ffff:192.168.0.1", False),
        ("2001:500:200::b", True),
        ("2001:db8::1", False),
        ("203.0.113.1", False),
        ("240.0.0.1", False),
    ],
)
def test_what_is_public(address, public):
    assert is_public(ip_address(address)) is public


def test_a_name_is_understood_in_one_spelling():
    assert understand("https://HOOKS.Example./x").host == "hooks.example"
    assert understand("https://钩子.example/x").host == "xn--i8s974k.example"


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["198.41.0.4", "10.0.0.1"], ["198.41.0.4", "::1"], ["100.64.9.9"]]
)
async def test_every_address_of_a_name_is_judged(monkeypatch, addresses):
    async def look_up(*_):
        return [ip_address(one) for one in addresses]

    monkeypatch.setattr(outbound, "look_up", look_up)

    with pytest.raises(Problem) as refused:
        await check("https://looks-harmless.example/")

    assert refused.value.code == "url-not-public"


async def test_a_name_that_nobody_knows_is_said_so():
    with pytest.raises(Problem) as refused:
        await check("https://nobody.invalid/")

    assert refused.value.code == "url-unresolvable"


async def test_the_machines_own_names_lead_nowhere():
    with pytest.raises(Problem) as refused:
        await check("https://localhost/")

    assert refused.value.code == "url-not-public"


@pytest.mark.parametrize("allowed", ["10.0.0.0/8", "127.0.0.0/8, 10.1.0.1", "hooks.internal"])
async def test_an_operator_opens_a_network_or_a_host(monkeypatch, allowed):
    async def look_up(*_):
        return [ip_address("10.1.0.1")]

    with configured(outbound_allowed=allowed):
        monkeypatch.setattr(outbound, "look_up", look_up)
        await check("https://hooks.internal/")
        with pytest.raises(Problem):
            await check("https://192.168.0.1/")


# Asking


async def test_it_asks_the_judged_address_for_the_name(receiver):
    assert await sent(receiver) == 204

    (one,) = receiver.received
    assert one.line == "POST /hooks?of=huangge HTTP/1.1"
    assert one.headers["host"] == f"{HOST}:{receiver.port}"
    assert (one.headers["webhook-id"], one.body) == ("m1", b'{"n":1}')
    assert receiver.names == [HOST]


async def test_a_name_that_changes_its_mind_gains_nothing(receiver, monkeypatch):
    """Public when it was checked, our own when it is asked: judged again, and not asked."""
    answers = [["198.41.0.4"], ["10.0.0.1"]]

    async def look_up(*_):
        return [ip_address(one) for one in answers.pop(0)]

    monkeypatch.setattr(outbound, "look_up", look_up)
    await check(receiver.url)

    with pytest.raises(Problem) as refused:
        await sent(receiver)

    assert refused.value.code == "url-not-public"
    assert receiver.received == []


async def test_a_name_is_looked_up_once_per_asking(receiver, monkeypatch):
    asked = []
    honest = outbound.look_up

    async def look_up(host, port):
        asked.append(host)
        return await honest(host, port)

    monkeypatch.setattr(outbound, "look_up", look_up)
    await sent(receiver)

    assert asked == [HOST]


async def test_the_next_address_is_tried_where_one_is_dead(receiver, monkeypatch):
    async def look_up(*_):
        return [ip_address("127.0.0.9"), ip_address("127.0.0.1")]

    monkeypatch.setattr(outbound, "look_up", look_up)
    with configured(outbound_allowed="127.0.0.0/8"):
        assert await sent(receiver) == 204


async def test_nothing_is_followed(receiver):
    receiver.behaves(says(302, "Location: https://169.254.169.254/latest"))

    assert await sent(receiver) == 302
    assert len(receiver.received) == 1


async def test_a_flood_is_not_read(receiver):
    receiver.behaves(receiver.floods)

    assert await sent(receiver) == 200
    assert receiver.written < LARGE


async def test_a_liar_said_its_status(receiver):
    receiver.behaves(lies)

    assert await sent(receiver) == 200


async def test_who_says_nothing_is_left(receiver):
    receiver.behaves(hangs)

    with pytest.raises((TimeoutError, httpx.TimeoutException)):
        await sent(receiver, seconds=0.2)


async def test_nonsense_is_no_answer(receiver):
    receiver.behaves(talks_nonsense)

    with pytest.raises(httpx.HTTPError):
        await sent(receiver)


async def test_a_stranger_with_the_right_address_is_not_trusted(receiver, authority, monkeypatch):
    async with opened(type(authority)()) as impostor:
        receiver.port = impostor.port
        with pytest.raises(httpx.ConnectError):
            await sent(receiver)

    assert impostor.received == []


async def test_proxies_of_the_environment_are_not_used(receiver, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    assert await sent(receiver) == 204


async def test_ten_at_once_do_not_wait_for_each_other(receiver):
    answers = await asyncio.gather(*(sent(receiver) for _ in range(10)))

    assert set(answers) == {204}
