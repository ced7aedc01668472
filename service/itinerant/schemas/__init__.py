"""What comes in and what goes out: assignments, what a check finds; rows of imports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, model_validator
from pydantic_core import PydanticCustomError

from service.itinerant.rules import AssignmentState
from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.timetable.rules import ConflictKind, Parity
from service.timetable.schemas import (
    ConflictOut,
    Named,
    Period,
    Stage,
    Subject,
    SuggestionOut,
    Weekday,
    Weeks,
    subject_label,
)

_DEMO_UUID = "01a20ad7-90ca-7387-8a0d-edd0756500a4"


def _sorted(weeks: list[int] | None) -> list[int] | None:
    return None if weeks is None else sorted(set(weeks))


def different(ids: list[UUID]) -> list[UUID]:
    """No id twice."""
    if len(set(ids)) < len(ids):
        raise PydanticCustomError(
            "duplicate", "named twice", {"zh": "同一班级只填一次", "en": "names a class twice"}
        )
    return ids


class PatternIn(In):
    """One weekly period."""

    weekday: Weekday
    period: Period
    parity: Annotated[
        Parity, Field(description="every 每周,odd 单周,even 双周", examples=["every"])
    ] = Parity.EVERY
    weeks: Annotated[Weeks | None, AfterValidator(_sorted)] = None
    class_ids: Annotated[
        list[UUID],
        Field(min_length=1, max_length=10, description="上课班级;合班填多个"),
        AfterValidator(different),
    ]
    room_id: Annotated[UUID | None, Field(description="教室;空表示在本班教室")] = None
    valid_from: Annotated[
        date | None, Field(description="这一节的起始日期(含);空表示与安排相同")
    ] = None
    valid_until: Annotated[
        date | None, Field(description="这一节的截止日期(不含);空表示与安排相同")
    ] = None

    @model_validator(mode="after")
    def _says_one_rhythm(self) -> Self:
        if self.weeks is not None and self.parity is not Parity.EVERY:
            raise PydanticCustomError(
                "parity_and_weeks",
                "parity or weeks",
                {"zh": "单双周与教学周只能填一种", "en": "give a parity or weeks, not both"},
            )
        return self


Patterns = Annotated[
    list[PatternIn], Field(min_length=1, max_length=30, description="每周固定的课,一节一项")
]
AssignmentCode = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=40,
        pattern=r"^\S+$",
        description="安排编号,全区唯一;可空",
        examples=["ZJ-2026-001"],
    ),
]
TeacherId = Annotated[UUID, Field(description="走教教师", examples=[_DEMO_UUID])]
CampusId = Annotated[UUID, Field(description="受援校区", examples=[_DEMO_UUID])]
HomeSchoolId = Annotated[
    UUID | None, Field(description="派出校;空表示按教师当前任职学校", examples=[None])
]
GroupId = Annotated[
    UUID | None, Field(description="所属集团;空表示两校共同所属的集团", examples=[None])
]
TermId = Annotated[UUID, Field(description="学期", examples=[_DEMO_UUID])]
From = Annotated[date | None, Field(description="起始日期(含);空表示学期第一天")]
Until = Annotated[date | None, Field(description="截止日期(不含);空表示学期结束")]


class AssignmentIn(In):
    """A draft of an assignment."""

    code: AssignmentCode = None
    teacher_id: TeacherId
    campus_id: CampusId
    home_school_id: HomeSchoolId = None
    group_id: GroupId = None
    term_id: TermId
    subject: Subject
    stage: Stage
    valid_from: From = None
    valid_until: Until = None
    patterns: Patterns


class AssignmentPatch(In):
    """What may change of a draft; what is left out stays."""

    code: AssignmentCode = None
    teacher_id: TeacherId = Field(default_factory=lambda: UUID(int=0))
    campus_id: CampusId = Field(default_factory=lambda: UUID(int=0))
    home_school_id: HomeSchoolId = None
    group_id: GroupId = None
    term_id: TermId = Field(default_factory=lambda: UUID(int=0))
    subject: Subject = Field(default_factory=str)
    stage: Stage = Field(default_factory=lambda: "2")
    valid_from: From = None
    valid_until: Until = None
    patterns: Patterns = Field(default_factory=list)


class EndIn(In):
    """From when an assignment is over, and why."""

    from_date: Annotated[
        date | None,
        Field(description="从这一天起不再上课(含);空表示明天", examples=["2026-11-02"]),
    ] = None
    reason: Annotated[
        str, Field(min_length=1, max_length=200, description="原因", examples=["教师返岗"])
    ]


class PatternOut(Out):
    """One weekly period."""

    weekday: int
    period: int
    parity: Parity
    weeks: list[int] | None
    classes: list[Named]
    room: Named | None
    valid_from: date
    valid_until: date
    slot_id: Annotated[UUID | None, Field(description="发布后对应的课表时段")]


class AssignmentOut(Out):
    """An assignment."""

    id: UUID
    code: str | None
    state: AssignmentState
    state_label: str
    teacher: Named
    home_school: Named
    host_school: Named
    campus: Named
    group: Named
    across_groups: Annotated[bool, Field(description="派出校不在该集团,经区教委批准")]
    term_id: UUID
    term: Annotated[str, Field(description="学年与学期", examples=["2026-2027-1"])]
    subject: str
    subject_label: str
    stage: str
    valid_from: date
    valid_until: date
    patterns: list[PatternOut]
    published_at: AwareDatetime | None
    ended_on: date | None
    end_reason: str | None
    version: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a row of ``queries.assignments``."""
        state = AssignmentState(row.state)
        return cls(
            id=row.id,
            code=row.code,
            state=state,
            state_label=say(_STATES[state]),
            teacher=Named(id=row.teacher_id, name=row.teacher_name),
            home_school=Named(id=row.home_school_id, name=row.home_school_name),
            host_school=Named(id=row.host_school_id, name=row.host_school_name),
            campus=Named(id=row.campus_id, name=row.campus_name),
            group=Named(id=row.group_id, name=row.group_name),
            across_groups=row.across_groups,
            term_id=row.term_id,
            term=f"{row.year_label}-{row.term_number}",
            subject=row.subject,
            subject_label=subject_label(row.subject, zh=row.subject_zh, en=row.subject_en),
            stage=row.stage,
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
            patterns=[_pattern(item) for item in row.patterns or ()],
            published_at=row.published_at,
            ended_on=row.ended_on,
            end_reason=row.end_reason,
            version=row.version,
        )


