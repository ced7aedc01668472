"""A programme's year as an office files it: numbers that agree with the log to the entry."""

from collections import Counter
from datetime import date
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from service.kit import clock
from service.kit.auth import Role
from service.kit.db import days
from service.mentoring.rules import PairingState

pytestmark = pytest.mark.usefixtures("autumn")
HEAD = 2


def sheets(answer):
    assert answer.status_code == 200, answer.text
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    return [
        book.get_sheet_by_name(name).to_python(skip_empty_area=True) for name in book.sheet_names
    ]


def columns(sheet):
    return dict(zip(sheet[HEAD], zip(*sheet[HEAD + 1 :], strict=True), strict=True))


@pytest.fixture
async def programme(make):
    term = await make.school_term(first_day=date(2026, 9, 1), last_day=date(2027, 1, 18))
    return await make.programme(year=term.school_year_id, valid=days(date(2026, 8, 15), None))


@pytest.fixture
async def pairs(make, schools, a_master, mentor, mentee):
    """One that runs, one that was replaced, one in the town."""
    now = await make.pairing(mentor=mentor, mentee=mentee, role="cross_school")
    former = await make.pairing(
        mentor=await a_master(),
        mentee=mentee,
        valid=days(date(2026, 9, 1), date(2026, 10, 1)),
        state=PairingState.ENDED,
        activated_on=date(2026, 9, 1),
        end_reason="replaced",
    )
    town = await make.pairing(mentor=mentor, mentee=await a_master(), role="in_school")
    return now, former, town


async def test_the_report_agrees_with_the_log_to_the_entry(office, make, programme, pairs, mentor):
    done = {"state": "confirmed", "confirmed_at": clock.now()}
    observed = {"kind": "observation", "observed": "mentee"}
    for row, count, more in (
        (pairs[0], 3, observed | done),
        (pairs[0], 2, observed),
        (pairs[0], 1, {"kind": "meeting", "on_date": date(2026, 8, 20), **done}),
        (pairs[1], 4, {"kind": "lesson_plan", **done}),
        (pairs[2], 1, {"kind": "research"}),
    ):
        for _ in range(count):
            await make.log_entry(pairing=row, writer=mentor, **more)
    await make.appraisal(pairing=pairs[0], kind="final", score=95, grade="excellent")
    path = f"/v1/mentoring-programmes/{programme.id}/report"

    told = (await office.get(path)).json()
    year, log = sheets(await office.get(f"{path}.xlsx?entries=true"))

    assert [told[name] for name in ("pairs", "mentees", "entries", "confirmed", "waiting")] == [
        3,
        2,
        11,
        8,
        3,
    ]
    assert (told["outside_terms"], told["school_year"]) == (1, "2026-2027")
    assert [one["pairs"] for one in told["grades"] if one["grade"] == "excellent"] == [0, 1]
    of_year, of_log = columns(year), columns(log)
    assert len(of_log["类型"]) == told["entries"]
    states = Counter(of_log["状态"])
    for name, count in (("已确认合计", states["已确认"]), ("待确认", states["待确认"])):
        *lines, total = of_year[name]
        assert sum(lines) == total == count
    confirmed = Counter(
        kind
        for kind, state in zip(of_log["类型"], of_log["状态"], strict=True)
        if state == "已确认"
    )
    for one in told["kinds"]:
        *lines, total = of_year[one["kind_label"]]
        assert sum(lines) == total == one["confirmed"] == confirmed[one["kind_label"]]
    assert of_year["状态"][:-1].count("已结束") == 1
    assert len(sheets(await office.get(f"{path}.xlsx"))) == 1


async def test_what_a_programme_brought_is_told_of_units_only(
    office, as_, make, programme, pairs, schools
):
    await make.appraisal(pairing=pairs[0], kind="midterm", score=70, grade="qualified")
    await make.appraisal(pairing=pairs[0], kind="final", score=82, grade="good")
    path = f"/v1/mentoring-programmes/{programme.id}/growth"

    told = (await office.get(path)).json()
    by_school, by_group = sheets(await office.get(f"{path}.xlsx"))
    own = (await as_(Role.SCHOOL_ADMIN, school=schools[1]).get(path)).json()

    assert [told[name]["pairs"] for name in ("whole", "rural", "town")] == [3, 2, 1]
    assert (told["rural"]["final_mean"], told["rural"]["gain"]) == (82.0, 12.0)
    assert told["town"]["gain"] is None
    assert {one["id"]: (one["pairs"], one["rural"]) for one in told["schools"]} == {
        str(schools[0].id): (1, False),
        str(schools[1].id): (2, True),
    }
    assert [one["pairs"] for one in told["groups"]] == [3]
    assert (own["whole"]["pairs"], len(own["schools"])) == (2, 1)
    assert columns(by_school)["结对"][-1] == columns(by_group)["结对"][-1] == 3


async def test_the_lists_of_an_office(office, make, pairs, schools, mentor, mentee):
    studio = await make.studio(host=mentor, name="李老师工作室")
    await make.studio_member(studio=studio, teacher=mentee)

    (all_,) = sheets(await office.get("/v1/pairings.xlsx"))
    (ended,) = sheets(await office.get("/v1/pairings.xlsx?state=ended"))
    (load,) = sheets(await office.get("/v1/mentors.xlsx"))
    (roll,) = sheets(await office.get(f"/v1/studios/{studio.id}/members.xlsx"))

    assert len(columns(all_)["徒弟"]) == 3
    assert columns(ended)["结束原因"] == ("更换导师",)
    assert columns(load)["已占名额"] == (2, 2)
    assert roll[0][0] == "李老师工作室 成员名册"
    assert columns(roll)["农村或薄弱学校"] == ("否", "是")
