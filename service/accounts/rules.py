"""The policy: which role holds which permission, how far it reaches, and who may give it.

Pure. Which *rows* a grant reaches is decided in each module's ``access``; here stands only what a
hat is worth.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from service.accounts.problems import (
    BeyondOwnReach,
    EndInPast,
    GrantOver,
    LastDistrictAdmin,
    ReachUnfit,
)
from service.kit.auth import Grant, Permission, Reach, Role
from service.kit.problems import FieldError, Text, ValidationFailed

_ANYBODY = frozenset({Permission.ME_READ, Permission.SESSION_OWN, Permission.CALENDAR_FEED_OWN})
"""Held by every hat for the one who wears it."""

_WORDS = frozenset({Permission.CODE_LIST_READ, Permission.FEED_READ})
"""Code lists are the district's own words: whoever works here may read them. Whoever works here may
follow the feed too; what it shows each of them is decided collection by collection."""

_ANSWERS = frozenset(
    {
        Permission.MENTORING_ANSWER,
        Permission.MENTORING_APPRAISE,
        Permission.COVER_ANSWER,
        Permission.SWAP_ANSWER,
        Permission.SHORTAGE_ANSWER,
        Permission.ATTENDANCE_CHECK_IN,
    }
)
"""What only the one who is asked can say."""

_DISTRICT_OFFICE = frozenset(Permission) - _ANYBODY - _ANSWERS
"""Everything, but nobody answers for a teacher, or appraises for a school."""

_GROUP_OFFICE = frozenset(
    {
        Permission.NETWORK_READ,
        Permission.NETWORK_GROUP_WRITE,
        Permission.NETWORK_MEMBERSHIP_CHANGE,
        Permission.NETWORK_CHARTER_WRITE,
        Permission.TASK_READ,
        Permission.TASK_WRITE,
        Permission.STAFF_READ,
        Permission.CALENDAR_READ,
        Permission.CALENDAR_WRITE,
        Permission.TIMETABLE_READ,
        Permission.TIMETABLE_WRITE,
        Permission.LESSON_CHANGE,
        Permission.LEAVE_READ,
        Permission.LEAVE_WRITE,
        Permission.LEAVE_DECIDE,
        Permission.COVER_READ,
        Permission.COVER_WRITE,
        Permission.SWAP_READ,
        Permission.SWAP_WRITE,
        Permission.SWAP_DECIDE,
        Permission.ATTENDANCE_READ,
        Permission.ATTENDANCE_CONFIRM,
        Permission.ATTENDANCE_DISPUTE,
        Permission.ATTENDANCE_RESOLVE,
        Permission.RATE_READ,
        Permission.STATEMENT_READ,
        Permission.CERTIFICATE_READ,
        Permission.CERTIFICATE_WRITE,
        Permission.STATEMENT_WRITE,
        Permission.STATEMENT_DECIDE,
        Permission.SHORTAGE_READ,
        Permission.SHORTAGE_WRITE,
        Permission.SHORTAGE_DECIDE,
        Permission.SHORTAGE_OFFER,
        Permission.SHORTAGE_AGREE,
        Permission.ASSIGNMENT_READ,
        Permission.ASSIGNMENT_WRITE,
        Permission.ASSIGNMENT_PUBLISH,
        Permission.MENTORING_READ,
        Permission.MENTORING_WRITE,
        Permission.PROGRAMME_READ,
        Permission.PROGRAMME_WRITE,
        Permission.STUDIO_READ,
        Permission.STUDIO_WRITE,
        Permission.ROTATION_READ,
        Permission.ACCOUNT_READ,
        Permission.ACCOUNT_WRITE,
    }
)
"""The group's office at the lead school. It signs no charter: that is each school's own word."""

_SCHOOL_OFFICE = frozenset(
    {
        Permission.NETWORK_READ,
        Permission.NETWORK_SCHOOL_WRITE,
        Permission.NETWORK_CHARTER_SIGN,
        Permission.TASK_READ,
        Permission.TASK_WRITE,
        Permission.STAFF_READ,
        Permission.STAFF_WRITE,
        Permission.CALENDAR_READ,
        Permission.CALENDAR_WRITE,
        Permission.TIMETABLE_READ,
        Permission.TIMETABLE_WRITE,
        Permission.LESSON_CHANGE,
        Permission.LEAVE_READ,
        Permission.LEAVE_WRITE,
        Permission.LEAVE_DECIDE,
        Permission.COVER_READ,
        Permission.COVER_WRITE,
        Permission.SWAP_READ,
        Permission.SWAP_WRITE,
        Permission.SWAP_DECIDE,
        Permission.ATTENDANCE_READ,
        Permission.ATTENDANCE_CONFIRM,
        Permission.ATTENDANCE_DISPUTE,
        Permission.RATE_READ,
        Permission.STATEMENT_READ,
        Permission.CERTIFICATE_READ,
        Permission.STATEMENT_WRITE,
        Permission.SHORTAGE_READ,
        Permission.SHORTAGE_WRITE,
        Permission.SHORTAGE_AGREE,
        Permission.ASSIGNMENT_READ,
        Permission.MENTORING_READ,
        Permission.MENTORING_WRITE,
        Permission.MENTORING_APPRAISE,
        Permission.PROGRAMME_READ,
        Permission.STUDIO_READ,
        Permission.STUDIO_WRITE,
        Permission.ROTATION_READ,
        Permission.ACCOUNT_READ,
        Permission.ACCOUNT_WRITE,
    }
)

_TEACHER = frozenset(
    {
        Permission.STAFF_READ,
        Permission.TIMETABLE_READ,
        Permission.SHORTAGE_READ,
        Permission.SHORTAGE_ANSWER,
        Permission.ASSIGNMENT_READ,
        Permission.MENTORING_READ,
        Permission.MENTORING_ANSWER,
        Permission.STUDIO_READ,
        Permission.LEAVE_READ,
        Permission.LEAVE_WRITE,
        Permission.COVER_READ,
        Permission.COVER_ANSWER,
        Permission.SWAP_READ,
        Permission.SWAP_WRITE,
        Permission.SWAP_ANSWER,
        Permission.ATTENDANCE_READ,
        Permission.ATTENDANCE_CHECK_IN,
        Permission.ATTENDANCE_DISPUTE,
        Permission.RATE_READ,
        Permission.STATEMENT_READ,
        Permission.CERTIFICATE_READ,
    }
)
"""What a teacher may do with their own rows."""

_OWN_SCHOOL = frozenset({Permission.NETWORK_READ, Permission.CALENDAR_READ})
"""What a teacher may look up about the school that keeps the account."""

_STUDY = frozenset(
    {
        Permission.NETWORK_READ,
        Permission.STAFF_READ,
        Permission.CALENDAR_READ,
        Permission.TIMETABLE_READ,
        Permission.SHORTAGE_READ,
        Permission.ASSIGNMENT_READ,
        Permission.MENTORING_READ,
        Permission.PROGRAMME_READ,
        Permission.STUDIO_READ,
        Permission.ROTATION_READ,
    }
)

_INSPECTION = _STUDY | {
    Permission.TASK_READ,
    Permission.IMPORT_READ,
    Permission.ACCOUNT_READ,
    Permission.AUDIT_READ,
    Permission.WEBHOOK_READ,
    Permission.LEAVE_READ,
    Permission.COVER_READ,
    Permission.SWAP_READ,
    Permission.ATTENDANCE_READ,
    Permission.RATE_READ,
    Permission.STATEMENT_READ,
    Permission.CERTIFICATE_READ,
}

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.DISTRICT_ADMIN: _DISTRICT_OFFICE,
    Role.GROUP_ADMIN: _GROUP_OFFICE,
    Role.SCHOOL_ADMIN: _SCHOOL_OFFICE,
    Role.TEACHER: _TEACHER,
    Role.RESEARCHER: _STUDY,
    Role.EVALUATOR: _STUDY | {Permission.TASK_READ},
    Role.AUDITOR: _INSPECTION,
    Role.PARTNER: frozenset(),
}
"""What a role may do as far as its grant reaches; a partner's scopes say it instead."""

