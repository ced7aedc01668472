"""What comes in and what goes out: programmes, what they ask for, cohorts."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.mentoring.rules.programme import (
    DEFAULT_ROLES,
    GROUNDS,
    Combine,
    EntryKind,
    Ground,
    MinimumPlan,
    ProgrammeRole,
    ProgrammeState,
    RolePlace,
    Weights,
)
from service.mentoring.schemas.appraisal import RubricIn, RubricOut
from service.mentoring.schemas.pairing import PartnerOut
from service.mentoring.tables import MentoringProgramme, MentoringStandard, ProgrammeEntry
from service.network.codes import DEFAULTS
from service.staff.rules import BackboneLevel

_DEMO_UUID = "01a20ad7-90ca-7387-8a0d-edd0756500a4"
_PLAN = MinimumPlan()
_WEIGHTS = Weights()
_WEIGHT = Annotated[int, Field(ge=0, le=100)]

Name = Annotated[
    str,
    Field(min_length=1, max_length=120, description="名称", examples=["2026 学年双导师帮扶"]),
]


class RoleIn(In):
    """A role, and where its mentor comes from."""

    code: Annotated[
        str,
        Field(
            min_length=1,
            max_length=40,
            description="导师角色,取自本区代码表 mentor_role",
            examples=["cross_school"],
        ),
    ]
    place: Annotated[
        RolePlace,
        Field(
            description="same_school 本校,other_school 外校,anywhere 不限",
            examples=["other_school"],
        ),
    ]


def _roles() -> list[RoleIn]:
    return [RoleIn(code=role.code, place=role.place) for role in DEFAULT_ROLES]


class CohortIn(In):
    """Who should be mentored."""

    new_years: Annotated[
        int | None,
        Field(
            ge=0,
            le=40,
            description="学年开始时教龄不超过几年的为新教师;空表示不看教龄",
            examples=[3],
        ),
    ] = 3
    rural: Annotated[bool, Field(description="看是否农村学校")] = True
    weak: Annotated[bool, Field(description="看是否薄弱学校(按认定)")] = True
    combine: Annotated[
        Combine,
        Field(
            description="all:既是新教师,又在农村或薄弱学校;any:符合任何一项即可",
            examples=["all"],
        ),
    ] = Combine.ALL


class QualificationIn(In):
    """Who may be a mentor; a shared subject at the same stage is always asked for."""

    capacity: Annotated[
        int, Field(ge=1, le=20, description="每位导师的名额;不超过本区名额", examples=[3])
    ] = 3
    min_years: Annotated[int, Field(ge=0, le=40, description="最低教龄(年)", examples=[5])] = 5
    honours: Annotated[
        list[BackboneLevel],
        Field(
            max_length=4,
            description="哪些骨干称号算作资格",
            examples=[["backbone", "subject_leader", "master", "special"]],
        ),
    ] = Field(default_factory=lambda: list(BackboneLevel))
    honour_and_years: Annotated[
        bool, Field(description="true 须称号与教龄兼备,false 有其一即可")
    ] = False


class PlanIn(In):
    """What a pair does together in a term, at least."""

    lesson_plans: Annotated[int, Field(ge=0, le=100, description="指导教案(篇)", examples=[3])] = (
        _PLAN.lesson_plans
    )
    observed_by_mentor: Annotated[
        int, Field(ge=0, le=100, description="导师听徒弟的课(节)", examples=[8])
    ] = _PLAN.observed_by_mentor
    observed_of_mentor: Annotated[
        int, Field(ge=0, le=100, description="徒弟听导师的课(节)", examples=[8])
    ] = _PLAN.observed_of_mentor


class WeightsIn(In):
    """How much each criterion counts when mentors are matched."""

    subject: _WEIGHT = _WEIGHTS.subject
    tier: _WEIGHT = _WEIGHTS.tier
    travel: _WEIGHT = _WEIGHTS.travel
    fairness: _WEIGHT = _WEIGHTS.fairness
    continuity: _WEIGHT = _WEIGHTS.continuity


class StandardIn(In):
    """What a programme asks for; what is left out keeps its default."""

    cohort: Annotated[CohortIn, Field(description="帮扶对象")] = Field(default_factory=CohortIn)
    roles: Annotated[
        list[RoleIn], Field(min_length=2, max_length=6, description="每位徒弟应有的导师角色")
    ] = Field(default_factory=_roles)
    mentors: Annotated[QualificationIn, Field(description="导师资格与名额")] = Field(
        default_factory=QualificationIn
    )
    plan: Annotated[PlanIn, Field(description="每学期最低要求")] = Field(default_factory=PlanIn)
    agreement_required: Annotated[
        bool, Field(description="是否须双方签署协议后才能启动结对;否则可以补签", examples=[False])
    ] = False
    weights: Annotated[WeightsIn, Field(description="匹配时各项的权重(0–100)")] = Field(
        default_factory=WeightsIn
    )

    rubric: Annotated[RubricIn, Field(description="考核指标、三方权重与等次分数线")] = Field(
        default_factory=RubricIn
    )

    @property
    def wanted_roles(self) -> list[ProgrammeRole]:
        """As the rules judge them."""
        return [ProgrammeRole(one.code, one.place) for one in self.roles]

    def columns(self) -> dict[str, Any]:
        """As the table keeps it."""
        return {
            "new_years": self.cohort.new_years,
            "rural": self.cohort.rural,
            "weak": self.cohort.weak,
            "combine": self.cohort.combine.value,
            "roles": [one.model_dump(mode="json") for one in self.roles],
            "capacity": self.mentors.capacity,
            "min_years": self.mentors.min_years,
            "honours": sorted({one.value for one in self.mentors.honours}),
            "honour_and_years": self.mentors.honour_and_years,
            "lesson_plans": self.plan.lesson_plans,
            "observed_by_mentor": self.plan.observed_by_mentor,
            "observed_of_mentor": self.plan.observed_of_mentor,
            "agreement_required": self.agreement_required,
            "weights": self.weights.model_dump(),
            "rubric": self.rubric.columns,
        }


class ProgrammeIn(In):
    """A school year's mentoring, of the district or of one group."""

    school_year_id: Annotated[UUID, Field(description="学年", examples=[_DEMO_UUID])]
    group_id: Annotated[
        UUID | None, Field(description="仅一个集团;空表示全区", examples=[None])
    ] = None
    name: Name
    standard: Annotated[StandardIn, Field(description="帮扶标准")] = Field(
        default_factory=StandardIn
    )


