"""A school year of random days: what teachers and offices do, over HTTP, several at once.

Whatever is asked may be refused, but only with a problem that has a name. The seed decides who does
what, each event by dice of its own; only the order in which rivals come to their locks is chance.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from service.kit import clock
from service.kit.auth import Role
from service.kit.db import Database
from tests.simulation.invariants import ZONE

ANY = {"If-Match": "*"}
_NEVER = {400, 401, 403, 405, 412, 428}
"""Nobody here asks wrongly, or for what is not theirs."""
SignIn = Callable[..., Any]


@dataclass
class Year:
    """The actors, the dice, and what was answered."""

    database: Database
    district_id: UUID
    sign_in: SignIn
    dice: random.Random
    today: date
    answers: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    troubled: bool = False
    """Whether connections die at this moment; then the service may say that it is unavailable."""
    _clients: dict[Any, Any] = field(default_factory=dict)
    _everybody: Sequence[UUID] = ()

    # Asking

    def office(self, number: int = 0) -> Any:
        """One of the people of the district's office."""
        key = ("office", number)
        self._clients[key] = self._clients.get(key) or self.sign_in(Role.DISTRICT_ADMIN)
        return self._clients[key]

    def teacher(self, id_: UUID) -> Any:
        """A teacher on the phone."""
        self._clients[id_] = self._clients.get(id_) or self.sign_in(Role.TEACHER, teacher=id_)
        return self._clients[id_]

    async def ask(self, client: Any, method: str, path: str, body: Any = None) -> Any:
        """Ask for something; a refusal has to be a problem with a name."""
        answer = await client.request(method, f"/v1/{path}", json=body, headers=ANY)
        said = answer.json() if answer.content else {}
        name = said.get("code", "ok") if answer.is_error else "ok"
        self.answers[f"{answer.status_code} {name}"] += 1
        unavailable = self.troubled and answer.status_code == 503
        if not unavailable and (answer.status_code >= 500 or answer.status_code in _NEVER):
            self.faults.append(f"{self.today}: {method} {path}: {answer.status_code} {said}")
        return said if answer.is_success else None

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        """What there is to choose from."""
        async with self.database.read(self.district_id) as db:
            return (await (await db.connection()).execute(text(statement), values)).all()

    async def one(self, statement: str, **values: Any) -> Any:
        """One of what there is, or nothing."""
        found = await self.rows(statement, **values)
        return self.dice.choice(found) if found else None

    async def everybody(self) -> Sequence[UUID]:
        """All teachers."""
        if not self._everybody:
            found = await self.rows("SELECT id FROM teacher ORDER BY id")
            self._everybody = [row.id for row in found]
        return self._everybody

    def at(self, day: date, hour: int = 0) -> datetime:
        """An instant of a day."""
        return datetime.combine(day, time(hour), ZONE)

    # Days

    async def live(self, *, events: int, at_once: int) -> None:
        """What happens on this day, some of it at the same moment."""
        kinds = list(WEIGHTS)
        weights = list(WEIGHTS.values())
        chosen = self.dice.choices(kinds, weights, k=events)
        await self.everybody()
        for start in range(0, events, at_once):
            batch = chosen[start : start + at_once]
            self.events.update(kind.__name__ for kind in batch)
            await asyncio.gather(*(kind(self.by_other_dice()) for kind in batch))

    def by_other_dice(self) -> "Year":
        """The same year for one event, which may throw its dice as often as it happens to need.

        Were they one for all, whoever is answered first would throw what was meant for another.
        """
        return replace(self, dice=random.Random(self.dice.getrandbits(64)))


# What happens

_COMING = """SELECT l.id, l.teacher_id, l.campus_id, l.starts_at, l.change FROM lesson l
WHERE l.status = 'scheduled' AND l.starts_at > :now AND l.on_date >= :today
  AND l.on_date < CAST(:today AS date) + 8 AND l.teacher_id = :teacher ORDER BY l.id"""
_TRIES = 5


async def _lesson(year: Year) -> Any:
    """A coming lesson of somebody; most have one, and of all to ask would take longer."""
    for _ in range(_TRIES):
        teacher = year.dice.choice(await year.everybody())
        lesson = await year.one(_COMING, now=clock.now(), today=year.today, teacher=teacher)
        if lesson is not None:
            return lesson
    return None


