"""Rows of a district's workbook, by business codes: what is there and the same stays as it is.

A district has hundreds of schools and dozens of groups, so rows are compared here, one by one, and
written together. Nothing here asks whether a group conforms: one that does not is loaded as it is
and reported by its composition; only a change that claims to conform is refused for it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlmodel import col, select

from service.kit.auth import Caller
from service.kit.db import AsyncSession, Outcome, Versioned, change_fields, days
from service.kit.journal import record_many
from service.kit.pinyin import pinyin_of
from service.kit.problems import FieldError, Text
from service.network import queries
from service.network.problems import RowsUnfit
from service.network.queries import Standpoint
from service.network.rules import (
    CLOSE_SEATS,
    DesignationKind,
    Ground,
    GroupState,
    Tier,
    may_correct,
)
from service.network.schemas import (
    CampusRow,
    CodeRow,
    GroupRow,
    MembershipRow,
    SchoolRow,
    member_of,
)
from service.network.tables import (
    Campus,
    CodeItem,
    Group,
    Membership,
    School,
    SchoolDesignation,
    SchoolIdentifier,
)

Row = TypeVar("Row", bound=Versioned)


@dataclass(slots=True)
class _Ledger(Generic[Row]):
    """What happened to the rows of one sheet."""

    created: list[Row] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    unchanged: int = 0

    def note(self, row: Row, *, changed: bool) -> None:
        if changed:
            self.changed.append(row)
        else:
            self.unchanged += 1

    async def close(self, db: AsyncSession, *, by: Caller, noun: str) -> Outcome:
        """Write everything at once, and say so in the feed once per row."""
        # Those who make room are written before those who need it.
        await db.flush()
        db.add_all(self.created)
        await db.flush()
        for event, rows in (("imported", self.created), ("changed", self.changed)):
            if rows:
                await record_many(
                    db,
                    f"{noun}.{event}",
                    by=by,
                    collection=rows[0].__collection__,
                    resources=[(row.id, row.version) for row in rows],
                )
        return Outcome(len(self.created), len(self.changed), self.unchanged)


def _unfit(rows: Iterable[tuple[str, str, Text]]) -> None:
    """Refuse a sheet: pairs of column and code, each with what is wrong about the named row."""
    errors = [FieldError(column, code, words) for column, code, words in rows]
    if errors:
        raise RowsUnfit(errors=errors)


async def upsert_codes(db: AsyncSession, rows: Sequence[CodeRow], *, by: Caller) -> Outcome:
    """Bring in entries of the district's own lists, by list and code."""
    known = {
        (item.list, item.code): item
        for item in (
            await db.exec(
                select(CodeItem)
                .where(col(CodeItem.district_id) == by.district_id)
                .with_for_update()
            )
        ).all()
    }
    ledger: _Ledger[CodeItem] = _Ledger()
    for row in rows:
        item = known.get((row.list, row.code))
        values: dict[str, Any] = {"zh": row.zh, "en": row.en, "rank": row.rank}
        if item is None:
            ledger.created.append(
                CodeItem(district_id=by.district_id, list=row.list, code=row.code, **values)
            )
        else:
            ledger.note(item, changed=bool(change_fields(item, values)))
    return await ledger.close(db, by=by, noun="code")


# Schools


async def upsert_schools(db: AsyncSession, rows: Sequence[SchoolRow], *, by: Caller) -> Outcome:
    """Bring in schools, by their 10-digit identifier.

    A school that has got another identifier since is still found by an older one.
    """
    ids = await schools_by_code(db, codes=[row.code for row in rows])
    known = await _locked(db, School, ids.values())
    weak = await _weak(db, ids.values())
    ledger: _Ledger[School] = _Ledger()
    facts: list[SchoolIdentifier | SchoolDesignation] = []
    for row in rows:
        values: dict[str, Any] = {
            "name": row.name,
            "short_name": row.short_name,
            "name_pinyin": pinyin_of(row.name),
            "type_code": row.type_code,
            "urban_rural_code": row.urban_rural_code,
        }
        id_ = ids.get(row.code)
        if id_ is None:
            school = School(district_id=by.district_id, **values)
            ledger.created.append(school)
            facts += [_identifier(school, row), *_designation(school, row, known=())]
            continue
        school = known[id_]
        new_facts = _designation(school, row, known=weak.get(id_, ()))
        different = bool(change_fields(school, values))
        if new_facts and not different:
            school.version += 1
        facts += [fact for fact in new_facts if fact not in weak.get(id_, ())]
        ledger.note(school, changed=different or bool(new_facts))
    outcome = await ledger.close(db, by=by, noun="school")
    db.add_all(facts)
    await db.flush()
    return outcome


