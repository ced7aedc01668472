"""``make bench``: every measurement in one run, one JSON line each."""

import asyncio
import gc
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import asyncpg
import uvloop

from benchmarks import cohort, feed, ground, lived, load, phones, rows, year

_ROUNDS = 5
_PAGE = "/v1/lessons?limit=10&sort=starts_at"
_PAGES = 1000
_LESSONS = 80


def tell(name: str, value: float, unit: str, target: str) -> None:
    """Print one measurement."""
    line = {"name": name, "value": round(value, 3), "unit": unit, "target": target}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def warm_week(url: str) -> None:
    """My week, warm, against a bare route of the same bytes on the same worker; anew, the peer."""
    tokens = uvloop.run(phones.signed_in(url, 8))
    with ground.served(url) as place, place.client("teacher") as client:
        answer = client.get(phones.WEEK)
        answer.raise_for_status()
        Path(os.environ["BENCH_BYTES"]).write_bytes(answer.content)
        tag = answer.headers["etag"]
    with ground.served(url) as place:
        token = place.token("teacher")
        bare = load.request("/bare")
        warm = phones.compared(place, load.request(phones.WEEK, token), bare)
        tell("my-week-warm-to-bare-route", warm, "ratio", ">= 0.60")
        same = phones.compared(place, load.request(phones.WEEK, token, tag=tag), bare)
        tell("my-week-304-to-bare-route", same, "ratio", ">= 0.70")
        tell("my-week-miss-to-tutorial", phones.missed(place, tokens), "ratio", ">= 2.5")


def morning(url: str) -> None:
    """The morning rush, and a partner that asks ten times as often as it may."""
    many = uvloop.run(phones.signed_in(url, phones.PHONES))
    with ground.served(url) as place:
        capacity, waits = phones.rush(place, many)
        tell("rush-capacity", capacity, "answers/s", "more")
        cut = quantiles(waits, n=100)
        tell("rush-p50", cut[49] * 1000, "ms", "less")
        tell("rush-p99", cut[98] * 1000, "ms", "less")
        tell("rush-p99-to-p50", cut[98] / cut[49], "ratio", "<= 12")
        moved = phones.flooded(place, many)
        tell("phones-p95-with-a-partner-at-ten-times", moved, "ratio", "<= 1.2")


def waiting(url: str) -> None:
    """Phones that only listen."""
    many = uvloop.run(phones.signed_in(url, phones.LISTENERS))
    with ground.served(url) as place:
        heard = phones.listening(place, many)
        tell(f"{phones.LISTENERS}-listeners", heard.megabytes, "MB", "<= 60")
        tell(f"a-change-reaches-{phones.LISTENERS}-listeners", heard.seconds, "s", "<= 1")


def deep_pages(url: str) -> None:
    """The thousandth page of the lessons against the first."""
    with ground.served(url) as place, place.client("district") as client:
        path = _PAGE
        for _ in range(_PAGES - 1):
            page = client.get(path)
            page.raise_for_status()
            path = page.links["next"]["url"]
        token = place.token("district")
        ratios: list[float] = []
        for _ in range(_ROUNDS):
            waits = [
                uvloop.run(
                    load.ask(place.port, [load.request(one, token)], seconds=1, connections=1)
                ).typical
                for one in (path, _PAGE)
            ]
            ratios.append(waits[0] / waits[1])
        tell("page-1000-to-page-1", median(ratios), "ratio", "<= 1.3")


def publishing(url: str) -> None:
    """Publishing an assignment against the bare inserts of the same rows."""
    with ground.served(url) as place, place.client("district") as client:
        draft = rows.publishable(client, lessons=_LESSONS)
        path = f"/v1/assignments/{draft}:publish"
        tag = {"If-Match": "*"}
        client.post(path, headers=tag).raise_for_status()
        published, bare = [], []
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            connection = runner.run(rows.connect(url))
            kept = runner.run(rows.taken_back(connection, draft))
            lessons = len(kept["lesson"])
            # In turns, and both executed for real and rolled back: only the commit is in neither.
            for _ in range(_ROUNDS * 4):
                published.append(
                    _seconds(
                        lambda: client.post(
                            path, params={"validate_only": True}, headers=tag
                        ).raise_for_status()
                    )
                )
                bare.append(runner.run(rows.inserted(connection, kept)))
            runner.run(connection.close())
        ratio = median(published) / median(bare)
        tell(f"publish-{lessons}-lessons-to-bare-inserts", ratio, "ratio", "<= 4")
        tell(f"publish-{lessons}-lessons", median(published) * 1000, "ms", "reported")


