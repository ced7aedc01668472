"""What every operation is: which permission it takes, what it is about, and a body that is good.

An operation that is not here fails the matrix test. Most need one line: the permission. What the
operation is about follows from the last parameter of its path.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from service.kit import clock
from service.mentoring.rules.appraisal import DEFAULT_RUBRIC
from tests.accounts.policy import ROLES
from tests.accounts.world import Place, Where

Body = Callable[[Place], Awaitable[Any]]
Chapter = Mapping[str, "Op | tuple[Op, ...]"]
"""Operations by id; one that is about different kinds of things is told once for each."""

_SEEN_BY = {
    "network": "network.read",
    "codelist": "codelist.read",
    "task": "task.read",
    "staff": "staff.read",
    "calendar": "calendar.read",
    "timetable": "timetable.read",
    "lesson": "timetable.read",
    "leave": "leave.read",
    "cover": "cover.read",
    "attendance": "attendance.read",
    "rate": "rate.read",
    "statement": "statement.read",
    "certificate": "certificate.read",
    "swap": "swap.read",
    "shortage": "shortage.read",
    "assignment": "assignment.read",
    "mentoring": "mentoring.read",
    "programme": "programme.read",
    "studio": "studio.read",
    "rotation": "rotation.read",
    "me": "me.read",
    "import": "import.read",
    "account": "account.read",
    "session": "session.own",
    "calendar-feed": "calendar-feed.own",
    "audit": "audit.read",
    "feed": "feed.read",
    "webhook": "webhook.read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """One operation, as the policy sees it."""

    needs: str | None
    """The permission; ``None`` for everybody, signed in or not."""
    at: str | None = None
    """The kind of thing it is about, where the path does not say it (a kind of ``world``)."""
    body: Body | None = None
    form: Mapping[str, str] | None = None
    files: Mapping[str, tuple[str, bytes]] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    asks: Body | None = None
    """Query parameters that name things of the place."""
    lists: str | None = None
    """The kind of thing whose ids a list shows: those in reach, and no others."""
    item: str = "id"
    named: Mapping[str, str] = field(default_factory=dict)
    """The kinds that parameters of the path name, where their own names do not say it."""
    district_decides: bool = False
    """Whether the permission is of no use here to those who do not reach the whole district."""
    in_body: bool = False
    """Whether only the body names the thing: then it may be refused in more than one way."""
    alive: frozenset[int] = frozenset({200, 201, 202, 204})
    """An answer that at least one role gets, so that no operation passes by refusing everybody."""
    but: Mapping[tuple[str, Where], int | None] = field(default_factory=dict)
    """What a rule beside the policy asks for: the status of a refusal, or ``None`` for allowed."""

    @property
    def sees(self) -> str | None:
        """The permission that makes the thing visible."""
        return _SEEN_BY[self.needs.partition(".")[0]] if self.needs else None

    @property
    def changes(self) -> bool:
        """Whether it takes more than seeing."""
        return self.needs != self.sees


def op(needs: str | None, **more: Any) -> Op:
    """An operation by its permission."""
    return Op(needs=needs, **more)


def ways(said: Op | tuple[Op, ...]) -> tuple[Op, ...]:
    """Everything that is said of one operation."""
    return said if isinstance(said, tuple) else (said,)


def _number() -> str:
    return uuid4().hex[:12]


_UNREAD = frozenset({415})
_MAYBE_NOT_NOW = frozenset({200, 409, 422})
_REFUSED = frozenset({422})
"""What a body gets that no policy could help."""


# Accounts


async def _new_account(place: Place) -> Any:
    school_id = str(place.school.id)
    return {"username": f"u{_number()}", "display_name": "张老师", "school_id": school_id}


async def _new_client(place: Place) -> Any:
    where = {"reach": "school", "target_id": str(place.school.id)}
    return {
        "client_id": f"c{_number()}",
        "name": "合作系统",
        "scopes": ["people.read"],
        "organisations": [where],
    }


def _always(body: Any) -> Body:
    async def given(_: Place) -> Any:
        return body

    return given


ACCOUNTS: Chapter = {
    "issueToken": op(None, form={"grant_type": "unheard_of"}, alive=frozenset({400})),
    "revokeToken": op(None, form={"token": "not-ours"}),
    "listMySessions": op("session.own", lists="session"),
    "getMySession": op("session.own"),
    "endMySession": op("session.own"),
    "changeMyPassword": op(
        "session.own",
        body=_always({"current_password": "unknown", "new_password": "a good long one"}),
        alive=_REFUSED,
    ),
    "listAccounts": op("account.read", lists="account"),
    "createAccount": op("account.write", at="school", body=_new_account, in_body=True),
    "getAccount": op("account.read"),
    "changeAccount": op("account.write", body=_always({"display_name": "新名字"})),
    "resetPassword": op("account.write", body=_always({"password": "a good long one"})),
    "deactivateAccount": op("account.write"),
    "activateAccount": op("account.write"),
    "listGrants": op("account.read", at="account"),
    "giveGrant": op(
        "account.write",
        at="account",
        body=_always({"role": "teacher", "reach": "self", "valid_from": "2026-09-01"}),
    ),
    "getGrant": op("account.read"),
    "endGrant": op("account.write"),
    "listClients": op("account.read", lists="client"),
    "createClient": op("account.write", at="client", body=_new_client, in_body=True),
    "getClient": op("account.read"),
    "changeClient": op("account.write", body=_always({"name": "新名称"})),
    "rotateClientSecret": op("account.write"),
    "getClientUsage": op("account.read", at="client"),
}

# Network


async def _new_school(place: Place) -> Any:
    return {
        "name": f"新校{place.number()}",
        "type_code": "211",
        "urban_rural_code": "111",
        "identifier": f"2151{place.number():06}",
        "identifier_from": "2026-09-01",
    }


async def _new_identifier(place: Place) -> Any:
    return {"code": f"2152{place.number():06}", "valid_from": "2090-09-01"}


async def _new_campus(place: Place) -> Any:
    number = place.number()
    return {"school_id": str(place.school.id), "code": f"N{number}", "name": f"新校区{number}"}


async def _new_group(place: Place) -> Any:
    return {"name": f"新集团{place.number()}", "kind": "k12"}


async def _helper_leaves(place: Place) -> Any:
    step = {"action": "leave", "school_id": str(place.helper.id)}
    return {"effective_on": "2027-02-22", "steps": [step], "reason": "新学期成员调整"}


async def _signature(place: Place) -> Any:
    return {"school_id": str(place.school.id), "signed_by": "负责人"}


async def _new_code(place: Place) -> Any:
    return {"code": f"new_{place.number()}", "zh": "二类"}


_CHARTER = {"title": "章程", "clauses": [{"kind": "duty", "text": "每学期开放两次教研活动"}]}
_OPEN_CHARTER = {"charter_id": "open_charter"}
_CODE_LIST = {"name": "code_list"}
_CODE = {"name": "code_list", "code": "code"}
_ENDS = {"on": "2090-09-01", "reason": "到期"}

NETWORK: Chapter = {
    "getDistrict": op("network.read"),
    "changeDistrict": op(
        "network.school.write", body=_always({"name_en": "Example"}), district_decides=True
    ),
    "listSchools": op("network.read", lists="school"),
    "getSchool": op("network.read"),
    "registerSchool": op("network.school.write", body=_new_school, district_decides=True),
    "changeSchool": op("network.school.write", body=_always({"short_name": "新简称"})),
    "assignSchoolIdentifier": op(
        "network.school.write", body=_new_identifier, district_decides=True
    ),
    "designateSchool": op(
        "network.school.write",
        body=_always({"kind": "weak", "valid_from": "2090-09-01"}),
        district_decides=True,
    ),
    "endDesignation": op(
        "network.school.write", body=_always(_ENDS), district_decides=True, alive=_MAYBE_NOT_NOW
    ),
    "listCampuses": op("network.read", lists="campus"),
    "getCampus": op("network.read"),
    "openCampus": op("network.school.write", at="school", body=_new_campus, in_body=True),
    "changeCampus": op("network.school.write", body=_always({"gate": "东门"})),
    "listGroups": op("network.read", lists="group"),
    "getGroup": op("network.read"),
    "createGroup": op("network.group.write", body=_new_group, district_decides=True),
    "changeGroup": op("network.group.write", body=_always({"principal_responsibility": True})),
    "activateGroup": op("network.group.write", district_decides=True, alive=_MAYBE_NOT_NOW),
    "dissolveGroup": op("network.group.write", body=_always(_ENDS), district_decides=True),
    "getComposition": op("network.read"),
    "listMemberships": op("network.read", lists="membership"),
    "changeMembers": op("network.membership.change", body=_helper_leaves),
    "listGroupHeads": op("network.read"),
    "appointGroupHead": op(
        "network.head.write",
        body=_always({"person_name": "负责人", "criteria": ["vision"], "valid_from": "2090-09-01"}),
    ),
    "getGroupHead": op("network.read"),
    "endGroupHead": op("network.head.write", body=_always(_ENDS), alive=_MAYBE_NOT_NOW),
    "listCharters": op("network.read"),
    "getCharter": op("network.read"),
    "draftCharter": op("network.charter.write", body=_always(_CHARTER)),
    "rewriteCharter": op("network.charter.write", body=_always(_CHARTER)),
    "openCharter": op("network.charter.write"),
    "signCharter": op(
        "network.charter.sign",
        named=_OPEN_CHARTER,
        body=_signature,
        # Nothing else of a group is changed by a school's office; and the mate signs for itself.
        but={
            ("school_admin", Where.OWN): None,
            ("school_admin", Where.SAME_SCHOOL): None,
            ("school_admin", Where.SAME_GROUP): 403,
        },
    ),
    "enforceCharter": op(
        "network.charter.write",
        named=_OPEN_CHARTER,
        body=_always({"effective_from": "2027-03-01"}),
        alive=_MAYBE_NOT_NOW,
    ),
    "listCodeLists": op("codelist.read"),
    "getCodeList": op("codelist.read", named=_CODE_LIST),
    "addCode": op("codelist.write", named=_CODE_LIST, body=_new_code),
    "changeCode": op("codelist.write", named=_CODE, body=_always({"zh": "三类"})),
    "listTasks": op("task.read", lists="task"),
    "getTask": op("task.read"),
    "closeTask": op("task.write", body=_always({"reason": "已办"})),
}


# Staff


async def _teacher(place: Place, **more: Any) -> dict[str, Any]:
    school_id = str(place.school.id)
    return {"name": "新教师", "school_id": school_id, "employed_from": "2020-09-01", **more}


async def _new_teacher(place: Place) -> Any:
    return await _teacher(place, number=f"N{place.number()}")


async def _new_teachers(place: Place) -> Any:
    return {"items": [await _new_teacher(place)]}


async def _to_own_school(place: Place) -> Any:
    return {"school_id": str(place.school.id), "on": "2027-02-22"}


STAFF: Chapter = {
    "listTeachers": op("staff.read", lists="teacher"),
    "createTeacher": op("staff.write", at="school", body=_new_teacher, in_body=True),
    "putTeachers": op(
        "staff.write",
        at="school",
        body=_new_teachers,
        query={"atomic": "true"},
        in_body=True,
    ),
    "putTeacher": op("staff.write", body=_teacher, in_body=True),
    "getTeacher": op("staff.read"),
    "changeTeacher": op("staff.write", body=_always({"name": "新名字"})),
    "transferTeacher": op("staff.write", body=_to_own_school, alive=frozenset({409})),
    "letTeacherLeave": op("staff.write", body=_always({"on": "2027-07-10", "reason": "retired"})),
}


# Phone

# An account that belongs to no teacher has no timetable: that is no refusal of a right.
_TEACHERS_ONLY = {(role, Where.OWN): 404 for role in ROLES if role not in {"teacher", "partner"}}

PHONE: Chapter = {
    "getMe": op("me.read"),
    "getMySchedule": op("me.read", but=_TEACHERS_ONLY),
    "getMyToday": op("me.read", but=_TEACHERS_ONLY),
    "listenToMyEvents": op("me.read", but=_TEACHERS_ONLY),
    "listMyScheduleChanges": op("me.read", but=_TEACHERS_ONLY),
    "getMyMentoring": op("me.read", but=_TEACHERS_ONLY),
    "getMyWorkload": op("me.read", but=_TEACHERS_ONLY),
    "listMyCalendarFeeds": op("calendar-feed.own", lists="calendar_feed"),
    "createMyCalendarFeed": op(
        "calendar-feed.own", body=_always({"name": "我的手机"}), but=_TEACHERS_ONLY
    ),
    "getMyCalendarFeed": op("calendar-feed.own"),
    "rotateMyCalendarFeed": op("calendar-feed.own"),
    "revokeMyCalendarFeed": op("calendar-feed.own"),
    "readCalendarFeed": op(None, named={"secret": "feed_secret"}),
}


# Timetable


async def _new_class(place: Place) -> Any:
    return {
        "campus_id": str(await place.the("campus")),
        "code": f"2024-{place.number()}",
        "stage": "2",
        "grade": 3,
        "number": 1,
        "name": "三年级1班",
        "valid_from": "2026-09-01",
    }


async def _new_room(place: Place) -> Any:
    campus_id = str(await place.the("campus"))
    return {"campus_id": campus_id, "code": f"B{place.number()}", "name": "美术教室"}


async def _of_a_term(place: Place) -> Any:
    return {"term_id": str(await place.the("term"))}


async def _new_booking(place: Place) -> Any:
    day = date(2060, 2, 1) + timedelta(days=place.number())
    return {
        "room_id": str(await place.the("room")),
        "starts_at": f"{day}T14:00:00+08:00",
        "ends_at": f"{day}T15:00:00+08:00",
        "purpose": "联合教研",
    }


async def _of_research(place: Place) -> Any:
    return {"campus_id": str(await place.the("campus")), "subject": "24"}


_AT_NINE = {"at": "2039-03-01T09:00:00+08:00"}

TIMETABLE: Chapter = {
    "listClasses": op("timetable.read", lists="class"),
    "createClass": op("timetable.write", at="campus", body=_new_class, in_body=True),
    "getClass": op("timetable.read"),
    "changeClass": op("timetable.write", body=_always({"name": "五年级1班"})),
    "listRooms": op("timetable.read", lists="room"),
    "createRoom": op("timetable.write", at="campus", body=_new_room, in_body=True),
    "getRoom": op("timetable.read"),
    "changeRoom": op("timetable.write", body=_always({"name": "舞蹈教室"})),
    "listRoomBookings": op("timetable.read", lists="room_booking"),
    "bookRoom": op("timetable.write", at="room", body=_new_booking, in_body=True),
    "getRoomBooking": op("timetable.read"),
    "cancelRoomBooking": op("timetable.write"),
    "listResearchTimes": op("timetable.read", asks=_of_research),
    "listTravelTimes": op("timetable.read"),
    "getTravelTime": op("timetable.read", at="way"),
    "setTravelTime": op("timetable.write", at="way", body=_always({"minutes": 35})),
    "listLessons": op("timetable.read", lists="lesson"),
    "getLesson": op("timetable.read"),
    "getCampusDaySheet": op("timetable.read"),
    "getCampusDaySheetFile": op("timetable.read"),
    "listFreeTeachers": op("cover.read", query=_AT_NINE),
    "getFreeTeachersFile": op("cover.read", query=_AT_NINE),
    "listStandingConflicts": op("timetable.read"),
    "getStandingConflictsFile": op("timetable.read"),
    "getTeacherWeek": op("timetable.read"),
    "getTeacherWeekFile": op("timetable.read"),
    "getTeacherTermCalendar": op("timetable.read", asks=_of_a_term),
    "getTeacherTermCalendarFile": op("timetable.read", asks=_of_a_term),
    "cancelLesson": op("lesson.change", body=_always({"reason": "学校运动会"})),
    "moveLesson": op(
        "lesson.change",
        body=_always({"starts_at": "2027-03-01T15:00:00+08:00", "reason": "学校运动会"}),
        alive=frozenset({200, 409}),
    ),
}


# Absences


async def _new_policy(place: Place) -> Any:
    return {"school_id": str(place.school.id), "valid_from": "2090-09-01"}


async def _new_leave(place: Place) -> Any:
    return {
        "teacher_id": str(place.teacher.id),
        "kind": "training",
        "starts_at": "2039-03-01T08:00:00+08:00",
        "ends_at": "2039-03-01T18:00:00+08:00",
    }


ABSENCES: Chapter = {
    "listDutyPolicies": op("timetable.read", lists="policy"),
    "createDutyPolicy": op("timetable.write", at="school", body=_new_policy, in_body=True),
    "getDutyPolicy": op("timetable.read"),
    "listLeaves": op("leave.read", lists="leave"),
    "requestLeave": op("leave.write", at="teacher", body=_new_leave, in_body=True),
    "getLeave": op("leave.read"),
    "approveLeave": op("leave.decide"),
    "refuseLeave": op("leave.decide", body=_always({"reason": "人手不足"})),
    "withdrawLeave": op("leave.write"),
    "listCovers": op("cover.read", lists="cover"),
    "getCover": op("cover.read"),
    "listCoverCandidates": op("cover.write"),
    "offerCover": op("cover.write", body=_always({}), alive=_MAYBE_NOT_NOW),
    "assignCover": op("cover.write", body=_always({}), alive=_MAYBE_NOT_NOW),
    "settleCover": op("cover.write", body=_always({})),
    "releaseCover": op("cover.write", alive=_MAYBE_NOT_NOW),
    "listCoverOffers": op("cover.read", lists="offer"),
    "getCoverOffer": op("cover.read"),
    "acceptCoverOffer": op("cover.answer"),
    "declineCoverOffer": op("cover.answer", body=_always({"reason": "已有安排"})),
}


# Attendance

_NOT_OVER = frozenset({409})
"""The world's lessons lie in the future and at home."""


