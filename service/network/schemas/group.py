"""Groups, their members and their heads, in and out."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from service.kit.http.schemas import DayRange, In, Out
from service.kit.language import say
from service.network.rules import (
    Criterion,
    GroupKind,
    GroupState,
    Member,
    Notice,
    Step,
    StepKind,
    Tier,
)
from service.network.schemas.words import (
    Category,
    Name,
    Reason,
    Seat,
    ValidFrom,
    ValidUntil,
    label,
    refused,
)
from service.network.tables import (
    Group,
    GroupHead,
    Membership,
)


class GroupIn(In):
    """A new group, in draft."""

    name: Annotated[Name, Field(examples=["示例区新桥教育集团"])]
    kind: Annotated[GroupKind, Field(description="k12 中小学教育集团,kindergarten 幼儿园联盟集团")]
    category: Category = None
    principal_responsibility: Annotated[bool, Field(description="是否实行校长负责制")] = False
    founded_on: Annotated[date | None, Field(description="成立日期", examples=["2026-09-01"])] = (
        None
    )


class GroupPatch(In):
    """What may change about a group; its kind stays, its members change by membership changes."""

    name: Name = Field(default_factory=str)
    category: Category = None
    principal_responsibility: Annotated[bool, Field(description="是否实行校长负责制")] = Field(
        default_factory=bool
    )
    founded_on: Annotated[date | None, Field(description="成立日期")] = None


class GroupOut(Out):
    """A group, as it is on the day asked for."""

    id: UUID
    version: int
    name: str
    kind: GroupKind
    kind_label: str
    category: str | None
    state: Annotated[GroupState, Field(description="draft 筹建,active 运行,dissolved 已撤销")]
    state_label: str
    principal_responsibility: Annotated[bool, Field(description="是否实行校长负责制")]
    founded_on: date | None
    dissolved_on: Annotated[date | None, Field(description="自该日起撤销")]

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of group and its state on the day."""
        group, state = row
        return cls(**group_fields(group, state=GroupState(state)))


def group_fields(group: Group, *, state: GroupState) -> dict[str, Any]:
    """What every answer about a group says."""
    return {
        "id": group.id,
        "version": group.version,
        "name": group.name,
        "kind": group.kind,
        "kind_label": label("group_kind", group.kind),
        "category": group.category,
        "state": state,
        "state_label": label("group_state", state),
        "principal_responsibility": group.principal_responsibility,
        "founded_on": group.founded_on,
        "dissolved_on": group.dissolved_on,
    }


class StepIn(In):
    """One school's part of a change."""

    action: Annotated[StepKind, Field(description="join 加入、leave 退出、retier 调整层级")]
    school_id: UUID
    tier: Annotated[Tier | None, Field(description="加入或调整后的层级;退出时不填")] = None

    @model_validator(mode="after")
    def _tier_goes_with_the_action(self) -> Self:
        if (self.action is StepKind.LEAVE) == (self.tier is not None):
            words = ("加入和调整须填 tier,退出不填", "join and retier need a tier, leave has none")
            raise refused("tier_mismatch", *words)
        return self

    @property
    def step(self) -> Step:
        """The step as the rules judge it."""
        return Step(self.action, self.school_id, self.tier)


class MembershipChangeIn(In):
    """A dated change of a group's members: all of it, or nothing."""

    effective_on: Annotated[date, Field(description="生效日期", examples=["2027-02-22"])]
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=50)]
    conforming: Annotated[
        bool,
        Field(
            description="声明变更后符合“1+1–2+N”:填 true 时,不符合即整体拒绝。"
            "运行中且已达标的集团无论如何都不得因变更而不达标;尚未达标的集团可分步调整"
        ),
    ] = False
    reason: Annotated[Reason, Field(examples=["新学期成员调整"])]


