"""How a pair is judged: the rubric, the three voices, the grade that follows. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from uuid import UUID

from service.kit.problems import Text
from service.mentoring.problems.appraisal import (
    AppraisalOver,
    AppraisalUntimely,
    NothingToConclude,
    NotYoursToAppraise,
    OutstandingUnfit,
    RubricUnfit,
    SchoolVoiceOfThePair,
    ScoresUnfit,
    VoicesMissing,
)
from service.mentoring.rules import PairingState

_WHOLE = 100


class AppraisalKind(StrEnum):
    """When a pair is appraised."""

    MIDTERM = "midterm"
    FINAL = "final"


APPRAISAL_KINDS: Mapping[AppraisalKind, Text] = {
    AppraisalKind.MIDTERM: Text("中期考核", "Midterm appraisal"),
    AppraisalKind.FINAL: Text("终期考核", "Final appraisal"),
}


class AppraisalState(StrEnum):
    """How far an appraisal has come."""

    OPEN = "open"
    HEARD = "heard"
    CONCLUDED = "concluded"


APPRAISAL_STATES: Mapping[AppraisalState, Text] = {
    AppraisalState.OPEN: Text("评价中", "Voices are coming in"),
    AppraisalState.HEARD: Text("评价已收齐", "All have spoken"),
    AppraisalState.CONCLUDED: Text("已办结", "Concluded"),
}


class Voice(StrEnum):
    """Who speaks."""

    SELF = "self"
    COUNTERPART = "counterpart"
    SCHOOL = "school"


VOICES: Mapping[Voice, Text] = {
    Voice.SELF: Text("徒弟自评", "The mentee"),
    Voice.COUNTERPART: Text("导师评价", "The mentor"),
    Voice.SCHOOL: Text("学校评价", "The school"),
}


class AppraisalGrade(StrEnum):
    """How a pair was judged."""

    EXCELLENT = "excellent"
    GOOD = "good"
    QUALIFIED = "qualified"
    UNQUALIFIED = "unqualified"


APPRAISAL_GRADES: Mapping[AppraisalGrade, Text] = {
    AppraisalGrade.EXCELLENT: Text("优秀", "Excellent"),
    AppraisalGrade.GOOD: Text("良好", "Good"),
    AppraisalGrade.QUALIFIED: Text("合格", "Qualified"),
    AppraisalGrade.UNQUALIFIED: Text("不合格", "Unqualified"),
}


# The rubric


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is scored from 0 to 100, and how much of the whole it is."""

    code: str
    name: Text
    weight: int


@dataclass(frozen=True, slots=True)
class Rubric:
    """What is scored, how much each voice counts, and from which score on a grade is given."""

    criteria: Sequence[Criterion]
    voices: Mapping[Voice, int]
    excellent: int
    good: int
    qualified: int


DEFAULT_RUBRIC = Rubric(
    (
        Criterion("conduct", Text("师德修养", "Conduct"), 15),
        Criterion("design", Text("教学设计", "Lesson design"), 20),
        Criterion("teaching", Text("课堂教学", "Teaching"), 35),
        Criterion("reflection", Text("反思与教研", "Reflection and research"), 15),
        Criterion("pupils", Text("育人实效", "What pupils gained"), 15),
    ),
    {Voice.SELF: 20, Voice.COUNTERPART: 40, Voice.SCHOOL: 40},
    excellent=90,
    good=75,
    qualified=60,
)


def check_rubric(rubric: Rubric, *, at: str) -> None:
    """Refuse a rubric that does not add up.

    Raises
    ------
    RubricUnfit
        A code stands there twice, weights do not sum to 100, or the bounds do not go down.
    """
    seen: set[str] = set()
    for place, one in enumerate(rubric.criteria):
        if one.code in seen:
            raise RubricUnfit(pointer=f"{at}/rubric/criteria/{place}/code", message=_TWICE)
        seen.add(one.code)
    if sum(one.weight for one in rubric.criteria) != _WHOLE:
        raise RubricUnfit(pointer=f"{at}/rubric/criteria", message=_SUM)
    if sum(rubric.voices.values()) != _WHOLE:
        raise RubricUnfit(pointer=f"{at}/rubric/voices", message=_SUM)
    if not rubric.excellent > rubric.good > rubric.qualified:
        raise RubricUnfit(pointer=f"{at}/rubric/grades", message=_BOUNDS)


