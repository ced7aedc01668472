"""Logins and clients laid down by name, again and again."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import select

from service.accounts.clients import Organisation
from service.accounts.logins import create_client, create_login
from service.accounts.rules import Scope
from service.accounts.tables import Account
from service.kit import clock
from service.kit.auth import Reach, Role, system
from service.kit.changes import Change
from service.kit.db import Database


async def _lay(database: Database, district: Any, **login: Any) -> Account:
    given: Any = {
        "username": "school",
        "password": "huangge-demo",
        "display_name": "学校",
        "role": Role.SCHOOL_ADMIN,
        "reach": Reach.SCHOOL,
        "target_id": None,
        "teacher_id": None,
        **login,
    }
    async with database.write(district.id) as db:
        return await create_login(db, by=system(district.id), **given)


async def _changes(database: Database, district: Any) -> int:
    async with database.read(district.id) as db:
        return len((await db.exec(select(Change))).all())


async def test_a_login_works_and_the_same_call_again_changes_nothing(
    database, district, make, client
):
    school = await make.school()
    await _lay(database, district, target_id=school.id)
    form = {"grant_type": "password", "username": "school", "password": "huangge-demo"}
    answer = await client.post("/v1/oauth/token", data=form)
    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    listed = (await client.get("/v1/accounts", headers=headers)).json()["items"]
    assert [item["school_id"] for item in listed] == [str(school.id)]

    before = await _changes(database, district)
    await _lay(database, district, target_id=school.id)
    assert await _changes(database, district) == before


async def test_a_login_may_have_begun_before_today(database, district, make, client):
    school = await make.school()
    begun = datetime(2026, 9, 1, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
    with clock.freeze(begun + timedelta(days=90)):
        await _lay(database, district, target_id=school.id, since=begun.date())
    form = {"grant_type": "password", "username": "school", "password": "huangge-demo"}

    async def sees(moment: datetime) -> int:
        with clock.freeze(moment):
            token = (await client.post("/v1/oauth/token", data=form)).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            listed = await client.get("/v1/accounts", headers=headers)
            return int(listed.status_code)

    assert await sees(begun) == 200
    assert await sees(begun - timedelta(days=1)) == 403


async def test_a_login_is_brought_up_to_what_is_asked_for(database, district, make, client):
    school = await make.school()
    teacher = await make.account()
    await _lay(database, district, target_id=school.id)
    account = await _lay(
        database,
        district,
        role=Role.TEACHER,
        reach=Reach.SELF,
        target_id=school.id,
        teacher_id=teacher.id,
        password="huangge-other",
    )
    assert (account.teacher_id, account.school_id) == (teacher.id, school.id)
    form = {"grant_type": "password", "username": "school", "password": "huangge-other"}
    assert (await client.post("/v1/oauth/token", data=form)).status_code == 200


async def test_a_client_comes_in_and_the_same_call_again_changes_nothing(
    database, district, client
):
    for _ in range(2):
        async with database.write(district.id) as db:
            await create_client(
                db,
                by=system(district.id),
                client_id="demo-partner",
                secret="huangge-demo-secret",
                name="演示合作系统",
                scopes=[Scope.SCHEDULE_READ, Scope.PEOPLE_READ],
                organisations=[Organisation(Reach.DISTRICT)],
            )
    # One for the client; nothing for the second call.
    assert await _changes(database, district) == 1
    form = {"grant_type": "client_credentials"}
    auth = ("demo-partner", "huangge-demo-secret")
    assert (await client.post("/v1/oauth/token", data=form, auth=auth)).status_code == 200
