"""Two districts to look at from every side: the same things in six places, made when asked for."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from service.calendar.tables import BellSchedule, CalendarDay, CalendarNotice, SchoolYear, Term
from service.itinerant.tables import (
    Assignment,
    AssignmentPattern,
    Shortage,
    ShortageOffer,
    TimetableVersion,
)
from service.kit import clock
from service.kit.auth import Role
from service.kit.db import days, span
from service.kit.ids import new_id
from service.mentoring.rules import PairingState
from service.mentoring.tables import GoalPlan, GrowthPlan, MentoringMatching
from service.network.tables import Charter, CodeItem, GroupHead, SchoolDesignation, Task
from service.partners.tables import ImportRun
from service.phone.rules.calendar_feeds import new_secret
from service.timetable.tables import (
    ClassSection,
    Cover,
    CoverOffer,
    DutyPolicy,
    Leave,
    Lesson,
    Room,
    RoomBooking,
    Swap,
    SwapLeg,
    TravelTime,
    WeeklySlot,
)
from service.workload.rules import StatementState, fingerprint
from service.workload.rules.certificates import code_digest, facts_of, read_code
from service.workload.tables import (
    AllowanceRate,
    LessonCoefficient,
    ServiceCertificate,
    Statement,
)

_numbers = itertools.count(1)
ALWAYS = days(date(2020, 9, 1), None)
A_PAST_YEAR = days(date(2020, 9, 1), date(2021, 9, 1))


class Where(StrEnum):
    """Where a thing is, seen from those who ask."""

    OWN = "own"
    SAME_SCHOOL = "same school"
    SAME_GROUP = "same group"
    OTHER_GROUP = "other group"
    FORMER = "former member"
    OTHER_DISTRICT = "other district"


class Anchor(StrEnum):
    """What decides who reaches a thing."""

    SCHOOL = "school"
    GROUP = "group"
    TEACHER = "teacher"
    EVERYWHERE = "everywhere"
    """The same in each district: everybody sees their own, the district's office changes it."""
    DISTRICT = "district"
    """Everybody in the district sees it; only the district changes it."""
    OFFICE = "office"
    """Only who reaches the whole district sees it."""
    MINE = "mine"
    """Only its owner sees it, whatever the role."""


@dataclass
class Place:
    """One school with its group and a teacher, somewhere."""

    where: Where
    make: Any
    district: Any
    school: Any
    group: Any
    membership: Any
    """Of the school in the group."""
    helper: Any
    """Another school of the group, that may leave it."""
    teacher: Any
    owner_id: UUID | None = None
    """The account of whoever asks, while they look at their own place."""
    things: dict[tuple[str, UUID | None], Any] = field(default_factory=dict)

    async def the(self, kind: str) -> Any:
        """The thing of a kind at this place; made once, and once per owner where it is owned."""
        key = (kind, self.owner_id if ANCHORS[kind] is Anchor.MINE else None)
        if key not in self.things:
            self.things[key] = await BUILDERS[kind](self)
        return self.things[key]

    async def keep(self, row: Any) -> UUID:
        """A row at this place, as it is; its id."""
        (kept,) = await self.make.kept(rows=[row])
        return UUID(str(kept.id))

    def some_years(self) -> Range[date]:
        """Years that no other place of the world has; the first have begun."""
        first = 2026 + 2 * list(Where).index(self.where)
        return days(date(first, 9, 1), date(first + 2, 9, 1))

    def number(self) -> int:
        """A number no other thing has."""
        return next(_numbers)


async def build(make: Any, district: Any) -> dict[Where, Place]:
    """Lead and member of one group, a school that has left it, another group, another district.

    For a group, "former member" is a group that the own school has left.
    """
    own = await _led(Where.OWN, make, district)
    former = await _led(Where.FORMER, make, district)
    await make.member(group=own.group, school=former.school, valid=A_PAST_YEAR)
    await make.member(group=former.group, school=own.school, valid=A_PAST_YEAR)
    mate = await make.school()
    seat = await make.member(group=own.group, school=mate, tier="close", seat=1)
    elsewhere = await make.at(None).district()
    places = [
        own,
        replace(
            own,
            where=Where.SAME_SCHOOL,
            teacher=await make.teacher(school=own.school),
            things={},
        ),
        replace(
            own,
            where=Where.SAME_GROUP,
            school=mate,
            membership=seat,
            teacher=await make.teacher(school=mate),
            things={},
        ),
        await _led(Where.OTHER_GROUP, make, district),
        former,
        await _led(Where.OTHER_DISTRICT, make.at(elsewhere), elsewhere),
    ]
    return {place.where: place for place in places}


