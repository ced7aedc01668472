"""Master-teacher studios: members, activities, what came of them."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime
from sqlalchemy import func
from sqlmodel import col

from service.kit.auth import Caller, Permission
from service.kit.http import (
    Db,
    IfMatch,
    NewTag,
    Page,
    Paging,
    ReadDb,
    Tag,
    english,
    make_router,
    may_fail,
    needs,
)
from service.kit.problems import RelatedNotFound
from service.mentoring import studios
from service.mentoring.problems.studio import (
    ActivityNotFound,
    ActivityOver,
    ActivityUnfit,
    HostUnfit,
    MemberAlready,
    MemberUnfit,
    NotInvited,
    ReviewedAlready,
    StudioMemberNotFound,
    StudioNotFound,
)
from service.mentoring.queries import PERSON_SORTS
from service.mentoring.queries import studio as queries
from service.mentoring.schemas.studio import (
    HostIn,
    MemberLeaveIn,
    StudioActivityIn,
    StudioActivityOut,
    StudioActivityReport,
    StudioAttendanceIn,
    StudioIn,
    StudioMemberIn,
    StudioMemberOut,
    StudioOut,
    StudioOutputIn,
    StudioOutputOut,
    StudioPatch,
    StudioReviewIn,
    StudioReviewOut,
    StudioWorkOut,
)
from service.mentoring.studios import Joining, NewActivity, NewStudio
from service.mentoring.tables import Studio, StudioActivity, StudioOutput, StudioReview
from service.network.queries import standpoint
from service.staff.problems import TeacherNotFound
from service.timetable.problems import ScheduleConflict

router = make_router(tag="studios")

Reader = Annotated[Caller, needs(Permission.STUDIO_READ)]
Writer = Annotated[Caller, needs(Permission.STUDIO_WRITE)]
AsOf = Annotated[date | None, Query(description="按这一天的情况;空表示今天")]


@router.get(
    "/studios",
    operation_id="listStudios",
    summary="名师工作室列表",
    description="列出您可见的名师工作室(成员之一在您的管理范围内,或就是您本人),"
    "含成员人数与农村、薄弱学校教师占比。",
    openapi_extra=english(
        "List studios",
        "The studios in which you reach a member, or are one; with how many members there are and "
        "the share of those from rural and weak schools.",
    ),
)
async def list_studios(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    subject: Annotated[str | None, Query(max_length=40, description="仅该学科")] = None,
    q: Annotated[str | None, Query(max_length=80, description="名称含有")] = None,
) -> Page[StudioOut]:
    """List studios."""
    at = await standpoint(db, district_id=caller.district_id)
    page = await paging.answer(
        db,
        queries.studios(caller, subject=subject, q=q),
        sorts={"name": col(Studio.name), "valid_from": func.lower(col(Studio.valid))},
        default="name",
        tie=col(Studio.id),
        out=lambda row: row,
    )
    enrolled = await queries.shares(db, studio_ids=[one.id for one in page.items], at=at)
    items = [StudioOut.of(one, enrolled=enrolled.get(one.id, [])) for one in page.items]
    return Page[StudioOut](items=items, next_cursor=page.next_cursor)


@router.post(
    "/studios",
    status_code=201,
    operation_id="createStudio",
    summary="新建名师工作室",
    description="新建工作室并指定主持人;未填写结束日期时周期为三年。"
    "主持人所在学校、集团或区级可以新建。",
    responses=may_fail(RelatedNotFound),
    openapi_extra=english(
        "Begin a studio",
        "With its host, for three years unless said; the host's school, group or district does.",
    ),
)
async def create_studio(*, db: Db, caller: Writer, body: StudioIn, tag: NewTag) -> StudioOut:
    """Begin a studio."""
    named = {
        "name": body.name,
        "subject": body.subject,
        "stage": body.stage,
        "aims": body.aims,
    }
    new = NewStudio(body.host_id, body.valid_from, body.valid_until, named)
    studio = await studios.begin_studio(db, caller=caller, new=new)
    tag(studio.version)
    return await _shown(db, studio)


async def _shown(db: Any, studio: Studio) -> StudioOut:
    at = await standpoint(db, district_id=studio.district_id)
    enrolled = await queries.shares(db, studio_ids=[studio.id], at=at)
    return StudioOut.of(studio, enrolled=enrolled.get(studio.id, []))


@router.get(
    "/studios/{studio_id}",
    operation_id="getStudio",
    summary="查看名师工作室",
    description="一个工作室的周期、目标与成员构成。",
    responses=may_fail(StudioNotFound),
    openapi_extra=english("Read a studio", "Its cycle, its aims, and who its members are made of."),
)
async def get_studio(*, db: ReadDb, caller: Reader, studio_id: UUID, tag: Tag) -> StudioOut:
    """Read a studio."""
    studio = await queries.visible_studio(db, caller=caller, studio_id=studio_id)
    tag(studio.version)
    return await _shown(db, studio)


@router.patch(
    "/studios/{studio_id}",
    operation_id="changeStudio",
    summary="修改名师工作室",
    description="修改名称或目标(JSON Merge Patch);主持人请用“更换主持人”。",
    responses=may_fail(StudioNotFound),
    openapi_extra=english(
        "Change a studio", "Its name or aims (JSON Merge Patch); the host is changed apart."
    ),
)
async def change_studio(
    *,
    db: Db,
    caller: Writer,
    studio_id: UUID,
    body: StudioPatch,
    expected: IfMatch,
    tag: NewTag,
) -> StudioOut:
    """Change a studio."""
    studio = await studios.change_studio(
        db,
        caller=caller,
        studio_id=studio_id,
        changes=body.model_dump(exclude_unset=True),
        expected=expected,
    )
    tag(studio.version)
    return await _shown(db, studio)


@router.post(
    "/studios/{studio_id}:change-host",
    operation_id="changeStudioHost",
    summary="更换主持人",
    description="自某日起由另一位教师主持,中间不空缺;接任者原有的成员身份到该日为止。",
    responses=may_fail(StudioNotFound, RelatedNotFound, MemberUnfit, MemberAlready),
    openapi_extra=english(
        "Change the host",
        "Somebody else hosts from a day on, without a day in between; what else the successor was "
        "in the studio ends there.",
    ),
)
async def change_studio_host(
    *, db: Db, caller: Writer, studio_id: UUID, body: HostIn, expected: IfMatch, tag: NewTag
) -> StudioOut:
    """Change the host."""
    studio = await studios.change_host(
        db,
        caller=caller,
        studio_id=studio_id,
        teacher_id=body.teacher_id,
        on=body.on,
        expected=expected,
    )
    tag(studio.version)
    return await _shown(db, studio)


# Members


@router.get(
    "/studios/{studio_id}/members",
    operation_id="listStudioMembers",
    summary="工作室成员",
    description="工作室的全部成员,含已退出的;`as_of` 只看当日成员。",
    responses=may_fail(StudioNotFound),
    openapi_extra=english(
        "List members", "Everybody who is or was in the studio; of one day with `as_of`."
    ),
)
async def list_members(
    *, db: ReadDb, caller: Reader, paging: Paging, studio_id: UUID, as_of: AsOf = None
) -> Page[StudioMemberOut]:
    """List members."""
    await queries.visible_studio(db, caller=caller, studio_id=studio_id)
    at = await standpoint(db, district_id=caller.district_id, as_of=as_of)
    return await paging.answer(
        db,
        queries.members(studio_id=studio_id, at=at, on=as_of),
        sorts=PERSON_SORTS,
        default="name",
        tie=queries.MEMBER,
        out=StudioMemberOut.of,
    )


@router.post(
    "/studios/{studio_id}/members",
    status_code=201,
    operation_id="addStudioMember",
    summary="加入工作室",
    description="让一位教师以核心成员或学员身份加入,起止日期在周期之内;可来自不同学校。",
    responses=may_fail(StudioNotFound, RelatedNotFound, HostUnfit, MemberUnfit, MemberAlready),
    openapi_extra=english(
        "Let somebody join", "As core member or trainee, within the cycle, from any school."
    ),
)
async def add_member(
    *, db: Db, caller: Writer, studio_id: UUID, body: StudioMemberIn, tag: NewTag
) -> StudioMemberOut:
    """Let somebody join."""
    joining = Joining(body.teacher_id, body.role, body.valid_from, body.valid_until)
    member = await studios.join(db, caller=caller, studio_id=studio_id, joining=joining)
    tag(member.version)
    return await _member(db, caller=caller, studio_id=studio_id, member_id=member.id)


async def _member(db: Any, *, caller: Caller, studio_id: UUID, member_id: UUID) -> StudioMemberOut:
    at = await standpoint(db, district_id=caller.district_id)
    row = await queries.member_row(db, studio_id=studio_id, member_id=member_id, at=at)
    return StudioMemberOut.of(row)


@router.post(
    "/studios/{studio_id}/members/{studio_member_id}:leave",
    operation_id="endStudioMembership",
    summary="退出工作室",
    description="自某日起退出;此后已安排活动占用的时间随之释放。主持人不能退出,只能更换。",
    responses=may_fail(StudioNotFound, StudioMemberNotFound, HostUnfit, MemberUnfit),
    openapi_extra=english(
        "Let a member leave",
        "From a day on; the time of later activities is theirs again. A host is replaced instead.",
    ),
)
async def end_membership(
    *,
    db: Db,
    caller: Writer,
    studio_id: UUID,
    studio_member_id: UUID,
    body: MemberLeaveIn,
    expected: IfMatch,
) -> StudioMemberOut:
    """Let a member leave."""
    member = await studios.leave(
        db,
        caller=caller,
        studio_id=studio_id,
        member_id=studio_member_id,
        on=body.on,
        expected=expected,
    )
    return await _member(db, caller=caller, studio_id=studio_id, member_id=member.id)


# Activities


@router.get(
    "/studios/{studio_id}/activities",
    operation_id="listStudioActivities",
    summary="工作室活动",
    description="工作室的活动,含已取消的;可按时间筛选。",
    responses=may_fail(StudioNotFound),
    openapi_extra=english("List activities", "What a studio does together, also what is off."),
)
async def list_activities(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    studio_id: UUID,
    from_: Annotated[AwareDatetime | None, Query(alias="from", description="不早于")] = None,
) -> Page[StudioActivityOut]:
    """List activities."""
    await queries.visible_studio(db, caller=caller, studio_id=studio_id)
    return await paging.answer(
        db,
        queries.activities(studio_id=studio_id, from_=from_),
        sorts={"starts_at": col(StudioActivity.starts_at)},
        default="-starts_at",
        tie=col(StudioActivity.id),
        out=StudioActivityOut.of,
    )


@router.post(
    "/studios/{studio_id}/activities",
    status_code=201,
    operation_id="planStudioActivity",
    summary="安排工作室活动",
    description="安排研讨或培训,占用当日全体成员的时间(含路程);有人时间冲突时拒绝并逐人列出,"
    "可改期,或在 without 中列明不邀请的成员。",
    responses=may_fail(StudioNotFound, RelatedNotFound, ActivityUnfit, ScheduleConflict),
    openapi_extra=english(
        "Plan an activity",
        "It takes the time of all members of the day, ways included. Refused with everything that "
        "stands in the way; choose another time, or leave somebody out with `without`.",
    ),
)
async def plan_activity(
    *, db: Db, caller: Writer, studio_id: UUID, body: StudioActivityIn, tag: NewTag
) -> StudioActivityReport:
    """Plan an activity."""
    new = NewActivity(
        kind=body.kind,
        topic=body.topic,
        campus_id=body.campus_id,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        note=body.note,
        without=body.without,
    )
    activity = await studios.plan(db, caller=caller, studio_id=studio_id, new=new)
    tag(activity.version)
    return await _report(db, activity)


async def _report(db: Any, activity: StudioActivity) -> StudioActivityReport:
    at = await standpoint(db, district_id=activity.district_id)
    return StudioActivityReport.complete(
        await queries.activity_row(db, activity=activity),
        attendance=await queries.attendance_rows(db, activity_id=activity.id, day=at.day),
    )


@router.get(
    "/studio-activities/{studio_activity_id}",
    operation_id="getStudioActivity",
    summary="查看工作室活动",
    description="一次活动及受邀成员的出勤。",
    responses=may_fail(ActivityNotFound),
    openapi_extra=english("Read an activity", "With who was invited and who came."),
)
async def get_activity(
    *, db: ReadDb, caller: Reader, studio_activity_id: UUID, tag: Tag
) -> StudioActivityReport:
    """Read an activity."""
    activity = await queries.visible_activity(db, caller=caller, activity_id=studio_activity_id)
    tag(activity.version)
    return await _report(db, activity)


@router.post(
    "/studio-activities/{studio_activity_id}:cancel",
    operation_id="cancelStudioActivity",
    summary="取消工作室活动",
    description="取消尚未开始的活动,释放全体成员的时间。",
    responses=may_fail(ActivityNotFound, ActivityOver),
    openapi_extra=english("Cancel an activity", "One that has not begun; everybody is free again."),
)
async def cancel_activity(
    *, db: Db, caller: Writer, studio_activity_id: UUID, expected: IfMatch, tag: NewTag
) -> StudioActivityReport:
    """Cancel an activity."""
    activity = await studios.cancel(
        db, caller=caller, activity_id=studio_activity_id, expected=expected
    )
    tag(activity.version)
    return await _report(db, activity)


@router.put(
    "/studio-activities/{studio_activity_id}/attendance",
    operation_id="recordStudioAttendance",
    summary="登记活动出勤",
    description="活动开始后登记谁到场、缺席或请假;未列出的保持不变。",
    responses=may_fail(ActivityNotFound, ActivityOver, NotInvited),
    openapi_extra=english(
        "Say who came", "Once it has begun; those who are not named stay as they are."
    ),
)
async def record_attendance(
    *,
    db: Db,
    caller: Writer,
    studio_activity_id: UUID,
    body: StudioAttendanceIn,
    expected: IfMatch,
    tag: NewTag,
) -> StudioActivityReport:
    """Say who came."""
    activity = await studios.attend(
        db,
        caller=caller,
        activity_id=studio_activity_id,
        told={one.teacher_id: one.presence for one in body.attendance},
        expected=expected,
    )
    tag(activity.version)
    return await _report(db, activity)


# Outputs, reviews, a teacher's work


@router.get(
    "/studios/{studio_id}/outputs",
    operation_id="listStudioOutputs",
    summary="工作室成果",
    description="工作室的公开课、教学资源与教研成果。",
    responses=may_fail(StudioNotFound),
    openapi_extra=english("List what came of a studio", "Open lessons, resources, research."),
)
async def list_outputs(
    *, db: ReadDb, caller: Reader, paging: Paging, studio_id: UUID
) -> Page[StudioOutputOut]:
    """List outputs."""
    await queries.visible_studio(db, caller=caller, studio_id=studio_id)
    at = await standpoint(db, district_id=caller.district_id)
    return await paging.answer(
        db,
        queries.outputs(studio_id=studio_id, day=at.day),
        sorts={"on_date": col(StudioOutput.on_date)},
        default="-on_date",
        tie=col(StudioOutput.id),
        out=StudioOutputOut.of,
    )


@router.post(
    "/studios/{studio_id}/outputs",
    status_code=201,
    operation_id="noteStudioOutput",
    summary="登记工作室成果",
    description="登记成员的公开课、教学资源或教研成果,写明出处。",
    responses=may_fail(StudioNotFound, NotInvited),
    openapi_extra=english(
        "Note what came of it", "A member's open lesson, resource or research, by reference."
    ),
)
async def note_output(
    *, db: Db, caller: Writer, studio_id: UUID, body: StudioOutputIn, tag: NewTag
) -> StudioOutputOut:
    """Note an output."""
    values = body.model_dump(exclude={"teacher_id"})
    output = await studios.note_output(
        db, caller=caller, studio_id=studio_id, teacher_id=body.teacher_id, values=values
    )
    tag(output.version)
    at = await standpoint(db, district_id=caller.district_id)
    return StudioOutputOut.of(await queries.output_row(db, output=output, day=at.day))


@router.get(
    "/studios/{studio_id}/reviews",
    operation_id="listStudioReviews",
    summary="工作室年度考评",
    description="工作室各学年的考评。",
    responses=may_fail(StudioNotFound),
    openapi_extra=english("List reviews", "How a studio's school years were judged."),
)
async def list_reviews(
    *, db: ReadDb, caller: Reader, paging: Paging, studio_id: UUID
) -> Page[StudioReviewOut]:
    """List reviews."""
    await queries.visible_studio(db, caller=caller, studio_id=studio_id)
    return await paging.answer(
        db,
        queries.reviews(studio_id=studio_id),
        sorts={"reviewed_at": col(StudioReview.reviewed_at)},
        default="-reviewed_at",
        tie=col(StudioReview.id),
        out=StudioReviewOut.of,
    )


@router.post(
    "/studios/{studio_id}/reviews",
    status_code=201,
    operation_id="reviewStudio",
    summary="年度考评",
    description="为工作室的一个学年写下考评,每学年一份。",
    responses=may_fail(StudioNotFound, RelatedNotFound, ReviewedAlready),
    openapi_extra=english("Review a studio's year", "One review per school year."),
)
async def review_studio(
    *, db: Db, caller: Writer, studio_id: UUID, body: StudioReviewIn, tag: NewTag
) -> StudioReviewOut:
    """Review a year."""
    review = await studios.review(
        db,
        caller=caller,
        studio_id=studio_id,
        school_year_id=body.school_year_id,
        values={"grade": body.grade.value, "summary": body.summary},
    )
    tag(review.version)
    return StudioReviewOut.of(await queries.review_row(db, review=review))


@router.get(
    "/teachers/{teacher_id}/studio-work",
    operation_id="getStudioWork",
    summary="教师的工作室经历",
    description="一位教师参加的工作室、受邀与到场的活动次数、取得的成果,供成长档案使用。",
    responses=may_fail(TeacherNotFound),
    openapi_extra=english(
        "A teacher's work in studios",
        "Memberships, activities invited to and attended, and what came of it: the growth page.",
    ),
)
async def get_studio_work(*, db: ReadDb, caller: Reader, teacher_id: UUID) -> StudioWorkOut:
    """Read a teacher's studio work."""
    await queries.check_visible_teacher(db, caller=caller, teacher_id=teacher_id)
    return StudioWorkOut.of(
        teacher_id,
        rows=await queries.work_of(db, teacher_id=teacher_id),
        outputs=await queries.outputs_of(db, teacher_id=teacher_id),
    )