async def _a_month(place: Place) -> Any:
    return {"school_id": str(place.school.id), "month": "2026-09"}


_ARRIVED = _always({"arrived_at": "2026-09-08T08:20:00+08:00", "reason": "手机没电"})

ATTENDANCE: Chapter = {
    "listAttendance": op("attendance.read", lists="lesson", item="lesson_id"),
    "getAttendance": op("attendance.read", at="lesson"),
    "checkIn": op("attendance.check-in", body=_always({}), alive=_NOT_OVER),
    "askCorrection": op("attendance.check-in", at="lesson", body=_ARRIVED, alive=_NOT_OVER),
    "approveCorrection": op("attendance.confirm", at="lesson", alive=_NOT_OVER),
    "refuseCorrection": op(
        "attendance.confirm", at="lesson", body=_always({"reason": "无记录"}), alive=_NOT_OVER
    ),
    "confirmLesson": op("attendance.confirm", at="lesson", alive=_NOT_OVER),
    "confirmMonth": op("attendance.confirm", at="school", body=_a_month, in_body=True),
    "disputeLesson": op(
        "attendance.dispute", at="lesson", body=_always({"reason": "未到校"}), alive=_NOT_OVER
    ),
    "resolveDispute": op(
        "attendance.resolve",
        at="lesson",
        body=_always({"taught": True, "reason": "属实"}),
        alive=_NOT_OVER,
    ),
}


