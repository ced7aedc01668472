"""What a pairing may become, who may mentor whom, and when a mentee is well cared for: pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from service.kit.problems import Text
from service.mentoring.problems import (
    AgreementUnsigned,
    EndUnfit,
    MentorFull,
    MentorUnfit,
    PairingNotBegun,
    PairingStateUnfit,
)
from service.staff.rules import Qualified, Stay

Span = tuple[date, date | None]
"""Half-open days; ``None`` is without end."""

IN_SCHOOL = "in_school"
"""The one role whose meaning the rules know: 校内导师 is a colleague at the mentee's school."""


# A pairing's life


class PairingState(StrEnum):
    """Where a pairing is in its life."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    SIGNED = "signed"
    ACTIVE = "active"
    ENDED = "ended"


class EndReason(StrEnum):
    """Why a pairing ended."""

    COMPLETED = "completed"
    REPLACED = "replaced"
    TRANSFERRED = "transferred"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What can be done with a pairing."""

    CHANGE = "change"
    ACCEPT = "accept"
    DECLINE = "decline"
    SIGN = "sign"
    ACTIVATE = "activate"
    REPLACE = "replace"
    END = "end"


class Side(StrEnum):
    """Which of the two somebody is."""

    MENTOR = "mentor"
    MENTEE = "mentee"


_COMING = frozenset({PairingState.PROPOSED, PairingState.ACCEPTED, PairingState.SIGNED})
_AGREED = frozenset({PairingState.ACCEPTED, PairingState.SIGNED})
_OPEN = _COMING | {PairingState.ACTIVE}
_ALLOWED: Mapping[Act, frozenset[PairingState]] = {
    Act.CHANGE: _OPEN,
    Act.ACCEPT: frozenset({PairingState.PROPOSED}),
    Act.DECLINE: _COMING,
    # What was moved in as active may be signed all the same.
    Act.SIGN: _AGREED | {PairingState.ACTIVE},
    Act.ACTIVATE: _AGREED,
    Act.REPLACE: frozenset({PairingState.ACTIVE}),
    Act.END: _OPEN,
}


@dataclass(frozen=True, slots=True)
class Life:
    """How far a pairing has come."""

    state: PairingState = PairingState.PROPOSED
    mentor_accepted: bool = False
    mentee_accepted: bool = False
    mentor_signed: bool = False
    mentee_signed: bool = False


def check_act(life: Life, act: Act) -> None:
    """Refuse what a pairing's state does not allow.

    Raises
    ------
    PairingStateUnfit
        This cannot be done in this state.
    """
    if life.state not in _ALLOWED[act]:
        raise PairingStateUnfit(state=life.state.value, act=act.value)


def accept(life: Life, *, by: Side) -> Life:
    """One of the two agrees; when both have, the pairing is accepted.

    To agree twice is no mistake and changes nothing.

    Raises
    ------
    PairingStateUnfit
        The pairing is no proposal any more.
    """
    check_act(life, Act.ACCEPT)
    if by is Side.MENTOR:
        after = replace(life, mentor_accepted=True)
    else:
        after = replace(life, mentee_accepted=True)
    if after.mentor_accepted and after.mentee_accepted:
        return replace(after, state=PairingState.ACCEPTED)
    return after


def sign(life: Life, *, by: Side) -> Life:
    """One of the two signs the agreement; when both have, an accepted pairing is signed.

    To sign twice is no mistake and changes nothing. An active pairing stays active.

    Raises
    ------
    PairingStateUnfit
        Not both have accepted, or it is over.
    """
    check_act(life, Act.SIGN)
    if by is Side.MENTOR:
        after = replace(life, mentor_signed=True)
    else:
        after = replace(life, mentee_signed=True)
    both = after.mentor_signed and after.mentee_signed
    if both and after.state is PairingState.ACCEPTED:
        return replace(after, state=PairingState.SIGNED)
    return after


def activate(life: Life, *, valid: Span, today: date, signature_needed: bool = False) -> Life:
    """Both have agreed and the first day has come.

    Raises
    ------
    PairingStateUnfit
        One of them has not agreed yet, or it is active or over already.
    AgreementUnsigned
        Its programme asks for both signatures first.
    PairingNotBegun
        Its first day is still to come, or its last day is past.
    """
    check_act(life, Act.ACTIVATE)
    if signature_needed and life.state is not PairingState.SIGNED:
        raise AgreementUnsigned
    if not covers(valid, today):
        raise PairingNotBegun(valid_from=valid[0], valid_until=valid[1])
    return replace(life, state=PairingState.ACTIVE)


