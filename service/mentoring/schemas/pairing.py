"""What comes in and what goes out: pairings, mentees, mentors; rows of imports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.http.schemas import DayRange, In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.mentoring.rules import (
    GAPS,
    LACKS,
    EndReason,
    Gap,
    Guide,
    Lack,
    PairingState,
    Policy,
    dual_gaps,
    state_on,
)
from service.mentoring.tables import Pairing
from service.network import codes

_DEMO_UUID = "01a20ad7-90ca-7387-8a0d-edd0756500a4"

Role = Annotated[
    str,
    Field(
        min_length=1,
        max_length=40,
        description="导师角色,取自本区代码表 mentor_role;"
        "默认 in_school 校内导师、cross_school 集团/区级导师",
        examples=["cross_school"],
    ),
]
Goals = Annotated[
    str,
    Field(max_length=5000, description="培养目标", examples=["一学期站稳讲台,一年上好汇报课"]),
]


class PairingIn(DayRange):
    """A proposal: who is to mentor whom, in which role, for how long."""

    mentor_id: Annotated[UUID, Field(description="导师", examples=[_DEMO_UUID])]
    mentee_id: Annotated[UUID, Field(description="徒弟", examples=[_DEMO_UUID])]
    role: Role
    goals: Goals = ""


class PairingPatch(In):
    """What may change of an open pairing; the two and the role stay."""

    goals: Goals = Field(default_factory=str)
    valid_until: Annotated[
        date | None, Field(description="结束日期(不含);空表示长期", examples=["2027-07-10"])
    ] = None


Note = Annotated[str, Field(max_length=1000, description="说明", examples=["导师交流轮岗"])]


class DeclineIn(In):
    """Why somebody says no, or takes a yes back."""

    note: Note = ""


class EndIn(In):
    """Why a pairing ends, and from which day it is over."""

    reason: Annotated[
        EndReason,
        Field(
            description="completed 期满完成,replaced 更换导师,transferred 调动,withdrawn 撤回",
            examples=["replaced"],
        ),
    ]
    on: Annotated[
        date | None, Field(description="自该日起结束(不含);空表示明天,今天为最后一天")
    ] = None
    note: Note = ""


class ReplaceIn(In):
    """Who is to take over, and from which day on."""

    mentor_id: Annotated[UUID, Field(description="接任的导师", examples=[_DEMO_UUID])]
    on: Annotated[
        date | None, Field(description="自该日起可以接任;空表示明天", examples=["2026-11-02"])
    ] = None
    note: Note = ""


# Out

_STATES = {
    PairingState.PROPOSED: Text("拟结对", "Proposed"),
    PairingState.ACCEPTED: Text("已同意", "Accepted"),
    PairingState.SIGNED: Text("已签协议", "Signed"),
    PairingState.ACTIVE: Text("进行中", "Active"),
    PairingState.ENDED: Text("已结束", "Ended"),
}
_REASONS = {
    EndReason.COMPLETED: Text("期满完成", "Completed"),
    EndReason.REPLACED: Text("更换导师", "Replaced"),
    EndReason.TRANSFERRED: Text("工作调动", "Transferred"),
    EndReason.WITHDRAWN: Text("撤回", "Withdrawn"),
}


def role_label(role: str, *, zh: str | None, en: str | None) -> str:
    """The words of a role: the district's own, else those it has from the start."""
    if zh:
        return say(Text(zh, en or zh))
    known = {item.code: item.label for item in codes.DEFAULTS["mentor_role"]}
    return say(known[role]) if role in known else role


class PartnerOut(Out):
    """One of the two, with the school that employs them on the day asked for."""

    id: UUID
    number: str
    name: str
    school_id: UUID | None
    school_name: str | None


class PairingOut(Out):
    """A mentor and a mentee."""

    id: UUID
    version: int
    state: Annotated[PairingState, Field(description="期满未办理结束的结对显示为 ended")]
    state_label: str
    role: str
    role_label: str
    mentor: PartnerOut
    mentee: PartnerOut
    outside: Annotated[bool, Field(description="导师是否来自外校")]
    valid_from: date
    valid_until: Annotated[date | None, Field(description="结束日期(不含)")]
    goals: str
    mentor_accepted: bool
    mentee_accepted: bool
    mentor_signed_at: Annotated[
        AwareDatetime | None, Field(description="导师签署协议的时间;空表示尚未签署")
    ]
    mentee_signed_at: Annotated[
        AwareDatetime | None, Field(description="徒弟签署协议的时间;空表示尚未签署")
    ]
    replaces_id: Annotated[UUID | None, Field(description="所接替的结对;启动之日原结对随之结束")]
    activated_on: date | None
    ended_at: AwareDatetime | None
    end_reason: EndReason | None
    end_reason_label: str | None
    end_note: str

    @classmethod
    def of(cls, row: Any, *, day: date) -> Self:
        """A row of ``queries.pairings``."""
        pairing: Pairing
        pairing, mentor, mentee, role_zh, role_en = row
        since, until = pairing.valid.lower or date.min, pairing.valid.upper
        state = state_on(PairingState(pairing.state), valid=(since, until), day=day)
        reason = _reason(pairing, state)
        guide, learner = PartnerOut(**mentor), PartnerOut(**mentee)
        return cls(
            id=pairing.id,
            version=pairing.version,
            state=state,
            state_label=say(_STATES[state]),
            role=pairing.role,
            role_label=role_label(pairing.role, zh=role_zh, en=role_en),
            mentor=guide,
            mentee=learner,
            outside=None not in {guide.school_id, learner.school_id}
            and guide.school_id != learner.school_id,
            valid_from=since,
            valid_until=until,
            goals=pairing.goals,
            mentor_accepted=pairing.mentor_accepted,
            mentee_accepted=pairing.mentee_accepted,
            mentor_signed_at=pairing.mentor_signed_at,
            mentee_signed_at=pairing.mentee_signed_at,
            replaces_id=pairing.replaces_id,
            activated_on=pairing.activated_on,
            ended_at=pairing.ended_at,
            end_reason=reason,
            end_reason_label=say(_REASONS[reason]) if reason else None,
            end_note=pairing.end_note,
        )