async def _led(where: Where, make: Any, district: Any) -> Place:
    """A school that leads a group of two."""
    school, helper, group = await make.school(), await make.school(), await make.group()
    membership = await make.member(group=group, school=school, tier="lead")
    await make.member(group=group, school=helper)
    return Place(
        where=where,
        make=make,
        district=district,
        school=school,
        group=group,
        membership=membership,
        helper=helper,
        teacher=await make.teacher(school=school),
    )


def hats(own: Place) -> dict[str, dict[str, Any]]:
    """What each role wears: the own school, group or teacher, or the district."""
    worn: dict[Role, dict[str, Any]] = {
        Role.GROUP_ADMIN: {"group": own.group},
        Role.SCHOOL_ADMIN: {"school": own.school},
        Role.TEACHER: {"teacher": own.teacher, "school": own.school},
        Role.PARTNER: {"school": own.school},
    }
    return {role.value: worn.get(role, {}) for role in Role}


REACHED: dict[tuple[str, Anchor], frozenset[Where]] = {
    ("D", Anchor.SCHOOL): frozenset(Where) - {Where.OTHER_DISTRICT},
    ("D", Anchor.GROUP): frozenset(Where) - {Where.OTHER_DISTRICT},
    ("D", Anchor.TEACHER): frozenset(Where) - {Where.OTHER_DISTRICT},
    ("D", Anchor.EVERYWHERE): frozenset(Where),
    ("D", Anchor.DISTRICT): frozenset(Where) - {Where.OTHER_DISTRICT},
    ("D", Anchor.OFFICE): frozenset(Where) - {Where.OTHER_DISTRICT},
    ("G", Anchor.SCHOOL): frozenset({Where.OWN, Where.SAME_SCHOOL, Where.SAME_GROUP}),
    ("G", Anchor.GROUP): frozenset({Where.OWN, Where.SAME_SCHOOL, Where.SAME_GROUP}),
    ("G", Anchor.TEACHER): frozenset({Where.OWN, Where.SAME_SCHOOL, Where.SAME_GROUP}),
    ("S", Anchor.SCHOOL): frozenset({Where.OWN, Where.SAME_SCHOOL}),
    # A school sees the groups it belongs to, and changes none; the mate's group is the own one.
    ("S", Anchor.GROUP): frozenset({Where.OWN, Where.SAME_SCHOOL, Where.SAME_GROUP}),
    ("S", Anchor.TEACHER): frozenset({Where.OWN, Where.SAME_SCHOOL}),
    ("I", Anchor.TEACHER): frozenset({Where.OWN}),
}
"""Which places a letter of the policy reaches, by what decides about the thing."""


def reaches(letter: str, anchor: Anchor, where: Where, *, to_change: bool) -> bool:
    """Whether somebody who holds a permission that far reaches a thing there."""
    if anchor is Anchor.MINE:
        return where is Where.OWN
    if anchor is Anchor.EVERYWHERE and not to_change:
        return True
    if (letter, anchor) == ("S", Anchor.GROUP) and to_change:
        return False
    if anchor is Anchor.DISTRICT and not to_change:
        return where is not Where.OTHER_DISTRICT
    return where in REACHED.get((letter, anchor), frozenset())


# How a thing of each kind is made at a place, and what decides who reaches it.

Builder = Callable[[Place], Awaitable[Any]]
BUILDERS: dict[str, Builder] = {}
ANCHORS: dict[str, Anchor] = {}


def builds(kind: str, anchor: Anchor) -> Callable[[Builder], Builder]:
    """Register how things of a kind are made."""

    def register(builder: Builder) -> Builder:
        BUILDERS[kind], ANCHORS[kind] = builder, anchor
        return builder

    return register


@builds("school", Anchor.SCHOOL)
async def _school(place: Place) -> UUID:
    return UUID(str(place.school.id))


@builds("group", Anchor.GROUP)
async def _group(place: Place) -> UUID:
    return UUID(str(place.group.id))


@builds("teacher", Anchor.TEACHER)
async def _teacher(place: Place) -> UUID:
    return UUID(str(place.teacher.id))


@builds("account", Anchor.SCHOOL)
async def _account(place: Place) -> UUID:
    return UUID(str((await place.make.account(school_id=place.school.id)).id))


@builds("grant", Anchor.SCHOOL)
async def _grant(place: Place) -> UUID:
    account = await place.make.account(school_id=place.school.id)
    return UUID(str((await place.make.hat(account=account, role=Role.TEACHER)).id))


