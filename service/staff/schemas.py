"""What comes in and what goes out: teachers, their employment, batches; rows of imports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from service.kit.auth import Caller
from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.network.schemas import label
from service.staff.rules import (
    HIDDEN,
    BackboneLevel,
    Grantor,
    LeavingReason,
    Qualified,
    Stay,
    Title,
)
from service.staff.tables import Teacher

_DEMO_UUID = "01a20ad7-90ca-7387-8a0d-edd0756500a4"
_BATCH = 500

Number = Annotated[
    str,
    Field(
        min_length=1,
        max_length=32,
        pattern=r"^[0-9A-Za-z_-]+$",
        description="工号,全区唯一",
        examples=["T0010002"],
    ),
]
PersonName = Annotated[
    str, Field(min_length=1, max_length=50, description="姓名", examples=["张晓梅"])
]
SchoolId = Annotated[UUID, Field(description="任职学校", examples=[_DEMO_UUID])]
EmployedFrom = Annotated[date, Field(description="到校日期(含)", examples=["2019-09-01"])]
EmployedUntil = Annotated[
    date | None, Field(description="离校日期(不含);空表示在职", examples=[None])
]
WhichTitle = Annotated[Title, Field(description="职称,见代码表 teacher_title", examples=["first"])]
Backbone = Annotated[
    BackboneLevel | None,
    Field(description="骨干称号,见代码表 backbone_level;与授予级别同时填写", examples=["backbone"]),
]
BackboneGrantor = Annotated[
    Grantor | None, Field(description="称号授予级别,见代码表 grantor", examples=["district"])
]
BirthYear = Annotated[int | None, Field(ge=1930, le=2020, description="出生年份", examples=[1985])]
TeachingSince = Annotated[date | None, Field(description="从教日期", examples=["2008-09-01"])]
RetirementDay = Annotated[date | None, Field(description="预计退休日期", examples=["2045-06-30"])]
Cadre = Annotated[bool, Field(description="是否中层干部")]
LoadLimit = Annotated[int, Field(ge=1, le=40, description="周课时上限", examples=[18])]


class TeachesIn(In):
    """A subject at a stage."""

    subject: Annotated[
        str,
        Field(
            min_length=1,
            max_length=40,
            pattern=r"^[0-9A-Za-z_-]+$",
            description="学科(课程代码),见代码表 subject 与 local_subject",
            examples=["24"],
        ),
    ]
    stage: Annotated[
        Literal["1", "2", "3", "4"],
        Field(description="学段:1 学前,2 小学,3 普通初中,4 普通高中", examples=["2"]),
    ]


def _once(teaches: list[TeachesIn]) -> list[TeachesIn]:
    if len(set(map(_qualified, teaches))) < len(teaches):
        words = {"zh": "同一学段学科只填一次", "en": "names a subject and stage twice"}
        raise PydanticCustomError("duplicate", "named twice", words)
    return teaches


def _qualified(teaches: TeachesIn) -> Qualified:
    return Qualified(teaches.subject, teaches.stage)


def qualifications(teaches: Sequence[TeachesIn]) -> list[Qualified]:
    """What a body says somebody may teach."""
    return [_qualified(one) for one in teaches]


Teaches = Annotated[
    list[TeachesIn],
    Field(max_length=30, description="可任教的学段与学科"),
    AfterValidator(_once),
]


class TeacherPut(In):
    """A teacher as a personnel system knows them: what is left out takes its default."""

    name: PersonName
    school_id: SchoolId
    employed_from: EmployedFrom
    employed_until: EmployedUntil = None
    title: WhichTitle = Title.NONE
    backbone_level: Backbone = None
    backbone_grantor: BackboneGrantor = None
    birth_year: BirthYear = None
    teaching_since: TeachingSince = None
    expected_retirement_on: RetirementDay = None
    cadre: Cadre = False
    weekly_load_limit: LoadLimit = 18
    teaches: Teaches = Field(default_factory=list)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.employed_until is not None and self.employed_until <= self.employed_from:
            raise PydanticCustomError("range_reversed", "until must be after from")
        if (self.backbone_level is None) is not (self.backbone_grantor is None):
            words = {
                "zh": "骨干称号与授予级别须同时填写",
                "en": "a backbone level and its grantor go together",
            }
            raise PydanticCustomError("honour_incomplete", "go together", words)
        since, born = self.teaching_since, self.birth_year
        if since is not None and born is not None and since.year <= born:
            words = {"zh": "从教日期早于出生年份", "en": "teaching began before the year of birth"}
            raise PydanticCustomError("implausible_date", "implausible", words)
        return self


class TeacherIn(TeacherPut):
    """A new teacher."""

    number: Number


class TeacherItem(TeacherIn):
    """One teacher of a batch."""

    version: Annotated[
        int | None,
        Field(
            ge=0,
            description="上次读取的版本号(ETag);不一致时该项报 412 而不覆盖;"
            "0 表示应为新教师;空表示不检查",
            examples=[None],
        ),
    ] = None


class TeacherBatch(In):
    """Teachers to create or update by number."""

    items: Annotated[list[TeacherItem], Field(min_length=1, max_length=_BATCH)]

    @model_validator(mode="after")
    def _names_everybody_once(self) -> Self:
        if len({item.number for item in self.items}) < len(self.items):
            words = {"zh": "同一工号只能出现一次", "en": "names a number twice"}
            raise PydanticCustomError("duplicate", "named twice", words)
        return self


class TeacherPatch(In):
    """What may change of a teacher; the number stays, the school changes by transfer."""

    name: PersonName = Field(default_factory=str)
    title: WhichTitle = Field(default_factory=lambda: Title.NONE)
    backbone_level: Backbone = None
    backbone_grantor: BackboneGrantor = None
    birth_year: BirthYear = None
    teaching_since: TeachingSince = None
    expected_retirement_on: RetirementDay = None
    cadre: Cadre = Field(default_factory=bool)
    weekly_load_limit: LoadLimit = Field(default_factory=lambda: 18)
    teaches: Teaches = Field(default_factory=list)


Note = Annotated[str, Field(max_length=200, description="说明,记入审计;请勿填写病情等隐私")]


class TransferIn(In):
    """To which school, from which day."""

    school_id: Annotated[UUID, Field(description="调入学校", examples=[_DEMO_UUID])]
    on: Annotated[date, Field(description="到新学校的第一天", examples=["2027-02-22"])]
    note: Note = ""


class LeaveIn(In):
    """From which day a school does not employ a teacher any more, and why."""

    on: Annotated[date, Field(description="自该日起不再任职(不含)", examples=["2027-07-10"])]
    reason: Annotated[
        LeavingReason,
        Field(
            description="transferred 调出本区,rotated 交流轮岗,retired 退休,resigned 辞职,"
            "other 其他",
            examples=["retired"],
        ),
    ]
    note: Note = ""


# Out


class TeachesOut(Out):
    """A subject at a stage."""

    subject: str
    subject_label: str
    stage: str
    stage_label: str

    @classmethod
    def of(cls, item: Any) -> Self:
        """One item of a row's ``teaches``."""
        local = Text(item["zh"], item["en"] or item["zh"]) if item["zh"] else None
        return cls(
            subject=item["subject"],
            subject_label=say(local) if local else label("subject", item["subject"]),
            stage=item["stage"],
            stage_label=label("stage", item["stage"]),
        )