def end(life: Life, *, reason: EndReason, valid: Span, on: date, today: date) -> Span:
    """The days of a pairing that is over from a day on.

    What never became active is withdrawn and keeps the days it was meant for. An active pairing
    ends at the latest tomorrow: an end further off is a change of its last day.

    Raises
    ------
    PairingStateUnfit
        It is over already.
    EndUnfit
        The day or the reason does not fit.
    """
    check_act(life, Act.END)
    if life.state is not PairingState.ACTIVE:
        if reason is EndReason.COMPLETED:
            raise EndUnfit(pointer="/reason", message=_NOT_COMPLETED)
        return valid
    last = date.max if valid[1] is None else valid[1]
    if not valid[0] < on <= last:
        raise EndUnfit(pointer="/on", message=_NOT_WITHIN)
    if (on - today).days > 1:
        raise EndUnfit(pointer="/on", message=_TOO_FAR)
    return valid[0], on


def check_replacement(life: Life, *, valid: Span, on: date, today: date) -> Span:
    """The days of the pairing that is to follow another from a day on.

    Raises
    ------
    PairingStateUnfit
        Only an active pairing has a mentor to replace.
    EndUnfit
        The day is past, or not one of the pairing's days after its first.
    """
    check_act(life, Act.REPLACE)
    if on < today:
        raise EndUnfit(pointer="/on", message=_GONE)
    if not covers(valid, on) or on == valid[0]:
        raise EndUnfit(pointer="/on", message=_NOT_WITHIN)
    return on, valid[1]


def hand_over(*, valid: Span, successor: Span, today: date) -> tuple[Span, Span]:
    """The days of a pairing and of the one that follows it, from today on: no gap, no overlap.

    The successor begins on the day it becomes active. A former pairing whose days are over keeps
    them.
    """
    until = today if valid[1] is None else min(valid[1], today)
    return (valid[0], until), (today, successor[1])


def move_end(life: Life, *, valid: Span, until: date | None, today: date) -> Span:
    """The days of a pairing that lasts longer or shorter.

    Raises
    ------
    PairingStateUnfit
        It is over.
    EndUnfit
        It would end before it begins, or, being active, before tomorrow.
    """
    check_act(life, Act.CHANGE)
    if until is not None and until <= valid[0]:
        raise EndUnfit(pointer="/valid_until", message=_BEFORE_FIRST)
    if life.state is PairingState.ACTIVE and until is not None and until <= today:
        raise EndUnfit(pointer="/valid_until", message=_PAST)
    return valid[0], until


_BEFORE_FIRST = Text("应晚于开始日期", "must be after its first day")
_PAST = Text("应晚于今天;现在结束请用 :end", "must be after today; to end it now, use :end")
_NOT_COMPLETED = Text(
    "尚未启动的结对不能以“完成”结束", "a pairing that never became active is not completed"
)
_NOT_WITHIN = Text(
    "应晚于开始日期,且不晚于原定结束日期", "must be after its first day and within its days"
)
_GONE = Text("不能早于今天", "must not be past")
_TOO_FAR = Text(
    "最迟为明天;更晚的结束请修改 valid_until", "tomorrow at the latest; else change valid_until"
)


def state_on(state: PairingState, *, valid: Span, day: date) -> PairingState:
    """The state as people see it on a day: an active pairing is over after its last day."""
    over = valid[1] is not None and valid[1] <= day
    return PairingState.ENDED if state is PairingState.ACTIVE and over else state


_RIPENESS = tuple(PairingState)


def ripened(present: PairingState, said: PairingState) -> PairingState:
    """The state when somebody outside says another one: it only goes forward."""
    return max(present, said, key=_RIPENESS.index)


def covers(span: Span, day: date) -> bool:
    """Whether a day lies in a half-open span."""
    return span[0] <= day and (span[1] is None or day < span[1])


def overlap(one: Span, other: Span) -> bool:
    """Whether two half-open spans share a day."""
    return one[0] < (other[1] or date.max) and other[0] < (one[1] or date.max)


# A mentor's places


def places_taken(spans: Iterable[Span], *, during: Span) -> int:
    """How many pairings a mentor has on the busiest day of a span."""
    within = [span for span in spans if overlap(span, during)]
    firsts = {max(span[0], during[0]) for span in within}
    return max((sum(covers(span, day) for span in within) for day in firsts), default=0)


def check_capacity(spans: Iterable[Span], *, during: Span, capacity: int) -> None:
    """Refuse one pairing more than a mentor may have on any day.

    ``spans`` are the mentor's other open pairings; a proposal holds its place until it is
    answered.

    Raises
    ------
    MentorFull
        On some day all places are taken.
    """
    if places_taken(spans, during=during) >= capacity:
        raise MentorFull(capacity=capacity)


# Who may mentor whom


class Lack(StrEnum):
    """Why somebody cannot be the mentor of somebody."""

    NO_SHARED_SUBJECT = "no-shared-subject"
    MENTOR_WITHOUT_SUBJECT = "mentor-without-subject"
    NOT_EXPERIENCED = "not-experienced"
    MENTOR_RETIRES = "mentor-retires"
    MENTOR_ON_LEAVE = "mentor-on-leave"
    MENTOR_AWAY = "mentor-away"
    MENTEE_AWAY = "mentee-away"
    OTHER_SCHOOL = "other-school"


