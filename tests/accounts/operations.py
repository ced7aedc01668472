"""What every operation is: which permission it takes, what it is about, and a body that is good.

An operation that is not here fails the matrix test. Most need one line: the permission. What the
operation is about follows from the last parameter of its path.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.accounts.world import Place, Where

Body = Callable[[Place], Awaitable[Any]]
Chapter = Mapping[str, "Op"]

_SEEN_BY = {
    "network": "network.read",
    "codelist": "codelist.read",
    "task": "task.read",
    "staff": "staff.read",
    "calendar": "calendar.read",
    "timetable": "timetable.read",
    "lesson": "timetable.read",
    "assignment": "assignment.read",
    "mentoring": "mentoring.read",
    "me": "me.read",
    "import": "import.read",
    "account": "account.read",
    "session": "session.own",
    "audit": "audit.read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """One operation, as the policy sees it."""

    needs: str | None
    """The permission; ``None`` for everybody, signed in or not."""
    at: str | None = None
    """The kind of thing it is about, where the path does not say it (a kind of ``world``)."""
    body: Body | None = None
    form: Mapping[str, str] | None = None
    files: Mapping[str, tuple[str, bytes]] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    lists: str | None = None
    """The kind of thing whose ids a list shows: those in reach, and no others."""
    item: str = "id"
    in_body: bool = False
    """Whether only the body names the thing: then it may be refused in more than one way."""
    alive: frozenset[int] = frozenset({200, 201, 202, 204})
    """An answer that at least one role gets, so that no operation passes by refusing everybody."""
    but: Mapping[tuple[str, Where], int] = field(default_factory=dict)
    """Answers that a rule beside the policy asks for, by role and place."""

    @property
    def sees(self) -> str | None:
        """The permission that makes the thing visible."""
        return _SEEN_BY[self.needs.partition(".")[0]] if self.needs else None

    @property
    def changes(self) -> bool:
        """Whether it takes more than seeing."""
        return self.needs != self.sees


def op(needs: str | None, **more: Any) -> Op:
    """An operation by its permission."""
    return Op(needs=needs, **more)


def _number() -> str:
    return uuid4().hex[:12]


_UNREAD = frozenset({415})
_REFUSED = frozenset({422})
"""What a body gets that no policy could help."""


# Accounts


async def _new_account(place: Place) -> Any:
    school_id = str(place.school.id)
    return {"username": f"u{_number()}", "display_name": "张老师", "school_id": school_id}


async def _new_client(place: Place) -> Any:
    where = {"reach": "school", "target_id": str(place.school.id)}
    return {
        "client_id": f"c{_number()}",
        "name": "合作系统",
        "scopes": ["people.read"],
        "organisations": [where],
    }


def _always(body: Any) -> Body:
    async def given(_: Place) -> Any:
        return body

    return given


ACCOUNTS: Chapter = {
    "issueToken": op(None, form={"grant_type": "unheard_of"}, alive=frozenset({400})),
    "revokeToken": op(None, form={"token": "not-ours"}),
    "listMySessions": op("session.own", lists="session"),
    "getMySession": op("session.own"),
    "endMySession": op("session.own"),
    "changeMyPassword": op(
        "session.own",
        body=_always({"current_password": "unknown", "new_password": "a good long one"}),
        alive=_REFUSED,
    ),
    "listAccounts": op("account.read", lists="account"),
    "createAccount": op("account.write", at="school", body=_new_account, in_body=True),
    "getAccount": op("account.read"),
    "changeAccount": op("account.write", body=_always({"display_name": "新名字"})),
    "resetPassword": op("account.write", body=_always({"password": "a good long one"})),
    "deactivateAccount": op("account.write"),
    "activateAccount": op("account.write"),
    "listGrants": op("account.read", at="account"),
    "giveGrant": op(
        "account.write",
        at="account",
        body=_always({"role": "teacher", "reach": "self", "valid_from": "2026-09-01"}),
    ),
    "getGrant": op("account.read"),
    "endGrant": op("account.write"),
    "listClients": op("account.read", lists="client"),
    "createClient": op("account.write", at="client", body=_new_client, in_body=True),
    "getClient": op("account.read"),
    "changeClient": op("account.write", body=_always({"name": "新名称"})),
    "rotateClientSecret": op("account.write"),
}

# Timetable


async def _new_class(place: Place) -> Any:
    return {
        "campus_id": str(await place.the("campus")),
        "code": f"2024-{place.number()}",
        "stage": "2",
        "grade": 3,
        "number": 1,
        "name": "三年级1班",
        "valid_from": "2026-09-01",
    }


async def _new_room(place: Place) -> Any:
    campus_id = str(await place.the("campus"))
    return {"campus_id": campus_id, "code": f"B{place.number()}", "name": "美术教室"}


TIMETABLE: Chapter = {
    "listClasses": op("timetable.read", lists="class"),
    "createClass": op("timetable.write", at="campus", body=_new_class, in_body=True),
    "getClass": op("timetable.read"),
    "changeClass": op("timetable.write", body=_always({"name": "五年级1班"})),
    "listRooms": op("timetable.read", lists="room"),
    "createRoom": op("timetable.write", at="campus", body=_new_room, in_body=True),
    "getRoom": op("timetable.read"),
    "changeRoom": op("timetable.write", body=_always({"name": "舞蹈教室"})),
    "listTravelTimes": op("timetable.read"),
    "getTravelTime": op("timetable.read", at="way"),
    "setTravelTime": op("timetable.write", at="way", body=_always({"minutes": 35})),
    "listLessons": op("timetable.read", lists="lesson"),
    "getLesson": op("timetable.read"),
    "cancelLesson": op("lesson.change", body=_always({"reason": "学校运动会"})),
    "moveLesson": op(
        "lesson.change",
        body=_always({"starts_at": "2027-03-01T15:00:00+08:00", "reason": "学校运动会"}),
        alive=frozenset({200, 409}),
    ),
}


# Imports

IMPORTS: Chapter = {
    "getImportTemplate": op("import.read"),
    "createImport": op("import.write", files={"file": ("a.xlsx", b"no book")}, alive=_UNREAD),
    "listImports": op("import.read", lists="import"),
    "getImport": op("import.read"),
    "getImportReportFile": op("import.read"),
    "checkImport": op("import.write"),
    "applyImport": op("import.write"),
}

CHAPTERS: Mapping[str, Chapter] = {
    "accounts": ACCOUNTS,
    "imports": IMPORTS,
    "timetable": TIMETABLE,
}
