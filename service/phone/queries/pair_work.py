"""What the pairs of a teacher have done this term, the last advice, and what waits for a word."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text

from service.kit.db import AsyncSession
from service.kit.language import say
from service.kit.problems import Text
from service.mentoring.problems.progress import TermUnfit
from service.mentoring.queries.progress import InTerm, progress_of, term_of_pairing
from service.mentoring.rules import PairingState
from service.mentoring.rules.log import LOG_KINDS, LogKind
from service.mentoring.rules.progress import PLAN_ITEMS, ItemProgress, Progress
from service.mentoring.tables import Pairing
from service.phone.queries.home import Home
from service.phone.schemas import (
    MyAdvice,
    MyCode,
    MyProgress,
    MyProgressItem,
    MyWaiting,
    WaitsFor,
)


async def progress_in_term(
    db: AsyncSession, *, home: Home, pairings: Sequence[Pairing]
) -> dict[UUID, MyProgress]:
    """How far each pair has come in the present term; pairs of the same days are asked together."""
    alike: dict[tuple[object, object], list[Pairing]] = defaultdict(list)
    for one in pairings:
        alike[one.valid.lower, one.valid.upper].append(one)
    found: dict[UUID, MyProgress] = {}
    for group in alike.values():
        try:
            term = await term_of_pairing(db, pairing=group[0], term_id=None, today=home.today)
        except TermUnfit:
            continue
        told = await progress_of(db, pairings=group, term=term, today=home.today)
        found |= {id_: _progress(one, term=term) for id_, one in told.items()}
    return found


def _progress(one: Progress, *, term: InTerm) -> MyProgress:
    return MyProgress(
        school_year=term.year,
        term_number=term.term.number,
        items=[_item(item) for item in one.items],
        left=one.left,
        behind=one.behind,
        catch_up_by=one.catch_up_by,
    )


def _item(one: ItemProgress) -> MyProgressItem:
    return MyProgressItem(
        item=one.item,
        label=say(PLAN_ITEMS[one.item]),
        planned=one.planned,
        confirmed=one.confirmed,
        waiting=one.waiting,
        left=one.left,
    )


_ADVICE = text("""SELECT DISTINCT ON (e.pairing_id) e.pairing_id, e.id, e.on_date, e.topic,
  e.advice, t.name
FROM log_entry e JOIN teacher t ON t.id = e.written_by
WHERE e.pairing_id = ANY (CAST(:pairings AS uuid[])) AND e.advice <> ''
ORDER BY e.pairing_id, e.on_date DESC, e.written_at DESC, e.id DESC""")


async def last_advice(db: AsyncSession, *, pairing_ids: Collection[UUID]) -> dict[UUID, MyAdvice]:
    """The last advice in the log of each pairing."""
    asked = {"pairings": sorted(pairing_ids)}
    return {
        row.pairing_id: MyAdvice(
            log_entry_id=row.id,
            on_date=row.on_date,
            topic=row.topic,
            advice=row.advice,
            by=row.name,
        )
        for row in await (await db.connection()).execute(_ADVICE, asked)
    }


_ENTRIES = text("""SELECT e.id, e.version, e.pairing_id, e.kind, e.on_date, e.topic, t.name
FROM log_entry e JOIN teacher t ON t.id = e.written_by
WHERE e.pairing_id = ANY (CAST(:pairings AS uuid[])) AND e.state = 'written'
  AND e.written_by <> :teacher
ORDER BY e.on_date, e.id""")

_ASKED = {
    WaitsFor.ANSWER: Text("师徒结对待答复", "A pairing waits for your answer"),
    WaitsFor.SIGNATURE: Text("结对协议待签署", "An agreement waits for your signature"),
}


async def waiting(db: AsyncSession, *, home: Home, pairings: Sequence[Pairing]) -> list[MyWaiting]:
    """What waits for a teacher's own word: proposals, agreements, entries of the other one."""
    found = [
        MyWaiting(
            waits_for=waits_for,
            label=say(_ASKED[waits_for]),
            id=one.id,
            version=one.version,
            pairing_id=one.id,
            kind=None,
            topic=None,
            on_date=None,
            by=None,
        )
        for one in pairings
        if (waits_for := _asked(one, teacher_id=home.teacher.id)) is not None
    ]
    rows = await (await db.connection()).execute(
        _ENTRIES, {"pairings": sorted(one.id for one in pairings), "teacher": home.teacher.id}
    )
    for row in rows:
        kind = say(LOG_KINDS[LogKind(row.kind)])
        found.append(
            MyWaiting(
                waits_for=WaitsFor.CONFIRMATION,
                label=say(Text(f"{kind}记录待确认", f"{kind}: an entry waits for you")),
                id=row.id,
                version=row.version,
                pairing_id=row.pairing_id,
                kind=MyCode(code=row.kind, label=kind),
                topic=row.topic,
                on_date=row.on_date,
                by=row.name,
            )
        )
    return found


def _asked(pairing: Pairing, *, teacher_id: UUID) -> WaitsFor | None:
    """Whether a pairing waits for one of the two; whoever never signed is not asked for ever."""
    mine = pairing.mentor_id == teacher_id
    accepted = pairing.mentor_accepted if mine else pairing.mentee_accepted
    signed = pairing.mentor_signed_at if mine else pairing.mentee_signed_at
    others = pairing.mentee_signed_at if mine else pairing.mentor_signed_at
    if pairing.state == PairingState.PROPOSED:
        return None if accepted else WaitsFor.ANSWER
    open_ = pairing.state in {PairingState.ACCEPTED, PairingState.ACTIVE}
    wanted = pairing.state == PairingState.ACCEPTED or others is not None
    return WaitsFor.SIGNATURE if open_ and wanted and signed is None else None
