"""A teacher's month elsewhere: confirmed and not, worth how much; and the certificates."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from service.kit import clock
from service.kit.db import AsyncSession
from service.mentoring.queries.credit import credited_lessons
from service.phone.queries.home import Home
from service.phone.schemas import MyThing
from service.phone.schemas.workload import (
    MyCertificate,
    MyEarning,
    MyStatement,
    MyWorkLesson,
    MyWorkloadOut,
)
from service.timetable.queries import attendance
from service.timetable.schemas.attendance import AttendanceOut
from service.workload.queries import certificates, statements
from service.workload.queries.earning import earned
from service.workload.rules import StatementState, Sums, sums
from service.workload.rules.certificates import CertificateState
from service.workload.schemas.certificates import certificate_label
from service.workload.schemas.statements import month_text, state_label


async def workload(
    db: AsyncSession, *, district_id: UUID, home: Home, month: date
) -> MyWorkloadOut:
    """What a teacher taught elsewhere in a month, as it stands now.

    Asks for no permission: what one earned depends on no directory rights.
    """
    me = home.teacher.id
    sure = await earned(db, district_id=district_id, teachers=[me], month=month)
    hoped = await earned(db, district_id=district_id, teachers=[me], month=month, hopeful=True)
    confirmed, every = sums(sure[me].lines), sums(hoped[me].lines)
    credited = await credited_lessons(db, district_id=district_id, teachers=[me], month=month)
    visits = await attendance.visits_by(db, teacher_id=me, month=month)
    return MyWorkloadOut(
        as_of=clock.now(),
        month=month_text(month),
        confirmed=_earning(confirmed),
        waiting=MyEarning(
            lessons=every.lessons - confirmed.lessons,
            trips=every.trips - confirmed.trips,
            km=every.km - confirmed.km,
            amount=every.amount - confirmed.amount,
        ),
        mentor_lessons=credited.get(me, Decimal("0.00")),
        statement=await _statement(db, teacher_id=me, month=month),
        lessons=[_lesson(AttendanceOut.of(one)) for one in visits],
        certificates=await _certificates(db, teacher_id=me),
    )


def _earning(found: Sums) -> MyEarning:
    return MyEarning(lessons=found.lessons, trips=found.trips, km=found.km, amount=found.amount)


def _lesson(one: AttendanceOut) -> MyWorkLesson:
    return MyWorkLesson(
        id=one.lesson_id,
        on_date=one.on_date,
        period=one.period,
        school_id=one.school_id,
        school_name=one.school_name,
        campus=MyThing(id=one.campus.id, name=one.campus.name),
        presence=one.presence,
        presence_label=one.presence_label,
        state=one.state,
        state_label=one.state_label,
    )


async def _statement(db: AsyncSession, *, teacher_id: UUID, month: date) -> MyStatement | None:
    row = await statements.statement_of(db, teacher_id=teacher_id, month=month)
    if row is None:
        return None
    state = StatementState(row.state)
    return MyStatement(id=row.id, state=state, state_label=state_label(state), amount=row.amount)


async def _certificates(db: AsyncSession, *, teacher_id: UUID) -> list[MyCertificate]:
    return [
        MyCertificate(
            id=row.id,
            number=row.number,
            code=row.code,
            from_date=row.period.lower or date.min,
            until=row.period.upper or date.max,
            state=CertificateState(row.state),
            state_label=certificate_label(CertificateState(row.state)),
        )
        for row in await certificates.certificates_of(db, teacher_id=teacher_id)
    ]
