"""Clock, ids, languages, problems, preconditions, ranges: the small pieces."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit import clock, language
from service.kit.audit import plain
from service.kit.auth import Caller, Grant, Permission, Reach, Role, system
from service.kit.conditional import ANY, Precondition, etag, matches
from service.kit.db import Outcome, asyncpg_url
from service.kit.http.deps import public
from service.kit.http.routing import Route
from service.kit.http.validation import message_for, pointer_of
from service.kit.ids import new_id
from service.kit.pinyin import pinyin_of
from service.kit.problems import (
    CATALOGUE,
    PreconditionFailed,
    Problem,
    Text,
    known_refusals,
    refusal_of,
    refuses,
    refuses_missing,
)
from service.kit.settings import settings, signing_secret
from service.kit.tables import check, covers, days, points_to


def test_today_is_the_day_of_the_place() -> None:
    with clock.freeze(datetime(2026, 9, 1, 23, 30, tzinfo=UTC)):
        assert clock.today("UTC") == date(2026, 9, 1)
        assert clock.today("Asia/Shanghai") == date(2026, 9, 2)


def test_a_frozen_clock_wants_an_aware_time() -> None:
    naive = datetime(2026, 9, 1, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"), clock.freeze(naive):
        pass


def test_ids_grow_with_time() -> None:
    made = [new_id() for _ in range(1000)]

    assert made == sorted(made)
    assert {id_.version for id_ in made} == {7}


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "zh"),
        ("en", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9", "en"),
        ("fr,de;q=0.7", "zh"),
        ("en;q=0.2,zh;q=0.1", "en"),
        ("en;q=nonsense", "zh"),
        (";;;,,", "zh"),
    ],
)
def test_the_language_follows_the_reader(header: str, chosen: str) -> None:
    assert language.choose(header) == chosen


@given(header=st.text())
def test_no_header_breaks_the_choice(header: str) -> None:
    assert language.choose(header) in {"zh", "en"}


def test_two_problems_cannot_share_a_code() -> None:
    with pytest.raises(TypeError, match="not-found"):
        type("Another", (Problem,), {"code": "not-found"})


def test_every_problem_has_both_languages_and_a_way_out() -> None:
    for code, problem in CATALOGUE.items():
        assert code == problem.code
        assert all((*problem.title, *problem.remedy)), code
        assert problem.__doc__, code


def test_a_constraint_has_one_problem_also_on_a_shard() -> None:
    refuses_missing("fk_test_only", "/test_id")

    assert refusal_of("fk_test_only_102008") is not None
    assert refusal_of("fk_nobody_knows") is None
    assert "fk_test_only" in known_refusals()
    with pytest.raises(ValueError, match="already"):
        refuses("fk_test_only", Problem)


@pytest.mark.parametrize("name", ["wrong_prefix", "ck_" + "x" * 50])
def test_constraint_names_keep_the_rules(name: str) -> None:
    with pytest.raises(ValueError, match="constraint"):
        check(name, "true")


def test_a_foreign_key_stays_in_the_district() -> None:
    key = points_to("school_id", "school", name="fk_x_school")

    assert key.column_keys == ["district_id", "school_id"]


@pytest.mark.parametrize(
    ("header", "current", "weakly", "expected"),
    [
        ("*", '"1"', False, True),
        ('"1"', '"1"', False, True),
        ('"2", "1"', '"1"', False, True),
        ('W/"1"', '"1"', False, False),
        ('W/"1"', '"1"', True, True),
        ('"1"', 'W/"1"', False, False),
        ('"2"', '"1"', True, False),
    ],
)
def test_tags_compare_as_the_standard_says(
    header: str, current: str, *, weakly: bool, expected: bool
) -> None:
    assert matches(header, current, weakly=weakly) is expected


def test_a_precondition_gives_the_current_tag() -> None:
    ANY.check(7)
    Precondition('"7"').check(7)
    with pytest.raises(PreconditionFailed) as refused:
        Precondition('"6"').check(7)
    assert refused.value.headers == {"ETag": etag(7)}


def test_a_caller_may_what_its_hats_allow() -> None:
    read = Grant(Role.TEACHER, frozenset({Permission.ME_READ}), Reach.SELF)
    caller = Caller(district_id=new_id(), name="t", client_id="c", grants=(read,))

    assert caller.may(Permission.ME_READ)
    assert not caller.may(Permission.STAFF_READ)
    assert caller.grants_for(Permission.ME_READ) == [read]
    assert caller.key == "c"
    assert all(system(new_id()).may(permission) for permission in Permission)


@given(
    start=st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)),
    length=st.integers(1, 1000),
    offset=st.integers(-1100, 2100),
)
def test_ranges_are_half_open(start: date, length: int, offset: int) -> None:
    until = start + timedelta(days=length)

    assert covers(days(start, until), start + timedelta(days=offset)) == (0 <= offset < length)


def test_open_ranges_have_no_end() -> None:
    assert covers(days(None, None), date(1999, 1, 1))
    assert not covers(days(None, date(1999, 1, 1)), date(1999, 1, 1))


def test_the_audit_holds_plain_values() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert plain(
        {
            "range": days(date(2026, 9, 1), None),
            "at": datetime(2026, 9, 1, 8, tzinfo=shanghai),
            "kind": Role.TEACHER,
            "items": (1, {"a": None}),
        }
    ) == {
        "range": ["2026-09-01", None],
        "at": "2026-09-01T08:00:00+08:00",
        "kind": "teacher",
        "items": [1, {"a": None}],
    }


def test_pointers_escape_what_json_pointers_escape() -> None:
    assert pointer_of(("body", "a/b", 0, "c~d")) == "/a~1b/0/c~0d"
    assert pointer_of(("query", "limit")) == "query/limit"


def test_an_unknown_mistake_still_says_something() -> None:
    assert message_for("brand_new", {}).en == "is not valid (brand_new)"
    assert message_for("own", {"zh": "中", "en": "e"}) == Text("中", "e")
    assert message_for("enum", {}).en == "must be one of "


def test_outcomes_add_up() -> None:
    assert Outcome(1, 2, 3) + Outcome(1, 1, 1) == Outcome(2, 3, 4)


def test_addresses_get_the_driver() -> None:
    assert asyncpg_url("postgres://h/d") == "postgresql+asyncpg://h/d"
    assert asyncpg_url("postgresql+asyncpg://h/d") == "postgresql+asyncpg://h/d"


def test_a_server_without_a_secret_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUANGGE_SECRET")
    settings.cache_clear()
    with pytest.raises(RuntimeError, match="HUANGGE_SECRET"):
        signing_secret()
    monkeypatch.undo()
    settings.cache_clear()


def test_a_name_is_sorted_as_it_is_spoken() -> None:
    assert pinyin_of("江湾 第1小学") == "jiangwandi1xiaoxue"


def test_an_operation_is_analysed_once_however_many_ask_for_it_first() -> None:
    async def endpoint(_: None = public(), *, wanted: int = 0) -> int:
        return wanted

    for _ in range(20):
        route = Route("/v1/things", endpoint, methods=["GET"])
        ready = Barrier(4)

        def known(_: int, route: Route = route, ready: Barrier = ready) -> tuple[object, object]:
            ready.wait()
            return route.app, route.known_parameters

        with ThreadPoolExecutor(4) as askers:
            answers = list(askers.map(known, range(4)))

        assert answers == [(route.app, frozenset({"wanted"}))] * 4
        with pytest.raises(AttributeError, match="nonsense"):
            _ = route.nonsense
