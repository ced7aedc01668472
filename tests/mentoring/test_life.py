"""The pair's life, whatever is done in whatever order: the rules against a plain book of deeds."""

import itertools
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from service.mentoring.problems import (
    AgreementUnsigned,
    EndUnfit,
    PairingNotBegun,
    PairingStateUnfit,
)
from service.mentoring.rules import (
    EndReason,
    Life,
    PairingState,
    Side,
    Span,
    accept,
    activate,
    check_replacement,
    end,
    hand_over,
    move_end,
    sign,
    state_on,
)

FIRST, LAST = date(2026, 9, 1), date(2027, 7, 10)
DAY = timedelta(days=1)
sides = st.sampled_from(Side)


def until(span: Span) -> date:
    return span[1] or date.max


class Pair(RuleBasedStateMachine):
    """One pairing and those that follow it, over a school year."""

    def __init__(self) -> None:
        super().__init__()
        self.today = FIRST - 10 * DAY
        self.needed = False
        self.life = Life()
        self.valid: Span = (FIRST, LAST)
        self.agreed: set[Side] = set()
        self.signed: set[Side] = set()
        self.was_active = False
        self.chain: list[Span] = []
        """The days of those whose mentors were replaced."""

    @rule(number=st.integers(1, 60))
    def days_pass(self, number):
        self.today += number * DAY

    @rule(needed=st.booleans())
    def the_programme_changes(self, needed):
        self.needed = needed

    @rule(by=sides)
    def accepts(self, by):
        proposed = self.life.state is PairingState.PROPOSED
        try:
            self.life = accept(self.life, by=by)
        except PairingStateUnfit:
            assert not proposed
        else:
            assert proposed
            self.agreed.add(by)

    @rule(by=sides)
    def signs(self, by):
        open_ = self.life.state is not PairingState.ENDED
        try:
            self.life = sign(self.life, by=by)
        except PairingStateUnfit:
            assert not open_ or len(self.agreed) < 2
        else:
            assert open_
            assert len(self.agreed) == 2
            self.signed.add(by)

    @rule()
    def begins(self):
        state = self.life.state
        try:
            self.life = activate(
                self.life, valid=self.valid, today=self.today, signature_needed=self.needed
            )
        except PairingStateUnfit:
            assert state not in {PairingState.ACCEPTED, PairingState.SIGNED}
        except AgreementUnsigned:
            assert self.needed
            assert len(self.signed) < 2
        except PairingNotBegun:
            assert not self.valid[0] <= self.today < until(self.valid)
        else:
            assert len(self.signed) == 2 or not self.needed
            self.was_active = True
            if self.chain:
                former, taken = self.chain[-1], self.valid
                self.chain[-1], self.valid = hand_over(
                    valid=former, successor=taken, today=self.today
                )
                assert self.chain[-1][1] == self.valid[0]

    @rule(number=st.integers(-20, 320))
    def lasts(self, number):
        wanted = FIRST + number * DAY
        try:
            self.valid = move_end(self.life, valid=self.valid, until=wanted, today=self.today)
        except PairingStateUnfit:
            assert self.life.state is PairingState.ENDED
        except EndUnfit:
            assert wanted <= self.valid[0] or (self.was_active and wanted <= self.today)

    @rule(after=st.integers(-3, 30))
    def another_mentor_is_to_follow(self, after):
        """The successor is a pairing of its own; here it takes this one's place."""
        on = self.today + after * DAY
        try:
            days = check_replacement(self.life, valid=self.valid, on=on, today=self.today)
        except (PairingStateUnfit, EndUnfit):
            return
        assert self.today <= on
        assert self.valid[0] < on < until(self.valid)
        self.chain.append(self.valid)
        self.life, self.valid, self.was_active = Life(), days, False
        self.agreed, self.signed = set(), set()

    @rule(reason=st.sampled_from(EndReason), after=st.integers(-30, 3))
    def ends(self, reason, after):
        before, on = self.valid, self.today + after * DAY
        try:
            left = end(self.life, reason=reason, valid=before, on=on, today=self.today)
        except (PairingStateUnfit, EndUnfit):
            return
        assert self.life.state is not PairingState.ENDED
        assert left == ((before[0], on) if self.was_active else before)
        self.life, self.valid = Life(PairingState.ENDED), left

    @invariant()
    def the_state_tells_what_was_done(self):
        state = self.life.state
        if state in {PairingState.ACCEPTED, PairingState.SIGNED}:
            assert len(self.agreed) == 2
            assert not self.was_active
        if state is PairingState.SIGNED:
            assert len(self.signed) == 2
        if state is PairingState.ACTIVE:
            assert self.was_active

    @invariant()
    def its_days_are_days_and_follow_one_another(self):
        assert self.valid[0] < until(self.valid)
        spans = [*self.chain, self.valid] if self.was_active else self.chain
        assert all(until(one) <= other[0] for one, other in itertools.pairwise(spans))

    @invariant()
    def nobody_reads_of_an_active_pair_after_its_days(self):
        seen = state_on(self.life.state, valid=self.valid, day=self.today)
        assert seen is not PairingState.ACTIVE or self.today < until(self.valid)


Pair.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestPair = Pair.TestCase
