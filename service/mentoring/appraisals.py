"""The life of an appraisal: opened, spoken to by three, concluded; pairs named outstanding."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields
from service.kit.journal import record, record_many
from service.mentoring import queries
from service.mentoring.queries import appraisal as reading
from service.mentoring.queries import programme as programmes
from service.mentoring.queries.cohort import frame_of
from service.mentoring.queries.progress import PairFilter, running
from service.mentoring.rules import PairingState, state_on
from service.mentoring.rules.appraisal import (
    AppraisalGrade,
    AppraisalKind,
    AppraisalState,
    Voice,
    check_outstanding,
    check_school_voice,
    check_scores,
    check_timely,
    check_unconcluded,
    conclude,
    heard,
    own_voice,
)
from service.mentoring.rules.programme import ProgrammeState, Step, check_step
from service.mentoring.schemas.appraisal import VoiceIn, rubric_of
from service.mentoring.tables import Appraisal, Pairing
from service.network.queries import standpoint
from service.network.queries.finding import rows_of


async def _concerned(db: AsyncSession, pairing: Pairing) -> set[UUID]:
    """The two and their schools of today."""
    two = {pairing.mentor_id, pairing.mentee_id}
    today = (await standpoint(db, district_id=pairing.district_id)).today
    schools = await queries.schools_of(db, teacher_ids=two, day=today)
    return two | set(schools.values())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which appraisal is opened, and until when it is to be answered."""

    kind: AppraisalKind
    due_on: date | None


def _new(pairing: Pairing, wanted: Wanted, *, rubric: dict[str, Any], by: Caller) -> Appraisal:
    return Appraisal(
        district_id=pairing.district_id,
        pairing_id=pairing.id,
        kind=wanted.kind,
        due_on=wanted.due_on,
        rubric=rubric,
        opened_by_name=by.name,
        opened_at=clock.now(),
    )


async def open_(
    db: AsyncSession, *, caller: Caller, pairing_id: UUID, wanted: Wanted
) -> tuple[Appraisal, Pairing]:
    """Open an appraisal of one pairing, by the rubric of today.

    Raises
    ------
    AppraisalUntimely
        The pair never worked together, or is over by midterm.
    AppraisalExists
        There is one.
    """
    pairing = await queries.pairing_to_change(db, caller=caller, pairing_id=pairing_id)
    today = (await standpoint(db, district_id=caller.district_id)).today
    valid = pairing.valid.lower or date.min, pairing.valid.upper
    check_timely(
        wanted.kind,
        state=state_on(PairingState(pairing.state), valid=valid, day=today),
        was_active=pairing.activated_on is not None,
    )
    rubrics = await reading.rubrics_for(db, mentee_ids=[pairing.mentee_id], day=today)
    row = _new(pairing, wanted, rubric=rubrics[pairing.mentee_id], by=caller)
    db.add(row)
    await db.flush()
    reach = await _concerned(db, pairing)
    await record(db, "appraisal.opened", row, by=caller, reach=reach)
    return row, pairing


async def open_all(
    db: AsyncSession, *, caller: Caller, programme_id: UUID, wanted: Wanted
) -> tuple[int, int]:
    """Open an appraisal of every pair at work in a programme; how many are new, how many had one.

    Raises
    ------
    ProgrammeStateUnfit
        The programme is not open.
    """
    programme = await programmes.programme_to_change(db, caller=caller, programme_id=programme_id)
    check_step(ProgrammeState(programme.state), Step.APPRAISE)
    frame = await frame_of(db, programme=programme)
    statement = running(caller, frame=frame, day=frame.at.today, wanted=PairFilter())
    pairs = [
        row[0]
        for row in await rows_of(db, statement)
        if PairingState(row[0].state) is PairingState.ACTIVE
    ]
    mentees = {one.mentee_id for one in pairs}
    rubrics = await reading.rubrics_for(db, mentee_ids=mentees, day=frame.at.today)
    made = await _keep(
        db, [_new(one, wanted, rubric=rubrics[one.mentee_id], by=caller) for one in pairs]
    )
    reach = [] if programme.group_id is None else [programme.group_id]
    await record_many(
        db, "appraisal.opened", by=caller, collection="appraisals", resources=made, reach=reach
    )
    return len(made), len(pairs) - len(made)