class HomeSchoolOut(Out):
    """The school that employs a teacher on the day asked for."""

    id: UUID
    name: str


class StayOut(Out):
    """A time at a school."""

    school_id: UUID
    school_name: str
    employed_from: date
    employed_until: Annotated[date | None, Field(description="离校日期(不含);空表示在职")]
    leaving_reason: LeavingReason | None
    leaving_reason_label: str | None

    @classmethod
    def of(cls, stay: Stay, *, school_name: str) -> Self:
        """The stay as people see it."""
        return cls(
            school_id=stay.school_id,
            school_name=school_name,
            employed_from=stay.since,
            employed_until=stay.until,
            leaving_reason=stay.reason,
            leaving_reason_label=say(LEAVING[stay.reason]) if stay.reason else None,
        )


LEAVING = {
    LeavingReason.TRANSFERRED: Text("调动", "Transferred"),
    LeavingReason.ROTATED: Text("交流轮岗", "Rotated"),
    LeavingReason.RETIRED: Text("退休", "Retired"),
    LeavingReason.RESIGNED: Text("辞职", "Resigned"),
    LeavingReason.OTHER: Text("其他", "Other"),
}


class TeacherOut(Out):
    """A teacher, as employed on the day asked for."""

    id: UUID
    version: int
    number: str
    name: str
    home_school: Annotated[HomeSchoolOut | None, Field(description="所查日期的任职学校")]
    title: Title
    title_label: str
    backbone_level: BackboneLevel | None
    backbone_label: Annotated[str | None, Field(examples=["区级骨干教师"])]
    backbone_grantor: Grantor | None
    birth_year: int | None
    teaching_since: date | None
    expected_retirement_on: date | None
    cadre: bool
    weekly_load_limit: int
    teaches: list[TeachesOut]

    @classmethod
    def seen_by(cls, caller: Caller) -> Callable[[Any], Self]:
        """A row of ``queries.teachers``, with what the caller is told of persons."""
        return lambda row: cls(**_fields(row, caller))