class ProgrammePatch(In):
    """What may change of a programme; its standard has an operation of its own."""

    name: Name = Field(default_factory=str)


class StandardPut(In):
    """What a programme asks for, from a day on."""

    effective_from: Annotated[
        date, Field(description="自该日起执行;此前的标准到该日为止", examples=["2027-02-22"])
    ]
    standard: StandardIn


class EntryIn(In):
    """What somebody decided about a teacher by hand."""

    kind: Annotated[EntryKind, Field(description="added 增补,exempted 免除", examples=["added"])]
    reason: Annotated[
        str,
        Field(max_length=500, description="说明;请勿填写病情", examples=["转岗任教,需要帮扶"]),
    ] = ""


# Out

STATES = {
    ProgrammeState.DRAFT: Text("草稿", "Draft"),
    ProgrammeState.OPEN: Text("开放", "Open"),
    ProgrammeState.CLOSED: Text("已关闭", "Closed"),
}
KINDS = {
    EntryKind.ADDED: Text("增补", "Added"),
    EntryKind.EXEMPTED: Text("免除", "Exempted"),
}


class RoleOut(Out):
    """A role with its names."""

    code: str
    zh: str
    en: str
    place: RolePlace


class CohortOut(Out):
    """Who should be mentored."""

    new_years: int | None
    rural: bool
    weak: bool
    combine: Combine


class QualificationOut(Out):
    """Who may be a mentor."""

    capacity: int
    min_years: int
    honours: list[BackboneLevel]
    honour_and_years: bool


class PlanOut(Out):
    """What a pair does together in a term, at least."""

    lesson_plans: Annotated[int, Field(description="指导教案(篇)")]
    observed_by_mentor: Annotated[int, Field(description="导师听徒弟的课(节)")]
    observed_of_mentor: Annotated[int, Field(description="徒弟听导师的课(节)")]


