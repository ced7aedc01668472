"""A district's pairings at once, as they are: what is the same stays untouched and tells nobody.

Pairings of a workbook were made by people before this service was there. Whether a mentor is
qualified and the dual rule is met is reported per mentee, not refused; places and the one mentor
per role are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from service.kit.auth import Caller
from service.kit.db import AsyncSession, Outcome, change_fields, days
from service.kit.journal import record_by_reach
from service.kit.problems import FieldError, RelatedNotFound, Text
from service.mentoring import queries
from service.mentoring.problems import (
    MentorFull,
    PairedAlready,
    RoleTaken,
    SelfMentoring,
    UnknownRole,
)
from service.mentoring.queries.programme import policies_for
from service.mentoring.rules import PairingState, Span, overlap, places_taken, ripened
from service.mentoring.schemas import PairingRow
from service.mentoring.tables import Pairing
from service.mentoring.watch import look_after
from service.network.problems import RowsUnfit
from service.network.queries import known_codes, standpoint
from service.staff.tables import Teacher

_Key = tuple[UUID, UUID, str, date | None]


def _key(pairing: Pairing) -> _Key:
    return pairing.mentor_id, pairing.mentee_id, pairing.role, pairing.valid.lower


@dataclass(slots=True)
class _Book:
    """The pairings of everybody concerned, as they are to be, and which rows said so."""

    known: dict[_Key, Pairing]
    row_of: dict[UUID, int] = field(default_factory=dict)
    created: list[Pairing] = field(default_factory=list)
    changed: list[Pairing] = field(default_factory=list)
    longer: list[Pairing] = field(default_factory=list)
    """Those that are new or take a place for more days than before."""

    @property
    def open(self) -> Iterator[Pairing]:
        """Those that are not over."""
        return (one for one in self.known.values() if one.state != PairingState.ENDED)


async def upsert_pairings(db: AsyncSession, rows: Sequence[PairingRow], *, by: Caller) -> Outcome:
    """Bring pairings up to what the rows say, by mentor, mentee, role and first day.

    A state only goes forward: what the two have accepted or ended here since is not taken back.
    Refusals name every row and field as ``/<row>/<field>``, rows counted from 0.

    Raises
    ------
    RelatedNotFound
        A number that nobody has.
    RowsUnfit
        Rows that cannot stand beside each other or beside what is known.
    """
    if not rows:
        return Outcome()
    ids = await _ids(db, rows)
    roles = await known_codes(db, district_id=by.district_id, name="mentor_role")
    _refuse(_impossible(rows, roles=roles))
    await queries.lock_teachers(db, teacher_ids=set(ids.values()))
    today = (await standpoint(db, district_id=by.district_id)).today
    book = _Book({_key(one): one for one in await _concerning(db, ids.values())})
    for place, row in enumerate(rows):
        _enter(book, row, place=place, ids=ids, by=by, today=today)
    places = await _places(db, book.longer, district_id=by.district_id)
    _refuse([*_clashes(book), *_overfull(book, places=places)])
    # Those that make room are written before those that need it.
    await db.flush()
    db.add_all(book.created)
    await db.flush()
    for event, found in (("imported", book.created), ("changed", book.changed)):
        await _tell(db, f"pairing.{event}", found, by=by, today=today)
    await look_after(db, by=by, pairings=[*book.created, *book.changed])
    touched = len(book.created) + len(book.changed)
    return Outcome(len(book.created), len(book.changed), len(rows) - touched)


async def _tell(
    db: AsyncSession, event: str, found: Sequence[Pairing], *, by: Caller, today: date
) -> None:
    """Tell readers, those of the same two schools together."""
    teachers = {id_ for one in found for id_ in (one.mentor_id, one.mentee_id)}
    homes = await queries.schools_of(db, teacher_ids=teachers, day=today)
    grouped: dict[frozenset[UUID], list[tuple[UUID, int]]] = defaultdict(list)
    for one in found:
        schools = (homes.get(one.mentor_id), homes.get(one.mentee_id))
        grouped[frozenset(id_ for id_ in schools if id_ is not None)].append((one.id, one.version))
    await record_by_reach(db, event, grouped, by=by, collection=Pairing.__collection__)


def _refuse(errors: Iterable[FieldError]) -> None:
    found = list(errors)
    if found:
        raise RowsUnfit(errors=found)


async def _ids(db: AsyncSession, rows: Sequence[PairingRow]) -> Mapping[str, UUID]:
    numbers = {number for row in rows for number in (row.mentor_number, row.mentee_number)}
    statement = select(Teacher.number, Teacher.id).where(col(Teacher.number).in_(numbers))
    known = dict((await db.exec(statement)).all())
    errors = [
        FieldError(f"/{place}/{name}", "not-found", Text(f"找不到 {number}", f"no {number}"))
        for place, row in enumerate(rows)
        for name, number in (
            ("mentor_number", row.mentor_number),
            ("mentee_number", row.mentee_number),
        )
        if number not in known
    ]
    if errors:
        raise RelatedNotFound(errors=errors)
    return known


def _impossible(rows: Sequence[PairingRow], *, roles: Collection[str]) -> Iterator[FieldError]:
    seen: set[tuple[Any, ...]] = set()
    for place, row in enumerate(rows):
        if row.mentor_number == row.mentee_number:
            yield FieldError(f"/{place}/mentee_number", SelfMentoring.code, SelfMentoring.title)
        if row.role not in roles:
            yield FieldError(f"/{place}/role", UnknownRole.code, UnknownRole.title)
        key = (row.mentor_number, row.mentee_number, row.role, row.valid_from)
        if key in seen:
            words = Text("与前面的行重复", "stands there twice")
            yield FieldError(f"/{place}/valid_from", "duplicate", words)
        seen.add(key)


async def _concerning(db: AsyncSession, teacher_ids: Collection[UUID]) -> list[Pairing]:
    statement = (
        select(Pairing)
        .where(col(Pairing.mentor_id).in_(teacher_ids) | col(Pairing.mentee_id).in_(teacher_ids))
        .order_by(col(Pairing.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list((await db.exec(statement)).all())


def _enter(
    book: _Book,
    row: PairingRow,
    *,
    place: int,
    ids: Mapping[str, UUID],
    by: Caller,
    today: date,
) -> None:
    mentor_id, mentee_id = ids[row.mentor_number], ids[row.mentee_number]
    pairing = book.known.get((mentor_id, mentee_id, row.role, row.valid_from))
    if pairing is None:
        pairing = Pairing(
            district_id=by.district_id,
            mentor_id=mentor_id,
            mentee_id=mentee_id,
            role=row.role,
            valid=days(row.valid_from, row.valid_until),
            goals=row.goals,
            **_state(PairingState.PROPOSED, row, today=today),
        )
        book.created.append(pairing)
        book.longer.append(pairing)
        book.known[_key(pairing)] = pairing
    elif pairing.state != PairingState.ENDED:
        values = {"valid": days(row.valid_from, row.valid_until), "goals": row.goals}
        values |= _state(PairingState(pairing.state), row, today=today)
        former = _span(pairing)[1] or date.max
        if change_fields(pairing, values):
            book.changed.append(pairing)
        if former < (row.valid_until or date.max):
            book.longer.append(pairing)
    book.row_of[pairing.id] = place


def _state(present: PairingState, row: PairingRow, *, today: date) -> dict[str, Any]:
    state = ripened(present, row.state)
    if state is present:
        return {}
    agreed: dict[str, Any] = {"state": state, "mentor_accepted": True, "mentee_accepted": True}
    if state is PairingState.ACTIVE:
        agreed["activated_on"] = min(row.valid_from, today)
    return agreed


def _span(pairing: Pairing) -> Span:
    return pairing.valid.lower or date.min, pairing.valid.upper


def _clashes(book: _Book) -> Iterator[FieldError]:
    """Rows that the constraints would refuse, each named with its row."""
    by_mentee: dict[UUID, list[Pairing]] = defaultdict(list)
    for pairing in book.open:
        by_mentee[pairing.mentee_id].append(pairing)
    for pairing in book.open:
        place = book.row_of.get(pairing.id)
        if place is None:
            continue
        others = [
            other
            for other in by_mentee[pairing.mentee_id]
            if book.row_of.get(other.id, -1) < place and overlap(_span(other), _span(pairing))
        ]
        if any(other.mentor_id == pairing.mentor_id for other in others):
            yield FieldError(f"/{place}/mentor_number", PairedAlready.code, PairedAlready.title)
        active = PairingState.ACTIVE
        if pairing.state == active and any(
            (other.role, other.state) == (pairing.role, active) for other in others
        ):
            yield FieldError(f"/{place}/role", RoleTaken.code, RoleTaken.title)


async def _places(
    db: AsyncSession, pairings: Collection[Pairing], *, district_id: UUID
) -> dict[UUID, int]:
    """How many places each pairing's mentor has, by what is asked of its mentee on its first day.

    A file names few first days, so it is one look a day and not one a pairing.
    """
    by_day: dict[date, list[Pairing]] = defaultdict(list)
    for one in pairings:
        by_day[one.valid.lower or date.min].append(one)
    places: dict[UUID, int] = {}
    for day, some in by_day.items():
        mentees = {one.mentee_id for one in some}
        policies = await policies_for(db, district_id=district_id, mentee_ids=mentees, day=day)
        places |= {one.id: policies[one.mentee_id].capacity for one in some}
    return places


def _overfull(book: _Book, *, places: Mapping[UUID, int]) -> Iterator[FieldError]:
    """Rows that are new or longer and take a place that is not there."""
    by_mentor: dict[UUID, list[Span]] = defaultdict(list)
    for pairing in book.open:
        by_mentor[pairing.mentor_id].append(_span(pairing))
    for pairing in book.longer:
        taken = places_taken(by_mentor[pairing.mentor_id], during=_span(pairing))
        capacity = places[pairing.id]
        if taken > capacity:
            words = Text(
                f"{MentorFull.title.zh}({taken} 人,名额 {capacity} 人)",
                f"{MentorFull.title.en}: {taken} of {capacity}",
            )
            place = book.row_of[pairing.id]
            yield FieldError(f"/{place}/mentor_number", MentorFull.code, words)
