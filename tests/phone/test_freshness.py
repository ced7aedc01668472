"""An answer is given again only while it is right, in every process, the moment after a change."""

import asyncio
from datetime import date, datetime, timedelta

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.kit import clock
from service.kit.auth import Role
from service.kit.db import Database
from service.main import create_app
from service.phone.freshness import MEANINGS_KEPT, Answer, Answers, Meaning
from tests.factories.phone import changed

WEEK = {"from": "2026-09-14", "until": "2026-09-21"}


async def week(phone, **headers):
    answer = await phone.get("/v1/me/schedule", params=WEEK, headers=headers)
    assert answer.status_code in {200, 304}, answer.text
    return answer


async def test_what_did_not_change_is_not_sent_again(taught, phone):
    first = await week(phone)

    again = await week(phone, **{"If-None-Match": first.headers["etag"]})

    assert first.headers["etag"].startswith('W/"')
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]


async def test_as_of_is_when_it_was_asked_for_and_no_change_of_content(taught, phone):
    first = await week(phone)
    with clock.freeze(clock.now() + timedelta(minutes=3)):
        later = await week(phone)

    assert first.json()["as_of"] == "2026-08-25T08:00:00.000+08:00"
    assert later.json()["as_of"] == "2026-08-25T08:03:00.000+08:00"
    assert later.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    ("thing", "values"),
    [
        ("host_campus", {"gate": "西门"}),
        ("host_campus", {"address": "云岭路 48 号"}),
        ("host", {"name": "演示云坪小学"}),
        ("teacher", {"name": "演云岭"}),
        ("host_class", {"name": "四年级1班"}),
    ],
)
async def test_no_304_hides_a_change(make, taught, phone, thing, values):
    first = await week(phone)
    await make.changed(row=getattr(taught, thing), **values)

    again = await week(phone, **{"If-None-Match": first.headers["etag"]})

    assert again.status_code == 200
    assert str(next(iter(values.values()))) in again.text


async def test_a_label_of_the_calendar_is_seen(make, taught, phone):
    first = await week(phone)
    await make.special_day(
        on_date=date(2026, 9, 20), follows_weekday=2, follows_parity="odd", reason="国庆节调休"
    )

    again = await week(phone, **{"If-None-Match": first.headers["etag"]})

    assert "按周二(单周)课表" in again.text


async def test_every_process_sees_what_another_changed(taught, phone, office, database_url):
    """Two processes with a database connection each, and a cache each."""
    other_database = Database(database_url)
    elsewhere = httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(other_database)),
        base_url="http://huangge.test",
        auth=phone.auth,
    )
    here, there = await week(phone), await week(elsewhere)
    assert there.headers["etag"] == here.headers["etag"]
    lesson = there.json()["days"][1]["lessons"][0]

    cancelled = await office.post(
        f"/v1/lessons/{lesson['id']}:cancel",
        json={"reason": "防汛"},
        headers={"If-Match": f'"{lesson["version"]}"'},
    )
    assert cancelled.status_code == 200, cancelled.text

    assert "防汛" in (await week(elsewhere)).text
    assert "防汛" in (await week(phone)).text
    await elsewhere.aclose()
    await other_database.close()


# The memory itself


NOON = datetime.fromisoformat("2026-09-15T12:00:00+08:00")


def said(text: str, **values) -> Answer:
    filled = {
        "rest": text.encode(),
        "tag": text,
        "zone": NOON.tzinfo,
        "good_from": clock.now(),
        "good_until": clock.now() + timedelta(hours=1),
        **values,
    }
    return Answer(**filled)


class Teller:
    """Builds answers and counts them."""

    def __init__(self, answers, village) -> None:
        self.answers, self.village = answers, village
        self.built = 0

    async def ask(self, asked="week", *, meanwhile=None, **values):
        async def build():
            self.built += 1
            if meanwhile is not None:
                await meanwhile()
            return said(f"answer {self.built}", **values)

        known = await self.answers.get(
            district_id=self.village.teacher.district_id,
            teacher_id=self.village.teacher.id,
            asked=asked,
            build=build,
        )
        return known.answer


@pytest.fixture
def teller(database, village):
    return Teller(Answers(database), village)


async def test_a_change_while_an_answer_is_built_is_not_lost(make, village, teller):
    async def meanwhile():
        await make.changed(row=village.host_campus, gate="西门")
        await teller.ask("something else")

    await teller.ask(meanwhile=meanwhile)
    built = teller.built

    await teller.ask()

    assert teller.built == built + 1


async def test_a_late_committer_is_seen(make, village, teller, database, district):
    """Its change has an early number and an early transaction, but nobody saw it before."""
    async with database.write(district.id) as late:
        await changed(late, district=district, row=village.home, name="新名字")
        await make.changed(row=village.host_campus, gate="西门")
        before = await teller.ask()
        assert (await teller.ask()).tag == before.tag

    assert (await teller.ask()).tag != before.tag


