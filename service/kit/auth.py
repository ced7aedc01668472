"""Who is asking and what they may do: the words every module shares.

Which role holds which permission is decided in ``accounts``; which rows a grant reaches is decided
in each module's ``access``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Permission(StrEnum):
    """What an operation declares and a role holds: ``<module>.<thing>.<verb>``."""

    NETWORK_READ = "network.read"
    NETWORK_SCHOOL_WRITE = "network.school.write"
    NETWORK_GROUP_WRITE = "network.group.write"
    NETWORK_MEMBERSHIP_CHANGE = "network.membership.change"
    NETWORK_CHARTER_WRITE = "network.charter.write"
    NETWORK_CHARTER_SIGN = "network.charter.sign"
    NETWORK_HEAD_WRITE = "network.head.write"
    CODE_LIST_READ = "codelist.read"
    CODE_LIST_WRITE = "codelist.write"
    TASK_READ = "task.read"
    TASK_WRITE = "task.write"
    STAFF_READ = "staff.read"
    STAFF_WRITE = "staff.write"
    CALENDAR_READ = "calendar.read"
    CALENDAR_WRITE = "calendar.write"
    TIMETABLE_READ = "timetable.read"
    TIMETABLE_WRITE = "timetable.write"
    LESSON_CHANGE = "lesson.change"
    LEAVE_READ = "leave.read"
    LEAVE_WRITE = "leave.write"
    LEAVE_DECIDE = "leave.decide"
    COVER_READ = "cover.read"
    COVER_WRITE = "cover.write"
    COVER_ANSWER = "cover.answer"
    SWAP_READ = "swap.read"
    SWAP_WRITE = "swap.write"
    SWAP_ANSWER = "swap.answer"
    SWAP_DECIDE = "swap.decide"
    ATTENDANCE_READ = "attendance.read"
    ATTENDANCE_CHECK_IN = "attendance.check-in"
    ATTENDANCE_CONFIRM = "attendance.confirm"
    ATTENDANCE_DISPUTE = "attendance.dispute"
    ATTENDANCE_RESOLVE = "attendance.resolve"
    RATE_READ = "rate.read"
    RATE_WRITE = "rate.write"
    STATEMENT_READ = "statement.read"
    STATEMENT_WRITE = "statement.write"
    STATEMENT_DECIDE = "statement.decide"
    CERTIFICATE_READ = "certificate.read"
    CERTIFICATE_WRITE = "certificate.write"
    SHORTAGE_READ = "shortage.read"
    SHORTAGE_WRITE = "shortage.write"
    SHORTAGE_DECIDE = "shortage.decide"
    SHORTAGE_OFFER = "shortage.offer"
    SHORTAGE_AGREE = "shortage.agree"
    SHORTAGE_ANSWER = "shortage.answer"
    SHORTAGE_CROSS = "shortage.cross"
    ASSIGNMENT_READ = "assignment.read"
    ASSIGNMENT_WRITE = "assignment.write"
    ASSIGNMENT_PUBLISH = "assignment.publish"
    MENTORING_READ = "mentoring.read"
    MENTORING_WRITE = "mentoring.write"
    MENTORING_ANSWER = "mentoring.answer"
    MENTORING_APPRAISE = "mentoring.appraise"
    PROGRAMME_READ = "programme.read"
    PROGRAMME_WRITE = "programme.write"
    STUDIO_READ = "studio.read"
    STUDIO_WRITE = "studio.write"
    ROTATION_READ = "rotation.read"
    ME_READ = "me.read"
    CALENDAR_FEED_OWN = "calendar-feed.own"
    IMPORT_READ = "import.read"
    IMPORT_WRITE = "import.write"
    ACCOUNT_READ = "account.read"
    ACCOUNT_WRITE = "account.write"
    SESSION_OWN = "session.own"
    AUDIT_READ = "audit.read"
    FEED_READ = "feed.read"
    WEBHOOK_READ = "webhook.read"
    WEBHOOK_WRITE = "webhook.write"


class Role(StrEnum):
    """The hats people and partner systems wear."""

    DISTRICT_ADMIN = "district_admin"
    GROUP_ADMIN = "group_admin"
    SCHOOL_ADMIN = "school_admin"
    TEACHER = "teacher"
    RESEARCHER = "researcher"
    EVALUATOR = "evaluator"
    AUDITOR = "auditor"
    PARTNER = "partner"


class Reach(StrEnum):
    """How far a grant goes."""

    SELF = "self"
    SCHOOL = "school"
    GROUP = "group"
    DISTRICT = "district"


class FieldProfile(StrEnum):
    """How much a partner's system is told of persons."""

    BASIC = "basic"
    """Who works where and teaches what."""
    PROFESSIONAL = "professional"
    """Also honours and years of service."""
    FULL = "full"
    """Also year of birth and retirement."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One hat, valid today, with what it allows and how far it reaches."""

    role: Role
    permissions: frozenset[Permission]
    reach: Reach
    target_id: UUID | None = None
    """The school or group; ``None`` for self and district."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The schools, groups and teachers that a permission reached at some moment."""

    schools: frozenset[UUID]
    groups: frozenset[UUID]
    teachers: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who signed in, as this request sees them."""

    district_id: UUID
    name: str
    account_id: UUID | None = None
    client_id: str | None = None
    teacher_id: UUID | None = None
    grants: tuple[Grant, ...] = ()
    session_id: UUID | None = None
    profile: FieldProfile = FieldProfile.FULL
    """Which fields of persons are shown; a partner's client may be given fewer."""
    sights: Mapping[Permission, Sight] = field(default_factory=dict, repr=False, compare=False)
    """Of a caller as they were: what was reached then, in place of what is reached now."""
    _permissions: frozenset[Permission] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        held = frozenset[Permission]().union(*(grant.permissions for grant in self.grants))
        object.__setattr__(self, "_permissions", held)

    @property
    def key(self) -> str:
        """A stable name for budgets, cursors and idempotency keys."""
        return str(self.account_id or self.client_id or "system")

    def may(self, permission: Permission) -> bool:
        """Whether any hat allows it, however far it reaches."""
        return permission in self._permissions

    def grants_for(self, permission: Permission) -> Sequence[Grant]:
        """The hats that allow it."""
        return [grant for grant in self.grants if permission in grant.permissions]

    def reaches_district(self, permission: Permission) -> bool:
        """Whether a permission reaches everything in the district."""
        return any(grant.reach is Reach.DISTRICT for grant in self.grants_for(permission))


def system(district_id: UUID, *, name: str = "huangge") -> Caller:
    """The service itself, for jobs and first loads: every permission in one district."""
    everything = Grant(Role.DISTRICT_ADMIN, frozenset(Permission), Reach.DISTRICT)
    return Caller(district_id=district_id, name=name, grants=(everything,))
