"""Shortages: filed, approved, offered to teachers, until somebody has been found."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from sqlmodel import col

from service.itinerant import matching, offers, shortages
from service.itinerant.problems.shortage import (
    OfferExpired,
    OfferMade,
    OfferOver,
    ShortageNotFound,
    ShortageOfferNotFound,
    ShortageStateUnfit,
    TeacherTaken,
)
from service.itinerant.queries import shortage as queries
from service.itinerant.routes.assignments import periods
from service.itinerant.rules.shortage import OfferState, ShortageState, Urgency
from service.itinerant.schemas.shortage import (
    HelpersOut,
    OverIn,
    ShortageIn,
    ShortageOfferIn,
    ShortageOfferOut,
    ShortageOut,
    ShortagePatch,
    shortages_file,
)
from service.itinerant.tables import Shortage, ShortageOffer
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.http import (
    Db,
    IfMatch,
    NewTag,
    Page,
    Paging,
    ReadDb,
    Tag,
    a_file,
    english,
    make_router,
    may_fail,
    needs,
    send_file,
)
from service.kit.problems import InvalidValue, RelatedNotFound
from service.timetable.problems import ScheduleConflict
from service.timetable.problems.absence import OwnRequest

shortages_router = make_router(tag="shortages")
offers_router = make_router(tag="shortage-offers")
routers = [shortages_router, offers_router]

Reader = Annotated[Caller, needs(Permission.SHORTAGE_READ)]
Filer = Annotated[Caller, needs(Permission.SHORTAGE_WRITE)]
Decider = Annotated[Caller, needs(Permission.SHORTAGE_DECIDE)]
Matcher = Annotated[Caller, needs(Permission.SHORTAGE_OFFER)]
Home = Annotated[Caller, needs(Permission.SHORTAGE_AGREE)]
Asked = Annotated[Caller, needs(Permission.SHORTAGE_ANSWER)]
District = Annotated[Caller, needs(Permission.SHORTAGE_CROSS)]


@dataclass(frozen=True, slots=True)
class ShortageQuery:
    """Which shortages are asked for."""

    school_id: Annotated[UUID | None, Query(description="仅该校")] = None
    group_id: Annotated[UUID | None, Query(description="仅该集团")] = None
    term_id: Annotated[UUID | None, Query(description="仅该学期")] = None
    subject: Annotated[str | None, Query(description="仅该学科", max_length=20)] = None
    state: Annotated[ShortageState | None, Query(description="仅该状态")] = None
    urgency: Annotated[Urgency | None, Query(description="仅该紧急程度")] = None

    def filter(self) -> queries.ShortageFilter:
        """The filter of the query."""
        return queries.ShortageFilter(
            school_id=self.school_id,
            group_id=self.group_id,
            term_id=self.term_id,
            subject=self.subject,
            state=self.state,
            urgency=self.urgency,
        )


@shortages_router.get(
    "/shortages",
    operation_id="listShortages",
    summary="紧缺需求列表",
    description="列出您可见学校的紧缺学科需求及落实情况;可按学校、集团、学期、学科、状态与紧急程度"
    "筛选。",
    openapi_extra=english(
        "List shortages",
        "What schools within reach are short of, and how far it is covered; by school, group, "
        "term, subject, state and urgency.",
    ),
)
async def list_shortages(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[ShortageQuery, Depends()]
) -> Page[ShortageOut]:
    """List shortages."""
    return await paging.answer(
        db,
        queries.shortages(caller, wanted=wanted.filter()),
        sorts={"id": col(Shortage.id), "lessons_per_week": col(Shortage.lessons_per_week)},
        default="-id",
        tie=col(Shortage.id),
        out=lambda row: ShortageOut.of(queries.shortage_row(row)),
    )


@shortages_router.get(
    "/shortages.xlsx",
    operation_id="getShortagesFile",
    summary="下载紧缺需求",
    description="与 `GET /v1/shortages` 相同的筛选,全部列出,Excel 表,末行合计。",
    response_class=Response,
    responses=a_file("紧缺需求一览 / Shortages"),
    openapi_extra=english("Shortages as a file", "All that the same filters find, with the sums."),
)
async def get_shortages_file(
    *, db: ReadDb, caller: Reader, wanted: Annotated[ShortageQuery, Depends()]
) -> Response:
    """Shortages as a file."""
    rows = await queries.listed(db, caller=caller, wanted=wanted.filter())
    content = shortages_file([ShortageOut.of(row) for row in rows])
    return send_file(content, name="紧缺需求一览.xlsx")


@shortages_router.post(
    "/shortages",
    status_code=201,
    operation_id="fileShortage",
    summary="申报紧缺需求",
    description="学校申报紧缺学科:校区、学科学段、班级、每周缺多少节、可以安排的半天与紧急程度。"
    "集团与起止日期可留空,由学校所属集团与学期得出。",
    responses=may_fail(RelatedNotFound, InvalidValue),
    openapi_extra=english(
        "File a shortage",
        "Campus, subject and stage, classes, lessons missing a week, possible half-days and "
        "urgency. Group and days may be left out: they follow from the school and the term.",
    ),
)
async def file_shortage(*, db: Db, caller: Filer, body: ShortageIn, tag: NewTag) -> ShortageOut:
    """File a shortage."""
    filing = shortages.Filing(
        campus_id=body.campus_id,
        group_id=body.group_id,
        term_id=body.term_id,
        subject=body.subject,
        stage=body.stage,
        class_ids=body.class_ids,
        lessons_per_week=body.lessons_per_week,
        half_days=body.half_days,
        urgency=body.urgency,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        note=body.note,
    )
    row = await shortages.file(db, caller=caller, filing=filing)
    tag(row.version)
    return await _shortage(db, caller, row.id)


async def _shortage(db: AsyncSession, caller: Caller, shortage_id: UUID) -> ShortageOut:
    row = await queries.visible_shortage(db, caller=caller, shortage_id=shortage_id)
    return ShortageOut.of(row)


@shortages_router.get(
    "/shortages/{shortage_id}",
    operation_id="getShortage",
    summary="查看紧缺需求",
    description="读取一项紧缺需求及已落实、邀请中与仍缺的周课时。",
    responses=may_fail(ShortageNotFound),
    openapi_extra=english(
        "Read a shortage", "One shortage with the weekly lessons covered, offered and missing."
    ),
)
async def get_shortage(*, db: ReadDb, caller: Reader, shortage_id: UUID, tag: Tag) -> ShortageOut:
    """Read a shortage."""
    row = await queries.visible_shortage(db, caller=caller, shortage_id=shortage_id)
    # Answers to offers change what is covered without touching the shortage itself.
    tag(f"{row.version}-{row.covered}-{row.asked}", weak=True)
    return ShortageOut.of(row)


@shortages_router.patch(
    "/shortages/{shortage_id}",
    operation_id="changeShortage",
    summary="修改紧缺需求",
    description="尚未邀请教师时,学校可修改班级、节数、半天、紧急程度、起止日期与说明;已批准的修改后须"
    "重新批准,修改人视为申报人。校区、学科、学期有误时请撤回后重新申报。",
    responses=may_fail(ShortageNotFound, ShortageStateUnfit, RelatedNotFound, InvalidValue),
    openapi_extra=english(
        "Change a shortage",
        "Classes, lessons, half-days, urgency, days and note, while no teacher has been asked. "
        "What was approved waits for approval again; whoever changed it counts as having filed it.",
    ),
)
async def change_shortage(
    *,
    db: Db,
    caller: Filer,
    shortage_id: UUID,
    body: ShortagePatch,
    expected: IfMatch,
    tag: NewTag,
) -> ShortageOut:
    """Change a shortage."""
    row = await shortages.change(
        db,
        caller=caller,
        shortage_id=shortage_id,
        changes=body.model_dump(exclude_unset=True),
        expected=expected,
    )
    tag(row.version)
    return await _shortage(db, caller, row.id)


@shortages_router.post(
    "/shortages/{shortage_id}:approve",
    operation_id="approveShortage",
    summary="批准紧缺需求",
    description="集团办公室或区教委批准后即可邀请教师。不能批准自己申报的需求。",
    responses=may_fail(ShortageNotFound, ShortageStateUnfit, OwnRequest),
    openapi_extra=english(
        "Approve a shortage",
        "By the group's office or the district; then teachers can be asked. Nobody approves what "
        "they filed.",
    ),
)
async def approve_shortage(
    *, db: Db, caller: Decider, shortage_id: UUID, expected: IfMatch, tag: NewTag
) -> ShortageOut:
    """Approve a shortage."""
    row = await shortages.approve(db, caller=caller, shortage_id=shortage_id, expected=expected)
    tag(row.version)
    return await _shortage(db, caller, shortage_id)


@shortages_router.post(
    "/shortages/{shortage_id}:close",
    operation_id="closeShortage",
    summary="关闭紧缺需求",
    description="不予批准、不再需要或已结束时关闭,并注明原因。有未答复的邀请时须先撤回邀请。",
    responses=may_fail(ShortageNotFound, ShortageStateUnfit),
    openapi_extra=english(
        "Close a shortage",
        "Not granted, not needed any more, or over; with the reason. Open offers are withdrawn "
        "first.",
    ),
)
async def close_shortage(
    *,
    db: Db,
    caller: Decider,
    shortage_id: UUID,
    body: OverIn,
    expected: IfMatch,
    tag: NewTag,
) -> ShortageOut:
    """Close a shortage."""
    row = await shortages.close(
        db, caller=caller, shortage_id=shortage_id, reason=body.reason, expected=expected
    )
    tag(row.version)
    return await _shortage(db, caller, shortage_id)


@shortages_router.post(
    "/shortages/{shortage_id}:withdraw",
    operation_id="withdrawShortage",
    summary="撤回紧缺需求",
    description="学校撤回尚未解决的需求;未答复的邀请随之撤回,教师的时间即时释放。",
    responses=may_fail(ShortageNotFound, ShortageStateUnfit),
    openapi_extra=english(
        "Withdraw a shortage",
        "While it is not matched. Open offers are withdrawn with it and give the time back.",
    ),
)
async def withdraw_shortage(
    *,
    db: Db,
    caller: Filer,
    shortage_id: UUID,
    body: OverIn,
    expected: IfMatch,
    tag: NewTag,
) -> ShortageOut:
    """Withdraw a shortage."""
    row = await shortages.withdraw(
        db, caller=caller, shortage_id=shortage_id, reason=body.reason, expected=expected
    )
    tag(row.version)
    return await _shortage(db, caller, shortage_id)


@shortages_router.get(
    "/shortages/{shortage_id}/candidates",
    operation_id="listShortageCandidates",
    summary="可走教教师",
    description="列出集团内有任教资格、在可安排的半天内有每周都空的节次且来得及到校的教师,"
    "按学科、层级、课时余量、路程、半天吻合度与公平性计分排序;其余教师按原因计数,"
    "`others=true` 时逐人列出。只考虑缺课班级也空着的节次,见 `open_periods`。",
    responses=may_fail(ShortageNotFound),
    openapi_extra=english(
        "List candidates of a shortage",
        "Teachers of the group who are qualified, free every week in one of the possible periods, "
        "and can be there in time; with the points of each criterion. The others are counted by "
        "reason, and listed with `others=true`. Only periods in which a class that is short has "
        "nothing count; see `open_periods`.",
    ),
)
async def list_shortage_candidates(
    *,
    db: ReadDb,
    caller: Matcher,
    shortage_id: UUID,
    others: Annotated[bool, Query(description="逐人列出不能的原因")] = False,
) -> HelpersOut:
    """List candidates of a shortage."""
    choice = await matching.candidates(db, caller=caller, shortage_id=shortage_id)
    return HelpersOut.of(choice, others=others)


@shortages_router.post(
    "/shortages/{shortage_id}:offer",
    status_code=201,
    operation_id="offerShortage",
    summary="邀请教师走教",
    description="邀请一位教师承担若干每周节次;答复截止前,教师在全部日期的时间与路程均被预留。"
    "派出校同意、教师确认,跨集团还须区教委批准;全部同意后自动起草走教安排并继续预留时间。"
    "时间已被占用或预留时返回 409。",
    responses=may_fail(
        ShortageNotFound,
        ShortageStateUnfit,
        OfferMade,
        TeacherTaken,
        ScheduleConflict,
        RelatedNotFound,
        InvalidValue,
    ),
    openapi_extra=english(
        "Offer a shortage to a teacher",
        "Ask one teacher for some weekly periods. Until the offer expires the time is held on all "
        "dates, ways included. The home school agrees, the teacher confirms, and across groups the "
        "district approves; then an assignment is drafted, which goes on holding the time. Time "
        "that is taken or held is a 409.",
    ),
)
async def offer_shortage(
    *,
    db: Db,
    caller: Matcher,
    shortage_id: UUID,
    body: ShortageOfferIn,
    expected: IfMatch,
    tag: NewTag,
) -> ShortageOfferOut:
    """Offer a shortage to a teacher."""
    asking = offers.Asking(
        teacher_id=body.teacher_id,
        home_school_id=body.home_school_id,
        patterns=periods(body.patterns),
        expires_at=body.expires_at,
    )
    row = await offers.offer(
        db, caller=caller, shortage_id=shortage_id, asking=asking, expected=expected
    )
    tag(row.version)
    return await _offer(db, caller, row.id)


# Offers


async def _offer(db: AsyncSession, caller: Caller, offer_id: UUID) -> ShortageOfferOut:
    found = await queries.visible_offer(db, caller=caller, offer_id=offer_id)
    return ShortageOfferOut.of(found)


@dataclass(frozen=True, slots=True)
class OfferQuery:
    """Which offers are asked for."""

    shortage_id: Annotated[UUID | None, Query(description="仅该需求")] = None
    teacher_id: Annotated[UUID | None, Query(description="仅该教师")] = None
    home_school_id: Annotated[UUID | None, Query(description="仅该派出校")] = None
    state: Annotated[OfferState | None, Query(description="仅该状态")] = None


@offers_router.get(
    "/shortage-offers",
    operation_id="listShortageOffers",
    summary="走教邀请列表",
    description="教师查看发给自己的邀请;学校查看本校教师的与本校需求的邀请。",
    openapi_extra=english(
        "List offers",
        "One's own, those of one's school's teachers, and those of one's school's shortages.",
    ),
)
async def list_shortage_offers(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[OfferQuery, Depends()]
) -> Page[ShortageOfferOut]:
    """List offers."""
    asked = queries.OfferFilter(
        shortage_id=wanted.shortage_id,
        teacher_id=wanted.teacher_id,
        home_school_id=wanted.home_school_id,
        state=wanted.state,
    )
    return await paging.answer(
        db,
        queries.offers(caller, wanted=asked),
        sorts={"id": col(ShortageOffer.id), "expires_at": col(ShortageOffer.expires_at)},
        default="-id",
        tie=col(ShortageOffer.id),
        out=ShortageOfferOut.of,
    )


@offers_router.get(
    "/shortage-offers/{shortage_offer_id}",
    operation_id="getShortageOffer",
    summary="查看走教邀请",
    description="读取一份邀请:节次、有效期、答复截止时间以及还在等谁答复。",
    responses=may_fail(ShortageOfferNotFound),
    openapi_extra=english(
        "Read an offer", "Its periods, days and deadline, and whose answer is missing."
    ),
)
async def get_shortage_offer(
    *, db: ReadDb, caller: Reader, shortage_offer_id: UUID, tag: Tag
) -> ShortageOfferOut:
    """Read an offer."""
    found = await queries.visible_offer(db, caller=caller, offer_id=shortage_offer_id)
    tag(found[0].version)
    return ShortageOfferOut.of(found)


@offers_router.post(
    "/shortage-offers/{shortage_offer_id}:agree",
    operation_id="agreeToShortageOffer",
    summary="派出校同意",
    description="派出校同意教师走教。不能同意自己发出的邀请。",
    responses=may_fail(ShortageOfferNotFound, OfferOver, OfferExpired, OwnRequest),
    openapi_extra=english(
        "Agree as the home school",
        "Let the teacher help. Nobody agrees to an offer they made themselves.",
    ),
)
async def agree_to_shortage_offer(
    *, db: Db, caller: Home, shortage_offer_id: UUID, expected: IfMatch, tag: NewTag
) -> ShortageOfferOut:
    """Agree as the home school."""
    row = await offers.agree(db, caller=caller, offer_id=shortage_offer_id, expected=expected)
    tag(row.version)
    return await _offer(db, caller, row.id)


@offers_router.post(
    "/shortage-offers/{shortage_offer_id}:refuse",
    operation_id="refuseShortageOffer",
    summary="派出校不同意",
    description="派出校不同意教师走教并说明原因;时间即时释放。",
    responses=may_fail(ShortageOfferNotFound, OfferOver),
    openapi_extra=english(
        "Refuse as the home school", "With the reason; the teacher's time is free at once."
    ),
)
async def refuse_shortage_offer(
    *,
    db: Db,
    caller: Home,
    shortage_offer_id: UUID,
    body: OverIn,
    expected: IfMatch,
    tag: NewTag,
) -> ShortageOfferOut:
    """Refuse as the home school."""
    row = await offers.refuse(
        db, caller=caller, offer_id=shortage_offer_id, reason=body.reason, expected=expected
    )
    tag(row.version)
    return await _offer(db, caller, row.id)


@offers_router.post(
    "/shortage-offers/{shortage_offer_id}:confirm",
    operation_id="confirmShortageOffer",
    summary="教师确认",
    description="教师本人确认愿意走教。",
    responses=may_fail(ShortageOfferNotFound, OfferOver, OfferExpired),
    openapi_extra=english("Confirm as the teacher", "Say yes to an offer made to oneself."),
)
async def confirm_shortage_offer(
    *, db: Db, caller: Asked, shortage_offer_id: UUID, expected: IfMatch, tag: NewTag
) -> ShortageOfferOut:
    """Confirm as the teacher."""
    row = await offers.confirm(db, caller=caller, offer_id=shortage_offer_id, expected=expected)
    tag(row.version)
    return await _offer(db, caller, row.id)


@offers_router.post(
    "/shortage-offers/{shortage_offer_id}:decline",
    operation_id="declineShortageOffer",
    summary="教师谢绝",
    description="教师本人谢绝并说明原因;时间即时释放。",
    responses=may_fail(ShortageOfferNotFound, OfferOver),
    openapi_extra=english("Decline as the teacher", "With the reason; one's time is free at once."),
)
async def decline_shortage_offer(
    *,
    db: Db,
    caller: Asked,
    shortage_offer_id: UUID,
    body: OverIn,
    expected: IfMatch,
    tag: NewTag,
) -> ShortageOfferOut:
    """Decline as the teacher."""
    row = await offers.decline(
        db, caller=caller, offer_id=shortage_offer_id, reason=body.reason, expected=expected
    )
    tag(row.version)
    return await _offer(db, caller, row.id)


@offers_router.post(
    "/shortage-offers/{shortage_offer_id}:approve",
    operation_id="approveShortageOffer",
    summary="区教委批准跨集团走教",
    description="跨集团的邀请须由区教委批准;不能批准自己发出的邀请。",
    responses=may_fail(ShortageOfferNotFound, OfferOver, OfferExpired, OwnRequest),
    openapi_extra=english(
        "Approve across groups",
        "The district approves an offer to a teacher of another group; nobody approves an offer "
        "they made themselves.",
    ),
)
async def approve_shortage_offer(
    *, db: Db, caller: District, shortage_offer_id: UUID, expected: IfMatch, tag: NewTag
) -> ShortageOfferOut:
    """Approve across groups."""
    row = await offers.approve(db, caller=caller, offer_id=shortage_offer_id, expected=expected)
    tag(row.version)
    return await _offer(db, caller, row.id)


@offers_router.post(
    "/shortage-offers/{shortage_offer_id}:withdraw",
    operation_id="withdrawShortageOffer",
    summary="撤回走教邀请",
    description="撤回尚未答复完的邀请;教师的时间即时释放。",
    responses=may_fail(ShortageOfferNotFound, OfferOver),
    openapi_extra=english(
        "Withdraw an offer", "While it is pending; the teacher's time is free at once."
    ),
)
async def withdraw_shortage_offer(
    *,
    db: Db,
    caller: Matcher,
    shortage_offer_id: UUID,
    body: OverIn,
    expected: IfMatch,
    tag: NewTag,
) -> ShortageOfferOut:
    """Withdraw an offer."""
    row = await offers.withdraw(
        db, caller=caller, offer_id=shortage_offer_id, reason=body.reason, expected=expected
    )
    tag(row.version)
    return await _offer(db, caller, row.id)
