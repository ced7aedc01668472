"""What goes out about rotation."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from service.kit.http.schemas import Out
from service.kit.language import say
from service.kit.problems import Text
from service.rotation.rules import (
    UNKNOWN,
    Measure,
    Person,
    Policy,
    Structure,
    Whynot,
    bars,
    due_on,
    full_years,
    spread,
    target,
)

_WHY = {
    Whynot.NOT_LONG_ENOUGH: Text("在本校任教年限不足", "Not long enough at this school"),
    Whynot.OVER_AGE: Text("超过轮岗年龄", "Beyond the age of rotation"),
    Whynot.RETIRING: Text("临近退休", "Retires soon"),
}


class Employer(Out):
    """A school by its name."""

    id: UUID
    name: str


class PolicyOut(Out):
    """What the district has decided, or the defaults."""

    years_at_school: Annotated[int, Field(description="在同一学校满多少年应轮岗", examples=[6])]
    oldest: Annotated[int, Field(description="轮岗年龄上限(周岁,按年计)", examples=[50])]
    retires_within_years: Annotated[int, Field(description="距退休几年内不再轮岗", examples=[5])]
    share_percent: Annotated[int, Field(description="每学年轮岗比例(%)", examples=[20])]

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """The policy as an answer."""
        return cls(
            years_at_school=policy.years_at_school,
            oldest=policy.oldest,
            retires_within_years=policy.retires_within_years,
            share_percent=policy.share_percent,
        )


class WhyOut(Out):
    """One reason."""

    code: Whynot
    label: str


class RotationTeacher(Out):
    """A teacher, and whether rotation is due."""

    teacher_id: UUID
    number: str
    name: str
    here_since: Annotated[date, Field(description="到本校任教日期")]
    years_here: Annotated[int, Field(description="在本校任教满几年", examples=[7])]
    due_on: Annotated[date, Field(description="满轮岗年限的日期")]
    backbone: Annotated[bool, Field(description="骨干教师")]
    eligible: Annotated[bool, Field(description="符合轮岗条件")]
    reasons: Annotated[list[WhyOut], Field(description="不符合的原因;符合时为空")]

    @classmethod
    def of(cls, person: Person, *, policy: Policy, on: date) -> Self:
        """A person as an answer."""
        found = bars(person, policy=policy, on=on)
        return cls(
            teacher_id=person.teacher_id,
            number=person.number,
            name=person.name,
            here_since=person.here_since,
            years_here=full_years(person.here_since, on),
            due_on=due_on(person, policy=policy),
            backbone=person.backbone,
            eligible=not found,
            reasons=[WhyOut(code=one, label=say(_WHY[one])) for one in found],
        )


class EligibilityOut(Out):
    """Who of a school is due for rotation, and how many should move, by both denominators."""

    school: Employer
    on: date
    policy: PolicyOut
    teacher_count: int
    eligible_count: int
    target_of_all: Annotated[int, Field(description="按全体教师计算的年度轮岗人数")]
    target_of_eligible: Annotated[int, Field(description="按符合条件教师计算的年度轮岗人数")]
    teachers: list[RotationTeacher]

    @classmethod
    def of(cls, school: Employer, people: Sequence[Person], *, policy: Policy, on: date) -> Self:
        """The people of a school as an answer; those who are due come first."""
        teachers = [RotationTeacher.of(one, policy=policy, on=on) for one in people]
        eligible = sum(one.eligible for one in teachers)
        return cls(
            school=school,
            on=on,
            policy=PolicyOut.of(policy),
            teacher_count=len(teachers),
            eligible_count=eligible,
            target_of_all=target(len(teachers), policy=policy),
            target_of_eligible=target(eligible, policy=policy),
            teachers=sorted(teachers, key=lambda one: (not one.eligible, one.here_since)),
        )


# How schools are staffed

_TITLES = {
    "senior_full": Text("正高级", "Senior (full)"),
    "senior": Text("高级", "Senior"),
    "first": Text("一级", "First grade"),
    "second": Text("二级", "Second grade"),
    "third": Text("三级", "Third grade"),
    "none": Text("未定", "None"),
}
_AGES = {
    "<=35": Text("35 岁及以下", "35 and younger"),
    "36-45": Text("36–45 岁", "36 to 45"),
    "46-50": Text("46–50 岁", "46 to 50"),
    ">=51": Text("51 岁及以上", "51 and older"),
    UNKNOWN: Text("未登记", "Not known"),
}
_SENIORITIES = {
    "<=3": Text("教龄 3 年及以下", "Up to 3 years"),
    "4-10": Text("教龄 4–10 年", "4 to 10 years"),
    "11-20": Text("教龄 11–20 年", "11 to 20 years"),
    ">20": Text("教龄 20 年以上", "More than 20 years"),
    UNKNOWN: Text("未登记", "Not known"),
}
_MEASURES = {
    Measure.BACKBONE: Text("骨干教师占比", "Share of backbone teachers"),
    Measure.SENIOR: Text("高级及以上职称占比", "Share of senior titles"),
    Measure.YOUNG: Text("35 岁及以下教师占比", "Share of teachers up to 35"),
}


class BandOut(Out):
    """One band before and after."""

    code: str
    label: str
    before: int
    after: int


class ComparedOut(Out):
    """How some teachers are spread over the bands, before and after."""

    teachers_before: int
    teachers_after: int
    by_age: list[BandOut]
    by_title: list[BandOut]
    by_seniority: list[BandOut]
    backbone_before: int
    backbone_after: int
    backbone_share_before: float | None
    backbone_share_after: float | None

    @classmethod
    def of(cls, before: Structure, after: Structure) -> Self:
        """Two structures side by side."""
        return cls(
            teachers_before=before.teachers,
            teachers_after=after.teachers,
            by_age=_bands(before.by_age, after.by_age, labels=_AGES),
            by_title=_bands(before.by_title, after.by_title, labels=_TITLES),
            by_seniority=_bands(before.by_seniority, after.by_seniority, labels=_SENIORITIES),
            backbone_before=before.backbone,
            backbone_after=after.backbone,
            backbone_share_before=_share(before.backbone_share),
            backbone_share_after=_share(after.backbone_share),
        )


def _bands(
    before: Mapping[str, int], after: Mapping[str, int], *, labels: Mapping[str, Text]
) -> list[BandOut]:
    return [
        BandOut(code=name, label=say(labels[name]), before=count, after=after[name])
        for name, count in before.items()
    ]


def _share(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


Before = Annotated[date, Field(description="变动前的日期", examples=["2026-08-30"])]
After = Annotated[date, Field(description="变动后的日期", examples=["2026-09-01"])]


class SchoolStructureOut(Out):
    """How a school is staffed on two days."""

    school: Employer
    before: Before
    after: After
    structure: ComparedOut


class SpreadOut(Out):
    """How far schools differ: the coefficient of variation of a share."""

    code: Measure
    label: str
    before: float | None
    after: float | None

    @classmethod
    def of(cls, measure: Measure, before: Sequence[Structure], after: Sequence[Structure]) -> Self:
        """A measure on two days."""
        return cls(
            code=measure,
            label=say(_MEASURES[measure]),
            before=_share(spread(before, measure=measure)),
            after=_share(spread(after, measure=measure)),
        )


class GroupStructureOut(Out):
    """How the schools of a group are staffed on two days, alone and together."""

    group: Employer
    before: Before
    after: After
    structure: ComparedOut
    spread: Annotated[list[SpreadOut], Field(description="校际差异系数:越小越均衡")]
    schools: list[SchoolStructureOut]
