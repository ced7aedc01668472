"""A calendar app that nobody signs in: what it reads, and who else may.

Two readers that know nothing of the library that writes, ``ics`` and ``vobject``, look at it.
"""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import ics
import pytest
import vobject

from service.kit import clock
from service.kit.auth import Role
from service.phone.calendar_feeds import guesses
from service.phone.rules.calendar_feeds import new_secret
from tests.timetable.absences import away, covers_of, lesson_on, step

ANY = {"If-Match": "*"}
MISSES = 30


@pytest.fixture(autouse=True)
def nobody_guessed_yet():
    guesses.buckets.clear()
    guesses.known.clear()


class Entry(NamedTuple):
    """An event as two readers agree on it."""

    uid: str
    sequence: int
    summary: str
    begins: datetime
    ends: datetime
    status: str
    location: str
    description: str
    alarms: list[timedelta]


def understood(text: str) -> dict[str, Entry]:
    """The events by their ids; both readers must see the same."""
    seen = {event.uid: event for event in ics.Calendar(text).events}
    found = {}
    for event in vobject.readOne(text).contents.get("vevent", []):
        other = seen.pop(event.uid.value)
        entry = Entry(
            event.uid.value,
            int(event.sequence.value),
            event.summary.value,
            event.dtstart.value,
            event.dtend.value,
            event.status.value,
            event.location.value,
            event.description.value,
            [alarm.trigger.value for alarm in event.contents.get("valarm", [])],
        )
        assert (other.name, other.location, other.description, other.status) == (
            entry.summary,
            entry.location,
            entry.description,
            entry.status,
        )
        assert (other.begin.datetime, other.end.datetime) == (entry.begins, entry.ends)
        assert [alarm.trigger for alarm in other.alarms] == entry.alarms
        found[entry.uid] = entry
    assert seen == {}
    return found


async def subscribed(client: Any, **values: Any) -> Any:
    answer = await client.post("/v1/me/calendar-feeds", json={"name": "我的手机", **values})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def read(client: Any, feed: Any, **headers: str) -> Any:
    return await client.get(feed["url"], headers=headers)


async def entries(client: Any, feed: Any) -> dict[str, Entry]:
    answer = await read(client, feed)
    assert answer.status_code == 200, answer.text
    return understood(answer.text)


async def on_day(client: Any, feed: Any, day: str) -> list[Entry]:
    found = await entries(client, feed)
    return sorted(one for one in found.values() if f"{one.begins:%Y-%m-%d}" == day)


@pytest.fixture
async def feed(taught, phone):
    return await subscribed(phone)


async def test_a_calendar_says_where_to_be_and_when_to_leave(taught, client, feed):
    lessons = sorted(await on_day(client, feed, "2026-09-15"), key=lambda one: one.begins)

    here, there = lessons
    assert here.summary == "音乐 · 四年级1班"
    assert (here.alarms, here.status, here.sequence) == ([], "CONFIRMED", 1)
    assert there.summary == "音乐 · 三年级1班"
    assert there.begins == datetime.fromisoformat("2026-09-15T14:00:00+08:00")
    assert there.ends - there.begins == timedelta(minutes=40)
    assert there.location == "演示云岭小学 本部 东门,云岭路 46 号"
    assert there.description.splitlines() == [
        "第 5 节 · 第 3 教学周",
        "最晚 13:00 从江湾校区出发(路程与机动共 60 分钟)",
    ]
    assert there.alarms == [-timedelta(minutes=70)]


async def test_it_is_written_as_the_standard_asks(taught, client, feed):
    answer = await read(client, feed)

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    lines = answer.content.split(b"\r\n")
    assert b"\n" not in answer.content.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75
    assert any(line.startswith(b" ") for line in lines), "Chinese text was long enough to fold"
    assert "\ufffd" not in "".join(line.decode(errors="replace") for line in lines)
    assert "NAME:演云溪的课表" in answer.text
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in answer.text


async def test_each_zone_is_spelled_out(make, village, client, phone):
    west = await make.campus(school=village.host, name="西校区", zone="Asia/Urumqi")
    await make.bell_times(campus=west)
    class_ = await make.class_section(campus=west)
    await make.slot(teacher=village.teacher, classes=[village.home_class], weekday=1, period=1)
    await make.slot(teacher=village.teacher, classes=[class_], weekday=3, period=1)
    text = (await read(client, await subscribed(phone))).text

    zones = dict(re.findall(r"BEGIN:VTIMEZONE.*?TZID:(\S+).*?TZOFFSETTO:(\S+)", text, re.DOTALL))

    assert zones == {"Asia/Shanghai": "+0800", "Asia/Urumqi": "+0600"}
    assert set(re.findall(r"DTSTART;TZID=([^:]+):", text)) == set(zones)
    assert {one.begins.utcoffset() for one in understood(text).values()} == {
        timedelta(hours=8),
        timedelta(hours=6),
    }