# Workload

_OCTOBER = {"month": "2026-10"}
_NOT_NOW = frozenset({409})
"""The world's statement is of this very month."""


async def _a_rate(place: Place) -> Any:
    return {"kind": "lesson", "amount": "30.00", "valid_from": "2062-09-01"}


async def _a_coefficient(place: Place) -> Any:
    return {"subject": "24", "stage": "2", "factor": "1.20", "valid_from": "2062-09-01"}


async def _a_statement(place: Place) -> Any:
    return {"teacher_id": str(place.teacher.id), **_OCTOBER}


async def _a_certificate(place: Place) -> Any:
    return {
        "teacher_id": str(place.teacher.id),
        "from_date": "2026-09-01",
        "until": "2027-02-01",
    }


async def _a_line(place: Place) -> Any:
    return {
        "month": "2026-09",
        "school_id": str(place.school.id),
        "amount": "30.00",
        "reason": "漏确认一节",
    }


async def _ended_rate(place: Place) -> Any:
    """The last day of a year that belongs to this place alone."""
    year = 2041 + 2 * list(Where).index(place.where)
    return {"valid_until": f"{year}-03-01"}


WORKLOAD: Chapter = {
    "listAllowanceRates": op("rate.read", lists="rate"),
    "addAllowanceRate": op("rate.write", body=_a_rate),
    "getAllowanceRate": op("rate.read"),
    "endAllowanceRate": op("rate.write", body=_ended_rate),
    "listLessonCoefficients": op("rate.read", lists="coefficient"),
    "addLessonCoefficient": op("rate.write", body=_a_coefficient),
    "getLessonCoefficient": op("rate.read"),
    "endLessonCoefficient": op("rate.write", body=_ended_rate),
    "listStatements": op("statement.read", lists="statement"),
    "drawStatements": op("statement.write", at="teacher", body=_a_statement, in_body=True),
    "getStatement": op("statement.read"),
    "submitStatement": op("statement.write", alive=_NOT_NOW),
    "approveStatement": op("statement.decide", named={"statement_id": "submitted_statement"}),
    "returnStatement": op(
        "statement.decide",
        named={"statement_id": "submitted_statement"},
        body=_always({"reason": "核对课时"}),
    ),
    "freezeStatement": op("statement.decide", alive=_NOT_NOW),
    "correctStatement": op("statement.write", body=_a_line, alive=_NOT_NOW),
    "listCertificates": op("certificate.read", lists="certificate"),
    "issueCertificate": op(
        "certificate.write", at="teacher", body=_a_certificate, in_body=True, alive=_NOT_NOW
    ),
    "verifyCertificate": op(None, named={"code": "certificate_code"}),
    "showVerifiedCertificate": op(None, named={"code": "certificate_code"}),
    "getCertificatePdf": op("certificate.read"),
    "getCertificatePage": op("certificate.read"),
    "getCertificate": op("certificate.read"),
    "revokeCertificate": op("certificate.write", body=_always({"reason": "信息有误"})),
    "reissueCertificate": op(
        "certificate.write", body=_always({"reason": "信息有误"}), alive=_NOT_NOW
    ),
    "getAllowanceList": op("statement.read", query=_OCTOBER),
    "getAllowanceSheet": op("statement.read", query=_OCTOBER),
}


