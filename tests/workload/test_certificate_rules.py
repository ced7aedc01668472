"""Codes, chains and what is counted for a certificate."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.workload.problems.certificates import CertificateOver
from service.workload.rules import certificates as rules
from service.workload.rules.certificates import CertificateState, Head, Item, Served

STARTS = datetime(2026, 10, 13, 6, 50, tzinfo=UTC)
HEAD = Head(
    number="500109-2026-00001",
    teacher_id=UUID(int=1),
    teacher_name="例星麦",
    from_date=date(2026, 9, 1),
    until=date(2027, 2, 1),
)
ITEM = Item(
    lesson_id=UUID(int=2),
    teacher_id=UUID(int=1),
    school_id=UUID(int=3),
    on_date=date(2026, 10, 13),
    starts_at=STARTS,
    ends_at=STARTS + timedelta(minutes=40),
    subject="24",
    confirmed_at=STARTS + timedelta(hours=2),
)
FACTS = rules.facts_of([], mentor_months=0, pairings=0)


def seal(items=(ITEM,), *, head=HEAD, facts=FACTS):
    return rules.chain(head, items, facts=facts)[1]


def test_a_code_is_read_however_it_was_typed():
    code = rules.new_code("500109")

    assert rules.read_code(code) == ("500109", code)
    assert rules.read_code(f" {code.lower().replace('-', ' ')} ") == ("500109", code)
    assert rules.read_code(code.replace("0", "O").replace("1", "l")) == ("500109", code)
    assert len(code) == 6 + 7 * 5


@pytest.mark.parametrize("wrong", ["", "500109", "500109-" + "U" * 28, "5001A9" + "0" * 28])
def test_what_is_no_code(wrong):
    assert rules.read_code(wrong) is None


def test_codes_do_not_repeat():
    assert len({rules.new_code("500109") for _ in range(1000)}) == 1000


@given(st.text(max_size=60))
def test_reading_never_fails(written):
    found = rules.read_code(written)
    assert found is None or rules.read_code(found[1]) == found


@pytest.mark.parametrize(
    "changed",
    [
        {"lesson_id": UUID(int=9)},
        {"teacher_id": UUID(int=9)},
        {"school_id": UUID(int=9)},
        {"on_date": date(2026, 10, 14)},
        {"starts_at": STARTS + timedelta(seconds=1)},
        {"ends_at": STARTS},
        {"subject": "25"},
        {"confirmed_at": STARTS},
        {"confirmed": False},
    ],
)
def test_whatever_changes_in_an_item_breaks_the_chain(changed):
    assert seal([replace(ITEM, **changed)]) != seal()


def test_items_facts_and_head_are_all_sealed():
    other = replace(ITEM, lesson_id=UUID(int=9))

    assert len({seal(), seal([]), seal([ITEM, other]), seal([other, ITEM])}) == 4
    assert seal(head=replace(HEAD, teacher_name="例星麥")) != seal()
    assert seal(facts={**FACTS, "lessons": 99}) != seal()


def test_the_zone_an_instant_is_told_in_does_not_matter():
    local = ITEM.starts_at.astimezone(timezone(timedelta(hours=8)))

    assert seal([replace(ITEM, starts_at=local)]) == seal()


def test_the_canonical_form_stays_what_it_is():
    """Certificates of years ago are verified by it: this line must never change."""
    links, last = rules.chain(HEAD, [ITEM], facts=FACTS)

    assert rules.canonical({"b": "江", "a": STARTS}) == (
        '{"a":"2026-10-13T06:50:00Z","b":"江"}'.encode()
    )
    assert [links[0][:8], last[:8]] == ["65056ac5", "2b20c4e9"]
    assert rules.print_of("0123456789abcdef" * 4) == "0123 4567 89AB CDEF"


def test_months_and_hosts_are_counted():
    def on(month, day, name, *, rural=False, weak=False):
        return Served(date(2026, month, day), UUID(int=1), name, rural, weak)

    facts = rules.facts_of(
        [
            on(9, 1, "甲校", rural=True),
            on(9, 1, "甲校", rural=True),
            on(9, 8, "乙校", weak=True),
            on(10, 1, "乙校"),
            on(10, 2, "乙校"),
        ],
        mentor_months=4,
        pairings=1,
    )

    assert facts == {
        "lessons": 5,
        "days": 4,
        "months": 2,
        "rural_months": 1,
        "weak_months": 1,
        "hosts": [{"name": "乙校", "lessons": 3}, {"name": "甲校", "lessons": 2}],
        "mentor_months": 4,
        "pairings": 1,
    }


def test_a_month_counts_when_half_of_it_was_spent():
    def spent(*spans):
        return rules.months_spent([(date(2026, *a), date(2026, *b)) for a, b in spans])

    assert spent(((9, 1), (11, 1))) == 2
    assert spent(((9, 16), (10, 1))) == 1
    assert spent(((9, 17), (10, 1))) == 0
    assert spent(((9, 1), (9, 9)), ((9, 20), (9, 27))) == 1
    assert spent(((9, 1), (10, 1)), ((9, 1), (10, 1))) == 1
    assert spent() == 0


def test_the_rest():
    assert rules.number_of(district="500109", year=2026, serial=7) == "500109-2026-00007"
    assert rules.last_day(date(2027, 2, 1)) == date(2027, 1, 31)
    assert rules.code_digest("a") != rules.code_digest("b")
    rules.check_issued(CertificateState.ISSUED)
    with pytest.raises(CertificateOver):
        rules.check_issued(CertificateState.REVOKED)
