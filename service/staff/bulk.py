"""Many teachers at once, by number: what is the same already stays untouched and tells nobody."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text

from service.kit.auth import Caller
from service.kit.db import AsyncSession, Outcome
from service.kit.ids import new_id
from service.kit.journal import record_by_reach
from service.kit.problems import FieldError, RelatedNotFound, Text
from service.network.bulk import schools_by_code
from service.network.problems import RowsUnfit
from service.staff import queries
from service.staff.departures import announce
from service.staff.problems import EmploymentContradicts
from service.staff.rules import Course, Qualified, Stay, pinyin_of_person, plan_stay
from service.staff.schemas import TeacherRow
from service.staff.tables import Teacher

_FACTS = (
    "name",
    "title",
    "backbone_level",
    "backbone_grantor",
    "birth_year",
    "teaching_since",
    "expected_retirement_on",
    "cadre",
    "weekly_load_limit",
)
_UPSERT = text("""INSERT INTO teacher AS t
  (district_id, id, version, number, name, name_pinyin, title, backbone_level, backbone_grantor,
   birth_year, teaching_since, expected_retirement_on, cadre, weekly_load_limit)
SELECT CAST(:district AS uuid), id, 1, number, name, name_pinyin, title, backbone_level,
  backbone_grantor, birth_year, teaching_since, expected_retirement_on, cadre, weekly_load_limit
FROM unnest(
  CAST(:id AS uuid[]), CAST(:number AS text[]), CAST(:name AS text[]),
  CAST(:name_pinyin AS text[]), CAST(:title AS text[]), CAST(:backbone_level AS text[]),
  CAST(:backbone_grantor AS text[]), CAST(:birth_year AS int2[]),
  CAST(:teaching_since AS date[]), CAST(:expected_retirement_on AS date[]),
  CAST(:cadre AS bool[]), CAST(:weekly_load_limit AS int2[])
) AS given (id, number, name, name_pinyin, title, backbone_level, backbone_grantor, birth_year,
  teaching_since, expected_retirement_on, cadre, weekly_load_limit)
ON CONFLICT (district_id, number) DO UPDATE SET
  version = t.version + 1, name = excluded.name, name_pinyin = excluded.name_pinyin,
  title = excluded.title, backbone_level = excluded.backbone_level,
  backbone_grantor = excluded.backbone_grantor, birth_year = excluded.birth_year,
  teaching_since = excluded.teaching_since,
  expected_retirement_on = excluded.expected_retirement_on, cadre = excluded.cadre,
  weekly_load_limit = excluded.weekly_load_limit
WHERE (t.name, t.name_pinyin, t.title, t.backbone_level, t.backbone_grantor, t.birth_year,
    t.teaching_since, t.expected_retirement_on, t.cadre, t.weekly_load_limit)
  IS DISTINCT FROM (excluded.name, excluded.name_pinyin, excluded.title,
    excluded.backbone_level, excluded.backbone_grantor, excluded.birth_year,
    excluded.teaching_since, excluded.expected_retirement_on, excluded.cadre,
    excluded.weekly_load_limit)
RETURNING id, version, version = 1 AS is_new""")

_IDS = text("SELECT number, id FROM teacher WHERE number = ANY (CAST(:numbers AS text[]))")

_CORRECT_STAYS = text("""UPDATE employment e
SET valid = daterange(given.since, given.until), leaving_reason = given.reason
FROM unnest(
  CAST(:id AS uuid[]), CAST(:since AS date[]), CAST(:until AS date[]), CAST(:reason AS text[])
) AS given (id, since, until, reason)
WHERE e.district_id = CAST(:district AS uuid) AND e.id = given.id""")

_BEGIN_STAYS = text("""INSERT INTO employment
  (district_id, id, teacher_id, school_id, valid, leaving_reason)
