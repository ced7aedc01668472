"""What shows on a phone: days that differ, and changes made the way actions make them."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from service.calendar.tables import CalendarDay, Term
from service.kit.auth import system
from service.kit.changes import note
from service.kit.db import AsyncSession, Versioned, change_fields, days
from service.kit.ids import new_id
from service.kit.journal import record
from service.mentoring.tables import Pairing
from service.network.tables import CodeItem
from service.phone.rules.calendar_feeds import new_secret, secret_hash
from service.phone.tables import CalendarFeed


async def special_day(
    db: AsyncSession,
    *,
    district: Any,
    on_date: date,
    kind: str = "teach",
    school: Any = None,
    **values: Any,
) -> CalendarDay:
    """A day that differs, for the district or one school, noted like any change."""
    row = CalendarDay(
        district_id=district.id,
        scope="school" if school else "district",
        scope_id=school.id if school else district.id,
        on_date=on_date,
        kind=kind,
        **values,
    )
    db.add(row)
    await db.flush()
    await record(db, "calendar_day.set", row, by=system(district.id))
    return row


async def changed(db: AsyncSession, *, district: Any, row: Versioned, **values: Any) -> Versioned:
    """A row with other values, changed and noted the way actions do."""
    present: Versioned = await db.get_one(type(row), (district.id, row.id))
    before = change_fields(present, values)
    await db.flush()
    await record(db, "row.changed", present, by=system(district.id), before=before)
    return present


async def next_term(
    db: AsyncSession, *, district: Any, term: Term, first_day: date, last_day: date
) -> Term:
    """The term after another, in the same school year."""
    row = Term(
        district_id=district.id,
        school_year_id=term.school_year_id,
        number=2,
        days=days(first_day, last_day + timedelta(days=1)),
        week_one=first_day - timedelta(days=first_day.weekday()),
    )
    db.add(row)
    await db.flush()
    return row


async def noted(
    db: AsyncSession,
    *,
    district: Any,
    collection: str,
    event: str,
    count: int = 1,
    reach: Sequence[UUID] = (),
    resource_id: UUID | None = None,
    spread: bool = False,
) -> None:
    """Changes of things that need not be there; several concern somebody else each."""
    for _ in range(count):
        id_ = resource_id or new_id()
        await note(
            db,
            district_id=district.id,
            event=event,
            collection=collection,
            resources=[(id_, 1)],
            reach={id_: [*reach, new_id()]},
            spread=spread,
        )


async def code_item(db: AsyncSession, *, district: Any, **values: Any) -> CodeItem:
    """A word of the district's own."""
    row = CodeItem(district_id=district.id, **values)
    db.add(row)
    await db.flush()
    return row


async def paired(
    db: AsyncSession,
    *,
    district: Any,
    mentor: Any,
    mentee: Any,
    valid_from: date = date(2026, 9, 1),
    valid_until: date | None = date(2027, 7, 10),
    **values: Any,
) -> Pairing:
    """Two teachers who work together already."""
    filled = {
        "role": "in_school",
        "state": "active",
        "mentor_accepted": True,
        "mentee_accepted": True,
        **values,
    }
    row = Pairing(
        district_id=district.id,
        mentor_id=mentor.id,
        mentee_id=mentee.id,
        valid=days(valid_from, valid_until),
        **filled,
    )
    db.add(row)
    await db.flush()
    return row


async def calendar_feed(
    db: AsyncSession, *, district: Any, account: Any, secret: str | None = None, **values: Any
) -> CalendarFeed:
    """An address under which a calendar app reads a schedule."""
    row = CalendarFeed(
        district_id=district.id,
        account_id=getattr(account, "id", account),
        name=values.pop("name", "我的手机"),
        secret_hash=secret_hash(secret or new_secret(district.id)),
        **values,
    )
    db.add(row)
    await db.flush()
    return row
