"""What confirmed lessons are worth: cases and properties."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from service.timetable.problems.attendance import AttendanceSettled
from service.timetable.rules.attendance import Word, WordStep, word_after
from service.workload import rules
from service.workload.problems import StatementMoved
from service.workload.rules import (
    ANY,
    Coefficient,
    Leg,
    LineKind,
    Rate,
    RateBook,
    RateKind,
    StatementState,
    StatementStep,
    Taught,
    in_words,
    to_fen,
)

OCTOBER = date(2026, 10, 1)
HOME, HOST, FAR, ANNEX = (UUID(int=number) for number in (1, 2, 3, 4))
SCHOOL_OF = {HOST: UUID(int=12), FAR: UUID(int=13), HOME: UUID(int=11), ANNEX: UUID(int=11)}
LEGS = {
    (here, there): Leg(30, Decimal("20.5"))
    for here in SCHOOL_OF
    for there in SCHOOL_OF
    if here != there
} | {(HOME, FAR): Leg(90, None), (FAR, HOME): Leg(90, None)}


def taught(number, *, day=1, hour=8, campus=HOST, subject="24", confirmed=None):
    return Taught(
        lesson_id=UUID(int=1000 + number),
        starts_at=datetime(2026, 10, day, hour, tzinfo=UTC),
        on_date=date(2026, 10, day),
        school_id=SCHOOL_OF[campus],
        campus_id=campus,
        subject=subject,
        stage="2",
        confirmed=campus in {HOST, FAR} if confirmed is None else confirmed,
    )


def rate(kind, amount, **values):
    filled = {"valid_from": date(2026, 9, 1), **values}
    return Rate(id=UUID(int=500), kind=kind, amount=Decimal(amount), **filled)


BOOK = RateBook(
    [
        rate(RateKind.LESSON, "30.00"),
        rate(RateKind.DAY, "15.00"),
        rate(RateKind.TRIP, "10.00"),
        rate(RateKind.KM, "0.8350"),
        rate(RateKind.BAND, "20.00", km_from=Decimal(20), km_until=Decimal(40)),
        rate(RateKind.BAND, "5.00", km_until=Decimal(20)),
    ]
)


def day_of(lessons, *, base=HOME, book=BOOK, coefficients=()):
    visits = rules.visits_of(lessons, base=base, legs=LEGS)
    return list(rules.lines_of_day(visits, book=book, coefficients=coefficients))


def amounts(lines):
    found: dict[LineKind, Decimal] = defaultdict(Decimal)
    for line in lines:
        found[line.kind] += line.amount
    return dict(found)


def test_a_day_pays_lessons_the_day_the_trip_and_the_way_there_and_back():
    lines = day_of([taught(1, hour=8), taught(2, hour=9)])

    assert amounts(lines) == {
        LineKind.LESSON: Decimal("60.00"),
        LineKind.DAY: Decimal("15.00"),
        LineKind.TRIP: Decimal("10.00"),
        LineKind.KM: Decimal("34.24"),  # 41.0 km at 0.8350, half up
        LineKind.BAND: Decimal("20.00"),
    }
    added = rules.sums(lines)
    assert (added.lessons, added.days, added.trips, added.km, added.minutes, added.amount) == (
        Decimal("2.00"),
        1,
        1,
        Decimal("41.0"),
        60,
        Decimal("139.24"),
    )


def test_lessons_at_home_and_visits_nobody_confirmed_pay_nothing():
    assert day_of([taught(1, campus=HOME)]) == []
    lines = day_of([taught(1, campus=HOME, hour=8), taught(2, hour=10)])
    assert {line.lesson_id for line in lines} == {UUID(int=1002)}


def test_two_hosts_on_a_day_are_one_day_and_two_trips():
    lines = day_of([taught(1, hour=8), taught(2, hour=14, campus=FAR)])

    kinds = [line.kind for line in lines]
    assert (kinds.count(LineKind.DAY), kinds.count(LineKind.TRIP)) == (1, 2)
    # The way home from the far campus has no length: nothing is paid for what nobody measured.
    km = [line for line in lines if line.kind is LineKind.KM]
    assert [(line.school_id, line.quantity) for line in km] == [(SCHOOL_OF[HOST], Decimal("20.5"))]


def test_a_way_back_between_two_home_lessons_belongs_to_the_visit():
    lines = day_of(
        [
            taught(1, campus=HOME, hour=8),
            taught(2, hour=10),
            taught(3, campus=ANNEX, hour=14),
        ]
    )

    assert rules.sums(lines).minutes == 60
    assert rules.sums(lines).km == Decimal("41.0")


def test_without_a_home_campus_only_what_is_between_hosts_is_walked():
    lines = day_of([taught(1), taught(2, hour=14, campus=FAR)], base=None)

    assert rules.sums(lines).minutes == 30
    assert rules.ways_of([taught(1), taught(2, hour=14, campus=FAR)], base=None) == [(HOST, FAR)]
    assert rules.ways_of([taught(1)], base=HOME) == [(HOME, HOST), (HOST, HOME)]


def test_a_host_campus_that_is_the_base_costs_no_way():
    lines = day_of([taught(1)], base=HOST)

    assert rules.sums(lines).minutes == 0
    assert rules.sums(lines).km == 0


def test_what_has_no_rate_is_counted_and_pays_nothing():
    lines = day_of([taught(1)], book=RateBook([]))

    assert {line.kind for line in lines} == {LineKind.LESSON, LineKind.TRIP, LineKind.KM}
    assert rules.sums(lines).amount == Decimal("0.00")


def test_a_rate_holds_from_its_first_day_to_before_its_last():
    book = RateBook(
        [
            rate(RateKind.LESSON, "30", valid_until=date(2026, 10, 8)),
            rate(RateKind.LESSON, "40", valid_from=date(2026, 10, 8)),
        ]
    )

    def on(day):
        return amounts(day_of([taught(1, day=day)], book=book))[LineKind.LESSON]

    assert (on(7), on(8)) == (Decimal("30.00"), Decimal("40.00"))
    assert book.find(RateKind.LESSON, day=date(2026, 8, 31)) is None
    assert book.find(RateKind.BAND, day=OCTOBER) is None


def test_the_most_precise_coefficient_decides():
    def coefficient(subject, stage, factor, **values):
        filled = {"valid_from": date(2026, 9, 1), **values}
        return Coefficient(subject=subject, stage=stage, factor=Decimal(factor), **filled)

    known = [
        coefficient(ANY, ANY, "1.10"),
        coefficient(ANY, "2", "1.20"),
        coefficient("24", ANY, "1.30"),
        coefficient("24", "2", "1.40", valid_until=date(2026, 10, 8)),
    ]

    def factor(subject, stage, day=1):
        return rules.factor_of(known, subject=subject, stage=stage, day=date(2026, 10, day))

    assert factor("24", "2") == Decimal("1.40")
    assert factor("24", "2", day=8) == Decimal("1.30")
    assert factor("25", "2") == Decimal("1.20")
    assert factor("25", "3") == Decimal("1.10")
    assert rules.factor_of([], subject="24", stage="2", day=OCTOBER) == Decimal("1.00")
    (lesson, *_) = day_of([taught(1)], coefficients=known)
    assert (lesson.quantity, lesson.amount) == (Decimal("1.40"), Decimal("42.00"))


def test_limits_cut_the_latest_first():
    book = RateBook(
        [*BOOK.rates, rate(RateKind.CAP_DAY, "100.00"), rate(RateKind.CAP_MONTH, "150.00")]
    )
    lines = [*day_of([taught(1), taught(2, hour=9)]), *day_of([taught(3, day=2)])]

    cut = rules.capped(lines, book=book, month=OCTOBER)

    by_day: dict[int, Decimal] = defaultdict(Decimal)
    for line in cut:
        by_day[line.on_date.day] += line.amount
    assert dict(by_day) == {1: Decimal("100.00"), 2: Decimal("50.00")}
    assert [line.gross for line in cut] == [line.gross for line in lines]
    assert rules.capped(lines, book=BOOK, month=OCTOBER) == lines


amount = st.decimals(min_value=0, max_value=500, places=4)
confirmed_items = st.lists(
    st.tuples(st.integers(1, 28), st.integers(0, 9), st.sampled_from([HOST, FAR])),
    max_size=40,
    unique_by=lambda one: one[:2],
)


@given(confirmed_items, st.lists(amount, min_size=7, max_size=7))
def test_however_one_adds_it_up_it_is_the_same_to_the_fen(items, prices):
    book = RateBook([rate(kind, price) for kind, price in zip(RateKind, prices, strict=True)])
    days: dict[int, list[Taught]] = defaultdict(list)
    for number, (day, hour, campus) in enumerate(items):
        days[day].append(taught(number, day=day, hour=hour, campus=campus))
    lines = [line for day in sorted(days) for line in day_of(days[day], book=book)]

    lines = rules.capped(lines, book=book, month=OCTOBER)

    total = rules.sums(lines).amount
    by_school: dict[UUID, Decimal] = defaultdict(Decimal)
    by_item: dict[UUID, Decimal] = defaultdict(Decimal)
    for line in lines:
        assert line.amount == to_fen(line.amount)
        assert 0 <= line.amount <= line.gross
        by_school[line.school_id] += line.amount
        by_item[line.lesson_id] += line.amount
    assert total == sum(by_school.values(), Decimal(0)) == sum(by_item.values(), Decimal(0))
    assert by_item.keys() == {UUID(int=1000 + number) for number in range(len(items))}
    assert total <= prices[-1]
    assert rules.sums(lines).lessons == len(items)
    assert rules.fingerprint(lines) == rules.fingerprint(reversed(lines))


def test_another_amount_has_another_fingerprint():
    lines = day_of([taught(1)])
    other = [replace(lines[0], amount=lines[0].amount - Decimal("0.01")), *lines[1:]]

    assert rules.fingerprint(lines) != rules.fingerprint(other)


def test_kilometres_are_whole_tenths():
    assert rules.road_km(12.34, detour=1.6) == Decimal("19.7")
    assert to_fen(Decimal("0.005")) == Decimal("0.01")


@pytest.mark.parametrize("state", StatementState)
@pytest.mark.parametrize("step", StatementStep)
def test_a_statement_moves_by_its_table(state, step):
    allowed = {
        ("draft", "draw"): "draft",
        ("draft", "submit"): "submitted",
        ("submitted", "approve"): "approved",
        ("submitted", "return"): "draft",
        ("approved", "return"): "draft",
        ("approved", "freeze"): "frozen",
    }
    if (state, step) in allowed:
        assert rules.state_after(state, step) == allowed[state, step]
    else:
        with pytest.raises(StatementMoved):
            rules.state_after(state, step)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("10", "壹拾元整"),
        ("15.03", "壹拾伍元零叁分"),
        ("100.50", "壹佰元伍角整"),
        ("1005", "壹仟零伍元整"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("10001", "壹万零壹元整"),
        ("107000.53", "壹拾万零柒仟元伍角叁分"),
        ("1002003.40", "壹佰万零贰仟零叁元肆角整"),
        ("20000020", "贰仟万零贰拾元整"),
        ("100000000", "壹亿元整"),
        ("100000005", "壹亿零伍元整"),
        ("-30", "负叁拾元整"),
    ],
)
def test_amounts_in_words(amount, words):
    assert in_words(Decimal(amount)) == words


@given(st.integers(0, 10**11))
def test_words_never_say_two_zeros_in_a_row(fen):
    assert "零零" not in in_words(Decimal(fen) / 100)


_JUDGED = {StatementStep.SUBMIT, StatementStep.APPROVE}


class Settlement(RuleBasedStateMachine):
    """The host's word and the statement of its month, in any order of steps."""

    def __init__(self):
        super().__init__()
        self.word = dict.fromkeys(range(4), Word.OPEN)
        self.state = StatementState.DRAFT
        self.drawn: frozenset[int] = frozenset()
        self.kept = None

    def confirmed(self):
        return frozenset(one for one, word in self.word.items() if word is Word.CONFIRMED)

    @rule(lesson=st.integers(0, 3), step=st.sampled_from(WordStep))
    def say(self, lesson, step):
        try:
            after = word_after(self.word[lesson], step)
        except AttendanceSettled:
            return
        if self.state not in rules.SETTLED:
            self.word[lesson] = after

    @rule(step=st.sampled_from(StatementStep))
    def move(self, step):
        try:
            after = rules.state_after(self.state, step)
        except StatementMoved:
            return
        if step is StatementStep.DRAW:
            self.drawn = self.confirmed()
        elif step in _JUDGED and self.drawn != self.confirmed():
            return
        self.state = after

    @invariant()
    def a_settled_month_holds_what_was_confirmed(self):
        if self.state in rules.SETTLED:
            assert self.drawn == self.confirmed()

    @invariant()
    def what_is_frozen_stays(self):
        if self.kept is not None:
            assert (self.state, self.drawn) == self.kept
        elif self.state is StatementState.FROZEN:
            self.kept = self.state, self.drawn


TestSettlement = Settlement.TestCase
