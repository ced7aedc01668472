"""Me: who I am, where I am today, my week, whom I mentor and who mentors me."""

from collections.abc import Awaitable, Callable, Hashable
from datetime import date, datetime
from hashlib import blake2b
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, FastAPI, Header, Query, Request
from starlette.responses import Response
from starlette.types import Scope

from service.kit import clock, language, synctoken
from service.kit.auth import Caller, Permission
from service.kit.conditional import etag, matches
from service.kit.db import AsyncSession
from service.kit.http import Tag, database_of, english, make_router, may_fail, needs
from service.kit.http.deps import Tagger
from service.kit.http.edge import Headers, Ready
from service.kit.problems import SyncTokenInvalid
from service.kit.synctoken import Position
from service.phone.freshness import KEPT_FOR, Answer, Answers, Known, Meaning
from service.phone.problems import NotATeacher
from service.phone.queries import mentoring, profile, schedule
from service.phone.queries.home import Home, home_of
from service.phone.rules import next_midnight
from service.phone.schemas import MeOut, MyMentoringOut, MyScheduleOut, MyTodayOut

router = make_router(tag="me")

Me = Annotated[Caller, needs(Permission.ME_READ)]


async def _shown(
    sync_token: Annotated[
        str | None,
        Header(description="最近一次写入返回的 Sync-Token:答复一定包含该次写入"),
    ] = None,
) -> Position | None:
    return synctoken.read(sync_token) if sync_token is not None else None


After = Annotated[Position | None, Depends(_shown)]
"""The caller's last write, which the answer must show."""

_TAG_BYTES = 12

Found = MeOut | MyMentoringOut | MyScheduleOut | MyTodayOut


@router.get(
    "/me",
    response_model=MeOut,
    operation_id="getMe",
    summary="我的信息",
    description="当前登录者:角色与范围、权限;教师账号另有工号、职称、任职学校与任教学科。",
    openapi_extra=english(
        "Who I am",
        "The caller: hats and how far they reach, permissions; for a teacher also number, title, "
        "school and subjects.",
    ),
)
async def get_me(*, request: Request, caller: Me, tag: Tag) -> Response:
    """Who I am."""
    asked_at = clock.now()
    async with database_of(request).read(caller.district_id) as db:
        found, zone = await profile.me(db, caller=caller)
    return _reply(Known(_answer(found, zones=[zone], now=asked_at), asked_at), tag)


@router.get(
    "/me/schedule",
    response_model=MyScheduleOut,
    operation_id="getMySchedule",
    summary="我的课表",
    description=(
        "`[from, until)` 各日的课:本校课与走教课在一起,跨学期也可;不填日期即本周,一次最多 400 天。"
        "每节课写明校区、地址、校门、按该校区时区的上下课时刻、班级、学科、最晚出发时刻与路程,"
        "以及改动的原因和原计划;调休上课日注明“按周二(单周)课表”。"
        "只取决于本人,不需要任何通讯录权限。返回弱 ETag,未变化时 304。"
    ),
    responses=may_fail(NotATeacher, SyncTokenInvalid),
    openapi_extra=english(
        "My schedule",
        "The lessons on the days `[from, until)`, at home and elsewhere, across terms; without "
        "dates, this week; at most 400 days. Each says campus, address, gate, clock times in the "
        "campus's zone, classes, subject, when to leave and the way, what was changed, why, and "
        "what was planned; make-up days are labelled. It depends on no directory right. Weak ETag, "
        "304 where nothing changed.",
    ),
)
async def get_my_schedule(
    *,
    request: Request,
    caller: Me,
    tag: Tag,
    after: After,
    from_: Annotated[
        date | None,
        Query(alias="from", description="第一天;空为本周一", examples=["2026-09-14"]),
    ] = None,
    until: Annotated[
        date | None,
        Query(description="最后一天的次日(不含);空为 from 起七天", examples=["2026-09-21"]),
    ] = None,
) -> Response:
    """My lessons on some days."""

    async def find(db: AsyncSession, home: Home) -> tuple[Found, list[str]]:
        return await schedule.schedule(db, home=home, from_=from_, until=until), [home.zone]

    return await _answered(request, caller, tag, after=after, question=(from_, until), find=find)


@router.get(
    "/me/today",
    response_model=MyTodayOut,
    operation_id="getMyToday",
    summary="今天和明天",
    description=(
        "今天和明天的课:在哪个校区、走哪个门、几点上课、最晚几点出发。"
        "“今天”按各节课所在校区的时区计算。返回弱 ETag,未变化时 304。"
    ),
    responses=may_fail(NotATeacher, SyncTokenInvalid),
    openapi_extra=english(
        "Today and tomorrow",
        "Which campus, which gate, at what time, and when to leave. Today is what it is at the "
        "campus of each lesson. Weak ETag, 304 where nothing changed.",
    ),
)
async def get_my_today(*, request: Request, caller: Me, tag: Tag, after: After) -> Response:
    """Where I am today and tomorrow."""

    async def find(db: AsyncSession, home: Home) -> tuple[Found, list[str]]:
        found, zones = await schedule.today(db, home=home)
        return found, [home.zone, *zones]

    return await _answered(request, caller, tag, after=after, question="today", find=find)