_TWICE = Text("指标代码重复", "stands there twice")
_SUM = Text("权重之和应为 100", "weights must add up to 100")
_BOUNDS = Text("分数线应由高到低", "bounds must go down")


# The life of an appraisal


def check_timely(kind: AppraisalKind, *, state: PairingState, was_active: bool) -> None:
    """Refuse to appraise a pair that never worked together, or at midterm one that is over.

    ``state`` is the one of today.

    Raises
    ------
    AppraisalUntimely
        One of the two.
    """
    over = kind is AppraisalKind.MIDTERM and state is not PairingState.ACTIVE
    if over or not was_active:
        raise AppraisalUntimely


def check_unconcluded(state: AppraisalState) -> None:
    """Refuse to touch what is concluded.

    Raises
    ------
    AppraisalOver
        It is.
    """
    if state is AppraisalState.CONCLUDED:
        raise AppraisalOver


def own_voice(teacher_id: UUID | None, *, mentor_id: UUID, mentee_id: UUID) -> Voice:
    """As whom one of the two speaks.

    Raises
    ------
    NotYoursToAppraise
        It is somebody else.
    """
    if teacher_id == mentee_id:
        return Voice.SELF
    if teacher_id == mentor_id:
        return Voice.COUNTERPART
    raise NotYoursToAppraise


def check_school_voice(teacher_id: UUID | None, *, two: Collection[UUID]) -> None:
    """Refuse one of the two as the voice of the school.

    Raises
    ------
    SchoolVoiceOfThePair
        They are.
    """
    if teacher_id in two:
        raise SchoolVoiceOfThePair


def check_scores(scores: Mapping[str, int], *, rubric: Rubric) -> None:
    """Refuse scores that are not one for each criterion.

    Raises
    ------
    ScoresUnfit
        It names those missing and those that nobody asked for.
    """
    asked = [one.code for one in rubric.criteria]
    missing = [code for code in asked if code not in scores]
    unknown = [code for code in scores if code not in asked]
    if missing or unknown:
        raise ScoresUnfit(missing=missing, unknown=unknown)


def heard(given: Collection[Voice]) -> AppraisalState:
    """How far an appraisal has come with these voices."""
    return AppraisalState.HEARD if set(given) == set(Voice) else AppraisalState.OPEN


def missing_voices(given: Collection[Voice]) -> list[Voice]:
    """Who has not spoken yet."""
    return [one for one in Voice if one not in given]


def total(scores: Mapping[str, int], *, rubric: Rubric) -> Decimal:
    """What the scores of one voice come to."""
    return _rounded(Decimal(sum(one.weight * scores[one.code] for one in rubric.criteria)) / _WHOLE)


def conclude(
    voices: Mapping[Voice, Mapping[str, int]], *, rubric: Rubric, note: str
) -> tuple[Decimal, AppraisalGrade]:
    """The score and the grade that follow from the voices.

    Who cannot speak any more may be left out with a reason; the others then count in proportion.

    Raises
    ------
    VoicesMissing
        Somebody has not spoken, and there is no reason.
    NothingToConclude
        Only the mentee has spoken, or nobody has, or all who did count nothing.
    """
    missing = missing_voices(voices)
    if missing and not note.strip():
        raise VoicesMissing(missing=missing)
    weight = sum(rubric.voices[voice] for voice in voices)
    if not set(voices) - {Voice.SELF} or not weight:
        raise NothingToConclude
    summed = sum(
        (
            rubric.voices[voice] * sum(one.weight * scores[one.code] for one in rubric.criteria)
            for voice, scores in voices.items()
        ),
        start=0,
    )
    score = _rounded(Decimal(summed) / _WHOLE / weight)
    return score, grade_of(score, rubric=rubric)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def grade_of(score: Decimal, *, rubric: Rubric) -> AppraisalGrade:
    """The grade of a score."""
    if score >= rubric.excellent:
        return AppraisalGrade.EXCELLENT
    if score >= rubric.good:
        return AppraisalGrade.GOOD
    return AppraisalGrade.QUALIFIED if score >= rubric.qualified else AppraisalGrade.UNQUALIFIED


def check_outstanding(kind: AppraisalKind, grade: AppraisalGrade | None) -> None:
    """Refuse to name a pair outstanding that was not excellent in the end.

    Raises
    ------
    OutstandingUnfit
        It was not, or is not concluded.
    """
    if kind is not AppraisalKind.FINAL or grade is not AppraisalGrade.EXCELLENT:
        raise OutstandingUnfit
