"""Asking servers of others: only where the public network leads, never into our own.

Whoever may name an address could have us ask what only we can reach. So a name is looked up, every
address it has is judged, and the connection goes to a judged one: a name that points elsewhere a
moment later gains nothing. Nothing is followed, no proxy of the environment is used, and no answer
is read but its status and ``Retry-After``. ``HUANGGE_OUTBOUND_ALLOWED`` opens networks or hosts of
one's own.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import NamedTuple

import httpx

from service.kit.problems import FieldError, Text, ValidationFailed
from service.kit.settings import settings

URL_LENGTH = 2000
_LOOKUP_SECONDS = 5
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_PORTS = 65535
_ADDRESSES_TRIED = 3

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class UrlUnfit(ValidationFailed):
    """The text is no address of a server."""

    code = "url-unfit"
    title = Text("网址不正确", "Not the address of a server")
    remedy = Text(
        "请填写完整网址,如 https://partner.example/hooks,不含用户名、密码和 # 片段。",
        "Give the whole address, like https://partner.example/hooks, without a username, a "
        "password or a fragment.",
    )


class UrlNotHttps(ValidationFailed):
    """The address is not encrypted."""

    code = "url-not-https"
    title = Text("网址必须使用 https", "The address must be https")
    remedy = Text(
        "请在对方服务器上启用 HTTPS 后填写 https 网址。",
        "Turn HTTPS on at that server and give the https address.",
    )


class UrlUnresolvable(ValidationFailed):
    """The name leads to no address."""

    code = "url-unresolvable"
    title = Text("域名无法解析", "The name has no address")
    remedy = Text(
        "请核对域名;仅内网可解析的域名需要服务器也能解析。",
        "Check the name; one that only an intranet knows must be known to this server too.",
    )


class UrlNotPublic(ValidationFailed):
    """The address, or one of those the name has, is not on the public network."""

    code = "url-not-public"
    title = Text("网址指向非公网地址", "The address is not on the public network")
    remedy = Text(
        "不能指向本机、内网、链路本地、运营商级 NAT 或组播地址;"
        "确需访问内网的,请由系统管理员加入允许名单(HUANGGE_OUTBOUND_ALLOWED)。",
        "It may not lead to this machine, a private, link-local, carrier or multicast network. "
        "An operator can allow a network with HUANGGE_OUTBOUND_ALLOWED.",
    )


def _at(
    problem: type[ValidationFailed], pointer: str, code: str, message: Text
) -> ValidationFailed:
    return problem(errors=[FieldError(pointer, code, message)])


@dataclass(frozen=True, slots=True)
class Target:
    """A server somebody named, as it was understood."""

    url: httpx.URL
    host: str
    """In lower case, international names as they travel."""
    literal: Address | None
    """Where the host is an address itself, in whatever spelling."""


def understand(url: str, *, pointer: str = "/url") -> Target:
    """Take an address apart; nothing is looked up yet.

    Raises
    ------
    UrlUnfit
        It is none, or says more than an address should.
    UrlNotHttps
        It is not encrypted.
    UrlNotPublic
        It names an address that is not public.
    """
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii").lower().rstrip(".")
    except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
        raise _unfit(pointer) from None
    if parsed.scheme != "https" and parsed.scheme:
        message = Text("必须以 https:// 开头", "must begin with https://")
        raise _at(UrlNotHttps, pointer, "not-https", message)
    literal = _literal(host)
    said_too_much = parsed.userinfo or parsed.fragment or len(url) > URL_LENGTH
    reachable = (literal or _NAME.fullmatch(host)) and 0 < (parsed.port or 443) <= _PORTS
    if said_too_much or not reachable:
        raise _unfit(pointer)
    target = Target(parsed.copy_with(host=host), host, literal)
    if literal is not None:
        _judge(target, [literal], pointer=pointer)
    return target


def _unfit(pointer: str) -> ValidationFailed:
    return _at(UrlUnfit, pointer, "unfit", Text("不是正确的网址", "is not the address of a server"))


def _literal(host: str) -> Address | None:
    """An address in any spelling: ``2130706433`` and ``0x7f.1`` are ``127.0.0.1`` too."""
    with suppress(ValueError):
        return ip_address(host.strip("[]"))
    if host.rpartition(".")[2][:1].isdigit():
        with suppress(OSError):
            return IPv4Address(socket.inet_aton(host))
    return None


_UNICAST = IPv6Network("2000::/3")
_TUNNELS = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))
"""Teredo and 6to4 carry an IPv4 address that would have to be judged again."""


def is_public(address: Address) -> bool:
    """Whether an address is somebody's on the public network."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        return (
            address in _UNICAST
            and address.is_global
            and not any(address in tunnel for tunnel in _TUNNELS)
        )
    return address.is_global and not address.is_multicast and not address.is_reserved


