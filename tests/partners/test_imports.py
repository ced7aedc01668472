"""An office uploads a workbook, reads the report and applies it – all of it or nothing."""

import asyncio
from contextlib import suppress
from datetime import date
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, update
from sqlmodel import col, select

from service.kit.auth import Role
from service.kit.changes import Change
from service.kit.http.files import XLSX
from service.partners import actions
from service.partners.rules import RunState
from service.partners.tables import ImportFile, ImportRun
from service.timetable.tables import ClassSection
from tests.partners.workbooks import README, book


def classes(*codes, campus="C-1", **more):
    usual = {"stage": "2", "grade": 4, "number": 1, "valid_from": date(2023, 9, 1)}
    return {
        "class": [
            usual | {"campus": campus, "code": code, "name": f"四年级{code}班"} | more
            for code in codes
        ]
    }


@pytest.fixture
async def campus(make):
    """Where the classes of these stories are."""
    return await make.campus(school=await make.school(), code="C-1")


@pytest.fixture
def file(district, campus):
    """A workbook of this district."""

    def make(rows=None):
        readme = README | {"district_code": district.code}
        return book(classes("2023-1", "2023-2") if rows is None else rows, readme=readme)

    return make


@pytest.fixture
def count(database, district):
    """How many rows a table has."""

    async def rows(table, *conditions):
        async with database.read(district.id) as db:
            statement = select(func.count()).select_from(table).where(*conditions)
            return (await db.exec(statement)).one()

    return rows


# The way that goes well


async def test_the_template_is_downloaded_and_says_whose_it_is(office, district):
    answer = await office.client.get("/v1/imports/template.xlsx")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == XLSX
    book = load_workbook(BytesIO(answer.content))
    assert "教师" in book.sheetnames
    said = {str(item.value): value.value for item, value, *_ in book["说明"].iter_rows()}
    assert (said["区县代码"], said["区县名称"]) == (district.code, district.name)


async def test_the_template_can_be_brought_back_as_it_is(office):
    template = (await office.client.get("/v1/imports/template.xlsx")).content

    _, report = await office.check(template)

    assert (report["state"], report["problems"]) == ("checked", [])


async def test_a_check_says_what_would_happen_and_does_nothing(office, file, count):
    _, report = await office.check(file())

    assert report["state"] == "checked"
    assert report["sheets"] == [
        {"sheet": "班级", "rows": 2, "created": 2, "changed": 0, "unchanged": 0}
    ]
    assert report["impact"] == {"lessons_laid": 0, "lessons_moved": 0, "lessons_cancelled": 0}
    assert await count(ClassSection) == 0


async def test_what_was_checked_is_applied(office, file, count):
    report = await office.load(file())

    assert report["state"] == "applied"
    assert report["applied_at"]
    assert report["progress"] == 100
    assert await count(ClassSection) == 2


async def test_the_same_file_again_changes_nothing_and_tells_nobody(office, file, count):
    await office.load(file())
    told = await count(Change, col(Change.collection) != "imports")

    report = await office.load(file())

    assert report["sheets"][0]["unchanged"] == 2
    assert await count(Change, col(Change.collection) != "imports") == told


async def test_a_changed_file_changes_what_differs(office, file, count):
    await office.load(file())

    report = await office.load(file(classes("2023-1", "2023-2", "2023-3", pupils=40)))

    assert report["sheets"] == [
        {"sheet": "班级", "rows": 3, "created": 1, "changed": 2, "unchanged": 0}
    ]


async def test_an_upload_that_is_repeated_is_one(office, file, count):
    """The same wish in a form of its own: the boundary between its parts is another one."""
    content = file()

    first, again = [
        await office.client.post(
            "/v1/imports",
            files={"file": ("学区.xlsx", content, XLSX)},
            headers={"Idempotency-Key": "upload-1"},
        )
        for _ in range(2)
    ]

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["id"] == first.json()["id"]
    assert await count(ImportRun) == 1


async def test_an_upload_names_its_place_and_its_version(office, file):
    uploaded = await office.upload(file())

    assert uploaded.status_code == 201
    assert uploaded.json()["state"] == "checking"
    assert uploaded.headers["Location"] == f"/v1/imports/{uploaded.json()['id']}"
    assert uploaded.headers["ETag"] == '"1"'


async def test_imports_are_listed_newest_first(office, file):
    first, _ = await office.check(file())
    second, _ = await office.check(file())
    await office.upload(file())

    found = (await office.client.get("/v1/imports", params={"state": "checked"})).json()["items"]

    assert [f"/v1/imports/{item['id']}" for item in found] == [second, first]


async def test_a_report_that_was_read_is_not_sent_again(office, file):
    where, report = await office.check(file())

    answer = await office.client.get(where, headers={"If-None-Match": f'"{report["version"]}"'})

    assert answer.status_code == 304


