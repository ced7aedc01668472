"""How schools that share teachers may map a make-up day, held side by side before anybody decides.

Each school follows a weekday of its own. A teacher who is shared may then be asked for twice at
once, or be on a way that is too long; every school concerned reads its own side of that.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from service.calendar.actions import Supposed, supposing
from service.kit.auth import Caller
from service.kit.db import AsyncSession
from service.kit.problems import FieldError, RelatedNotFound, Text, ValidationFailed
from service.timetable import load, relaying
from service.timetable.queries import day as days
from service.timetable.rules import Conflict
from service.timetable.schemas import ConflictOut

_TWICE = Text("同一学校只填一次", "is named twice")
_UNKNOWN = Text("学校不存在,或与您不在同一集团", "does not exist, or is in no group with you")


@dataclass(frozen=True, slots=True)
class Side:
    """What one school would have on that day, and what of it collides."""

    school_id: UUID
    school_name: str
    lessons: int
    collisions: Sequence[ConflictOut]


async def compare(
    db: AsyncSession, *, caller: Caller, own: Supposed, others: Sequence[Supposed]
) -> list[Side]:
    """The collisions of a day as some schools might decide it, school by school; nothing is kept.

    Schools whose timetable the caller may not read are not named.

    Raises
    ------
    NotFound, GroupNotFound, SchoolNotFound, Forbidden
        The caller's own scope is out of sight, or not theirs to decide for.
    ValidationFailed, RelatedNotFound
        Another school is named twice, does not exist, or is in no group with the caller.
    LessonsAreLaid
        Lessons stand in periods for which there would be no bell.
    """
    await _check_others(db, caller=caller, own=own, others=others)
    ground = await load.ground(db, district_id=caller.district_id)
    async with supposing(db, caller=caller, own=own, others=others) as campuses:
        foreseen = await relaying.foresee(
            db, campuses=campuses, day=own.place.on_date, ground=ground
        )
    schools = await days.readable_schools(db, caller=caller)
    lessons: dict[UUID, int] = defaultdict(int)
    for campus_id, count in foreseen.lessons.items():
        if campus_id in schools:
            lessons[schools[campus_id].id] += count
    sides: dict[UUID, list[Conflict]] = defaultdict(list)
    for conflict in _from_both_sides(foreseen.conflicts):
        if conflict.wanted is not None and conflict.wanted.campus_id in schools:
            sides[schools[conflict.wanted.campus_id].id].append(conflict)
    names = {one.id: one.name for one in schools.values()}
    return [
        Side(
            id_,
            names[id_],
            lessons[id_],
            await load.explain(db, caller=caller, conflicts=sides[id_], ground=ground),
        )
        for id_ in sorted(lessons.keys() | sides.keys(), key=lambda id_: (names[id_], id_))
    ]


def _from_both_sides(conflicts: Iterable[Conflict]) -> Iterable[Conflict]:
    for one in conflicts:
        yield one
        if one.other is not None and one.other.campus_id is not None:
            yield replace(one, wanted=one.other, other=one.wanted)


async def _check_others(
    db: AsyncSession, *, caller: Caller, own: Supposed, others: Sequence[Supposed]
) -> None:
    wanted = [one.place.scope_id for one in others]
    twice = [
        FieldError(f"/others/{number}/school_id", "duplicate", _TWICE)
        for number, id_ in enumerate(wanted)
        if id_ in {own.place.scope_id, *wanted[:number]}
    ]
    if twice:
        raise ValidationFailed(errors=twice)
    known = await days.known_beside(db, caller=caller, school_ids=wanted)
    unknown = [
        FieldError(f"/others/{number}/school_id", "not-found", _UNKNOWN)
        for number, id_ in enumerate(wanted)
        if id_ not in known
    ]
    if unknown:
        raise RelatedNotFound(errors=unknown)
