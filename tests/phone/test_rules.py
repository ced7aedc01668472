"""Which days are meant, and when the day changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit.problems import ValidationFailed
from service.phone.rules import EARLIEST, LATEST, LONGEST_DAYS, asked_days, next_midnight

TODAY = date(2026, 9, 16)
"""A Wednesday."""


@pytest.mark.parametrize(
    ("from_", "until", "meant"),
    [
        (None, None, (date(2026, 9, 14), date(2026, 9, 21))),
        (date(2026, 9, 2), None, (date(2026, 9, 2), date(2026, 9, 9))),
        (None, date(2026, 9, 2), (date(2026, 8, 26), date(2026, 9, 2))),
        (date(2026, 9, 2), date(2026, 9, 3), (date(2026, 9, 2), date(2026, 9, 3))),
    ],
)
def test_what_is_left_out_is_a_week(from_, until, meant):
    assert asked_days(from_, until, today=TODAY) == meant


@pytest.mark.parametrize(
    ("from_", "until", "code"),
    [
        (date(2026, 9, 2), date(2026, 9, 2), "range-reversed"),
        (date(2026, 9, 2), date(2026, 9, 1), "range-reversed"),
        (date(2026, 9, 1), date(2026, 9, 1) + timedelta(LONGEST_DAYS + 1), "range-too-long"),
        (date.min, None, "out-of-range"),
        (None, date.min, "out-of-range"),
        (date.max, date.max, "out-of-range"),
    ],
)
def test_days_that_cannot_be_are_refused(from_, until, code):
    with pytest.raises(ValidationFailed) as refused:
        asked_days(from_, until, today=TODAY)

    assert [error.code for error in refused.value.errors] == [code]


@given(
    from_=st.none() | st.dates(),
    until=st.none() | st.dates(),
    today=st.dates(EARLIEST, LATEST),
)
def test_whatever_is_asked_is_a_bounded_range_or_refused(from_, until, today):
    try:
        first, last = asked_days(from_, until, today=today)
    except ValidationFailed:
        return
    assert 0 < (last - first).days <= LONGEST_DAYS
    assert from_ in (None, first)
    assert until in (None, last)


def test_the_day_changes_where_it_changes_first():
    now = datetime(2026, 9, 16, 15, 0, tzinfo=UTC)

    assert next_midnight(["Asia/Urumqi", "Asia/Shanghai"], now=now) == datetime(
        2026, 9, 16, 16, 0, tzinfo=UTC
    )
    assert next_midnight(["Asia/Urumqi"], now=now) == datetime(2026, 9, 16, 18, 0, tzinfo=UTC)