# Problems


async def test_problems_are_named_by_row_and_nothing_can_be_applied(office, file, count):
    where, report = await office.check(file(classes("2023-1", "2023-1", grade=13)))

    assert report["problem_count"] == 2
    assert report["problems"][0] == {
        "sheet": "班级",
        "row": 2,
        "column": "年级",
        "code": "out-of-range",
        "message": "应在 1–12 之间",
        "remedy": "请按表头批注的格式修改。",
    }
    refused = await office.ask(where, to="apply")
    assert refused.status_code == 409
    assert refused.json()["code"] == "import-has-problems"
    assert await count(ClassSection) == 0


async def test_the_report_is_read_in_english(office, file):
    where, _ = await office.check(file(classes("2023-1", grade=13)))

    office.client.headers["Accept-Language"] = "en"
    report = await office.report(where)

    assert report["label"] == "Checked"
    assert report["problems"][0]["message"] == "must lie within 1–12"


async def test_the_whole_report_is_a_sheet(office, file):
    where, _ = await office.check(file(classes("2023-1", grade=13, campus="?")))

    answer = await office.client.get(f"{where}/report.xlsx")

    page = load_workbook(BytesIO(answer.content)).active
    assert [one.value for one in page[1]] == ["工作表", "行", "列", "问题", "修改办法"]
    assert [one.value for one in page[2]][:3] == ["班级", 2, "年级"]


async def test_a_file_of_another_district_is_not_taken(office, campus):
    _, report = await office.check(book(classes("2023-1")))

    assert [line["code"] for line in report["problems"]] == ["other-district"]


async def test_what_the_district_has_already_and_refuses_is_a_line_of_the_report(
    office, file, make
):
    await make.school(name="江东小学")
    rows = {
        "school": [
            {
                "code": "2150000001",
                "name": "江东小学",
                "type_code": "211",
                "urban_rural_code": "220",
            }
        ]
    }

    _, report = await office.check(file(rows))

    assert [(line["sheet"], line["code"]) for line in report["problems"]] == [
        ("学校", "school-name-taken")
    ]
    assert report["problems"][0]["remedy"]


async def test_a_file_that_is_no_workbook_is_refused_at_once(office, count):
    answer = await office.upload(b"a,b\n1,2\n", name="teachers.csv")

    assert answer.status_code == 415
    assert answer.json()["code"] == "not-a-workbook"
    assert ".xlsx" in answer.json()["detail"]
    assert await count(ImportRun) == 0


async def test_an_upload_is_a_file_and_nothing_else(office, file):
    upload = {"file": ("a.xlsx", file(), XLSX)}

    for files, data in ((None, {"file": "text"}), (None, {}), (upload, {"mode": "replace"})):
        answer = await office.client.post("/v1/imports", files=files, data=data)
        assert answer.status_code == 422
        assert answer.json()["code"] == "validation-failed"


async def test_twenty_megabytes_are_enough(office):
    answer = await office.upload(b"PK\x03\x04" + bytes(20 * 1024 * 1024))

    assert answer.status_code == 413
    assert answer.json()["code"] == "too-large"


async def test_a_file_that_is_found_broken_later_is_a_report_too(office, file):
    content = bytearray(file())
    content[300:320] = bytes(20)

    where, report = await office.check(bytes(content))

    assert report["state"] == "checked"
    assert [line["code"] for line in report["problems"]] == ["workbook-damaged"]
    assert (await office.ask(where, to="apply")).status_code == 409


# Who, and in which order


async def test_an_import_is_applied_with_the_version_that_was_read(office, file):
    where, report = await office.check(file())

    without = await office.client.post(f"{where}:apply")
    stale = await office.ask(where, to="apply", version=report["version"] - 1)

    assert without.status_code == 428
    assert stale.status_code == 412


async def test_an_import_is_applied_once(office, file):
    where, _ = await office.check(file())
    assert (await office.ask(where, to="apply")).status_code == 200

    again = await office.ask(where, to="apply")
    assert again.status_code == 409
    assert again.json()["code"] == "import-not-ready"

    await office.work()
    for action in ("apply", "check"):
        assert (await office.ask(where, to=action)).status_code == 409


async def test_an_import_is_not_applied_before_its_check(office, file):
    uploaded = await office.upload(file())

    refused = await office.ask(uploaded.headers["Location"], to="apply")

    assert refused.json()["code"] == "import-not-ready"


@pytest.mark.parametrize("role", [Role.SCHOOL_ADMIN, Role.GROUP_ADMIN, Role.TEACHER])
async def test_a_workbook_is_the_districts_own_affair(office, file, as_, make, role):
    where, _ = await office.check(file())
    school = await make.school()
    visitor = as_(role, school=school)

    assert (await visitor.get(where)).status_code == 403
    assert (await visitor.get("/v1/imports/template.xlsx")).status_code == 403