async def test_it_reaches_from_a_month_ago_to_half_a_year_ahead(taught, client, feed):
    days = sorted(one.begins.date() for one in (await entries(client, feed)).values())
    assert (days[0].isoformat(), days[-1].isoformat()) == ("2026-09-01", "2027-01-12")

    with clock.freeze(datetime.fromisoformat("2026-11-01T08:00:00+08:00")):
        days = sorted(one.begins.date() for one in (await entries(client, feed)).values())
    assert days[0].isoformat() == "2026-10-06"


async def test_a_moved_lesson_stays_the_same_event(taught, client, phone, office, feed):
    there = max(await on_day(client, feed, "2026-09-22"), key=lambda one: one.begins)

    answer = await office.post(
        f"/v1/lessons/{there.uid}:move",
        json={"on_date": "2026-09-24", "period": 5, "reason": "学校运动会"},
        headers=ANY,
    )
    assert answer.status_code == 200, answer.text
    after = (await entries(client, feed))[there.uid]

    assert after.sequence > there.sequence
    assert after.begins - there.begins == timedelta(days=2)
    assert after.summary == "【调课】音乐 · 三年级1班"
    assert "学校运动会" in after.description
    assert "原定 09-22 14:00" in after.description


async def test_a_cancelled_lesson_says_so_for_a_month(taught, client, office, feed):
    lesson = (await on_day(client, feed, "2026-11-17"))[0]
    answer = await step(office, f"lessons/{lesson.uid}:cancel", reason="防汛")
    assert answer.status_code == 200, answer.text

    off = (await entries(client, feed))[lesson.uid]
    assert (off.status, off.sequence) == ("CANCELLED", lesson.sequence + 1)
    assert off.summary.startswith("【停课】")
    assert "防汛" in off.description
    assert off.alarms == []

    with clock.freeze(clock.now() + timedelta(days=29, hours=23)):
        assert lesson.uid in await entries(client, feed)
    with clock.freeze(clock.now() + timedelta(days=30)):
        assert lesson.uid not in await entries(client, feed)


async def test_a_covered_lesson_moves_to_the_other_calendar(make, taught, client, phone, as_, feed):
    office = as_(Role.GROUP_ADMIN, group=taught.group)
    standin = await make.teacher(school=taught.home, name="示清泉")
    theirs = await subscribed(as_(Role.TEACHER, teacher=standin))
    lesson = await lesson_on(office, taught.teacher, "2026-09-08")
    await away(phone, office, taught.teacher)
    cover = next(one for one in await covers_of(office) if one["lesson_id"] == lesson["id"])
    answer = await step(office, f"covers/{cover['id']}:assign", teacher_id=str(standin.id))
    assert answer.status_code == 200, answer.text

    mine, given = (await entries(client, feed))[lesson["id"]], await entries(client, theirs)

    assert (mine.status, mine.summary) == ("CANCELLED", "【由示清泉代课】音乐 · 四年级1班")
    assert list(given) == [lesson["id"]]
    assert given[lesson["id"]].status == "CONFIRMED"
    assert given[lesson["id"]].summary == "【代课】音乐 · 四年级1班"
    assert "原任课教师:演云溪" in given[lesson["id"]].description
    with clock.freeze(clock.now() + timedelta(days=30)):
        assert lesson["id"] not in await entries(client, feed)


async def test_what_did_not_change_is_not_sent_again(taught, client, office, feed):
    first = await read(client, feed)
    again = await read(client, feed, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

    lesson = (await on_day(client, feed, "2026-09-15"))[0]
    await step(office, f"lessons/{lesson.uid}:cancel", reason="防汛")
    changed = await read(client, feed, **{"If-None-Match": first.headers["etag"]})

    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]
    with clock.freeze(clock.now() + timedelta(hours=5)):
        later = await read(client, feed)
    assert later.content == changed.content, "the same lessons are the same calendar"


