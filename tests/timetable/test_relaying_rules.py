"""What becomes of lessons when their calendar changes, decided without a database."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from service.timetable.rules import LessonChange, LessonStatus, Occurrence
from service.timetable.rules.relaying import Present, Relaid, relay

CAMPUS, SLOT, TEACHER = UUID(int=1), UUID(int=2), UUID(int=3)
FIRST = date(2026, 9, 1)
IDS = [UUID(int=100 + number) for number in range(6)]
DAYS = {id_: FIRST + timedelta(days=number) for number, id_ in enumerate(IDS)}


def occurrence(id_: UUID, hour: int = 1) -> Occurrence:
    starts = datetime(DAYS[id_].year, DAYS[id_].month, DAYS[id_].day, hour, tzinfo=UTC)
    return Occurrence(DAYS[id_], 1, starts, starts + timedelta(minutes=40))


def present(
    id_: UUID, *, hour: int = 1, change: str | None = None, covered: bool = False
) -> Present:
    one = occurrence(id_, hour)
    gone = change not in {None, LessonChange.MOVED}
    return Present(
        id=id_,
        slot_id=SLOT,
        campus_id=CAMPUS,
        teacher_id=TEACHER,
        on_date=one.on_date,
        week=1,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        status=LessonStatus.CANCELLED if gone else LessonStatus.SCHEDULED,
        change=change,
        covered=covered,
    )


def follow(wanted: dict[UUID, Occurrence], standing: list[Present], *school: UUID) -> Relaid:
    return relay(
        wanted,
        present={one.id: one for one in standing},
        slot_of=dict.fromkeys(IDS, SLOT),
        taught={CAMPUS: frozenset(DAYS[id_] for id_ in school)},
    )


def test_what_is_where_it_should_be_is_not_touched():
    assert not follow({IDS[0]: occurrence(IDS[0])}, [present(IDS[0])])


def test_a_covered_lesson_at_another_time_is_for_people_to_settle():
    result = follow({IDS[0]: occurrence(IDS[0], 2)}, [present(IDS[0], covered=True)])

    assert result.personal == [present(IDS[0], covered=True)]
    assert result.ids() == set()
    assert result


def test_a_covered_lesson_without_a_day_is_withdrawn_and_not_forgotten():
    result = follow({}, [present(IDS[0], covered=True)])

    assert set(result.withdrawn) == {IDS[0]}
    assert [one.id for one in result.personal] == [IDS[0]]


CHANGES = st.sampled_from([None, *LessonChange])
STANDING = st.dictionaries(
    st.sampled_from(IDS), st.tuples(st.sampled_from([1, 2]), CHANGES, st.booleans())
)
WANTED = st.dictionaries(st.sampled_from(IDS), st.sampled_from([1, 2]))
SCHOOL = st.sets(st.sampled_from(IDS))


@given(WANTED, STANDING, SCHOOL)
def test_every_lesson_is_where_the_calendar_wants_it_or_somebody_decided(wanted, standing, school):
    asked = {id_: occurrence(id_, hour) for id_, hour in wanted.items()}
    there = {
        id_: present(id_, hour=hour, change=change, covered=covered)
        for id_, (hour, change, covered) in standing.items()
    }

    result = follow(asked, list(there.values()), *school)

    for id_ in IDS:
        fates = [
            name
            for name in ("laid", "restored", "shifted", "withdrawn")
            if id_ in getattr(result, name)
        ]
        assert len(fates) <= 1
        one = there.get(id_)
        if id_ in asked and one is None:
            assert fates == ["laid"]
        if id_ not in asked and one is not None and one.stands and not one.moved:
            assert fates == ["withdrawn"]
        if one is not None and not one.stands and one.change != LessonChange.CALENDAR:
            assert fates == []


@given(WANTED, STANDING, SCHOOL)
def test_following_twice_changes_nothing_more(wanted, standing, school):
    asked = {id_: occurrence(id_, hour) for id_, hour in wanted.items()}
    there = {
        id_: present(id_, hour=hour, change=change) for id_, (hour, change, _) in standing.items()
    }
    result = follow(asked, list(there.values()), *school)

    after = {**there}
    for id_ in {*result.laid, *result.restored, *result.shifted}:
        after[id_] = present(id_, hour=wanted[id_])
    for id_ in result.withdrawn:
        after[id_] = present(id_, change=LessonChange.CALENDAR)

    assert not follow(asked, list(after.values()), *school).ids()