@builds("client", Anchor.OFFICE)
async def _client(place: Place) -> UUID:
    return UUID(str((await place.make.partner(school=place.school)).id))


@builds("session", Anchor.MINE)
async def _session(place: Place) -> UUID:
    owner_id = place.owner_id or (await place.make.account(school_id=place.school.id)).id
    return UUID(str((await place.make.signed_in(account=owner_id)).id))


@builds("calendar_feed", Anchor.MINE)
async def _calendar_feed(place: Place) -> UUID:
    owner_id = place.owner_id or (await place.make.account(school_id=place.school.id)).id
    return UUID(str((await place.make.calendar_feed(account=owner_id)).id))


@builds("feed_secret", Anchor.EVERYWHERE)
async def _feed_secret(place: Place) -> str:
    teacher = await place.make.teacher(school=place.school)
    account = await place.make.account(school_id=place.school.id, teacher_id=teacher.id)
    secret = new_secret(place.district.id)
    await place.make.calendar_feed(account=account, secret=secret)
    return secret


@builds("campus", Anchor.SCHOOL)
async def _campus(place: Place) -> UUID:
    return UUID(str((await place.make.campus(school=place.school)).id))


# Network


@builds("membership", Anchor.GROUP)
async def _membership(place: Place) -> UUID:
    return UUID(str(place.membership.id))


@builds("designation", Anchor.SCHOOL)
async def _designation(place: Place) -> UUID:
    return await place.keep(
        SchoolDesignation(
            district_id=place.district.id,
            school_id=place.school.id,
            kind="weak",
            valid=place.some_years(),
        )
    )


@builds("head", Anchor.GROUP)
async def _head(place: Place) -> UUID:
    return await place.keep(
        GroupHead(
            district_id=place.district.id,
            group_id=place.group.id,
            person_name="负责人",
            valid=place.some_years(),
        )
    )


async def _a_charter(place: Place, state: str) -> UUID:
    return await place.keep(
        Charter(
            district_id=place.district.id,
            group_id=place.group.id,
            number=place.number(),
            title="章程",
            state=state,
        )
    )


@builds("charter", Anchor.GROUP)
async def _charter(place: Place) -> UUID:
    return await _a_charter(place, "draft")


@builds("open_charter", Anchor.GROUP)
async def _open_charter(place: Place) -> UUID:
    return await _a_charter(place, "signing")


@builds("code_list", Anchor.EVERYWHERE)
async def _code_list(_: Place) -> str:
    return "group_category"


@builds("code", Anchor.DISTRICT)
async def _code(place: Place) -> str:
    code = f"kind-{place.number()}"
    await place.keep(
        CodeItem(district_id=place.district.id, list="group_category", code=code, zh="一类")
    )
    return code


@builds("task", Anchor.SCHOOL)
async def _task(place: Place) -> UUID:
    return await place.keep(
        Task(
            district_id=place.district.id,
            kind="mentor-left",
            subject_collection="pairings",
            subject_id=new_id(),
            owner_kind="school",
            owner_id=place.school.id,
            title_zh="待办",
            title_en="To do",
            opened_at=clock.now(),
        )
    )


# Staff


@builds("number", Anchor.TEACHER)
async def _number(place: Place) -> str:
    return str(place.teacher.number)


# Timetable


@builds("from_campus", Anchor.SCHOOL)
async def _from_campus(place: Place) -> UUID:
    return UUID(str((await place.make.campus(school=place.school)).id))


@builds("to_campus", Anchor.SCHOOL)
async def _to_campus(place: Place) -> UUID:
    return UUID(str((await place.make.campus(school=place.school)).id))


@builds("way", Anchor.SCHOOL)
async def _way(place: Place) -> UUID:
    ends = {name: await place.the(name[:-3]) for name in ("from_campus_id", "to_campus_id")}
    return await place.keep(
        TravelTime(district_id=place.district.id, minutes=30, buffer=10, **ends)
    )


@builds("class", Anchor.SCHOOL)
async def _class(place: Place) -> UUID:
    section = ClassSection(
        district_id=place.district.id,
        school_id=place.school.id,
        campus_id=await place.the("campus"),
        code=f"2023-{place.number()}",
        stage="2",
        grade=4,
        number=1,
        name="四年级1班",
        valid=ALWAYS,
    )
    return await place.keep(section)


@builds("room", Anchor.SCHOOL)
async def _room(place: Place) -> UUID:
    code = f"A{place.number()}"
    return await place.keep(
        Room(
            district_id=place.district.id,
            campus_id=await place.the("campus"),
            code=code,
            name="音乐教室",
        )
    )


