"""What goes out about a day at a campus, and about lessons that stand and should not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from service.calendar.rules import TeachingDay
from service.calendar.schemas import CalendarDayIn
from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.timetable.rules import LessonChange
from service.timetable.rules.absence import Standin
from service.timetable.rules.standing import (
    Standing,
    StandingKind,
    Thing,
    counted,
    most_first,
)
from service.timetable.schemas.absence import OthersOut, StandinOut, StandinsOut
from service.timetable.schemas.lessons import ConflictOut, LessonOut, Named


class OtherPlanIn(CalendarDayIn):
    """How another school means to decide the same date."""

    school_id: Annotated[UUID, Field(description="另一所学校")]


class CompareIn(In):
    """One's own plan for a date, beside those of others."""

    own: Annotated[CalendarDayIn, Field(description="本校(集团、区)的打算")]
    others: Annotated[
        tuple[OtherPlanIn, ...],
        Field(max_length=50, description="同集团其他学校的打算;不填则只与现有安排比较"),
    ] = ()


class SideOut(Out):
    """What one school would have on the date, and what of it collides."""

    school_id: UUID
    school_name: str
    lessons: Annotated[int, Field(description="当日将新排或改时间的课")]
    collisions: Annotated[list[ConflictOut], Field(description="该校一方的冲突:谁、几点、与什么")]


class ComparedOut(Out):
    """Plans side by side."""

    on_date: date
    collides: Annotated[bool, Field(description="是否有冲突;有冲突的安排会被拒绝")]
    schools: list[SideOut]


class VisitorOut(Out):
    """Somebody who comes from another school today."""

    teacher: Named
    home_school: Annotated[Named | None, Field(description="任职学校;已离职则为空")]
    arrives_at: Annotated[AwareDatetime, Field(description="第一节课的上课时刻")]
    leaves_at: Annotated[AwareDatetime, Field(description="最后一节课的下课时刻")]
    lessons: list[LessonOut]


class DaySheetOut(Out):
    """A day at a campus: who visits, and which lessons nobody takes."""

    campus: Named
    school: Named
    gate: str
    on_date: date
    teaching: Annotated[bool, Field(description="该校区当日上课")]
    label: Annotated[str | None, Field(description="如:按周二(单周)课表")]
    visitors: list[VisitorOut]
    uncovered: Annotated[list[LessonOut], Field(description="尚待安排代课的课")]

    @classmethod
    def of(cls, place: tuple[Any, Any], *, on_date: date, day: Any, rows: Iterable[Any]) -> Self:
        """The answer of a campus with its school, what the day is there, and its visits."""
        campus, school = place
        rows = list(rows)
        label = day.label if isinstance(day, TeachingDay) else None
        return cls(
            campus=Named(id=campus.id, name=campus.name),
            school=Named(id=school.id, name=school.name),
            gate=campus.gate,
            on_date=on_date,
            teaching=isinstance(day, TeachingDay),
            label=say(label) if label else None,
            visitors=_visitors([row for row in rows if row.home_id != school.id]),
            uncovered=[LessonOut.of(row) for row in rows if row.change == LessonChange.NEEDS_COVER],
        )


