"""Who am I, whom do I mentor, and who mentors me."""

from datetime import date, datetime

import pytest

from service.kit import clock
from service.kit.auth import Role


async def me(client, path="/v1/me"):
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_teacher_sees_who_they_are(village, phone, district):
    found = await me(phone)

    assert found["district"]["name"] == district.name
    assert [(hat["role"], hat["reach"], hat["target"]) for hat in found["hats"]] == [
        ("teacher", "self", None)
    ]
    assert "me.read" in found["permissions"]
    teacher = found["teacher"]
    assert teacher["name"] == "演云溪"
    assert teacher["title"] == {"code": "none", "label": "未定"}
    assert teacher["backbone"] is None
    assert teacher["school"] == {"id": str(village.home.id), "name": "演示江湾学校"}
    assert teacher["campus"]["gate"] == "北门"
    assert teacher["teaches"] == [
        {
            "stage": {"code": "2", "label": "小学"},
            "subject": {"code": "24", "label": "音乐"},
        }
    ]


async def test_an_office_has_hats_but_no_teacher(village, as_):
    found = await me(as_(Role.SCHOOL_ADMIN, school=village.home))

    assert found["teacher"] is None
    assert [(hat["role"], hat["label"], hat["target"]["name"]) for hat in found["hats"]] == [
        ("school_admin", "学校管理员", "演示江湾学校")
    ]
    group = await me(as_(Role.GROUP_ADMIN, group=village.group))
    assert group["hats"][0]["target"]["name"] == village.group.name


async def test_nobody_and_partners_have_no_me(client, as_):
    assert (await client.get("/v1/me")).status_code == 401
    assert (await as_(Role.PARTNER).get("/v1/me")).status_code == 403


async def test_an_account_whose_teacher_is_gone_is_no_teacher(village, as_):
    stranger = as_(Role.TEACHER, teacher=village.home.id)

    assert (await me(stranger))["teacher"] is None
    assert (await stranger.get("/v1/me/schedule")).json()["code"] == "not-a-teacher"


async def test_subjects_of_the_district_have_its_words(make, village, as_):
    await make.code_item(list="local_subject", code="kg_art", zh="幼儿艺术", en="")
    nurse = await make.teacher(subjects=(("kg_art", "1"), ("unknown", "1")), title="first")

    found = await me(as_(Role.TEACHER, teacher=nurse))

    assert [one["subject"]["label"] for one in found["teacher"]["teaches"]] == [
        "幼儿艺术",
        "unknown",
    ]
    assert found["teacher"]["school"] is None
    assert found["teacher"]["campus"] is None


# Mentoring


@pytest.fixture
def in_october():
    with clock.freeze(datetime.fromisoformat("2026-10-12T08:00:00+08:00")):
        yield


async def test_both_see_their_pairing(make, village, as_, in_october):
    mentee = await make.teacher(school=village.host, name="样江台")
    await make.paired(mentor=village.teacher, mentee=mentee, role="cross_school", goals="站稳讲台")

    mine = await me(as_(Role.TEACHER, teacher=village.teacher), "/v1/me/mentoring")
    theirs = await me(as_(Role.TEACHER, teacher=mentee), "/v1/me/mentoring")

    assert mine["as_mentee"] == []
    assert mine["gaps"] == []
    pairing = mine["as_mentor"][0]
    assert pairing["counterpart"]["name"] == "样江台"
    assert pairing["counterpart"]["school"]["name"] == "演示云岭小学"
    assert pairing["role"] == {"code": "cross_school", "label": "集团/区级导师"}
    assert (pairing["state"], pairing["state_label"]) == ("active", "进行中")
    assert (pairing["valid_from"], pairing["valid_until"]) == ("2026-09-01", "2027-07-10")
    assert pairing["goals"] == "站稳讲台"
    assert theirs["as_mentee"][0]["counterpart"]["name"] == "演云溪"
    assert theirs["as_mentee"][0]["id"] == pairing["id"]


async def test_a_role_has_the_districts_own_word(make, village, phone, in_october):
    await make.code_item(list="mentor_role", code="growth", zh="成长导师", en="Growth mentor")
    mentee = await make.teacher(school=village.home)
    await make.paired(mentor=village.teacher, mentee=mentee, role="growth")

    found = await me(phone, "/v1/me/mentoring")

    assert found["as_mentor"][0]["role"] == {"code": "growth", "label": "成长导师"}


async def test_a_mentee_sees_what_the_dual_rule_still_asks_for(make, village, as_, in_october):
    rural = await make.school(urban_rural_code="220")
    mentee, colleague = await make.teacher(school=rural), await make.teacher(school=rural)
    await make.paired(mentor=colleague, mentee=mentee, role="in_school")
    client = as_(Role.TEACHER, teacher=mentee)

    found = await me(client, "/v1/me/mentoring")
    assert [gap["kind"] for gap in found["gaps"]] == [
        "second-mentor",
        "second-role",
        "outside-mentor",
    ]
    assert found["gaps"][0]["message"] == "尚缺第二位导师"

    await make.paired(mentor=village.teacher, mentee=mentee, role="cross_school")
    assert (await me(client, "/v1/me/mentoring"))["gaps"] == []


async def test_what_is_over_comes_last_and_asks_for_nothing(make, village, as_):
    mentee = await make.teacher(school=village.host)
    pairing = await make.paired(
        mentor=village.teacher, mentee=mentee, valid_until=date(2027, 1, 10)
    )
    other = await make.teacher(school=village.home)
    await make.paired(
        mentor=other,
        mentee=mentee,
        role="cross_school",
        valid_from=date(2025, 9, 1),
        valid_until=date(2026, 7, 10),
        state="ended",
        end_reason="completed",
        ended_at=datetime.fromisoformat("2026-07-10T08:00:00+08:00"),
    )
    client = as_(Role.TEACHER, teacher=mentee)

    with clock.freeze(datetime.fromisoformat("2027-01-10T08:00:00+08:00")):
        found = await me(client, "/v1/me/mentoring")

    first, second = found["as_mentee"]
    assert (first["id"], first["state"]) == (str(pairing.id), "ended"), "its days are over"
    assert second["end_reason_label"] == "期满完成"
    assert found["gaps"] == []


async def test_what_did_not_change_is_not_sent_again(village, phone):
    for path in ("/v1/me", "/v1/me/mentoring"):
        tag = (await phone.get(path)).headers["etag"]
        assert tag.startswith('W/"')
        again = await phone.get(path, headers={"If-None-Match": tag})
        assert again.status_code == 304


async def test_a_teacher_between_schools_may_be_a_mentee(make, village, as_, in_october):
    mentee = await make.teacher()
    await make.paired(mentor=village.teacher, mentee=mentee)

    found = await me(as_(Role.TEACHER, teacher=mentee), "/v1/me/mentoring")

    assert [gap["kind"] for gap in found["gaps"]] == ["second-mentor", "second-role"]