# Swaps


async def _new_swap(place: Place) -> Any:
    mine, other = await place.the("lesson"), await place.the("other_lesson")
    return {"lesson_ids": [str(mine), str(other)], "reason": "外出培训"}


SWAPS: Chapter = {
    "listSwapPartners": op("swap.write"),
    "listSwaps": op("swap.read", lists="swap"),
    "proposeSwap": op("swap.write", at="lesson", body=_new_swap, in_body=True),
    "getSwap": op("swap.read"),
    "consentToSwap": op("swap.answer"),
    "declineSwap": op("swap.answer", body=_always({"reason": "当日有教研活动"})),
    "withdrawSwap": op("swap.write"),
    "approveSwap": op("swap.decide", alive=_MAYBE_NOT_NOW),
    "refuseSwap": op("swap.decide", body=_always({"reason": "影响考试安排"}), alive=_MAYBE_NOT_NOW),
    "undoSwap": op("swap.write", alive=_MAYBE_NOT_NOW),
}


# Imports

IMPORTS: Chapter = {
    "getImportTemplate": op("import.read"),
    "createImport": op("import.write", files={"file": ("a.xlsx", b"no book")}, alive=_UNREAD),
    "listImports": op("import.read", lists="import"),
    "getImport": op("import.read"),
    "getImportReportFile": op("import.read"),
    "checkImport": op("import.write"),
    "applyImport": op("import.write"),
}