@builds("room_booking", Anchor.SCHOOL)
async def _room_booking(place: Place) -> UUID:
    return await place.keep(
        RoomBooking(
            district_id=place.district.id,
            room_id=await place.the("room"),
            starts_at=datetime(2060, 1, 1, 1, tzinfo=UTC),
            ends_at=datetime(2060, 1, 1, 2, tzinfo=UTC),
            purpose="联合教研",
            booked_by_name="教务处",
        )
    )


@builds("lesson", Anchor.TEACHER)
async def _lesson(place: Place) -> UUID:
    taught = {"campus_id": await place.the("campus"), "subject": "24"}
    slot = WeeklySlot(
        district_id=place.district.id,
        teacher_id=place.teacher.id,
        stage="2",
        weekday=1,
        period=3,
        valid=ALWAYS,
        **taught,
    )
    slot_id = await place.keep(slot)
    begins = clock.now() + timedelta(days=30)
    lesson = Lesson(
        district_id=place.district.id,
        slot_id=slot_id,
        original_teacher_id=place.teacher.id,
        on_date=begins.date(),
        week=5,
        period=3,
        starts_at=begins,
        ends_at=begins + timedelta(minutes=40),
        **taught,
    )
    return await place.keep(lesson)


# Absences


@builds("policy", Anchor.SCHOOL)
async def _policy(place: Place) -> UUID:
    numbers: dict[str, Any] = {
        "swap_days": 1,
        "temporary_days": 5,
        "cover_lead_minutes": 120,
        "swap_approval": True,
        "check_in_early_minutes": 60,
        "late_after_minutes": 5,
        "check_in_metres": 500,
    }
    return await place.keep(
        DutyPolicy(
            district_id=place.district.id,
            school_id=place.school.id,
            valid=place.some_years(),
            **numbers,
        )
    )


@builds("leave", Anchor.TEACHER)
async def _leave(place: Place) -> UUID:
    begins = clock.now() + timedelta(days=40 + place.number())
    return await place.keep(
        Leave(
            district_id=place.district.id,
            teacher_id=place.teacher.id,
            school_id=place.school.id,
            kind="personal",
            during=span(begins, begins + timedelta(hours=8)),
            days=1,
            measure="swap",
            requested_by="a test",
            requested_by_name="测试",
            requested_at=clock.now(),
        )
    )


@builds("cover", Anchor.TEACHER)
async def _cover(place: Place) -> UUID:
    return await place.keep(
        Cover(
            district_id=place.district.id,
            lesson_id=await place.the("lesson"),
            leave_id=await place.the("leave"),
            absent_id=place.teacher.id,
            deadline_at=clock.now() + timedelta(days=29),
        )
    )


@builds("offer", Anchor.TEACHER)
async def _offer(place: Place) -> UUID:
    return await place.keep(
        CoverOffer(
            district_id=place.district.id,
            cover_id=await place.the("cover"),
            teacher_id=place.teacher.id,
            expires_at=clock.now() + timedelta(days=20),
        )
    )


# Swaps


async def _lesson_at(place: Place, *, teacher_id: UUID, begins: datetime) -> UUID:
    """Another lesson of the campus, on another day."""
    taught = {"campus_id": await place.the("campus"), "subject": "14"}
    slot = WeeklySlot(
        district_id=place.district.id,
        teacher_id=teacher_id,
        stage="2",
        weekday=2,
        period=4,
        valid=ALWAYS,
        **taught,
    )
    slot_id = await place.keep(slot)
    return await place.keep(
        Lesson(
            district_id=place.district.id,
            slot_id=slot_id,
            original_teacher_id=teacher_id,
            on_date=begins.date(),
            week=6,
            period=4,
            starts_at=begins,
            ends_at=begins + timedelta(minutes=40),
            **taught,
        )
    )


@builds("other_lesson", Anchor.SCHOOL)
async def _other_lesson(place: Place) -> UUID:
    colleague = await place.make.teacher(school=place.helper)
    begins = clock.now() + timedelta(days=31)
    return await _lesson_at(place, teacher_id=colleague.id, begins=begins)


