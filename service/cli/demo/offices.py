"""What the demo's offices have done: what the district pays, and what schools are short of.

A workbook has no sheets for these; they are set up after it, by what an office does itself.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range

from service.cli.demo import anchors
from service.cli.demo.curriculum import ART, IT, MUSIC
from service.cli.demo.year import FIRST_DAY, TERM_DAYS
from service.itinerant import matching, offers, shortages
from service.itinerant.offers import Asking
from service.itinerant.rules import WeeklyPeriod
from service.itinerant.rules.shortage import Urgency
from service.itinerant.shortages import Filing
from service.kit import clock
from service.kit.auth import Caller
from service.kit.conditional import ANY
from service.kit.db import AsyncSession, days
from service.timetable.rules import Parity
from service.workload import rates
from service.workload.rules import RateKind
from service.workload.tables import AllowanceRate

_EVERYTHING = (Decimal(0), None)
_OPEN = timedelta(days=30)
_NEAR, _FAR = Decimal(10), Decimal(30)
_RATES = (
    (RateKind.LESSON, "35.00", _EVERYTHING),
    (RateKind.DAY, "20.00", _EVERYTHING),
    (RateKind.BAND, "10.00", (Decimal(0), _NEAR)),
    (RateKind.BAND, "20.00", (_NEAR, _FAR)),
    (RateKind.BAND, "35.00", (_FAR, None)),
    (RateKind.CAP_DAY, "200.00", _EVERYTHING),
    (RateKind.CAP_MONTH, "2000.00", _EVERYTHING),
)
_NOTE = "演示标准,非任何地区的规定"

_KNOWN = text("SELECT EXISTS (SELECT FROM allowance_rate)")
_OFFICE = text("SELECT id, display_name FROM account WHERE username = :username")
_PLACE = text(
    "SELECT campus.id, ARRAY(SELECT class_section.id FROM class_section"
    " WHERE class_section.campus_id = campus.id ORDER BY class_section.name) AS class_ids"
    " FROM campus JOIN school_identifier USING (district_id, school_id)"
    " WHERE school_identifier.code = :code"
)
_TERM = text(
    "SELECT term.id FROM term JOIN school_year"
    " ON school_year.district_id = term.district_id AND school_year.id = term.school_year_id"
    " WHERE school_year.label || '-' || term.number = :term"
)


async def set_up(db: AsyncSession, *, by: Caller) -> None:
    """Set the rates and file the shortages, unless that was done."""
    if await (await db.connection()).scalar(_KNOWN):
        return
    for kind, amount, (from_, until) in _RATES:
        row = AllowanceRate(
            district_id=by.district_id,
            kind=kind,
            amount=Decimal(amount),
            band=Range(from_, until, bounds="[)"),
            valid=days(FIRST_DAY, None),
            note=_NOTE,
        )
        await rates.add_rate(db, caller=by, row=row)
    await _file(db, by=by)


async def _file(db: AsyncSession, *, by: Caller) -> None:
    """One shortage waits for approval, one for a match, one for answers, and one is over."""
    school, group = [await _office(db, by=by, username=name) for name in ("school", "group")]
    term = _coming_term()
    found = (await (await db.connection()).execute(_TERM, {"term": term})).one()
    filed: list[UUID] = []
    for code, subject, lessons, urgency in (
        (anchors.RURAL_SCHOOL, IT, 2, Urgency.NORMAL),
        (anchors.RURAL_SCHOOL, ART, 2, Urgency.URGENT),
        (anchors.VILLAGE_SCHOOL, ART, 2, Urgency.CRITICAL),
        (anchors.RURAL_SCHOOL, MUSIC, 1, Urgency.NORMAL),
    ):
        place = (await (await db.connection()).execute(_PLACE, {"code": code})).one()
        row = await shortages.file(
            db,
            caller=school,
            filing=Filing(
                campus_id=place.id,
                group_id=None,
                term_id=found.id,
                subject=subject,
                stage="2",
                class_ids=place.class_ids,
                lessons_per_week=lessons,
                half_days=("1-am", "1-pm", "3-pm", "5-am", "5-pm"),
                urgency=urgency,
                valid_from=None,
                valid_until=None,
                note=None,
            ),
        )
        filed.append(row.id)
    _, wanted, asked, over = filed
    for id_ in (wanted, asked, over):
        await shortages.approve(db, caller=group, shortage_id=id_, expected=ANY)
    await shortages.close(
        db, caller=group, shortage_id=over, reason="已由本校教师兼任", expected=ANY
    )
    await _ask(db, by=group, shortage_id=asked)


async def _ask(db: AsyncSession, *, by: Caller, shortage_id: UUID) -> None:
    """Ask the best of those who could help for one lesson a week."""
    choice = await matching.candidates(db, caller=by, shortage_id=shortage_id)
    helper = choice.able[0].helper
    place = min(helper.free)
    weekly = WeeklyPeriod(
        weekday=place[0],
        period=place[1],
        parity=Parity.EVERY,
        weeks=None,
        class_ids=tuple(choice.open_[place][:1]),
        room_id=None,
        valid_from=None,
        valid_until=None,
    )
    asking = Asking(
        teacher_id=helper.teacher_id,
        home_school_id=helper.school_id,
        patterns=(weekly,),
        expires_at=clock.now() + _OPEN,
    )
    await offers.offer(db, caller=by, shortage_id=shortage_id, asking=asking, expected=ANY)


async def _office(db: AsyncSession, *, by: Caller, username: str) -> Caller:
    """A login of the demo as the one who acts: nobody approves what they filed themselves."""
    found = (await (await db.connection()).execute(_OFFICE, {"username": username})).one()
    return replace(by, account_id=found.id, name=found.display_name)


def _coming_term() -> str:
    """The term for which somebody is looked for."""
    last_weeks = TERM_DAYS[anchors.AUTUMN][1] - timedelta(weeks=3)
    return anchors.AUTUMN if clock.today(anchors.ZONE) < last_weeks else anchors.SPRING
