"""The policy as people decided it, kept apart from the code that carries it out.

``D`` the whole district, ``G`` the group's present members, ``S`` the one school, ``I`` only
oneself, ``-`` not at all. The three offices are the admins of their district, group
and school. A teacher's school is the one that keeps the account; a partner's is the one its client
was given, with every scope there is.
"""

from collections.abc import Mapping

_GRID = """
permission                district group school teacher researcher evaluator auditor partner
network.read                 D       G     S       S        D          D        D       S
network.school.write         D       -     S       -        -          -        -       -
network.group.write          D       G     -       -        -          -        -       -
network.membership.change    D       G     -       -        -          -        -       -
network.charter.write        D       G     -       -        -          -        -       -
network.charter.sign         D       -     S       -        -          -        -       -
network.head.write           D       -     -       -        -          -        -       -
codelist.read                D       D     D       D        D          D        D       D
codelist.write               D       -     -       -        -          -        -       -
task.read                    D       G     S       -        -          D        D       -
task.write                   D       G     S       -        -          -        -       -
staff.read                   D       G     S       I        D          D        D       S
staff.write                  D       -     S       -        -          -        -       S
calendar.read                D       G     S       S        D          D        D       S
calendar.write               D       G     S       -        -          -        -       -
timetable.read               D       G     S       I        D          D        D       S
timetable.write              D       G     S       -        -          -        -       S
lesson.change                D       G     S       -        -          -        -       -
leave.read                   D       G     S       I        -          -        D       -
leave.write                  D       G     S       I        -          -        -       -
leave.decide                 D       G     S       -        -          -        -       -
cover.read                   D       G     S       I        -          -        D       -
cover.write                  D       G     S       -        -          -        -       -
cover.answer                 -       -     -       I        -          -        -       -
swap.read                    D       G     S       I        -          -        D       -
swap.write                   D       G     S       I        -          -        -       -
swap.answer                  -       -     -       I        -          -        -       -
swap.decide                  D       G     S       -        -          -        -       -
attendance.read              D       G     S       I        -          -        D       -
attendance.check-in          -       -     -       I        -          -        -       -
attendance.confirm           D       G     S       -        -          -        -       -
attendance.dispute           D       G     S       I        -          -        -       -
attendance.resolve           D       G     -       -        -          -        -       -
rate.read                    D       G     S       I        -          -        D       -
rate.write                   D       -     -       -        -          -        -       -
statement.read               D       G     S       I        -          -        D       -
statement.write              D       G     S       -        -          -        -       -
statement.decide             D       G     -       -        -          -        -       -
certificate.read             D       G     S       I        -          -        D       -
certificate.write            D       G     -       -        -          -        -       -
shortage.read                D       G     S       I        D          D        D       -
shortage.write               D       G     S       -        -          -        -       -
shortage.decide              D       G     -       -        -          -        -       -
shortage.offer               D       G     -       -        -          -        -       -
shortage.agree               D       G     S       -        -          -        -       -
shortage.answer              -       -     -       I        -          -        -       -
shortage.cross               D       -     -       -        -          -        -       -
assignment.read              D       G     S       I        D          D        D       S
assignment.write             D       G     -       -        -          -        -       -
assignment.publish           D       G     -       -        -          -        -       -
mentoring.read               D       G     S       I        D          D        D       -
mentoring.write              D       G     S       -        -          -        -       -
mentoring.answer             -       -     -       I        -          -        -       -
mentoring.appraise           -       -     S       -        -          -        -       -
programme.read               D       G     S       -        D          D        D       -
programme.write              D       G     -       -        -          -        -       -
studio.read                  D       G     S       I        D          D        D       -
studio.write                 D       G     S       -        -          -        -       -
rotation.read                D       G     S       -        D          D        D       -
me.read                      I       I     I       I        I          I        I       -
import.read                  D       -     -       -        -          -        D       -
import.write                 D       -     -       -        -          -        -       -
account.read                 D       G     S       -        -          -        D       -
account.write                D       G     S       -        -          -        -       -
session.own                  I       I     I       I        I          I        I       -
calendar-feed.own            I       I     I       I        I          I        I       -
audit.read                   D       -     -       -        -          -        D       -
feed.read                    D       D     D       D        D          D        D       D
webhook.read                 D       -     -       -        -          -        D       S
webhook.write                D       -     -       -        -          -        -       S
"""


_ADMINS = frozenset({"district", "group", "school"})
_HEAD, *_LINES = (line.split() for line in _GRID.strip().splitlines())

ROLES = tuple(f"{name}_admin" if name in _ADMINS else name for name in _HEAD[1:])
PERMISSIONS = tuple(line[0] for line in _LINES)
POLICY: Mapping[tuple[str, str], str] = {
    (role, line[0]): letter
    for line in _LINES
    for role, letter in zip(ROLES, line[1:], strict=True)
    if letter != "-"
}
"""How far a role holds a permission; a pair that is missing is not held at all."""
