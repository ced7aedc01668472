"""Signing in and out: sessions begin, go on with a new refresh token, and end.

Checking a password is slow, so that signing in is two short transactions with the work between
them. This module therefore takes the database, not a session.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, event, or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from service.accounts import identity, passwords, tokens
from service.accounts.assertions import Proof
from service.accounts.problems import (
    ClientUnknown,
    CredentialsWrong,
    ScopeInvalid,
    SessionNotFound,
)
from service.accounts.rules import Scope, Verdict, judge_refresh, narrowed_scopes, read_login
from service.accounts.tables import (
    AccessEpoch,
    Account,
    ClientAssertion,
    ClientSecret,
    EndReason,
    LoginSession,
    PartnerClient,
)
from service.accounts.tokens import Refresh
from service.kit import clock
from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, Database, lock
from service.kit.journal import record
from service.kit.settings import settings

budget = passwords.LoginBudget()

_PASSWORD_LIMIT = 1024
_DEVICE_LIMIT = 200
_CLIENT_SESSIONS_KEPT = timedelta(days=1)
_SESSIONS_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Issued:
    """What a successful token request hands out."""

    access_token: str
    refresh_token: str | None = None
    scopes: frozenset[Scope] | None = None


async def sign_in(database: Database, *, username: str, password: str, device: str) -> Issued:
    """Begin a session with a username and a password.

    Raises
    ------
    CredentialsWrong
        One of them is wrong; an unknown name takes as long and looks the same.
    TooManyLogins
        The name was tried too often, whether or not it exists.
    """
    login = read_login(username)
    district = await identity.district_of(database, login)
    # One bucket per person, however the name is written.
    bucket = f"{login.name}@{district.code if district is not None else ''}"
    budget.take(bucket)
    account = None
    if district is not None:
        async with database.read(district.id) as db:
            statement = select(Account).where(col(Account.username) == login.name)
            account = (await db.exec(statement)).one_or_none()
    known = account.password_hash if account is not None and account.active else None
    right = len(password) <= _PASSWORD_LIMIT and await passwords.verified(password, known)
    if not right or account is None:
        raise CredentialsWrong
    budget.refill(bucket)
    async with database.write(account.district_id) as db:
        return await _begin(db, account=account, device=device)


async def _begin(db: AsyncSession, *, account: Account, device: str) -> Issued:
    now = clock.now()
    # Somebody may have changed the password or closed the account while it was being checked.
    present = await lock(db, Account, account.id)
    if present is None or not present.active or present.password_hash != account.password_hash:
        raise CredentialsWrong
    await db.exec(
        delete(LoginSession).where(
            col(LoginSession.account_id) == account.id,
            col(LoginSession.expires_at) < now - _SESSIONS_KEPT,
        )
    )
    session = LoginSession(
        district_id=account.district_id,
        account_id=account.id,
        device=device[:_DEVICE_LIMIT],
        started_at=now,
        last_used_at=now,
        expires_at=now + _refresh_lifetime(),
    )
    refresh = tokens.first_refresh(district_id=session.district_id, session_id=session.id)
    session.refresh_hash = refresh.hash
    db.add(session)
    await db.flush()
    await record(db, "session.started", session, by=_caller(account))
    return _issue(session, subject=account.id, refresh=refresh)


async def go_on(database: Database, *, refresh_token: str, retry_key: str | None) -> Issued:
    """Trade a refresh token for the next one and a new access token.

    Each refresh token works once. One that comes back ends the session for everybody: its owner and
    whoever copied it cannot be told apart. ``retry_key`` is the exception for a phone that lost the
    answer: the same key with the same token gets the same answer again.

    Raises
    ------
    CredentialsWrong
        The token is not ours, was used before, or its session is over.
    """
    refresh = tokens.read_refresh(refresh_token)
    if refresh is None:
        raise CredentialsWrong
    async with database.write(refresh.district_id) as db:
        issued = await _next(db, refresh=refresh, retry_key=retry_key)
    # The end of a copied session must be committed, so that the refusal comes after.
    if issued is None:
        raise CredentialsWrong
    return issued


async def _next(db: AsyncSession, *, refresh: Refresh, retry_key: str | None) -> Issued | None:
    session = await lock(db, LoginSession, refresh.session_id)
    if session is None or session.refresh_hash != refresh.hash:
        return None
    retry_hash = tokens.digest(retry_key) if retry_key else None
    account = await db.get(Account, (session.district_id, session.account_id))
    now = clock.now()
    verdict = judge_refresh(
        presented=refresh.generation,
        present=session.generation,
        is_over=session.ended_at is not None or session.expires_at <= now,
        is_retry=retry_hash is not None and retry_hash == session.retry_hash,
    )
    if account is None or verdict is Verdict.OVER:
        return None
    if verdict is Verdict.REUSED:
        await _end(db, [session], by=_caller(account), why=EndReason.REUSED)
        return None
    if verdict is Verdict.ROTATE:
        session.generation += 1
        session.retry_hash = retry_hash
        session.last_used_at = now
        session.expires_at = now + _refresh_lifetime()
    return _issue(session, subject=account.id, refresh=refresh.next)


async def enter_as_client(
    database: Database, *, client_id: str, proof: str | Proof, scope: str | None
) -> Issued:
    """Let a partner's system in with its id and a secret, or with what it signed itself.

    Raises
    ------
    ClientUnknown
        One of them is wrong, was used before, or the client was closed.
    ScopeInvalid
        A scope was asked for that the client does not hold.
    """
    login = read_login(client_id)
    district = await identity.district_of(database, login)
    if district is None:
        raise ClientUnknown
    async with database.write(district.id) as db:
        statement = select(PartnerClient).where(
            col(PartnerClient.client_id) == login.name, col(PartnerClient.active)
        )
        client = (await db.exec(statement)).one_or_none()
        if client is None or not await _is_proven(db, client=client, proof=proof):
            raise ClientUnknown
        scopes = narrowed_scopes(scope, held={Scope(name) for name in client.scopes})
        if scopes is None:
            raise ScopeInvalid
        return await _begin_for_client(db, client=client, scopes=scopes)


async def _is_proven(db: AsyncSession, *, client: PartnerClient, proof: str | Proof) -> bool:
    if isinstance(proof, str):
        known = select(ClientSecret.id).where(
            col(ClientSecret.client_id) == client.id,
            col(ClientSecret.secret_hash) == tokens.digest(proof),
        )
        return (await db.exec(known)).first() is not None
    signed = proof.read(client.keys)
    if signed is None:
        return False
    mine = col(ClientAssertion.client_id) == client.id
    await db.exec(
        delete(ClientAssertion).where(mine, col(ClientAssertion.expires_at) < clock.now())
    )
    # The second use of an assertion, even at the same moment, is refused by the constraint.
    used = ClientAssertion(
        district_id=client.district_id,
        client_id=client.id,
        jti_hash=tokens.digest(signed.id),
        expires_at=signed.expires_at,
    )
    db.add(used)
    await db.flush()
    return True


async def _begin_for_client(
    db: AsyncSession, *, client: PartnerClient, scopes: frozenset[Scope]
) -> Issued:
    now = clock.now()
    await db.exec(
        delete(LoginSession).where(
            col(LoginSession.client_id) == client.id,
            col(LoginSession.expires_at) < now - _CLIENT_SESSIONS_KEPT,
        )
    )
    session = LoginSession(
        district_id=client.district_id,
        client_id=client.id,
        started_at=now,
        last_used_at=now,
        expires_at=now + tokens.access_lifetime(),
    )
    db.add(session)
    await db.flush()
    await record(db, "session.started", session, by=_client_caller(client))
    return _issue(session, subject=client.id, scopes=scopes)


async def revoke(database: Database, *, token: str) -> None:
    """End the session that a token belongs to (RFC 7009); a token that is not ours is no error."""
    refresh = tokens.read_refresh(token)
    access = tokens.read_access(token) if refresh is None else None
    found = refresh or access
    if found is None:
        return
    async with database.write(found.district_id) as db:
        session = await lock(db, LoginSession, found.session_id)
        if session is None or session.ended_at is not None:
            return
        await _end(db, [session], by=await _owner(db, session), why=EndReason.SIGNED_OUT)


async def _owner(db: AsyncSession, session: LoginSession) -> Caller:
    account = await db.get(Account, (session.district_id, session.account_id))
    if account is not None:
        return _caller(account)
    client = await db.get_one(PartnerClient, (session.district_id, session.client_id))
    return _client_caller(client)


async def end_own(
    db: AsyncSession, *, caller: Caller, session_id: UUID, expected: Precondition
) -> None:
    """Sign the caller out somewhere else.

    Raises
    ------
    SessionNotFound
        There is no such session of the caller's.
    """
    session = await lock(db, LoginSession, session_id)
    theirs = session is not None and session.account_id == caller.account_id
    if session is None or not theirs or session.ended_at is not None:
        raise SessionNotFound
    expected.check(session.version)
    await _end(db, [session], by=caller, why=EndReason.SIGNED_OUT)


async def end_all(
    db: AsyncSession, *, owner_id: UUID, by: Caller, why: EndReason, besides: UUID | None = None
) -> None:
    """End every session of an account or a client, but perhaps one."""
    owners = (col(LoginSession.account_id), col(LoginSession.client_id))
    statement = (
        select(LoginSession)
        .where(
            or_(*(owner == owner_id for owner in owners)),
            col(LoginSession.ended_at).is_(None),
            col(LoginSession.expires_at) > clock.now(),
            col(LoginSession.id).is_distinct_from(besides),
        )
        .order_by(col(LoginSession.id))
        .with_for_update()
    )
    await _end(db, (await db.exec(statement)).all(), by=by, why=why)


async def _end(
    db: AsyncSession, sessions: Collection[LoginSession], *, by: Caller, why: EndReason
) -> None:
    for session in sessions:
        session.ended_at = clock.now()
        session.end_reason = why
        session.version += 1
        await record(db, "session.ended", session, by=by, reason=why)
    await forget_callers(db, district_id=by.district_id)


async def forget_callers(db: AsyncSession, *, district_id: UUID) -> None:
    """Let no process go on believing what it remembers of the district's callers.

    Needed by whatever may take a right away, once per transaction, as its last write: the row is
    shared by the district.
    """
    started = insert(AccessEpoch).values(district_id=district_id, epoch=1)
    await db.exec(
        started.on_conflict_do_update(
            index_elements=[col(AccessEpoch.district_id)],
            set_={"epoch": col(AccessEpoch.epoch) + 1},
        )
    )

    def doubt(_: object) -> None:
        identity.callers.doubt(district_id)

    event.listen(db.sync_session, "after_commit", doubt, once=True)


def _issue(
    session: LoginSession,
    *,
    subject: UUID,
    refresh: Refresh | None = None,
    scopes: frozenset[Scope] | None = None,
) -> Issued:
    return Issued(
        access_token=tokens.write_access(
            district_id=session.district_id,
            subject=subject,
            session_id=session.id,
            scopes=scopes,
        ),
        refresh_token=tokens.write_refresh(refresh) if refresh is not None else None,
        scopes=scopes,
    )


def _refresh_lifetime() -> timedelta:
    return timedelta(days=settings().refresh_token_days)


def _caller(account: Account) -> Caller:
    return Caller(district_id=account.district_id, name=account.display_name, account_id=account.id)


def _client_caller(client: PartnerClient) -> Caller:
    return Caller(district_id=client.district_id, name=client.name, client_id=client.client_id)
