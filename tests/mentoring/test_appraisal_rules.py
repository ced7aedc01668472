"""How a pair is judged, without a database."""

from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

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
from service.mentoring.rules.appraisal import (
    DEFAULT_RUBRIC,
    AppraisalGrade,
    AppraisalKind,
    AppraisalState,
    Criterion,
    Voice,
    check_outstanding,
    check_rubric,
    check_school_voice,
    check_scores,
    check_timely,
    check_unconcluded,
    conclude,
    grade_of,
    heard,
    missing_voices,
    own_voice,
    total,
)
from service.mentoring.rules.growth import PairFacts, growth

MENTOR, MENTEE = uuid4(), uuid4()
MIDTERM, FINAL = AppraisalKind.MIDTERM, AppraisalKind.FINAL


def scores(value, **more):
    return {one.code: value for one in DEFAULT_RUBRIC.criteria} | more


def test_a_rubric_adds_up():
    check_rubric(DEFAULT_RUBRIC, at="")
    one = Criterion("a", Text("甲", "A"), 50)
    for rubric, pointer in (
        (replace(DEFAULT_RUBRIC, criteria=(one, one)), "/standard/rubric/criteria/1/code"),
        (replace(DEFAULT_RUBRIC, criteria=(one,)), "/standard/rubric/criteria"),
        (replace(DEFAULT_RUBRIC, voices={Voice.SELF: 99}), "/standard/rubric/voices"),
        (replace(DEFAULT_RUBRIC, good=90), "/standard/rubric/grades"),
    ):
        with pytest.raises(RubricUnfit) as refused:
            check_rubric(rubric, at="/standard")
        assert refused.value.errors[0].pointer == pointer


@pytest.mark.parametrize(
    ("kind", "state", "was_active", "timely"),
    [
        (MIDTERM, PairingState.ACTIVE, True, True),
        (MIDTERM, PairingState.ENDED, True, False),
        (MIDTERM, PairingState.ACCEPTED, False, False),
        (FINAL, PairingState.ACTIVE, True, True),
        (FINAL, PairingState.ENDED, True, True),
        (FINAL, PairingState.ENDED, False, False),
    ],
)
def test_when_a_pair_is_appraised(kind, state, was_active, timely):
    if timely:
        check_timely(kind, state=state, was_active=was_active)
    else:
        with pytest.raises(AppraisalUntimely):
            check_timely(kind, state=state, was_active=was_active)


def test_nobody_speaks_in_anothers_name():
    two = {"mentor_id": MENTOR, "mentee_id": MENTEE}
    assert own_voice(MENTEE, **two) is Voice.SELF
    assert own_voice(MENTOR, **two) is Voice.COUNTERPART
    for who in (None, uuid4()):
        with pytest.raises(NotYoursToAppraise):
            own_voice(who, **two)
        check_school_voice(who, two=(MENTOR, MENTEE))
    with pytest.raises(SchoolVoiceOfThePair):
        check_school_voice(MENTOR, two=(MENTOR, MENTEE))


def test_each_criterion_has_one_score():
    check_scores(scores(80), rubric=DEFAULT_RUBRIC)
    wrong = scores(80, charm=100)
    del wrong["teaching"]
    with pytest.raises(ScoresUnfit) as refused:
        check_scores(wrong, rubric=DEFAULT_RUBRIC)
    assert [one.pointer for one in refused.value.errors] == ["/scores/teaching", "/scores/charm"]
    with pytest.raises(ScoresUnfit):
        check_scores(scores(80, charm=1), rubric=DEFAULT_RUBRIC)


def test_voices_come_in_until_it_is_concluded():
    assert heard({Voice.SELF}) is AppraisalState.OPEN
    assert heard(set(Voice)) is AppraisalState.HEARD
    assert missing_voices({Voice.COUNTERPART}) == [Voice.SELF, Voice.SCHOOL]
    check_unconcluded(AppraisalState.HEARD)
    with pytest.raises(AppraisalOver):
        check_unconcluded(AppraisalState.CONCLUDED)


def test_the_score_follows_from_the_weights():
    assert total(scores(80, teaching=100), rubric=DEFAULT_RUBRIC) == Decimal("87.00")
    voices = {Voice.SELF: scores(100), Voice.COUNTERPART: scores(80), Voice.SCHOOL: scores(90)}
    assert conclude(voices, rubric=DEFAULT_RUBRIC, note="") == (Decimal("88.00"), "good")
    del voices[Voice.COUNTERPART]
    with pytest.raises(VoicesMissing) as refused:
        conclude(voices, rubric=DEFAULT_RUBRIC, note=" ")
    assert refused.value.members["missing"] == ["counterpart"]
    without = conclude(voices, rubric=DEFAULT_RUBRIC, note="导师已离任")
    assert without == (Decimal("93.33"), AppraisalGrade.EXCELLENT)


def test_the_mentees_own_words_are_not_enough():
    silent = replace(
        DEFAULT_RUBRIC, voices={Voice.SELF: 100, Voice.COUNTERPART: 0, Voice.SCHOOL: 0}
    )
    for voices, rubric in (
        ({Voice.SELF: scores(90)}, DEFAULT_RUBRIC),
        ({}, DEFAULT_RUBRIC),
        ({Voice.SCHOOL: scores(90)}, silent),
    ):
        with pytest.raises(NothingToConclude):
            conclude(voices, rubric=rubric, note="无法填写")


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        ("100", "excellent"),
        ("90", "excellent"),
        ("89.99", "good"),
        ("75", "good"),
        ("74.99", "qualified"),
        ("60", "qualified"),
        ("59.99", "unqualified"),
    ],
)
def test_grades(score, grade):
    assert grade_of(Decimal(score), rubric=DEFAULT_RUBRIC) == grade


def test_who_may_be_named_outstanding():
    check_outstanding(FINAL, AppraisalGrade.EXCELLENT)
    for kind, grade in (
        (MIDTERM, AppraisalGrade.EXCELLENT),
        (FINAL, AppraisalGrade.GOOD),
        (FINAL, None),
    ):
        with pytest.raises(OutstandingUnfit):
            check_outstanding(kind, grade)


# Sums


def test_the_sums_of_nothing_and_of_some():
    nothing = growth([])
    assert (nothing.pairs, nothing.share_on_plan, nothing.gain) == (0, None, None)

    def pair(mentee, *, behind, midterm=None, final=None):
        known = [None if one is None else Decimal(one) for one in (midterm, final)]
        return PairFacts(mentee, None, False, 5, behind, *known)

    found = growth(
        [
            pair(MENTEE, behind=0, midterm=70, final=80),
            pair(MENTEE, behind=2, final=91),
            pair(MENTOR, behind=None, midterm=60),
        ]
    )
    assert (found.mentees, found.pairs, found.confirmed) == (2, 3, 15)
    assert (found.counted, found.on_plan, found.share_on_plan) == (2, 1, Decimal("50.00"))
    assert (found.appraised, found.midterm_mean, found.final_mean, found.gain) == (
        2,
        Decimal("65.00"),
        Decimal("85.50"),
        Decimal("10.00"),
    )
