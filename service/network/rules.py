"""What the network's words mean and what may happen: pure, without a session."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from service.kit.problems import FieldError, Text

CLOSE_SEATS = (1, 2)
DEFAULT_RURAL_CODES = ("210", "220")
"""乡中心区 and 村庄; a district may add others in its settings."""
DEFAULT_BACKDATING_DAYS = 31
"""How long after its day a change of an active group may still be entered; the district decides."""


class GroupKind(StrEnum):
    """中小学教育集团 or 幼儿园联盟集团."""

    K12 = "k12"
    KINDERGARTEN = "kindergarten"


class GroupState(StrEnum):
    """Where a group is in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    DISSOLVED = "dissolved"


class Tier(StrEnum):
    """牵头学校, 紧密型, 联盟型."""

    LEAD = "lead"
    CLOSE = "close"
    ALLIANCE = "alliance"


class Datum(StrEnum):
    """The coordinate system of a position."""

    GCJ02 = "gcj02"
    WGS84 = "wgs84"
    BD09 = "bd09"


class DesignationKind(StrEnum):
    """Administrative designations of a school."""

    WEAK = "weak"


class CharterState(StrEnum):
    """Where a charter version is in its life."""

    DRAFT = "draft"
    SIGNING = "signing"
    EFFECTIVE = "effective"
    REPLACED = "replaced"


class ClauseKind(StrEnum):
    """What a clause gives or asks."""

    RIGHT = "right"
    DUTY = "duty"
    RULE = "rule"


class Criterion(StrEnum):
    """The five criteria a group's head is selected on."""

    VISION = "vision"
    MANAGEMENT = "management"
    SOCIAL_STANDING = "social_standing"
    DEVOTION = "devotion"
    RESPONSIBILITY = "responsibility"


class OwnerKind(StrEnum):
    """Whose task it is."""

    SCHOOL = "school"
    GROUP = "group"
    DISTRICT = "district"


class TaskState(StrEnum):
    """Whether it still waits."""

    OPEN = "open"
    DONE = "done"


def is_rural(urban_rural_code: str, *, rural_codes: Collection[str]) -> bool:
    """Whether a school counts as rural in this district."""
    return urban_rural_code in rural_codes


# Membership


class StepKind(StrEnum):
    """One part of a membership change."""

    JOIN = "join"
    LEAVE = "leave"
    RETIER = "retier"


@dataclass(frozen=True, slots=True)
class Step:
    """One school's part of a change; ``tier`` is the new one, ``None`` when it leaves."""

    kind: StepKind
    school_id: UUID
    tier: Tier | None


@dataclass(frozen=True, slots=True)
class Change:
    """Steps that take effect together on one day, or not at all."""

    on: date
    steps: Sequence[Step]
    claims_conforming: bool = False
    """Whoever asks says that the group conforms afterwards, and wants a refusal if it does not."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a change is judged on, besides the members."""

    state: GroupState
    today: date
    backdating_days: int = DEFAULT_BACKDATING_DAYS
    dissolved_on: date | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A school's place in a group while ``[since, until)``."""

    school_id: UUID
    tier: Tier
    seat: int | None
    since: date
    until: date | None

    def belongs_on(self, day: date) -> bool:
        """Whether it is a member on a day."""
        return self.since <= day and (self.until is None or day < self.until)

    def overlaps(self, other: "Member") -> bool:
        """Whether the two share a day."""
        begins_before_its_end = other.until is None or self.since < other.until
        return begins_before_its_end and (self.until is None or other.since < self.until)


class Fault(StrEnum):
    """Why a membership change cannot be."""

    EMPTY = "empty"
    SCHOOL_TWICE = "school-twice"
    ALREADY_MEMBER = "already-member"
    NOT_A_MEMBER = "not-a-member"
    SAME_TIER = "same-tier"
    SAME_DAY = "same-day"
    PLANNED_LATER = "planned-later"
    BEFORE_A_CHANGE = "before-a-change"
    TOO_LONG_AGO = "too-long-ago"
    AFTER_DISSOLUTION = "after-dissolution"
    TWO_LEADS = "two-leads"
    NO_SEAT = "no-seat"
    NO_LEAD = "no-lead"
    NO_CLOSE = "no-close"


