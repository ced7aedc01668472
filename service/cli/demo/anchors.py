"""What documentation, logins and tests may rely on: the same at every scale.

Everything here is invented. 演, 示, 例 and 样 are no surnames, and no place is called 演示.
"""

from datetime import date

SEED = "huangge"

DISTRICT_CODE = "500109"
DISTRICT_NAME = "黄葛演示区"
DISTRICT_NAME_EN = "Huangge Demo District"
ZONE = "Asia/Shanghai"

SCHOOL_YEAR = "2026-2027"
AUTUMN = "2026-2027-1"
SPRING = "2026-2027-2"
MAKE_UP_SUNDAY = date(2026, 9, 20)
"""A Sunday that follows Tuesday's timetable of odd weeks."""

GROUP = "演示江湾教育集团"
"""A conforming group: one lead, two close, two rural alliance members."""
UNFIT_GROUPS = ("演示桃湾教育集团", "演示渡桥幼儿园联盟集团")
"""Two that do not conform on purpose: one has no close member, one lost its lead school."""

LEAD_SCHOOL = "3150900101"
LEAD_CAMPUS = "3150900101-1"
RURAL_SCHOOL = "2150900104"
RURAL_CAMPUS = "2150900104-1"
VILLAGE_SCHOOL = "2150900105"
VILLAGE_CAMPUS = "2150900105-1"

ITINERANT = "T0010001"
"""A music teacher of the lead school who also teaches at both rural members."""
MENTOR = "T0010002"
"""A backbone teacher of the lead school."""
MENTEE = "T0010003"
"""A young teacher of the rural member school, with a mentor in each of the two roles."""
DRAFT_TEACHER = "T0010004"
"""An art teacher of the lead school, whose assignments are still drafts."""

GOOD_DRAFT = "ZJ-2026-001-D1"
"""A draft that can be published as it is."""
BAD_DRAFT = "ZJ-2026-001-D2"
"""A draft of the spring term that takes a teacher out of a lesson at home."""