ROLE_REACHES: Mapping[Role, frozenset[Reach]] = {
    Role.DISTRICT_ADMIN: frozenset({Reach.DISTRICT}),
    Role.GROUP_ADMIN: frozenset({Reach.GROUP}),
    Role.SCHOOL_ADMIN: frozenset({Reach.SCHOOL}),
    Role.TEACHER: frozenset({Reach.SELF}),
    Role.RESEARCHER: frozenset({Reach.SCHOOL, Reach.GROUP, Reach.DISTRICT}),
    Role.EVALUATOR: frozenset({Reach.SCHOOL, Reach.GROUP, Reach.DISTRICT}),
    Role.AUDITOR: frozenset({Reach.SCHOOL, Reach.GROUP, Reach.DISTRICT}),
    Role.PARTNER: frozenset(),
}

GIVES: Mapping[Role, frozenset[Role]] = {
    Role.DISTRICT_ADMIN: frozenset(Role) - {Role.PARTNER},
    Role.GROUP_ADMIN: frozenset({Role.GROUP_ADMIN, Role.TEACHER}),
    Role.SCHOOL_ADMIN: frozenset({Role.SCHOOL_ADMIN, Role.TEACHER}),
}
"""Which roles a role may give within its reach; never one that holds what the giver does not.

So the group's office makes no school admins: they may sign and write what it may not.
"""