_STATES = {
    AssignmentState.DRAFT: Text("草稿", "Draft"),
    AssignmentState.PUBLISHED: Text("已发布", "Published"),
    AssignmentState.ENDED: Text("已结束", "Ended"),
}


def _pattern(item: Mapping[str, Any]) -> PatternOut:
    room = Named(id=item["room_id"], name=item["room_name"]) if item["room_id"] else None
    return PatternOut(
        weekday=item["weekday"],
        period=item["period"],
        parity=Parity(item["parity"]),
        weeks=item["weeks"],
        classes=[Named(id=one["id"], name=one["name"]) for one in item["classes"] or ()],
        room=room,
        valid_from=date.fromisoformat(item["valid_from"]),
        valid_until=date.fromisoformat(item["valid_until"]),
        slot_id=item["slot_id"],
    )


# A check


class KindCount(Out):
    """How many dates a kind of conflict has."""

    kind: ConflictKind
    label: str
    hard: bool
    dates: int


class PlaceCount(Out):
    """How many dates of conflicts somebody or some school has."""

    id: UUID
    name: str
    dates: int


class WeekCount(Out):
    """How many dates of conflicts a week has."""

    monday: date
    dates: int


class CheckOut(Out):
    """Everything that stands in the way of an assignment, and what makes it unwise."""

    publishable: bool
    lesson_count: Annotated[int, Field(description="发布后将排入的课数")]
    hard: Annotated[list[ConflictOut], Field(description="必须解决的冲突")]
    soft: Annotated[list[ConflictOut], Field(description="不影响发布的提示")]
    by_kind: list[KindCount]
    by_teacher: list[PlaceCount]
    by_school: list[PlaceCount]
    by_week: list[WeekCount]
    suggestions: Annotated[list[SuggestionOut], Field(description="首个冲突时段可改到的每周时段")]


# Rows of imports


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRow:
    """One weekly period of an assignment in the workbook; rows with one code are one assignment.

    ``valid_until`` is exclusive; without days the period lasts as long as the term.
    """

    code: str
    term: str
    teacher_number: str
    subject: str
    campus_code: str
    class_codes: tuple[str, ...]
    weekday: int
    period: int
    parity: Parity
    weeks: tuple[int, ...] | None
    room_code: str | None
    valid_from: date | None
    valid_until: date | None
    state: Literal["draft", "published"]
