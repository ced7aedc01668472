"""Rows of the calendar: years, terms, bells, and the days that differ."""

from datetime import date, time
from uuid import UUID

from sqlalchemy import SmallInteger
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlmodel import Field

from service.calendar.rules import DayKind, DayScope, DaySource, WeekParity
from service.kit.db import (
    Tenant,
    Versioned,
    check,
    index,
    no_overlap,
    one_of,
    points_to,
    unique,
)


class SchoolYear(Versioned, table=True):
    """A school year, 1 September to 31 August."""

    __tablename__ = "school_year"
    __collection__ = "school-years"
    __table_args__ = (
        unique("uq_school_year_label", "label"),
        no_overlap("ex_school_year", during="valid"),
        check("ck_school_year_valid", "NOT isempty(valid)"),
    )

    label: str
    valid: Range[date] = Field(sa_type=DATERANGE)


class Term(Versioned, table=True):
    """A term: the days on which lessons can be, and the Monday its weeks are counted from."""

    __tablename__ = "term"
    __collection__ = "terms"
    __table_args__ = (
        points_to("school_year_id", "school_year", name="fk_term_school_year"),
        unique("uq_term_number", "school_year_id", "number"),
        no_overlap("ex_term", during="days"),
        check("ck_term_number", "number IN (1, 2)"),
        check("ck_term_week_one", "extract(isodow FROM week_one) = 1"),
        check("ck_term_days", "NOT isempty(days) AND lower(days) - week_one BETWEEN 0 AND 6"),
    )

    school_year_id: UUID
    number: int = Field(sa_type=SmallInteger)
    days: Range[date] = Field(sa_type=DATERANGE)
    week_one: date


class BellSchedule(Versioned, table=True):
    """When periods begin and end at a campus for a stage, for a time (seasons differ)."""

    __tablename__ = "bell_schedule"
    __collection__ = "bell-schedules"
    __table_args__ = (
        points_to("campus_id", "campus", name="fk_bell_schedule_campus"),
        no_overlap("ex_bell_schedule", "campus_id", "stage", during="valid"),
        check("ck_bell_schedule_stage", "stage IN ('1', '2', '3', '4')"),
        check("ck_bell_schedule_valid", "NOT isempty(valid)"),
    )

    campus_id: UUID
    stage: str
    name: str
    valid: Range[date] = Field(sa_type=DATERANGE)


class BellPeriod(Tenant, table=True):
    """One period of a schedule, by the clock on the campus's wall."""

    __tablename__ = "bell_period"
    __table_args__ = (
        points_to("schedule_id", "bell_schedule", name="fk_bell_period_schedule"),
        unique("uq_bell_period_number", "schedule_id", "number"),
        check("ck_bell_period_number", "number BETWEEN 1 AND 20"),
        check("ck_bell_period_times", "starts < ends"),
    )

    schedule_id: UUID
    number: int = Field(sa_type=SmallInteger)
    name: str = ""
    starts: time
    ends: time


class CalendarDay(Versioned, table=True):
    """A date that differs from its weekday, for the district, a group or a school.

    ``scope_id`` is the district, group or school. A make-up day without ``follows_weekday`` is
    announced as a workday, but whose timetable it follows is not decided yet.
    """

    __tablename__ = "calendar_day"
    __collection__ = "calendar-days"
    __table_args__ = (
        unique("uq_calendar_day", "scope_id", "on_date"),
        index("ix_calendar_day_date", "on_date"),
        one_of("ck_calendar_day_scope", "scope", DayScope),
        one_of("ck_calendar_day_kind", "kind", DayKind),
        one_of("ck_calendar_day_follows_parity", "follows_parity", WeekParity),
        one_of("ck_calendar_day_source", "source", DaySource),
        check("ck_calendar_day_follows_weekday", "follows_weekday BETWEEN 1 AND 7"),
        check(
            "ck_calendar_day_follows",
            "kind = 'teach' OR (follows_weekday IS NULL AND follows_parity IS NULL)",
        ),
    )

    scope: str
    scope_id: UUID
    on_date: date
    kind: str
    follows_weekday: int | None = Field(default=None, sa_type=SmallInteger)
    follows_parity: str | None = None
    reason: str = ""
    source: str = DaySource.MANUAL


class CalendarNotice(Versioned, table=True):
    """A year whose national notice the district has taken over; dates of others are provisional."""

    __tablename__ = "calendar_notice"
    __collection__ = "calendar-notices"
    __table_args__ = (unique("uq_calendar_notice_year", "year"),)

    year: int = Field(sa_type=SmallInteger)
