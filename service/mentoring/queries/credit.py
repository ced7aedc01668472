"""What mentoring counts for mentors, read by whoever adds up workload."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlmodel import col, select

from service.calendar import queries as calendar
from service.kit import clock
from service.kit.db import AsyncSession
from service.mentoring.rules import PairingState, Span
from service.mentoring.rules.credit import DEFAULT_LESSONS_PER_WEEK, credited_weeks
from service.mentoring.tables import Pairing
from service.network.queries import district


async def credited_lessons(
    db: AsyncSession, *, district_id: UUID, teachers: Collection[UUID], month: date
) -> dict[UUID, Decimal]:
    """Lessons credited to mentors for the weeks of a month, up to today.

    Who is credited nothing has no entry. What a week counts is the district's
    ``settings.mentoring.credited_lessons_per_week``, per mentor and not per mentee. Only pairings
    that became active count, and only weeks with a day of some term.
    """
    row = await district(db, district_id=district_id)
    settings = row.settings.get("mentoring") or {}
    rate = Decimal(str(settings.get("credited_lessons_per_week", DEFAULT_LESSONS_PER_WEEK)))
    tomorrow = clock.today(row.zone) + timedelta(days=1)
    terms = [(term.starts, term.until) for term in await calendar.terms(db)]
    spans = await _spans(db, teachers=teachers, until=tomorrow)
    weeks = {
        mentor_id: len(credited_weeks(held, terms=terms, month=month))
        for mentor_id, held in spans.items()
    }
    return {mentor_id: rate * count for mentor_id, count in weeks.items() if count}


async def _spans(
    db: AsyncSession, *, teachers: Collection[UUID], until: date
) -> dict[UUID, list[Span]]:
    """The days of pairings that became active, by mentor, up to a day."""
    statement = select(Pairing).where(
        col(Pairing.mentor_id).in_(teachers),
        col(Pairing.state).in_([PairingState.ACTIVE, PairingState.ENDED]),
        col(Pairing.activated_on).is_not(None),
    )
    found: dict[UUID, list[Span]] = defaultdict(list)
    for one in (await db.exec(statement)).all():
        first = max(one.valid.lower or date.min, one.activated_on or date.min)
        after = min(one.valid.upper or until, until)
        if first < after:
            found[one.mentor_id].append((first, after))
    return found
