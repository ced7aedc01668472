"""Changing partner clients: who they are, what they may do, and their two secrets."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, delete, select

from service.accounts import sessions, tokens
from service.accounts.assertions import check_keys
from service.accounts.problems import BeyondOwnReach, ClientNotFound
from service.accounts.rules import Scope, check_target, normal_name
from service.accounts.tables import ClientOrganisation, ClientSecret, EndReason, PartnerClient
from service.kit.auth import Caller, FieldProfile, Permission, Reach
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, lock
from service.kit.journal import record
from service.network.access import reaches_district

_SLOTS = (1, 2)


@dataclass(frozen=True, slots=True)
class Organisation:
    """A part of the district that a client may read and write."""

    reach: Reach
    target_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """What a client begins with."""

    client_id: str
    name: str
    scopes: Sequence[Scope]
    organisations: Sequence[Organisation]
    profile: FieldProfile = FieldProfile.BASIC
    keys: Sequence[dict[str, Any]] = ()
    """Public keys; a client that has some needs no secret."""


async def create_client(
    db: AsyncSession, *, caller: Caller, new: NewClient, secret: str | None = None
) -> tuple[PartnerClient, str | None]:
    """Let a partner's system in. The secret is told once; only its hash is kept.

    A client that signs with a key of its own is given no secret.

    Raises
    ------
    BeyondOwnReach
        The caller does not reach the whole district.
    ReachUnfit
        An organisation is no school, no group and not the district.
    ClientKeyUnfit
        A key is not public, too short, or of a kind nobody should use.
    """
    _check_district(caller)
    check_keys(new.keys)
    client = PartnerClient(
        district_id=caller.district_id,
        client_id=normal_name(new.client_id),
        name=new.name,
        scopes=sorted(set(new.scopes)),
        field_profile=new.profile,
        keys=list(new.keys),
    )
    db.add(client)
    await db.flush()
    await _set_organisations(db, client=client, organisations=new.organisations)
    told = None if new.keys else secret or secrets.token_urlsafe(32)
    if told is not None:
        db.add(_secret(client, slot=_SLOTS[0], told=told))
        await db.flush()
    await record(db, "client.created", client, by=caller)
    return client, told


async def change_client(
    db: AsyncSession,
    *,
    caller: Caller,
    client_id: UUID,
    changes: Mapping[str, Any],
    organisations: Sequence[Organisation] | None,
    expected: Precondition,
) -> PartnerClient:
    """Change a client's name, scopes, organisations, keys, or whether it may come in at all."""
    if "keys" in changes:
        check_keys(changes["keys"])
    client = await _held(db, caller=caller, client_id=client_id, expected=expected)
    values = dict(changes)
    if "scopes" in values:
        values["scopes"] = sorted(set(values["scopes"]))
    before = change_fields(client, values)
    moved = organisations is not None and await _set_organisations(
        db, client=client, organisations=organisations
    )
    if not before and not moved:
        return client
    if not before:
        client.version += 1
    await record(db, "client.changed", client, by=caller, before=before)
    if not client.active:
        await sessions.end_all(db, owner_id=client.id, by=caller, why=EndReason.DEACTIVATED)
    await sessions.forget_callers(db, district_id=caller.district_id)
    return client


async def rotate_secret(
    db: AsyncSession,
    *,
    caller: Caller,
    client_id: UUID,
    keep_previous: bool,
    expected: Precondition,
) -> tuple[PartnerClient, str]:
    """Make another secret. The previous one may live on beside it until the partner has changed.

    Without the previous one, everybody who came in with it is signed out too.
    """
    client = await _held(db, caller=caller, client_id=client_id, expected=expected)
    statement = (
        select(ClientSecret)
        .where(col(ClientSecret.client_id) == client.id)
        .order_by(col(ClientSecret.created_at).desc())
    )
    kept = (await db.exec(statement)).all()[: 1 if keep_previous else 0]
    await db.exec(
        delete(ClientSecret).where(
            col(ClientSecret.client_id) == client.id,
            col(ClientSecret.id).not_in([secret.id for secret in kept]),
        )
    )
    told = secrets.token_urlsafe(32)
    free = next(slot for slot in _SLOTS if all(secret.slot != slot for secret in kept))
    db.add(_secret(client, slot=free, told=told))
    client.version += 1
    await record(db, "client.secret-rotated", client, by=caller)
    if not keep_previous:
        await sessions.end_all(db, owner_id=client.id, by=caller, why=EndReason.CREDENTIALS_CHANGED)
    return client, told


def _check_district(caller: Caller) -> None:
    if not reaches_district(caller, Permission.ACCOUNT_WRITE):
        raise BeyondOwnReach


async def _held(
    db: AsyncSession, *, caller: Caller, client_id: UUID, expected: Precondition
) -> PartnerClient:
    client = await lock(db, PartnerClient, client_id)
    if client is None or not reaches_district(caller, Permission.ACCOUNT_READ):
        raise ClientNotFound
    _check_district(caller)
    expected.check(client.version)
    return client


async def _set_organisations(
    db: AsyncSession, *, client: PartnerClient, organisations: Sequence[Organisation]
) -> bool:
    """Make these the client's organisations; whether that changed anything."""
    for number, organisation in enumerate(organisations):
        pointer = f"/organisations/{number}/target_id"
        check_target(organisation.reach, organisation.target_id, pointer=pointer)
    wanted = set(organisations)
    statement = select(ClientOrganisation).where(col(ClientOrganisation.client_id) == client.id)
    present = {
        Organisation(Reach(row.reach), row.school_id or row.group_id): row
        for row in (await db.exec(statement)).all()
    }
    for organisation in present.keys() - wanted:
        await db.delete(present[organisation])
    added = sorted(wanted - present.keys(), key=str)
    db.add_all(_organisation_row(client, organisation) for organisation in added)
    await db.flush()
    return wanted != present.keys()


def _organisation_row(client: PartnerClient, organisation: Organisation) -> ClientOrganisation:
    return ClientOrganisation(
        district_id=client.district_id,
        client_id=client.id,
        reach=organisation.reach,
        school_id=organisation.target_id if organisation.reach is Reach.SCHOOL else None,
        group_id=organisation.target_id if organisation.reach is Reach.GROUP else None,
    )


def _secret(client: PartnerClient, *, slot: int, told: str) -> ClientSecret:
    return ClientSecret(
        district_id=client.district_id,
        client_id=client.id,
        slot=slot,
        secret_hash=tokens.digest(told),
    )
