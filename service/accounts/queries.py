"""Reading accounts, grants, partner clients and sessions, each within the caller's reach."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import Select, bindparam, false, func, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlmodel import col, select
from sqlmodel.sql.expression import Select as RowSelect
from sqlmodel.sql.expression import SelectOfScalar

from service.accounts.access import visible_accounts
from service.accounts.problems import (
    AccountNotFound,
    ClientNotFound,
    GrantNotFound,
    SessionNotFound,
)
from service.accounts.rules import Hat
from service.accounts.tables import (
    Account,
    AccountGrant,
    ClientOrganisation,
    ClientSecret,
    ClientUsage,
    LoginSession,
    PartnerClient,
)
from service.accounts.tokens import Access
from service.kit import clock
from service.kit.auth import Caller, Permission, Reach, Role
from service.kit.db import AsyncSession, Instant
from service.network.access import reaches_district, visible_schools
from service.network.tables import District

Row = TypeVar("Row")

# Districts


@dataclass(frozen=True, slots=True)
class Home:
    """The district somebody belongs to."""

    id: UUID
    code: str
    zone: str

    @property
    def today(self) -> date:
        """The day it is there: grants are dated."""
        return clock.today(self.zone)


async def homes(db: AsyncSession, *, code: str | None) -> Sequence[Home]:
    """The district with a code, or all there are; two are enough to know that it is not one."""
    statement = select(col(District.id), col(District.code), col(District.zone)).limit(2)
    if code is not None:
        statement = statement.where(col(District.code) == code)
    return [Home(*row) for row in (await db.exec(statement)).all()]


async def home(db: AsyncSession, *, district_id: UUID) -> Home | None:
    """The district with an id."""
    row = await db.get(District, district_id)
    return Home(row.id, row.code, row.zone) if row is not None else None


async def today(db: AsyncSession, *, district_id: UUID) -> date:
    """The day it is in a district."""
    return clock.today((await db.get_one(District, district_id)).zone)


# Who is signed in


_SIGNED_IN = text("""SELECT coalesce((SELECT epoch FROM access_epoch), 0) AS epoch, d.zone,
  s.client_id, s.ended_at, a.id AS account_id, a.active, a.display_name, a.teacher_id,
  a.school_id AS keeper_id, g.role, g.reach, g.school_id, g.group_id
FROM district d
JOIN login_session s ON s.district_id = d.id AND s.id = :session
LEFT JOIN account a ON a.district_id = d.id AND a.id = :subject
LEFT JOIN account_grant g ON g.district_id = d.id AND g.account_id = a.id
  AND g.valid @> CAST(CAST(:now AS timestamptz) AT TIME ZONE d.zone AS date)
WHERE d.id = :district ORDER BY g.id""").bindparams(bindparam("now", type_=Instant()))


async def signed_in(db: AsyncSession, *, access: Access) -> Sequence[Any]:
    """The session of a token with the account behind it, a row for each hat that is worn today.

    Without a hat there is one row, and so there is for a client's session. All of it is of one
    moment, the epoch too: whatever changes after it raises the epoch.
    """
    asked = {
        "district": access.district_id,
        "session": access.session_id,
        "subject": access.subject,
        "now": clock.now(),
    }
    return (await (await db.connection()).execute(_SIGNED_IN, asked)).all()


# Accounts and their grants


async def visible_account(
    db: AsyncSession, *, caller: Caller, account_id: UUID, to_change: bool = False
) -> Account:
    """An account within the caller's reach; ``to_change`` locks it as it is now.

    Raises
    ------
    AccountNotFound
        It does not exist, or the caller may not see it.
    """
    statement = select(Account).where(
        col(Account.id) == account_id,
        col(Account.id).in_(visible_accounts(caller, Permission.ACCOUNT_READ)),
    )
    if to_change:
        statement = _locking(statement)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise AccountNotFound
    return found


def accounts(
    caller: Caller, *, q: str | None, school_id: UUID | None, active: bool | None
) -> SelectOfScalar[Account]:
    """The accounts within the caller's reach."""
    statement = select(Account).where(
        col(Account.id).in_(visible_accounts(caller, Permission.ACCOUNT_READ))
    )
    if q is not None:
        like = "%" + q.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        statement = statement.where(
            col(Account.username).ilike(like) | col(Account.display_name).ilike(like)
        )
    if school_id is not None:
        statement = statement.where(col(Account.school_id) == school_id)
    if active is not None:
        statement = statement.where(col(Account.active) == active)
    return statement


def grants(*, account_id: UUID, as_of: date | None) -> SelectOfScalar[AccountGrant]:
    """The grants of an account the caller was found to see."""
    statement = select(AccountGrant).where(col(AccountGrant.account_id) == account_id)
    if as_of is not None:
        statement = statement.where(col(AccountGrant.valid).contains(as_of))
    return statement


async def visible_grant(
    db: AsyncSession, *, caller: Caller, grant_id: UUID, to_change: bool = False
) -> AccountGrant:
    """A grant of an account within the caller's reach; ``to_change`` locks it as it is now.

    Raises
    ------
    GrantNotFound
        It does not exist, or the caller may not see the account.
    """
    statement = select(AccountGrant).where(
        col(AccountGrant.id) == grant_id,
        col(AccountGrant.account_id).in_(visible_accounts(caller, Permission.ACCOUNT_READ)),
    )
    if to_change:
        statement = _locking(statement)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise GrantNotFound
    return found