class Scope(StrEnum):
    """What a partner client may be allowed, in OAuth's words."""

    SCHEDULE_READ = "schedule.read"
    SCHEDULE_WRITE = "schedule.write"
    PEOPLE_READ = "people.read"
    PEOPLE_WRITE = "people.write"
    GROUPS_READ = "groups.read"
    WEBHOOKS_WRITE = "webhooks.write"


SCOPE_PERMISSIONS: Mapping[Scope, frozenset[Permission]] = {
    Scope.SCHEDULE_READ: frozenset(
        {Permission.CALENDAR_READ, Permission.TIMETABLE_READ, Permission.ASSIGNMENT_READ}
    ),
    Scope.SCHEDULE_WRITE: frozenset({Permission.TIMETABLE_WRITE}),
    Scope.PEOPLE_READ: frozenset({Permission.STAFF_READ}),
    Scope.PEOPLE_WRITE: frozenset({Permission.STAFF_WRITE}),
    Scope.GROUPS_READ: frozenset({Permission.NETWORK_READ}),
    Scope.WEBHOOKS_WRITE: frozenset({Permission.WEBHOOK_READ, Permission.WEBHOOK_WRITE}),
}


@dataclass(frozen=True, slots=True)
class Hat:
    """A role as far as it reaches: what a grant row says on a day it is valid."""

    role: Role
    reach: Reach
    target_id: UUID | None = None


def grants_of(hats: Iterable[Hat], *, school_id: UUID | None) -> tuple[Grant, ...]:
    """What an account's hats of today allow; without a hat, nothing.

    ``school_id`` is the school that keeps the account: a teacher looks things up there.
    """
    grants: list[Grant] = []
    for hat in hats:
        grants.append(Grant(hat.role, ROLE_PERMISSIONS[hat.role], hat.reach, hat.target_id))
        grants.append(Grant(hat.role, _ANYBODY, Reach.SELF))
        grants.append(Grant(hat.role, _WORDS, Reach.DISTRICT))
        if hat.role is Role.TEACHER and school_id is not None:
            grants.append(Grant(hat.role, _OWN_SCHOOL, Reach.SCHOOL, school_id))
    return tuple(grants)


def partner_grants(
    scopes: Iterable[Scope], organisations: Iterable[tuple[Reach, UUID | None]]
) -> tuple[Grant, ...]:
    """What a partner client may do: every scope, in every organisation it was given."""
    held = frozenset[Permission]().union(*(SCOPE_PERMISSIONS[scope] for scope in scopes))
    if not held:
        return ()
    return (
        *(Grant(Role.PARTNER, held, reach, target) for reach, target in organisations),
        Grant(Role.PARTNER, _WORDS, Reach.DISTRICT),
    )


def narrowed_scopes(asked: str | None, *, held: Collection[Scope]) -> frozenset[Scope] | None:
    """The scopes of a token: all that are held, or the part that was asked for.

    ``None`` where something was asked for that is not held.
    """
    if not asked or not asked.split():
        return frozenset(held)
    wanted = set(asked.split())
    return frozenset(Scope(name) for name in wanted) if wanted <= set(held) else None


