"""What an office is answered that asks about a teacher's days."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Self

from pydantic import Field

from service.calendar.rules import DAYS_A_WEEK
from service.kit.http.schemas import Out
from service.phone.schemas import AsOf, DayNature, MyDay, MyScheduleOut, MyThing
from service.timetable.rules import LessonStatus, Origin


class TeacherWeekOut(Out):
    """A teacher's week, as the teacher's own phone shows it."""

    as_of: AsOf
    teacher: MyThing
    monday: Annotated[date, Field(examples=["2026-09-14"])]
    provisional: Annotated[bool, Field(description="其中有放假安排尚未公布的日子")]
    lesson_count: Annotated[int, Field(description="本周上课节数(不含已取消的课)")]
    itinerant_count: Annotated[int, Field(description="其中走教节数")]
    days: list[MyDay]

    @classmethod
    def of(cls, teacher: MyThing, week: MyScheduleOut) -> Self:
        """The answer of a schedule of seven days."""
        counted = [DayCount.of(day) for day in week.days]
        return cls(
            as_of=week.as_of,
            teacher=teacher,
            monday=week.from_date,
            provisional=week.provisional,
            lesson_count=sum(one.lesson_count for one in counted),
            itinerant_count=sum(one.itinerant_count for one in counted),
            days=week.days,
        )


class DayCount(Out):
    """A day of a term in short: what it is, how many lessons, and where."""

    on_date: date
    weekday: Annotated[int, Field(description="星期,周一为 1")]
    week: Annotated[int | None, Field(description="教学周")]
    nature: Annotated[DayNature | None, Field(description="本校当日的性质")]
    label: str | None
    provisional: bool
    lesson_count: Annotated[int, Field(description="上课节数(不含已取消的课)")]
    itinerant_count: int
    cancelled_count: int
    campuses: Annotated[list[MyThing], Field(description="当日到过的校区,按先后")]

    @classmethod
    def of(cls, day: MyDay) -> Self:
        """A day of a schedule, counted."""
        held = [one for one in day.lessons if one.status is LessonStatus.SCHEDULED]
        places = {one.campus.id: one.campus for one in held}
        return cls(
            on_date=day.on_date,
            weekday=day.weekday,
            week=day.week,
            nature=day.nature,
            label=day.label,
            provisional=day.provisional,
            lesson_count=len(held),
            itinerant_count=sum(one.origin is Origin.ITINERANT for one in held),
            cancelled_count=len(day.lessons) - len(held),
            campuses=[
                MyThing(id=id_, name=f"{campus.school.name}·{campus.name}")
                for id_, campus in places.items()
            ],
        )


class TermCalendarOut(Out):
    """A teacher's term, day by day."""

    as_of: AsOf
    teacher: MyThing
    from_date: date
    until: Annotated[date, Field(description="不含这一天")]
    lesson_count: int
    itinerant_count: int
    days: list[DayCount]

    @classmethod
    def of(cls, teacher: MyThing, term: MyScheduleOut) -> Self:
        """The answer of a schedule of a term."""
        days = [DayCount.of(day) for day in term.days]
        return cls(
            as_of=term.as_of,
            teacher=teacher,
            from_date=term.from_date,
            until=term.until,
            lesson_count=sum(day.lesson_count for day in days),
            itinerant_count=sum(day.itinerant_count for day in days),
            days=days,
        )

    def weeks(self) -> Iterable[list[DayCount | None]]:
        """The days in rows from Monday to Sunday; days outside the term are empty."""
        row: list[DayCount | None] = [None] * (self.days[0].weekday - 1)
        for day in self.days:
            row.append(day)
            if len(row) == DAYS_A_WEEK:
                yield row
                row = []
        if row:
            yield [*row, *[None] * (DAYS_A_WEEK - len(row))]