@dataclass(frozen=True, slots=True)
class Objection:
    """A fault, the step it lies in (``None``: the change as a whole), and the day it shows."""

    fault: Fault
    step: int | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change does to the rows of a group's history.

    Rows that have begun are closed, never removed; only a place nobody has taken yet is withdrawn.
    """

    ending: tuple[Member, ...]
    withdrawn: tuple[Member, ...]
    starting: tuple[Member, ...]


def plan_change(
    timeline: Sequence[Member], *, change: Change, ground: Ground
) -> Plan | list[Objection]:
    """Judge a dated change of a group's members as a whole.

    An active group that conforms on a day still conforms on that day afterwards: on the day of
    the change and on every later day on which something is planned. A group that does not conform
    (it was loaded so, or is a draft) may change step by step, unless the change claims otherwise.

    Parameters
    ----------
    timeline
        Every membership of the group: past, present and planned.
    change
        What is asked for.
    ground
        The group's state, the present day, and how far back a change may still be entered.

    Returns
    -------
    Plan | list[Objection]
        What to do, or everything that stands in the way.
    """
    objections = [
        *_misdated(timeline, change=change, ground=ground),
        *_misfits(timeline, change=change, ground=ground),
    ]
    if objections:
        return objections
    plan = _laid(timeline, change=change, ground=ground)
    touched = {*plan.ending, *plan.withdrawn}
    staying = [
        *(member for member in timeline if member not in touched),
        *(replace(member, until=change.on) for member in plan.ending),
    ]
    seated = _seated(plan.starting, beside=staying)
    objections = _crowded(seated, beside=staying, steps=change.steps)
    if objections:
        return objections
    after = [*staying, *seated]
    return _broken(timeline, after, change=change, ground=ground) or replace(
        plan, starting=tuple(seated)
    )


def _misdated(timeline: Sequence[Member], *, change: Change, ground: Ground) -> list[Objection]:
    objections = [] if change.steps else [Objection(Fault.EMPTY)]
    if ground.dissolved_on is not None and change.on >= ground.dissolved_on:
        objections.append(Objection(Fault.AFTER_DISSOLUTION))
    if ground.state is GroupState.DRAFT:
        return objections
    if change.on < ground.today - timedelta(days=ground.backdating_days):
        objections.append(Objection(Fault.TOO_LONG_AGO))
    if any(change.on < day <= ground.today for day in _turning_days(timeline)):
        objections.append(Objection(Fault.BEFORE_A_CHANGE))
    return objections


def _turning_days(timeline: Iterable[Member]) -> set[date]:
    """The days on which somebody comes or goes."""
    return {day for member in timeline for day in (member.since, member.until) if day is not None}


def _misfits(timeline: Sequence[Member], *, change: Change, ground: Ground) -> list[Objection]:
    objections: list[Objection] = []
    seen: set[UUID] = set()
    for place, step in enumerate(change.steps):
        own = [member for member in timeline if member.school_id == step.school_id]
        fault = _misfit(step, own, on=change.on, ground=ground)
        if step.school_id in seen:
            fault = Fault.SCHOOL_TWICE
        if fault is not None:
            objections.append(Objection(fault, place))
        seen.add(step.school_id)
    return objections


def _misfit(step: Step, own: Sequence[Member], *, on: date, ground: Ground) -> Fault | None:
    member = _present(own, on)
    if any(other.since > on for other in own):
        return Fault.PLANNED_LATER
    if step.kind is StepKind.JOIN:
        return Fault.ALREADY_MEMBER if member is not None else None
    if member is None:
        return Fault.NOT_A_MEMBER
    if step.tier is member.tier:
        return Fault.SAME_TIER
    return Fault.SAME_DAY if member.since == on and not _untaken(member, ground) else None


def _present(own: Iterable[Member], on: date) -> Member | None:
    return next((member for member in own if member.belongs_on(on)), None)


def _untaken(member: Member, ground: Ground) -> bool:
    """Whether a place is planned only: the day has not come, or the group does not work yet."""
    return ground.state is GroupState.DRAFT or member.since > ground.today


def _laid(timeline: Sequence[Member], *, change: Change, ground: Ground) -> Plan:
    ending: list[Member] = []
    withdrawn: list[Member] = []
    starting: list[Member] = []
    for step in change.steps:
        own = (member for member in timeline if member.school_id == step.school_id)
        member = _present(own, change.on)
        if member is not None:
            (withdrawn if member.since == change.on else ending).append(member)
        if step.tier is not None:
            until = member.until if member is not None else ground.dissolved_on
            starting.append(Member(step.school_id, step.tier, None, change.on, until))
    return Plan(tuple(ending), tuple(withdrawn), tuple(starting))


def _seated(starting: Iterable[Member], *, beside: Sequence[Member]) -> list[Member]:
    """Give each new close member the first seat that is free all its time, if there is one."""
    seated: list[Member] = []
    for member in starting:
        neighbours = [other for other in (*beside, *seated) if other.overlaps(member)]
        taken = {other.seat for other in neighbours}
        free = (seat for seat in CLOSE_SEATS if seat not in taken)
        seated.append(
            replace(member, seat=next(free, None)) if member.tier is Tier.CLOSE else member
        )
    return seated


def _crowded(
    starting: Sequence[Member], *, beside: Sequence[Member], steps: Sequence[Step]
) -> list[Objection]:
    place_of = {step.school_id: place for place, step in enumerate(steps)}
    objections: list[Objection] = []
    leads = [member for member in beside if member.tier is Tier.LEAD]
    for member in starting:
        place = place_of[member.school_id]
        if member.tier is Tier.CLOSE and member.seat is None:
            objections.append(Objection(Fault.NO_SEAT, place))
        if member.tier is Tier.LEAD:
            if any(member.overlaps(lead) for lead in leads):
                objections.append(Objection(Fault.TWO_LEADS, place))
            leads.append(member)
    return objections


def _broken(
    before: Sequence[Member], after: Sequence[Member], *, change: Change, ground: Ground
) -> list[Objection]:
    objections: list[Objection] = []
    days = {change.on, *_turning_days(before), *_turning_days(after)}
    for day in sorted(day for day in days if day >= change.on):
        kept = ground.state is GroupState.ACTIVE and conforms(before, on=day)
        claimed = change.claims_conforming and day == change.on
        if kept or claimed:
            objections += [Objection(fault, on=day) for fault in lacking(after, on=day)]
    return objections


def members_on(timeline: Iterable[Member], day: date) -> list[Member]:
    """Who belongs to the group on a day."""
    return [member for member in timeline if member.belongs_on(day)]


def lacking(timeline: Iterable[Member], *, on: date) -> list[Fault]:
    """What "1 + 1–2 + N" lacks on a day; too many are kept out by the constraints."""
    tiers = {member.tier for member in members_on(timeline, on)}
    faults = [Fault.NO_LEAD] if Tier.LEAD not in tiers else []
    return faults + ([Fault.NO_CLOSE] if Tier.CLOSE not in tiers else [])


def conforms(timeline: Iterable[Member], *, on: date) -> bool:
    """Whether the group is one lead, one or two close and any number of alliance schools."""
    return not lacking(timeline, on=on)


def first_gap(timeline: Sequence[Member], *, after: date) -> tuple[date, list[Fault]] | None:
    """The first later day on which a plan leaves something lacking."""
    for day in sorted(day for day in _turning_days(timeline) if day > after):
        faults = lacking(timeline, on=day)
        if faults:
            return day, faults
    return None


FAULTS: dict[Fault, Text] = {
    Fault.EMPTY: Text("变更内容为空", "the change has no steps"),
    Fault.SCHOOL_TWICE: Text("同一学校在一次变更中只能出现一次", "the school appears twice"),
    Fault.ALREADY_MEMBER: Text(
        "该校当日已是本集团成员;调整层级请用 retier", "is a member on that day; use retier"
    ),
    Fault.NOT_A_MEMBER: Text("该校当日不是本集团成员", "is not a member on that day"),
    Fault.SAME_TIER: Text("层级没有变化", "has this tier already"),
    Fault.SAME_DAY: Text(
        "该校当日刚加入或调整,请改用以后的日期", "took this place on that very day; use a later one"
    ),
    Fault.PLANNED_LATER: Text(
        "该校在此日期之后已有安排,请先以该安排的生效日撤销它",
        "has a later change planned; first let it leave on that change's day",
    ),
    Fault.BEFORE_A_CHANGE: Text(
        "早于已经生效的成员变更,历史不可改写", "lies before a change in effect; history stays"
    ),
    Fault.TOO_LONG_AGO: Text(
        "生效日期过早,超出允许补录的天数", "lies further back than may still be entered"
    ),
    Fault.AFTER_DISSOLUTION: Text("集团届时已撤销", "the group is dissolved by then"),
    Fault.TWO_LEADS: Text("牵头学校只能有一所", "a group has one lead school"),
    Fault.NO_SEAT: Text(
        "紧密型成员最多两所(含已计划的变更)",
        "a group has at most two close members, plans included",
    ),
    Fault.NO_LEAD: Text("缺少牵头学校", "the lead school is missing"),
    Fault.NO_CLOSE: Text("至少需要一所紧密型成员校", "at least one close member is needed"),
}


def field_errors(objections: Iterable[Objection]) -> list[FieldError]:
    """What to tell about objections, each at the step it lies in."""
    return [
        FieldError(
            "/steps" if one.step is None else f"/steps/{one.step}", one.fault.value, _words(one)
        )
        for one in objections
    ]


def _words(objection: Objection) -> Text:
    words = FAULTS[objection.fault]
    if objection.on is None:
        return words
    return Text(f"{objection.on}:{words.zh}", f"on {objection.on}: {words.en}")


# A district's workbook brings memberships as they are, conforming or not


def may_correct(stored: Member, wanted: Member, *, ground: Ground) -> bool:
    """Whether an imported row may replace what is known of the same place.

    An end may be entered or moved while it has not come; what has happened stays. Of a draft
    group and of a place not yet taken everything may be corrected.
    """
    if _untaken(stored, ground):
        return True
    over = stored.until is not None and stored.until <= ground.today
    same_place = (stored.tier, stored.seat) == (wanted.tier, wanted.seat)
    return same_place and (stored.until == wanted.until or not over)


# The composition report


class Concern(StrEnum):
    """What should be looked at in a group."""

    NO_LEAD = "no-lead"
    NO_CLOSE = "no-close"
    PLANNED_GAP = "planned-gap"
    NO_HEAD = "no-head"
    NO_CHARTER = "no-charter"
    KIND_MISMATCH = "kind-mismatch"


@dataclass(frozen=True, slots=True)
class Notice:
    """A concern with its words; ``on`` is the day from which it is so, if that is to come."""

    concern: Concern
    words: Text
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the report looks at besides tiers."""

    has_head: bool
    has_charter: bool
    strangers: Sequence[str] = ()
    """Names of schools whose type does not fit the group's kind."""


def notices(timeline: Sequence[Member], *, on: date, surroundings: Surroundings) -> list[Notice]:
    """Everything to look at in a group on a day, the gravest first."""
    found = [Notice(Concern(fault.value), FAULTS[fault]) for fault in lacking(timeline, on=on)]
    gap = first_gap(timeline, after=on)
    if gap is not None and not found:
        day, faults = gap
        zh = "、".join(FAULTS[fault].zh for fault in faults)
        en = "; ".join(FAULTS[fault].en for fault in faults)
        words = Text(f"按现有安排,自 {day} 起{zh}", f"as planned, from {day} on {en}")
        found.append(Notice(Concern.PLANNED_GAP, words, day))
    if surroundings.strangers:
        zh, en = "、".join(surroundings.strangers), ", ".join(surroundings.strangers)
        words = Text(f"办学类型与集团类型不符:{zh}", f"not of the group's kind: {en}")
        found.append(Notice(Concern.KIND_MISMATCH, words))
    if not surroundings.has_head:
        words = Text("尚未登记集团负责人", "no head is registered")
        found.append(Notice(Concern.NO_HEAD, words))
    if not surroundings.has_charter:
        words = Text("尚无生效的集团章程", "no charter is in force")
        found.append(Notice(Concern.NO_CHARTER, words))
    return found


