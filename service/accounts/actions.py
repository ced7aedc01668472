"""Changing accounts and grants. Nobody gives, takes or resets more than they hold themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlmodel import col, select

from service.accounts import queries, sessions
from service.accounts.problems import BeyondOwnReach
from service.accounts.rules import (
    Hat,
    check_admins_left,
    check_end,
    check_gives,
    check_hat,
    normal_name,
)
from service.accounts.tables import Account, AccountGrant, EndReason
from service.kit.auth import Caller, Permission, Reach, Role
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days
from service.kit.journal import record
from service.network.access import reaches_district

_ITSELF = Hat(Role.TEACHER, Reach.SELF)
"""What every account is at least worth: whoever may not give it may not touch the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What an account begins with."""

    username: str
    display_name: str
    password_hash: str | None
    subject: str | None = None
    teacher_id: UUID | None = None
    school_id: UUID | None = None


async def create_account(db: AsyncSession, *, caller: Caller, new: NewAccount) -> Account:
    """Open an account at a school within the caller's reach.

    Raises
    ------
    BeyondOwnReach
        The school is not the caller's, or none was named and the caller is not the district's.
    """
    await _check_covers(db, caller=caller, hat=_ITSELF, school_id=new.school_id)
    _check_names_teacher(caller, new.teacher_id)
    account = Account(
        district_id=caller.district_id,
        username=normal_name(new.username),
        display_name=new.display_name,
        password_hash=new.password_hash,
        subject=new.subject,
        teacher_id=new.teacher_id,
        school_id=new.school_id,
    )
    db.add(account)
    await db.flush()
    await record(db, "account.created", account, by=caller, reach=_places(account))
    return account


async def change_account(
    db: AsyncSession,
    *,
    caller: Caller,
    account_id: UUID,
    changes: Mapping[str, Any],
    expected: Precondition,
) -> Account:
    """Change an account's name, its school, or whom it belongs to.

    Raises
    ------
    BeyondOwnReach
        The account holds more than the caller may give, or would move out of the caller's reach.
    """
    account = await _held(db, caller=caller, account_id=account_id, expected=expected)
    school_id = changes.get("school_id", account.school_id)
    await _check_covers(db, caller=caller, hat=_ITSELF, school_id=school_id)
    if changes.get("teacher_id", account.teacher_id) != account.teacher_id:
        _check_names_teacher(caller, changes["teacher_id"])
    before = change_fields(account, changes)
    if before:
        await record(
            db, "account.changed", account, by=caller, before=before, reach=_places(account)
        )
        await sessions.forget_callers(db, district_id=caller.district_id)
    return account


async def reset_password(
    db: AsyncSession,
    *,
    caller: Caller,
    account_id: UUID,
    password_hash: str,
    expected: Precondition,
) -> Account:
    """Give an account another password and sign it out everywhere.

    Raises
    ------
    BeyondOwnReach
        The account holds more than the caller may give.
    """
    account = await _held(db, caller=caller, account_id=account_id, expected=expected)
    await _set_password(db, by=caller, account=account, password_hash=password_hash)
    return account


async def change_own_password(db: AsyncSession, *, caller: Caller, password_hash: str) -> None:
    """Give the caller another password and sign them out everywhere else."""
    key = (caller.district_id, caller.account_id)
    account = await db.get_one(Account, key, with_for_update=True)
    await _set_password(
        db, by=caller, account=account, password_hash=password_hash, besides=caller.session_id
    )


async def _set_password(
    db: AsyncSession,
    *,
    by: Caller,
    account: Account,
    password_hash: str,
    besides: UUID | None = None,
) -> None:
    change_fields(account, {"password_hash": password_hash})
    await record(db, "account.password-changed", account, by=by, reach=_places(account))
    await sessions.end_all(
        db, owner_id=account.id, by=by, why=EndReason.CREDENTIALS_CHANGED, besides=besides
    )


async def set_active(
    db: AsyncSession,
    *,
    caller: Caller,
    account_id: UUID,
    active: bool,
    expected: Precondition,
) -> Account:
    """Close an account, which signs it out everywhere, or open it again.

    Raises
    ------
    BeyondOwnReach
        The account holds more than the caller may give.
    LastDistrictAdmin
        Nobody would be left who lets others in.
    """
    account = await _held(db, caller=caller, account_id=account_id, expected=expected)
    before = change_fields(account, {"active": active})
    if not before:
        return account
    event = "account.activated" if active else "account.deactivated"
    await record(db, event, account, by=caller, before=before, reach=_places(account))
    if not active:
        today = await queries.today(db, district_id=caller.district_id)
        hats = await queries.live_hats(db, account_id=account.id, day=today)
        if any(hat.role is Role.DISTRICT_ADMIN for hat in hats):
            await _check_admins_left(db, besides=account.id, caller=caller)
        await sessions.end_all(db, owner_id=account.id, by=caller, why=EndReason.DEACTIVATED)
    return account


async def give(
    db: AsyncSession, *, caller: Caller, account_id: UUID, hat: Hat, valid: Range[date]
) -> AccountGrant:
    """Give an account a hat for some days.

    Raises
    ------
    ReachUnfit
        The role is not held that far.
    BeyondOwnReach
        The caller could not do as much themselves.
    """
    check_hat(hat)
    account = await queries.visible_account(db, caller=caller, account_id=account_id)
    await _check_covers(db, caller=caller, hat=hat, school_id=account.school_id)
    grant = AccountGrant(
        district_id=caller.district_id,
        account_id=account.id,
        role=hat.role,
        reach=hat.reach,
        school_id=hat.target_id if hat.reach is Reach.SCHOOL else None,
        group_id=hat.target_id if hat.reach is Reach.GROUP else None,
        valid=valid,
    )
    db.add(grant)
    await db.flush()
    await record(db, "grant.given", grant, by=caller, reach=[*_places(account), *_targets(grant)])
    # More rights are not waited for either: the wearer sees them within seconds, not at sign-in.
    await sessions.forget_callers(db, district_id=caller.district_id)
    return grant


async def end_grant(
    db: AsyncSession,
    *,
    caller: Caller,
    grant_id: UUID,
    end: date | None,
    expected: Precondition,
) -> None:
    """Let a grant end on a day, today unless another is named.

    Its past stays; a grant that has not begun by then is gone.

    Raises
    ------
    GrantOver
        It has ended already.
    EndInPast
        The day has gone by.
    LastDistrictAdmin
        Nobody would be left who lets others in.
    """
    seen = await queries.visible_grant(db, caller=caller, grant_id=grant_id)
    if seen.role == Role.DISTRICT_ADMIN:
        await _check_admins_left(db, besides=seen.account_id, caller=caller)
    grant = await queries.visible_grant(db, caller=caller, grant_id=grant_id, to_change=True)
    account = await db.get_one(Account, (grant.district_id, grant.account_id))
    hat = queries.hat_of(grant)
    await _check_covers(db, caller=caller, hat=hat, school_id=account.school_id)
    expected.check(grant.version)
    today = await queries.today(db, district_id=caller.district_id)
    last = end or today
    start, until = grant.valid.lower, grant.valid.upper
    check_end(valid_until=until, end=last, today=today)
    reach = [*_places(account), *_targets(grant)]
    if start is not None and last <= start:
        await db.delete(grant)
        await record(db, "grant.withdrawn", grant, by=caller, reach=reach, gone=True)
    elif before := change_fields(grant, {"valid": days(start, last)}):
        await record(db, "grant.ended", grant, by=caller, before=before, reach=reach)
    await sessions.forget_callers(db, district_id=caller.district_id)


async def _held(
    db: AsyncSession, *, caller: Caller, account_id: UUID, expected: Precondition
) -> Account:
    """An account, locked, none of whose hats is beyond what the caller may give."""
    account = await queries.visible_account(
        db, caller=caller, account_id=account_id, to_change=True
    )
    day = await queries.today(db, district_id=caller.district_id)
    hats = await queries.live_hats(db, account_id=account.id, day=day)
    for hat in (_ITSELF, *hats):
        await _check_covers(db, caller=caller, hat=hat, school_id=account.school_id)
    expected.check(account.version)
    return account


def _check_names_teacher(caller: Caller, teacher_id: UUID | None) -> None:
    # Whose teacher it is, staff knows and this tier does not: only the district may name anyone.
    if teacher_id is not None and not reaches_district(caller, Permission.ACCOUNT_WRITE):
        raise BeyondOwnReach


async def _check_covers(
    db: AsyncSession, *, caller: Caller, hat: Hat, school_id: UUID | None
) -> None:
    covering = await queries.roles_covering(db, caller=caller, hat=hat, school_id=school_id)
    check_gives(hat.role, covering=covering)


async def _check_admins_left(db: AsyncSession, *, besides: UUID, caller: Caller) -> None:
    # Two admins who remove each other at the same moment meet at these rows, before anybody counts.
    admins = (
        select(AccountGrant)
        .where(col(AccountGrant.role) == Role.DISTRICT_ADMIN)
        .order_by(col(AccountGrant.id))
        .with_for_update()
    )
    await db.exec(admins)
    today = await queries.today(db, district_id=caller.district_id)
    check_admins_left(await queries.other_district_admins(db, besides=besides, day=today))


def _places(account: Account) -> list[UUID]:
    return [place for place in (account.school_id, account.teacher_id) if place is not None]


def _targets(grant: AccountGrant) -> list[UUID]:
    return [target for target in (grant.school_id, grant.group_id) if target is not None]