def _identifier(school: School, row: SchoolRow) -> SchoolIdentifier:
    return SchoolIdentifier(
        district_id=school.district_id,
        school_id=school.id,
        code=row.code,
        valid=days(row.code_from, None),
    )


def _designation(
    school: School, row: SchoolRow, *, known: Sequence[SchoolDesignation]
) -> list[SchoolDesignation]:
    """The designation that is new or has another end now; one that is not mentioned stays."""
    if row.weak is None:
        return []
    for one in known:
        if one.valid.lower == row.weak.lower:
            if one.valid.upper == row.weak.upper:
                return []
            one.valid = row.weak
            return [one]
    return [
        SchoolDesignation(
            district_id=school.district_id,
            school_id=school.id,
            kind=DesignationKind.WEAK,
            valid=row.weak,
        )
    ]


async def _weak(
    db: AsyncSession, school_ids: Collection[UUID]
) -> dict[UUID, list[SchoolDesignation]]:
    statement = select(SchoolDesignation).where(
        col(SchoolDesignation.school_id).in_(school_ids),
        col(SchoolDesignation.kind) == DesignationKind.WEAK,
    )
    found: dict[UUID, list[SchoolDesignation]] = {}
    for one in (await db.exec(statement)).all():
        found.setdefault(one.school_id, []).append(one)
    return found


async def schools_by_code(db: AsyncSession, *, codes: Collection[str]) -> dict[str, UUID]:
    """The schools that have, or had, these identifiers; who has it now comes before who had it."""
    statement = (
        select(SchoolIdentifier.code, SchoolIdentifier.school_id)
        .where(col(SchoolIdentifier.code).in_(codes))
        .order_by(col(SchoolIdentifier.valid))
    )
    return dict((await db.exec(statement)).all())