class MembershipOut(Out):
    """A school's place in a group."""

    id: UUID
    version: int
    group_id: UUID
    group_name: str
    school_id: UUID
    school_name: str
    tier: Tier
    tier_label: str
    seat: Seat
    valid_from: ValidFrom
    valid_until: ValidUntil

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of membership, group name and school name."""
        membership, group_name, school_name = row
        return cls(
            id=membership.id,
            version=membership.version,
            group_id=membership.group_id,
            group_name=group_name,
            school_id=membership.school_id,
            school_name=school_name,
            tier=membership.tier,
            tier_label=label("membership_tier", membership.tier),
            seat=membership.seat,
            valid_from=membership.valid.lower,
            valid_until=membership.valid.upper,
        )


def member_of(row: Membership) -> Member:
    """A membership as the rules see it."""
    return Member(
        row.school_id, Tier(row.tier), row.seat, row.valid.lower or date.min, row.valid.upper
    )


class NoticeOut(Out):
    """Something about a group that should be looked at."""

    code: Annotated[
        str,
        Field(
            description="no-lead 缺牵头学校,no-close 缺紧密型成员,planned-gap 计划中的缺口,"
            "kind-mismatch 类型不符,no-head 未登记负责人,no-charter 无生效章程"
        ),
    ]
    message: str
    on: Annotated[date | None, Field(description="自哪一天起;空表示现在")]

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """The notice in the reader's language."""
        return cls(code=notice.concern.value, message=say(notice.words), on=notice.on)


class CompositionOut(Out):
    """What a group is made of on a day, and what should be looked at."""

    group: GroupOut
    as_of: date
    conforming: Annotated[bool, Field(description="当日是否符合“1+1–2+N”,由成员得出")]
    lead: Annotated[MembershipOut | None, Field(description="牵头学校")]
    close: Annotated[list[MembershipOut], Field(description="紧密型成员")]
    alliance: Annotated[list[MembershipOut], Field(description="联盟型成员")]
    head: Annotated[str | None, Field(description="集团负责人")]
    charter_number: Annotated[int | None, Field(description="生效的章程版本")]
    rural_schools: Annotated[int, Field(description="农村学校数")]
    weak_schools: Annotated[int, Field(description="薄弱学校数")]
    warnings: Annotated[list[NoticeOut], Field(description="需要关注的问题")]


class MembershipChangeOut(Out):
    """What a change of members did."""

    group_id: UUID
    effective_on: date
    ended: Annotated[list[MembershipOut], Field(description="自生效日起结束的成员关系")]
    withdrawn: Annotated[list[MembershipOut], Field(description="撤销的未生效安排")]
    started: Annotated[list[MembershipOut], Field(description="自生效日起的成员关系")]
    conforming: Annotated[bool, Field(description="生效日是否符合“1+1–2+N”")]
    warnings: Annotated[list[NoticeOut], Field(description="生效日需要关注的问题")]
    assignments_beyond: Annotated[
        int, Field(description="生效日后学校已非成员、仍未结束的走教安排数,均列入集团待办")
    ]
    lessons_beyond: Annotated[int, Field(description="上述安排尚未上的课数")]


class HeadIn(DayRange):
    """Who heads the group for a time."""

    person_name: Annotated[Name, Field(description="姓名", examples=["示例负责人"])]
    teacher_number: Annotated[str | None, Field(max_length=40, description="教师工号;可空")] = None
    criteria: Annotated[
        list[Criterion],
        Field(
            max_length=5,
            description="遴选依据:vision 理念、management 管理、social_standing 声望、"
            "devotion 情怀、responsibility 担当",
        ),
    ] = Field(default_factory=list)


class HeadOut(Out):
    """A head of a group, for a time."""

    id: UUID
    version: int
    group_id: UUID
    person_name: str
    teacher_number: str | None
    criteria: list[Criterion]
    valid_from: ValidFrom
    valid_until: ValidUntil

    @classmethod
    def of(cls, row: GroupHead) -> Self:
        """The head as people see it."""
        return cls(
            id=row.id,
            version=row.version,
            group_id=row.group_id,
            person_name=row.person_name,
            teacher_number=row.teacher_number,
            criteria=[Criterion(one) for one in row.criteria],
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
        )
