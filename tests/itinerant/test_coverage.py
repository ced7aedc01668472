"""Lists that add up: who is still short after itinerants, and who visits rural schools."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from service.kit.auth import Role
from tests.itinerant.conftest import act, asking


@pytest.fixture
async def half_covered(town, who, short_of):
    """Of the mountain school's two music lessons one is covered."""
    short = await short_of()
    body = asking(town, patterns=asking(town)["patterns"][:1])
    offer = (await act(who.office, "shortages", short, "offer", body=body)).json()
    await act(who.musician, "shortage-offers", offer, "confirm")
    done = await act(who.home, "shortage-offers", offer, "agree")
    published = await act(
        who.office, "assignments", {"id": done.json()["assignment_id"]}, "publish"
    )
    assert published.status_code == 200, published.text
    return short


def read(answer):
    assert answer.status_code == 200, answer.text
    page = load_workbook(BytesIO(answer.content)).active
    return [[cell.value for cell in row] for row in page.rows]


async def test_what_is_covered_and_what_is_missing_adds_up(town, who, half_covered, short_of):
    withdrawn = await short_of(approved=False)
    await act(who.mountain, "shortages", withdrawn, "withdraw", body={"reason": "重复申报"})
    term = {"term_id": str(town.term.id)}

    said = (await who.office.get("/v1/shortage-coverage", params=term)).json()

    (one,) = said["items"]
    assert (one["school"]["name"], one["subject_label"], one["shortages"]) == (
        "山区小学",
        "音乐",
        1,
    )
    assert [one[f"lessons_{name}"] for name in ("asked", "covered", "offered", "missing")] == [
        2,
        1,
        0,
        1,
    ]
    assert (said["lessons_asked"], said["lessons_missing"]) == (2, 1)
    rows = read(await who.office.get("/v1/shortage-coverage.xlsx", params=term))
    assert rows[1][:3] == ["学校", "城乡类型", "学科"]
    assert rows[-1] == ["合计", None, None, 1, 2, 1, 0, 1]
    elsewhere = {**term, "group_id": str(town.term.id)}
    assert (await who.office.get("/v1/shortage-coverage", params=elsewhere)).json()["items"] == []
    assert (await who.home.get("/v1/shortage-coverage", params=term)).json()["items"] == []


async def test_rural_schools_are_those_of_the_district(make, as_, town, half_covered):
    office = as_(Role.DISTRICT_ADMIN)
    term = {"term_id": str(town.term.id), "rural": "true"}
    codes = {"rural_codes": [town.host.urban_rural_code]}
    changed = await office.patch("/v1/district", json=codes, headers={"If-Match": "*"})
    assert changed.status_code == 200, changed.text
    await make.class_section(campus=town.host_campus, pupils=60)

    rural = (await office.get("/v1/shortage-coverage", params=term)).json()
    counted = (await office.get("/v1/itinerant-headcounts?as_of=2026-10-12")).json()

    assert len(rural["items"]) == 1
    (one,) = [each for each in counted["items"] if each["school"]["name"] == "山区小学"]
    assert (one["music"], one["sports"], one["art"], one["teachers"]) == (1, 0, 0, 1)
    assert (one["pupils"], one["small"]) == (60, True)
    rows = read(await office.get("/v1/itinerant-headcounts.xlsx?as_of=2026-10-12"))
    assert rows[1][0] == "统计日期:2026-10-12"
    assert [row[4:] for row in rows if row[0] == "山区小学"] == [[0, 1, 0, 1]]
    before = (await office.get("/v1/itinerant-headcounts")).json()
    assert {each["music"] for each in before["items"]} == {0}