@builds("swap", Anchor.TEACHER)
async def _swap(place: Place) -> UUID:
    colleague = await place.make.teacher(school=place.helper)
    swap_id = await place.keep(
        Swap(
            district_id=place.district.id,
            campus_id=await place.the("campus"),
            reason="外出培训",
            needs_approval=True,
            proposed_by="a test",
            proposed_by_name="测试",
            proposed_at=clock.now(),
        )
    )
    for number, teacher_id in enumerate((place.teacher.id, colleague.id)):
        begins = clock.now() + timedelta(days=32 + number)
        await place.keep(
            SwapLeg(
                district_id=place.district.id,
                swap_id=swap_id,
                place=number,
                lesson_id=await _lesson_at(place, teacher_id=teacher_id, begins=begins),
                teacher_id=teacher_id,
                on_date=begins.date(),
                week=6,
                period=4,
                starts_at=begins,
                ends_at=begins + timedelta(minutes=40),
            )
        )
    return swap_id


# Calendar


def _year_of(place: Place) -> int:
    """A calendar year that no other place of the world has."""
    return 2040 + 2 * list(Where).index(place.where)


async def _a_year(place: Place, first: int) -> UUID:
    return await place.keep(
        SchoolYear(
            district_id=place.district.id,
            label=f"{first}-{first + 1}",
            valid=days(date(first, 9, 1), date(first + 1, 9, 1)),
        )
    )


@builds("school_year", Anchor.DISTRICT)
async def _school_year(place: Place) -> UUID:
    return await _a_year(place, _year_of(place))


@builds("term", Anchor.DISTRICT)
async def _term(place: Place) -> UUID:
    first = _year_of(place) + 1
    return await _a_term(place, first, year=await _a_year(place, first))


@builds("programme_term", Anchor.DISTRICT)
async def _programme_term(place: Place) -> UUID:
    return await _a_term(place, _year_of(place), year=UUID(str(await place.the("school_year"))))


async def _a_term(place: Place, first: int, *, year: UUID) -> UUID:
    begins = date(first, 9, 1)
    return await place.keep(
        Term(
            district_id=place.district.id,
            school_year_id=year,
            number=1,
            days=days(begins, date(first + 1, 1, 10)),
            week_one=begins - timedelta(days=begins.weekday()),
        )
    )


@builds("schedule", Anchor.SCHOOL)
async def _schedule(place: Place) -> UUID:
    return await place.keep(
        BellSchedule(
            district_id=place.district.id,
            campus_id=await place.the("campus"),
            stage="2",
            name="作息",
            valid=A_PAST_YEAR,
        )
    )


async def _a_day(place: Place, scope: str, scope_id: UUID) -> tuple[date, UUID]:
    day = date(_year_of(place), 5, 1)
    decided = CalendarDay(
        district_id=place.district.id, scope=scope, scope_id=scope_id, on_date=day, kind="off"
    )
    return day, await place.keep(decided)


@builds("calendar_day", Anchor.SCHOOL)
async def _calendar_day(place: Place) -> UUID:
    return (await _a_day(place, "school", place.school.id))[1]


@builds("school_date", Anchor.SCHOOL)
async def _school_date(place: Place) -> date:
    await place.the("calendar_day")
    return date(_year_of(place), 5, 1)


@builds("group_date", Anchor.GROUP)
async def _group_date(place: Place) -> date:
    return (await _a_day(place, "group", place.group.id))[0]


@builds("district_date", Anchor.DISTRICT)
async def _district_date(place: Place) -> date:
    return (await _a_day(place, "district", place.district.id))[0]


@builds("district", Anchor.DISTRICT)
async def _district(place: Place) -> UUID:
    return UUID(str(place.district.id))


@builds("scope_school", Anchor.EVERYWHERE)
async def _scope_school(_: Place) -> str:
    return "school"


@builds("scope_group", Anchor.EVERYWHERE)
async def _scope_group(_: Place) -> str:
    return "group"


@builds("scope_district", Anchor.EVERYWHERE)
async def _scope_district(_: Place) -> str:
    return "district"


@builds("known_year", Anchor.EVERYWHERE)
async def _known_year(_: Place) -> int:
    return 2026


@builds("unknown_year", Anchor.EVERYWHERE)
async def _unknown_year(_: Place) -> int:
    return 2039


@builds("noticed_year", Anchor.DISTRICT)
async def _noticed_year(place: Place) -> int:
    year = _year_of(place)
    await place.keep(CalendarNotice(district_id=place.district.id, year=year))
    return year


# Itinerant teaching


@builds("host_campus", Anchor.SCHOOL)
async def _host_campus(place: Place) -> UUID:
    return UUID(str((await place.make.campus(school=place.helper)).id))


@builds("host_class", Anchor.SCHOOL)
async def _host_class(place: Place) -> UUID:
    section = ClassSection(
        district_id=place.district.id,
        school_id=place.helper.id,
        campus_id=await place.the("host_campus"),
        code=f"2023-{place.number()}",
        stage="2",
        grade=4,
        number=1,
        name="四年级1班",
        valid=ALWAYS,
    )
    return await place.keep(section)


