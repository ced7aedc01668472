"""Leaves, covers and swaps in any order: each moves by its machine, and the timetable holds."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.kit import clock
from service.kit.auth import Role, system
from tests.simulation.invariants import ZONE, Judge
from tests.simulation.world import TERMS, build, import_timetable
from tests.simulation.year import Year, a_lesson_is_cancelled, a_lesson_is_moved, a_phone_asks

EARLY = datetime(2026, 8, 25, 8, tzinfo=ZONE)
EDGES = {
    "leave": {"requested": {"approved", "refused", "withdrawn"}, "approved": {"withdrawn"}},
    "cover": {
        "open": {"covered", "merged", "self_study", "lapsed"},
        **{state: {"open", "lapsed"} for state in ("covered", "merged", "self_study")},
    },
    "cover_offer": {"offered": {"accepted", "declined", "closed"}},
    "swap": {
        "proposed": {"agreed", "done", "declined", "withdrawn", "lapsed"},
        "agreed": {"done", "refused", "withdrawn", "lapsed"},
        "done": {"undone"},
    },
}
_ROWS = {
    "leave": "SELECT id, state, ARRAY[teacher_id] AS people FROM leave ORDER BY id",
    "cover": "SELECT id, state, ARRAY[absent_id] AS people FROM cover ORDER BY id",
    "cover_offer": "SELECT id, state, ARRAY[teacher_id] AS people FROM cover_offer ORDER BY id",
    "swap": "SELECT s.id, s.state, ARRAY(SELECT teacher_id FROM swap_leg g WHERE g.swap_id = s.id"
    " ORDER BY place) AS people FROM swap s ORDER BY s.id",
}
PATHS = {"leave": "leaves", "cover": "covers", "cover_offer": "cover-offers", "swap": "swaps"}
WHY = {"reason": "另有安排"}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is asked of a row, in which states it may come about, and by whom."""

    table: str
    verb: str
    begins: frozenset[str]
    person: int | None = None
    """Which of the row's teachers asks; the office where nobody is named."""
    body: dict[str, Any] | None = field(default=None, hash=False)


LIVE = frozenset({"covered", "merged", "self_study"})
OPEN = frozenset({"open"})
ASKED = [
    Step("leave", "approve", frozenset({"requested"})),
    Step("leave", "refuse", frozenset({"requested"}), body=WHY),
    Step("leave", "withdraw", frozenset({"requested", "approved"})),
    Step("cover", "assign", OPEN, body={}),
    Step("cover", "offer", OPEN, body={}),
    Step("cover", "settle", OPEN, body={}),
    Step("cover", "release", LIVE),
    Step("cover_offer", "accept", frozenset({"offered"}), 0),
    Step("cover_offer", "decline", frozenset({"offered"}), 0, WHY),
    Step("swap", "consent", frozenset({"proposed"}), 1),
    Step("swap", "decline", frozenset({"proposed"}), 1, WHY),
    Step("swap", "approve", frozenset({"agreed"})),
    Step("swap", "refuse", frozenset({"agreed"}), body=WHY),
    Step("swap", "withdraw", frozenset({"proposed", "agreed"}), 0),
    Step("swap", "undo", frozenset({"done"}), 0),
]


async def somebody_asks_for_leave(year: Year) -> None:
    lesson = await year.one(
        "SELECT teacher_id, starts_at, ends_at FROM lesson WHERE status = 'scheduled'"
        " ORDER BY starts_at, id LIMIT 12"
    )
    body = {
        "teacher_id": str(lesson.teacher_id),
        "kind": "sick",
        "starts_at": lesson.starts_at.isoformat(),
        "ends_at": (lesson.ends_at + timedelta(hours=4)).isoformat(),
    }
    await year.ask(year.teacher(lesson.teacher_id), "POST", "leaves", body)


async def somebody_proposes_a_swap(year: Year) -> None:
    lesson = await year.one(
        "SELECT id, teacher_id FROM lesson WHERE status = 'scheduled' ORDER BY starts_at, id"
        " LIMIT 12"
    )
    mine = year.teacher(lesson.teacher_id)
    found = await year.ask(mine, "GET", f"lessons/{lesson.id}/swap-partners")
    if found and found["items"]:
        ids = year.dice.choice(found["items"][:4])["lesson_ids"]
        await year.ask(mine, "POST", "swaps", {"lesson_ids": ids, "reason": "外出培训"})


HAPPENS = [
    *(somebody_asks_for_leave,) * 3,
    *(somebody_proposes_a_swap,) * 3,
    a_lesson_is_cancelled,
    a_lesson_is_moved,
    a_phone_asks,
]
number = st.integers(min_value=0, max_value=30)
histories = st.lists(
    st.tuples(st.one_of(st.sampled_from(HAPPENS), st.sampled_from(ASKED)), number),
    min_size=6,
    max_size=25,
)


async def states(year: Year) -> dict[str, dict[Any, str]]:
    return {
        table: {row.id: row.state for row in await year.rows(statement)}
        for table, statement in _ROWS.items()
    }


async def take(year: Year, step: Step, which: int) -> None:
    """Ask it of one of the rows, whatever state that is in; out of turn it is refused."""
    rows = await year.rows(_ROWS[step.table])
    if not rows:
        return
    row = rows[-1 - which % len(rows)]
    client = year.office(1) if step.person is None else year.teacher(row.people[step.person])
    path = f"{PATHS[step.table]}/{row.id}:{step.verb}"
    done = await year.ask(client, "POST", path, step.body)
    assert done is None or row.state in step.begins, f"{step.verb} of a {row.state} {step.table}"


def strange(before: dict[str, Any], after: dict[str, Any]) -> list[Any]:
    """What moved as no machine moves, or is gone."""
    return [
        (table, then, now)
        for table, edges in EDGES.items()
        for id_, then in before[table].items()
        if (now := after[table].get(id_)) != then and now not in edges.get(then, ())
    ]


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories)
async def test_whatever_is_asked_in_whatever_order(make, as_, database, history):
    with clock.freeze(EARLY):
        district = await make.district()
        world = await build(make.at(district), dice=random.Random(3), size=2)
        await import_timetable(database, world.timetable[:40], by=system(district.id))

        def sign_in(role: Role, **where: Any) -> Any:
            if "teacher" in where:
                where["school"] = world.teachers[where["teacher"]]
            return as_(role, district=district, **where)

        year = Year(database, district.id, sign_in, random.Random(), TERMS[0][1])
        judge = Judge(database, district.id)
        before = await states(year)
        for step, which in history:
            year.dice = random.Random(which)
            await (take(year, step, which) if isinstance(step, Step) else step(year))
            after = await states(year)
            assert strange(before, after) == []
            before = after
        await judge.look(today=EARLY.date(), days=30)

    assert year.faults == []
    assert judge.faults == []
