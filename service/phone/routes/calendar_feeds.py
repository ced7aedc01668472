"""My calendar feeds; and the calendar itself, for whoever knows its address."""

import asyncio
from hashlib import blake2b
from typing import Annotated
from uuid import UUID

from fastapi import Path, Request, Response
from sqlmodel import col
from starlette.responses import Response as PlainResponse

from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.db import Database
from service.kit.http import (
    Db,
    IfMatch,
    InDatabase,
    NewTag,
    Page,
    Paging,
    ReadDb,
    Tag,
    english,
    make_router,
    may_fail,
    needs,
    public,
)
from service.kit.http.answers import base_url
from service.kit.http.deps import Tagger
from service.phone import ical
from service.phone.calendar_feeds import create_feed, guesses, revoke_feed, rotate_feed
from service.phone.ical import Style
from service.phone.problems import NotATeacher
from service.phone.problems.calendar_feeds import (
    CalendarFeedNotFound,
    TooManyCalendarFeeds,
    TooManyGuesses,
)
from service.phone.queries import calendar_feeds as queries
from service.phone.queries.home import Home
from service.phone.rules.calendar_feeds import (
    READ_AGAIN,
    district_of,
    guesser,
    secret_hash,
)
from service.phone.schemas.calendar_feeds import (
    CalendarFeedIn,
    CalendarFeedOut,
    CalendarFeedWithAddressOut,
)
from service.phone.tables import CalendarFeed

mine = make_router(tag="me")
addresses = make_router(tag="me", prefix="")
routers = [mine, addresses]

Oneself = Annotated[Caller, needs(Permission.CALENDAR_FEED_OWN)]

_TAG_BYTES = 16


@mine.get(
    "/me/calendar-feeds",
    operation_id="listMyCalendarFeeds",
    summary="我的日历订阅",
    description="列出本人的日历订阅及其最近一次读取时间;地址只在新建或更换时显示。",
    openapi_extra=english(
        "My calendar feeds",
        "One's feeds and when each was last read; the address is told only when it is made.",
    ),
)
async def list_my_calendar_feeds(
    *, db: ReadDb, caller: Oneself, paging: Paging
) -> Page[CalendarFeedOut]:
    """List one's own calendar feeds."""
    return await paging.answer(
        db,
        queries.own(caller),
        sorts={"created_at": col(CalendarFeed.created_at), "name": col(CalendarFeed.name)},
        default="created_at",
        tie=col(CalendarFeed.id),
        out=CalendarFeedOut.of,
    )


@mine.post(
    "/me/calendar-feeds",
    status_code=201,
    operation_id="createMyCalendarFeed",
    summary="新建日历订阅",
    description=(
        "生成一个日历订阅地址,可在手机自带日历、Outlook、Google 日历等应用中订阅本人的课表,"
        "无需登录。地址仅在本次响应中显示;知道地址的人都能看到课表,请勿转发,遗失请更换或撤销。"
        "每个账号至多 10 个。"
    ),
    responses=may_fail(NotATeacher, TooManyCalendarFeeds),
    openapi_extra=english(
        "Make a calendar feed",
        "Makes an address under which any calendar app shows one's schedule without signing in. "
        "It is told in this answer only; whoever knows it sees the schedule, so replace or revoke "
        "it when it is lost. At most 10 per account.",
    ),
)
async def create_my_calendar_feed(
    *, request: Request, db: Db, caller: Oneself, body: CalendarFeedIn, tag: NewTag
) -> CalendarFeedWithAddressOut:
    """Make a calendar feed."""
    feed, secret = await create_feed(
        db, caller=caller, name=body.name, language=body.language, reminders=body.reminders
    )
    return _told(request, feed, secret, tag)


def _told(
    request: Request, feed: CalendarFeed, secret: str, tag: Tagger
) -> CalendarFeedWithAddressOut:
    tag.response.headers["Cache-Control"] = "no-store"
    tag(feed.version)
    return CalendarFeedWithAddressOut.telling(feed, base_url=base_url(request.scope), secret=secret)


@mine.get(
    "/me/calendar-feeds/{calendar_feed_id}",
    operation_id="getMyCalendarFeed",
    summary="查看我的一个日历订阅",
    description="读取本人的一个日历订阅;不含地址。",
    responses=may_fail(CalendarFeedNotFound),
    openapi_extra=english("One of my calendar feeds", "Without its address."),
)
async def get_my_calendar_feed(
    *, db: ReadDb, caller: Oneself, calendar_feed_id: UUID, tag: Tag
) -> CalendarFeedOut:
    """Read one of one's own calendar feeds."""
    feed = await queries.own_feed(db, caller=caller, feed_id=calendar_feed_id)
    tag(feed.version)
    return CalendarFeedOut.of(feed)


