"""The phone's shortcut through the feed: my lessons, whatever their dates."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from service.feed import tokens
from service.feed.following import Feed
from service.feed.problems.changes import AGED, RESTORED, TRIMMED, SyncTokenExpired
from service.feed.queries import mine
from service.feed.queries.mine import News
from service.feed.rules import changes as rules
from service.feed.rules.changes import Refusal, State
from service.feed.rules.event_types import EVENT_TYPES
from service.feed.schemas.mine import MyLessonChange, MyScheduleChangesOut
from service.kit import clock
from service.kit.changes import Op
from service.kit.db import AsyncSession
from service.kit.language import say
from service.kit.problems import CursorMismatch
from service.kit.synctoken import Position
from service.phone.problems import NotATeacher
from service.phone.queries import schedule
from service.phone.queries.home import Home, home_of
from service.timetable.rules import planned_on

_MINE = ("me/schedule",)
_RESYNC = "/v1/me/schedule"
_REASONS = {Refusal.AGED: AGED, Refusal.RESTORED: RESTORED, Refusal.TRIMMED: TRIMMED}


async def changes_of_my_schedule(
    feed: Feed, *, since: str | None, limit: int
) -> MyScheduleChangesOut:
    """What changed in the caller's lessons since a token; without one, nothing but a token.

    Raises
    ------
    NotATeacher
        The caller has no lessons of their own.
    SyncTokenInvalid
        The token was made up or cut, or is another caller's.
    CursorMismatch
        It is one of another feed, or was made when the account was another teacher's.
    SyncTokenExpired
        Going on from it would leave a gap.
    """
    caller = feed.caller
    teacher_id = caller.teacher_id
    if teacher_id is None:
        raise NotATeacher
    given = None if since is None else tokens.read(since, caller=caller)
    if given is not None and (given.collections, given.scope) != (_MINE, teacher_id.hex):
        raise CursorMismatch
    async with feed.reading() as (db, horizon):
        home = await home_of(db, teacher_id=teacher_id)
        state = given or State(
            epoch=horizon.epoch,
            issued=clock.now(),
            collections=_MINE,
            scope=teacher_id.hex,
            xid=horizon.settled,
        )
        refusal = rules.refusal_of(state, horizon=horizon, now=clock.now())
        if refusal is not None:
            raise SyncTokenExpired(_REASONS[refusal], why=refusal.value, resync=_RESYNC)
        news = await mine.news_of(
            db,
            teacher_id=teacher_id,
            after=Position(state.xid, state.seq),
            settled=horizon.settled,
            limit=limit,
        )
        places = list(dict.fromkeys(one.place for one in news))
        items = await _told(db, home=home, news=news)
    has_more = len(places) == limit
    state = state.at(*places[-1]) if has_more else state.at(max(state.xid, horizon.settled), 0)
    return MyScheduleChangesOut(
        items=items,
        next_token=tokens.write(replace(state, issued=clock.now()), caller=caller),
        has_more=has_more,
        as_of=clock.now().astimezone(ZoneInfo(home.zone)),
    )


async def _told(db: AsyncSession, *, home: Home, news: list[News]) -> list[MyLessonChange]:
    """Each lesson once, as it is now, with what happened to it last."""
    if not news:
        return []
    last = {one.lesson_id: one for one in news}
    teacher_id = home.teacher.id
    days = await mine.days_of(db, teacher_id=teacher_id, lesson_ids=last.keys())
    lessons = (
        {one.id: one for one in await schedule.lessons(db, home=home, ids=last.keys(), days=days)}
        if days is not None
        else {}
    )
    names = await mine.names_of(db, actors={one.actor for one in last.values()})
    return [
        MyLessonChange(
            lesson_id=one.lesson_id,
            op=Op.UPSERT if one.lesson_id in lessons else Op.DELETE,
            event=one.event,
            event_label=_label(one.event),
            planned_on=planned_on(one.lesson_id),
            at=one.at.astimezone(ZoneInfo(home.zone)),
            by=names.get(one.actor),
            reason=one.reason,
            lesson=lessons.get(one.lesson_id),
        )
        for one in sorted(last.values(), key=lambda one: one.place)
    ]


def _label(event: str) -> str:
    known = EVENT_TYPES.get(event)
    return event if known is None else say(known.label)
