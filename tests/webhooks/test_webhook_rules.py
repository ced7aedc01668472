"""When an event is sent again, when it is given up, who hears of what."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feed.problems.webhooks import EventTypeUnknown, ReplayInFuture
from service.feed.rules.event_types import EVENT_TYPES, NOUNS, is_known, is_wanted
from service.feed.rules.webhooks import (
    DISTRICT,
    RETRY_PAUSES,
    Audience,
    Consequence,
    Happening,
    Outcome,
    asked_pause,
    check_event_types,
    check_replay,
    consequence,
    delivery_id,
    hears,
    message_id,
    next_attempt,
    outcome_of,
    payload,
)
from service.kit.auth import Permission

NOW = datetime(2026, 9, 15, 8, tzinfo=UTC)
SCHOOL, TEACHER = (UUID(f"0199f0c2-a1b2-7c3d-8e4f-5a6b7c8d9e{n:02}") for n in (1, 2))


@given(st.lists(st.floats(0, 0.999), min_size=len(RETRY_PAUSES), max_size=len(RETRY_PAUSES)))
def test_nobody_is_given_up_within_three_days_nor_tried_for_a_week(jitters):
    at = NOW
    for attempts, jitter in enumerate(jitters, start=1):
        following = next_attempt(attempts, now=at, jitter=jitter)
        assert following is not None
        pause = following - at
        assert RETRY_PAUSES[attempts - 1] <= pause < RETRY_PAUSES[attempts - 1] * 1.2
        at = following

    assert timedelta(days=3) < at - NOW < timedelta(days=4)
    assert next_attempt(len(RETRY_PAUSES) + 1, now=at, jitter=0) is None


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (429, "90", 90),
        (503, "90", 90),
        (503, "0", 0),
        (503, "Tue, 15 Sep 2026 08:02:00 GMT", 120),
        (503, "Tue, 15 Sep 2026 08:02:00 -0000", 120),
        (503, "Tue, 15 Sep 2026 07:00:00 GMT", 0),
        (503, "Wed, 15 Sep 2027 08:00:00 GMT", 12 * 3600),
        (429, "9" * 5000, 12 * 3600),
        (429, "-5", 0),
        (429, "1.5", 0),
        (429, "٣", 0),
        (429, "99999999999999999999 Sep 99999999999 08:00:00 GMT", 0),
        (429, "soon", 0),
        (429, "", 0),
        (429, None, 0),
        (500, "90", 0),
        (None, None, 0),
    ],
)
def test_a_receiver_may_ask_for_a_pause_but_not_for_ever(status, said, seconds):
    assert asked_pause(status, said, now=NOW) == timedelta(seconds=seconds)


def test_what_a_receiver_asks_for_only_lengthens_a_pause():
    assert next_attempt(1, now=NOW, jitter=0, asked=timedelta(seconds=90)) == NOW + timedelta(
        seconds=90
    )
    assert next_attempt(1, now=NOW, jitter=0, asked=timedelta(seconds=1)) == NOW + RETRY_PAUSES[0]


def test_the_first_tries_are_soon_and_the_pauses_only_grow():
    assert timedelta(seconds=5) == RETRY_PAUSES[0]
    assert list(RETRY_PAUSES) == sorted(RETRY_PAUSES)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (204, Outcome.DELIVERED),
        (299, Outcome.DELIVERED),
        (199, Outcome.FAILED),
        (302, Outcome.FAILED),
        (404, Outcome.FAILED),
        (410, Outcome.GONE),
        (503, Outcome.FAILED),
        (None, Outcome.FAILED),
    ],
)
def test_what_a_status_says(status, outcome):
    assert outcome_of(status) is outcome


@pytest.mark.parametrize(
    ("outcome", "hours", "expected"),
    [
        (Outcome.FAILED, 0, Consequence.NONE),
        (Outcome.FAILED, 23.9, Consequence.NONE),
        (Outcome.FAILED, 24, Consequence.NOTICE),
        (Outcome.FAILED, 119.9, Consequence.NOTICE),
        (Outcome.FAILED, 120, Consequence.DISABLE),
        (Outcome.GONE, 0, Consequence.DISABLE),
    ],
)
def test_one_bad_hour_is_nobodys_task(outcome, hours, expected):
    since = NOW - timedelta(hours=hours)

    assert consequence(outcome, failing_since=since, now=NOW) is expected


def happening(event="lesson.moved", *reach, resource_id=TEACHER):
    return Happening(event, NOW, "lessons", resource_id, 3, "upsert", False, frozenset(reach))


SOME = Audience(
    frozenset({Permission.TIMETABLE_READ, Permission.CALENDAR_READ}),
    everywhere=False,
    concerned=frozenset({SCHOOL}),
)
ALL_LESSONS = Audience(frozenset({Permission.TIMETABLE_READ}), everywhere=True)


@pytest.mark.parametrize(
    ("audience", "told", "wanted", "expected"),
    [
        (DISTRICT, happening(), (), True),
        (DISTRICT, happening("task.opened"), (), True),
        (DISTRICT, happening("dragon.woke"), (), True),
        (DISTRICT, happening("session.started"), (), False),
        (DISTRICT, happening(), ("lesson.*",), True),
        (DISTRICT, happening(), ("lesson.cancelled",), False),
        (SOME, happening("lesson.moved", SCHOOL), (), True),
        (SOME, happening("lesson.moved", TEACHER), (), False),
        (SOME, happening("class.changed", resource_id=SCHOOL), (), True),
        (SOME, happening("term.opened"), (), True),
        (SOME, happening("teacher.changed", SCHOOL), (), False),
        (SOME, happening("task.opened", SCHOOL), (), False),
        (SOME, happening("dragon.woke", SCHOOL), (), False),
        (ALL_LESSONS, happening("lesson.moved"), (), True),
        (ALL_LESSONS, happening("teacher.changed"), (), False),
    ],
)
def test_who_hears_of_what(audience, told, wanted, expected):
    assert hears(audience, told, wanted=wanted) is expected


def test_an_event_is_known_by_one_id_at_one_endpoint():
    one = delivery_id(SCHOOL, (7, 1))

    assert one == delivery_id(SCHOOL, (7, 1))
    assert len({one, delivery_id(SCHOOL, (7, 2)), delivery_id(TEACHER, (7, 1))}) == 3
    assert message_id(one) == f"evt_{one.hex}"


def test_what_is_sent_names_the_thing_and_nobody():
    sent = orjson.loads(payload(happening("lesson.moved", SCHOOL), base_url="https://x.example"))

    assert sent == {
        "type": "lesson.moved",
        "timestamp": "2026-09-15T08:00:00+00:00",
        "data": {
            "collection": "lessons",
            "id": str(TEACHER),
            "version": 3,
            "op": "upsert",
            "spread": False,
            "link": f"https://x.example/v1/lessons/{TEACHER}",
        },
    }


def test_a_wish_for_what_never_happens_is_refused():
    check_event_types(["lesson.moved", "school.*"])
    with pytest.raises(EventTypeUnknown) as refused:
        check_event_types(["lesson.moved", "lesson", "*", "webhook.test"])

    assert [error.pointer for error in refused.value.errors] == [
        "/event_types/1",
        "/event_types/2",
        "/event_types/3",
    ]


def test_a_replay_begins_in_the_past():
    check_replay((5, 1), now=(5, 1))
    with pytest.raises(ReplayInFuture):
        check_replay((5, 2), now=(5, 1))


@pytest.mark.parametrize("code", EVENT_TYPES)
def test_every_event_type_can_be_wished_for_and_has_words(code):
    one = EVENT_TYPES[code]

    assert is_known(code)
    assert is_known(f"{code.partition('.')[0]}.*")
    assert is_wanted(code, (code,))
    assert one.label.zh != one.label.en


def test_nouns_are_spelled_as_the_journal_spells_them():
    assert all(noun.replace("-", "").replace("_", "").isalpha() for noun in NOUNS)
