"""Makes the application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette_compress import CompressMiddleware, add_compress_type, remove_compress_type

from service import wiring
from service.kit.db import Database
from service.kit.hearing import Ear
from service.kit.http import answers, health, openapi, pages
from service.kit.http.answers import PROBLEM_JSON
from service.kit.http.edge import Edge
from service.kit.http.streams import EVENT_STREAM, ended_by_signals, hints_of
from service.kit.idempotency import Replay
from service.kit.observe import configure_logs
from service.kit.problems import Problem, Text
from service.kit.settings import settings

DESCRIPTION = Text(
    """黄葛是学区运行**集团化办学**的开放服务:成员校与集团、教师走教课表、双导师帮扶。

- 点击右上方「登录」,输入用户名与密码即可在本页试用各接口;
- 一切写操作都可加 `?validate_only=true` 先行校验,不留下任何改动;
- 修改须带读取时的 `ETag`(请求头 `If-Match`),避免互相覆盖;
- 出错时 `detail` 与 `errors` 说明问题所在与解决办法,全部代码见 [/problems](/problems)。""",
    """Huangge runs **school groups** for a district: members, itinerant timetables, mentors.

- Sign in with *Authorize* and try every operation on this page;
- add `?validate_only=true` to any write to check it without leaving a trace;
- changes need the `ETag` you read (header `If-Match`), so that nobody overwrites another;
- `detail` and `errors` say what is wrong and what to do; see [/problems](/problems).""",
)
# In the order of an admin's work: sign in, set the district up, fill it, plan, look after people.
TAGS: tuple[tuple[str, Text], ...] = (
    ("oauth", Text("登录、令牌与会话", "Signing in, tokens, sessions")),
    ("me", Text("教师手机端:我的课表与师徒", "The teacher's phone: my schedule, my mentoring")),
    ("imports", Text("Excel 导入:模板、检查、生效", "Excel: template, check, apply")),
    ("district", Text("本区设置", "The district's settings")),
    ("schools", Text("学校、标识码与认定", "Schools, identifiers, designations")),
    ("campuses", Text("校区:地址、校门、位置", "Campuses: address, gate, position")),
    ("groups", Text("教育集团、成员变更与构成", "Groups, changes of members, composition")),
    ("charters", Text("集团章程与签署", "Charters and signatures")),
    ("teachers", Text("教师、任职与任教资格", "Teachers, employment, qualifications")),
    ("calendar", Text("学年学期、作息与校历", "Years, terms, bells, teaching days")),
    ("classes", Text("班级", "Class sections")),
    ("rooms", Text("教室", "Rooms")),
    ("travel-times", Text("校区间交通时间", "Minutes between campuses")),
    ("shortages", Text("紧缺需求:申报、批准、匹配", "Shortages: file, approve, match")),
    ("shortage-offers", Text("走教邀请:同意、确认、批准", "Offers: agree, confirm, approve")),
    ("assignments", Text("走教安排:检查、发布、结束", "Assignments: check, publish, end")),
    ("itinerant-versions", Text("走教课表:草稿、版本、恢复", "Whole timetables and versions")),
    ("lessons", Text("课:查询、停课、调课", "Lessons: read, cancel, move")),
    ("attendance", Text("签到、补签、学校确认与争议", "Check-ins, the host's word, disputes")),
    ("allowance-rates", Text("补贴标准与课时系数", "Allowance rates and coefficients")),
    ("certificates", Text("服务证明:开具、打印、核验", "Certificates: issue, print, verify")),
    ("statements", Text("课时与补贴结算、学校补贴表", "Statements and allowance lists")),
    ("pairings", Text("师徒结对", "Pairings of mentors and mentees")),
    ("mentees", Text("双导师覆盖情况", "Who has which mentors")),
    (
        "mentoring-programmes",
        Text("帮扶项目:标准、覆盖、匹配、进度", "Programmes of a school year"),
    ),
    ("appraisals", Text("结对考核:三方评价、等次、优秀结对", "Appraisals of pairs")),
    ("studios", Text("名师工作室", "Master-teacher studios")),
    ("tasks", Text("待办事项", "What waits for somebody")),
    ("code-lists", Text("代码表", "Code lists")),
    ("changes", Text("数据同步:变更流、快照与校验和", "The change feed: snapshot, delta, digest")),
    ("webhooks", Text("Webhook:接收端、投递与事件类型", "Webhooks: who is told of what")),
    ("accounts", Text("账号、角色与合作系统", "Accounts, roles, partner clients")),
)


def create_app(database: Database | None = None, *, schema_head: str | None = None) -> FastAPI:
    """The service as one ASGI application.

    Parameters
    ----------
    database
        Given by tests; otherwise opened from the settings when the application starts.
    schema_head
        The migration this code was written for; ``/readyz`` refuses another one.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if database is None:
            if settings().database_url is None:
                raise RuntimeError("HUANGGE_DATABASE_URL is not set; try `huangge run`")
            app.state.database = Database(str(settings().database_url))
        ear = Ear(app.state.database)
        wiring.follow(app, ear)
        ear.start()
        counting = asyncio.create_task(wiring.keep_counting(app.state.database))
        with ended_by_signals(hints_of(app)):
            yield
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
        await ear.stop()
        if database is None:
            await app.state.database.close()

    configure_logs(level=settings().log_level, json=settings().log_json)
    app = FastAPI(
        title="黄葛 Huangge",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        exception_handlers={
            Problem: answers.on_problem,
            Replay: answers.on_replay,
            RequestValidationError: answers.on_invalid_request,
            HTTPException: answers.on_http_exception,
        },
    )
    app.state.database = database
    app.state.schema_head = schema_head
    app.state.authenticate = wiring.authenticator(app)
    app.state.readers = wiring.readers()
    # Inside the edge: what that answers from memory is packed already. A packed stream would take
    # the room of a packer for as long as somebody listens.
    remove_compress_type(EVENT_STREAM)
    add_compress_type(PROBLEM_JSON)
    app.add_middleware(CompressMiddleware, minimum_size=2048, zstd_level=1)
    app.add_middleware(Edge, recognise=wiring.recogniser(), at_once=wiring.remembering())
    for router in (*wiring.routers(), health.router, pages.router):
        app.router.routes.extend(router.routes)
    app.mount("/static", pages.static_files())
    app.openapi = cache(lambda: openapi.build(app, description=DESCRIPTION, tags=TAGS))  # type: ignore[method-assign]
    return app
