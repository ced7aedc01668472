"""Keeping the log of a pairing: one of the two writes, the other confirms.

Everything here holds the pairing first, then the entry: so a correction, a confirmation and the end
of the pairing never pass each other by.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python

from service.kit import clock
from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields
from service.kit.journal import record
from service.mentoring import queries
from service.mentoring.problems.log import LogLessonUnfit
from service.mentoring.queries import log
from service.mentoring.rules import PairingState, Side
from service.mentoring.rules.log import (
    LogKind,
    LogState,
    check_confirmation,
    check_correction,
    check_day,
    check_observed,
    check_pair,
)
from service.mentoring.tables import LogEntry, LogEntryVersion, Pairing
from service.network.queries import standpoint


async def hold(db: AsyncSession, *, caller: Caller, pairing_id: UUID) -> tuple[Pairing, UUID]:
    """A pairing, held, and which teacher of the two the caller is.

    Raises
    ------
    PairingNotFound
        There is none, or the caller may not see it.
    NotOfThePair
        Somebody else.
    """
    pairing = await queries.pairing_in_sight(db, caller=caller, pairing_id=pairing_id)
    return pairing, check_pair(caller.teacher_id, two=(pairing.mentor_id, pairing.mentee_id))


async def _hold_entry(
    db: AsyncSession, *, caller: Caller, entry_id: UUID, expected: Precondition
) -> tuple[Pairing, UUID, LogEntry]:
    entry, _ = await log.entry_row(db, caller=caller, entry_id=entry_id)
    pairing, by = await hold(db, caller=caller, pairing_id=entry.pairing_id)
    await db.refresh(entry)
    expected.check(entry.version)
    return pairing, by, entry


async def _check(db: AsyncSession, *, pairing: Pairing, values: Mapping[str, Any]) -> None:
    at = await standpoint(db, district_id=pairing.district_id)
    valid = pairing.valid.lower or date.min, pairing.valid.upper
    check_day(on=values["on_date"], today=at.day, state=PairingState(pairing.state), valid=valid)
    observed = Side(values["observed"]) if values["observed"] else None
    check_observed(LogKind(values["kind"]), observed)
    if values["lesson_id"] is not None:
        sides = {Side.MENTOR: pairing.mentor_id, Side.MENTEE: pairing.mentee_id}
        teachers = {sides[observed]} if observed else set(sides.values())
        if not await log.lesson_fits(
            db, lesson_id=values["lesson_id"], teachers=teachers, on=values["on_date"]
        ):
            raise LogLessonUnfit


async def _tell(
    db: AsyncSession,
    event: str,
    entry: LogEntry,
    *,
    pairing: Pairing,
    by: Caller,
    before: dict[str, Any] | None = None,
) -> None:
    reach = {pairing.mentor_id, pairing.mentee_id}
    await record(db, event, entry, by=by, before=before, reach=reach)


async def write(
    db: AsyncSession, *, caller: Caller, pairing_id: UUID, values: Mapping[str, Any]
) -> LogEntry:
    """Write an entry; the other one of the two is to confirm it.

    Raises
    ------
    NotOfThePair
        Somebody else would write it.
    PairingNotActive, LogEntryInFuture, LogEntryOutsidePairing
        The day does not fit the pairing.
    ObservedUnfit, LogLessonUnfit
        Who was observed, or the lesson, does not fit.
    """
    pairing, by = await hold(db, caller=caller, pairing_id=pairing_id)
    await _check(db, pairing=pairing, values=values)
    entry = LogEntry(
        district_id=caller.district_id,
        pairing_id=pairing_id,
        written_by=by,
        written_at=clock.now(),
        **values,
    )
    db.add(entry)
    await db.flush()
    await _tell(db, "log-entry.written", entry, pairing=pairing, by=caller)
    return entry


async def correct(
    db: AsyncSession,
    *,
    caller: Caller,
    entry_id: UUID,
    values: Mapping[str, Any],
    expected: Precondition,
) -> None:
    """Write a new version, which is to be confirmed again; the former one stays readable.

    Raises
    ------
    NotOfThePair, NotTheWriter
        Somebody else wrote it.
    PairingNotActive, LogEntryInFuture, LogEntryOutsidePairing
        The day does not fit the pairing.
    ObservedUnfit, LogLessonUnfit
        Who was observed, or the lesson, does not fit.
    """
    pairing, by, entry = await _hold_entry(db, caller=caller, entry_id=entry_id, expected=expected)
    check_correction(writer=entry.written_by, by=by)
    await _check(db, pairing=pairing, values=values)
    former = {name: getattr(entry, name) for name in values}
    if former == values:
        return
    db.add(
        LogEntryVersion(
            district_id=caller.district_id,
            entry_id=entry_id,
            number=await log.count_versions(db, entry_id=entry_id) + 1,
            content=to_jsonable_python(former),
            written_at=entry.written_at,
            confirmed_at=entry.confirmed_at,
        )
    )
    renewed = {"state": LogState.WRITTEN, "written_at": clock.now(), "confirmed_at": None}
    before = change_fields(entry, {**values, **renewed})
    await db.flush()
    await _tell(db, "log-entry.corrected", entry, pairing=pairing, by=caller, before=before)


async def confirm(
    db: AsyncSession, *, caller: Caller, entry_id: UUID, expected: Precondition
) -> None:
    """Confirm what the other one wrote; also after the pairing has ended.

    Raises
    ------
    NotOfThePair, OwnLogEntry
        It is not theirs to confirm.
    LogEntryConfirmed
        It was confirmed.
    """
    pairing, by, entry = await _hold_entry(db, caller=caller, entry_id=entry_id, expected=expected)
    check_confirmation(writer=entry.written_by, by=by, state=LogState(entry.state))
    before = change_fields(entry, {"state": LogState.CONFIRMED, "confirmed_at": clock.now()})
    await db.flush()
    await _tell(db, "log-entry.confirmed", entry, pairing=pairing, by=caller, before=before)