SELECT CAST(:district AS uuid), id, teacher_id, school_id, daterange(since, until), reason
FROM unnest(
  CAST(:id AS uuid[]), CAST(:teacher_id AS uuid[]), CAST(:school_id AS uuid[]),
  CAST(:since AS date[]), CAST(:until AS date[]), CAST(:reason AS text[])
) AS given (id, teacher_id, school_id, since, until, reason)""")

_QUALIFY = text("""INSERT INTO qualification (district_id, id, teacher_id, subject, stage)
SELECT CAST(:district AS uuid), id, teacher_id, subject, stage
FROM unnest(
  CAST(:id AS uuid[]), CAST(:teacher_id AS uuid[]), CAST(:subject AS text[]),
  CAST(:stage AS text[])
) AS given (id, teacher_id, subject, stage)""")

_DISQUALIFY = text(
    "DELETE FROM qualification WHERE district_id = CAST(:district AS uuid)"
    " AND id = ANY (CAST(:id AS uuid[]))"
)

_TOUCH = text("""UPDATE teacher SET version = version + 1
WHERE district_id = CAST(:district AS uuid) AND id = ANY (CAST(:id AS uuid[]))
RETURNING id, version""")


async def upsert_teachers(db: AsyncSession, rows: Sequence[TeacherRow], *, by: Caller) -> Outcome:
    """Bring teachers, their employment and their subjects up to what the rows say, by number.

    Another school from a later day is a transfer on that day. Refusals name every row and field as
    ``/<row>/<field>``, rows counted from 0.

    Raises
    ------
    RowsUnfit
        A number stands twice, or an employment contradicts what is known.
    RelatedNotFound
        A school that nobody knows.
    """
    if not rows:
        return Outcome()
    _refuse_repeats(rows)
    schools = await _schools(db, rows)
    written = await _write_facts(db, rows, by=by)
    ids = await _ids_of(db, rows)
    changed = {id_: version for id_, version, is_new in written if not is_new}
    new = {id_: version for id_, version, is_new in written if is_new}
    moves = await _plan_moves(db, rows, ids=ids, schools=schools)
    await _write_moves(db, moves, by=by)
    requalified = await _write_subjects(db, rows, ids=ids, by=by)
    touched = {move.teacher_id for move in moves} | requalified
    changed |= await _touch(db, touched - new.keys() - changed.keys(), by=by)
    reach = {ids[row.number]: schools[row.school_code] for row in rows}
    await _tell(db, "teacher.created", new, reach=reach, by=by)
    await _tell(db, "teacher.changed", changed, reach=reach, by=by)
    await announce(db, by=by, teacher_ids=changed.keys())
    return Outcome(len(new), len(changed), len(rows) - len(new) - len(changed))


def _refuse_repeats(rows: Sequence[TeacherRow]) -> None:
    counts = Counter(row.number for row in rows)
    words = Text("工号在文件中重复", "the number stands twice")
    errors = [
        FieldError(f"/{place}/number", "duplicate", words)
        for place, row in enumerate(rows)
        if counts[row.number] > 1
    ]
    if errors:
        raise RowsUnfit(errors=errors)


async def _schools(db: AsyncSession, rows: Sequence[TeacherRow]) -> Mapping[str, UUID]:
    known = await schools_by_code(db, codes={row.school_code for row in rows})
    errors = [
        FieldError(
            f"/{place}/school_code",
            "not-found",
            Text(f"找不到学校 {row.school_code}", f"there is no school {row.school_code}"),
        )
        for place, row in enumerate(rows)
        if row.school_code not in known
    ]
    if errors:
        raise RelatedNotFound(errors=errors)
    return known


async def _write_facts(
    db: AsyncSession, rows: Sequence[TeacherRow], *, by: Caller
) -> Sequence[Any]:
    values: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in _FACTS}
    values |= {
        "district": by.district_id,
        "id": [new_id() for _ in rows],
        "number": [row.number for row in rows],
        "name_pinyin": [pinyin_of_person(row.name) for row in rows],
    }
    return (await (await db.connection()).execute(_UPSERT, values)).all()


async def _ids_of(db: AsyncSession, rows: Sequence[TeacherRow]) -> dict[str, UUID]:
    numbers = {"numbers": [row.number for row in rows]}
    found = await (await db.connection()).execute(_IDS, numbers)
    return {row.number: row.id for row in found}


# Employment


@dataclass(frozen=True, slots=True)
class _Move:
    """What happens to a teacher's employment, and to which row."""

    teacher_id: UUID
    course: Course
    row_id: UUID | None = None