async def _locked(db: AsyncSession, table: type[Row], ids: Collection[UUID]) -> dict[UUID, Row]:
    statement = (
        select(table)
        .where(col(table.id).in_(ids))
        .order_by(col(table.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in (await db.exec(statement)).all()}


# Campuses


async def upsert_campuses(db: AsyncSession, rows: Sequence[CampusRow], *, by: Caller) -> Outcome:
    """Bring in campuses, by their code.

    Raises
    ------
    RowsUnfit
        A school is not known, or a campus belongs to another school.
    """
    schools = await schools_by_code(db, codes={row.school for row in rows})
    wanted = [row.code for row in rows]
    statement = select(Campus).where(col(Campus.code).in_(wanted)).with_for_update(key_share=True)
    known = {campus.code: campus for campus in (await db.exec(statement)).all()}
    _unfit(_campus_faults(rows, schools=schools, known=known))
    ledger: _Ledger[Campus] = _Ledger()
    for row in rows:
        campus = known.get(row.code)
        values: dict[str, Any] = {
            "name": row.name,
            "address": row.address,
            "gate": row.gate,
            "longitude": None if row.longitude is None else round(row.longitude, 6),
            "latitude": None if row.latitude is None else round(row.latitude, 6),
            "datum": row.datum,
            "zone": row.zone,
            "main": row.main,
        }
        if campus is None:
            ledger.created.append(
                Campus(
                    district_id=by.district_id,
                    school_id=schools[row.school],
                    code=row.code,
                    **values,
                )
            )
        else:
            ledger.note(campus, changed=bool(change_fields(campus, values)))
    return await ledger.close(db, by=by, noun="campus")


def _campus_faults(
    rows: Iterable[CampusRow], *, schools: Mapping[str, UUID], known: Mapping[str, Campus]
) -> Iterable[tuple[str, str, Text]]:
    for row in rows:
        if row.school not in schools:
            yield _unknown_school(row.school)
        elif row.code in known and known[row.code].school_id != schools[row.school]:
            words = Text(
                f"校区 {row.code} 已属于另一所学校", f"campus {row.code} belongs to another school"
            )
            yield "school", "other-school", words


def _unknown_school(code: str) -> tuple[str, str, Text]:
    words = Text(f"没有标识码为 {code} 的学校", f"no school has the identifier {code}")
    return "school", "not-found", words


# Groups


async def upsert_groups(db: AsyncSession, rows: Sequence[GroupRow], *, by: Caller) -> Outcome:
    """Bring in groups, by their name.

    A state only moves forward: a row that says draft leaves an active group as it is. An active
    row is loaded as active, conforming or not.

    Raises
    ------
    RowsUnfit
        A category is not in the district's list, or a group would become one of another kind.
    """
    names = [row.name for row in rows]
    statement = select(Group).where(col(Group.name).in_(names)).with_for_update(key_share=True)
    known = {group.name: group for group in (await db.exec(statement)).all()}
    categories = await queries.known_codes(db, district_id=by.district_id, name="group_category")
    _unfit(_group_faults(rows, known=known, categories=categories))
    ledger: _Ledger[Group] = _Ledger()
    for row in rows:
        group = known.get(row.name)
        values: dict[str, Any] = {
            "category": row.category,
            "principal_responsibility": row.principal_responsibility,
            "founded_on": row.founded_on,
        }
        if group is None:
            group = Group(
                district_id=by.district_id,
                name=row.name,
                name_pinyin=pinyin_of(row.name),
                kind=row.kind,
                **values,
                **_state_of(row, former=GroupState.DRAFT),
            )
            ledger.created.append(group)
        else:
            values |= _state_of(row, former=GroupState(group.state))
            ledger.note(group, changed=bool(change_fields(group, values)))
    return await ledger.close(db, by=by, noun="group")


def _state_of(row: GroupRow, *, former: GroupState) -> dict[str, Any]:
    if row.dissolved_on is not None:
        return {"state": GroupState.DISSOLVED.value, "dissolved_on": row.dissolved_on}
    begun = former is GroupState.DRAFT and row.state == GroupState.ACTIVE
    return {"state": GroupState.ACTIVE.value} if begun else {}


def _group_faults(
    rows: Iterable[GroupRow], *, known: Mapping[str, Group], categories: Collection[str]
) -> Iterable[tuple[str, str, Text]]:
    for row in rows:
        if row.category is not None and row.category not in categories:
            words = Text(
                f"{row.name}:类别 {row.category} 不在本区代码表中",
                f"{row.name}: category {row.category} is not in the district's list",
            )
            yield "category", "unknown-category", words
        if row.name in known and known[row.name].kind != row.kind:
            words = Text(f"{row.name}:集团类型不可更改", f"{row.name}: a group's kind stays")
            yield "kind", "kind-changed", words


# Memberships


async def upsert_memberships(
    db: AsyncSession, rows: Sequence[MembershipRow], *, by: Caller
) -> Outcome:
    """Bring in memberships, by group name, school identifier and first day.

    Raises
    ------
    RowsUnfit
        A group or school is not known, or a row would rewrite what has happened.
    """
    at = await queries.standpoint(db, district_id=by.district_id)
    names = {row.group for row in rows}
    found = (await db.exec(select(Group.name, Group.id).where(col(Group.name).in_(names)))).all()
    group_ids = dict(found)
    groups = await _locked(db, Group, group_ids.values())
    schools = await schools_by_code(db, codes={row.school for row in rows})
    _unfit(_strangers(rows, groups=group_ids, schools=schools))
    places = [
        _Place(row, groups[group_ids[row.group]], schools[row.school], by.district_id)
        for row in rows
    ]
    return await _place_members(db, places, at=at, by=by)


def _strangers(
    rows: Iterable[MembershipRow], *, groups: Mapping[str, UUID], schools: Mapping[str, UUID]
) -> Iterable[tuple[str, str, Text]]:
    for row in rows:
        if row.group not in groups:
            words = Text(f"没有名为“{row.group}”的集团", f"no group is called {row.group}")
            yield "group", "not-found", words
        if row.school not in schools:
            yield _unknown_school(row.school)


@dataclass(frozen=True, slots=True)
class _Place:
    """A row with what it refers to."""

    row: MembershipRow
    group: Group
    school_id: UUID
    district_id: UUID

    @property
    def key(self) -> tuple[UUID, UUID, date | None]:
        return (self.group.id, self.school_id, self.row.valid.lower)

    def membership(self, seat: int | None) -> Membership:
        """As it would be stored; nobody belongs to a group longer than it exists."""
        until, end = self.row.valid.upper, self.group.dissolved_on
        if end is not None and (until is None or end < until):
            until = end
        return Membership(
            district_id=self.district_id,
            group_id=self.group.id,
            school_id=self.school_id,
            tier=self.row.tier,
            seat=seat,
            valid=days(self.row.valid.lower, until),
        )


async def _place_members(
    db: AsyncSession, places: Sequence[_Place], *, at: Standpoint, by: Caller
) -> Outcome:
    group_ids = {place.group.id for place in places}
    statement = select(Membership).where(col(Membership.group_id).in_(group_ids))
    stored = (await db.exec(statement)).all()
    known = {(one.group_id, one.school_id, one.valid.lower): one for one in stored}
    ledger: _Ledger[Membership] = _Ledger()
    taken: dict[UUID, list[Membership]] = {}
    for one in stored:
        if one.tier == Tier.CLOSE:
            taken.setdefault(one.group_id, []).append(one)
    rewritten: list[_Place] = []
    for place in places:
        former = known.get(place.key)
        beside = taken.setdefault(place.group.id, [])
        wanted = place.membership(_seat(place, former, beside=beside))
        if wanted.tier == Tier.CLOSE:
            beside.append(wanted)
        if former is None:
            ledger.created.append(wanted)
            continue
        ground = Ground(
            queries.present_state(place.group, day=at.today), at.today, at.backdating_days
        )
        if not may_correct(member_of(former), member_of(wanted), ground=ground):
            rewritten.append(place)
            continue
        values: dict[str, Any] = {"tier": wanted.tier, "seat": wanted.seat, "valid": wanted.valid}
        ledger.note(former, changed=bool(change_fields(former, values)))
    _unfit(_history(rewritten))
    return await ledger.close(db, by=by, noun="membership")


def _seat(place: _Place, former: Membership | None, *, beside: Sequence[Membership]) -> int | None:
    """The seat the row names, else the one it has, else the first that is free all its time."""
    if place.row.tier != Tier.CLOSE:
        return None
    if place.row.seat is not None:
        return place.row.seat
    if former is not None and former.seat is not None:
        return former.seat
    own = member_of(place.membership(CLOSE_SEATS[0]))
    taken = {one.seat for one in beside if member_of(one).overlaps(own)}
    # Where all are taken, the constraint says so in its own words.
    return next((seat for seat in CLOSE_SEATS if seat not in taken), CLOSE_SEATS[-1])


def _history(places: Iterable[_Place]) -> Iterable[tuple[str, str, Text]]:
    for place in places:
        row = place.row
        words = Text(
            f"{row.group}、{row.school}、{row.valid.lower}:已生效的成员关系不可改写;"
            "请为原行填写退出日期,另起一行登记新的层级",
            f"{row.group}, {row.school}, {row.valid.lower}: what is in effect is not rewritten; "
            "enter its last day and a new row for the new tier",
        )
        yield "tier", "history", words
