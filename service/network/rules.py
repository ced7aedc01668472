"""What the network's words mean and what may happen: pure, without a session."""

from enum import StrEnum


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


class OwnerKind(StrEnum):
    """Whose task it is."""

    SCHOOL = "school"
    GROUP = "group"
    DISTRICT = "district"


class TaskState(StrEnum):
    """Whether it still waits."""

    OPEN = "open"
    DONE = "done"
