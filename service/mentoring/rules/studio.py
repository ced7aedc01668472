"""Master-teacher studios: their cycle, their members, what they do together: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from service.kit.problems import Text
from service.mentoring.problems.studio import (
    ActivityOver,
    ActivityUnfit,
    HostUnfit,
    MemberUnfit,
)
from service.mentoring.rules.programme import years_after

CYCLE_YEARS = 3
"""How long a studio works, unless somebody says otherwise."""


class StudioRole(StrEnum):
    """What somebody is in a studio."""

    HOST = "host"
    CORE = "core"
    TRAINEE = "trainee"


STUDIO_ROLES: Mapping[StudioRole, Text] = {
    StudioRole.HOST: Text("主持人", "Host"),
    StudioRole.CORE: Text("核心成员", "Core member"),
    StudioRole.TRAINEE: Text("学员", "Trainee"),
}


class ActivityKind(StrEnum):
    """What a studio does together; it takes its members' time as this."""

    MEETING = "meeting"
    TRAINING = "training"


class ActivityState(StrEnum):
    """Whether an activity takes place."""

    PLANNED = "planned"
    CANCELLED = "cancelled"


class Presence(StrEnum):
    """Whether somebody came."""

    INVITED = "invited"
    PRESENT = "present"
    ABSENT = "absent"
    EXCUSED = "excused"


class OutputKind(StrEnum):
    """What came of a studio's work."""

    OPEN_LESSON = "open_lesson"
    RESOURCE = "resource"
    RESEARCH = "research"


class Grade(StrEnum):
    """How a year was judged."""

    EXCELLENT = "excellent"
    QUALIFIED = "qualified"
    UNQUALIFIED = "unqualified"


def cycle(first: date, until: date | None) -> tuple[date, date]:
    """The days of a studio: three years unless said."""
    return first, until or years_after(first, CYCLE_YEARS)


def check_member(
    *, joins: date, leaves: date | None, cycle: tuple[date, date], role: StudioRole
) -> None:
    """Refuse days outside the studio's cycle, and a second way to become host.

    Raises
    ------
    HostUnfit
        The host is changed as a whole, not joined.
    MemberUnfit
        The days do not fit.
    """
    if role is StudioRole.HOST:
        raise HostUnfit
    if not cycle[0] <= joins < cycle[1]:
        raise MemberUnfit(pointer="/valid_from", message=_OUTSIDE)
    if leaves is not None and not joins < leaves <= cycle[1]:
        raise MemberUnfit(pointer="/valid_until", message=_OUTSIDE)


_OUTSIDE = Text("应在工作室周期之内", "must lie within the studio's cycle")


def check_activity(
    *, starts_at: datetime, ends_at: datetime, now: datetime, on: date, cycle: tuple[date, date]
) -> None:
    """Refuse times that cannot be planned.

    Raises
    ------
    ActivityUnfit
        It ends before it begins, has begun already, or lies outside the cycle.
    """
    if ends_at <= starts_at:
        raise ActivityUnfit(pointer="/ends_at", message=_REVERSED)
    if starts_at <= now:
        raise ActivityUnfit(pointer="/starts_at", message=_PAST)
    if not cycle[0] <= on < cycle[1]:
        raise ActivityUnfit(pointer="/starts_at", message=_OUTSIDE)


_REVERSED = Text("应晚于开始时间", "must be after its beginning")
_PAST = Text("应晚于现在", "must be in the future")


def check_cancel(state: ActivityState, *, starts_at: datetime, now: datetime) -> None:
    """Refuse to cancel what is cancelled or has begun.

    Raises
    ------
    ActivityOver
        There is nothing to cancel.
    """
    if state is not ActivityState.PLANNED or starts_at <= now:
        raise ActivityOver


def check_attendance(state: ActivityState, *, starts_at: datetime, now: datetime) -> None:
    """Refuse attendance of what has not begun or does not take place.

    Raises
    ------
    ActivityOver
        It was cancelled, or is still to come.
    """
    if state is not ActivityState.PLANNED or starts_at > now:
        raise ActivityOver


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A member as shares are counted."""

    teacher_id: UUID
    disadvantaged: bool
    """From a rural or weak school."""


def share(members: Sequence[Enrolled]) -> float:
    """How many of a hundred members are from rural or weak schools; nought where nobody is."""
    if not members:
        return 0.0
    return round(100 * sum(one.disadvantaged for one in members) / len(members), 1)
