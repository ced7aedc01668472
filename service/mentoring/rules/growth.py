"""What mentoring brings a school, a group, a district: sums of pairs, never of persons. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What counts of one pair."""

    mentee_id: UUID
    school_id: UUID | None
    rural: bool
    confirmed: int
    behind: int | None
    """How far behind the plan in the term; ``None`` where the pair has no day in it."""
    midterm: Decimal | None
    final: Decimal | None


@dataclass(frozen=True, slots=True)
class Growth:
    """The sums of some pairs."""

    mentees: int
    pairs: int
    confirmed: int
    counted: int
    """Pairs that have a day in the term."""
    on_plan: int
    share_on_plan: Decimal | None
    appraised: int
    """Pairs with a final appraisal."""
    midterm_mean: Decimal | None
    final_mean: Decimal | None
    gain: Decimal | None
    """How much the score rose from midterm to the end, over pairs that have both."""


def growth(facts: Collection[PairFacts]) -> Growth:
    """The sums; a mean of nothing is nothing."""
    counted = [one.behind for one in facts if one.behind is not None]
    on_plan = sum(behind == 0 for behind in counted)
    finals = [one.final for one in facts if one.final is not None]
    gains = [
        one.final - one.midterm
        for one in facts
        if one.final is not None and one.midterm is not None
    ]
    return Growth(
        mentees=len({one.mentee_id for one in facts}),
        pairs=len(facts),
        confirmed=sum(one.confirmed for one in facts),
        counted=len(counted),
        on_plan=on_plan,
        share_on_plan=mean([Decimal(100 * on_plan)], over=len(counted)),
        appraised=len(finals),
        midterm_mean=_mean(one.midterm for one in facts if one.midterm is not None),
        final_mean=_mean(finals),
        gain=_mean(gains),
    )


def _mean(values: Iterable[Decimal]) -> Decimal | None:
    known = list(values)
    return mean(known, over=len(known))


def mean(values: Collection[Decimal], *, over: int) -> Decimal | None:
    """A sum divided, to two places; ``None`` where there is nothing to divide by."""
    if not over:
        return None
    return (sum(values, Decimal(0)) / over).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
