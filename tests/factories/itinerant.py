"""Drafts of assignments for tests; they are published by asking the service."""

from collections.abc import Sequence
from typing import Any

from service.calendar.tables import Term
from service.itinerant.rules import AssignmentState
from service.itinerant.tables import Assignment, AssignmentPattern
from service.kit.db import AsyncSession
from service.network.tables import Campus, District, Group, School
from service.staff.tables import Teacher
from service.timetable.tables import ClassSection


async def assignment(
    db: AsyncSession,
    *,
    district: District,
    teacher: Teacher,
    home: School,
    campus: Campus,
    group: Group,
    term: Term,
    classes: Sequence[ClassSection],
    patterns: Sequence[dict[str, Any]] = ({"weekday": 2, "period": 5},),
    **values: Any,
) -> Assignment:
    filled = {
        "subject": "24",
        "stage": "2",
        "valid": term.days,
        "state": AssignmentState.DRAFT,
        **values,
    }
    row = Assignment(
        district_id=district.id,
        teacher_id=teacher.id,
        home_school_id=home.id,
        host_school_id=campus.school_id,
        campus_id=campus.id,
        group_id=group.id,
        term_id=term.id,
        **filled,
    )
    db.add(row)
    await db.flush()
    for pattern in patterns:
        db.add(
            AssignmentPattern(
                district_id=district.id,
                assignment_id=row.id,
                **{
                    "class_ids": [one.id for one in classes],
                    "valid": row.valid,
                    **pattern,
                },
            )
        )
    await db.flush()
    return row