async def test_an_auditor_reads_and_does_not_write(office, file, as_):
    where, report = await office.check(file())
    auditor = as_(Role.AUDITOR)

    assert (await auditor.get(where)).status_code == 200
    asked = await auditor.post(f"{where}:apply", headers={"If-Match": f'"{report["version"]}"'})
    assert asked.status_code == 403


async def test_another_district_does_not_find_it(office, file, as_, make):
    where, _ = await office.check(file())
    stranger = as_(Role.DISTRICT_ADMIN, district=await make.district())

    for answer in (
        await stranger.get(where),
        await stranger.get(f"{where}/report.xlsx"),
        await stranger.post(f"{where}:apply", headers={"If-Match": "*"}),
    ):
        assert answer.status_code == 404
        assert answer.json()["code"] == "import-not-found"


async def test_a_dry_upload_keeps_nothing(office, file, count):
    answer = await office.client.post(
        "/v1/imports", params={"validate_only": True}, files={"file": ("a.xlsx", file(), XLSX)}
    )

    assert answer.status_code == 201
    assert await count(ImportRun) == 0
    assert await count(ImportFile) == 0


# What goes wrong on the way


async def test_a_district_that_changed_meanwhile_is_not_overrun(
    office, file, campus, database, district, count
):
    where, _ = await office.check(file())
    async with database.write(district.id) as db:
        await db.exec(update(type(campus)).values(code="C-2"))
    await office.ask(where, to="apply")
    await office.work()

    report = await office.report(where)
    assert report["state"] == "refused"
    assert report["reason"]["code"] == "import-has-problems"
    assert {line["code"] for line in report["problems"]} == {"unknown-reference"}
    assert await count(ClassSection) == 0

    async with database.write(district.id) as db:
        await db.exec(update(type(campus)).values(code="C-1"))
    assert (await office.ask(where, to="check")).status_code == 200
    await office.work()
    assert (await office.ask(where, to="apply")).status_code == 200
    await office.work()
    assert await count(ClassSection) == 2


@pytest.fixture
def crash(database, district, monkeypatch):
    """A worker that dies at a step of its work."""

    async def crash(where, *, job, step):
        by = actions.in_the_name_of(
            {"name": "办公室", "account_id": None, "client_id": None}, district_id=district.id
        )
        reached = asyncio.Event()
        tell = actions.Work.tell

        async def stop_there(self, text, share):
            await tell(self, text, share)
            if text.en.startswith(step):
                reached.set()
                await asyncio.Event().wait()

        with monkeypatch.context() as patch:
            patch.setattr(actions.Work, "tell", stop_there)
            task = asyncio.create_task(job(database, by=by, import_id=where.rsplit("/")[-1]))
            await reached.wait()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return crash


async def test_a_worker_that_dies_leaves_nothing_half_done(office, file, count, crash):
    where, _ = await office.check(file())
    await office.ask(where, to="apply")

    await crash(where, job=actions.apply, step="Writing")
    assert await count(ClassSection) == 0
    report = await office.report(where)
    assert report["state"] == "applying"
    assert report["step"]

    await office.work()
    assert (await office.report(where))["state"] == "applied"
    assert await count(ClassSection) == 2


async def test_a_file_that_ends_every_worker_is_left_alone_and_may_be_tried_again(
    office, file, count, crash
):
    where, _ = await office.check(file())
    await office.ask(where, to="apply")
    for _ in range(actions.ATTEMPTS):
        await crash(where, job=actions.apply, step="Reading")
    await office.work()

    report = await office.report(where)
    assert report["state"] == "failed"
    assert report["reason"]["code"] == "internal-error"

    assert (await office.ask(where, to="apply")).status_code == 200
    await office.work()
    assert (await office.report(where))["state"] == "applied"


async def test_a_check_that_never_ended_is_begun_anew_but_not_applied(office, file, crash):
    uploaded = await office.upload(file())
    where = uploaded.headers["Location"]
    for _ in range(actions.ATTEMPTS):
        await crash(where, job=actions.check, step="Reading")
    await office.work()
    assert (await office.report(where))["state"] == RunState.FAILED

    assert (await office.ask(where, to="apply")).json()["code"] == "import-not-ready"
    assert (await office.ask(where, to="check")).status_code == 200


async def test_a_job_that_comes_twice_does_its_work_once(office, file, database, district, count):
    where, _ = await office.check(file())
    by = actions.in_the_name_of(
        {"name": "办公室", "account_id": None, "client_id": None}, district_id=district.id
    )
    await office.ask(where, to="apply")
    await office.work()
    told = await count(Change)

    await actions.apply(database, by=by, import_id=where.rsplit("/")[-1])
    await actions.check(database, by=by, import_id=where.rsplit("/")[-1])

    assert await count(Change) == told
