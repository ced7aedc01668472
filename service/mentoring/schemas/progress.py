"""What goes out about progress: a pair's counts against the plan, and the list of an office."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from service.kit.http.schemas import Out
from service.kit.language import say
from service.kit.problems import Text
from service.kit.workbook import Cell, Column, Sheet
from service.mentoring.rules.log import LOG_KINDS, LogKind
from service.mentoring.rules.progress import PLAN_ITEMS, PlanItem, Progress, Window
from service.mentoring.schemas.pairing import PairingOut, PartnerOut


class TermShown(Out):
    """The term that is counted."""

    id: UUID
    label: str
    starts: date
    until: Annotated[date, Field(description="结束日期(不含)")]

    @classmethod
    def of(cls, id_: UUID, *, year: str, number: int, bounds: Window) -> Self:
        """A term with the name of its year."""
        label = Text(f"{year} 学年第 {number} 学期", f"{year}, term {number}")
        return cls(id=id_, label=say(label), starts=bounds[0], until=bounds[1])


class ItemProgressOut(Out):
    """One part of the plan."""

    item: PlanItem
    item_label: str
    planned: Annotated[int, Field(description="本学期最低要求;不足一学期的结对按天数折算")]
    confirmed: Annotated[int, Field(description="已由对方确认")]
    waiting: Annotated[int, Field(description="待对方确认,尚不计入")]
    left: Annotated[int, Field(description="还差多少")]
    due: Annotated[int, Field(description="按进度今天应完成")]
    behind: Annotated[int, Field(description="按进度落后多少")]


class KindCountOut(Out):
    """The entries of a kind."""

    kind: LogKind
    kind_label: str
    confirmed: int
    waiting: int


class ProgressOut(Out):
    """How far a pair has come in a term."""

    items: list[ItemProgressOut]
    left: Annotated[int, Field(description="各项还差之和")]
    behind: Annotated[int, Field(description="各项落后之和;0 为跟上进度")]
    catch_up_by: Annotated[date, Field(description="最迟补足日期:本学期结对的最后一天")]

    @staticmethod
    def told(found: Progress) -> dict[str, Any]:
        """The counts, as every answer about progress says them."""
        return {
            "items": [
                ItemProgressOut(
                    item=one.item,
                    item_label=say(PLAN_ITEMS[one.item]),
                    planned=one.planned,
                    confirmed=one.confirmed,
                    waiting=one.waiting,
                    left=one.left,
                    due=one.due,
                    behind=one.behind,
                )
                for one in found.items
            ],
            "left": found.left,
            "behind": found.behind,
            "catch_up_by": found.catch_up_by,
        }


class PairingProgressOut(ProgressOut):
    """A pair's progress in a term."""

    pairing_id: UUID
    as_of: date
    term: TermShown
    kinds: Annotated[list[KindCountOut], Field(description="各类记录,不论是否计入最低要求")]

    @classmethod
    def of(cls, pairing_id: UUID, found: Progress, *, term: TermShown, as_of: date) -> Self:
        """The counts of a pair."""
        kinds = [
            KindCountOut(
                kind=kind, kind_label=say(LOG_KINDS[kind]), confirmed=confirmed, waiting=waiting
            )
            for kind, (confirmed, waiting) in found.kinds.items()
        ]
        return cls(
            pairing_id=pairing_id,
            as_of=as_of,
            term=term,
            kinds=kinds,
            **cls.told(found),
        )


class PairProgressOut(ProgressOut):
    """A line of an office's list."""

    pairing_id: UUID
    role: str
    role_label: str
    mentor: PartnerOut
    mentee: PartnerOut
    valid_from: date
    valid_until: Annotated[date | None, Field(description="结束日期(不含)")]

    @classmethod
    def of(cls, row: Any, found: Progress, *, day: date) -> Self:
        """A row of ``queries.progress.running`` with its counts."""
        known = PairingOut.of(row, day=day)
        return cls(
            pairing_id=known.id,
            role=known.role,
            role_label=known.role_label,
            mentor=known.mentor,
            mentee=known.mentee,
            valid_from=known.valid_from,
            valid_until=known.valid_until,
            **cls.told(found),
        )


TWO = (
    Column(Text("徒弟工号", "Mentee's number"), 12),
    Column(Text("徒弟", "Mentee"), 10),
    Column(Text("徒弟学校", "Mentee's school"), 26),
    Column(Text("导师工号", "Mentor's number"), 12),
    Column(Text("导师", "Mentor"), 10),
    Column(Text("导师学校", "Mentor's school"), 26),
    Column(Text("角色", "Role"), 16),
    Column(Text("开始日期", "First day"), 12),
    Column(Text("结束日期", "Last day"), 12),
)
"""The columns with which every list of pairs begins."""


def the_two(one: PairProgressOut | PairingOut) -> list[Cell]:
    """The cells of ``TWO``; the last day is the last one on which the pair works together."""
    last = one.valid_until - timedelta(days=1) if one.valid_until else None
    return [
        one.mentee.number,
        one.mentee.name,
        one.mentee.school_name,
        one.mentor.number,
        one.mentor.name,
        one.mentor.school_name,
        one.role_label,
        one.valid_from,
        last,
    ]


def progress_sheet(
    items: Sequence[PairProgressOut], *, term: TermShown, as_of: date, behind: bool | None
) -> Sheet:
    """The list as an office prints it."""
    title = (
        Text("帮扶进度滞后名单", "Pairs behind the plan")
        if behind
        else Text("帮扶进度表", "Progress of pairs")
    )
    counted = [
        Column(Text(f"{label.zh}{more.zh}", f"{label.en}, {more.en}"), 12)
        for label in PLAN_ITEMS.values()
        for more in (_PLANNED, _DONE)
    ]
    return Sheet(
        title=title,
        notes=[
            Text(
                f"{term.label},截至 {as_of},共 {len(items)} 对",
                f"{term.label}, as of {as_of}, {len(items)} pairs",
            )
        ],
        columns=[
            *TWO,
            *counted,
            Column(Text("待确认", "Waiting"), 9),
            Column(Text("还差", "Left"), 9),
            Column(Text("落后", "Behind"), 9),
            Column(Text("最迟补足日期", "Catch up by"), 14),
        ],
        rows=[
            [
                *the_two(one),
                *(count for item in one.items for count in (item.planned, item.confirmed)),
                sum(item.waiting for item in one.items),
                one.left,
                one.behind,
                one.catch_up_by,
            ]
            for one in items
        ],
    )


_PLANNED = Text("要求", "planned")
_DONE = Text("完成", "done")