def _visitors(rows: Sequence[Any]) -> list[VisitorOut]:
    coming = [row for row in rows if row.change != LessonChange.NEEDS_COVER]
    found = []
    for _, mine in groupby(coming, key=lambda row: row.teacher_id):
        lessons = list(mine)
        first, taught = lessons[0], [LessonOut.of(row) for row in lessons]
        found.append(
            VisitorOut(
                teacher=Named(id=first.teacher_id, name=first.teacher_name),
                home_school=(
                    Named(id=first.home_id, name=first.home_name) if first.home_id else None
                ),
                arrives_at=min(one.starts_at for one in taught),
                leaves_at=max(one.ends_at for one in taught),
                lessons=taught,
            )
        )
    return sorted(found, key=lambda one: (one.arrives_at, one.teacher.name, one.teacher.id))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, by the clock of a campus."""

    starts_at: datetime
    ends_at: datetime


class FreeTeachersOut(Out):
    """Who is free at a time and can get to a campus, the best first."""

    campus: Named
    school: Named
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    items: list[StandinOut]
    others: Annotated[list[OthersOut], Field(description="其余教师:原因与人数")]

    @classmethod
    def of(
        cls,
        place: tuple[Any, Any],
        asked: Span,
        standins: Iterable[Standin],
        *,
        others: dict[str, int],
    ) -> Self:
        """The answer of a choice."""
        campus, school = place
        zone = ZoneInfo(campus.zone)
        chosen = StandinsOut.of(standins, others=others)
        return cls(
            campus=Named(id=campus.id, name=campus.name),
            school=Named(id=school.id, name=school.name),
            starts_at=asked.starts_at.astimezone(zone),
            ends_at=asked.ends_at.astimezone(zone),
            items=chosen.items,
            others=chosen.others,
        )


class StandingOut(Out):
    """Lessons of a teacher at a school in a week that are wrong in the same way."""

    kind: StandingKind
    label: str
    hard: Annotated[bool, Field(description="true 无法照常上课;false 仅提示")]
    teacher: Named
    school: Named
    monday: Annotated[date, Field(description="所在周的周一")]
    first_on: Annotated[date, Field(description="最早的日期")]
    lesson_count: int
    lesson_ids: list[UUID]


class KindCount(Out):
    """How many lessons are wrong in one way."""

    kind: StandingKind
    label: str
    hard: bool
    lesson_count: int


class ThingCount(Out):
    """How many lessons of a teacher or school are wrong."""

    id: UUID
    name: str
    lesson_count: int


class WeekCount(Out):
    """How many lessons of a week are wrong."""

    monday: date
    lesson_count: int


class StandingsOut(Out):
    """The dashboard: every conflict that stands, grouped."""

    from_date: date
    until: Annotated[date, Field(description="不含这一天")]
    items: list[StandingOut]
    by_kind: list[KindCount]
    by_teacher: list[ThingCount]
    by_school: list[ThingCount]
    by_week: list[WeekCount]

    @classmethod
    def of(cls, found: Sequence[Standing], *, from_: date, until: date) -> Self:
        """The answer of what stands."""
        counts = counted(found)
        return cls(
            from_date=from_,
            until=until,
            items=[_standing(one) for one in found],
            by_kind=[
                KindCount(kind=kind, label=say(LABELS[kind]), hard=kind.hard, lesson_count=count)
                for kind, count in counts.by_kind.items()
            ],
            by_teacher=_things(most_first(counts.by_teacher)),
            by_school=_things(most_first(counts.by_school)),
            by_week=[
                WeekCount(monday=monday, lesson_count=count)
                for monday, count in counts.by_week.items()
            ],
        )


LABELS = {
    StandingKind.NEEDS_COVER: Text("尚无人代课", "Nobody covers it"),
    StandingKind.TEACHER_LEFT: Text("教师当日已不在职", "The teacher has left by then"),
    StandingKind.NOT_A_MEMBER: Text("两校当日不在同一集团", "The schools share no group then"),
    StandingKind.NOT_QUALIFIED: Text("教师无该学科学段任教资格", "Not the teacher's subject"),
    StandingKind.OVER_WEEKLY_LIMIT: Text("超过周课时上限", "Over the weekly limit"),
}


def _standing(one: Standing) -> StandingOut:
    return StandingOut(
        kind=one.kind,
        label=say(LABELS[one.kind]),
        hard=one.kind.hard,
        teacher=Named(id=one.teacher.id, name=one.teacher.name),
        school=Named(id=one.school.id, name=one.school.name),
        monday=one.monday,
        first_on=one.first_on,
        lesson_count=one.count,
        lesson_ids=list(one.lesson_ids),
    )


def _things(counts: Iterable[tuple[Thing, int]]) -> list[ThingCount]:
    return [ThingCount(id=one.id, name=one.name, lesson_count=count) for one, count in counts]