@router.get(
    "/me/mentoring",
    response_model=MyMentoringOut,
    operation_id="getMyMentoring",
    summary="我的结对",
    description=(
        "我带的徒弟与带我的导师:角色、对方与其学校、起止日期、状态、目标,"
        "本学期对照最低要求的进度、下一次到校指导、最近一条建议;"
        "另列等我答复、签署或确认的事项(离线时可连同 version 与 Idempotency-Key 提交),"
        "以及作为徒弟双导师要求中尚缺的部分。返回弱 ETag,未变化时 304。"
    ),
    responses=may_fail(NotATeacher),
    openapi_extra=english(
        "My mentoring",
        "Whom I mentor and who mentors me: role, the other and their school, days, state, goals, "
        "this term's progress against the plan, the next visit and the last advice; what waits for "
        "my word, each with the version to send from an offline queue; for a mentee also what the "
        "dual rule still asks for. Weak ETag; 304 if nothing changed.",
    ),
)
async def get_my_mentoring(*, request: Request, caller: Me, tag: Tag) -> Response:
    """Whom I mentor and who mentors me."""
    asked_at = clock.now()
    teacher_id = _teacher(caller)
    async with database_of(request).read(caller.district_id) as db:
        home = await home_of(db, teacher_id=teacher_id)
        found = await mentoring.mentoring(db, home=home)
    return _reply(Known(_answer(found, zones=[home.zone], now=asked_at), asked_at), tag)


Find = Callable[[AsyncSession, Home], Awaitable[tuple[Found, list[str]]]]
"""Reads an answer, and the zones whose midnight makes it another one."""


async def _answered(
    request: Request,
    caller: Caller,
    tag: Tagger,
    *,
    after: Position | None,
    question: Hashable,
    find: Find,
) -> Response:
    asked_at = clock.now()
    teacher_id = _teacher(caller)

    async def build() -> Answer:
        async with database_of(request).read(caller.district_id) as db:
            home = await home_of(db, teacher_id=teacher_id)
            found, zones = await find(db, home)
        return _answer(found, zones=zones, now=asked_at)

    answers = answers_of(request.app)
    known = await answers.get(
        district_id=caller.district_id,
        teacher_id=teacher_id,
        asked=(question, language.current()),
        build=build,
        after=after,
    )
    meant = Meaning(request.scope["route"].operation_id, question)
    answers.understand(request.scope["path"], request.scope["query_string"], meant)
    return _reply(known, tag)


def at_once(scope: Scope, headers: Headers, caller: Caller) -> Ready | None:
    """The answer to a question that was understood before, if it is remembered and surely right.

    Taking a request apart costs more than answering it from memory. Who asks is checked all the
    same; whatever is not remembered goes the usual way.
    """
    answers = answers_of(scope["app"])
    understood = answers.meaning(scope["path"], scope["query_string"])
    if understood is None or caller.teacher_id is None or not caller.may(Permission.ME_READ):
        return None
    token = headers.get(b"sync-token")
    known = answers.at_once(
        district_id=caller.district_id,
        teacher_id=caller.teacher_id,
        asked=(understood.question, language.current()),
        after=synctoken.read(token.decode("latin-1")) if token is not None else None,
    )
    if known is None:
        return None
    answer, operation = known.answer, understood.operation
    seen = headers.get(b"if-none-match")
    if seen is not None and matches(seen.decode("latin-1"), answer.tag, weakly=True):
        return Ready(operation, 304, [(b"etag", answer.tag.encode())], b"")
    tail = _tail(known)
    if b"gzip" in headers.get(b"accept-encoding", b"") and len(answer.rest) >= _WORTH_PACKING:
        return Ready(operation, 200, [*_headers(answer), _GZIPPED], answer.gzipped(tail))
    return Ready(operation, 200, _headers(answer), answer.rest + tail)


_WORTH_PACKING = 1024
_GZIPPED = (b"content-encoding", b"gzip")


def _headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", b"application/json"), (b"etag", answer.tag.encode())]


def _teacher(caller: Caller) -> UUID:
    if caller.teacher_id is None:
        raise NotATeacher
    return caller.teacher_id


def answers_of(app: FastAPI) -> Answers:
    """What this process remembers."""
    database = app.state.database
    known: Answers | None = getattr(app.state, "answers", None)
    if known is None or known.database is not database:
        known = app.state.answers = Answers(database)
    return known


def _answer(found: Found, *, zones: list[str], now: datetime) -> Answer:
    rest = found.model_dump_json(exclude={"as_of"}).encode()
    return Answer(
        rest=rest[:-1],
        tag=etag(blake2b(rest, digest_size=_TAG_BYTES).hexdigest(), weak=True),
        zone=ZoneInfo(zones[0]),
        good_from=now,
        good_until=min(now + KEPT_FOR, next_midnight(zones, now=now)),
    )


def _reply(known: Known, tag: Tagger) -> Response:
    tag.mark(known.answer.tag)
    return Response(
        known.answer.rest + _tail(known),
        media_type="application/json",
        headers={"ETag": known.answer.tag},
    )


def _tail(known: Known) -> bytes:
    """What makes the answer one of its moment: what was committed before is in it."""
    as_of = known.as_of.astimezone(known.answer.zone).isoformat(timespec="milliseconds")
    return b',"as_of":"' + as_of.encode() + b'"}'
