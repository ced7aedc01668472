"""What may happen: the verbs of every noun, as other systems hear of them.

An event is ``<noun>.<verb>``, the words with which modules record their changes. Who may hear of a
noun is decided by the permission that lets somebody read it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.kit.auth import Permission
from service.kit.problems import Text

TEST_EVENT = "webhook.test"
"""Sent when somebody asks for it; nothing happened."""

PRIVATE = frozenset({"session", "calendar-feed", "webhook-endpoint"})
"""Nouns that are nobody else's business, or only about this very sending."""


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of thing that changes."""

    name: Text
    reads: Permission | None
    """Lets a partner read it; ``None`` for what only the district hears of."""
    verbs: tuple[str, ...]
    shared: bool = False
    """Whether it concerns everybody in the district, whatever school they see."""


@dataclass(frozen=True, slots=True)
class EventType:
    """One thing that may happen, and its words."""

    code: str
    label: Text
    reads: Permission | None


VERBS: Mapping[str, Text] = {
    "accepted": Text("已同意", "accepted"),
    "activated": Text("已启用", "activated"),
    "added": Text("已添加", "added"),
    "adjusted": Text("已调整要求", "adjusted"),
    "agreed": Text("已达成", "agreed"),
    "applied": Text("已生效", "applied"),
    "appraised": Text("已评价", "appraised"),
    "concluded": Text("已办结", "concluded"),
    "marked": Text("已评优", "marked"),
    "appointed": Text("已任命", "appointed"),
    "approved": Text("已批准", "approved"),
    "asked": Text("已发起", "asked for"),
    "attended": Text("已登记出勤", "attended"),
    "cancelled": Text("已取消", "cancelled"),
    "changed": Text("已修改", "changed"),
    "checked-in": Text("已签到", "checked in"),
    "closed": Text("已关闭", "closed"),
    "confirmed": Text("已确认", "confirmed"),
    "consented": Text("已同意", "consented"),
    "corrected": Text("已更正", "corrected"),
    "written": Text("已填写", "written"),
    "correction-approved": Text("已批准更正", "correction approved"),
    "correction-asked": Text("已申请更正", "correction asked for"),
    "correction-refused": Text("未批准更正", "correction refused"),
    "covered": Text("已安排代课", "covered"),
    "created": Text("已新建", "created"),
    "deactivated": Text("已停用", "deactivated"),
    "decided": Text("已确定", "decided"),
    "declined": Text("已谢绝", "declined"),
    "designated": Text("已认定", "designated"),
    "designation_ended": Text("认定已结束", "designation ended"),
    "disputed": Text("有异议", "disputed"),
    "dissolved": Text("已解散", "dissolved"),
    "done": Text("已完成", "done"),
    "drafted": Text("已起草", "drafted"),
    "drawn": Text("已生成", "drawn"),
    "dropped": Text("已删除", "dropped"),
    "ended": Text("已结束", "ended"),
    "enforced": Text("已施行", "enforced"),
    "expired": Text("已过期", "expired"),
    "failed": Text("未成功", "failed"),
    "frozen": Text("已封存", "frozen"),
    "given": Text("已授予", "given"),
    "given-back": Text("已交还原任课教师", "given back"),
    "host-changed": Text("已更换主持人", "host changed"),
    "identifier_assigned": Text("已分配标识码", "identifier assigned"),
    "issued": Text("已开具", "issued"),
    "joined": Text("已加入", "joined"),
    "laid": Text("已排出", "laid out"),
    "lapsed": Text("已失效", "lapsed"),
    "left": Text("已离任", "left"),
    "made": Text("已发出", "made"),
    "matched": Text("已解决", "matched"),
    "merged": Text("已合班", "merged"),
    "moved": Text("已调整时间或地点", "moved"),
    "needed": Text("待安排", "needed"),
    "offered": Text("邀请中", "offered"),
    "open": Text("重新待安排", "open again"),
    "opened": Text("已开启", "opened"),
    "outdated": Text("已过时", "outdated"),
    "password-changed": Text("密码已更换", "password changed"),
    "planned": Text("已安排", "planned"),
    "proposed": Text("已提出", "proposed"),
    "published": Text("已发布", "published"),
    "refused": Text("未批准", "refused"),
    "registered": Text("已登记", "registered"),
    "relaid": Text("已随校历重排", "laid out anew"),
    "replaced": Text("已更换导师", "replaced"),
    "requested": Text("已申请", "requested"),
    "resolved": Text("异议已处理", "resolved"),
    "returned": Text("已退回", "returned"),
    "revoked": Text("已撤销", "revoked"),
    "rewritten": Text("已改写", "rewritten"),
    "rural_changed": Text("农村学校口径已调整", "rural changed"),
    "secret-rotated": Text("密钥已更换", "secret rotated"),
    "self-study": Text("已改自习", "self-study"),
    "self_study": Text("已改自习", "self-study"),
    "set": Text("已设定", "set"),
    "set_aside": Text("已被新章程取代", "set aside"),
    "signed": Text("已签署", "signed"),
    "started": Text("已开始", "started"),
    "submitted": Text("已提交", "submitted"),
    "swapped": Text("已换课", "swapped"),
    "taken_over": Text("已采纳", "taken over"),
    "transferred": Text("已调动", "transferred"),
    "uncovered": Text("待安排代课", "uncovered"),
    "undone": Text("已撤销", "undone"),
    "uploaded": Text("已上传", "uploaded"),
    "withdrawn": Text("已撤回", "withdrawn"),
}

_NETWORK, _STAFF = Permission.NETWORK_READ, Permission.STAFF_READ
_CALENDAR, _TIMETABLE = Permission.CALENDAR_READ, Permission.TIMETABLE_READ

NOUNS: Mapping[str, Noun] = {
    "district": Noun(Text("本区设置", "District"), _NETWORK, ("opened", "changed"), shared=True),
    "school": Noun(
        Text("学校", "School"),
        _NETWORK,
        (
            "registered",
            "changed",
            "designated",
            "designation_ended",
            "identifier_assigned",
            "rural_changed",
        ),
    ),
    "campus": Noun(Text("校区", "Campus"), _NETWORK, ("opened", "changed")),
    "group": Noun(
        Text("教育集团", "Group"), _NETWORK, ("created", "changed", "activated", "dissolved")
    ),
    "membership": Noun(
        Text("成员校关系", "Membership"), _NETWORK, ("started", "ended", "withdrawn")
    ),
    "charter": Noun(
        Text("集团章程", "Charter"),
        _NETWORK,
        ("drafted", "rewritten", "opened", "signed", "enforced", "set_aside"),
    ),
    "group_head": Noun(
        Text("集团负责人", "Group head"), _NETWORK, ("appointed", "ended", "withdrawn")
    ),
    "code": Noun(
        Text("代码", "Code"), Permission.CODE_LIST_READ, ("added", "changed"), shared=True
    ),
    "task": Noun(Text("待办", "Task"), None, ("opened", "closed")),
    "teacher": Noun(Text("教师", "Teacher"), _STAFF, ("created", "changed", "transferred", "left")),
    "school_year": Noun(Text("学年", "School year"), _CALENDAR, ("opened", "dropped"), shared=True),
    "term": Noun(Text("学期", "Term"), _CALENDAR, ("opened", "changed", "dropped"), shared=True),
    "bell_schedule": Noun(
        Text("作息时间表", "Bell schedule"), _CALENDAR, ("set", "changed", "dropped")
    ),
    "calendar_day": Noun(
        Text("校历日", "Calendar day"), _CALENDAR, ("decided", "undone"), shared=True
    ),
    "calendar_notice": Noun(
        Text("放假通知", "Holiday notice"), _CALENDAR, ("taken_over", "withdrawn"), shared=True
    ),
    "class": Noun(Text("班级", "Class"), _TIMETABLE, ("created", "changed")),
    "room": Noun(Text("教室", "Room"), _TIMETABLE, ("created", "changed")),
    "room-booking": Noun(Text("教室预订", "Room booking"), _TIMETABLE, ("made", "cancelled")),
    "travel-time": Noun(Text("交通时间", "Travel time"), _TIMETABLE, ("created", "changed")),
    "lessons": Noun(Text("课表", "Lessons of a slot"), _TIMETABLE, ("laid", "relaid", "withdrawn")),
    "lesson": Noun(
        Text("课", "Lesson"),
        _TIMETABLE,
        (
            "moved",
            "cancelled",
            "covered",
            "uncovered",
            "given-back",
            "merged",
            "self-study",
            "swapped",
        ),
    ),
    "assignment": Noun(
        Text("走教安排", "Assignment"),
        Permission.ASSIGNMENT_READ,
        ("drafted", "changed", "published", "ended"),
    ),
    "shortage": Noun(
        Text("紧缺需求", "Shortage"),
        Permission.SHORTAGE_READ,
        ("submitted", "changed", "approved", "offered", "matched", "closed", "withdrawn"),
    ),
    "shortage-offer": Noun(
        Text("走教邀请", "Offer of itinerant work"),
        Permission.SHORTAGE_READ,
        (
            "made",
            "agreed",
            "confirmed",
            "approved",
            "accepted",
            "declined",
            "expired",
            "withdrawn",
        ),
    ),
    "assignment-amendment": Noun(
        Text("走教安排变动", "Amendment"), Permission.ASSIGNMENT_READ, ("drafted", "dropped")
    ),
    "itinerant-version": Noun(
        Text("走教课表版本", "Itinerant timetable"), Permission.ASSIGNMENT_READ, ("published",)
    ),
    "leave": Noun(
        Text("请假", "Leave"),
        Permission.LEAVE_READ,
        ("requested", "approved", "refused", "withdrawn"),
    ),
    "cover": Noun(
        Text("代课", "Cover"),
        Permission.COVER_READ,
        ("needed", "open", "covered", "merged", "self_study", "lapsed"),
    ),
    "cover-offer": Noun(
        Text("代课邀请", "Cover offer"),
        Permission.COVER_READ,
        ("made", "accepted", "declined", "closed"),
    ),
    "swap": Noun(
        Text("换课", "Swap"),
        Permission.SWAP_READ,
        (
            "proposed",
            "consented",
            "agreed",
            "done",
            "declined",
            "refused",
            "withdrawn",
            "lapsed",
            "undone",
        ),
    ),
    "attendance": Noun(
        Text("走教签到", "Attendance"),
        Permission.ATTENDANCE_READ,
        (
            "checked-in",
            "confirmed",
            "correction-asked",
            "correction-approved",
            "correction-refused",
            "disputed",
            "resolved",
        ),
    ),
    "month": Noun(Text("课时结算月", "Month"), Permission.ATTENDANCE_READ, ("closed", "opened")),
    "allowance-rate": Noun(
        Text("补贴标准", "Allowance rate"), Permission.RATE_READ, ("added", "ended"), shared=True
    ),
    "lesson-coefficient": Noun(
        Text("课时系数", "Lesson coefficient"),
        Permission.RATE_READ,
        ("added", "ended"),
        shared=True,
    ),
    "statement": Noun(
        Text("课时与补贴结算单", "Statement"),
        Permission.STATEMENT_READ,
        ("drawn", "submitted", "approved", "returned", "frozen", "corrected"),
    ),
    "certificate": Noun(
        Text("服务证明", "Certificate"), Permission.CERTIFICATE_READ, ("issued", "revoked")
    ),
    "mentoring-programme": Noun(
        Text("帮扶方案", "Mentoring programme"),
        Permission.PROGRAMME_READ,
        ("drafted", "changed", "adjusted", "opened", "closed"),
    ),
    "mentoring-matching": Noun(
        Text("导师匹配", "Mentoring matching"),
        Permission.PROGRAMME_READ,
        ("asked", "started", "done", "failed", "outdated", "accepted"),
    ),
    "studio": Noun(
        Text("名师工作室", "Studio"),
        Permission.STUDIO_READ,
        ("created", "changed", "host-changed"),
    ),
    "studio-member": Noun(
        Text("工作室成员", "Studio member"), Permission.STUDIO_READ, ("joined", "left")
    ),
    "studio-activity": Noun(
        Text("工作室活动", "Studio activity"),
        Permission.STUDIO_READ,
        ("planned", "cancelled", "attended"),
    ),
    "studio-output": Noun(
        Text("工作室成果", "Studio output"), Permission.STUDIO_READ, ("registered",)
    ),
    "studio-review": Noun(
        Text("工作室考评", "Studio review"), Permission.STUDIO_READ, ("created",)
    ),
    "programme-entry": Noun(
        Text("帮扶对象认定", "Programme entry"), Permission.PROGRAMME_READ, ("decided", "undone")
    ),
    "duty-policy": Noun(
        Text("请假与代课规则", "Duty policy"), Permission.LEAVE_READ, ("created", "ended")
    ),
    "pairing": Noun(
        Text("师徒结对", "Pairing"),
        Permission.MENTORING_READ,
        (
            "proposed",
            "changed",
            "accepted",
            "declined",
            "signed",
            "activated",
            "replaced",
            "ended",
        ),
    ),
    "agreement-text": Noun(
        Text("结对协议文本", "Agreement text"), Permission.MENTORING_READ, ("published",)
    ),
    "goal-plan": Noun(
        Text("学期目标", "Goal plan"), Permission.MENTORING_READ, ("created", "changed")
    ),
    "growth-plan": Noun(
        Text("成长规划", "Growth plan"), Permission.MENTORING_READ, ("created", "changed")
    ),
    "visit": Noun(Text("到校指导", "Visit"), Permission.MENTORING_READ, ("planned", "cancelled")),
    "appraisal": Noun(
        Text("结对考核", "Appraisal"),
        Permission.MENTORING_READ,
        ("opened", "appraised", "concluded", "marked"),
    ),
    "log-entry": Noun(
        Text("帮扶记录", "Log entry"),
        Permission.MENTORING_READ,
        ("written", "corrected", "confirmed"),
    ),
    "import": Noun(Text("导入", "Import"), None, ("uploaded", "requested", "applied", "failed")),
    "account": Noun(
        Text("账号", "Account"),
        None,
        ("created", "changed", "password-changed", "deactivated", "activated"),
    ),
    "grant": Noun(Text("授权", "Grant"), None, ("given", "ended", "withdrawn")),
    "client": Noun(Text("合作客户端", "Client"), None, ("created", "changed", "secret-rotated")),
}


def _types() -> Iterator[EventType]:
    for code, noun in NOUNS.items():
        for verb in noun.verbs:
            words = VERBS[verb]
            label = Text(f"{noun.name.zh}:{words.zh}", f"{noun.name.en} {words.en}")
            yield EventType(f"{code}.{verb}", label, noun.reads)


EVENT_TYPES: Mapping[str, EventType] = {one.code: one for one in _types()}


def noun_of(event: str) -> str:
    """What an event is about."""
    return event.partition(".")[0]


def is_known(wanted: str) -> bool:
    """Whether somebody may wish for it: one event, or ``<noun>.*`` for all of a noun."""
    return wanted in EVENT_TYPES or (wanted.endswith(".*") and wanted[:-2] in NOUNS)


def is_wanted(event: str, wanted: tuple[str, ...]) -> bool:
    """Whether an event is among those wished for; no wish is a wish for all."""
    noun = noun_of(event)
    if noun in PRIVATE:
        return False
    return not wanted or event in wanted or f"{noun}.*" in wanted
