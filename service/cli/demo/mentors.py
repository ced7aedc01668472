"""Who mentors whom: two persons in two roles for the young teachers of rural and weak schools.

Some still lack the second mentor, and some pairings are not agreed yet: that is how lists look.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from service.cli.demo.anchors import MENTEE, MENTOR
from service.cli.demo.dice import Dice
from service.cli.demo.model import Teacher

_YOUNG_SINCE = date(2023, 9, 1)
_MENTOR_SINCE = date(2017, 9, 1)
_TITLES = frozenset({"first", "senior", "senior_full"})
_CAPACITY = 3
_STATES = ((85, "active"), (8, "accepted"), (7, "proposed"))
_FROM = date(2026, 9, 1)
_THROUGH = date(2027, 7, 9)
_GOALS = (
    "站稳讲台:常规课扎实,能独立承担一个班的教学",
    "上好一节校级公开课,完成三篇教案打磨",
    "掌握单元整体设计,听评课各不少于八节",
    "学会作业分层设计,能分析班级学情",
)


class Pairs:
    """The pairings of a group's teachers."""

    def __init__(self, teachers: Sequence[Teacher], dice: Dice) -> None:
        self._dice = dice
        self._able = [
            one
            for one in teachers
            if one.title in _TITLES and one.teaching_since <= _MENTOR_SINCE and one.load
        ]
        self._young = [one for one in teachers if one.teaching_since >= _YOUNG_SINCE and one.load]
        self._has = Counter[str]()

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """The rows of the sheet ``pairing``."""
        self._young.sort(key=lambda one: one.number != MENTEE)
        for mentee in self._young:
            school = mentee.school
            if not school.tier or not (school.rural or school.weak or self._dice.chance(25)):
                continue
            known = mentee.number == MENTEE
            near = self._find(mentee, at_home=True)
            if near is not None:
                yield self._row(near, mentee, "in_school", known=known)
            far = None if self._dice.chance(15) and not known else self._find(mentee, at_home=False)
            if far is not None:
                yield self._row(far, mentee, "cross_school", known=known)

    def _find(self, mentee: Teacher, *, at_home: bool) -> Teacher | None:
        fits = [
            one
            for one in self._able
            if one is not mentee
            and self._has[one.number] < _CAPACITY
            and (one.school.code == mentee.school.code) is at_home
            and (at_home or one.school.tier in {"lead", "close"})
            and not set(one.teaches).isdisjoint(mentee.teaches)
        ]
        if mentee.number == MENTEE and not at_home:
            return next(one for one in fits if one.number == MENTOR)
        # Whoever has the same first subject comes before a colleague who shares a lesser one.
        return min(fits, key=lambda one: one.teaches[0] != mentee.teaches[0], default=None)

    def _row(
        self, mentor: Teacher, mentee: Teacher, role: str, *, known: bool
    ) -> Mapping[str, Any]:
        self._has[mentor.number] += 1
        state = self._dice.weigh(*_STATES)
        return {
            "mentor": mentor.number,
            "mentee": mentee.number,
            "role": role,
            "valid_from": _FROM,
            "valid_through": _THROUGH,
            "goals": self._dice.pick(_GOALS),
            "state": "active" if known else state,
        }
