"""Plans for a make-up day, side by side before anybody decides."""

from typing import Annotated

from service.calendar.actions import Place, Supposed
from service.calendar.problems import CalendarDayExists, LessonsAreLaid
from service.calendar.routes import At
from service.calendar.rules import DayScope
from service.kit.auth import Caller, Permission
from service.kit.http import Db, english, make_router, may_fail, needs
from service.kit.problems import RelatedNotFound
from service.network.problems import GroupNotFound, SchoolNotFound
from service.timetable import comparing
from service.timetable.schemas.day import ComparedOut, CompareIn, SideOut

router = make_router(tag="calendar")

Writer = Annotated[Caller, needs(Permission.CALENDAR_WRITE)]


@router.post(
    "/calendar-days/{scope}/{scope_id}/{on_date}:compare",
    operation_id="compareCalendarDays",
    summary="比较各校对同一天的打算",
    description="发布前并排试排:本校打算按周几的课表,同集团其他学校各打算按周几,共用教师的课会不会撞。"
    "按学校列出各自一方的冲突(同时上课、来不及赶路),只列您可查看课表的学校;全部撤回,不保存。"
    "双方各自试排,看到的是同一些冲突;集团办公室可同时看到双方。",
    responses=may_fail(
        SchoolNotFound, GroupNotFound, CalendarDayExists, LessonsAreLaid, RelatedNotFound
    ),
    openapi_extra=english(
        "Compare plans for a date",
        "Before anybody decides: one's own weekday beside those that other schools of the group "
        "mean to follow. Collisions of shared teachers are listed school by school, each from its "
        "own side, for the schools whose timetable the caller reads. Nothing is kept.",
    ),
)
async def compare_calendar_days(
    *, db: Db, caller: Writer, place: At, body: CompareIn
) -> ComparedOut:
    """Compare plans."""
    others = [
        Supposed(Place(DayScope.SCHOOL, one.school_id, place.on_date), one) for one in body.others
    ]
    sides = await comparing.compare(db, caller=caller, own=Supposed(place, body.own), others=others)
    return ComparedOut(
        on_date=place.on_date,
        collides=any(one.collisions for one in sides),
        schools=[
            SideOut(
                school_id=one.school_id,
                school_name=one.school_name,
                lessons=one.lessons,
                collisions=list(one.collisions),
            )
            for one in sides
        ],
    )