async def somebody_is_away(year: Year) -> None:
    """A leave is asked for and decided, at times by the wrong person."""
    lesson = await _lesson(year)
    if lesson is None:
        return
    first = year.today + timedelta(days=year.dice.randrange(4))
    begins = year.at(first, year.dice.choice([0, 0, 12]))
    length = timedelta(hours=year.dice.choice([12, 24, 24, 72, 120]))
    body = {
        "teacher_id": str(lesson.teacher_id),
        "kind": year.dice.choice(["sick", "personal", "training"]),
        "starts_at": begins.isoformat(),
        "ends_at": (begins + length).isoformat(),
    }
    asked = await year.ask(year.teacher(lesson.teacher_id), "POST", "leaves", body)
    if asked:
        verb = "refuse" if year.dice.random() < 0.1 else "approve"
        why = {"reason": "人手不足"} if verb == "refuse" else None
        await year.ask(year.office(), "POST", f"leaves/{asked['id']}:{verb}", why)


async def somebody_comes_back(year: Year) -> None:
    """A leave is withdrawn."""
    leave = await year.one(
        "SELECT id FROM leave WHERE state IN ('requested', 'approved') AND upper(during) > :now"
        " ORDER BY id",
        now=clock.now(),
    )
    if leave is not None:
        await year.ask(year.office(), "POST", f"leaves/{leave.id}:withdraw")


async def _cover(year: Year, *, state: str = "open") -> Any:
    return await year.one(
        "SELECT c.id, l.campus_id FROM cover c JOIN lesson l ON l.id = c.lesson_id"
        " WHERE c.state = :state AND l.starts_at > :now ORDER BY c.id",
        state=state,
        now=clock.now(),
    )


async def a_substitute_is_assigned(year: Year) -> None:
    """The office takes the best of those who can."""
    cover = await _cover(year)
    if cover is not None:
        await year.ask(year.office(), "POST", f"covers/{cover.id}:assign", {})


async def substitutes_race(year: Year) -> None:
    """A lesson is offered to several, who all answer at once."""
    cover = await _cover(year)
    if cover is None:
        return
    made = await year.ask(year.office(), "POST", f"covers/{cover.id}:offer", {})
    offers = (made or {}).get("items", [])[:4]
    say = [
        year.ask(
            year.teacher(UUID(one["teacher"]["id"])),
            "POST",
            f"cover-offers/{one['id']}:{'decline' if place == 1 else 'accept'}",
            {"reason": "有教研活动"} if place == 1 else None,
        )
        for place, one in enumerate(offers)
    ]
    won = [one for one in await asyncio.gather(*say) if one and one["state"] == "accepted"]
    if len(won) > 1:
        year.faults.append(f"{year.today}: {len(won)} teachers won cover {cover.id}")


async def a_class_studies_alone(year: Year) -> None:
    """A cover is settled without a substitute, or what was arranged is taken back."""
    cover = await _cover(year)
    if cover is not None:
        await year.ask(year.office(), "POST", f"covers/{cover.id}:settle", {})
    arranged = await _cover(year, state=year.dice.choice(["covered", "self_study"]))
    if arranged is not None:
        await year.ask(year.office(1), "POST", f"covers/{arranged.id}:release")


async def lessons_are_swapped(year: Year) -> None:
    """A swap, to whatever end."""
    lesson = await _lesson(year)
    if lesson is None:
        return
    mine = year.teacher(lesson.teacher_id)
    found = await year.ask(mine, "GET", f"lessons/{lesson.id}/swap-partners")
    if not found or not found["items"]:
        return
    choice = year.dice.choice(found["items"][:3] + found["items"][-1:])
    body = {"lesson_ids": choice["lesson_ids"], "reason": "外出培训"}
    made = await year.ask(mine, "POST", "swaps", body)
    if not made:
        return
    path = f"swaps/{made['id']}"
    fate = year.dice.random()
    if fate < 0.1:
        await year.ask(mine, "POST", f"{path}:withdraw")
        return
    for one in choice["partners"]:
        other = year.teacher(UUID(one["teacher"]["id"]))
        await year.ask(other, "POST", f"{path}:consent")
    if fate < 0.8:
        await year.ask(year.office(), "POST", f"{path}:approve")
    if fate < 0.25:
        await year.ask(mine, "POST", f"{path}:undo")