def _locking(statement: SelectOfScalar[Row]) -> SelectOfScalar[Row]:
    return statement.with_for_update().execution_options(populate_existing=True)


async def live_hats(db: AsyncSession, *, account_id: UUID, day: date) -> Sequence[Hat]:
    """What an account wears on a day or will wear after it."""
    statement = select(AccountGrant).where(
        col(AccountGrant.account_id) == account_id,
        func.coalesce(func.upper(col(AccountGrant.valid)) > day, True),
    )
    return [hat_of(row) for row in (await db.exec(statement)).all()]


def hat_of(row: Any) -> Hat:
    """The rule's view of a grant."""
    return Hat(Role(row.role), Reach(row.reach), row.school_id or row.group_id)


async def roles_covering(
    db: AsyncSession, *, caller: Caller, hat: Hat, school_id: UUID | None
) -> frozenset[Role]:
    """The caller's roles whose reach holds all that a hat reaches.

    ``school_id`` is the school that keeps the wearer's account: there a hat for oneself reaches.
    """
    school = hat.target_id if hat.reach is Reach.SCHOOL else None
    school = school_id if hat.reach is Reach.SELF else school
    covering: set[Role] = set()
    for grant in caller.grants_for(Permission.ACCOUNT_WRITE):
        same_group = hat.reach is Reach.GROUP is grant.reach and hat.target_id == grant.target_id
        if grant.reach is Reach.DISTRICT or same_group:
            covering.add(grant.role)
        elif school is not None:
            alone = replace(caller, grants=(grant,))
            reached = visible_schools(alone, Permission.ACCOUNT_WRITE)
            inside = select(func.count()).where(col(reached.subquery().c[0]) == school)
            if (await db.exec(inside)).one():
                covering.add(grant.role)
    return frozenset(covering)


async def other_district_admins(db: AsyncSession, *, besides: UUID, day: date) -> Sequence[UUID]:
    """Active accounts that are district admin on a day, without an end."""
    statement = (
        select(col(AccountGrant.account_id))
        .join(Account, col(Account.id) == col(AccountGrant.account_id))
        .where(
            col(AccountGrant.role) == Role.DISTRICT_ADMIN,
            col(AccountGrant.account_id) != besides,
            func.upper_inf(col(AccountGrant.valid)),
            col(AccountGrant.valid).contains(day),
            col(Account.active),
        )
    )
    return (await db.exec(statement)).all()


# Partner clients

_ORGANISATIONS = (
    select(
        func.coalesce(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_object(
                        "reach",
                        col(ClientOrganisation.reach),
                        "target_id",
                        func.coalesce(
                            col(ClientOrganisation.school_id), col(ClientOrganisation.group_id)
                        ),
                    ),
                    col(ClientOrganisation.id),
                )
            ),
            func.jsonb_build_array(),
        )
    )
    .where(col(ClientOrganisation.client_id) == col(PartnerClient.id))
    .correlate(PartnerClient)
    .scalar_subquery()
)
_SECRETS = (
    select(
        func.array_agg(
            aggregate_order_by(col(ClientSecret.created_at), col(ClientSecret.created_at))
        )
    )
    .where(col(ClientSecret.client_id) == col(PartnerClient.id))
    .correlate(PartnerClient)
    .scalar_subquery()
)


def clients(caller: Caller) -> Select[Any]:
    """The partner clients, with their organisations and the birthdays of their secrets."""
    return cast("Select[Any]", _clients(caller))


def _clients(caller: Caller) -> RowSelect[PartnerClient, Any, Any]:
    statement = select(PartnerClient, _ORGANISATIONS, _SECRETS)
    if not reaches_district(caller, Permission.ACCOUNT_READ):
        statement = statement.where(false())
    return statement


async def visible_client(
    db: AsyncSession, *, caller: Caller, client_id: UUID
) -> tuple[PartnerClient, Any, Any]:
    """A partner client, for whoever reaches the whole district.

    Raises
    ------
    ClientNotFound
        It does not exist, or the caller may not see it.
    """
    statement = _clients(caller).where(col(PartnerClient.id) == client_id)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise ClientNotFound
    client, organisations, secrets = found
    return client, organisations, secrets


async def usage_of(
    db: AsyncSession, *, client_id: UUID, from_: date, until: date
) -> Sequence[ClientUsage]:
    """What a client asked on each of some days."""
    statement = (
        select(ClientUsage)
        .where(
            col(ClientUsage.client_id) == client_id,
            col(ClientUsage.on_date) >= from_,
            col(ClientUsage.on_date) < until,
        )
        .order_by(col(ClientUsage.on_date))
    )
    return (await db.exec(statement)).all()


# Sessions


def live_sessions(caller: Caller) -> SelectOfScalar[LoginSession]:
    """Where the caller is signed in."""
    return select(LoginSession).where(
        col(LoginSession.account_id) == caller.account_id,
        col(LoginSession.ended_at).is_(None),
        col(LoginSession.expires_at) > clock.now(),
    )


async def own_session(db: AsyncSession, *, caller: Caller, session_id: UUID) -> LoginSession:
    """A live session of the caller's own.

    Raises
    ------
    SessionNotFound
        There is none.
    """
    statement = live_sessions(caller).where(col(LoginSession.id) == session_id)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise SessionNotFound
    return found
