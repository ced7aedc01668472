"""How far a pair has come in a term, counted against the minimum plan: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from service.kit.problems import Text
from service.mentoring.rules import Side, Span
from service.mentoring.rules.log import LogKind, LogState
from service.mentoring.rules.programme import MinimumPlan

Window = tuple[date, date]
"""Half-open days, both known."""


class PlanItem(StrEnum):
    """What the minimum plan counts."""

    LESSON_PLANS = "lesson_plans"
    OBSERVED_BY_MENTOR = "observed_by_mentor"
    OBSERVED_OF_MENTOR = "observed_of_mentor"


PLAN_ITEMS: Mapping[PlanItem, Text] = {
    PlanItem.LESSON_PLANS: Text("指导教案", "Lesson plans guided"),
    PlanItem.OBSERVED_BY_MENTOR: Text("导师听徒弟的课", "Lessons observed by the mentor"),
    PlanItem.OBSERVED_OF_MENTOR: Text("徒弟听导师的课", "Lessons of the mentor observed"),
}


@dataclass(frozen=True, slots=True)
class Entered:
    """How many entries of one sort a log has."""

    kind: LogKind
    observed: Side | None
    state: LogState
    count: int


def item_of(kind: LogKind, observed: Side | None) -> PlanItem | None:
    """Which part of the plan an entry counts for, if any."""
    if kind is LogKind.LESSON_PLAN:
        return PlanItem.LESSON_PLANS
    if kind is not LogKind.OBSERVATION:
        return None
    by_mentor = observed is Side.MENTEE
    return PlanItem.OBSERVED_BY_MENTOR if by_mentor else PlanItem.OBSERVED_OF_MENTOR


def present(terms: Sequence[Window], *, today: date) -> Window | None:
    """The term one asks about today: the last that has begun, or the first that is to come.

    ``terms`` are in order. In the holidays it is the term that is over: its counts are being
    settled.
    """
    begun = [term for term in terms if term[0] <= today]
    return begun[-1] if begun else next(iter(terms), None)


def window(term: Window, *, valid: Span) -> Window | None:
    """The days a pair has in a term; ``None`` where it has none."""
    first, until = max(term[0], valid[0]), min(term[1], valid[1] or date.max)
    return (first, until) if first < until else None


def share(plan: MinimumPlan, *, of: Window, term: Window) -> MinimumPlan:
    """What a pair owes that has only a part of the term: that part of the plan, rounded up.

    So a mentor who takes over in the middle of a term does not owe what is past, and who leaves
    then does not owe what is to come.
    """
    part, whole = (of[1] - of[0]).days, (term[1] - term[0]).days
    return MinimumPlan(
        lesson_plans=-(-plan.lesson_plans * part // whole),
        observed_by_mentor=-(-plan.observed_by_mentor * part // whole),
        observed_of_mentor=-(-plan.observed_of_mentor * part // whole),
    )


@dataclass(frozen=True, slots=True)
class ItemProgress:
    """One part of the plan."""

    item: PlanItem
    planned: int
    confirmed: int
    waiting: int
    due: int
    """How many there would be by now at an even pace."""

    @property
    def left(self) -> int:
        """How many are still to come."""
        return max(self.planned - self.confirmed, 0)

    @property
    def behind(self) -> int:
        """How many are missing by now."""
        return max(self.due - self.confirmed, 0)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pair has come in a term."""

    items: tuple[ItemProgress, ...]
    kinds: Mapping[LogKind, tuple[int, int]]
    """Entries by kind, plan or not: confirmed, and waiting for it."""
    catch_up_by: date
    """The last day on which the pair can still catch up in this term."""

    @property
    def left(self) -> int:
        """How many are still to come."""
        return sum(one.left for one in self.items)

    @property
    def behind(self) -> int:
        """How many are missing by now."""
        return sum(one.behind for one in self.items)


def progress(
    plan: MinimumPlan, *, entered: Iterable[Entered], during: Window, today: date
) -> Progress:
    """Counts against the plan; only what the counterpart has confirmed counts.

    ``plan`` is what this pair owes in the days ``during`` of the term.
    """
    items = {item: [0, 0] for item in PlanItem}
    kinds = {kind: [0, 0] for kind in LogKind}
    for one in entered:
        place = 0 if one.state is LogState.CONFIRMED else 1
        kinds[one.kind][place] += one.count
        if (item := item_of(one.kind, one.observed)) is not None:
            items[item][place] += one.count
    planned = {
        PlanItem.LESSON_PLANS: plan.lesson_plans,
        PlanItem.OBSERVED_BY_MENTOR: plan.observed_by_mentor,
        PlanItem.OBSERVED_OF_MENTOR: plan.observed_of_mentor,
    }
    return Progress(
        items=tuple(
            ItemProgress(
                item,
                planned[item],
                confirmed,
                waiting,
                _due(planned[item], during=during, today=today),
            )
            for item, (confirmed, waiting) in items.items()
        ),
        kinds={kind: (confirmed, waiting) for kind, (confirmed, waiting) in kinds.items()},
        catch_up_by=during[1] - timedelta(days=1),
    )


def _due(planned: int, *, during: Window, today: date) -> int:
    """An even pace, in full only when the days are over: nobody is behind on the first day."""
    whole = (during[1] - during[0]).days
    gone = min(max((today - during[0]).days, 0), whole)
    return planned * gone // whole
