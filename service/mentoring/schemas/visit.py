"""What comes in and what goes out: visits of a mentor."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.mentoring.rules.visit import VISIT_STATES, VisitState
from service.mentoring.tables import Visit


class VisitIn(In):
    """When the mentor is to come: at a time, or to a lesson of the mentee's."""

    starts_at: Annotated[
        AwareDatetime | None,
        Field(description="开始时间;听课时留空", examples=["2026-10-20T09:20:00+08:00"]),
    ] = None
    ends_at: Annotated[
        AwareDatetime | None,
        Field(description="结束时间;听课时留空", examples=["2026-10-20T10:00:00+08:00"]),
    ] = None
    campus_id: Annotated[
        UUID | None,
        Field(description="徒弟任职学校的校区;空为主校区,听课时为上课校区", examples=[None]),
    ] = None
    lesson_id: Annotated[
        UUID | None,
        Field(description="要听的徒弟的课;给出时按这节课的时间与校区", examples=[None]),
    ] = None
    topic: Annotated[
        str, Field(min_length=1, max_length=200, description="主题", examples=["集体备课"])
    ]
    note: Annotated[str, Field(max_length=2000, description="说明")] = ""


class VisitCancelIn(In):
    """Why a visit is not to be."""

    reason: Annotated[str, Field(max_length=500, description="原因", examples=["学校活动"])] = ""


class NamedOut(Out):
    """Somebody or something by name."""

    id: UUID
    name: str


class VisitOut(Out):
    """A mentor comes to the mentee's campus."""

    id: UUID
    version: int
    pairing_id: UUID
    mentor: NamedOut
    mentee: NamedOut
    campus: NamedOut
    school: NamedOut
    starts_at: Annotated[AwareDatetime, Field(description="按校区时区")]
    ends_at: AwareDatetime
    lesson_id: Annotated[UUID | None, Field(description="要听的课")]
    lesson_stands: Annotated[
        bool, Field(description="要听的课是否仍由徒弟在此时此地上;否则请改期。不听课时为 true")
    ]
    topic: str
    note: str
    state: VisitState
    state_label: str
    reason: Annotated[str | None, Field(description="取消原因")]
    planned_by_name: str
    cancelled_by_name: str | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of ``queries.visit.visits``."""
        visit: Visit
        visit, mentor, mentee, campus, school, zone, stands = row
        here, state = ZoneInfo(zone), VisitState(visit.state)
        return cls(
            id=visit.id,
            version=visit.version,
            pairing_id=visit.pairing_id,
            mentor=NamedOut(**mentor),
            mentee=NamedOut(**mentee),
            campus=NamedOut(**campus),
            school=NamedOut(**school),
            starts_at=visit.starts_at.astimezone(here),
            ends_at=visit.ends_at.astimezone(here),
            lesson_id=visit.lesson_id,
            lesson_stands=stands,
            topic=visit.topic,
            note=visit.note,
            state=state,
            state_label=say(VISIT_STATES[state]),
            reason=visit.reason,
            planned_by_name=visit.planned_by_name,
            cancelled_by_name=visit.cancelled_by_name,
        )


class VisitSlotOut(Out):
    """A time at which a visit could be."""

    campus_id: UUID
    on_date: date
    period: Annotated[int | None, Field(description="该校区的节次")]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    lesson_id: Annotated[UUID | None, Field(description="可听的课;面谈时为空")]


class VisitSlotsOut(Out):
    """The next times at which a visit could be."""

    items: Annotated[list[VisitSlotOut], Field(description="最多三个;六周内没有时为空")]
