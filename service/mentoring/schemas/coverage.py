"""What goes out about a cohort: numbers, mentees, mentors."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from service.kit.http.schemas import Out
from service.kit.language import say
from service.mentoring.rules.programme import STANDINGS, Ground, Standing
from service.mentoring.schemas.pairing import GapOut, GuideOut, MenteeOut, PartnerOut
from service.mentoring.schemas.programme import GroundOut


class NumbersOut(Out):
    """How many mentees stand how; the four add up to the cohort."""

    cohort: Annotated[int, Field(description="帮扶对象")]
    none: Annotated[int, Field(description="尚无导师")]
    one: Annotated[int, Field(description="只有一位导师")]
    broken: Annotated[int, Field(description="有两位导师但不合双导师要求")]
    met: Annotated[int, Field(description="已落实双导师")]

    @classmethod
    def of(cls, counts: dict[Standing, int]) -> Self:
        """Counts by standing."""
        told = {one.value: counts.get(one, 0) for one in Standing}
        return cls(cohort=sum(told.values()), **told)


class SchoolNumbersOut(Out):
    """A school's mentees."""

    school_id: UUID
    school_name: str
    numbers: NumbersOut


class MentorNumbersOut(Out):
    """The mentors of the cohort; one may be over capacity and leaving."""

    mentors: Annotated[int, Field(description="在带导师")]
    taken: Annotated[int, Field(description="已占名额")]
    over_capacity: Annotated[int, Field(description="超出名额的导师")]
    leaving: Annotated[int, Field(description="结对期内离校或退休的导师")]


class CoverageOut(Out):
    """How a cohort is looked after on a day, as far as one's reach goes."""

    programme_id: UUID
    as_of: date
    mentees: NumbersOut
    mentors: MentorNumbersOut
    schools: Annotated[list[SchoolNumbersOut], Field(description="按学校,合计等于 mentees")]

    @classmethod
    def of(
        cls,
        programme_id: UUID,
        *,
        as_of: date,
        rows: Sequence[tuple[Any, ...]],
        mentors: tuple[int, int, int, int],
    ) -> Self:
        """Rows of ``queries.coverage.by_school``, and the mentors' counts."""
        names: dict[UUID, str] = {}
        counts: dict[UUID, dict[Standing, int]] = {}
        total: dict[Standing, int] = {}
        for school_id, name, standing, count in rows:
            names[school_id] = name
            counts.setdefault(school_id, {})[Standing(standing)] = count
            total[Standing(standing)] = total.get(Standing(standing), 0) + count
        return cls(
            programme_id=programme_id,
            as_of=as_of,
            mentees=NumbersOut.of(total),
            mentors=MentorNumbersOut(
                mentors=mentors[0],
                taken=mentors[1],
                over_capacity=mentors[2],
                leaving=mentors[3],
            ),
            schools=[
                SchoolNumbersOut(
                    school_id=id_, school_name=names[id_], numbers=NumbersOut.of(counts[id_])
                )
                for id_ in names
            ],
        )


class CoveredOut(Out):
    """Somebody in a cohort, and how they are looked after."""

    teacher: PartnerOut
    grounds: Annotated[list[GroundOut], Field(description="为何列入")]
    standing: Standing
    standing_label: str
    gaps: Annotated[list[GapOut], Field(description="双导师要求尚缺什么")]
    guides: list[GuideOut]

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of ``queries.coverage.mentees``."""
        teacher, is_new, rural, weak, added, disadvantaged, standing, guides = row
        known = MenteeOut.of((teacher, disadvantaged, False, guides))
        told = {
            Ground.ADDED: added,
            Ground.NEW: is_new,
            Ground.RURAL: rural,
            Ground.WEAK: weak,
        }
        return cls(
            teacher=known.teacher,
            grounds=GroundOut.several(told),
            standing=Standing(standing),
            standing_label=say(STANDINGS[Standing(standing)]),
            gaps=known.gaps,
            guides=known.guides,
        )


class CoachOut(Out):
    """A mentor of the cohort."""

    teacher: PartnerOut
    taken: Annotated[int, Field(description="已占名额(含待答复的提议)")]
    capacity: Annotated[int, Field(description="名额上限")]
    over_capacity: bool
    leaving: Annotated[bool, Field(description="结对期内离校或退休")]
    leaves_on: Annotated[date | None, Field(description="何日起不在")]

    @classmethod
    def of(cls, row: Any, *, capacity: int) -> Self:
        """A row of ``queries.coverage.mentors``."""
        teacher, taken, over, leaving, leaves_on = row
        return cls(
            teacher=PartnerOut(**teacher),
            taken=taken,
            capacity=capacity,
            over_capacity=over,
            leaving=leaving,
            leaves_on=leaves_on,
        )
