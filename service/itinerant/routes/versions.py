"""A group's itinerant timetable as a whole: drafted by many, checked, published as versions."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlmodel import col

from service.itinerant import versions, whole
from service.itinerant.problems import AssignmentNotFound
from service.itinerant.problems.version import (
    AmendmentMade,
    NothingToPublish,
    NotLaidYet,
    VersionNotFound,
    VersionTaken,
)
from service.itinerant.queries import version as queries
from service.itinerant.routes.assignments import periods
from service.itinerant.schemas.version import (
    AmendIn,
    AmendmentOut,
    CheckIn,
    PublishDraftIn,
    PublishIn,
    TimetableDraftOut,
    VersionDetailOut,
    VersionOut,
    WholeCheckOut,
)
from service.itinerant.tables import TimetableVersion
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
from service.kit.problems import InvalidValue, RelatedNotFound
from service.network.problems import GroupNotFound
from service.network.queries import visible_group
from service.timetable import load as timetable
from service.timetable.problems import ScheduleConflict

router = make_router(tag="itinerant-versions")

Reader = Annotated[Caller, needs(Permission.ASSIGNMENT_READ)]
Writer = Annotated[Caller, needs(Permission.ASSIGNMENT_WRITE)]
Publisher = Annotated[Caller, needs(Permission.ASSIGNMENT_PUBLISH)]
TermId = Annotated[UUID, Query(description="学期")]


@router.put(
    "/assignments/{assignment_id}/amendment",
    operation_id="amendAssignment",
    summary="登记已发布安排的变动",
    description="为已发布的走教安排登记下一版的变动:新的每周课(整体替换),或结束(patterns 为空)。"
    '发布版本之前不影响任何课程。首次登记时 `If-Match` 为 `"0"` 或 `*`。',
    responses=may_fail(
        AssignmentNotFound, NotLaidYet, AmendmentMade, RelatedNotFound, InvalidValue
    ),
    openapi_extra=english(
        "Amend a published assignment",
        "Note what the next version changes of it: its weekly periods as a whole, or its end "
        "(without patterns). Nothing moves before the version is published. The first time, "
        '`If-Match` is `"0"` or `*`.',
    ),
)
async def amend_assignment(
    *,
    db: Db,
    caller: Writer,
    assignment_id: UUID,
    body: AmendIn,
    expected: IfMatch,
    tag: NewTag,
) -> AmendmentOut:
    """Amend a published assignment."""
    row = await versions.amend(
        db,
        caller=caller,
        assignment_id=assignment_id,
        patterns=periods(body.patterns) if body.patterns is not None else None,
        expected=expected,
    )
    tag(row.version)
    return AmendmentOut.of(row)


@router.delete(
    "/assignments/{assignment_id}/amendment",
    status_code=204,
    operation_id="dropAmendment",
    summary="撤销登记的变动",
    description="撤销已登记而未发布的变动,安排保持不变。",
    responses=may_fail(AssignmentNotFound, NotLaidYet),
    openapi_extra=english("Drop an amendment", "The published assignment stays as it is."),
)
async def drop_amendment(*, db: Db, caller: Writer, assignment_id: UUID, expected: IfMatch) -> None:
    """Drop an amendment."""
    await versions.drop_amendment(db, caller=caller, assignment_id=assignment_id, expected=expected)


@router.get(
    "/groups/{group_id}/itinerant-draft",
    operation_id="getItinerantDraft",
    summary="走教课表草稿",
    description="集团某学期走教课表的草稿:将新增的安排与已发布安排的变动。任何一处改动都会改变"
    " ETag,发布时须带上。",
    responses=may_fail(GroupNotFound),
    openapi_extra=english(
        "Read the draft of a group's timetable",
        "What the next version adds and changes. Every edit by anybody changes the ETag, which the "
        "publication asks for.",
    ),
)
async def get_itinerant_draft(
    *, db: ReadDb, caller: Reader, group_id: UUID, term_id: TermId, tag: Tag
) -> TimetableDraftOut:
    """Read the draft of a group's timetable."""
    await visible_group(db, caller=caller, group_id=group_id, permission=Permission.ASSIGNMENT_READ)
    found = await queries.drafted(db, group_id=group_id, term_id=term_id, hold=False)
    version = queries.draft_tag(found)
    tag(version)
    return TimetableDraftOut(
        group_id=group_id,
        term_id=term_id,
        additions=[assignment.id for assignment, amendment in found if amendment is None],
        amendments=[AmendmentOut.of(one) for _, one in found if one is not None],
        tag=version,
    )