async def swaps_cross(year: Year) -> None:
    """Two teachers propose the same swap to each other at the same moment."""
    lesson = await _lesson(year)
    if lesson is None:
        return
    mine = year.teacher(lesson.teacher_id)
    found = await year.ask(mine, "GET", f"lessons/{lesson.id}/swap-partners")
    pairs = [one for one in (found or {}).get("items", []) if len(one["partners"]) == 1]
    if not pairs:
        return
    other = year.teacher(UUID(pairs[0]["partners"][0]["teacher"]["id"]))
    ids = pairs[0]["lesson_ids"]
    made = await asyncio.gather(
        year.ask(mine, "POST", "swaps", {"lesson_ids": ids, "reason": "家中有事"}),
        year.ask(other, "POST", "swaps", {"lesson_ids": ids[::-1], "reason": "家中有事"}),
    )
    if all(made):
        year.faults.append(f"{year.today}: {ids} are in two open swaps")
    await asyncio.gather(
        *(
            year.ask(client, "POST", f"swaps/{one['id']}:consent")
            for client, one in zip((other, mine), made, strict=True)
            if one
        )
    )


async def a_lesson_is_cancelled(year: Year) -> None:
    """One lesson does not take place."""
    lesson = await _lesson(year)
    if lesson is not None:
        body = {"reason": "学校运动会"}
        await year.ask(year.office(), "POST", f"lessons/{lesson.id}:cancel", body)


async def a_lesson_is_moved(year: Year) -> None:
    """One lesson goes to another period of its week."""
    lesson = await _lesson(year)
    if lesson is None:
        return
    monday = year.today - timedelta(days=year.today.weekday())
    to = {
        "on_date": (monday + timedelta(days=year.dice.randrange(12))).isoformat(),
        "period": year.dice.randrange(1, 8),
    }
    body = {**to, "reason": "教师外出"}
    await year.ask(year.office(), "POST", f"lessons/{lesson.id}:move", body)


async def a_day_is_decided_otherwise(year: Year) -> None:
    """A day off, a make-up day with the other parity, or a decision taken back."""
    day = year.today + timedelta(days=year.dice.randrange(2, 15))
    school = await year.one("SELECT id FROM school ORDER BY id")
    scope = year.dice.choice([f"school/{school.id}"] * 3 + [f"district/{year.district_id}"])
    path = f"calendar-days/{scope}/{day}"
    known = await year.one("SELECT scope, scope_id, on_date FROM calendar_day ORDER BY id")
    fate = year.dice.random()
    if known is not None and fate < 0.4:
        taken = f"calendar-days/{known.scope}/{known.scope_id}/{known.on_date}"
        await year.ask(year.office(), "DELETE", taken)
    elif fate < 0.6:
        body = {"kind": "off", "reason": "防汛停课"}
        await year.ask(year.office(), "POST", f"{path}:preview", body)
        await year.ask(year.office(), "PUT", path, body)
    else:
        follows: dict[str, Any] = {
            "follows_weekday": year.dice.randrange(1, 6),
            "follows_parity": year.dice.choice(["odd", "even"]),
        }
        made_up = {"kind": "teach", "reason": "调休上课", **follows}
        await year.ask(year.office(), "PUT", path, made_up)


async def bells_ring_otherwise(year: Year) -> None:
    """A campus rings its afternoon a little earlier or later."""
    bells = await year.one("SELECT id FROM bell_schedule ORDER BY id")
    seen = await year.ask(year.office(), "GET", f"bell-schedules/{bells.id}")
    if not seen:
        return
    later = year.dice.choice([-10, -5, 5, 10])
    periods = [
        {**one, **{end: _shifted(one[end], later) for end in ("starts", "ends")}}
        if one["number"] > 4
        else one
        for one in seen["periods"]
    ]
    body = {
        "name": seen["name"],
        "valid_from": seen["valid_from"],
        "valid_until": seen["valid_until"],
        "periods": periods,
    }
    await year.ask(year.office(), "PUT", f"bell-schedules/{bells.id}", body)


def _shifted(wall: str, minutes: int) -> str:
    moved = datetime.combine(date(2000, 1, 1), time.fromisoformat(wall))
    return (moved + timedelta(minutes=minutes)).time().isoformat()


