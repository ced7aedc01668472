"""Accounts with hats, and signed-in sessions that cost no password work."""

import itertools
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from service.accounts import tokens
from service.accounts.rules import Scope
from service.accounts.tables import (
    Account,
    AccountGrant,
    ClientOrganisation,
    ClientSecret,
    LoginSession,
    PartnerClient,
)
from service.kit import clock
from service.kit.auth import Reach, Role
from service.kit.db import AsyncSession, Tenant, days

_numbers = itertools.count(1)
FOREVER = days(date(2020, 9, 1), None)
SECRET = "a-secret-that-only-tests-know"
FAR_AWAY = datetime.fromisoformat("2099-12-31T00:00:00+08:00")


async def account(
    db: AsyncSession, *, district: Any, username: str | None = None, **values: Any
) -> Account:
    number = next(_numbers)
    row = Account(
        district_id=district.id,
        username=username or f"user{number}",
        display_name=values.pop("display_name", f"用户{number}"),
        **values,
    )
    db.add(row)
    await db.flush()
    return row


async def hat(
    db: AsyncSession,
    *,
    district: Any,
    account: Account,
    role: Role,
    school: Any = None,
    group: Any = None,
    valid: Any = FOREVER,
) -> AccountGrant:
    """A grant as far as what is given: a school, a group, else oneself or the district."""
    reach = Reach.SELF if role is Role.TEACHER else Reach.DISTRICT
    if school is not None:
        reach = Reach.SCHOOL
    if group is not None:
        reach = Reach.GROUP
    row = AccountGrant(
        district_id=district.id,
        account_id=account.id,
        role=role,
        reach=reach,
        school_id=getattr(school, "id", school),
        group_id=getattr(group, "id", group),
        valid=valid,
    )
    db.add(row)
    await db.flush()
    return row


async def partner(
    db: AsyncSession,
    *,
    district: Any,
    client_id: str | None = None,
    secret: str = SECRET,
    scopes: tuple[Scope, ...] = tuple(Scope),
    school: Any = None,
    group: Any = None,
) -> PartnerClient:
    """A client for one school, one group, or the district."""
    number = next(_numbers)
    row = PartnerClient(
        district_id=district.id,
        client_id=client_id or f"partner{number}",
        name=f"合作系统{number}",
        scopes=list(scopes),
    )
    db.add(row)
    await db.flush()
    reach = Reach.SCHOOL if school is not None else Reach.DISTRICT
    db.add(
        ClientOrganisation(
            district_id=district.id,
            client_id=row.id,
            reach=Reach.GROUP if group is not None else reach,
            school_id=getattr(school, "id", school),
            group_id=getattr(group, "id", group),
        )
    )
    db.add(
        ClientSecret(
            district_id=district.id,
            client_id=row.id,
            slot=1,
            secret_hash=tokens.digest(secret),
        )
    )
    await db.flush()
    return row


async def signed_in(
    db: AsyncSession, *, district: Any, account: Any = None, partner: Any = None
) -> LoginSession:
    """A session of an account or a partner, without the work of checking a password."""
    row = LoginSession(
        district_id=district.id,
        account_id=getattr(account, "id", account),
        client_id=getattr(partner, "id", partner),
        started_at=clock.now(),
        expires_at=FAR_AWAY,
        refresh_hash=b"",
    )
    db.add(row)
    await db.flush()
    return row


def access_token(session: LoginSession, *, scopes: tuple[Scope, ...] = tuple(Scope)) -> str:
    """A token of a session, valid from now on."""
    subject = session.account_id or session.client_id
    assert isinstance(subject, UUID)
    return tokens.write_access(
        district_id=session.district_id,
        subject=subject,
        session_id=session.id,
        scopes=scopes if session.client_id is not None else None,
    )


async def wearer(
    db: AsyncSession,
    *,
    district: Any,
    role: Role,
    school: Any = None,
    group: Any = None,
    teacher: Any = None,
) -> LoginSession:
    """Somebody who wears a hat and is signed in; a teacher has one account, whatever its hats."""
    if role is Role.PARTNER:
        one = await partner(db, district=district, school=school, group=group)
        return await signed_in(db, district=district, partner=one)
    teacher_id, school_id = (getattr(row, "id", row) for row in (teacher, school))
    known = select(Account).where(
        col(Account.teacher_id).is_not(None), col(Account.teacher_id) == teacher_id
    )
    owner = (await db.exec(known)).one_or_none() or await account(
        db, district=district, teacher_id=teacher_id, school_id=school_id
    )
    reaches = {} if role is Role.TEACHER else {"school": school, "group": group}
    worn = await db.exec(select(AccountGrant).where(col(AccountGrant.account_id) == owner.id))
    if role not in {row.role for row in worn}:
        await hat(db, district=district, account=owner, role=role, **reaches)
    return await signed_in(db, district=district, account=owner)


async def kept(db: AsyncSession, *, district: Any, rows: Sequence[Tenant]) -> Sequence[Tenant]:
    """Rows as they are, each after those it points to."""
    for row in rows:
        db.add(row)
        await db.flush()
    return rows