@mine.post(
    "/me/calendar-feeds/{calendar_feed_id}:rotate",
    operation_id="rotateMyCalendarFeed",
    summary="更换日历订阅地址",
    description="生成新地址,仅在本次响应中显示;旧地址立即失效。",
    responses=may_fail(CalendarFeedNotFound),
    openapi_extra=english(
        "Replace a feed's address",
        "Makes another address, told in this answer only; the former one works no more.",
    ),
)
async def rotate_my_calendar_feed(
    *,
    request: Request,
    db: Db,
    caller: Oneself,
    calendar_feed_id: UUID,
    expected: IfMatch,
    tag: NewTag,
) -> CalendarFeedWithAddressOut:
    """Give a feed another address."""
    feed, secret = await rotate_feed(db, caller=caller, feed_id=calendar_feed_id, expected=expected)
    return _told(request, feed, secret, tag)


@mine.delete(
    "/me/calendar-feeds/{calendar_feed_id}",
    status_code=204,
    operation_id="revokeMyCalendarFeed",
    summary="撤销日历订阅",
    description="撤销一个日历订阅,其地址立即失效。",
    responses=may_fail(CalendarFeedNotFound),
    openapi_extra=english("Revoke a calendar feed", "Its address works no more."),
)
async def revoke_my_calendar_feed(
    *, db: Db, caller: Oneself, calendar_feed_id: UUID, expected: IfMatch
) -> None:
    """Revoke a feed."""
    await revoke_feed(db, caller=caller, feed_id=calendar_feed_id, expected=expected)


@addresses.get(
    "/calendar/{secret}.ics",
    operation_id="readCalendarFeed",
    summary="读取日历(iCalendar)",
    description=(
        "供日历应用订阅,无需登录,凭地址中的密钥读取(RFC 5545、RFC 7986)。"
        "包含过去 30 天至未来 180 天的课:每节课一个事件,`UID` 不变,`SEQUENCE` 为版本;"
        "停课与已由他人代课的课以“已取消”保留 30 天。地点写明校区与校门,"
        "走教课另附最晚出发时刻与提醒。返回 ETag,未变化时 304。"
    ),
    response_class=PlainResponse,
    responses={
        200: {
            "description": "iCalendar",
            "content": {"text/calendar": {"schema": {"type": "string"}}},
        },
        **may_fail(CalendarFeedNotFound, TooManyGuesses),
    },
    openapi_extra=english(
        "Read a calendar (iCalendar)",
        "For calendar apps, without signing in: the secret in the address decides (RFC 5545, RFC "
        "7986). The last 30 and the next 180 days: one event per lesson with a `UID` that stays "
        "and its version as `SEQUENCE`; lessons that are off or handed over stay as cancelled for "
        "30 days. The location names campus and gate; lessons elsewhere say when to leave, with a "
        "reminder. ETag, 304 where nothing changed.",
    ),
)
async def read_calendar_feed(
    *,
    _: Annotated[None, public()],
    request: Request,
    database: InDatabase,
    secret: Annotated[str, Path(max_length=200, description="订阅地址中的密钥")],
    tag: Tag,
) -> Response:
    """Read a calendar."""
    hash_ = secret_hash(secret)
    place = guesser(request.client.host if request.client else "")
    guesses.check(place, hash_)
    # A secret that cannot be ours is looked up all the same: both answers take as long.
    async with database.read(district_of(secret)) as db:
        found = await queries.behind(db, secret_hash=hash_)
    if found is None:
        guesses.missed(place)
        guesses.gone(hash_)
        raise CalendarFeedNotFound
    guesses.found(hash_)
    await _note_reading(database, found.feed)
    style = _style(found.feed, found.home)
    tag(blake2b(repr((style, found.contents)).encode(), digest_size=_TAG_BYTES).hexdigest())
    # Writing a term takes longer than everything else here; phones must not wait for it.
    written = await asyncio.to_thread(ical.write, found.contents, style=style)
    return PlainResponse(
        written,
        media_type="text/calendar; charset=utf-8",
        headers={
            "ETag": tag.response.headers["ETag"],
            "Content-Disposition": 'inline; filename="huangge.ics"',
            "Cache-Control": "private, no-cache",
            # The address is the secret: no page that a reader opens from here may learn it.
            "Referrer-Policy": "no-referrer",
        },
    )


def _style(feed: CalendarFeed, home: Home) -> Style:
    return Style(
        feed_id=feed.id,
        teacher=home.teacher.name,
        language=feed.language,
        reminders=feed.reminders,
        written_at=feed.created_at,
    )


async def _note_reading(database: Database, feed: CalendarFeed) -> None:
    """Once an hour is exact enough, and costs no phone a write."""
    if feed.last_read_at is not None and clock.now() - feed.last_read_at < READ_AGAIN:
        return
    async with database.write(feed.district_id) as db:
        await queries.note_reading(db, feed_id=feed.id)
