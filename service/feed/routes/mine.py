"""What changed in my lessons: the phone's shortcut through the feed."""

from typing import Annotated

from fastapi import Query

from service.feed.mine import changes_of_my_schedule
from service.feed.problems.changes import SyncTokenExpired
from service.feed.routes.changes import FeedOf
from service.feed.schemas.mine import MyScheduleChangesOut
from service.kit.auth import Caller, Permission
from service.kit.http import english, make_router, may_fail, needs
from service.kit.problems import CursorMismatch, SyncTokenInvalid
from service.phone.problems import NotATeacher

router = make_router(tag="me")


@router.get(
    "/me/schedule/changes",
    operation_id="listMyScheduleChanges",
    summary="我的课表变化",
    description="自令牌 `since` 以来本人课程的变化,不限日期:每节课给出现在的样子,以及最后由谁、"
    "何时、为何改动;`op=delete` 表示该课已不是本人的。首次不带 `since`,只返回令牌:"
    "请先取令牌,再读 `/v1/me/schedule`,之后只读变化。按提交顺序,不遗漏;令牌有效 180 天,"
    "返回 410 时请重新读取课表。",
    responses=may_fail(NotATeacher, SyncTokenInvalid, SyncTokenExpired, CursorMismatch),
    openapi_extra=english(
        "What changed in my schedule",
        "What changed in my lessons since the token `since`, whatever their dates: each lesson as "
        "it is now, who changed it last, when and why; `op=delete` says that it is mine no more. "
        "Without `since` only a token is answered: take one, read `/v1/me/schedule`, and from then "
        "on only the changes. In the order of the commits, none missed; tokens live 180 days, and "
        "a 410 means to read the schedule anew.",
    ),
)
async def list_my_schedule_changes(
    *,
    caller: Annotated[Caller, needs(Permission.ME_READ)],
    feed_of: FeedOf,
    since: Annotated[
        str | None, Query(max_length=4000, description="上次返回的 next_token;首次不填")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="一次最多几项改动,默认 200")] = 200,
) -> MyScheduleChangesOut:
    """What changed in my lessons."""
    return await changes_of_my_schedule(feed_of(caller), since=since, limit=limit)