# Calendar


async def _new_year(place: Place) -> Any:
    first = 2060 + place.number() % 39
    return {
        "label": f"{first}-{first + 1}",
        "valid_from": f"{first}-09-01",
        "valid_until": f"{first + 1}-09-01",
    }


async def _new_term(place: Place) -> Any:
    first = 2040 + 2 * list(Where).index(place.where)
    begins = date(first, 9, 3)
    return {
        "school_year_id": str(await place.the("school_year")),
        "number": 1,
        "starts": begins.isoformat(),
        "until": f"{first + 1}-01-10",
        "week_one": (begins - timedelta(days=begins.weekday())).isoformat(),
    }


_BELLS = {
    "name": "冬季作息",
    "valid_from": "2020-09-01",
    "valid_until": "2021-09-01",
    "periods": [{"number": 1, "starts": "08:30", "ends": "09:10"}],
}


async def _new_bells(place: Place) -> Any:
    return {"campus_id": str(await place.the("campus")), "stage": "1", **_BELLS}


def _dates(needs: str, **more: Any) -> tuple[Op, ...]:
    """An operation about a date of a school, of a group, or of the district."""
    return tuple(
        op(
            needs,
            named={"scope": f"scope_{scope}", "scope_id": scope, "on_date": f"{scope}_date"},
            **more,
        )
        for scope in ("school", "group", "district")
    )


_THE_DISTRICTS: Mapping[str, Any] = {"district_decides": True}

CALENDAR: Chapter = {
    "listSchoolYears": op("calendar.read", lists="school_year"),
    "openSchoolYear": op("calendar.write", body=_new_year, **_THE_DISTRICTS),
    "getSchoolYear": op("calendar.read"),
    "dropSchoolYear": op("calendar.write", **_THE_DISTRICTS),
    "listTerms": op("calendar.read", lists="term"),
    "openTerm": op(
        "calendar.write", at="school_year", body=_new_term, in_body=True, **_THE_DISTRICTS
    ),
    "getTerm": op("calendar.read"),
    "dropTerm": op("calendar.write", **_THE_DISTRICTS),
    "changeTerm": op("calendar.write", body=_always({}), **_THE_DISTRICTS),
    "previewTerm": op("calendar.write", body=_always({}), **_THE_DISTRICTS),
    "listBellSchedules": op("calendar.read"),
    "createBellSchedule": op("calendar.write", at="campus", body=_new_bells, in_body=True),
    "getBellSchedule": op("calendar.read"),
    "dropBellSchedule": op("calendar.write"),
    "replaceBellSchedule": op("calendar.write", body=_always(_BELLS)),
    "previewNewBellSchedule": op("calendar.write", at="campus", body=_new_bells, in_body=True),
    "previewBellSchedule": op("calendar.write", body=_always(_BELLS)),
    "listTeachingDays": op("calendar.read", query={"from": "2026-09-01", "until": "2026-09-08"}),
    "listCalendarDays": op("calendar.read", lists="calendar_day"),
    "getCalendarDay": _dates("calendar.read"),
    "decideCalendarDay": _dates("calendar.write", body=_always({"kind": "exam"})),
    "previewCalendarDay": _dates("calendar.write", body=_always({"kind": "exam"})),
    "compareCalendarDays": _dates(
        "calendar.write", body=_always({"own": {"kind": "exam"}, "others": []})
    ),
    "undoCalendarDay": _dates("calendar.write"),
    "listCalendarNotices": op("calendar.read"),
    "previewCalendarNotice": op("calendar.read", named={"year": "known_year"}),
    "applyCalendarNotice": op("calendar.write", named={"year": "known_year"}, **_THE_DISTRICTS),
    "declareCalendarNotice": op("calendar.write", named={"year": "unknown_year"}, **_THE_DISTRICTS),
    "withdrawCalendarNotice": op(
        "calendar.write", named={"year": "noticed_year"}, **_THE_DISTRICTS
    ),
}


# Itinerant teaching


async def _new_assignment(place: Place) -> Any:
    pattern = {"weekday": 2, "period": 3, "class_ids": [str(await place.the("host_class"))]}
    return {
        "teacher_id": str(place.teacher.id),
        "campus_id": str(await place.the("host_campus")),
        "home_school_id": str(place.school.id),
        "group_id": str(place.group.id),
        "term_id": str(await place.the("term")),
        "subject": "24",
        "stage": "2",
        "patterns": [pattern],
    }


async def _new_shortage(place: Place) -> Any:
    return {
        "campus_id": str(await place.the("campus")),
        "group_id": str(place.group.id),
        "term_id": str(await place.the("term")),
        "subject": "24",
        "stage": "2",
        "class_ids": [str(await place.the("class"))],
        "lessons_per_week": 2,
        "half_days": ["2-am"],
    }


async def _shortage_asked(place: Place) -> Any:
    pattern = {"weekday": 2, "period": 3, "class_ids": [str(await place.the("class"))]}
    return {"teacher_id": str(place.teacher.id), "patterns": [pattern]}


