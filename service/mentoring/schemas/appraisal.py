"""What comes in and what goes out: the rubric of a programme, appraisals."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.mentoring.rules.appraisal import (
    APPRAISAL_GRADES,
    APPRAISAL_KINDS,
    APPRAISAL_STATES,
    DEFAULT_RUBRIC,
    VOICES,
    AppraisalGrade,
    AppraisalKind,
    AppraisalState,
    Criterion,
    Rubric,
    Voice,
    missing_voices,
    total,
)
from service.mentoring.schemas.pairing import PairingOut, PartnerOut
from service.mentoring.tables import Appraisal

_Score = Annotated[int, Field(ge=0, le=100)]
_SCORES = {one.code: 90 for one in DEFAULT_RUBRIC.criteria}


class CriterionIn(In):
    """What is scored, and how much of the whole it is."""

    code: Annotated[
        str,
        Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="指标代码", examples=["teaching"]),
    ]
    zh: Annotated[
        str, Field(min_length=1, max_length=60, description="中文名称", examples=["课堂教学"])
    ]
    en: Annotated[
        str, Field(min_length=1, max_length=60, description="英文名称", examples=["Teaching"])
    ]
    weight: Annotated[int, Field(ge=1, le=100, description="权重,合计 100", examples=[35])]


class VoicesIn(In):
    """How much each voice counts."""

    own: Annotated[int, Field(ge=0, le=100, alias="self", description="徒弟自评")]
    counterpart: Annotated[int, Field(ge=0, le=100, description="导师评价")]
    school: Annotated[int, Field(ge=0, le=100, description="学校评价")]


class GradesIn(In):
    """From which score on a grade is given; below the last one it is unqualified."""

    excellent: Annotated[int, Field(ge=1, le=100, description="优秀")]
    good: Annotated[int, Field(ge=1, le=100, description="良好")]
    qualified: Annotated[int, Field(ge=1, le=100, description="合格")]


def _criteria() -> list[CriterionIn]:
    return [
        CriterionIn(code=one.code, zh=one.name.zh, en=one.name.en, weight=one.weight)
        for one in DEFAULT_RUBRIC.criteria
    ]


def _voices() -> VoicesIn:
    return VoicesIn.model_validate({one.value: weight for one, weight in _WEIGHTS.items()})


def _grades() -> GradesIn:
    return GradesIn(
        excellent=DEFAULT_RUBRIC.excellent,
        good=DEFAULT_RUBRIC.good,
        qualified=DEFAULT_RUBRIC.qualified,
    )


_WEIGHTS = DEFAULT_RUBRIC.voices


class RubricIn(In):
    """How pairs are appraised."""

    criteria: Annotated[
        list[CriterionIn],
        Field(min_length=1, max_length=20, description="考核指标,权重合计 100"),
    ] = Field(default_factory=_criteria)
    voices: Annotated[VoicesIn, Field(description="三方评价的权重,合计 100")] = Field(
        default_factory=_voices
    )
    grades: Annotated[GradesIn, Field(description="各等次的最低分")] = Field(
        default_factory=_grades
    )

    @property
    def wanted(self) -> Rubric:
        """As the rules judge it."""
        return rubric_of(self.columns)

    @property
    def columns(self) -> dict[str, Any]:
        """As the table keeps it."""
        return self.model_dump(mode="json", by_alias=True)


def rubric_of(kept: Mapping[str, Any]) -> Rubric:
    """A rubric as the table keeps it."""
    return Rubric(
        tuple(
            Criterion(one["code"], Text(one["zh"], one["en"]), one["weight"])
            for one in kept["criteria"]
        ),
        {Voice(voice): weight for voice, weight in kept["voices"].items()},
        excellent=kept["grades"]["excellent"],
        good=kept["grades"]["good"],
        qualified=kept["grades"]["qualified"],
    )


class AppraisalIn(In):
    """Which appraisal is opened."""

    kind: Annotated[
        AppraisalKind, Field(description="midterm 中期,final 终期", examples=["midterm"])
    ]
    due_on: Annotated[
        date | None, Field(description="请各方在此日期前填写;可空", examples=["2027-01-10"])
    ] = None


class VoiceIn(In):
    """What one of the three says."""

    scores: Annotated[
        dict[str, _Score],
        Field(
            max_length=20,
            description="各项指标的分数(0–100),以指标代码为键,不多不少",
            examples=[_SCORES],
        ),
    ]
    comment: Annotated[
        str,
        Field(max_length=5000, description="评语;请勿填写病情", examples=["课堂提问明显进步"]),
    ] = ""

    def said(self, *, by: str, teacher_id: UUID | None, at: datetime) -> dict[str, Any]:
        """As the table keeps it."""
        return {
            "scores": dict(self.scores),
            "comment": self.comment,
            "by_name": by,
            "teacher_id": str(teacher_id) if teacher_id else None,
            "at": at.isoformat(),
        }


class ConcludeIn(In):
    """How an appraisal is concluded."""

    note: Annotated[
        str,
        Field(
            max_length=2000,
            description="办结意见;有一方未填写时须在此说明原因",
            examples=["同意"],
        ),
    ] = ""


class OutstandingIn(In):
    """Whether a pair is named outstanding."""

    outstanding: Annotated[bool, Field(description="true 评为优秀结对,false 取消", examples=[True])]
    note: Annotated[str, Field(max_length=1000, description="说明")] = ""


# Out


class CriterionOut(Out):
    """What is scored."""

    code: str
    zh: str
    en: str
    weight: int


class RubricOut(Out):
    """How pairs are appraised."""

    criteria: list[CriterionOut]
    voices: Annotated[dict[Voice, int], Field(description="三方评价的权重")]
    grades: Annotated[dict[str, int], Field(description="各等次的最低分")]

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """A rubric as the table keeps it."""
        return cls(
            criteria=[CriterionOut(**one) for one in kept["criteria"]],
            voices={Voice(voice): weight for voice, weight in kept["voices"].items()},
            grades=dict(kept["grades"]),
        )


class VoiceOut(Out):
    """One of the three; what they said is hidden from the other one of the two until it is over."""

    voice: Voice
    voice_label: str
    given: Annotated[bool, Field(description="是否已填写")]
    scores: dict[str, int] | None
    total: Annotated[float | None, Field(description="按指标权重折算的得分")]
    comment: str | None
    by_name: str | None
    given_at: AwareDatetime | None


class AppraisalOut(Out):
    """How a pair was or is to be judged."""

    id: UUID
    version: int
    kind: AppraisalKind
    kind_label: str
    state: AppraisalState
    state_label: str
    pairing_id: UUID
    role: str
    role_label: str
    mentor: PartnerOut
    mentee: PartnerOut
    due_on: date | None
    rubric: RubricOut
    voices: list[VoiceOut]
    missing: Annotated[list[Voice], Field(description="尚未填写的一方")]
    score: Annotated[float | None, Field(description="总分,办结后给出")]
    grade: AppraisalGrade | None
    grade_label: str | None
    note: str
    outstanding: Annotated[bool, Field(description="是否优秀结对")]
    opened_by_name: str
    opened_at: AwareDatetime
    concluded_by_name: str | None
    concluded_at: AwareDatetime | None

    @classmethod
    def of(cls, row: Any, *, day: date, viewer: UUID | None) -> Self:
        """A row of ``queries.appraisal.appraisals``.

        ``viewer`` is the teacher who looks at it: the two do not read each other's words before it
        is concluded.
        """
        appraisal: Appraisal
        *pair, appraisal = row
        known = PairingOut.of(pair, day=day)
        kind, state = AppraisalKind(appraisal.kind), AppraisalState(appraisal.state)
        grade = AppraisalGrade(appraisal.grade) if appraisal.grade else None
        given = {Voice(voice) for voice in appraisal.voices}
        return cls(
            id=appraisal.id,
            version=appraisal.version,
            kind=kind,
            kind_label=say(APPRAISAL_KINDS[kind]),
            state=state,
            state_label=say(APPRAISAL_STATES[state]),
            pairing_id=known.id,
            role=known.role,
            role_label=known.role_label,
            mentor=known.mentor,
            mentee=known.mentee,
            due_on=appraisal.due_on,
            rubric=RubricOut.of(appraisal.rubric),
            voices=[
                _voice(appraisal, voice, hidden=_hidden(appraisal, known, voice, viewer=viewer))
                for voice in Voice
            ],
            missing=missing_voices(given),
            score=float(appraisal.score) if appraisal.score is not None else None,
            grade=grade,
            grade_label=say(APPRAISAL_GRADES[grade]) if grade else None,
            note=appraisal.note,
            outstanding=appraisal.outstanding,
            opened_by_name=appraisal.opened_by_name,
            opened_at=appraisal.opened_at,
            concluded_by_name=appraisal.concluded_by_name,
            concluded_at=appraisal.concluded_at,
        )


def _hidden(appraisal: Appraisal, pair: PairingOut, voice: Voice, *, viewer: UUID | None) -> bool:
    if appraisal.state == AppraisalState.CONCLUDED or viewer is None:
        return False
    own = {pair.mentee.id: Voice.SELF, pair.mentor.id: Voice.COUNTERPART}.get(viewer)
    return own is not None and own is not voice


def _voice(appraisal: Appraisal, voice: Voice, *, hidden: bool) -> VoiceOut:
    said = appraisal.voices.get(voice.value)
    told = None if hidden else said
    scores = told and told["scores"]
    return VoiceOut(
        voice=voice,
        voice_label=say(VOICES[voice]),
        given=said is not None,
        scores=scores,
        total=float(total(scores, rubric=rubric_of(appraisal.rubric))) if scores else None,
        comment=told and told["comment"],
        by_name=told and told["by_name"],
        given_at=datetime.fromisoformat(told["at"]) if told else None,
    )


class OpenedOut(Out):
    """What opening the appraisals of a programme did."""

    opened: Annotated[int, Field(description="新开展的考核数")]
    had: Annotated[int, Field(description="此前已有、未变动的")]