def _seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def feed_page(url: str) -> None:
    """A page of 500 lessons of the feed against the same rows as ``json_agg``."""
    with ground.served(url) as place:
        ratio, mine, theirs = feed.page_to_json_agg(place)
        tell("feed-page-500-to-json-agg", ratio, "ratio", ">= 0.5")
        tell("feed-page-500", mine * 1000, "ms", f"json_agg {theirs * 1000:.1f}")


def crowded(url: str) -> None:
    """My week, read anew each time, among two million lessons against fifty thousand."""
    few = _cold(url)
    count = uvloop.run(rows.crowd(url, lessons=2_000_000))
    many = _cold(url)
    tell(f"my-week-at-{count}-lessons-to-50k", many / few, "ratio", "<= 1.3")


def _cold(url: str) -> float:
    # Another range each time, so that no answer is remembered.
    paths = [
        f"/v1/me/schedule?from=2026-{month:02}-{day:02}&until=2026-{month:02}-{day + 7:02}"
        for month in (9, 10, 11, 12)
        for day in range(1, 22)
    ]
    with ground.served(url) as place:
        token = place.token("teacher")
        requests = [load.request(path, token) for path in paths]
        return median(
            uvloop.run(_once(place.port, requests[number::_ROUNDS])) for number in range(_ROUNDS)
        )


async def _once(port: int, requests: list[bytes]) -> float:
    waits = [
        (await load.ask(port, [one], seconds=0, connections=1, at_least=1)).typical
        for one in requests
    ]
    return median(waits)


def matching() -> None:
    """Mentors for a whole cohort, to the proven optimum, against taking the best who is left."""
    found = cohort.measured(mentees=1200, mentors=600)
    name = "match-1200-mentees-600-mentors"
    tell(name, found["seconds"], "s", "<= 30")
    tell(f"{name}-gap", found["gap"], "ratio", "reported")
    tell(f"{name}-filled", found["filled"], "roles", "reported")
    tell(f"{name}-filled-to-greedy", found["filled-to-greedy"], "ratio", ">= 1")
    tell(f"{name}-score-to-greedy", found["score-to-greedy"], "ratio", ">= 1")


def calendar_preview(url: str) -> None:
    """What an override would do to a term, against reading the term."""
    ratio, lessons = year.preview(url)
    tell(f"preview-of-one-day-to-select-of-{lessons}-lessons", ratio, "ratio", "<= 5")


def cover_rivals(url: str) -> None:
    """Fifty who accept one lesson at once."""
    ratio, won = year.rivals(url)
    tell(f"slowest-of-{year.RIVALS}-rivals-to-one-alone", ratio, "ratio", "<= 10")
    tell("rivals-who-won-at-least", min(won), "count", "= 1")
    tell("rivals-who-won-at-most", max(won), "count", "= 1")


def cover_candidates(url: str) -> None:
    """Who could cover a lesson, among thousands."""
    ratio = year.candidates(url)
    tell(f"cover-candidates-of-{year.TEACHERS}-to-key-read", ratio, "ratio", "<= 40")


def district_year(*, scale: float = 1, days: int | None = None) -> None:
    """A district in full size lives a school year, and everything holds after every week."""
    with ground.laid(scale=scale) as url:
        year = lived.lived(url, days=days)
    for fault in year.faults[:10]:
        sys.stderr.write(fault + "\n")
    name = f"year-of-{year.days}-days-{year.lessons}-lessons"
    tell(name, year.seconds, "s", "reported")
    tell(f"{name}-events", year.events, "count", "thousands")
    tell(f"{name}-requests", sum(year.answers.values()), "count", "reported")
    tell(f"{name}-faults", len(year.faults), "count", "= 0")


def main() -> None:
    """Measure everything, or what is named; the year, which is long, only when it is named."""
    # A look for garbage among all that was imported would show as a wait of hundreds of requests.
    gc.freeze()
    known = {
        "week": warm_week,
        "rush": morning,
        "events": waiting,
        "pages": deep_pages,
        "publish": publishing,
        "feed": feed_page,
        "preview": calendar_preview,
        "rivals": cover_rivals,
        "candidates": cover_candidates,
        "crowd": crowded,
    }
    wanted = sys.argv[1:] or [*known, "matching"]
    if "matching" in wanted:
        matching()
    if "year" in wanted:
        district_year()
    served = [name for name in wanted if name not in {"matching", "year"}]
    if not served:
        return
    with ground.laid() as url:
        for name in served:
            known[name](url)


if __name__ == "__main__":
    try:
        main()
    except asyncpg.PostgresError as error:
        raise SystemExit(str(error)) from error
