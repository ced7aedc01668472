"""Every operation, asked by every role about things in every place.

What must come out stands in ``policy`` and ``operations``, not in the routes: a route that forgets
how far its caller reaches answers 200 where 404 stands here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlmodel import col, select

from service.accounts import queries
from service.accounts.tables import Account
from service.kit.auth import Role
from service.kit.http import Route
from tests.accounts.operations import CHAPTERS, Op, ways
from tests.accounts.policy import POLICY, ROLES
from tests.accounts.world import (
    A_PAST_YEAR,
    ANCHORS,
    Place,
    Where,
    build,
    hats,
    reaches,
)
from tests.factories.accounts import access_token

_PARAMETER = re.compile(r"{(\w+)}")
_REFUSALS = frozenset({401, 403, 404, 405})

Statuses = frozenset[int]
ALLOWED: Statuses = frozenset()
FORBIDDEN: Statuses = frozenset({403})
UNKNOWN: Statuses = frozenset({401})


@dataclass(frozen=True)
class Operation:
    """A route and what the table says of it."""

    id: str
    method: str
    path: str
    known: frozenset[str]
    said: Op

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of thing that each parameter of the path names."""
        return {
            name: self.said.named.get(name, name.removesuffix("_id"))
            for name in _PARAMETER.findall(self.path)
        }

    @property
    def about(self) -> str | None:
        """The kind of thing that decides who may."""
        return self.said.at or next(reversed(self.kinds.values()), None)


def _routes(app: FastAPI) -> Iterator[tuple[str, str, Route]]:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, Route) and route.include_in_schema:
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, route.path, route


def _operations(app: FastAPI, chapter: str) -> list[Operation]:
    said = CHAPTERS[chapter]
    return [
        Operation(str(route.operation_id), method, path, route.known_parameters, one)
        for method, path, route in _routes(app)
        for one in ways(said.get(str(route.operation_id), ()))
    ]


def test_every_operation_stands_in_the_table_and_every_line_is_an_operation(application):
    served = {str(route.operation_id): route.path for *_, route in _routes(application)}
    listed = [name for chapter in CHAPTERS.values() for name in chapter]
    assert len(listed) == len(set(listed))
    missing = [f"{name} {served[name]}" for name in sorted(served.keys() - set(listed))]
    assert not missing, "say in operations.py what these need:\n" + "\n".join(missing)
    gone = sorted(set(listed) - served.keys())
    assert not gone, f"take these out of operations.py: {gone}"


def test_every_operation_declares_the_permission_of_the_table(application):
    wrong = [
        f"{route.operation_id}: {route.permissions} instead of {one.needs}"
        for *_, route in _routes(application)
        for chapter in CHAPTERS.values()
        for one in ways(chapter.get(str(route.operation_id), ()))
        if [one.needs] != [*route.permissions]
    ]
    assert not wrong, "\n".join(wrong)


def test_everything_a_path_names_can_be_made(application):
    unknown = [
        f"{operation.id}: no builder for {kind!r} in world.py ({operation.path})"
        for chapter in CHAPTERS
        for operation in _operations(application, chapter)
        for kind in {*operation.kinds.values(), operation.about, operation.said.lists}
        if kind is not None and kind not in ANCHORS
    ]
    assert not unknown, "\n".join(unknown)


def _expected(operation: Operation, *, role: str, where: Where) -> Statuses:
    """The statuses of a refusal; none where it is allowed."""
    said = operation.said
    if (role, where) in said.but:
        status = said.but[role, where]
        return ALLOWED if status is None else frozenset({status})
    letter = POLICY.get((role, said.needs or ""))
    if letter is None:
        return FORBIDDEN
    decides = letter == "D" or not said.district_decides
    if operation.about is None:
        return ALLOWED if decides else FORBIDDEN
    anchor = ANCHORS[operation.about]
    seen = reaches(POLICY[role, said.sees or ""], anchor, where, to_change=False)
    if seen and decides and reaches(letter, anchor, where, to_change=said.changes):
        return ALLOWED
    return _refused(said, seen=seen, decides=decides)


def _refused(said: Op, *, seen: bool, decides: bool) -> Statuses:
    if said.in_body:
        return frozenset({403, 404, 422})
    if seen:
        return FORBIDDEN
    # Who may not do this anywhere is refused before anything is looked up: that tells nothing.
    return frozenset({404}) if decides else frozenset({403, 404})


