"""Lists as an office prints them: pairings, the load of mentors, who is in a studio."""

from collections.abc import Sequence
from datetime import date, timedelta

from service.kit.language import say
from service.kit.problems import Text
from service.kit.workbook import Column, Sheet
from service.mentoring.schemas.pairing import MentorOut, PairingOut
from service.mentoring.schemas.progress import TWO, the_two
from service.mentoring.schemas.studio import StudioMemberOut

_YES, _NO = Text("是", "yes"), Text("否", "no")


def pairing_sheet(items: Sequence[PairingOut], *, as_of: date) -> Sheet:
    """The pairing table."""
    return Sheet(
        title=Text("师徒结对一览表", "Pairings"),
        notes=[Text(f"截至 {as_of},共 {len(items)} 对", f"As of {as_of}, {len(items)} pairings")],
        columns=[
            *TWO,
            Column(Text("外校导师", "From outside"), 10),
            Column(Text("状态", "State"), 10),
            Column(Text("结束原因", "Why it ended"), 12),
            Column(Text("培养目标", "Goals"), 40),
        ],
        rows=[
            [
                *the_two(one),
                say(_YES if one.outside else _NO),
                one.state_label,
                one.end_reason_label,
                one.goals,
            ]
            for one in items
        ],
    )


def mentor_sheet(items: Sequence[MentorOut], *, as_of: date) -> Sheet:
    """The load of mentors."""
    return Sheet(
        title=Text("导师带徒情况", "Load of mentors"),
        notes=[Text(f"截至 {as_of},共 {len(items)} 人", f"As of {as_of}, {len(items)} mentors")],
        columns=[
            Column(Text("工号", "Number"), 12),
            Column(Text("导师", "Mentor"), 10),
            Column(Text("学校", "School"), 28),
            Column(Text("已占名额", "Taken"), 10),
            Column(Text("名额上限", "Capacity"), 10),
            Column(Text("剩余", "Free"), 8),
            Column(Text("超出名额", "Over capacity"), 10),
        ],
        rows=[
            [
                one.teacher.number,
                one.teacher.name,
                one.teacher.school_name,
                one.taken,
                one.capacity,
                one.free,
                say(_YES if one.taken > one.capacity else _NO),
            ]
            for one in items
        ],
        total=[
            say(Text("合计", "Sum")),
            None,
            None,
            sum(one.taken for one in items),
            sum(one.capacity for one in items),
            sum(one.free for one in items),
            sum(one.taken > one.capacity for one in items),
        ],
    )


def roll_sheet(items: Sequence[StudioMemberOut], *, name: str) -> Sheet:
    """The roll of a studio."""
    disadvantaged = sum(one.disadvantaged for one in items)
    return Sheet(
        title=Text(f"{name} 成员名册", f"{name}: members"),
        notes=[
            Text(
                f"共 {len(items)} 人,其中农村或薄弱学校 {disadvantaged} 人",
                f"{len(items)} members, {disadvantaged} of rural or weak schools",
            )
        ],
        columns=[
            Column(Text("工号", "Number"), 12),
            Column(Text("姓名", "Name"), 10),
            Column(Text("学校", "School"), 28),
            Column(Text("身份", "Role"), 12),
            Column(Text("加入日期", "First day"), 12),
            Column(Text("退出日期", "Last day"), 12),
            Column(Text("农村或薄弱学校", "Rural or weak school"), 16),
        ],
        rows=[
            [
                one.teacher.number,
                one.teacher.name,
                one.teacher.school_name,
                one.role_label,
                one.valid_from,
                one.valid_until - timedelta(days=1),
                say(_YES if one.disadvantaged else _NO),
            ]
            for one in items
        ],
    )