async def _plan_moves(
    db: AsyncSession,
    rows: Sequence[TeacherRow],
    *,
    ids: Mapping[str, UUID],
    schools: Mapping[str, UUID],
) -> list[_Move]:
    known = await queries.stays_of(db, teacher_ids=ids.values())
    moves: list[_Move] = []
    errors: list[FieldError] = []
    for place, row in enumerate(rows):
        teacher_id = ids[row.number]
        history = known.get(teacher_id, [])
        wanted = Stay(schools[row.school_code], row.employed_from, row.employed_until)
        try:
            course = plan_stay([stay for _, stay in history], wanted=wanted)
        except EmploymentContradicts as refusal:
            pointer = f"/{place}/employed_from"
            errors.append(FieldError(pointer, refusal.code, refusal.detail))
            continue
        if course.changes:
            was = course.corrected[0] if course.corrected else None
            row_id = next((id_ for id_, stay in history if stay == was), None)
            moves.append(_Move(teacher_id, course, row_id))
    if errors:
        raise RowsUnfit(errors=errors)
    return moves


async def _write_moves(db: AsyncSession, moves: Sequence[_Move], *, by: Caller) -> None:
    """What ends is written before what begins: the two would overlap otherwise."""
    corrected = [(move.row_id, move.course.corrected[1]) for move in moves if move.course.corrected]
    begun = [(move.teacher_id, move.course.begun) for move in moves if move.course.begun]
    connection = await db.connection()
    if corrected:
        values = {
            "district": by.district_id,
            "id": [row_id for row_id, _ in corrected],
            **_columns(stay for _, stay in corrected),
        }
        await connection.execute(_CORRECT_STAYS, values)
    if begun:
        values = {
            "district": by.district_id,
            "id": [new_id() for _ in begun],
            "teacher_id": [teacher_id for teacher_id, _ in begun],
            "school_id": [stay.school_id for _, stay in begun],
            **_columns(stay for _, stay in begun),
        }
        await connection.execute(_BEGIN_STAYS, values)


def _columns(stays: Iterable[Stay]) -> dict[str, list[Any]]:
    listed = list(stays)
    return {
        "since": [stay.since for stay in listed],
        "until": [stay.until for stay in listed],
        "reason": [stay.reason for stay in listed],
    }


# Subjects


@dataclass(slots=True)
class _Subjects:
    """What is added and taken away."""

    added: list[tuple[UUID, Qualified]] = field(default_factory=list)
    removed: list[UUID] = field(default_factory=list)
    touched: set[UUID] = field(default_factory=set)


async def _write_subjects(
    db: AsyncSession, rows: Sequence[TeacherRow], *, ids: Mapping[str, UUID], by: Caller
) -> set[UUID]:
    known = await queries.qualifications_of(db, teacher_ids=ids.values())
    found = _Subjects()
    for row in rows:
        teacher_id = ids[row.number]
        present, wanted = known.get(teacher_id, {}), dict.fromkeys(row.teaches)
        if present.keys() != wanted.keys():
            found.added += [(teacher_id, one) for one in wanted if one not in present]
            found.removed += [id_ for one, id_ in present.items() if one not in wanted]
            found.touched.add(teacher_id)
    connection = await db.connection()
    if found.removed:
        values = {"district": by.district_id, "id": found.removed}
        await connection.execute(_DISQUALIFY, values)
    if found.added:
        await connection.execute(
            _QUALIFY,
            {
                "district": by.district_id,
                "id": [new_id() for _ in found.added],
                "teacher_id": [teacher_id for teacher_id, _ in found.added],
                "subject": [one.subject for _, one in found.added],
                "stage": [one.stage for _, one in found.added],
            },
        )
    return found.touched


async def _touch(db: AsyncSession, teacher_ids: Collection[UUID], *, by: Caller) -> dict[UUID, int]:
    if not teacher_ids:
        return {}
    values = {"district": by.district_id, "id": sorted(teacher_ids)}
    found = await (await db.connection()).execute(_TOUCH, values)
    return {row.id: row.version for row in found}


async def _tell(
    db: AsyncSession,
    event: str,
    versions: Mapping[UUID, int],
    *,
    reach: Mapping[UUID, UUID],
    by: Caller,
) -> None:
    """Tell readers school by school."""
    at_school: dict[frozenset[UUID], list[tuple[UUID, int]]] = defaultdict(list)
    for id_, version in versions.items():
        at_school[frozenset({reach[id_]})].append((id_, version))
    await record_by_reach(db, event, at_school, by=by, collection=Teacher.__collection__)