class TeacherDetail(TeacherOut):
    """A teacher with all employments."""

    employments: Annotated[list[StayOut], Field(description="任职经历,按时间先后")]

    @classmethod
    def complete(cls, row: Any, *, caller: Caller, employments: Sequence[StayOut]) -> Self:
        """A row of ``queries.teachers`` with what is known of the past and planned."""
        return cls(**_fields(row, caller), employments=list(employments))


def _fields(row: Any, caller: Caller) -> dict[str, Any]:
    return {**_all_fields(row), **dict.fromkeys(HIDDEN[caller.profile])}


def _all_fields(row: Any) -> dict[str, Any]:
    teacher: Teacher
    teacher, school_id, school_name, teaches = row
    home = HomeSchoolOut(id=school_id, name=school_name) if school_id else None
    level, grantor = teacher.backbone_level, teacher.backbone_grantor
    honour = (
        f"{label('grantor', grantor)}{_gap()}{label('backbone_level', level)}"
        if (level and grantor)
        else None
    )
    return {
        "id": teacher.id,
        "version": teacher.version,
        "number": teacher.number,
        "name": teacher.name,
        "home_school": home,
        "title": teacher.title,
        "title_label": label("teacher_title", teacher.title),
        "backbone_level": level,
        "backbone_label": honour,
        "backbone_grantor": grantor,
        "birth_year": teacher.birth_year,
        "teaching_since": teacher.teaching_since,
        "expected_retirement_on": teacher.expected_retirement_on,
        "cadre": teacher.cadre,
        "weekly_load_limit": teacher.weekly_load_limit,
        "teaches": [TeachesOut.of(item) for item in teaches or ()],
    }


def _gap() -> str:
    """Chinese words need no space between them."""
    return say(Text("", " · "))


class BatchItemOut(Out):
    """What became of one item of a batch."""

    index: int
    number: str
    status: Annotated[int, Field(description="201 新建,200 更新或无变化,4xx 被拒绝")]
    id: UUID | None
    version: int | None
    problem: Annotated[dict[str, Any] | None, Field(description="被拒绝的原因(RFC 9457 问题详情)")]


class BatchOut(Out):
    """What became of a batch."""

    created: int
    updated: Annotated[int, Field(description="更新或无变化的项数")]
    refused: int
    items: list[BatchItemOut]


# Rows of a workbook


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherRow:
    """A teacher by number; the school by its 10-digit identifier, days half-open."""

    number: str
    name: str
    school_code: str
    employed_from: date
    employed_until: date | None = None
    title: Title = Title.NONE
    backbone_level: BackboneLevel | None = None
    backbone_grantor: Grantor | None = None
    birth_year: int | None = None
    teaching_since: date | None = None
    expected_retirement_on: date | None = None
    cadre: bool = False
    weekly_load_limit: int = 18
    teaches: tuple[Qualified, ...] = ()