async def test_it_speaks_the_language_it_was_made_for(taught, client, phone):
    feed = await subscribed(phone, language="en", reminders=False)
    answer = await read(client, feed, **{"Accept-Language": "zh-CN"})

    there = max(understood(answer.text).values(), key=lambda one: one.alarms or one.description)
    assert there.summary.startswith("Music")
    assert "Leave 江湾校区 by 13:00" in answer.text.replace("\r\n ", "")
    assert "VALARM" not in answer.text
    assert "Timetable of 演云溪" in answer.text


async def test_a_provisional_day_is_tentative(make, taught, client, feed):
    january = await on_day(client, feed, "2027-01-12")

    assert {one.status for one in january} == {"TENTATIVE"}
    assert "尚未公布" in january[0].description


# The address


async def test_the_address_is_told_once(taught, client, phone, feed):
    assert feed["webcal_url"] == feed["url"].replace("http", "webcal", 1)
    assert (await read(client, feed)).headers["referrer-policy"] == "no-referrer"

    listed = (await phone.get("/v1/me/calendar-feeds")).json()["items"]
    one = await phone.get(f"/v1/me/calendar-feeds/{feed['id']}")

    assert listed == [one.json()]
    assert "url" not in one.json()
    assert one.json()["last_read_at"] == "2026-08-25T00:00:00Z"
    assert one.headers["etag"] == '"1"', "being read is no change"


async def test_a_replaced_address_leads_nowhere(taught, client, phone, feed):
    await read(client, feed)
    path = f"/v1/me/calendar-feeds/{feed['id']}"

    rotated = await phone.post(f"{path}:rotate", headers={"If-Match": '"1"'})

    assert rotated.status_code == 200, rotated.text
    assert rotated.headers["cache-control"] == "no-store"
    gone = await read(client, feed)
    assert (gone.status_code, gone.json()["code"]) == (404, "calendar-feed-not-found")
    assert (await read(client, rotated.json())).status_code == 200
    stale = await phone.delete(path, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert (await phone.delete(path, headers={"If-Match": '"2"'})).status_code == 204
    assert (await read(client, rotated.json())).status_code == 404


async def test_a_closed_account_shows_nothing(make, taught, client, phone, office, feed):
    me = (await phone.get("/v1/me")).json()
    await step(office, f"accounts/{me['account_id']}:deactivate")

    assert (await read(client, feed)).status_code == 404


async def test_nobody_changes_a_strangers_feed(make, taught, as_, feed):
    stranger = as_(Role.TEACHER, teacher=await make.teacher(school=taught.home))

    answer = await stranger.post(f"/v1/me/calendar-feeds/{feed['id']}:rotate", headers=ANY)

    assert answer.status_code == 404


async def test_an_office_that_does_not_teach_has_no_calendar(office):
    answer = await office.post("/v1/me/calendar-feeds", json={"name": "办公室"})

    assert (answer.status_code, answer.json()["code"]) == (404, "not-a-teacher")


async def test_at_most_ten_even_at_once(taught, phone):
    for _ in range(9):
        await subscribed(phone)

    answers = await asyncio.gather(
        *(phone.post("/v1/me/calendar-feeds", json={"name": str(n)}) for n in range(4))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["code"] == "too-many-calendar-feeds"


@pytest.mark.parametrize("body", [{"name": ""}, {"name": "x", "language": "fr"}, {}])
async def test_a_body_that_is_not_good_is_named(taught, phone, body):
    answer = await phone.post("/v1/me/calendar-feeds", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] in {"/name", "/language"}


@pytest.mark.parametrize("secret", ["x", "%00", "例", "a" * 64, "../etc/passwd", "a" * 250])
async def test_made_up_addresses_lead_nowhere(client, secret):
    answer = await client.get(f"/calendar/{secret}.ics")

    assert answer.status_code in {404, 422}


async def test_guessing_is_slow_and_locks_nobody_out(taught, client, district, feed):
    await read(client, feed)
    guessed = [await client.get(f"/calendar/{new_secret(district.id)}.ics") for _ in range(MISSES)]
    assert {answer.status_code for answer in guessed} == {404}

    refused = await client.get(f"/calendar/{new_secret(district.id)}.ics")

    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-guesses")
    assert int(refused.headers["retry-after"]) > 0
    assert (await read(client, feed)).status_code == 200, "whose address was right reads on"
    with clock.freeze(clock.now() + timedelta(seconds=20)):
        again = await client.get(f"/calendar/{new_secret(district.id)}.ics")
    assert again.status_code == 404