def fits_kind(type_code: str, kind: GroupKind) -> bool:
    """Whether a school of a type belongs in a group of a kind: 1xx are kindergartens."""
    return type_code.startswith("1") == (kind is GroupKind.KINDERGARTEN)


# Charters and groups


def group_state_on(state: GroupState, *, dissolved_on: date | None, day: date) -> GroupState:
    """The state of a group on a day: a decided dissolution takes effect when its day has come."""
    if state is GroupState.DISSOLVED and dissolved_on is not None and day < dissolved_on:
        return GroupState.ACTIVE
    return state


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a charter, as far as its life goes."""

    number: int
    state: CharterState
    effective_from: date | None


def in_force(versions: Iterable[Version], *, on: date) -> int | None:
    """The number of the version that is in force on a day."""
    enforced = [
        (version.effective_from, version.number)
        for version in versions
        if version.state is CharterState.EFFECTIVE
        and version.effective_from is not None
        and version.effective_from <= on
    ]
    return max(enforced)[1] if enforced else None


def charter_state_on(version: Version, *, in_force: int | None) -> CharterState:
    """The state of a version, given which one is in force: an older one has been replaced."""
    if version.state is CharterState.EFFECTIVE and in_force is not None:
        return CharterState.REPLACED if version.number < in_force else version.state
    return version.state


def may_take_effect(versions: Iterable[Version], *, number: int, on: date) -> bool:
    """Whether a version may come into force on a day: versions follow each other in time."""
    return all(
        version.number < number and version.effective_from < on
        for version in versions
        if version.state is CharterState.EFFECTIVE and version.effective_from is not None
    )


# What has a beginning and an end


def may_end(*, since: date | None, until: date | None, on: date, today: date) -> bool:
    """Whether something may end on a day: after it began, and unless it is over already."""
    begun = since is None or since < on
    return begun and (until is None or (until > today and on <= until))


# Settings


def merged(stored: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON merge patch (RFC 7396): ``None`` takes a setting away."""
    result = dict(stored)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            former = stored.get(name)
            result[name] = merged(former if isinstance(former, Mapping) else {}, value)
        else:
            result[name] = value
    return result
