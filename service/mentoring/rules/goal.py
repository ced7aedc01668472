"""Goals of a term and of three years: what may be set, how far it has come. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date

from service.mentoring.problems.goal import GoalItemTwice, GoalPairingOver, GoalTermUnfit
from service.mentoring.rules import PairingState, Span, overlap

YEARS = 3
"""A growth plan looks this many school years ahead."""

_SEPTEMBER = 9


def check_goals(*, state: PairingState, valid: Span, term: Span, names: Sequence[str]) -> None:
    """Refuse goals that the pairing's days do not allow, or that name a thing twice.

    Raises
    ------
    GoalPairingOver
        The pairing has ended.
    GoalTermUnfit
        The term has no day of it.
    GoalItemTwice
        Two items have the same name.
    """
    if state is PairingState.ENDED:
        raise GoalPairingOver
    if not overlap(valid, term):
        raise GoalTermUnfit
    for place, name in enumerate(names):
        if name in names[:place]:
            raise GoalItemTwice(place=place)


def share_done(items: Iterable[tuple[int, int]]) -> int:
    """How far a plan has come, in per cent: each item (done, target) counts the same."""
    shares = [min(done, target) * 100 // target for done, target in items]
    return sum(shares) // len(shares) if shares else 0


def growth_span(first_year: int) -> tuple[date, date]:
    """The days of a growth plan: three school years from September on."""
    return date(first_year, _SEPTEMBER, 1), date(first_year + YEARS, _SEPTEMBER, 1)
