"""My month: what I taught elsewhere, confirmed and not, and what it is worth."""

from typing import Annotated

from fastapi import Query

from service.kit.auth import Caller, Permission
from service.kit.http import ReadDb, english, make_router, may_fail, needs
from service.phone.problems import NotATeacher
from service.phone.queries.home import home_of
from service.phone.queries.workload import workload
from service.phone.schemas.workload import MyWorkloadOut
from service.timetable.rules.attendance import month_of
from service.timetable.schemas.attendance import Month, first_of

router = make_router(tag="me")

Me = Annotated[Caller, needs(Permission.ME_READ)]


@router.get(
    "/me/workload",
    operation_id="getMyWorkload",
    summary="我的课时与补贴",
    description=(
        "某月(空为本月)我在外校的课:每节的签到与受援校确认情况;已确认与待确认的课时、次数、里程与金额;"
        "当月结算单的状态;以及我的服务证明与验证码。只取决于本人,不需要任何通讯录权限。"
    ),
    responses=may_fail(NotATeacher),
    openapi_extra=english(
        "My workload",
        "My lessons at other schools in a month (without one, this month): check-ins and what the "
        "hosts said; lessons, trips, kilometres and allowance, confirmed and not; the month's "
        "statement; my certificates with their codes.",
    ),
)
async def get_my_workload(
    *,
    db: ReadDb,
    caller: Me,
    month: Annotated[Month | None, Query(description="月份", examples=["2026-10"])] = None,
) -> MyWorkloadOut:
    """My workload."""
    if caller.teacher_id is None:
        raise NotATeacher
    home = await home_of(db, teacher_id=caller.teacher_id)
    first = first_of(month) if month is not None else month_of(home.today)
    return await workload(db, district_id=caller.district_id, home=home, month=first)
