"""The rows of a workbook on the calendar, laid by the same rules as the service lays them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from service.calendar.rules import (
    DayKind,
    DayScope,
    Override,
    PeriodTimes,
    TeachingDay,
    TermSpan,
    WeekParity,
    teaching_days,
)
from service.cli.demo.workbook import Book
from service.network.rules import Datum
from service.timetable.rules import (
    Duty,
    Estimate,
    Host,
    Leg,
    Parity,
    Pattern,
    Position,
    ResourceKind,
    TimeKind,
    Way,
    legs_of,
)

ZONE = ZoneInfo("Asia/Shanghai")
_NAMES = UUID("00000000-0000-0000-0000-000000000000")
_RANKS = {DayScope.DISTRICT: 0, DayScope.GROUP: 1, DayScope.SCHOOL: 2}

Row = Mapping[str, Any]


def named(*parts: object) -> UUID:
    """An id for a thing of the workbook."""
    return uuid5(_NAMES, "/".join(map(str, parts)))


class Laid:
    """A workbook's timetable with its dates."""

    def __init__(self, book: Book) -> None:
        self.rows = book.rows
        self.school_of = {row["code"]: row["school"] for row in self.rows["campus"]}
        self.stage_of = {
            (self.school_of[row["campus"]], row["code"]): row["stage"] for row in self.rows["class"]
        }
        self.campus_of = {
            (self.school_of[row["campus"]], row["code"]): row["campus"]
            for row in self.rows["class"]
        }

    @cached_property
    def terms(self) -> dict[str, TermSpan]:
        return {
            f"{row['school_year']}-{row['number']}": TermSpan(
                row["number"],
                row["first_day"],
                row["last_day"] + timedelta(days=1),
                row["week_one"],
            )
            for row in self.rows["term"]
        }

    @cached_property
    def hosts(self) -> dict[str, Host]:
        groups: dict[str, set[str]] = defaultdict(set)
        for row in self.rows["membership"]:
            if row.get("valid_through") is None:
                groups[row["school"]].add(row["group"])
        known: dict[tuple[str, ...], dict[int, list[TeachingDay]]] = {}
        hosts = {}
        for campus, school in self.school_of.items():
            mine = [
                row
                for row in self.rows["calendar_day"]
                if row.get("unit") is None or row["unit"] == school or row["unit"] in groups[school]
            ]
            key = tuple(row.get("unit") or "" for row in mine)
            if key not in known:
                known[key] = self._days(mine)
            hosts[campus] = Host(ZONE, known[key], self._bells(campus))
        return hosts

    def _days(self, rows: list[Row]) -> dict[int, list[TeachingDay]]:
        days = teaching_days(
            terms=self.terms.values(),
            overrides=[
                Override(
                    DayScope(row["scope"]),
                    _RANKS[DayScope(row["scope"])],
                    row["on_date"],
                    DayKind(row["kind"]),
                    int(row["follows_weekday"]) if "follows_weekday" in row else None,
                    WeekParity(row["follows_parity"]) if "follows_parity" in row else None,
                )
                for row in rows
            ],
            announced_years={2026},
            from_=date(2026, 8, 1),
            until=date(2027, 8, 1),
        )
        by_weekday: dict[int, list[TeachingDay]] = defaultdict(list)
        for day in days:
            by_weekday[day.weekday].append(day)
        return by_weekday

    @cached_property
    def _bell_rows(self) -> Mapping[str, list[Row]]:
        by_campus: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows["bell"]:
            by_campus[row["campus"]].append(row)
        return by_campus

    def _bells(self, campus: str) -> dict[str, Any]:
        by_stage: dict[str, dict[tuple[date, date], dict[int, PeriodTimes]]] = defaultdict(dict)
        for row in self._bell_rows[campus]:
            season = (row["valid_from"], row["valid_through"] or date.max)
            periods = by_stage[row["stage"]].setdefault(season, {})
            periods[row["period"]] = PeriodTimes(row["period"], row["starts"], row["ends"])
        return {
            stage: lambda day, seasons=seasons: next(
                (found for (first, last), found in seasons.items() if first <= day <= last), {}
            )
            for stage, seasons in by_stage.items()
        }

    def duties(self, rows: list[Row]) -> Iterator[Duty]:
        """All the time that slots take: of teachers, classes and rooms."""
        for number, row in enumerate(rows):
            campus, school = row["campus"], self.school_of[row["campus"]]
            term = self.terms[row["term"]]
            pattern = Pattern(
                int(row["weekday"]),
                row["period"],
                Parity(row.get("parity", "every")),
                row.get("weeks"),
                term.starts,
                term.until,
            )
            stage = self.stage_of[school, row["classes"][0]]
            laid = self.hosts[campus].lay_out(pattern, stage=stage)
            assert laid.silent == ()
            resources = [(ResourceKind.TEACHER, named(row["teacher"]))]
            resources += [(ResourceKind.CLASS, named(school, code)) for code in row["classes"]]
            if row.get("room"):
                resources.append((ResourceKind.ROOM, named(campus, row["room"])))
            for kind, resource in resources:
                for _, _, starts_at, ends_at in laid.occurrences:
                    yield Duty(
                        kind,
                        resource,
                        starts_at,
                        ends_at,
                        TimeKind.LESSON,
                        named(campus),
                        named("slot", number),
                    )

    def taught(self) -> list[Row]:
        """Everything that is laid: home timetables and published assignments."""
        published = [row for row in self.rows["assignment"] if row["state"] == "published"]
        return [*self.rows["home_slot"], *published]

    def legs(self, duties: list[Duty]) -> list[Leg]:
        """The ways that teachers' days ask for."""
        by_teacher: dict[UUID, list[Duty]] = defaultdict(list)
        for duty in duties:
            if duty.resource_kind is ResourceKind.TEACHER:
                by_teacher[duty.resource_id].append(duty)
        return [
            leg
            for mine in by_teacher.values()
            if len({duty.campus_id for duty in mine}) > 1
            for leg in legs_of(mine, ways=self.ways, zone=ZONE)
        ]

    @cached_property
    def ways(self) -> Mapping[tuple[UUID, UUID], Way]:
        places = {
            named(row["code"]): Position(row["longitude"], row["latitude"], Datum.GCJ02)
            for row in self.rows["campus"]
        }
        ways = {
            (here, there): Estimate().way(places[here], places[there])
            for here in places
            for there in places
        }
        for row in self.rows["travel"]:
            pair = named(row["from_campus"]), named(row["to_campus"])
            ways[pair] = Way(row["minutes"], row["buffer"], estimated=False)
        return ways