def _judge(target: Target, addresses: Iterable[Address], *, pointer: str) -> None:
    hosts, networks = _allowed(settings().outbound_allowed)
    if target.host in hosts:
        return
    for address in addresses:
        plain = getattr(address, "ipv4_mapped", None) or address
        if not is_public(plain) and not any(plain in network for network in networks):
            message = Text(f"指向非公网地址 {address}", f"leads to {address}, which is not public")
            raise _at(UrlNotPublic, pointer, "not-public", message)


@lru_cache(maxsize=8)
def _allowed(listed: str) -> tuple[frozenset[str], tuple[Network, ...]]:
    """What an operator opened: networks, and hosts by name."""
    hosts: set[str] = set()
    networks: list[Network] = []
    for item in filter(None, (part.strip() for part in listed.split(","))):
        try:
            networks.append(ip_network(item))
        except ValueError:
            hosts.add(item.lower())
    return frozenset(hosts), tuple(networks)


async def look_up(host: str, port: int) -> Sequence[Address]:
    """Every address a name has."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


async def addresses_of(target: Target, *, pointer: str = "/url") -> Sequence[Address]:
    """Every address a target has; all of them are public or allowed.

    Raises
    ------
    UrlUnresolvable
        The name has none.
    UrlNotPublic
        One of them is not public.
    """
    if target.literal is not None:
        return [target.literal]
    try:
        async with asyncio.timeout(_LOOKUP_SECONDS):
            found = await look_up(target.host, target.url.port or 443)
    except (OSError, UnicodeError, TimeoutError):
        found = []
    if not found:
        message = Text(f"无法解析 {target.host}", f"{target.host} has no address")
        raise _at(UrlUnresolvable, pointer, "unresolvable", message)
    _judge(target, found, pointer=pointer)
    return found


async def check(url: str, *, pointer: str = "/url") -> None:
    """Refuse an address that may not be asked.

    Looks the name up, so that it is called before a transaction begins.

    Raises
    ------
    UrlUnfit, UrlNotHttps, UrlUnresolvable, UrlNotPublic
        What is wrong with it.
    """
    await addresses_of(understand(url, pointer=pointer), pointer=pointer)


@lru_cache(maxsize=2)
def _trust(authority: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authority is not None:
        context.load_verify_locations(authority)
    return context


class Answer(NamedTuple):
    """What is read of an answer."""

    status: int
    retry_after: str | None
    """As it was said."""


async def post(url: str, *, content: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
    """Send something once.

    Raises
    ------
    UrlUnfit, UrlNotHttps, UrlUnresolvable, UrlNotPublic
        The address may not be asked, now.
    httpx.HTTPError, OSError, TimeoutError
        There was no answer in time.
    """
    authority = settings().outbound_authority
    verify = _trust(str(authority) if authority is not None else None)
    async with asyncio.timeout(seconds):
        target = understand(url)
        found = await addresses_of(target)
        async with httpx.AsyncClient(
            verify=verify, trust_env=False, follow_redirects=False, timeout=seconds
        ) as http:
            return await _post_to_one(http, target, found, content=content, headers=headers)


async def _post_to_one(
    http: httpx.AsyncClient,
    target: Target,
    addresses: Sequence[Address],
    *,
    content: bytes,
    headers: Mapping[str, str],
) -> Answer:
    *others, last = addresses[:_ADDRESSES_TRIED]
    for address in others:
        with suppress(httpx.ConnectError):
            return await _post_at(http, target, address, content=content, headers=headers)
    return await _post_at(http, target, last, content=content, headers=headers)


async def _post_at(
    http: httpx.AsyncClient,
    target: Target,
    address: Address,
    *,
    content: bytes,
    headers: Mapping[str, str],
) -> Answer:
    """Connect to a judged address, and ask it for the name: in the certificate and the header."""
    request = http.build_request(
        "POST",
        target.url.copy_with(host=str(address)),
        content=content,
        headers={**headers, "Host": target.url.netloc.decode("ascii")},
        extensions={"sni_hostname": target.host.strip("[]")},
    )
    answer = await http.send(request, stream=True)
    # The head says it all. Closing without reading is what bounds a receiver that never ends.
    await answer.aclose()
    return Answer(answer.status_code, answer.headers.get("Retry-After"))
