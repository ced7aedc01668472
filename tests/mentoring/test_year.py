"""A mentoring year, told by HTTP: from the open cohort to the report that agrees with the log."""

from datetime import UTC, date, datetime
from io import BytesIO

import orjson
import pytest
from python_calamine import CalamineWorkbook

from service import wiring
from service.kit import clock, jobs
from service.kit.auth import Role
from service.mentoring import matchings
from service.mentoring.rules.appraisal import DEFAULT_RUBRIC
from tests.mentoring.conftest import ANY

SEASONED = {"teaching_since": date(2000, 9, 1)}
SCORES = {"scores": {one.code: 92 for one in DEFAULT_RUBRIC.criteria}}


def moment(month, day, year=2026):
    return clock.freeze(datetime(year, month, day, 1, tzinfo=UTC))


async def good(answer):
    told = await answer
    assert told.status_code < 300, told.text
    return told.json()


class Story:
    """Who takes part, each with their own account."""

    def __init__(self, office, as_):
        self.office, self.as_ = office, as_
        self.phones = {}
        self.path = ""

    def meet(self, *people):
        for one in people:
            self.phones[one.name] = self.as_(Role.TEACHER, teacher=one)

    async def open(self, year_id):
        new = {"school_year_id": str(year_id), "name": "2026 学年双导师帮扶"}
        made = await good(self.office.post("/v1/mentoring-programmes", json=new))
        self.path = f"/v1/mentoring-programmes/{made['id']}"
        await good(self.office.post(f"{self.path}:open", headers=ANY))

    async def covered(self):
        found = (await good(self.office.get(f"{self.path}/coverage")))["mentees"]
        return found["cohort"], found["none"], found["met"]

    async def match(self, database, district):
        run = await good(self.office.post(f"{self.path}/matchings", json={}))
        payload = {"district_id": str(district.id), "matching_id": run["id"], "by": "测试"}
        await jobs.run(database, matchings.SOLVE, orjson.dumps(payload))
        await good(self.office.post(f"/v1/mentoring-matchings/{run['id']}:accept", headers=ANY))

    async def pairs(self):
        return (await good(self.office.get("/v1/pairings")))["items"]

    async def agree(self, pair):
        for one in (pair["mentor"], pair["mentee"]):
            accept = f"/v1/pairings/{pair['id']}:accept"
            await good(self.phones[one["name"]].post(accept, headers=ANY))

    async def begin(self, pair):
        await good(self.office.post(f"/v1/pairings/{pair['id']}:activate", headers=ANY))

    async def live(self, pair, *, on, count, who, **entry):
        """One of the two writes on the phone, the other confirms."""
        (other,) = {pair["mentor"]["name"], pair["mentee"]["name"]} - {who}
        path = f"/v1/pairings/{pair['id']}/log-entries"
        for _ in range(count):
            body = {"on_date": on.isoformat(), "topic": "教学", **entry}
            written = await good(self.phones[who].post(path, json=body))
            confirm = f"/v1/log-entries/{written['id']}:confirm"
            await good(self.phones[other].post(confirm, headers=ANY))

    async def hand_over(self, pair, to):
        self.meet(to)
        body = {"mentor_id": str(to.id), "note": "导师交流轮岗"}
        path = f"/v1/pairings/{pair['id']}:replace"
        follower = await good(self.office.post(path, json=body, headers=ANY))
        await self.agree(follower)
        return follower

    async def judge(self, pair, school):
        body = {"kind": "final"}
        opened = await good(self.office.post(f"{self.path}:open-appraisals", json=body))
        assert opened == {"opened": 2, "had": 0}
        found = await good(self.office.get(f"/v1/appraisals?pairing_id={pair['id']}"))
        path = f"/v1/appraisals/{found['items'][0]['id']}"
        for one in (pair["mentor"], pair["mentee"]):
            appraise = self.phones[one["name"]].post(f"{path}:appraise", json=SCORES, headers=ANY)
            await good(appraise)
        await good(school.post(f"{path}:appraise-as-school", json=SCORES, headers=ANY))
        told = await good(school.post(f"{path}:conclude", json={}, headers=ANY))
        assert told["grade_label"] == "优秀"
        named = {"outstanding": True}
        await good(self.office.post(f"{path}:mark-outstanding", json=named, headers=ANY))

    async def count_log(self):
        count = 0
        for pair in await self.pairs():
            path = f"/v1/pairings/{pair['id']}/log-entries?limit=200"
            count += len((await good(self.office.get(path)))["items"])
        return count


@pytest.fixture
def story(office, as_):
    wiring.load_jobs()
    return Story(office, as_)


async def test_a_year_of_two_mentors(
    story, office, make, as_, schools, mentee, mentor, database, district
):
    term = await make.school_term(first_day=date(2026, 9, 1), last_day=date(2027, 1, 18))
    inside = await make.teacher(school=schools[1], name="陈老师", **SEASONED)
    story.meet(mentor, inside, mentee)

    with moment(9, 1):
        await story.open(term.school_year_id)
        assert await story.covered() == (1, 1, 0)
        await story.match(database, district)
        for pair in await story.pairs():
            await story.agree(pair)
            await story.begin(pair)
        assert await story.covered() == (1, 0, 1)

    pairs = {one["role"]: one for one in await story.pairs()}
    seen = {"kind": "observation", "observed": "mentee"}
    with moment(11, 16):
        await story.live(pairs["in_school"], on=date(2026, 11, 9), count=8, who=inside.name, **seen)
        former = pairs["cross_school"]
        await story.live(former, on=date(2026, 11, 10), count=2, who=mentee.name, kind="meeting")
        behind = (await good(office.get(f"{story.path}/progress?behind=true")))["items"]
        assert {one["pairing_id"] for one in behind} == {one["id"] for one in pairs.values()}
        another = await make.teacher(school=schools[0], name="周老师", **SEASONED)
        follower = await story.hand_over(former, another)

    with moment(11, 17):
        await story.begin(follower)
        assert await story.covered() == (1, 0, 1)

    with moment(1, 11, year=2027):
        day = date(2027, 1, 8)
        await story.live(follower, on=day, count=3, who=mentee.name, kind="lesson_plan")
        path = f"/v1/pairings/{follower['id']}"
        waiting = {"on_date": "2027-01-11", "topic": "期末", "kind": "reflection"}
        await good(story.phones[mentee.name].post(f"{path}/log-entries", json=waiting))
        left = await good(story.phones[mentee.name].get(f"{path}/progress"))
        assert left["items"][0]["left"] == 0
        await story.judge(follower, as_(Role.SCHOOL_ADMIN, school=schools[1]))
        report = await good(office.get(f"{story.path}/report"))
        file = await office.get(f"{story.path}/report.xlsx?entries=true")
        listed = await story.count_log()

    assert [report[name] for name in ("pairs", "mentors", "entries", "confirmed")] == [3, 3, 14, 13]
    assert (listed, report["outstanding"]) == (14, 1)
    book = CalamineWorkbook.from_filelike(BytesIO(file.content))
    year, log = [
        book.get_sheet_by_name(name).to_python(skip_empty_area=True) for name in book.sheet_names
    ]
    assert len(log) - 3 == listed
    assert year[-1][year[2].index("已确认合计")] == 13
