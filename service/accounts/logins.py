"""Accounts and clients laid down by name: what is there already is brought up to what is asked for.

For a first load and for the demo district. Whoever calls this has the whole district.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NotRequired, TypedDict, Unpack
from uuid import UUID

from sqlmodel import col, select

from service.accounts import actions, clients, passwords, queries
from service.accounts.actions import NewAccount
from service.accounts.clients import NewClient, Organisation
from service.accounts.rules import Hat, Scope
from service.accounts.tables import Account, PartnerClient
from service.kit.auth import Caller, Reach, Role
from service.kit.conditional import ANY
from service.kit.db import AsyncSession, days


class LoginFields(TypedDict):
    """An account with one hat.

    ``target_id`` is the school or group the hat reaches. For a teacher it is the school that keeps
    the account. The hat is worn from today on, or since an earlier day.
    """

    username: str
    password: str
    display_name: str
    role: Role
    reach: Reach
    target_id: UUID | None
    teacher_id: UUID | None
    since: NotRequired[date]


async def create_login(db: AsyncSession, *, by: Caller, **login: Unpack[LoginFields]) -> Account:
    """Make sure that somebody can sign in like this; the same call again changes nothing."""
    reach, target_id = login["reach"], login["target_id"]
    kept: dict[str, Any] = {
        "display_name": login["display_name"],
        "teacher_id": login["teacher_id"],
        "school_id": target_id if reach in {Reach.SELF, Reach.SCHOOL} else None,
    }
    statement = select(Account).where(col(Account.username) == login["username"])
    account = (await db.exec(statement)).one_or_none()
    if account is None:
        new = NewAccount(
            username=login["username"],
            password_hash=await passwords.hashed(login["password"]),
            **kept,
        )
        account = await actions.create_account(db, caller=by, new=new)
    else:
        account = await actions.change_account(
            db, caller=by, account_id=account.id, changes=kept, expected=ANY
        )
        await _knows(db, by=by, account=account, password=login["password"])
    hat = Hat(login["role"], reach, None if reach is Reach.SELF else target_id)
    await _wears(db, by=by, account=account, hat=hat, since=login.get("since"))
    return account


async def _knows(db: AsyncSession, *, by: Caller, account: Account, password: str) -> None:
    if not await passwords.verified(password, account.password_hash):
        await actions.reset_password(
            db,
            caller=by,
            account_id=account.id,
            password_hash=await passwords.hashed(password),
            expected=ANY,
        )


async def _wears(
    db: AsyncSession, *, by: Caller, account: Account, hat: Hat, since: date | None
) -> None:
    today = await queries.today(db, district_id=by.district_id)
    held = (await db.exec(queries.grants(account_id=account.id, as_of=today))).all()
    if not any(queries.hat_of(row) == hat for row in held):
        valid = days(min(today, since or today), None)
        await actions.give(db, caller=by, account_id=account.id, hat=hat, valid=valid)


class ClientFields(TypedDict):
    """A partner's system: scopes times organisations (reach and target)."""

    client_id: str
    secret: str
    name: str
    scopes: Sequence[Scope]
    organisations: Sequence[Organisation]


async def create_client(
    db: AsyncSession, *, by: Caller, **client: Unpack[ClientFields]
) -> PartnerClient:
    """Make sure that a partner's system can come in like this; its secret is set only once."""
    statement = select(PartnerClient).where(col(PartnerClient.client_id) == client["client_id"])
    present = (await db.exec(statement)).one_or_none()
    if present is None:
        new = NewClient(
            client_id=client["client_id"],
            name=client["name"],
            scopes=client["scopes"],
            organisations=client["organisations"],
        )
        present, _ = await clients.create_client(db, caller=by, new=new, secret=client["secret"])
        return present
    return await clients.change_client(
        db,
        caller=by,
        client_id=present.id,
        changes={"name": client["name"], "scopes": client["scopes"], "active": True},
        organisations=client["organisations"],
        expected=ANY,
    )