class WeightsOut(Out):
    """How much each criterion counts when mentors are matched."""

    subject: int
    tier: int
    travel: int
    fairness: int
    continuity: int


class StandardOut(Out):
    """One version of what a programme asks for."""

    number: Annotated[int, Field(description="版本号")]
    valid_from: date
    valid_until: Annotated[date | None, Field(description="失效日期(不含)")]
    cohort: CohortOut
    roles: list[RoleOut]
    mentors: QualificationOut
    plan: PlanOut
    agreement_required: Annotated[bool, Field(description="是否须签署协议后启动结对")]
    weights: WeightsOut
    rubric: RubricOut
    decided_by_name: str
    decided_at: AwareDatetime

    @classmethod
    def of(cls, row: MentoringStandard, *, names: dict[str, Text]) -> Self:
        """A version, its roles by the names of the district's list."""
        return cls(
            number=row.number,
            valid_from=row.valid.lower or date.min,
            valid_until=row.valid.upper,
            cohort=CohortOut(
                new_years=row.new_years,
                rural=row.rural,
                weak=row.weak,
                combine=Combine(row.combine),
            ),
            roles=[_role(one, names=names) for one in row.roles],
            mentors=QualificationOut(
                capacity=row.capacity,
                min_years=row.min_years,
                honours=[BackboneLevel(one) for one in row.honours],
                honour_and_years=row.honour_and_years,
            ),
            plan=PlanOut(
                lesson_plans=row.lesson_plans,
                observed_by_mentor=row.observed_by_mentor,
                observed_of_mentor=row.observed_of_mentor,
            ),
            agreement_required=row.agreement_required,
            weights=WeightsOut(**row.weights),
            rubric=RubricOut.of(row.rubric),
            decided_by_name=row.decided_by_name,
            decided_at=row.decided_at,
        )


def _role(one: dict[str, Any], *, names: dict[str, Text]) -> RoleOut:
    known = {item.code: item.label for item in DEFAULTS["mentor_role"]} | names
    label = known.get(one["code"], Text(one["code"], one["code"]))
    return RoleOut(
        code=one["code"], zh=label.zh, en=label.en or label.zh, place=RolePlace(one["place"])
    )


class ProgrammeOut(Out):
    """A school year's mentoring."""

    id: UUID
    version: int
    school_year_id: UUID
    school_year: Annotated[str, Field(description="学年,如 2026-2027")]
    group_id: UUID | None
    group_name: str | None
    name: str
    state: ProgrammeState
    state_label: str
    opened_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    standards: Annotated[list[StandardOut], Field(description="标准的全部版本,按生效日期先后")]

    @classmethod
    def of(
        cls, row: Any, *, standards: Sequence[MentoringStandard], names: dict[str, Text]
    ) -> Self:
        """A row of ``queries.programme.programmes`` with its standards."""
        programme: MentoringProgramme
        programme, year, group = row
        state = ProgrammeState(programme.state)
        return cls(
            id=programme.id,
            version=programme.version,
            school_year_id=programme.school_year_id,
            school_year=year,
            group_id=programme.group_id,
            group_name=group,
            name=programme.name,
            state=state,
            state_label=say(STATES[state]),
            opened_at=programme.opened_at,
            closed_at=programme.closed_at,
            standards=[StandardOut.of(one, names=names) for one in standards],
        )


class EntryOut(Out):
    """What somebody decided about a teacher by hand."""

    version: int
    teacher: PartnerOut
    kind: EntryKind
    kind_label: str
    reason: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of ``queries.programme.entries``."""
        entry: ProgrammeEntry
        entry, teacher = row
        kind = EntryKind(entry.kind)
        return cls(
            version=entry.version,
            teacher=PartnerOut(**teacher),
            kind=kind,
            kind_label=say(KINDS[kind]),
            reason=entry.reason,
        )


class GroundOut(Out):
    """Why a teacher belongs to a cohort."""

    code: Ground
    label: str

    @classmethod
    def several(cls, told: Mapping[Ground, bool]) -> list["GroundOut"]:
        """Those that hold."""
        return [cls(code=one, label=say(GROUNDS[one])) for one, holds in told.items() if holds]