def _shortage_at(place: Place, *, school_id: UUID, **more: Any) -> Shortage:
    first = _year_of(place) + 1
    return Shortage(
        district_id=place.district.id,
        school_id=school_id,
        group_id=place.group.id,
        subject="24",
        stage="2",
        lessons_per_week=2,
        half_days=["2-am"],
        valid=days(date(first, 9, 1), date(first + 1, 1, 10)),
        filed_by="a test",
        filed_by_name="测试",
        filed_at=clock.now(),
        **more,
    )


@builds("shortage", Anchor.SCHOOL)
async def _shortage(place: Place) -> UUID:
    where = {"campus_id": await place.the("campus"), "term_id": await place.the("term")}
    section = [await place.the("class")]
    return await place.keep(
        _shortage_at(place, school_id=place.school.id, class_ids=section, **where)
    )


@builds("shortage_offer", Anchor.TEACHER)
async def _shortage_offer(place: Place) -> UUID:
    """To the helper's school, so that no other place has a share in it."""
    where = {"campus_id": await place.the("host_campus"), "term_id": await place.the("term")}
    section = [await place.the("host_class")]
    shortage = _shortage_at(
        place, school_id=place.helper.id, class_ids=section, state="offered", **where
    )
    shortage_id = await place.keep(shortage)
    pattern = {"weekday": 2, "period": 3, "parity": "every", "class_ids": [str(section[0])]}
    pattern |= dict.fromkeys(("weeks", "room_id", "valid_from", "valid_until"))
    return await place.keep(
        ShortageOffer(
            district_id=place.district.id,
            shortage_id=shortage_id,
            teacher_id=place.teacher.id,
            home_school_id=place.school.id,
            across_groups=True,
            valid=shortage.valid,
            patterns=[pattern],
            half_lessons=2,
            expires_at=clock.now() + timedelta(days=20),
            offered_by="a test",
            offered_by_name="测试",
            offered_at=clock.now(),
        )
    )


@builds("itinerant_version", Anchor.GROUP)
async def _itinerant_version(place: Place) -> UUID:
    return await place.keep(
        TimetableVersion(
            district_id=place.district.id,
            group_id=place.group.id,
            term_id=await place.the("term"),
            number=place.number(),
            from_date=date(_year_of(place) + 1, 9, 1),
            reason="测试",
            published_by_name="测试",
            published_at=clock.now(),
            lessons_laid=0,
            lessons_cancelled=0,
            content=[],
            diff={"added": [], "changed": [], "removed": []},
        )
    )


@builds("assignment", Anchor.TEACHER)
async def _assignment(place: Place) -> UUID:
    """From the school to the helper, so that no other place has a share in it."""
    first = _year_of(place) + 1
    valid = days(date(first, 9, 1), date(first + 1, 1, 10))
    assignment_id = await place.keep(
        Assignment(
            district_id=place.district.id,
            teacher_id=place.teacher.id,
            home_school_id=place.school.id,
            host_school_id=place.helper.id,
            campus_id=await place.the("host_campus"),
            group_id=place.group.id,
            term_id=await place.the("term"),
            subject="24",
            stage="2",
            valid=valid,
        )
    )
    await place.keep(
        AssignmentPattern(
            district_id=place.district.id,
            assignment_id=assignment_id,
            weekday=2,
            period=3,
            class_ids=[await place.the("host_class")],
            valid=valid,
        )
    )
    return assignment_id


# Mentoring


async def _a_pairing(place: Place, state: PairingState, **two: Any) -> UUID:
    beside = await place.make.teacher(school=place.school)
    row = await place.make.pairing(
        **{"mentor": beside, "mentee": beside, **two}, valid=ALWAYS, state=state
    )
    return UUID(str(row.id))


@builds("pairing", Anchor.TEACHER)
async def _pairing(place: Place) -> UUID:
    return await _a_pairing(place, PairingState.PROPOSED, mentor=place.teacher)


@builds("accepted_pairing", Anchor.TEACHER)
async def _accepted_pairing(place: Place) -> UUID:
    return await _a_pairing(place, PairingState.ACCEPTED, mentor=place.teacher)


@builds("active_pairing", Anchor.TEACHER)
async def _active_pairing(place: Place) -> UUID:
    return await _a_pairing(place, PairingState.ACTIVE, mentor=place.teacher)


