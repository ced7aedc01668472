"""The demo's mentoring year: a programme that is open, and a studio with its host and a trainee.

A workbook has no sheets for them; they are set up after it, by what an office does itself.
"""

from datetime import date

from sqlalchemy import text

from service.cli.demo import anchors
from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession
from service.mentoring.programmes import Asked, NewProgramme, draft, open_
from service.mentoring.rules.studio import StudioRole
from service.mentoring.schemas.programme import StandardIn
from service.mentoring.studios import Joining, NewStudio, begin_studio, join

_PROGRAMME = "2026 学年双导师帮扶"
_STUDIO = "演示名师工作室"
_FROM = date(2026, 9, 1)

_KNOWN = text("SELECT EXISTS (SELECT FROM mentoring_programme)")
_YEAR = text("SELECT id FROM school_year WHERE label = :label")
_PERSON = text(
    "SELECT teacher.id, qualification.subject, qualification.stage FROM teacher"
    " JOIN qualification ON qualification.district_id = teacher.district_id"
    " AND qualification.teacher_id = teacher.id"
    " WHERE teacher.number = :number ORDER BY qualification.subject, qualification.stage LIMIT 1"
)


async def set_up(db: AsyncSession, *, by: Caller) -> None:
    """Open the programme and begin the studio, unless that was done."""
    connection = await db.connection()
    if await connection.scalar(_KNOWN):
        return
    asked = StandardIn()
    programme = await draft(
        db,
        caller=by,
        new=NewProgramme(
            await connection.scalar(_YEAR, {"label": anchors.SCHOOL_YEAR}),
            None,
            _PROGRAMME,
            Asked(asked.wanted_roles, asked.rubric.wanted, asked.columns()),
        ),
    )
    await open_(db, caller=by, programme_id=programme.id, expected=Precondition("*"))
    host = (await connection.execute(_PERSON, {"number": anchors.MENTOR})).one()
    trainee = (await connection.execute(_PERSON, {"number": anchors.MENTEE})).one()
    studio = await begin_studio(
        db,
        caller=by,
        new=NewStudio(
            host_id=host.id,
            valid_from=_FROM,
            valid_until=None,
            named={
                "name": _STUDIO,
                "subject": host.subject,
                "stage": host.stage,
                "aims": "三年培养一批农村和薄弱学校的学科骨干",
            },
        ),
    )
    joining = Joining(trainee.id, StudioRole.TRAINEE, _FROM, None)
    await join(db, caller=by, studio_id=studio.id, joining=joining)