LACKS: Mapping[Lack, Text] = {
    Lack.NO_SHARED_SUBJECT: Text(
        "导师与徒弟没有相同的学段学科", "they share no subject at the same stage"
    ),
    Lack.NOT_EXPERIENCED: Text(
        "导师既无骨干称号,教龄也未达到本区要求",
        "the mentor has neither an honour nor the years of teaching the district asks for",
    ),
    Lack.MENTOR_WITHOUT_SUBJECT: Text(
        "导师没有登记任教学科", "nobody has said what the mentor may teach"
    ),
    Lack.MENTOR_RETIRES: Text(
        "导师已退休,或在结对期间退休", "the mentor has retired, or retires during the pairing"
    ),
    Lack.MENTOR_ON_LEAVE: Text("导师本学期请长假", "the mentor is on leave for most of the term"),
    Lack.MENTOR_AWAY: Text(
        "结对期间导师不在职(未入职或离校)",
        "the mentor is not employed or leaves during the pairing",
    ),
    Lack.MENTEE_AWAY: Text(
        "结对期间徒弟不在职(未入职、离校或退休)",
        "the mentee is not employed, leaves or retires during the pairing",
    ),
    Lack.OTHER_SCHOOL: Text("校内导师须与徒弟同校", "an in-school mentor is from the same school"),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What a district asks of mentors; its settings may say otherwise."""

    capacity: int = 3
    min_years: int = 5
    honours: frozenset[str] | None = None
    """Which honours count; ``None`` for any."""
    honour_and_years: bool = False
    """Whether it takes both; else either is enough."""


@dataclass(frozen=True, slots=True)
class Person:
    """What counts about a teacher."""

    teacher_id: UUID
    teaches: frozenset[Qualified] = frozenset()
    backbone: bool = False
    honour: str | None = None
    """Which honour it is that makes them a backbone teacher."""
    teaching_since: date | None = None
    retires_on: date | None = None
    stays: Sequence[Stay] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A pairing as it is meant."""

    mentor: Person
    mentee: Person
    role: str
    valid: Span
    mentor_on_leave: bool = False
    """For most of the term in which it begins."""


def lacks(plan: Plan, *, policy: Policy) -> list[Lack]:
    """Everything that speaks against a pairing."""
    since = plan.valid[0]
    found: list[Lack] = []
    if not plan.mentor.teaches:
        found.append(Lack.MENTOR_WITHOUT_SUBJECT)
    elif not plan.mentor.teaches & plan.mentee.teaches:
        found.append(Lack.NO_SHARED_SUBJECT)
    if not experienced(plan.mentor, policy=policy, on=since):
        found.append(Lack.NOT_EXPERIENCED)
    if (leaving := leaves_on(plan.mentor, during=plan.valid)) is not None:
        retires = plan.mentor.retires_on is not None and plan.mentor.retires_on <= leaving
        found.append(Lack.MENTOR_RETIRES if retires else Lack.MENTOR_AWAY)
    if plan.mentor_on_leave:
        found.append(Lack.MENTOR_ON_LEAVE)
    if leaves_on(plan.mentee, during=plan.valid) is not None:
        found.append(Lack.MENTEE_AWAY)
    schools = school_on(plan.mentor, since), school_on(plan.mentee, since)
    if plan.role == IN_SCHOOL and schools[0] != schools[1]:
        found.append(Lack.OTHER_SCHOOL)
    return found


def check_pair(plan: Plan, *, policy: Policy) -> None:
    """Refuse a mentor who does not fit.

    Raises
    ------
    MentorUnfit
        It says everything that speaks against it.
    """
    if found := lacks(plan, policy=policy):
        raise MentorUnfit(lacks=[(lack.value, LACKS[lack]) for lack in found])


def experienced(mentor: Person, *, policy: Policy, on: date) -> bool:
    """Whether somebody has the honour or the years that a policy asks for, or both."""
    honoured = mentor.backbone and (policy.honours is None or mentor.honour in policy.honours)
    seasoned = years_taught(mentor, on=on) >= policy.min_years
    return honoured and seasoned if policy.honour_and_years else honoured or seasoned


def years_taught(person: Person, *, on: date) -> int:
    """Full years of teaching on a day; none where nobody said since when."""
    since = person.teaching_since
    if since is None:
        return 0
    return on.year - since.year - ((on.month, on.day) < (since.month, since.day))


def school_on(person: Person, day: date) -> UUID | None:
    """The school that employs somebody on a day."""
    return next((stay.school_id for stay in person.stays if stay.holds(day)), None)


def leaves_on(person: Person, *, during: Span) -> date | None:
    """The first day of a span on which somebody is no longer where the span found them.

    A change of school counts: whether the pair goes on is for people to decide. Who has retired
    before is away from the first day on.
    """
    school_id = school_on(person, during[0])
    if school_id is None:
        return during[0]
    day: date | None = during[0]
    while day is not None and (stay := _stay(person, school_id, day)) is not None:
        day = stay.until
    retires = person.retires_on and max(person.retires_on, during[0])
    days = [one for one in (day, retires) if one is not None and covers(during, one)]
    return min(days, default=None)


def _stay(person: Person, school_id: UUID, day: date) -> Stay | None:
    at_school = (stay for stay in person.stays if stay.school_id == school_id)
    return next((stay for stay in at_school if stay.holds(day)), None)


# The dual rule


class Gap(StrEnum):
    """What a mentee still needs."""

    SECOND_MENTOR = "second-mentor"
    SECOND_ROLE = "second-role"
    OUTSIDE_MENTOR = "outside-mentor"


GAPS: Mapping[Gap, Text] = {
    Gap.SECOND_MENTOR: Text("尚缺第二位导师", "a second mentor is missing"),
    Gap.SECOND_ROLE: Text("尚缺另一种角色的导师", "a mentor in the other role is missing"),
    Gap.OUTSIDE_MENTOR: Text(
        "农村或薄弱学校的徒弟至少应有一位外校导师",
        "a mentee of a rural or weak school needs a mentor from another school",
    ),
}


@dataclass(frozen=True, slots=True)
class Guide:
    """One active mentor of a mentee."""

    mentor_id: UUID
    role: str
    outside: bool
    """Whether the mentor's school is another one."""


def dual_gaps(guides: Collection[Guide], *, disadvantaged: bool) -> list[Gap]:
    """What the dual rule (双导师) still asks for: two persons in two roles, one from outside.

    ``disadvantaged`` are mentees of rural and of weak schools. Reported, never refused: a mentee
    with one mentor is better off than one with none.
    """
    needed = 2
    found: list[Gap] = []
    if len({guide.mentor_id for guide in guides}) < needed:
        found.append(Gap.SECOND_MENTOR)
    if len({guide.role for guide in guides}) < needed:
        found.append(Gap.SECOND_ROLE)
    if disadvantaged and not any(guide.outside for guide in guides):
        found.append(Gap.OUTSIDE_MENTOR)
    return found