async def an_assignment_is_published(year: Year) -> None:
    """A teacher is sent to another school, if that can be."""
    await somebody_is_sent(year)


async def somebody_is_sent(year: Year) -> bool:
    """Whether somebody could be sent to another school, from three days on."""
    term = await year.one(
        "SELECT id, upper(days) AS until FROM term WHERE upper(days) > CAST(:day AS date) + 8"
        " AND lower(days) <= CAST(:day AS date) + 8",
        day=year.today,
    )
    section = await year.one("SELECT id, campus_id, school_id FROM class_section ORDER BY id")
    if term is None or section is None:
        return False
    one = await year.one(
        "SELECT t.id, q.subject, q.stage FROM teacher t"
        " JOIN qualification q ON q.teacher_id = t.id JOIN employment e ON e.teacher_id = t.id"
        " WHERE e.school_id <> :school AND q.stage = '2' ORDER BY t.id, q.subject",
        school=section.school_id,
    )
    if one is None:
        return False
    pattern = {
        "weekday": year.dice.randrange(1, 6),
        "period": year.dice.randrange(1, 7),
        "parity": year.dice.choice(["every", "odd", "even"]),
        "class_ids": [str(section.id)],
    }
    body = {
        "teacher_id": str(one.id),
        "campus_id": str(section.campus_id),
        "term_id": str(term.id),
        "subject": one.subject,
        "stage": one.stage,
        "valid_from": (year.today + timedelta(days=3)).isoformat(),
        "valid_until": term.until.isoformat(),
        "patterns": [pattern],
    }
    made = await year.ask(year.office(), "POST", "assignments", body)
    if not made:
        return False
    path = f"assignments/{made['id']}:publish"
    return await year.ask(year.office(), "POST", path) is not None


async def an_assignment_ends(year: Year) -> None:
    """A teacher goes to another school no longer."""
    known = await year.one("SELECT id FROM assignment WHERE state = 'published' ORDER BY id")
    if known is not None:
        body = {"reason": "教师返校"}
        await year.ask(year.office(), "POST", f"assignments/{known.id}:end", body)


async def lessons_are_confirmed(year: Year) -> None:
    """A teacher checks in today; the host school confirms what was taught."""
    coming = await year.one(
        "SELECT l.id, l.teacher_id FROM lesson l JOIN weekly_slot s ON s.id = l.slot_id"
        " WHERE s.origin = 'itinerant' AND l.on_date = :today AND l.status = 'scheduled'"
        " ORDER BY l.id",
        today=year.today,
    )
    if coming is not None:
        await year.ask(year.teacher(coming.teacher_id), "POST", f"lessons/{coming.id}:check-in", {})
    over = await year.one(
        "SELECT l.id FROM lesson l JOIN weekly_slot s ON s.id = l.slot_id"
        " WHERE s.origin = 'itinerant' AND l.status = 'scheduled' AND l.ends_at < :now"
        " AND l.on_date > CAST(:today AS date) - 8 ORDER BY l.id",
        now=clock.now(),
        today=year.today,
    )
    if over is not None:
        await year.ask(year.office(), "POST", f"lessons/{over.id}/attendance:confirm")


async def a_phone_asks(year: Year) -> None:
    """What a phone shows is what is stored."""
    lesson = await _lesson(year)
    if lesson is None:
        return
    until = year.today + timedelta(days=7)
    query = f"me/schedule?from={year.today}&until={until}"
    shown = await year.ask(year.teacher(lesson.teacher_id), "GET", query)
    if shown is None:
        year.faults.append(f"{year.today}: no schedule for {lesson.teacher_id}")


Event = Callable[[Year], Awaitable[None]]

WEIGHTS: dict[Event, int] = {
    somebody_is_away: 10,
    somebody_comes_back: 2,
    a_substitute_is_assigned: 14,
    substitutes_race: 6,
    a_class_studies_alone: 5,
    lessons_are_swapped: 10,
    swaps_cross: 3,
    a_lesson_is_cancelled: 3,
    a_lesson_is_moved: 5,
    a_day_is_decided_otherwise: 3,
    bells_ring_otherwise: 1,
    an_assignment_is_published: 5,
    an_assignment_ends: 2,
    lessons_are_confirmed: 6,
    a_phone_asks: 8,
}