@builds("own_pairing", Anchor.TEACHER)
async def _own_pairing(place: Place) -> UUID:
    return await _a_pairing(place, PairingState.ACTIVE, mentor=place.teacher)


@builds("visit", Anchor.TEACHER)
async def _visit(place: Place) -> UUID:
    row = await place.make.visit(
        pairing=await place.the("own_pairing"),
        campus=await place.the("campus"),
        starts_at=datetime(2060, 1, 1, 1, tzinfo=UTC),
    )
    return UUID(str(row.id))


@builds("goal_plan", Anchor.TEACHER)
async def _goal_plan(place: Place) -> UUID:
    plan = GoalPlan(
        district_id=place.district.id,
        pairing_id=await place.the("own_pairing"),
        term_id=await place.the("term"),
        items=[],
    )
    return await place.keep(plan)


@builds("growth_plan", Anchor.TEACHER)
async def _growth_plan(place: Place) -> UUID:
    plan = GrowthPlan(
        district_id=place.district.id,
        mentee_id=await place.the("mentee"),
        valid=days(date(2040, 9, 1), date(2043, 9, 1)),
        vision="骨干教师",
        years=[],
    )
    return await place.keep(plan)


async def _an_entry(place: Place, *, mine: bool) -> UUID:
    beside = await place.make.teacher(school=place.school)
    pairing = await place.make.pairing(mentor=place.teacher, mentee=beside, valid=ALWAYS)
    row = await place.make.log_entry(pairing=pairing, writer=place.teacher if mine else beside)
    return UUID(str(row.id))


@builds("log_entry", Anchor.TEACHER)
async def _log_entry(place: Place) -> UUID:
    return await _an_entry(place, mine=False)


@builds("own_log_entry", Anchor.TEACHER)
async def _own_log_entry(place: Place) -> UUID:
    return await _an_entry(place, mine=True)


async def _an_appraisal(place: Place, **values: Any) -> UUID:
    beside = await place.make.teacher(school=place.school)
    pairing = await place.make.pairing(mentor=place.teacher, mentee=beside, valid=ALWAYS)
    row = await place.make.appraisal(pairing=pairing, **values)
    return UUID(str(row.id))


@builds("appraisal", Anchor.TEACHER)
async def _appraisal(place: Place) -> UUID:
    return await _an_appraisal(place)


@builds("heard_appraisal", Anchor.TEACHER)
async def _heard_appraisal(place: Place) -> UUID:
    return await _an_appraisal(place, said={"self": 80, "school": 90})


@builds("excellent_appraisal", Anchor.TEACHER)
async def _excellent_appraisal(place: Place) -> UUID:
    return await _an_appraisal(place, kind="final", score=95, grade="excellent")


@builds("mentor", Anchor.TEACHER)
async def _mentor(place: Place) -> UUID:
    await place.the("pairing")
    return UUID(str(place.teacher.id))


@builds("mentee", Anchor.TEACHER)
async def _mentee(place: Place) -> UUID:
    await _a_pairing(place, PairingState.ACTIVE, mentee=place.teacher)
    return UUID(str(place.teacher.id))


# Programmes


async def _a_programme(place: Place, *, group: bool = True, **values: Any) -> UUID:
    row = await place.make.programme(
        year=await place.the("school_year"),
        group=place.group if group else None,
        valid=days(date(_year_of(place), 8, 1), date(_year_of(place) + 1, 8, 1)),
        **values,
    )
    return UUID(str(row.id))


@builds("programme", Anchor.GROUP)
async def _programme(place: Place) -> UUID:
    return await _a_programme(place, state="draft")


@builds("open_programme", Anchor.GROUP)
async def _open_programme(place: Place) -> UUID:
    return await _a_programme(place, state="open")


@builds("district_programme", Anchor.DISTRICT)
async def _district_programme(place: Place) -> UUID:
    return await _a_programme(place, group=False, state="draft")


@builds("programme_teacher", Anchor.TEACHER)
async def _programme_teacher(place: Place) -> UUID:
    await place.make.programme_entry(programme=await place.the("programme"), teacher=place.teacher)
    return UUID(str(place.teacher.id))


@builds("cohort_mentee", Anchor.TEACHER)
async def _cohort_mentee(place: Place) -> UUID:
    return UUID(str(await place.the("programme_teacher")))


@builds("matching", Anchor.GROUP)
async def _matching(place: Place) -> UUID:
    first = _year_of(place)
    return await place.keep(
        MentoringMatching(
            district_id=place.district.id,
            programme_id=await place.the("open_programme"),
            state="done",
            valid=days(date(first, 9, 1), date(first + 1, 7, 1)),
            asked_by_name="a test",
            asked_at=clock.now(),
        )
    )