def _reason(pairing: Pairing, state: PairingState) -> EndReason | None:
    """A pairing whose days are over without a word was completed."""
    if pairing.end_reason is not None:
        return EndReason(pairing.end_reason)
    return EndReason.COMPLETED if state is PairingState.ENDED else None


class GapOut(Out):
    """Something the dual rule asks for."""

    code: Gap
    message: str


class GuideOut(Out):
    """One of a mentee's mentors, present or proposed."""

    pairing_id: UUID
    mentor: PartnerOut
    role: str
    role_label: str
    outside: Annotated[bool, Field(description="是否来自外校")]
    active: Annotated[bool, Field(description="所查日期是否已启动;未启动的不计入双导师")]


class MenteeOut(Out):
    """A mentee and whether the dual rule is met."""

    teacher: PartnerOut
    rural: Annotated[bool, Field(description="是否在农村学校任职")]
    weak: Annotated[bool, Field(description="是否在薄弱学校任职")]
    met: Annotated[bool, Field(description="是否已满足双导师要求")]
    gaps: Annotated[list[GapOut], Field(description="尚缺什么;满足时为空")]
    guides: list[GuideOut]

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of ``queries.mentees``."""
        return cls(**_mentee(row))


def _mentee(row: Any) -> dict[str, Any]:
    teacher, rural, weak, guides = row
    listed = [_guide(item) for item in guides or ()]
    active = [Guide(one.mentor.id, one.role, outside=one.outside) for one in listed if one.active]
    gaps = dual_gaps(active, disadvantaged=bool(rural or weak))
    return {
        "teacher": PartnerOut(**teacher),
        "rural": bool(rural),
        "weak": bool(weak),
        "met": not gaps,
        "gaps": [GapOut(code=gap, message=say(GAPS[gap])) for gap in gaps],
        "guides": listed,
    }


def _guide(item: Mapping[str, Any]) -> GuideOut:
    return GuideOut(
        pairing_id=item["pairing_id"],
        mentor=PartnerOut(**item["mentor"]),
        role=item["role"],
        role_label=role_label(item["role"], zh=item["role_zh"], en=item["role_en"]),
        outside=item["outside"],
        active=item["active"],
    )


class WarningOut(Out):
    """Something about a pairing that should be looked at."""

    pairing_id: UUID
    code: Lack
    message: str


class MenteeReport(MenteeOut):
    """A mentee with everything that should be looked at."""

    as_of: date
    warnings: Annotated[
        list[WarningOut], Field(description="不影响结对存续、但应当处理的问题,如导师即将离校")
    ]

    @classmethod
    def complete(cls, row: Any, *, as_of: date, warnings: Sequence[tuple[UUID, Lack]]) -> Self:
        """A row of ``queries.mentees`` with what speaks against its pairings."""
        listed = [
            WarningOut(pairing_id=pairing_id, code=lack, message=say(LACKS[lack]))
            for pairing_id, lack in warnings
        ]
        return cls(**_mentee(row), as_of=as_of, warnings=listed)


class MentorOut(Out):
    """A mentor and the places that are taken on the day asked for."""

    teacher: PartnerOut
    taken: Annotated[int, Field(description="已占名额(含待答复的提议)")]
    capacity: Annotated[int, Field(description="名额上限")]
    free: int

    @classmethod
    def of(cls, row: Any, *, policy: Policy) -> Self:
        """A row of ``queries.mentors``."""
        teacher, taken = row
        return cls(
            teacher=PartnerOut(**teacher),
            taken=taken,
            capacity=policy.capacity,
            free=max(policy.capacity - taken, 0),
        )


# Rows of a workbook


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingRow:
    """A pairing by the two numbers, the role and the first day; ``valid_until`` is exclusive."""

    mentor_number: str
    mentee_number: str
    role: str
    valid_from: date
    valid_until: date | None = None
    goals: str = ""
    state: PairingState = PairingState.PROPOSED
