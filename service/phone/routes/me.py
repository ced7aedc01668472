"""Me: who I am, where I am today, my week, whom I mentor and who mentors me."""

from collections.abc import Awaitable, Callable, Hashable
from datetime import date, datetime
from hashlib import blake2b
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from service.kit import clock, language
from service.kit.auth import Caller, Permission
from service.kit.conditional import etag, matches
from service.kit.db import AsyncSession
from service.kit.http import Route, Tag, database_of, english, make_router, may_fail, needs
from service.kit.http.deps import Tagger, identify
from service.phone.freshness import KEPT_FOR, Answer, Answers
from service.phone.problems import NotATeacher
from service.phone.queries import mentoring, profile, schedule
from service.phone.queries.home import Home, home_of
from service.phone.rules import next_midnight
from service.phone.schemas import MeOut, MyMentoringOut, MyScheduleOut, MyTodayOut


class Remembering(Route):
    """An operation that does not take a question apart twice.

    Parsing a request costs more than answering it from memory. Who asks is checked all the same;
    whatever is not remembered goes the usual way.
    """

    @override
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look into the memory first."""
        answer = await _recalled(Request(scope, receive)) if scope["method"] == "GET" else None
        if answer is not None:
            await answer(scope, receive, send)
        else:
            await super().handle(scope, receive, send)


router = make_router(tag="me")
router.route_class = Remembering

Me = Annotated[Caller, needs(Permission.ME_READ)]

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
    return _reply(_answer(found, zones=[zone], now=asked_at), asked_at, tag)


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
    responses=may_fail(NotATeacher),
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

    return await _answered(request, caller, tag, question=(from_, until), find=find)


@router.get(
    "/me/today",
    response_model=MyTodayOut,
    operation_id="getMyToday",
    summary="今天和明天",
    description=(
        "今天和明天的课:在哪个校区、走哪个门、几点上课、最晚几点出发。"
        "“今天”按各节课所在校区的时区计算。返回弱 ETag,未变化时 304。"
    ),
    responses=may_fail(NotATeacher),
    openapi_extra=english(
        "Today and tomorrow",
        "Which campus, which gate, at what time, and when to leave. Today is what it is at the "
        "campus of each lesson. Weak ETag, 304 where nothing changed.",
    ),
)
async def get_my_today(*, request: Request, caller: Me, tag: Tag) -> Response:
    """Where I am today and tomorrow."""

    async def find(db: AsyncSession, home: Home) -> tuple[Found, list[str]]:
        found, zones = await schedule.today(db, home=home)
        return found, [home.zone, *zones]

    return await _answered(request, caller, tag, question="today", find=find)


@router.get(
    "/me/mentoring",
    response_model=MyMentoringOut,
    operation_id="getMyMentoring",
    summary="我的结对",
    description=(
        "我带的徒弟与带我的导师:角色、对方与其学校、起止日期、状态、目标;"
        "作为徒弟另列双导师要求中尚缺的部分。返回弱 ETag,未变化时 304。"
    ),
    responses=may_fail(NotATeacher),
    openapi_extra=english(
        "My mentoring",
        "Whom I mentor and who mentors me: role, the other and their school, days, state, goals; "
        "for a mentee also what the dual rule still asks for. Weak ETag; 304 if nothing changed.",
    ),
)
async def get_my_mentoring(*, request: Request, caller: Me, tag: Tag) -> Response:
    """Whom I mentor and who mentors me."""
    asked_at = clock.now()
    teacher_id = _teacher(caller)
    async with database_of(request).read(caller.district_id) as db:
        home = await home_of(db, teacher_id=teacher_id)
        found = await mentoring.mentoring(db, home=home)
    return _reply(_answer(found, zones=[home.zone], now=asked_at), asked_at, tag)


Find = Callable[[AsyncSession, Home], Awaitable[tuple[Found, list[str]]]]
"""Reads an answer, and the zones whose midnight makes it another one."""


async def _answered(
    request: Request, caller: Caller, tag: Tagger, *, question: Hashable, find: Find
) -> Response:
    asked_at = clock.now()
    teacher_id = _teacher(caller)

    async def build() -> Answer:
        async with database_of(request).read(caller.district_id) as db:
            home = await home_of(db, teacher_id=teacher_id)
            found, zones = await find(db, home)
        return _answer(found, zones=zones, now=asked_at)

    answers = _answers(request)
    answer = await answers.get(
        district_id=caller.district_id,
        teacher_id=teacher_id,
        asked=(question, language.current()),
        build=build,
    )
    answers.understand(request.url.path, request.scope["query_string"], question)
    return _reply(answer, asked_at, tag)


async def _recalled(request: Request) -> Response | None:
    """The answer to a question that was understood before, if it is remembered."""
    answers = _answers(request)
    question = answers.meaning(request.scope["path"], request.scope["query_string"])
    caller = await identify(request) if question is not None else None
    if caller is None or caller.teacher_id is None or not caller.may(Permission.ME_READ):
        return None
    asked_at = clock.now()
    answer = await answers.recall(
        district_id=caller.district_id,
        teacher_id=caller.teacher_id,
        asked=(question, language.current()),
    )
    if answer is None:
        return None
    seen = request.headers.get("if-none-match")
    tag = etag(answer.tag, weak=True)
    if seen is not None and matches(seen, tag, weakly=True):
        return Response(status_code=304, headers={"ETag": tag})
    return _told(answer, asked_at)


def _teacher(caller: Caller) -> UUID:
    if caller.teacher_id is None:
        raise NotATeacher
    return caller.teacher_id


def _answers(request: Request) -> Answers:
    """What this process remembers."""
    state = request.app.state
    database = database_of(request)
    known: Answers | None = getattr(state, "answers", None)
    if known is None or known.database is not database:
        known = state.answers = Answers(database)
    return known


def _answer(found: Found, *, zones: list[str], now: datetime) -> Answer:
    rest = found.model_dump_json(exclude={"as_of"}).encode()
    return Answer(
        rest=rest,
        tag=blake2b(rest, digest_size=_TAG_BYTES).hexdigest(),
        zone=ZoneInfo(zones[0]),
        good_from=now,
        good_until=min(now + KEPT_FOR, next_midnight(zones, now=now)),
    )


def _reply(answer: Answer, asked_at: datetime, tag: Tagger) -> Response:
    tag(answer.tag, weak=True)
    return _told(answer, asked_at)


def _told(answer: Answer, asked_at: datetime) -> Response:
    """The answer as of the moment it was asked for; what was committed before is in it."""
    as_of = asked_at.astimezone(answer.zone).isoformat(timespec="milliseconds")
    return Response(
        b'{"as_of":"' + as_of.encode() + b'",' + answer.rest[1:],
        media_type="application/json",
        headers={"ETag": etag(answer.tag, weak=True)},
    )
