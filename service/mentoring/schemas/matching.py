"""What comes in and what goes out: matchings, what they propose, suggestions for one mentee."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.mentoring.rules import LACKS, Lack
from service.mentoring.rules.matching import (
    BARS,
    CRITERIA,
    FULL,
    Bar,
    Criterion,
    MatchingState,
    Pinned,
)
from service.mentoring.rules.programme import Weights
from service.mentoring.schemas.pairing import PartnerOut, role_label
from service.mentoring.tables import MatchingChoice, MentoringMatching

_DEMO_UUID = "01a20ad7-90ca-7387-8a0d-edd0756500a4"


class PinIn(In):
    """Two whom somebody puts together, whatever the scores say."""

    mentee_id: Annotated[UUID, Field(description="徒弟", examples=[_DEMO_UUID])]
    role: Annotated[
        str, Field(min_length=1, max_length=40, description="角色", examples=["cross_school"])
    ]
    mentor_id: Annotated[UUID, Field(description="导师", examples=[_DEMO_UUID])]

    @property
    def pinned(self) -> Pinned:
        """As the rules take it."""
        return Pinned(self.mentee_id, self.role, self.mentor_id)


class MatchingIn(In):
    """A matching of the whole cohort."""

    valid_from: Annotated[
        date | None, Field(description="结对开始日期;空表示今天(学年未开始时为首日)")
    ] = None
    valid_until: Annotated[date | None, Field(description="结对结束日期(不含);空表示学年结束")] = (
        None
    )
    pinned: Annotated[
        list[PinIn],
        Field(max_length=500, description="预先指定的结对,匹配时予以保留", examples=[[]]),
    ] = Field(default_factory=list)


# Out

_STATES = {
    MatchingState.WAITING: Text("等待计算", "Waiting"),
    MatchingState.RUNNING: Text("计算中", "Running"),
    MatchingState.DONE: Text("完成", "Done"),
    MatchingState.FAILED: Text("失败", "Failed"),
    MatchingState.OUTDATED: Text("已过时", "Outdated"),
}


class TotalsOut(Out):
    """A matching in numbers."""

    mentees: Annotated[int, Field(description="尚有角色待配的徒弟")]
    mentors: Annotated[int, Field(description="可选导师")]
    places: Annotated[int, Field(description="剩余名额")]
    filled: Annotated[int, Field(description="配上的角色,含指定的")]
    vacant: Annotated[int, Field(description="未能配上的角色")]
    pinned: Annotated[int, Field(description="其中预先指定的")]
    score: Annotated[int, Field(description="总分(各项得分乘权重之和)")]
    bound: Annotated[int, Field(description="同样配满时总分的上界")]
    gap: Annotated[float, Field(description="与上界的差距;0 表示已证明最优")]
    given_up: Annotated[int, Field(description="为顾全整体而放弃的分数")]
    seconds: Annotated[float, Field(description="计算用时(秒)")]


class MatchingOut(Out):
    """A run over a cohort."""

    id: UUID
    version: int
    programme_id: UUID
    state: MatchingState
    state_label: str
    reason: Annotated[str | None, Field(description="失败或过时的原因")]
    valid_from: date
    valid_until: Annotated[date, Field(description="结对结束日期(不含)")]
    pinned: int
    totals: Annotated[TotalsOut | None, Field(description="完成之前为空")]
    asked_by_name: str
    asked_at: AwareDatetime
    finished_at: AwareDatetime | None
    accepted_at: AwareDatetime | None

    @classmethod
    def of(cls, row: MentoringMatching) -> Self:
        """A run as people see it."""
        state = MatchingState(row.state)
        return cls(
            id=row.id,
            version=row.version,
            programme_id=row.programme_id,
            state=state,
            state_label=say(_STATES[state]),
            reason=row.reason,
            valid_from=row.valid.lower or date.min,
            valid_until=row.valid.upper or date.max,
            pinned=len(row.pinned),
            totals=TotalsOut(**row.totals) if row.totals else None,
            asked_by_name=row.asked_by_name,
            asked_at=row.asked_at,
            finished_at=row.finished_at,
            accepted_at=row.accepted_at,
        )


class CriterionOut(Out):
    """What speaks for two persons."""

    code: Criterion
    label: str
    points: Annotated[int, Field(description="得分,0–100")]
    weight: Annotated[int, Field(description="权重")]

    @classmethod
    def several(cls, points: Mapping[Criterion, int], *, weights: Weights) -> list["CriterionOut"]:
        """All criteria, in one order."""
        return [
            cls(
                code=one,
                label=say(CRITERIA[one]),
                points=points[one],
                weight=getattr(weights, one.value),
            )
            for one in Criterion
        ]


def percent(score: int, *, weights: Weights) -> int:
    """A score as people compare it: of a hundred."""
    whole = FULL * sum(getattr(weights, one.value) for one in Criterion)
    return FULL * score // whole if whole else 0


class ChoiceOut(Out):
    """What a run proposes for one role of one mentee."""

    mentee: PartnerOut
    role: str
    role_label: str
    mentor: Annotated[PartnerOut | None, Field(description="空表示未能配上")]
    pinned: Annotated[bool, Field(description="是否预先指定")]
    score: Annotated[int, Field(description="匹配度,0–100")]
    criteria: Annotated[list[CriterionOut], Field(description="各项得分;未配上时为空")]
    best_mentor: Annotated[
        PartnerOut | None, Field(description="只考虑该徒弟时更合适的导师;没有则为空")
    ]
    given_up: Annotated[int, Field(description="为顾全整体而放弃的匹配度,0–100")]
    candidates: Annotated[int, Field(description="未配上时:若有名额,本可担任的导师人数")]
    remark: Annotated[str | None, Field(description="未配上的原因")]

    @classmethod
    def of(cls, row: Any, *, weights: Weights, names: Mapping[str, Text]) -> Self:
        """A row of ``queries.matching.choices``."""
        choice: MatchingChoice
        choice, mentee, mentor, best = row
        points = {Criterion(name): value for name, value in choice.points.items()}
        return cls(
            mentee=PartnerOut(**mentee),
            role=choice.role,
            role_label=_role(choice.role, names),
            mentor=PartnerOut(**mentor) if choice.mentor_id else None,
            pinned=choice.pinned,
            score=percent(choice.score, weights=weights),
            criteria=CriterionOut.several(points, weights=weights) if points else [],
            best_mentor=PartnerOut(**best) if choice.best_mentor_id else None,
            given_up=percent(choice.given_up, weights=weights),
            candidates=choice.candidates,
            remark=None if choice.mentor_id else say(_remark(choice.candidates)),
        )


def _role(code: str, names: Mapping[str, Text]) -> str:
    known = names.get(code)
    return role_label(code, zh=known.zh if known else None, en=known.en if known else None)


def _remark(candidates: int) -> Text:
    if candidates:
        return Text(
            f"合适的 {candidates} 位导师名额均已用完",
            f"all places of the {candidates} mentors who would suit are taken",
        )
    return Text("范围内没有合适的导师", "nobody in the scope would suit")


class SuggestionOut(Out):
    """Somebody who could mentor a mentee in a role."""

    mentor: PartnerOut
    free: Annotated[int, Field(description="剩余名额")]
    score: Annotated[int, Field(description="匹配度,0–100")]
    criteria: list[CriterionOut]


class ReasonOut(Out):
    """Why somebody is out of the question."""

    code: Annotated[str, Field(examples=["mentor-full"])]
    message: str

    @classmethod
    def several(cls, found: Sequence[Bar | Lack]) -> list["ReasonOut"]:
        """All reasons in words."""
        return [
            cls(
                code=one.value,
                message=say(BARS[one] if isinstance(one, Bar) else LACKS[one]),
            )
            for one in found
        ]


class OutOfQuestionOut(Out):
    """Somebody who shares a subject with a mentee and cannot be the mentor."""

    mentor: PartnerOut
    reasons: list[ReasonOut]


class RoleSuggestionsOut(Out):
    """Who could mentor somebody in one role."""

    role: str
    role_label: str
    suggestions: Annotated[list[SuggestionOut], Field(description="可选导师,最合适的在前")]
    out: Annotated[list[OutOfQuestionOut], Field(description="学科相同但不能担任的,及原因")]


class SuggestionsOut(Out):
    """Who could mentor somebody, role by role."""

    mentee: PartnerOut
    valid_from: date
    valid_until: date
    roles: Annotated[list[RoleSuggestionsOut], Field(description="尚缺导师的角色;齐全时为空")]