_OVER = _always({"reason": "不再需要"})
_SELDOM_NOW = frozenset({200, 201, 409, 422})

SHORTAGES: Chapter = {
    "getShortageCoverage": op("shortage.read", query={"term_id": str(uuid4())}),
    "getShortageCoverageFile": op("shortage.read", query={"term_id": str(uuid4())}),
    "getItinerantHeadcounts": op("assignment.read"),
    "getItinerantHeadcountsFile": op("assignment.read"),
    "listShortages": op("shortage.read", lists="shortage"),
    "fileShortage": op(
        "shortage.write", at="shortage", body=_new_shortage, in_body=True, alive=_REFUSED
    ),
    "getShortagesFile": op("shortage.read"),
    "getShortage": op("shortage.read"),
    "changeShortage": op("shortage.write", body=_always({}), alive=_REFUSED),
    "approveShortage": op("shortage.decide", alive=_MAYBE_NOT_NOW),
    "closeShortage": op("shortage.decide", body=_OVER, alive=_MAYBE_NOT_NOW),
    "withdrawShortage": op("shortage.write", body=_OVER, alive=_MAYBE_NOT_NOW),
    "listShortageCandidates": op("shortage.offer"),
    "offerShortage": op("shortage.offer", body=_shortage_asked, alive=_SELDOM_NOW),
    "listShortageOffers": op("shortage.read", lists="shortage_offer"),
    "getShortageOffer": op("shortage.read"),
    "agreeToShortageOffer": op("shortage.agree", alive=_MAYBE_NOT_NOW),
    "refuseShortageOffer": op("shortage.agree", body=_OVER, alive=_MAYBE_NOT_NOW),
    "confirmShortageOffer": op("shortage.answer", alive=_MAYBE_NOT_NOW),
    "declineShortageOffer": op("shortage.answer", body=_OVER, alive=_MAYBE_NOT_NOW),
    "approveShortageOffer": op("shortage.cross", alive=_MAYBE_NOT_NOW),
    "withdrawShortageOffer": op("shortage.offer", body=_OVER, alive=_MAYBE_NOT_NOW),
}


async def _publication(place: Place) -> Any:
    return {"term_id": str(await place.the("term")), "reason": "第二批走教"}


_TERM_OF_NOBODY = {"term_id": str(uuid4())}

VERSIONS: Chapter = {
    "amendAssignment": op("assignment.write", body=_always({}), alive=_MAYBE_NOT_NOW),
    "dropAmendment": op("assignment.write", alive=_MAYBE_NOT_NOW),
    "getItinerantDraft": op("assignment.read", query=_TERM_OF_NOBODY),
    "checkItinerantDraft": op("assignment.read", query=_TERM_OF_NOBODY, body=_always({})),
    "publishItinerantDraft": op(
        "assignment.publish", body=_publication, alive=frozenset({201, 409, 422})
    ),
    "listItinerantVersions": op("assignment.read", lists="itinerant_version"),
    "getItinerantVersion": op("assignment.read"),
    "restoreItinerantVersion": op(
        "assignment.publish", body=_always({"reason": "恢复"}), alive=frozenset({201, 409, 422})
    ),
}

ITINERANT: Chapter = {
    "listAssignments": op("assignment.read", lists="assignment"),
    "createAssignment": op("assignment.write", at="assignment", body=_new_assignment, in_body=True),
    "getAssignment": op("assignment.read"),
    "changeAssignment": op("assignment.write", body=_always({"code": None})),
    "checkAssignment": op("assignment.read"),
    "publishAssignment": op("assignment.publish", alive=_MAYBE_NOT_NOW),
    "endAssignment": op(
        "assignment.publish", body=_always({"reason": "教师返岗"}), alive=_MAYBE_NOT_NOW
    ),
}


# Mentoring


async def _new_pairing(place: Place) -> Any:
    mentor = await place.make.teacher(school=place.school, teaching_since=date(2000, 9, 1))
    mentee = await place.make.teacher(school=place.school)
    return {
        "mentor_id": str(mentor.id),
        "mentee_id": str(mentee.id),
        "role": "in_school",
        "valid_from": "2026-09-01",
    }


_ENTRY = {"kind": "meeting", "on_date": "2026-01-01", "topic": "课堂提问的设计"}
_ACCEPTED = {"pairing_id": "accepted_pairing"}
_MENTEE = {"teacher_id": "mentee"}


async def _new_mentor(place: Place) -> Any:
    mentor = await place.make.teacher(school=place.school, teaching_since=date(2000, 9, 1))
    return {"mentor_id": str(mentor.id)}


async def _text_in_force(place: Place) -> Any:
    text = await place.make.agreement_text(number=place.number() + 1)
    return {"text_number": text.number}


_ACTIVE = {"pairing_id": "active_pairing"}
_SCORES = {"scores": {one.code: 90 for one in DEFAULT_RUBRIC.criteria}}

_ITEM = {"name": "汇报课", "target": 2, "unit": "节"}
_LATER = {"vision": "三年成为骨干教师", "years": [{"goal": "站稳讲台"}] * 3}
_GROWTH = {**_LATER, "first_year": 2060}


async def _new_goals(place: Place) -> Any:
    return {"term_id": str(await place.the("term")), "items": [_ITEM]}


async def _new_visit(place: Place) -> Any:
    # In the evening, when nobody of this world teaches.
    day = clock.today("Asia/Shanghai") + timedelta(days=1 + place.number() % 300)
    return {
        "campus_id": str(await place.the("campus")),
        "starts_at": f"{day}T21:00:00+08:00",
        "ends_at": f"{day}T21:40:00+08:00",
        "topic": "集体备课",
    }


