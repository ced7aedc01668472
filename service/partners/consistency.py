"""Whether the rows of a workbook fit together, and fit what the district has already.

Pure. Everything that can be told to a row is told here, so that what the database refuses later is
the exception. A row with a problem of its own still exists: others may refer to it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations, pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.kit.problems import Text
from service.partners.columns import Column, Sheet
from service.partners.reader import Contents, Row
from service.partners.rules import Report, RowProblem
from service.partners.sheets import BY_NAME, README, SHEETS


@dataclass(frozen=True, slots=True)
class Known:
    """What the district has already, by business codes."""

    schools: Collection[str] = frozenset()
    campuses: Mapping[str, str] = field(default_factory=dict)
    """The school of each campus."""
    groups: Collection[str] = frozenset()
    teachers: Collection[str] = frozenset()
    terms: Mapping[str, tuple[date, date]] = field(default_factory=dict)
    """First and last day, by names such as ``2026-2027-1``."""
    classes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """The stage of each class, by school and code."""
    rooms: Collection[tuple[str, str]] = frozenset()
    """Campus and code."""
    periods: Mapping[tuple[str, str], Collection[int]] = field(default_factory=dict)
    """Bell periods, by campus and stage."""


@dataclass(frozen=True, slots=True)
class _Where:
    """One row of one sheet, as the place of a problem."""

    sheet: Sheet
    row: Row

    def __getitem__(self, name: str) -> Any:
        return self.row.values.get(name)

    def problem(
        self, column: str | None, code: str, message: Text, remedy: Text | None = None
    ) -> RowProblem:
        title = self.sheet.column(column).title if column else None
        return RowProblem(self.sheet.title, self.row.number, title, code, message, remedy or _CHECK)


_CHECK = Text("请核对并修改该行。", "Check and correct the row.")
_RANGE = Text("请核对开始与截止日期。", "Check the first and the last day.")
_SEAT = Text(
    "紧密型成员校至多两所,席位填 1 和 2;其他层级不填席位。",
    "At most two close members, with the seats 1 and 2; others have none.",
)

Problems = Iterator[RowProblem]


def check(contents: Contents, known: Known, *, district_code: str | None) -> Sequence[RowProblem]:
    """Everything in which the rows contradict each other or point to nothing."""
    report = Report()
    for problem in _problems(contents, _with_file(known, contents), district_code):
        report.add(problem)
    return report.finish()


def _problems(contents: Contents, known: Known, district_code: str | None) -> Problems:
    yield from _readme(contents, district_code)
    for sheet in SHEETS:
        places = [_Where(sheet, row) for row in contents.of(sheet.name)]
        yield from _references(sheet, places, known)
        if sheet.name in _BY_SHEET:
            yield from _BY_SHEET[sheet.name](places, known)


def _readme(contents: Contents, district_code: str | None) -> Problems:
    found = contents.readme.get("district_code")
    if district_code is not None and found is not None and found != district_code:
        yield RowProblem(
            README.title,
            None,
            "区县代码",
            "other-district",
            Text(
                f"文件属于区县 {found},当前区县是 {district_code}",
                f"the file belongs to district {found}, this is {district_code}",
            ),
            Text("请用本区的账号导入本区的文件。", "Import it with an account of that district."),
        )


def _with_file(known: Known, contents: Contents) -> Known:
    def rows(sheet: str) -> Iterator[Mapping[str, Any]]:
        for row in (*contents.of(sheet), *contents.flawed.get(sheet, ())):
            yield row.values

    def codes(sheet: str, column: str) -> frozenset[str]:
        return frozenset(row[column] for row in rows(sheet) if column in row)

    campuses = {row["code"]: row.get("school", "") for row in rows("campus") if "code" in row}
    campuses = {**known.campuses, **campuses}
    periods: dict[tuple[str, str], set[int]] = defaultdict(set)
    for key, numbers in known.periods.items():
        periods[key] |= set(numbers)
    for row in rows("bell"):
        periods[row.get("campus", ""), row.get("stage", "")].add(row.get("period", 0))
    return Known(
        schools={*known.schools, *codes("school", "code")},
        campuses=campuses,
        groups={*known.groups, *codes("group", "name")},
        teachers={*known.teachers, *codes("teacher", "number")},
        terms={**known.terms, **dict(_terms(rows("term")))},
        classes={
            **known.classes,
            **{
                (campuses.get(row.get("campus", ""), ""), row["code"]): row.get("stage", "")
                for row in rows("class")
                if "code" in row
            },
        },
        rooms={
            *known.rooms,
            *((row.get("campus", ""), row["code"]) for row in rows("room") if "code" in row),
        },
        periods=periods,
    )


def _terms(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[date, date]]]:
    for row in rows:
        if {"school_year", "number"} <= row.keys():
            days = (row.get("first_day", date.min), row.get("last_day", date.max))
            yield f"{row['school_year']}-{row['number']}", days


# References


def _references(sheet: Sheet, places: Sequence[_Where], known: Known) -> Problems:
    """Codes that stand neither in the file nor in the district."""
    targets: Mapping[str, Collection[str]] = {
        "school": known.schools,
        "campus": known.campuses,
        "group": known.groups,
        "teacher": known.teachers,
        "term": known.terms,
    }
    for column in sheet.columns:
        if column.refers is None:
            continue
        target = BY_NAME[column.refers.sheet]
        if column.refers.within is not None:
            yield from _inner_references(column, target, places, known)
            continue
        codes = targets[target.name]
        for place in places:
            value = place[column.name]
            if value is not None and value not in codes:
                yield place.problem(column.name, "unknown-reference", *_unknown(value, target))


def _inner_references(
    column: Column, target: Sheet, places: Sequence[_Where], known: Known
) -> Problems:
    for place in places:
        value = place[column.name]
        if value is None or place["campus"] not in known.campuses:
            continue
        for code in value if isinstance(value, tuple) else (value,):
            if target.name == "room":
                found = (place["campus"], code) in known.rooms
            else:
                found = (known.campuses[place["campus"]], code) in known.classes
            if not found:
                yield place.problem(
                    column.name, "unknown-reference", *_unknown(code, target, place["campus"])
                )


def _unknown(code: str, target: Sheet, campus: str | None = None) -> tuple[Text, Text]:
    at, there = (f"校区 {campus} 的", f" for campus {campus}") if campus else ("", "")
    return (
        Text(
            f"“{target.title}”表和系统中都没有{at}“{code}”",
            f"neither the sheet {target.title} nor the district has {code}{there}",
        ),
        Text(
            f"请核对代码,或在“{target.title}”表中补上这一行。",
            f"Check the code, or add a row to the sheet {target.title}.",
        ),
    )


# Ranges


def _reversed(
    places: Sequence[_Where], first: str = "valid_from", last: str = "valid_through"
) -> Problems:
    for place in places:
        from_, through = place[first], place[last]
        if from_ is not None and through is not None and through < from_:
            yield place.problem(
                last,
                "reversed-range",
                Text("截止日期早于开始日期", "the last day is before the first"),
                _RANGE,
            )


def _overlap(one: _Where, other: _Where) -> bool:
    return _starts(one) <= _ends(other) and _starts(other) <= _ends(one)


def _starts(place: _Where) -> date:
    found: date | None = place["valid_from"]
    return date.min if found is None else found


def _ends(place: _Where) -> date:
    found: date | None = place["valid_through"]
    return date.max if found is None else found


def _grouped(places: Iterable[_Where], *names: str) -> Mapping[tuple[Any, ...], Sequence[_Where]]:
    groups: dict[tuple[Any, ...], list[_Where]] = defaultdict(list)
    for place in places:
        groups[tuple(place[name] for name in names)].append(place)
    return groups


def _overlapping(places: Iterable[_Where], *names: str) -> Iterator[tuple[_Where, _Where]]:
    """Pairs that agree in the columns and overlap in time, the later row second."""
    for group in _grouped(places, *names).values():
        for one, other in _pairs(group):
            if _overlap(one, other):
                yield one, other


_COMPARED = 60
"""Each with each is quadratic; more rows of one key than this are left to the database."""


def _pairs(group: Sequence[_Where]) -> Iterator[tuple[_Where, _Where]]:
    return combinations(group[:_COMPARED], 2)


def _same_as(row: int) -> str:
    return f"第 {row} 行"


# Sheet by sheet


def _schools(places: Sequence[_Where], _: Known) -> Problems:
    yield from _reversed(places, "weak_from", "weak_through")
    for place in places:
        if place["weak_through"] is not None and place["weak_from"] is None:
            yield place.problem(
                "weak_from",
                "missing",
                Text("填了截止日期,就要填认定日期", "is needed where an end is given"),
            )
    for one, other in _same(places, "name"):
        yield other.problem(
            "name",
            "duplicate",
            Text(
                f"与{_same_as(one.row.number)}的学校名称相同", f"row {one.row.number} has this name"
            ),
        )


def _same(places: Sequence[_Where], *names: str) -> Iterator[tuple[_Where, _Where]]:
    for group in _grouped(places, *names).values():
        for other in group[1:]:
            yield group[0], other


def _campuses(places: Sequence[_Where], _: Known) -> Problems:
    for place in places:
        if (place["longitude"] is None) != (place["latitude"] is None):
            yield place.problem(
                "longitude",
                "incomplete-position",
                Text(
                    "经度和纬度应同时填写或同时空白", "needs both longitude and latitude, or none"
                ),
            )
        if not _is_zone(place["zone"]):
            yield place.problem(
                "zone",
                "unknown-zone",
                Text("不是有效的时区", "is not a time zone"),
                Text("请填 Asia/Shanghai,或留空。", "Write Asia/Shanghai, or leave it empty."),
            )
    for one, other in _same([place for place in places if place["main"]], "school"):
        yield other.problem(
            "main",
            "second-main-campus",
            Text(
                f"{_same_as(one.row.number)}已是该校的主校区",
                f"row {one.row.number} is the main campus of this school",
            ),
            Text("每所学校只能有一个主校区。", "A school has one main campus."),
        )


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _memberships(places: Sequence[_Where], _: Known) -> Problems:
    yield from _reversed(places)
    for place in places:
        if place["tier"] != "close" and place["seat"] is not None:
            yield place.problem(
                "seat",
                "seat-does-not-fit",
                Text("席位与层级不符", "the seat does not fit the tier"),
                _SEAT,
            )
    leads = [place for place in places if place["tier"] == "lead"]
    for one, other in _overlapping(leads, "group"):
        yield other.problem(
            "tier",
            "second-lead",
            Text(
                f"{_same_as(one.row.number)}已是该集团的牵头学校",
                f"row {one.row.number} leads this group already",
            ),
            Text("一个集团同一时间只有一所牵头学校。", "A group has one lead school at a time."),
        )
    seated = [place for place in places if place["tier"] == "close" and place["seat"] is not None]
    for one, other in _overlapping(seated, "group", "seat"):
        yield other.problem(
            "seat",
            "seat-taken",
            Text(f"{_same_as(one.row.number)}已占用该席位", f"row {one.row.number} has this seat"),
            _SEAT,
        )
    for one, other in _overlapping(places, "group", "school"):
        yield other.problem(
            "valid_from",
            "overlapping-membership",
            Text(f"与{_same_as(one.row.number)}的时间重叠", f"overlaps row {one.row.number}"),
            _RANGE,
        )
    core = [place for place in places if place["tier"] in {"lead", "close"}]
    for one, other in _overlapping(core, "school"):
        if one["group"] != other["group"]:
            yield other.problem(
                "school",
                "core-of-two-groups",
                Text(
                    f"该校同时是“{one['group']}”({_same_as(one.row.number)})的牵头或紧密型成员",
                    f"is a lead or close member of {one['group']} too (row {one.row.number})",
                ),
                Text(
                    "一所学校同一时间只能在一个集团担任牵头或紧密型成员,可改为联盟型。",
                    "A school leads or is close in one group at a time; make it an alliance.",
                ),
            )


def _teachers(places: Sequence[_Where], _: Known) -> Problems:
    yield from _reversed(places, "joined_on", "last_day")
    for place in places:
        if (place["backbone_level"] is None) != (place["backbone_grantor"] is None):
            yield place.problem(
                "backbone_grantor",
                "incomplete-honour",
                Text(
                    "骨干称号与授予级别应同时填写", "a backbone level and its grantor go together"
                ),
            )
        since, born = place["teaching_since"], place["birth_year"]
        if since is not None and born is not None and since.year <= born:
            yield place.problem(
                "teaching_since",
                "implausible-date",
                Text("从教日期早于出生年份", "is before the year of birth"),
            )


def _term_rows(places: Sequence[_Where], _: Known) -> Problems:
    yield from _reversed(places, "first_day", "last_day")
    for place in places:
        first, second = (int(year) for year in place["school_year"].split("-"))
        if second != first + 1:
            yield place.problem(
                "school_year",
                "wrong-form",
                Text("学年应为相邻两年", "a school year is two years in a row"),
                Text("如 2026-2027。", "For example 2026-2027."),
            )
        week_one, first_day = place["week_one"], place["first_day"]
        if week_one.isoweekday() != 1 or not 0 <= (first_day - week_one).days <= _WEEK_ONE_DAYS:
            yield place.problem(
                "week_one",
                "not-week-one",
                Text(
                    "应为开学日期所在周的星期一", "must be the Monday of the week of the first day"
                ),
            )
    ordered = sorted(places, key=lambda place: place["first_day"])
    for one, other in pairwise(ordered):
        if other["first_day"] <= one["last_day"]:
            yield other.problem(
                "first_day",
                "overlapping-terms",
                Text(f"与{_same_as(one.row.number)}重叠", f"overlaps row {one.row.number}"),
                _RANGE,
            )


_WEEK_ONE_DAYS = 6


def _calendar_days(places: Sequence[_Where], known: Known) -> Problems:
    for place in places:
        yield from _unit(place, known)
        follows = place["follows_weekday"] is not None or place["follows_parity"] is not None
        if follows and place["kind"] != "teach":
            yield place.problem(
                "follows_weekday",
                "follows-without-teaching",
                Text("只有“上课”的日子才能指定课表", "only a teaching day follows a timetable"),
            )


def _unit(place: _Where, known: Known) -> Problems:
    scope, unit = place["scope"], place["unit"]
    if scope == "district":
        if unit is not None:
            yield place.problem(
                "unit",
                "unit-not-expected",
                Text("全区的安排不填单位", "must be empty for the district"),
            )
    elif unit is None:
        yield place.problem("unit", "missing", Text("不能为空", "may not be empty"))
    elif unit not in (known.groups if scope == "group" else known.schools):
        yield place.problem("unit", "unknown-reference", *_unknown(unit, BY_NAME[scope]))


def _bells(places: Sequence[_Where], _: Known) -> Problems:
    yield from _reversed(places)
    for place in places:
        if place["ends"] <= place["starts"]:
            yield place.problem(
                "ends", "reversed-range", Text("下课早于上课", "ends before it starts")
            )
    for schedule in _grouped(places, "campus", "stage", "valid_from").values():
        yield from _schedule(schedule)
    firsts = [
        group[0]
        for group in _grouped(places, "campus", "stage", "valid_from", "valid_through").values()
    ]
    for one, other in _overlapping(firsts, "campus", "stage"):
        yield other.problem(
            "valid_from",
            "overlapping-bells",
            Text(
                f"与{_same_as(one.row.number)}的作息时间段重叠",
                f"overlaps the bells of row {one.row.number}",
            ),
            Text(
                "前一套作息的截止日期应早于后一套的启用日期。",
                "The former bells end before the next begin.",
            ),
        )


def _schedule(places: Sequence[_Where]) -> Problems:
    for place in places[1:]:
        if place["name"] != places[0]["name"]:
            yield place.problem(
                "name",
                "contradiction",
                Text(
                    f"与{_same_as(places[0].row.number)}的作息名称不同",
                    f"differs from row {places[0].row.number}",
                ),
                Text(
                    "同一校区、学段、启用日期的各节课属于一套作息,名称应相同。",
                    "The periods of one campus, stage and first day are one schedule.",
                ),
            )
    ordered = sorted(places, key=lambda place: place["period"])
    for one, other in pairwise(ordered):
        if other["starts"] < one["ends"]:
            yield other.problem(
                "starts",
                "overlapping-periods",
                Text(
                    f"与{_same_as(one.row.number)}的一节重叠或次序颠倒",
                    f"overlaps the period of row {one.row.number}, or comes before it",
                ),
            )


def _classes(places: Sequence[_Where], known: Known) -> Problems:
    yield from _reversed(places)
    seen: dict[tuple[str, str], _Where] = {}
    for place in places:
        school = known.campuses.get(place["campus"])
        if school is None:
            continue
        first = seen.setdefault((school, place["code"]), place)
        if first is not place:
            yield place.problem(
                "code",
                "duplicate",
                Text(
                    f"该校{_same_as(first.row.number)}已有此班级代码",
                    f"row {first.row.number} of this school has the code",
                ),
                Text("班级代码在一所学校内唯一。", "A class code is unique in its school."),
            )


def _ways(places: Sequence[_Where], _: Known) -> Problems:
    for place in places:
        if place["from_campus"] == place["to_campus"]:
            yield place.problem(
                "to_campus",
                "same-campus",
                Text("出发与到达是同一校区", "leads to where it begins"),
            )


def _slots(places: Sequence[_Where], known: Known) -> Problems:
    yield from _reversed(places)
    for place in places:
        days = known.terms.get(place["term"])
        if days is not None and not _within(place, days):
            yield place.problem(
                "valid_from",
                "outside-term",
                Text("启用或截止日期不在学期内", "lies outside the term"),
                Text("请改为学期内的日期,或留空。", "Use days of the term, or leave it empty."),
            )
        yield from _period(place, known)
    yield from _clashes(places, known)


def _within(place: _Where, days: tuple[date, date]) -> bool:
    return all(
        day is None or days[0] <= day <= days[1]
        for day in (place["valid_from"], place["valid_through"])
    )


def _stages(place: _Where, known: Known) -> set[str]:
    school = known.campuses.get(place["campus"])
    return {
        stage for code in place["classes"] if (stage := known.classes.get((school or "", code)))
    }


def _period(place: _Where, known: Known) -> Problems:
    stages = _stages(place, known)
    if len(stages) > 1:
        yield place.problem(
            "classes",
            "mixed-stages",
            Text("合班的班级不在同一学段", "the classes are of different stages"),
            Text("请按学段分成两行。", "Make a row for each stage."),
        )
    for stage in stages:
        periods = known.periods.get((place["campus"], stage))
        if not periods:
            yield place.problem(
                "campus",
                "no-bells",
                Text(
                    "该校区没有这个学段的作息", "the campus has no bells for the stage of the class"
                ),
                Text("请在“作息”表中补上。", "Add them to the sheet 作息."),
            )
        elif place["period"] not in periods:
            yield place.problem(
                "period",
                "no-such-period",
                Text(
                    f"该校区的作息中没有第 {place['period']} 节",
                    f"the campus has no period {place['period']}",
                ),
                Text(f"可用节次:{_numbers(periods)}。", f"There are {_numbers(periods)}."),
            )


def _numbers(numbers: Collection[int]) -> str:
    return "、".join(str(number) for number in sorted(numbers))


def _clashes(places: Sequence[_Where], known: Known) -> Problems:
    """Teachers and classes asked for twice at one campus and bell; clocks are judged later."""
    by_teacher: dict[tuple[Any, ...], list[_Where]] = defaultdict(list)
    by_class: dict[tuple[Any, ...], list[_Where]] = defaultdict(list)
    for place in places:
        time = (place["term"], place["campus"], place["weekday"], place["period"])
        by_teacher[*time, place["teacher"], *sorted(_stages(place, known))].append(place)
        for code in place["classes"]:
            by_class[*time, code].append(place)
    for groups, column, zh, en in (
        (by_teacher, "teacher", "该教师", "the teacher is taken"),
        (by_class, "classes", "该班", "the class is taken"),
    ):
        for group in groups.values():
            for one, other in _pairs(group):
                if _overlap(one, other) and _meet(one, other):
                    yield other.problem(
                        column,
                        f"{'teacher' if column == 'teacher' else 'class'}-busy",
                        Text(
                            f"{zh}此时已有课({_same_as(one.row.number)})",
                            f"{en} by row {one.row.number} at this time",
                        ),
                        Text(
                            "请改时间;合班上课应写在同一行,班级代码用顿号分隔。",
                            "Choose another time; classes taught together share one row.",
                        ),
                    )


def _meet(one: _Where, other: _Where) -> bool:
    """Whether two rows share a teaching week."""
    parities = {one["parity"], other["parity"]}
    if parities == {"odd", "even"}:
        return False
    return bool(_weeks(one) & _weeks(other))


_ALL_WEEKS = frozenset(range(1, 31))


def _weeks(place: _Where) -> frozenset[int]:
    weeks = _ALL_WEEKS if place["weeks"] is None else frozenset(place["weeks"])
    if place["parity"] == "every":
        return weeks
    return frozenset(week for week in weeks if week % 2 == (place["parity"] == "odd"))


def _assignments(places: Sequence[_Where], known: Known) -> Problems:
    yield from _slots(places, known)
    shared = ("term", "teacher", "subject", "campus", "classes", "state")
    for rows in _grouped(places, "code").values():
        for place in rows[1:]:
            for name in (*shared, "valid_from", "valid_through"):
                if place[name] != rows[0][name]:
                    yield place.problem(
                        name,
                        "contradiction",
                        Text(
                            f"与同一安排的{_same_as(rows[0].row.number)}不同",
                            f"differs from row {rows[0].row.number} of the same assignment",
                        ),
                        Text(
                            "编号相同的行只能在星期、节次、单双周、周次和教室上不同。",
                            "Rows with one code differ only in their weekly time and room.",
                        ),
                    )


def _pairings(places: Sequence[_Where], _: Known) -> Problems:
    yield from _reversed(places)
    for place in places:
        if place["mentor"] == place["mentee"]:
            yield place.problem(
                "mentee", "self-mentoring", Text("导师和徒弟是同一人", "mentors himself or herself")
            )
    active = [place for place in places if place["state"] == "active"]
    for one, other in _overlapping(active, "mentee", "role"):
        yield other.problem(
            "role",
            "second-mentor",
            Text(
                f"该徒弟同一角色已有导师({_same_as(one.row.number)})",
                f"row {one.row.number} is the mentor in this role",
            ),
            Text("同一角色同一时间只有一位导师。", "There is one mentor per role at a time."),
        )


_BY_SHEET: Mapping[str, Callable[[Sequence[_Where], Known], Problems]] = {
    "school": _schools,
    "campus": _campuses,
    "group": lambda places, _: _reversed(places),
    "membership": _memberships,
    "teacher": _teachers,
    "term": _term_rows,
    "calendar_day": _calendar_days,
    "bell": _bells,
    "class": _classes,
    "travel": _ways,
    "home_slot": _slots,
    "assignment": _assignments,
    "pairing": _pairings,
}
