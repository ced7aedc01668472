"""What comes in and what goes out about swaps."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, Field

from service.kit import clock
from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.timetable.rules.swap import MOST_LESSONS, OPEN, Proposal, SwapState, points
from service.timetable.schemas.lessons import Named, Reason, local, named_all, subject_label
from service.timetable.tables import Swap


class SwapIn(In):
    """Which lessons change places, and why."""

    lesson_ids: Annotated[
        list[UUID],
        Field(
            min_length=2,
            max_length=MOST_LESSONS,
            description="两节或三节课,第一节为自己的(或本校教师的)课。每节课改到下一节课的时间,"
            "最后一节改到第一节的时间;教师、班级与教室不变",
        ),
    ]
    reason: Reason


class SwapAnswerIn(In):
    """Why not."""

    reason: Reason


_STATES = {
    SwapState.PROPOSED: Text("待同意", "Waiting for consent"),
    SwapState.AGREED: Text("待审批", "Waiting for approval"),
    SwapState.DONE: Text("已换课", "Carried out"),
    SwapState.DECLINED: Text("已谢绝", "Declined"),
    SwapState.REFUSED: Text("未批准", "Refused"),
    SwapState.WITHDRAWN: Text("已撤回", "Withdrawn"),
    SwapState.LAPSED: Text("已失效", "Lapsed"),
    SwapState.UNDONE: Text("已撤销", "Undone"),
}


class TimeOut(Out):
    """A time of the timetable."""

    on_date: date
    period: int | None
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class _Leg(BaseModel):
    """A leg as the query answers it."""

    lesson_id: UUID
    teacher_id: UUID
    teacher_name: str
    subject: str
    subject_zh: str | None
    subject_en: str | None
    class_names: list[str] | None
    on_date: date
    period: int | None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    consented_at: AwareDatetime | None

    def time(self, zone: ZoneInfo) -> TimeOut:
        """The time it gives up, by the clock of the campus."""
        return TimeOut(
            on_date=self.on_date,
            period=self.period,
            starts_at=self.starts_at.astimezone(zone),
            ends_at=self.ends_at.astimezone(zone),
        )


class SwapLegOut(Out):
    """One lesson of a swap: the time it gives up, and the one it takes."""

    lesson_id: UUID
    teacher: Named
    subject: str
    subject_label: str
    class_names: list[str]
    gives_up: Annotated[TimeOut, Field(description="原时间")]
    takes: Annotated[TimeOut, Field(description="换到的时间")]
    consented_at: Annotated[AwareDatetime | None, Field(description="同意时间;为空表示尚未同意")]


class SwapOut(Out):
    """Lessons that change places as one."""

    id: UUID
    state: SwapState
    state_label: str
    campus: Named
    reason: str
    needs_approval: Annotated[bool, Field(description="双方同意后须经学校批准")]
    overdue: Annotated[bool, Field(description="尚未完成,而其中一节课已经开始")]
    proposed_by: str
    proposed_at: AwareDatetime
    decided_by: str | None
    decided_at: AwareDatetime | None
    decision_note: str | None
    done_at: AwareDatetime | None
    lessons: list[SwapLegOut]
    version: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a row of ``queries.swap.swaps``."""
        swap: Swap
        swap, campus, zone_name, found = row
        zone, state = ZoneInfo(zone_name), SwapState(swap.state)
        legs = [_Leg.model_validate(one) for one in found]
        return cls(
            id=swap.id,
            state=state,
            state_label=say(_STATES[state]),
            campus=Named(id=swap.campus_id, name=campus),
            reason=swap.reason,
            needs_approval=swap.needs_approval,
            overdue=state in OPEN and min(leg.starts_at for leg in legs) <= clock.now(),
            proposed_by=swap.proposed_by_name,
            proposed_at=swap.proposed_at.astimezone(zone),
            decided_by=swap.decided_by_name,
            decided_at=local(swap.decided_at, zone),
            decision_note=swap.decision_note,
            done_at=local(swap.done_at, zone),
            lessons=_legs(legs, zone),
            version=swap.version,
        )


def _legs(legs: Sequence[_Leg], zone: ZoneInfo) -> list[SwapLegOut]:
    return [
        SwapLegOut(
            lesson_id=leg.lesson_id,
            teacher=Named(id=leg.teacher_id, name=leg.teacher_name),
            subject=leg.subject,
            subject_label=subject_label(leg.subject, zh=leg.subject_zh, en=leg.subject_en),
            class_names=leg.class_names or [],
            gives_up=leg.time(zone),
            takes=following.time(zone),
            consented_at=local(leg.consented_at, zone),
        )
        for leg, following in zip(legs, [*legs[1:], legs[0]], strict=True)
    ]


# With whom


class PartnerOut(Out):
    """A lesson that a proposal is about."""

    lesson_id: UUID
    teacher: Named
    subject: str
    subject_label: str
    classes: list[Named]
    on_date: date
    period: int | None
    starts_at: AwareDatetime
    ends_at: AwareDatetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a flat row of a lesson."""
        zone = ZoneInfo(row.zone)
        return cls(
            lesson_id=row.id,
            teacher=Named(id=row.teacher_id, name=row.teacher_name),
            subject=row.subject,
            subject_label=subject_label(row.subject, zh=row.subject_zh, en=row.subject_en),
            classes=named_all(row.class_ids, row.class_names),
            on_date=row.on_date,
            period=row.period,
            starts_at=row.starts_at.astimezone(zone),
            ends_at=row.ends_at.astimezone(zone),
        )


class SwapCriteriaOut(Out):
    """The points of each criterion."""

    direct: Annotated[int, Field(description="两人直接互换")]
    same_week: Annotated[int, Field(description="同一周内")]
    near: Annotated[int, Field(description="日期相近")]
    load: Annotated[int, Field(description="换课后当日课时少")]


class ProposalOut(Out):
    """Lessons that could change places: one partner, or two in a chain of three."""

    lesson_ids: Annotated[list[UUID], Field(description="可直接用于申请换课")]
    partners: list[PartnerOut]
    score: int
    criteria: SwapCriteriaOut


class ProposalsOut(Out):
    """With whom a lesson could be swapped, the best first."""

    items: list[ProposalOut]

    @classmethod
    def of(cls, proposals: Iterable[Proposal], *, rows: Mapping[UUID, Any]) -> Self:
        """The answer of a choice."""
        return cls(items=[_proposal(one, rows) for one in proposals])


def _proposal(one: Proposal, rows: Mapping[UUID, Any]) -> ProposalOut:
    ids = [party.lesson_id for party in one.parties]
    given = points(one)
    return ProposalOut(
        lesson_ids=ids,
        partners=[PartnerOut.of(rows[id_]) for id_ in ids[1:]],
        score=sum(given.values()),
        criteria=SwapCriteriaOut(**given),
    )