MENTORING: Chapter = {
    "listPairings": op("mentoring.read", lists="pairing"),
    "proposePairing": op("mentoring.write", at="teacher", body=_new_pairing, in_body=True),
    "getPairing": op("mentoring.read"),
    "changePairing": op("mentoring.write", body=_always({"goals": "站稳讲台"})),
    "acceptPairing": op("mentoring.answer"),
    "declinePairing": op("mentoring.answer", body=_always({"note": "已有安排"})),
    "activatePairing": op("mentoring.write", named=_ACCEPTED),
    "replaceMentor": op("mentoring.write", named=_ACTIVE, body=_new_mentor),
    "listAgreementTexts": op("mentoring.read"),
    "getAgreementText": op("mentoring.read"),
    "publishAgreementText": op(
        "mentoring.write",
        body=_always({"title": "师徒结对协议书", "body": "一、导师……"}),
        district_decides=True,
    ),
    "getAgreement": op("mentoring.read"),
    "signPairing": op("mentoring.answer", named=_ACCEPTED, body=_text_in_force),
    "endPairing": op("mentoring.write", body=_always({"reason": "withdrawn"})),
    "listGoalPlans": op("mentoring.read"),
    "setGoals": op("mentoring.answer", named=_ACTIVE, body=_new_goals),
    "getGoalPlan": op("mentoring.read"),
    "changeGoals": op("mentoring.answer", body=_always({"items": [_ITEM]})),
    "listGrowthPlans": op("mentoring.read", named=_MENTEE),
    "planGrowth": op("mentoring.answer", named=_MENTEE, body=_always(_GROWTH)),
    "getGrowthPlan": op("mentoring.read"),
    "changeGrowthPlan": op("mentoring.answer", body=_always(_LATER)),
    "listVisitSlots": op("mentoring.read", named=_ACTIVE, alive=frozenset({200, 422})),
    "listVisits": op("mentoring.read"),
    "planVisit": op("mentoring.answer", named=_ACTIVE, body=_new_visit),
    "getVisit": op("mentoring.read"),
    "cancelVisit": op("mentoring.answer", body=_always({"reason": "学校活动"})),
    "listLogEntries": op("mentoring.read"),
    "writeLogEntry": op(
        "mentoring.answer", named={"pairing_id": "active_pairing"}, body=_always(_ENTRY)
    ),
    "getLogEntry": op("mentoring.read"),
    "correctLogEntry": op(
        "mentoring.answer", named={"log_entry_id": "own_log_entry"}, body=_always(_ENTRY)
    ),
    "listLogEntryVersions": op("mentoring.read"),
    "confirmLogEntry": op("mentoring.answer"),
    "listAppraisals": op("mentoring.read", lists="appraisal"),
    "openAppraisal": op("mentoring.write", named=_ACTIVE, body=_always({"kind": "final"})),
    "openAppraisals": op(
        "programme.write",
        named={"programme_id": "open_programme"},
        body=_always({"kind": "midterm"}),
    ),
    "getAppraisal": op("mentoring.read"),
    "getAppraisalPdf": op("mentoring.read"),
    "getAgreementPdf": op("mentoring.read"),
    "appraise": op("mentoring.answer", body=_always(_SCORES)),
    "appraiseAsSchool": op("mentoring.appraise", body=_always(_SCORES)),
    "concludeAppraisal": op(
        "mentoring.write",
        named={"appraisal_id": "heard_appraisal"},
        body=_always({"note": "导师已离任"}),
    ),
    "markOutstanding": op(
        "programme.write",
        named={"appraisal_id": "excellent_appraisal"},
        body=_always({"outstanding": True}),
    ),
    "getPairingsFile": op("mentoring.read"),
    "getMentorsFile": op("mentoring.read"),
    "getPairingProgress": op("mentoring.read", asks=_of_a_term),
    "listMentees": op("mentoring.read", lists="mentee", item="teacher.id"),
    "getMentoringReport": op("mentoring.read", named=_MENTEE),
    "listMentors": op("mentoring.read", lists="mentor", item="teacher.id"),
}


# Programmes


async def _new_programme(place: Place) -> Any:
    return {
        "school_year_id": str(await place.the("school_year")),
        "group_id": str(place.group.id),
        "name": "双导师帮扶",
    }


async def _adjusted(place: Place) -> Any:
    first = 2040 + 2 * list(Where).index(place.where)
    return {"effective_from": f"{first}-10-01", "standard": {"plan": {"lesson_plans": 4}}}


_ADDED = {"kind": "added", "reason": "转岗任教"}


async def _of_a_programme_term(place: Place) -> Any:
    return {"term_id": str(await place.the("programme_term"))}


_OPEN_PROGRAMME = {"programme_id": "open_programme"}

PROGRAMMES: Chapter = {
    "listMentoringProgrammes": op("programme.read", lists="programme"),
    "createMentoringProgramme": op(
        "programme.write", at="programme", body=_new_programme, in_body=True
    ),
    "getMentoringProgramme": (
        op("programme.read"),
        op("programme.read", named={"programme_id": "district_programme"}),
    ),
    "changeMentoringProgramme": (
        op("programme.write", body=_always({"name": "双导师帮扶(修订)"})),
        op(
            "programme.write",
            named={"programme_id": "district_programme"},
            body=_always({"name": "双导师帮扶(修订)"}),
        ),
    ),
    "adjustMentoringProgramme": op(
        "programme.write",
        body=_adjusted,
    ),
    "openMentoringProgramme": op("programme.write"),
    "closeMentoringProgramme": op("programme.write", named=_OPEN_PROGRAMME),
    "listProgrammeEntries": op("programme.read"),
    "decideProgrammeEntry": op("programme.write", at="programme", body=_always(_ADDED)),
    "getMentoringCoverage": op("programme.read"),
    "listCoveredMentees": op("programme.read"),
    "listCoveringMentors": op("programme.read"),
    "getMentoringReportOfYear": op("programme.read"),
    "getMentoringReportFile": op("programme.read"),
    "getMentoringGrowth": op("programme.read", asks=_of_a_programme_term),
    "getMentoringGrowthFile": op("programme.read", asks=_of_a_programme_term),
    "listMentoringProgress": op("programme.read", asks=_of_a_programme_term),
    "getMentoringProgressFile": op("programme.read", asks=_of_a_programme_term),
    "suggestMentors": op("programme.read", named={"teacher_id": "cohort_mentee"}),
    "listMentoringMatchings": op("programme.read"),
    "askForMatching": op("programme.write", named=_OPEN_PROGRAMME, body=_always({})),
    "getMentoringMatching": op("programme.read"),
    "listMatchingChoices": op("programme.read"),
    "acceptMatching": op("programme.write"),
    "undoProgrammeEntry": op(
        "programme.write", at="programme", named={"teacher_id": "programme_teacher"}
    ),
}


# The feed

FEED: Chapter = {
    "listChanges": op("feed.read"),
    "listenToChanges": op("feed.read"),
    # A token is of use to whoever got it; one that was made up is refused for what it is.
    "getChangesDigest": op("feed.read", query={"since": "made-up"}, alive=frozenset({400})),
}


# Webhooks


_RECEIVER = {"name": "智学平台", "url": "https://198.41.0.4/hooks"}
_REPLAY = {"from_time": "2026-09-01T00:00:00+08:00"}

WEBHOOKS: Chapter = {
    "listWebhookEventTypes": op("webhook.read"),
    "listWebhookEndpoints": op("webhook.read", lists="webhook_endpoint"),
    "createWebhookEndpoint": op("webhook.write", body=_always(_RECEIVER)),
    "getWebhookEndpoint": op("webhook.read"),
    "changeWebhookEndpoint": op("webhook.write", body=_always({"name": "新名称"})),
    "removeWebhookEndpoint": op("webhook.write"),
    "enableWebhookEndpoint": op("webhook.write"),
    "disableWebhookEndpoint": op("webhook.write"),
    "rotateWebhookSecret": op("webhook.write", body=_always({})),
    "testWebhookEndpoint": op("webhook.write"),
    "replayWebhookEvents": op("webhook.write", body=_always(_REPLAY)),
    "listWebhookDeliveries": op("webhook.read", at="webhook_endpoint"),
    "getWebhookDelivery": op("webhook.read"),
    "redeliverWebhook": op("webhook.write"),
}


# Studios


async def _new_studio(place: Place) -> Any:
    return {
        "name": f"名师工作室{_number()}",
        "subject": "24",
        "stage": "2",
        "host_id": str(place.teacher.id),
        "valid_from": "2026-09-01",
    }


async def _new_member(place: Place) -> Any:
    other = await place.make.teacher(school=place.school)
    return {"teacher_id": str(other.id), "role": "trainee", "valid_from": "2026-09-01"}


async def _new_host(place: Place) -> Any:
    return {"teacher_id": str(place.teacher.id), "on": "2027-09-01"}


async def _new_activity(place: Place) -> Any:
    return {
        "kind": "meeting",
        "topic": "研讨",
        "campus_id": str(await place.the("campus")),
        "starts_at": "2028-03-01T14:00:00+08:00",
        "ends_at": "2028-03-01T16:00:00+08:00",
    }


async def _who_came(place: Place) -> Any:
    return {"attendance": [{"teacher_id": str(place.teacher.id), "presence": "present"}]}


async def _new_output(place: Place) -> Any:
    return {
        "teacher_id": str(place.teacher.id),
        "kind": "resource",
        "title": "课例集",
        "on_date": "2026-10-01",
    }


async def _new_review(place: Place) -> Any:
    return {"school_year_id": str(await place.the("school_year")), "grade": "qualified"}


_PAST_ACTIVITY = {"studio_activity_id": "past_studio_activity"}

STUDIOS: Chapter = {
    "listStudios": op("studio.read", lists="studio"),
    "createStudio": op("studio.write", at="teacher", body=_new_studio, in_body=True),
    "getStudio": op("studio.read"),
    "changeStudio": op("studio.write", body=_always({"aims": "培养青年教师"})),
    "changeStudioHost": op("studio.write", body=_new_host),
    "listStudioMembers": op("studio.read"),
    "addStudioMember": op("studio.write", body=_new_member),
    "endStudioMembership": op("studio.write", at="studio", body=_always({"on": "2027-01-01"})),
    "listStudioActivities": op("studio.read"),
    "planStudioActivity": op("studio.write", body=_new_activity),
    "getStudioActivity": op("studio.read"),
    "cancelStudioActivity": op("studio.write"),
    "recordStudioAttendance": op("studio.write", named=_PAST_ACTIVITY, body=_who_came),
    "listStudioOutputs": op("studio.read"),
    "noteStudioOutput": op("studio.write", body=_new_output),
    "listStudioReviews": op("studio.read"),
    "reviewStudio": op("studio.write", body=_new_review),
    "getStudioRollFile": op("studio.read"),
    "getStudioWork": op("studio.read"),
}


ROTATION: Chapter = {
    "getRotationEligibility": op("rotation.read"),
    "getSchoolStructure": op("rotation.read"),
    "getGroupStructure": op("rotation.read"),
}


CHAPTERS: Mapping[str, Chapter] = {
    "absences": ABSENCES,
    "accounts": ACCOUNTS,
    "attendance": ATTENDANCE,
    "calendar": CALENDAR,
    "feed": FEED,
    "imports": IMPORTS,
    "itinerant": ITINERANT,
    "shortages": SHORTAGES,
    "versions": VERSIONS,
    "mentoring": MENTORING,
    "network": NETWORK,
    "phone": PHONE,
    "programmes": PROGRAMMES,
    "rotation": ROTATION,
    "studios": STUDIOS,
    "staff": STAFF,
    "swaps": SWAPS,
    "timetable": TIMETABLE,
    "webhooks": WEBHOOKS,
    "workload": WORKLOAD,
}