async def test_a_colleagues_lesson_forgets_nothing_of_mine(make, village, teller):
    colleague = await make.teacher(school=village.home)
    before = await teller.ask()

    await make.noted(collection="lessons", event="lesson.moved", reach=[colleague.id])
    assert (await teller.ask()).tag == before.tag

    await make.noted(collection="lessons", event="lesson.moved", reach=[village.teacher.id])
    assert (await teller.ask()).tag != before.tag


async def test_what_never_shows_on_a_phone_forgets_nothing(make, village, teller):
    before = await teller.ask()
    await make.noted(collection="tasks", event="task.opened")

    assert (await teller.ask()).tag == before.tag


async def test_a_flood_of_changes_forgets_everything(make, village, teller):
    before = await teller.ask()
    for _ in range(3):
        await make.noted(collection="lessons", event="lesson.moved", count=100)

    assert (await teller.ask()).tag != before.tag


async def test_an_answer_is_not_believed_for_ever(village, teller):
    before = await teller.ask()
    with clock.freeze(before.good_until):
        assert (await teller.ask()).tag != before.tag


async def test_a_clock_that_was_put_back_is_not_believed(village, teller):
    before = await teller.ask()
    with clock.freeze(before.good_from - timedelta(seconds=1)):
        assert (await teller.ask()).tag != before.tag


async def test_memory_is_bounded_and_the_longest_unused_goes(database, village):
    teller = Teller(Answers(database, bytes_kept=20), village)
    await teller.ask("a")
    await teller.ask("b")
    await teller.ask("a")
    await teller.ask("c")

    assert teller.built == 3
    await teller.ask("a")
    assert teller.built == 3
    await teller.ask("b")
    assert teller.built == 4


def test_questions_are_understood_once_and_not_hoarded(database_url):
    answers = Answers(Database(database_url))
    meant = [Meaning("getMySchedule", number) for number in range(MEANINGS_KEPT + 1)]
    for number, one in enumerate(meant):
        answers.understand("/v1/me/schedule", str(number).encode(), one)

    assert answers.meaning("/v1/me/schedule", b"0") is None
    assert answers.meaning("/v1/me/schedule", str(MEANINGS_KEPT).encode()) == meant[-1]


async def test_many_phones_share_one_question(teller, monkeypatch):
    await teller.ask()
    asked = []
    raw_connection = AsyncEngine.raw_connection

    async def counted(engine):
        asked.append(engine)
        return await raw_connection(engine)

    monkeypatch.setattr(AsyncEngine, "raw_connection", counted)
    found = await asyncio.gather(*(teller.ask() for _ in range(50)))

    assert {answer.tag for answer in found} == {"answer 1"}
    assert len(asked) == 1


async def test_who_gives_up_waiting_does_not_disturb_others(teller):
    await teller.ask()
    first, second = (asyncio.ensure_future(teller.ask()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()

    assert (await second).tag == "answer 1"


async def test_a_connection_that_was_lost_is_replaced(teller, database_url):
    lossy = Teller(Answers(Database(database_url)), teller.village)
    await lossy.ask()
    async with teller.answers.database.engine.begin() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = current_user AND pid <> pg_backend_pid()"
                " AND datname = current_database() AND application_name = 'huangge'"
                " AND query LIKE '%pg_current_snapshot%'"
            )
        )

    assert (await lossy.ask()).tag == "answer 1"
    await lossy.answers.database.close()


async def test_without_the_database_nothing_old_is_told(taught, phone, app, monkeypatch):
    await week(phone)
    await week(phone)  # from now on it is known who asks

    async def refused():
        raise ConnectionRefusedError

    gone = type("Database", (), {"engine": type("Engine", (), {"raw_connection": refused})})
    monkeypatch.setattr(app.state.answers, "database", gone)
    app.state.database = gone
    answer = await phone.get("/v1/me/schedule", params=WEEK)

    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"


async def test_an_office_may_be_a_teacher_too(make, taught, as_):
    head = as_(Role.SCHOOL_ADMIN, school=taught.home, teacher=taught.teacher)

    assert (await week(head)).status_code == 200


@pytest.mark.parametrize("times", [1, 3])
async def test_large_answers_are_packed_for_whoever_reads_that(taught, phone, times):
    plain = await week(phone, **{"Accept-Encoding": "identity"})
    packed = [await week(phone, **{"Accept-Encoding": "gzip"}) for _ in range(times)][-1]

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] == plain.headers["etag"]
    assert packed.json()["days"] == plain.json()["days"]
    assert "Accept-Encoding" in packed.headers["vary"]
    small = await phone.get("/livez", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers
