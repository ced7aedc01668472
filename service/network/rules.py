"""What the network's words mean and what may happen: pure, without a session."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from service.kit.problems import Text

CLOSE_SEATS = (1, 2)
DEFAULT_RURAL_CODES = ("210", "220")
"""乡中心区 and 村庄; a district may add others in its settings."""


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


class Fault(StrEnum):
    """Why a membership change cannot be."""

    EMPTY = "empty"
    SCHOOL_TWICE = "school-twice"
    ALREADY_MEMBER = "already-member"
    NOT_A_MEMBER = "not-a-member"
    SAME_TIER = "same-tier"
    SAME_DAY = "same-day"
    LATER_CHANGE = "later-change"
    TWO_LEADS = "two-leads"
    NO_SEAT = "no-seat"
    NO_LEAD = "no-lead"
    NO_CLOSE = "no-close"


@dataclass(frozen=True, slots=True)
class Objection:
    """A fault, and the step it lies in; ``None`` is the change as a whole."""

    fault: Fault
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change does: who leaves a place on the day, who takes one from the day on."""

    ending: tuple[UUID, ...]
    starting: tuple[Member, ...]


def plan_change(
    members: Sequence[Member], *, steps: Sequence[Step], on: date, must_conform: bool
) -> Plan | list[Objection]:
    """Judge a dated change of a group's members as a whole.

    Parameters
    ----------
    members
        Every membership of the group, past and future.
    must_conform
        The group is active and conforming, or the change says that it will be.

    Returns
    -------
    Plan | list[Objection]
        What to do, or everything that stands in the way. Changes come in the order of their dates:
        one that lies before another already planned is refused, because the later one was judged
        on other members.
    """
    now = {member.school_id: member for member in members if member.belongs_on(on)}
    objections = [*_out_of_order(members, on), *_misfits(now, steps=steps, on=on)]
    if objections:
        return objections
    leaving = {step.school_id for step in steps if step.kind is not StepKind.JOIN}
    staying = [member for school, member in now.items() if school not in leaving]
    starting = _seated(steps, staying=staying, on=on)
    after = [*staying, *starting]
    objections = _crowded(after)
    if must_conform:
        objections += missing_places(after)
    if objections:
        return objections
    return Plan(tuple(sorted(leaving)), tuple(starting))


def _out_of_order(members: Iterable[Member], on: date) -> list[Objection]:
    later = any(member.since > on or (member.until or on) > on for member in members)
    return [Objection(Fault.LATER_CHANGE)] if later else []


def _misfits(now: dict[UUID, Member], *, steps: Sequence[Step], on: date) -> list[Objection]:
    objections = [] if steps else [Objection(Fault.EMPTY)]
    seen: set[UUID] = set()
    for place, step in enumerate(steps):
        fault = _misfit(step, now.get(step.school_id), on)
        if step.school_id in seen:
            fault = Fault.SCHOOL_TWICE
        if fault is not None:
            objections.append(Objection(fault, place))
        seen.add(step.school_id)
    return objections


def _misfit(step: Step, member: Member | None, on: date) -> Fault | None:
    if step.kind is StepKind.JOIN:
        return Fault.ALREADY_MEMBER if member is not None else None
    if member is None:
        return Fault.NOT_A_MEMBER
    if step.tier is member.tier:
        return Fault.SAME_TIER
    return Fault.SAME_DAY if member.since == on else None


def _seated(steps: Sequence[Step], *, staying: Sequence[Member], on: date) -> list[Member]:
    taken = {member.seat for member in staying}
    free = [seat for seat in CLOSE_SEATS if seat not in taken]
    starting: list[Member] = []
    for step in steps:
        if step.tier is None:
            continue
        seat = None
        if step.tier is Tier.CLOSE:
            seat = free.pop(0) if free else CLOSE_SEATS[-1] + 1
        starting.append(Member(step.school_id, step.tier, seat, on, None))
    return starting


def _crowded(members: Sequence[Member]) -> list[Objection]:
    objections: list[Objection] = []
    if sum(member.tier is Tier.LEAD for member in members) > 1:
        objections.append(Objection(Fault.TWO_LEADS))
    if sum(member.tier is Tier.CLOSE for member in members) > len(CLOSE_SEATS):
        objections.append(Objection(Fault.NO_SEAT))
    return objections


def missing_places(members: Iterable[Member]) -> list[Objection]:
    """What "1 + 1–2 + N" still lacks among these members."""
    tiers = {member.tier for member in members}
    objections: list[Objection] = []
    if Tier.LEAD not in tiers:
        objections.append(Objection(Fault.NO_LEAD))
    if Tier.CLOSE not in tiers:
        objections.append(Objection(Fault.NO_CLOSE))
    return objections


def conforms(members: Iterable[Member]) -> bool:
    """Whether these members are one lead, one or two close and any number of alliance schools."""
    listed = list(members)
    return not missing_places(listed) and not _crowded(listed)


FAULTS: dict[Fault, Text] = {
    Fault.EMPTY: Text("变更内容为空", "the change has no steps"),
    Fault.SCHOOL_TWICE: Text("同一学校在一次变更中只能出现一次", "a school appears twice"),
    Fault.ALREADY_MEMBER: Text(
        "该校当日已是成员;调整层级请用 retier", "is a member already; use retier"
    ),
    Fault.NOT_A_MEMBER: Text("该校当日不是本集团成员", "is not a member on that day"),
    Fault.SAME_TIER: Text("层级没有变化", "has this tier already"),
    Fault.SAME_DAY: Text(
        "该校当日才加入,请改用其他生效日期", "joined on that very day; choose a later date"
    ),
    Fault.LATER_CHANGE: Text(
        "该日期之后已有变更计划,请选择更晚的日期",
        "a later change is planned already; choose a later date",
    ),
    Fault.TWO_LEADS: Text("牵头学校只能有一所", "a group has one lead school"),
    Fault.NO_SEAT: Text("紧密型成员最多两所", "a group has at most two close members"),
    Fault.NO_LEAD: Text("缺少牵头学校", "the lead school is missing"),
    Fault.NO_CLOSE: Text("至少需要一所紧密型成员校", "at least one close member is needed"),
}


# Charters and groups

_CHARTER_NEXT = {
    CharterState.DRAFT: {CharterState.SIGNING},
    CharterState.SIGNING: {CharterState.DRAFT, CharterState.EFFECTIVE},
    CharterState.EFFECTIVE: {CharterState.REPLACED},
    CharterState.REPLACED: set[CharterState](),
}


def charter_may_become(state: CharterState, wanted: CharterState) -> bool:
    """Whether a charter version may take a state."""
    return wanted in _CHARTER_NEXT[state]


_GROUP_NEXT = {
    GroupState.DRAFT: {GroupState.ACTIVE, GroupState.DISSOLVED},
    GroupState.ACTIVE: {GroupState.DISSOLVED},
    GroupState.DISSOLVED: set[GroupState](),
}


def group_may_become(state: GroupState, wanted: GroupState) -> bool:
    """Whether a group may take a state."""
    return wanted in _GROUP_NEXT[state]
