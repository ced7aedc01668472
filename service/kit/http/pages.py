"""The pages people read: Swagger UI without a foreign host, and one page per problem."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, FastAPI, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from service.kit import language
from service.kit.http.older import in_3_0
from service.kit.http.openapi import in_english
from service.kit.problems import CATALOGUE, NotFound, Problem

STATIC = Path(__file__).parent / "static"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
_FRAME = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="icon" href="/static/favicon-32x32.png">{head}</head>
<body>{body}</body></html>"""

router = APIRouter(include_in_schema=False)


def _page(*, title: str, body: str, head: str = "", status: int = 200) -> Response:
    lang = "en" if language.current() == "en" else "zh-CN"
    text = _FRAME.format(lang=lang, title=escape(title), head=head, body=body)
    return HTMLResponse(text, status, headers={"Content-Security-Policy": _POLICY})


@router.get("/")
async def home() -> Response:
    """The way in."""
    return RedirectResponse("/docs")


@router.get("/docs")
async def docs(lang: Annotated[str | None, Query()] = None) -> Response:
    """Swagger UI, in Chinese unless ``?lang=en``."""
    if lang in {"zh", "en"}:
        language.speak(lang)
    english = language.current() == "en"
    other, label = ("zh", "中文") if english else ("en", "English")
    head = (
        '<link rel="stylesheet" href="/static/swagger-ui.css">'
        '<link rel="stylesheet" href="/static/docs.css">'
    )
    body = (
        f'<a class="language" href="/docs?lang={other}">{label}</a>'
        f'<div id="swagger-ui" data-contract="/docs/openapi.{"en" if english else "zh"}.json"'
        ' ></div><script src="/static/swagger-ui-bundle.js"></script>'
        '<script src="/static/docs.js"></script>'
    )
    return _page(title="黄葛 Huangge API", body=body, head=head)


@lru_cache(maxsize=4)
def _contract(app: FastAPI, lang: str) -> bytes:
    document = app.openapi()
    return orjson.dumps(in_english(document) if lang == "en" else document)


@lru_cache(maxsize=4)
def _page_contract(app: FastAPI, lang: str) -> bytes:
    return orjson.dumps(in_3_0(orjson.loads(_contract(app, lang))))


async def _made(make: Callable[[FastAPI, str], bytes], app: FastAPI, lang: str) -> Response:
    # Its first making takes seconds, and nobody else shall wait for it.
    return Response(await asyncio.to_thread(make, app, lang), media_type="application/json")


@router.get("/openapi.json")
async def contract(request: Request) -> Response:
    """The contract, in Chinese."""
    return await _made(_contract, request.app, "zh")


@router.get("/openapi.en.json")
async def contract_in_english(request: Request) -> Response:
    """The contract, in English."""
    return await _made(_contract, request.app, "en")


@router.get("/docs/openapi.{lang}.json")
async def contract_of_the_page(request: Request, lang: Literal["zh", "en"]) -> Response:
    """The contract as Swagger UI reads it quickly."""
    return await _made(_page_contract, request.app, lang)


def _entry(problem: type[Problem]) -> str:
    return (
        f'<article id="{problem.code}"><h2>{escape(problem.title.zh)}</h2>'
        f"<p><code>{problem.code}</code> · HTTP {problem.status}</p>"
        f"<p>{escape(problem.remedy.zh)}</p>"
        f'<section lang="en"><h3>{escape(problem.title.en)}</h3>'
        f"<p>{escape(problem.remedy.en)}</p></section></article>"
    )


_STYLE = '<link rel="stylesheet" href="/static/docs.css">'


@router.get("/problems")
async def problems() -> Response:
    """Every problem this service can answer."""
    items = "".join(
        f'<li><a href="/problems/{code}"><code>{code}</code></a> '
        f"{escape(problem.title.zh)} · {escape(problem.title.en)}</li>"
        for code, problem in sorted(CATALOGUE.items())
    )
    body = f'<main class="problems"><h1>问题代码 Problems</h1><ul>{items}</ul></main>'
    return _page(title="问题代码 Problems", body=body, head=_STYLE)


@router.get("/problems/{code}")
async def problem(code: str) -> Response:
    """What one problem means and what to do about it."""
    found = CATALOGUE.get(code)
    if found is None:
        raise NotFound
    body = (
        f'<main class="problems">{_entry(found)}'
        '<p><a href="/problems">全部问题代码 All problems</a></p></main>'
    )
    return _page(title=found.title.zh, body=body, head=_STYLE)


def static_files() -> StaticFiles:
    """The assets, served by us: a government intranet has no other host to ask."""
    return StaticFiles(directory=STATIC)
