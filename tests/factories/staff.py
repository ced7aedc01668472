"""Teachers for tests; obviously invented people."""

import itertools
from datetime import date
from typing import Any

from service.kit.db import AsyncSession, days
from service.network.tables import District, School
from service.staff.tables import Employment, Qualification, Teacher

_numbers = itertools.count(1)


async def teacher(
    db: AsyncSession,
    *,
    district: District,
    school: School | None = None,
    subjects: tuple[tuple[str, str], ...] = (("24", "2"),),
    employed: Any = None,
    **values: Any,
) -> Teacher:
    number = next(_numbers)
    filled = {
        "number": f"T{number:05}",
        "name": f"演示教师{number}",
        "name_pinyin": f"yanshi{number:05}",
        **values,
    }
    row = Teacher(district_id=district.id, **filled)
    db.add(row)
    await db.flush()
    if school is not None:
        db.add(
            Employment(
                district_id=district.id,
                teacher_id=row.id,
                school_id=school.id,
                valid=employed or days(date(2020, 9, 1), None),
            )
        )
    for subject, stage in subjects:
        db.add(
            Qualification(district_id=district.id, teacher_id=row.id, subject=subject, stage=stage)
        )
    await db.flush()
    return row