async def _ask(
    client: httpx.AsyncClient, operation: Operation, place: Place, token: str | None
) -> httpx.Response:
    names = {name: str(await place.the(kind)) for name, kind in operation.kinds.items()}
    path = operation.path.format(**names)
    query = dict(operation.said.query)
    if operation.said.asks is not None:
        query |= await operation.said.asks(place)
    if "validate_only" in operation.known:
        query["validate_only"] = "true"
    if operation.said.lists is not None and "limit" in operation.known:
        query["limit"] = "200"
    options: dict[str, Any] = {}
    if operation.said.body is not None:
        options["json"] = await operation.said.body(place)
    if operation.said.form is not None:
        options["data"] = dict(operation.said.form)
    if operation.said.files is not None:
        options["files"] = dict(operation.said.files)
    headers = {"If-Match": "*"} if operation.method != "GET" else {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return await client.request(operation.method, path, params=query, headers=headers, **options)


def _judge(answer: httpx.Response, expected: Statuses) -> str | None:
    """What is wrong with an answer, if anything."""
    problem = "problem" in answer.headers.get("content-type", "")
    code = answer.json()["code"] if problem else ""
    got = f"{answer.status_code} {code}".strip()
    if code in {"validation-failed", "malformed"}:
        return f"{got}: the table's body is not good: {answer.text}"
    if expected:
        return None if answer.status_code in expected else f"{got} instead of {sorted(expected)}"
    if answer.status_code in _REFUSALS or answer.status_code >= 500:
        return f"{got} instead of an answer"
    if code == "related-not-found":
        return f"{got}: the table's body names nothing that exists: {answer.text}"
    return None


class Asking:
    """One chapter's run: who asks, about which places, and what was wrong."""

    def __init__(self, client: httpx.AsyncClient, places: dict[Where, Place]) -> None:
        self.client = client
        self.places = places
        self.sessions: dict[str, Any] = {}
        self.tokens: dict[str, str] = {}
        self.wrong: list[str] = []

    async def everything(self, operation: Operation) -> None:
        """Ask one operation from every side."""
        alive: set[int] = set()
        if operation.said.needs is None:
            await self._ask_as("anonymous", operation, Where.OWN, ALLOWED, alive)
        else:
            await self._ask_as("anonymous", operation, Where.OWN, UNKNOWN, alive)
            await self._ask_as("former", operation, Where.OWN, FORBIDDEN, alive)
        for role in ROLES:
            await self._ask_everywhere(operation, role, alive)
        if not alive & operation.said.alive:
            self.wrong.append(f"{operation.id}: nobody gets {sorted(operation.said.alive)}")

    async def _ask_everywhere(self, operation: Operation, role: str, alive: set[int]) -> None:
        if operation.said.needs is None:
            await self._ask_as(role, operation, Where.OWN, ALLOWED, alive)
            return
        held = (role, operation.said.needs) in POLICY
        about = operation.about
        for where in Where if held and about is not None else (Where.OWN,):
            expected = _expected(operation, role=role, where=where)
            await self._ask_as(role, operation, where, expected, alive)
        if held and operation.said.lists is not None:
            await self._look_through(operation, role)

    async def _ask_as(
        self,
        role: str,
        operation: Operation,
        where: Where,
        expected: Statuses,
        alive: set[int],
    ) -> None:
        place = self._place(role, where)
        answer = await _ask(self.client, operation, place, self._token(role))
        if not expected:
            alive.add(answer.status_code)
        if found := _judge(answer, expected):
            self.wrong.append(f"{operation.id} as {role} at {where}: {found}")

    async def _look_through(self, operation: Operation, role: str) -> None:
        """A list shows what is in reach, and nothing else."""
        kind = str(operation.said.lists)
        letter = POLICY[role, str(operation.said.needs)]
        there = {where: str(await self._place(role, where).the(kind)) for where in Where}
        answer = await _ask(self.client, operation, self._place(role, Where.OWN), self._token(role))
        if answer.status_code != httpx.codes.OK:
            return
        shown = {_inside(item, operation.said.item) for item in answer.json()["items"]}
        for where, thing in there.items():
            wanted = reaches(letter, ANCHORS[kind], where, to_change=False)
            if (thing in shown) is not wanted:
                verb = "hides" if wanted else "shows"
                self.wrong.append(f"{operation.id} as {role} {verb} the {kind} at {where}")

    def _place(self, role: str, where: Where) -> Place:
        place = self.places[where]
        session = self.sessions.get(role)
        place.owner_id = session.account_id if session and where is Where.OWN else None
        return place

    def _token(self, role: str) -> str | None:
        if role in self.sessions and role not in self.tokens:
            self.tokens[role] = access_token(self.sessions[role])
        return self.tokens.get(role)


def _inside(item: Any, path: str) -> str:
    return str(reduce(lambda inner, name: inner[name], path.split("."), item))


@pytest.fixture
async def asking(client, make, district) -> Asking:
    """Both districts, and somebody in every role."""
    places = await build(make, district)
    asking = Asking(client, places)
    for role, worn in hats(places[Where.OWN]).items():
        asking.sessions[role] = await make.wearer(role=Role(role), **worn)
    former = await make.account(school_id=places[Where.OWN].school.id)
    for role in (Role.DISTRICT_ADMIN, Role.TEACHER):
        await make.hat(account=former, role=role, valid=A_PAST_YEAR)
    asking.sessions["former"] = await make.signed_in(account=former)
    return asking


@pytest.mark.parametrize("chapter", sorted(CHAPTERS))
async def test_every_role_gets_what_the_policy_says(chapter, application, asking):
    for operation in _operations(application, chapter):
        await asking.everything(operation)
    assert not asking.wrong, "\n" + "\n".join(asking.wrong)


async def test_a_route_that_forgets_how_far_its_caller_reaches_is_found(
    application, asking, monkeypatch
):
    monkeypatch.setattr(queries, "visible_accounts", lambda *_: select(col(Account.id)))
    forgetful = {one.id: one for one in _operations(application, "accounts")}
    for name in ("getAccount", "listAccounts", "endGrant"):
        asking.wrong.clear()
        await asking.everything(forgetful[name])
        assert any("other group" in line for line in asking.wrong), name