# Webhooks


@builds("webhook_endpoint", Anchor.OFFICE)
async def _webhook_endpoint(place: Place) -> UUID:
    return UUID(str((await place.make.webhook_endpoint()).id))


@builds("webhook_delivery", Anchor.OFFICE)
async def _webhook_delivery(place: Place) -> UUID:
    endpoint = await place.make.webhook_endpoint()
    return UUID(str((await place.make.webhook_delivery(endpoint=endpoint)).id))


# Workload


@builds("rate", Anchor.DISTRICT)
async def _rate(place: Place) -> UUID:
    first = _year_of(place)
    return await place.keep(
        AllowanceRate(
            district_id=place.district.id,
            kind="lesson",
            amount=Decimal("30.00"),
            band=Range(Decimal(0), None, bounds="[)"),
            valid=days(date(first, 9, 1), date(first + 2, 9, 1)),
        )
    )


@builds("coefficient", Anchor.DISTRICT)
async def _coefficient(place: Place) -> UUID:
    first = _year_of(place)
    return await place.keep(
        LessonCoefficient(
            district_id=place.district.id,
            subject="24",
            stage="2",
            factor=Decimal("1.20"),
            valid=days(date(first, 9, 1), date(first + 2, 9, 1)),
        )
    )


async def _a_statement(place: Place, month: date, state: StatementState) -> UUID:
    return await place.keep(
        Statement(
            district_id=place.district.id,
            teacher_id=place.teacher.id,
            home_school_id=place.school.id,
            month=month,
            state=state,
            digest=fingerprint([]),
        )
    )


@builds("statement", Anchor.TEACHER)
async def _statement(place: Place) -> UUID:
    this_month = clock.now().date().replace(day=1)
    return await _a_statement(place, this_month, StatementState.DRAFT)


@builds("submitted_statement", Anchor.TEACHER)
async def _submitted_statement(place: Place) -> UUID:
    return await _a_statement(place, date(2026, 2, 1), StatementState.SUBMITTED)


def _code_of(place: Place) -> str:
    number = 10**7 + list(Where).index(place.where)
    return f"{place.district.code}-{number:028}"


@builds("certificate", Anchor.TEACHER)
async def _certificate(place: Place) -> UUID:
    written = read_code(_code_of(place))
    code = written[1] if written else ""
    row = ServiceCertificate(
        district_id=place.district.id,
        year=2026,
        serial=place.number(),
        number=f"{place.district.code}-2026-{place.number():05}",
        code=code,
        code_digest=code_digest(code),
        teacher_id=place.teacher.id,
        teacher_name="演示教师",
        period=days(date(2026, 9, 1), date(2027, 2, 1)),
        facts=facts_of([], mentor_months=0, pairings=0),
        seal="0" * 64,
        issuer_name="测试区",
        issued_by_name="测试",
        issued_at=clock.now(),
    )
    return await place.keep(row)


@builds("certificate_code", Anchor.TEACHER)
async def _certificate_code(place: Place) -> str:
    await place.the("certificate")
    return _code_of(place)


# Studios


@builds("studio", Anchor.TEACHER)
async def _studio(place: Place) -> UUID:
    return UUID(str((await place.make.studio(host=place.teacher)).id))


@builds("studio_member", Anchor.TEACHER)
async def _studio_member(place: Place) -> UUID:
    other = await place.make.teacher(school=place.school)
    row = await place.make.studio_member(studio=await place.the("studio"), teacher=other)
    return UUID(str(row.id))


async def _an_activity(place: Place, *, year: int) -> UUID:
    row = await place.make.studio_activity(
        studio=await place.the("studio"),
        campus=await place.the("campus"),
        starts_at=datetime(year, 2, 1, 6, tzinfo=UTC),
        invited=[place.teacher],
    )
    return UUID(str(row.id))


@builds("studio_activity", Anchor.TEACHER)
async def _studio_activity(place: Place) -> UUID:
    return await _an_activity(place, year=2029)


@builds("past_studio_activity", Anchor.TEACHER)
async def _past_studio_activity(place: Place) -> UUID:
    return await _an_activity(place, year=2025)


# Imports


@builds("import", Anchor.OFFICE)
async def _import(place: Place) -> UUID:
    run = ImportRun(
        district_id=place.district.id,
        name="district.xlsx",
        sha256="0" * 64,
        size_bytes=4,
        state="checked",
        created_by="a test",
        created_at=clock.now(),
        checked_at=clock.now(),
    )
    return await place.keep(run)