@router.post(
    "/groups/{group_id}/itinerant-draft:check",
    operation_id="checkItinerantDraft",
    summary="检查走教课表草稿",
    description="把整份草稿当作一个整体检查,列出全部硬冲突与提示,并按类型、教师、学校、周汇总。"
    "不保存任何内容。",
    responses=may_fail(GroupNotFound),
    openapi_extra=english(
        "Check the draft of a group's timetable",
        "Judges it as a whole: every hard and soft conflict, counted by kind, teacher, school and "
        "week. Keeps nothing.",
    ),
)
async def check_itinerant_draft(
    *, db: ReadDb, caller: Reader, group_id: UUID, term_id: TermId, body: CheckIn
) -> WholeCheckOut:
    """Check the draft of a group's timetable."""
    await visible_group(db, caller=caller, group_id=group_id, permission=Permission.ASSIGNMENT_READ)
    ground = await timetable.ground(db, district_id=caller.district_id)
    from_date = whole.first_day(ground, body.from_date)
    edits, _ = await whole.edits_of(
        db, group_id=group_id, term_id=term_id, from_date=from_date, hold=False
    )
    planned = await whole.plan(db, edits=edits, ground=ground, from_date=from_date)
    return await whole.check(db, caller=caller, whole=planned, from_date=from_date)


@router.post(
    "/groups/{group_id}/itinerant-draft:publish",
    status_code=201,
    operation_id="publishItinerantDraft",
    summary="发布走教课表版本",
    description="在一个事务中发布整份草稿为第 n 版,并给出与上一版的差异;未变的课保留编号与版本,"
    "其代课与换课不受影响。有冲突则整体拒绝并列出。相关学校收到核对任务。需要草稿的 `If-Match`。",
    responses=may_fail(
        GroupNotFound, NothingToPublish, VersionTaken, ScheduleConflict, InvalidValue
    ),
    openapi_extra=english(
        "Publish the draft as a version",
        "All in one transaction, with the difference to the version before. Lessons that do not "
        "change keep their ids and versions, covers and swaps. Refused as a whole if anything is "
        "in the way. Schools concerned get a task. Needs the draft's `If-Match`.",
    ),
)
async def publish_itinerant_draft(
    *,
    db: Db,
    caller: Publisher,
    group_id: UUID,
    body: PublishDraftIn,
    expected: IfMatch,
    tag: NewTag,
) -> VersionOut:
    """Publish the draft as a version."""
    row = await versions.publish(
        db,
        caller=caller,
        group_id=group_id,
        term_id=body.term_id,
        publishing=versions.Publishing(body.from_date, body.reason),
        expected=expected,
    )
    tag(row.version)
    return VersionOut.of(row)


@dataclass(frozen=True, slots=True)
class VersionQuery:
    """Which versions are asked for."""

    group_id: Annotated[UUID | None, Query(description="仅该集团")] = None
    term_id: Annotated[UUID | None, Query(description="仅该学期")] = None


@router.get(
    "/itinerant-versions",
    operation_id="listItinerantVersions",
    summary="走教课表版本列表",
    description="列出已发布的走教课表版本及其与上一版的差异,最新的在前。",
    openapi_extra=english(
        "List versions", "The versions that were published, with what each changed; newest first."
    ),
)
async def list_itinerant_versions(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[VersionQuery, Depends()]
) -> Page[VersionOut]:
    """List versions."""
    return await paging.answer(
        db,
        queries.versions(caller, group_id=wanted.group_id, term_id=wanted.term_id),
        sorts={"id": col(TimetableVersion.id)},
        default="-id",
        tie=col(TimetableVersion.id),
        out=VersionOut.of,
    )


@router.get(
    "/itinerant-versions/{itinerant_version_id}",
    operation_id="getItinerantVersion",
    summary="查看走教课表版本",
    description="读取某一版当时执行的全部走教安排。旧版本永久可读。",
    responses=may_fail(VersionNotFound),
    openapi_extra=english(
        "Read a version", "Every assignment as it was in force then. Old versions stay readable."
    ),
)
async def get_itinerant_version(
    *, db: ReadDb, caller: Reader, itinerant_version_id: UUID, tag: Tag
) -> VersionDetailOut:
    """Read a version."""
    row = await queries.visible_version(db, caller=caller, version_id=itinerant_version_id)
    tag(row.version)
    return VersionDetailOut.of(row)


@router.post(
    "/itinerant-versions/{itinerant_version_id}:restore",
    status_code=201,
    operation_id="restoreItinerantVersion",
    summary="恢复走教课表版本",
    description="把旧版本的内容作为新的一版发布:之后新增的安排结束,已变动的改回,已结束的重新排入。"
    "有冲突则整体拒绝并列出。",
    responses=may_fail(
        VersionNotFound, NothingToPublish, VersionTaken, ScheduleConflict, InvalidValue
    ),
    openapi_extra=english(
        "Restore a version",
        "Publishes what an older version had as a new one: later additions end, changes are undone,"
        " what ended is laid again. Refused as a whole if anything is in the way.",
    ),
)
async def restore_itinerant_version(
    *,
    db: Db,
    caller: Publisher,
    itinerant_version_id: UUID,
    body: PublishIn,
    expected: IfMatch,
    tag: NewTag,
) -> VersionOut:
    """Restore a version."""
    row = await versions.restore(
        db,
        caller=caller,
        version_id=itinerant_version_id,
        publishing=versions.Publishing(body.from_date, body.reason),
        expected=expected,
    )
    tag(row.version)
    return VersionOut.of(row)
