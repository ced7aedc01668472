"""Who stands behind a name or a token, and how long that may be remembered."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from service.accounts import oidc, queries, tokens
from service.accounts.oidc import Person
from service.accounts.queries import Home
from service.accounts.rules import Login, Scope, grants_of, normal_name, partner_grants
from service.accounts.tables import (
    AccessEpoch,
    Account,
    ClientOrganisation,
    PartnerClient,
)
from service.accounts.tokens import Access
from service.kit import clock
from service.kit.auth import Caller, FieldProfile, Reach
from service.kit.db import AsyncSession, Database
from service.kit.problems import Unauthorized
from service.kit.settings import settings


async def district_of(database: Database, login: Login) -> Home | None:
    """The district somebody signs in to: the one they name, the default one, or the only one."""
    code = login.district_code or settings().default_district
    async with database.read(None) as db:
        found = await queries.homes(db, code=code)
    return found[0] if len(found) == 1 else None


_TRUSTED_FOR = timedelta(seconds=3)
"""How long an epoch is believed: with the time of one request, less than five seconds."""
_ASKED_AGAIN_AFTER = timedelta(seconds=1.5)


@dataclass(frozen=True, slots=True)
class _Remembered:
    caller: Caller
    until: datetime
    epoch: int


@dataclass(slots=True)
class _Epoch:
    number: int
    asked_at: datetime
    one_asks: bool = False
    """Whether a request went to ask again; until it is back the others go on believing."""

    @property
    def age(self) -> timedelta:
        return clock.now() - self.asked_at

    @property
    def is_trusted(self) -> bool:
        return timedelta(0) <= self.age < _TRUSTED_FOR


class Callers:
    """Whom the tokens seen lately stand for, as long as nothing was taken away in their district.

    Every process asks for the district's epoch every few seconds at most, so that a hundred phones
    cost one small question; whatever may take a right away raises it. One request asks while the
    last answer still counts for all others: were it to end for all at once, in the morning hundreds
    would wait at the database for what one of them finds out.
    """

    def __init__(self, *, at_most: int = 20_000) -> None:
        self._at_most = at_most
        self.known: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._epochs: dict[UUID, _Epoch] = {}
        self._asking: dict[UUID, asyncio.Task[int]] = {}

    def doubt(self, district_id: UUID) -> None:
        """Ask for the epoch again before the next token is believed."""
        self._epochs.pop(district_id, None)
        self._asking.pop(district_id, None)

    def at_once(self, token_hash: bytes) -> Caller | None:
        """The caller behind a token, where the epoch need not be asked for."""
        kept = self.known.get(token_hash)
        if kept is None or clock.now() >= kept.until:
            return None
        epoch = self._epochs.get(kept.caller.district_id)
        if epoch is None or not epoch.is_trusted or epoch.number != kept.epoch:
            return None
        if epoch.age >= _ASKED_AGAIN_AFTER and not epoch.one_asks:
            epoch.one_asks = True
            return None
        self.known.move_to_end(token_hash)
        return kept.caller

    async def recall(self, database: Database, token_hash: bytes) -> Caller | None:
        """The caller behind a token, where nothing changed since it was remembered."""
        kept = self.known.get(token_hash)
        if kept is None:
            return None
        if clock.now() >= kept.until or kept.epoch != await self._epoch(
            database, kept.caller.district_id
        ):
            self.known.pop(token_hash, None)
            return None
        self.known.move_to_end(token_hash)
        return kept.caller

    def remember(self, token_hash: bytes, caller: Caller, *, until: datetime, epoch: int) -> None:
        """Keep a caller until the token or the day ends."""
        self.known[token_hash] = _Remembered(caller, until, epoch)
        while len(self.known) > self._at_most:
            self.known.popitem(last=False)

    async def _epoch(self, database: Database, district_id: UUID) -> int:
        known = self._epochs.get(district_id)
        if known is not None and known.is_trusted and known.age < _ASKED_AGAIN_AFTER:
            return known.number
        asking = self._asking.get(district_id)
        if asking is None:
            asking = asyncio.create_task(self._ask(database, district_id))
            self._asking[district_id] = asking
        # Who gives up does not take the answer from the others.
        return await asyncio.shield(asking)

    async def _ask(self, database: Database, district_id: UUID) -> int:
        me, now = asyncio.current_task(), clock.now()
        try:
            async with database.read(district_id) as db:
                number = await epoch_of(db)
            # Doubted meanwhile, the answer may be from before what was taken away.
            if self._asking.get(district_id) is me:
                self._epochs[district_id] = _Epoch(number, now)
        finally:
            if self._asking.get(district_id) is me:
                del self._asking[district_id]
        return number


callers = Callers()


async def epoch_of(db: AsyncSession) -> int:
    """How often something was taken away in the district."""
    return (await db.exec(select(col(AccessEpoch.epoch)))).one_or_none() or 0


def recognise(token: str) -> Caller | None:
    """Who stands behind an access token, where this process knows without asking."""
    return callers.at_once(tokens.digest(token))


async def authenticate(database: Database, token: str) -> Caller:
    """Who stands behind an access token: one of ours, or one of the identity provider's.

    Raises
    ------
    Unauthorized
        It is neither, has expired, or was revoked more than a few seconds ago.
    """
    token_hash = tokens.digest(token)
    if remembered := await callers.recall(database, token_hash):
        return remembered
    access = tokens.read_access(token)
    if access is not None:
        found = await _behind_access(database, access)
    else:
        issuer = oidc.issuer_of(token)
        person = await issuer.person(token) if issuer is not None else None
        found = await _behind_person(database, person) if person is not None else None
    if found is None:
        raise Unauthorized
    callers.remember(token_hash, found.caller, until=found.until, epoch=found.epoch)
    return found.caller


async def _behind_access(database: Database, access: Access) -> _Remembered | None:
    async with database.read(access.district_id) as db:
        found = await queries.signed_in(db, access=access)
        if not found or found[0].ended_at is not None:
            return None
        one = found[0]
        if one.client_id is not None:
            caller = await _client_caller(db, access=access)
        elif one.active:
            hats = [queries.hat_of(row) for row in found if row.role is not None]
            caller = Caller(
                district_id=access.district_id,
                name=one.display_name,
                account_id=one.account_id,
                teacher_id=one.teacher_id,
                session_id=access.session_id,
                grants=grants_of(hats, school_id=one.keeper_id),
            )
        else:
            return None
    if caller is None:
        return None
    return _Remembered(caller, min(access.expires_at, _midnight(one.zone)), one.epoch)


async def _behind_person(database: Database, person: Person) -> _Remembered | None:
    username = normal_name(person.username) if person.username is not None else None
    district = await district_of(database, Login(username or "", person.district_code))
    if district is None:
        return None
    async with database.read(district.id) as db:
        epoch = await epoch_of(db)
        bound = select(Account).where(col(Account.subject) == person.subject)
        account = (await db.exec(bound)).one_or_none()
        if account is None and username is not None:
            # A username finds its account only until the account is bound to somebody.
            free = select(Account).where(
                col(Account.username) == username, col(Account.subject).is_(None)
            )
            account = (await db.exec(free)).one_or_none()
        caller = await _account_caller(db, account=account, day=district.today)
    if caller is None:
        return None
    return _Remembered(caller, min(person.expires_at, _midnight(district.zone)), epoch)


async def _account_caller(db: AsyncSession, *, account: Account | None, day: date) -> Caller | None:
    if account is None or not account.active:
        return None
    worn = (await db.exec(queries.grants(account_id=account.id, as_of=day))).all()
    return Caller(
        district_id=account.district_id,
        name=account.display_name,
        account_id=account.id,
        teacher_id=account.teacher_id,
        grants=grants_of([queries.hat_of(row) for row in worn], school_id=account.school_id),
    )


async def _client_caller(db: AsyncSession, *, access: Access) -> Caller | None:
    client = await db.get(PartnerClient, (access.district_id, access.subject))
    if client is None or not client.active:
        return None
    caller = await client_as_caller(db, client=client, scopes=access.scopes or frozenset())
    return replace(caller, session_id=access.session_id)


async def client_as_caller(
    db: AsyncSession, *, client: PartnerClient, scopes: Collection[Scope] = frozenset(Scope)
) -> Caller:
    """What a partner's system may do now, at most with some scopes."""
    held = {Scope(name) for name in client.scopes} & set(scopes)
    where = col(ClientOrganisation.client_id) == client.id
    organisations = (await db.exec(select(ClientOrganisation).where(where))).all()
    return Caller(
        district_id=client.district_id,
        name=client.name,
        client_id=client.client_id,
        profile=FieldProfile(client.field_profile),
        grants=partner_grants(
            held, [(Reach(row.reach), row.school_id or row.group_id) for row in organisations]
        ),
    )


def _midnight(zone: str) -> datetime:
    """When the day ends at a place: grants are dated, so nobody is remembered longer."""
    tomorrow = clock.today(zone) + timedelta(days=1)
    return datetime.combine(tomorrow, time(), ZoneInfo(zone)).astimezone(UTC)
