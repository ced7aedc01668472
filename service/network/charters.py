"""A group's charter: drafted, signed by every member school, in force from a day on."""

from datetime import date
from uuid import UUID

from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields
from service.kit.journal import record
from service.kit.problems import Forbidden
from service.network import queries
from service.network.problems import (
    CharterNotInOrder,
    CharterStateRefused,
    GroupStateRefused,
    SignaturesMissing,
    SignerNotMember,
)
from service.network.rules import CharterState, GroupState, may_take_effect
from service.network.schemas import CharterIn, ClauseIn, SignIn, version_of
from service.network.tables import Charter, CharterClause, CharterSignature

WRITE = Permission.NETWORK_CHARTER_WRITE
SIGN = Permission.NETWORK_CHARTER_SIGN


async def draft_charter(
    db: AsyncSession, *, caller: Caller, group_id: UUID, new: CharterIn
) -> Charter:
    """Draft the next version of a group's charter.

    Raises
    ------
    GroupNotFound, Forbidden
        The caller may not see the group, or not write its charter.
    GroupStateRefused
        The group is dissolved.
    """
    group = await queries.group_to_change(db, caller=caller, group_id=group_id, permission=WRITE)
    if group.state == GroupState.DISSOLVED:
        raise GroupStateRefused
    known = await queries.charters_of(db, group_id=group.id)
    charter = Charter(
        district_id=caller.district_id,
        group_id=group.id,
        number=max((row.number for row in known), default=0) + 1,
        title=new.title,
    )
    db.add(charter)
    await db.flush()
    _write_clauses(db, charter, new.clauses)
    await db.flush()
    await record(db, "charter.drafted", charter, by=caller, reach=[group.id])
    return charter


def _write_clauses(db: AsyncSession, charter: Charter, clauses: list[ClauseIn]) -> None:
    db.add_all(
        CharterClause(
            district_id=charter.district_id,
            charter_id=charter.id,
            rank=rank,
            kind=clause.kind,
            tier=clause.tier,
            text=clause.text,
        )
        for rank, clause in enumerate(clauses, start=1)
    )


async def _charter_in(
    db: AsyncSession,
    state: CharterState,
    *,
    caller: Caller,
    charter_id: UUID,
    expected: Precondition,
) -> Charter:
    charter = await queries.charter_to_change(db, caller=caller, charter_id=charter_id)
    expected.check(charter.version)
    if charter.state != state:
        raise CharterStateRefused
    return charter


async def rewrite_charter(
    db: AsyncSession, *, caller: Caller, charter_id: UUID, expected: Precondition, new: CharterIn
) -> Charter:
    """Replace the whole text of a draft.

    Raises
    ------
    CharterNotFound, Forbidden
        The caller may not see it, or not write it.
    CharterStateRefused
        It is no draft any more; write a new version.
    """
    charter = await _charter_in(
        db, CharterState.DRAFT, caller=caller, charter_id=charter_id, expected=expected
    )
    known = await queries.clauses_of(db, charter_id=charter.id)
    same = [(one.kind, one.tier, one.text) for one in known] == [
        (one.kind, one.tier, one.text) for one in new.clauses
    ]
    if same and charter.title == new.title:
        return charter
    for clause in known:
        await db.delete(clause)
    await db.flush()
    _write_clauses(db, charter, new.clauses)
    before = {"title": charter.title}
    charter.title = new.title
    charter.version += 1
    await db.flush()
    reach = [charter.group_id]
    await record(db, "charter.rewritten", charter, by=caller, reach=reach, before=before)
    return charter


async def open_signing(
    db: AsyncSession, *, caller: Caller, charter_id: UUID, expected: Precondition
) -> Charter:
    """Close the text of a draft and let the member schools sign it.

    Raises
    ------
    CharterNotFound, Forbidden
        The caller may not see it, or not write it.
    CharterStateRefused
        It is no draft.
    """
    charter = await _charter_in(
        db, CharterState.DRAFT, caller=caller, charter_id=charter_id, expected=expected
    )
    before = change_fields(charter, {"state": CharterState.SIGNING.value})
    reach = [charter.group_id]
    await record(db, "charter.opened", charter, by=caller, reach=reach, before=before)
    return charter


async def sign_charter(
    db: AsyncSession, *, caller: Caller, charter_id: UUID, expected: Precondition, new: SignIn
) -> Charter:
    """Sign for a member school.

    Raises
    ------
    CharterNotFound, Forbidden
        The caller may not see the charter, or not sign for this school.
    CharterStateRefused
        It is not open for signatures.
    SignerNotMember
        The school does not belong to the group today.
    CharterSigned
        It has signed already.
    """
    charter = await queries.visible_charter(db, caller=caller, charter_id=charter_id)
    await queries.hold_charter(db, charter=charter)
    mine = await queries.within_reach(
        db, caller=caller, permission=SIGN, school_ids=[new.school_id]
    )
    if not mine:
        raise Forbidden
    expected.check(charter.version)
    if charter.state != CharterState.SIGNING:
        raise CharterStateRefused
    today = (await queries.standpoint(db, district_id=caller.district_id)).today
    timeline = await queries.timeline_of(db, group_id=charter.group_id)
    if new.school_id not in queries.members_of_day(timeline, today):
        raise SignerNotMember
    db.add(
        CharterSignature(
            district_id=caller.district_id,
            charter_id=charter.id,
            school_id=new.school_id,
            signed_on=today,
            signed_by=new.signed_by,
        )
    )
    charter.version += 1
    await db.flush()
    reach = [charter.group_id, new.school_id]
    await record(db, "charter.signed", charter, by=caller, reach=reach)
    return charter


async def enforce_charter(
    db: AsyncSession,
    *,
    caller: Caller,
    charter_id: UUID,
    expected: Precondition,
    effective_from: date,
) -> Charter:
    """Bring a charter into force from a day on; what was drafted before it is set aside.

    Raises
    ------
    CharterNotFound, Forbidden
        The caller may not see it, or not write it.
    CharterStateRefused
        It is not open for signatures.
    SignaturesMissing
        A school that is a member on the day has not signed.
    CharterNotInOrder
        A later version is in force, or this one would come before its predecessor.
    """
    charter = await _charter_in(
        db, CharterState.SIGNING, caller=caller, charter_id=charter_id, expected=expected
    )
    timeline = await queries.timeline_of(db, group_id=charter.group_id)
    signed = await queries.signatures_of(db, charter_id=charter.id)
    missing = queries.members_of_day(timeline, effective_from) - {one.school_id for one in signed}
    if missing:
        names = await queries.school_names(db, ids=missing)
        raise SignaturesMissing(schools=sorted(names.values()))
    known = await queries.charters_of(db, group_id=charter.group_id)
    if not may_take_effect(map(version_of, known), number=charter.number, on=effective_from):
        raise CharterNotInOrder
    reach = [charter.group_id]
    for other in known:
        if other.number < charter.number and other.state != CharterState.EFFECTIVE:
            before = change_fields(other, {"state": CharterState.REPLACED.value})
            if before:
                await record(db, "charter.set_aside", other, by=caller, reach=reach, before=before)
    values = {"state": CharterState.EFFECTIVE.value, "effective_from": effective_from}
    before = change_fields(charter, values)
    await record(db, "charter.enforced", charter, by=caller, reach=reach, before=before)
    return charter
