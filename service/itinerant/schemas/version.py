"""What comes in and what goes out: the draft of a timetable, its check, its versions."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, Field
from typing_extensions import override

from service.itinerant.schemas import KindCount, Patterns, PlaceCount, WeekCount
from service.kit.http.schemas import In, Out
from service.timetable.rules import Parity
from service.timetable.schemas import ConflictOut, Named

FromDate = Annotated[
    date | None, Field(description="自这一天起执行(含);空表示明天", examples=["2026-10-12"])
]


class AmendIn(In):
    """What the next version changes of a published assignment."""

    patterns: Annotated[
        Patterns | None,
        Field(description="新的每周课,整体替换;未变的课保留原课程与编号。空表示结束该安排"),
    ] = None


class CheckIn(In):
    """From when a draft is to hold."""

    from_date: FromDate = None


class PublishIn(In):
    """From when a version holds, and why."""

    from_date: FromDate = None
    reason: Annotated[
        str,
        Field(min_length=1, max_length=200, description="说明", examples=["第二批音乐教师走教"]),
    ]


class PublishDraftIn(PublishIn):
    """Which draft is published, from when, and why."""

    term_id: Annotated[UUID, Field(description="学期")]


class VersionPeriod(Out):
    """A weekly period of a version."""

    weekday: int
    period: int
    parity: Parity
    weeks: list[int] | None
    class_ids: list[UUID]
    room_id: UUID | None
    valid_from: date | None
    valid_until: date | None


class AmendmentOut(Out):
    """What is to change of a published assignment."""

    assignment_id: UUID
    ends: Annotated[bool, Field(description="该安排结束")]
    patterns: list[VersionPeriod] | None
    drafted_by_name: str
    version: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a row."""
        return cls(
            assignment_id=row.assignment_id,
            ends=row.patterns is None,
            patterns=_periods(row.patterns) if row.patterns is not None else None,
            drafted_by_name=row.drafted_by_name,
            version=row.version,
        )


def _periods(kept: Any) -> list[VersionPeriod]:
    return [VersionPeriod.model_validate(one, strict=False) for one in kept]


class TimetableDraftOut(Out):
    """What the next version of a group's timetable would change."""

    group_id: UUID
    term_id: UUID
    additions: Annotated[list[UUID], Field(description="将新增的走教安排(草稿)")]
    amendments: Annotated[list[AmendmentOut], Field(description="将变动或结束的已发布安排")]
    tag: Annotated[str, Field(description="草稿的版本,即 ETag;发布时放入 If-Match")]


class WholeCheckOut(Out):
    """Everything that stands in the way of a draft, and what makes it unwise."""

    publishable: bool
    from_date: date
    additions: int
    changes: int
    endings: int
    lesson_count: Annotated[int, Field(description="发布后将排入的课数")]
    hard: Annotated[list[ConflictOut], Field(description="必须解决的冲突")]
    soft: Annotated[list[ConflictOut], Field(description="不影响发布的提示")]
    by_kind: list[KindCount]
    by_teacher: list[PlaceCount]
    by_school: list[PlaceCount]
    by_week: list[WeekCount]


class DifferenceOut(Out):
    """What became of one assignment from one version to the next."""

    assignment_id: UUID
    code: str | None
    teacher: Named
    home_school: Named
    host_school: Named
    subject: str
    periods_added: list[VersionPeriod]
    periods_removed: list[VersionPeriod]

    @classmethod
    def of(cls, one: Any) -> Self:
        """The answer of an entry of a difference."""
        return cls(
            assignment_id=one["id"],
            code=one["code"],
            teacher=Named(id=one["teacher_id"], name=one["teacher_name"]),
            home_school=Named(id=one["home_school_id"], name=one["home_school_name"]),
            host_school=Named(id=one["host_school_id"], name=one["host_school_name"]),
            subject=one["subject"],
            periods_added=_periods(one["periods_added"]),
            periods_removed=_periods(one["periods_removed"]),
        )


class DiffOut(Out):
    """What a version has that the one before it had not."""

    added: list[DifferenceOut]
    changed: list[DifferenceOut]
    removed: list[DifferenceOut]


class VersionOut(Out):
    """A published version of a group's timetable."""

    id: UUID
    group_id: UUID
    term_id: UUID
    number: int
    from_date: date
    restores: Annotated[int | None, Field(description="恢复自第几版")]
    reason: str
    published_by_name: str
    published_at: AwareDatetime
    assignments: int
    lessons_laid: int
    lessons_cancelled: int
    diff: DiffOut
    version: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a row."""
        return cls(**_head(row))


def _head(row: Any) -> dict[str, Any]:
    names = (
        *("id", "group_id", "term_id", "number", "from_date", "restores", "reason"),
        *("published_by_name", "published_at", "lessons_laid", "lessons_cancelled", "version"),
    )
    diff = DiffOut(
        **{
            name: [DifferenceOut.of(one) for one in row.diff[name]]
            for name in ("added", "changed", "removed")
        }
    )
    head = {name: getattr(row, name) for name in names}
    return {**head, "assignments": len(row.content), "diff": diff}


class VersionAssignment(Out):
    """An assignment as a version had it."""

    assignment_id: UUID
    code: str | None
    teacher: Named
    home_school: Named
    host_school: Named
    campus: Named
    subject: str
    stage: str
    valid_from: date
    valid_until: date
    patterns: list[VersionPeriod]

    @classmethod
    def of(cls, one: Any) -> Self:
        """The answer of an entry of the content."""
        return cls(
            assignment_id=one["id"],
            code=one["code"],
            teacher=Named(id=one["teacher_id"], name=one["teacher_name"]),
            home_school=Named(id=one["home_school_id"], name=one["home_school_name"]),
            host_school=Named(id=one["host_school_id"], name=one["host_school_name"]),
            campus=Named(id=one["campus_id"], name=one["campus_name"]),
            subject=one["subject"],
            stage=one["stage"],
            valid_from=date.fromisoformat(one["valid_from"]),
            valid_until=date.fromisoformat(one["valid_until"]),
            patterns=_periods(one["patterns"]),
        )


class VersionDetailOut(VersionOut):
    """A version with everything that was in force."""

    content: list[VersionAssignment]

    @classmethod
    @override
    def of(cls, row: Any) -> Self:
        """The answer of a row."""
        content = [VersionAssignment.of(one) for one in row.content]
        return cls(**_head(row), content=content)
