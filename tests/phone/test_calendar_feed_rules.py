"""What a calendar feed shows and for how long, and how its secret is written."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from service.phone.rules.calendar_feeds import (
    district_of,
    feed_days,
    guesser,
    is_told,
    new_secret,
    secret_hash,
)
from service.timetable.rules import LessonStatus

NOW = datetime(2026, 9, 15, tzinfo=UTC)
DISTRICT = UUID("0199f0c2-a1b2-7c3d-8e4f-5a6b7c8d9e0f")


def test_a_feed_shows_a_month_back_and_half_a_year_ahead():
    assert feed_days(date(2026, 9, 15)) == (date(2026, 8, 16), date(2027, 3, 15))


@pytest.mark.parametrize(
    ("status", "age", "told"),
    [
        (LessonStatus.SCHEDULED, 400, True),
        (LessonStatus.CANCELLED, 0, True),
        (LessonStatus.CANCELLED, 29, True),
        (LessonStatus.CANCELLED, 30, False),
        (LessonStatus.CANCELLED, None, True),
    ],
)
def test_what_is_off_is_told_for_a_month(status, age, told):
    changed_at = None if age is None else NOW - timedelta(days=age)

    assert is_told(status, changed_at=changed_at, now=NOW) is told


def test_a_secret_knows_its_district_and_nobody_guesses_it():
    secrets = {new_secret(DISTRICT) for _ in range(100)}

    assert len(secrets) == 100
    assert {district_of(secret) for secret in secrets} == {DISTRICT}
    assert {len(secret) for secret in secrets} == {64}
    assert len({secret_hash(secret) for secret in secrets}) == 100


@pytest.mark.parametrize("secret", ["", "x", "例", "a" * 60, "a" * 68, "=" * 64])
def test_what_is_no_secret_has_no_district(secret):
    assert district_of(secret) is None


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_a_guesser_is_known_by_the_network(address, place):
    assert guesser(address) == place