async def _keep(db: AsyncSession, rows: Collection[Appraisal]) -> list[tuple[UUID, int]]:
    """Store what is new; a pairing that has an appraisal of the kind keeps it."""
    if not rows:
        return []
    statement = insert(Appraisal).on_conflict_do_nothing()
    made = await (await db.connection()).execute(
        statement.returning(col(Appraisal.id), col(Appraisal.version)),
        [row.model_dump() for row in rows],
    )
    return [(id_, version) for id_, version in made.all()]


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says about which appraisal, as they last read it."""

    appraisal_id: UUID
    words: VoiceIn
    expected: Precondition


async def speak(db: AsyncSession, *, caller: Caller, said: Said) -> Appraisal:
    """The mentee or the mentor speaks, or says something else while it is not concluded.

    Raises
    ------
    NotYoursToAppraise
        It is somebody else.
    AppraisalOver, ScoresUnfit
        It cannot be said any more, or not so.
    """
    appraisal, pairing = await reading.appraisal_in_sight(
        db, caller=caller, appraisal_id=said.appraisal_id
    )
    voice = own_voice(caller.teacher_id, mentor_id=pairing.mentor_id, mentee_id=pairing.mentee_id)
    return await _hear(db, appraisal, pairing=pairing, voice=voice, said=said, by=caller)


async def speak_for_school(db: AsyncSession, *, caller: Caller, said: Said) -> Appraisal:
    """The mentee's school speaks, or says something else while it is not concluded.

    Raises
    ------
    Forbidden, SchoolVoiceOfThePair
        It is another school, or one of the two.
    AppraisalOver, ScoresUnfit
        It cannot be said any more, or not so.
    """
    appraisal, pairing = await reading.appraisal_to_change(
        db, caller=caller, appraisal_id=said.appraisal_id, by=Permission.MENTORING_APPRAISE
    )
    check_school_voice(caller.teacher_id, two=(pairing.mentor_id, pairing.mentee_id))
    return await _hear(db, appraisal, pairing=pairing, voice=Voice.SCHOOL, said=said, by=caller)


async def _hear(
    db: AsyncSession,
    appraisal: Appraisal,
    *,
    pairing: Pairing,
    voice: Voice,
    said: Said,
    by: Caller,
) -> Appraisal:
    said.expected.check(appraisal.version)
    check_unconcluded(AppraisalState(appraisal.state))
    check_scores(said.words.scores, rubric=rubric_of(appraisal.rubric))
    former = appraisal.voices.get(voice.value, {})
    if (former.get("scores"), former.get("comment")) == (said.words.scores, said.words.comment):
        return appraisal
    words = said.words.said(by=by.name, teacher_id=by.teacher_id, at=clock.now())
    voices = {**appraisal.voices, voice.value: words}
    state = heard({Voice(one) for one in voices})
    before = change_fields(appraisal, {"voices": voices, "state": state})
    await db.flush()
    reach = await _concerned(db, pairing)
    await record(db, "appraisal.appraised", appraisal, by=by, before=before, reach=reach)
    return appraisal


async def close(
    db: AsyncSession, *, caller: Caller, appraisal_id: UUID, note: str, expected: Precondition
) -> Appraisal:
    """Conclude an appraisal: the score and the grade follow from what was said.

    Raises
    ------
    AppraisalOver
        It was.
    VoicesMissing, NothingToConclude
        Too few have spoken.
    """
    appraisal, pairing = await reading.appraisal_to_change(
        db, caller=caller, appraisal_id=appraisal_id, by=Permission.MENTORING_WRITE
    )
    expected.check(appraisal.version)
    check_unconcluded(AppraisalState(appraisal.state))
    voices = {Voice(voice): words["scores"] for voice, words in appraisal.voices.items()}
    score, grade = conclude(voices, rubric=rubric_of(appraisal.rubric), note=note)
    values = {
        "state": AppraisalState.CONCLUDED,
        "score": score,
        "grade": grade,
        "note": note,
        "concluded_by_name": caller.name,
        "concluded_at": clock.now(),
    }
    before = change_fields(appraisal, values)
    await db.flush()
    reach = await _concerned(db, pairing)
    await record(db, "appraisal.concluded", appraisal, by=caller, before=before, reach=reach)
    return appraisal


async def name_outstanding(
    db: AsyncSession,
    *,
    caller: Caller,
    appraisal_id: UUID,
    outstanding: bool,
    note: str,
    expected: Precondition,
) -> Appraisal:
    """Name a pair outstanding, or take it back; nothing else of what is concluded changes.

    Raises
    ------
    OutstandingUnfit
        It was not excellent in the end.
    """
    appraisal, pairing = await reading.appraisal_to_change(
        db, caller=caller, appraisal_id=appraisal_id, by=Permission.PROGRAMME_WRITE
    )
    expected.check(appraisal.version)
    grade = AppraisalGrade(appraisal.grade) if appraisal.grade else None
    check_outstanding(AppraisalKind(appraisal.kind), grade)
    before = change_fields(appraisal, {"outstanding": outstanding})
    if before:
        await db.flush()
        await record(
            db,
            "appraisal.marked",
            appraisal,
            by=caller,
            before=before,
            reach=await _concerned(db, pairing),
            reason=note or None,
        )
    return appraisal