def check_hat(hat: Hat) -> None:
    """Refuse a role that is not held that far.

    Raises
    ------
    ReachUnfit
        The role has no such reach, or the target is missing or too much.
    """
    if hat.reach not in ROLE_REACHES[hat.role]:
        known = "、".join(sorted(ROLE_REACHES[hat.role])) or "-"
        message = Text(f"该角色可用:{known}", f"this role takes {known.replace('、', ', ')}")
        raise ReachUnfit(errors=[FieldError("/reach", "reach-unfit", message)])
    check_target(hat.reach, hat.target_id)


def check_target(reach: Reach, target_id: UUID | None, *, pointer: str = "/target_id") -> None:
    """Refuse a school or group that is missing, or one that nothing asks for.

    Raises
    ------
    ReachUnfit
        The target does not go with the reach.
    """
    if (target_id is not None) is not (reach in {Reach.SCHOOL, Reach.GROUP}):
        message = Text(
            "学校、集团范围必填,其余范围须为空", "goes with school and group, and only with them"
        )
        raise ReachUnfit(errors=[FieldError(pointer, "reach-unfit", message)])


def check_gives(role: Role, *, covering: Collection[Role]) -> None:
    """Refuse to give, or to take, what the giver could not give.

    ``covering`` are the giver's roles whose reach holds the target.

    Raises
    ------
    BeyondOwnReach
        None of them gives this role.
    """
    if not any(role in GIVES.get(giver, frozenset()) for giver in covering):
        raise BeyondOwnReach


def check_end(*, valid_until: date | None, end: date, today: date) -> None:
    """Refuse an end in the past, or of a grant that is over.

    Raises
    ------
    GrantOver
        The grant has ended already.
    EndInPast
        Days that have gone by would be rewritten.
    """
    if valid_until is not None and valid_until <= today:
        raise GrantOver
    if end < today:
        raise EndInPast


def check_admins_left(others: Sequence[UUID]) -> None:
    """Refuse to remove the last account that can let others in.

    ``others`` are active accounts, except the one concerned, that are district admin today and
    without an end.

    Raises
    ------
    LastDistrictAdmin
        There is no other.
    """
    if not others:
        raise LastDistrictAdmin


class Verdict(StrEnum):
    """What happens with a refresh token that is one of ours."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    """The owner asks for an answer that was lost on the way."""
    REUSED = "reused"
    OVER = "over"


def judge_refresh(*, presented: int, present: int, is_over: bool, is_retry: bool) -> Verdict:
    """Decide about a refresh token by its generation and the session's present one.

    A token works once. An older one was copied, whoever sends it; only a retry of the very last
    exchange, proven by its idempotency key, is the owner for sure.
    """
    if is_over:
        return Verdict.OVER
    if presented == present:
        return Verdict.ROTATE
    if is_retry and presented == present - 1:
        return Verdict.REPEAT
    return Verdict.REUSED


_NAME = re.compile(r"[\w][\w.\-]{1,63}")


@dataclass(frozen=True, slots=True)
class Login:
    """A name somebody signs in with, and the district's code where it was given."""

    name: str
    district_code: str | None


def normal_name(name: str) -> str:
    """One spelling of a username: full-width letters and capitals are the same person."""
    return unicodedata.normalize("NFKC", name).strip().lower()


def is_username(name: str) -> bool:
    """Whether it can be a username: 2 to 64 letters, digits, ``.``, ``-`` or ``_``."""
    return _NAME.fullmatch(name) is not None


def read_login(given: str) -> Login:
    """``name`` or ``name@500109``: the district's code follows the last ``@``."""
    name, _, code = normal_name(given).rpartition("@")
    return Login(name, code) if name else Login(code, None)


_USAGE_DAYS = timedelta(days=30)
_USAGE_AT_MOST = 400


def usage_days(from_: date | None, until: date | None, *, today: date) -> tuple[date, date]:
    """The days ``[from, until)`` whose usage is asked for: without any, the last thirty.

    Raises
    ------
    ValidationFailed
        They are reversed, or too many.
    """
    last = until or today + timedelta(days=1)
    first = from_ or (last - _USAGE_DAYS if last - date.min >= _USAGE_DAYS else date.min)
    if not 0 < (last - first).days <= _USAGE_AT_MOST:
        message = Text(
            f"应晚于 from,且至多 {_USAGE_AT_MOST} 天",
            f"is after from, by {_USAGE_AT_MOST} days at most",
        )
        raise ValidationFailed(errors=[FieldError("query/until", "range-unfit", message)])
    return first, last
