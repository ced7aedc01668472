"""Where a client is, and what it reached."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huangge_client.replica import digest_of
from service.feed.rules.changes import (
    Former,
    Horizon,
    Place,
    Refusal,
    Scope,
    State,
    Step,
    checksum,
    following,
    kinds,
    narrowed,
    refusal_of,
)
from service.kit.auth import Caller, Grant, Permission, Reach, Role, Sight

NOW = datetime(2026, 9, 1, tzinfo=UTC)
A, B, C, D = (UUID(int=number) for number in range(1, 5))
READ, LEAVE = Permission.NETWORK_READ, Permission.LEAVE_READ


HERE = State(epoch="e", issued=NOW, collections=None, scope="s", xid=10, seq=5)


def state(**values):
    return replace(HERE, **values)


def caller(*grants, sights=None, teacher=None):
    return Caller(
        district_id=D,
        name="",
        client_id="c",
        teacher_id=teacher,
        grants=grants,
        sights=sights or {},
    )


def grant(*permissions, reach=Reach.SCHOOL, target=A, role=Role.PARTNER):
    return Grant(role, frozenset(permissions), reach, target)


places = st.none() | st.builds(Place, st.just("schools"), st.none() | st.uuids())


@given(
    inner=st.none() | st.uuids(),
    snapshot=places,
    moving=st.none() | st.tuples(st.sampled_from(Step), places.filter(bool)),
    former=st.lists(st.builds(Former, st.text(), st.integers(0, 2**62))).map(tuple),
    collections=st.none() | st.lists(st.text()).map(tuple),
)
def test_a_state_is_read_as_it_was_written(inner, snapshot, moving, former, collections):
    one = state(
        inner=inner, snapshot=snapshot, moving=moving, former=former, collections=collections
    )

    assert State.load(one.dump()) == one


def test_a_former_scope_is_kept_until_the_feed_is_read_beyond_it():
    moved = state().rescoped("t", until=20, first="schools")

    assert moved.former == (Former("s", 20),)
    assert moved.moving == (Step.GAINED, Place("schools"))
    assert not moved.is_settled
    assert moved.at(19, 0).former == moved.former
    assert moved.at(20, 0).former == ()
    assert state().is_settled
    assert not state(snapshot=Place("schools")).is_settled


@pytest.mark.parametrize(
    ("one", "refusal"),
    [
        (state(), None),
        (state(epoch="other"), Refusal.RESTORED),
        (state(xid=101), Refusal.RESTORED),
        (state(issued=NOW + timedelta(hours=2)), Refusal.RESTORED),
        (state(issued=NOW + timedelta(minutes=30)), None),
        (state(issued=NOW - timedelta(days=180)), None),
        (state(issued=NOW - timedelta(days=180, seconds=1)), Refusal.AGED),
        (state(xid=9), Refusal.TRIMMED),
        (state(xid=10, seq=4), Refusal.TRIMMED),
    ],
)
def test_a_token_is_refused_where_going_on_would_leave_a_gap(one, refusal):
    horizon = Horizon("e", 90, 100, (10, 5))

    assert refusal_of(one, horizon=horizon, now=NOW) is refusal


SIGHT = Sight(frozenset({A}), frozenset({B}), frozenset({C}))


def test_a_scope_is_read_as_it_was_written():
    whose = caller(grant(READ, LEAVE), sights={READ: SIGHT, LEAVE: SIGHT}, teacher=C)
    one = Scope(whose, ("leaves", "schools"))

    again = Scope.load(one.dump(), of=caller())

    assert again.mark == one.mark
    assert again.caller.sights == whose.sights
    assert again.dump() == one.dump()
    assert Scope(whose, ("schools",)).mark != one.mark


def test_other_rights_change_no_scope():
    mine = caller(grant(LEAVE, target=B), grant(READ, Permission.STAFF_WRITE))
    more = caller(
        grant(READ), grant(Permission.TASK_WRITE), grant(LEAVE, Permission.AUDIT_READ, target=B)
    )

    scopes = {Scope(narrowed(one, to={READ, LEAVE}), ()).mark for one in (mine, more)}

    assert len(scopes) == 1


def test_permissions_that_reach_the_same_are_looked_up_once():
    everything = grant(Permission.CODE_LIST_READ, reach=Reach.DISTRICT, target=None)
    whose = caller(
        grant(READ, LEAVE), grant(Permission.STAFF_READ, target=B), everything, grant(LEAVE)
    )
    asked = [READ, LEAVE, Permission.STAFF_READ, Permission.CODE_LIST_READ, Permission.AUDIT_READ]

    assert kinds(whose, permissions=asked) == [[LEAVE, READ], [Permission.STAFF_READ]]


def test_a_collection_is_the_same_where_its_rights_and_sights_are():
    one = Scope(caller(grant(READ, LEAVE), sights={READ: SIGHT}), ("leaves", "schools"))
    narrower = Scope(caller(grant(READ), sights={READ: SIGHT}), ("schools",))
    wider = Sight(frozenset({A, B}), SIGHT.groups, SIGHT.teachers)
    other = Scope(caller(grant(READ, LEAVE), sights={READ: wider}), ("leaves", "schools"))
    somebody = Scope(caller(grant(READ, LEAVE), sights={READ: SIGHT}, teacher=C), one.collections)

    def same(two, collection="schools", permission=READ):
        return one.same_in(two, collection=collection, permission=permission)

    assert same(one)
    assert not same(narrower, "leaves", LEAVE)
    assert not same(other)
    assert not same(somebody)
    assert not same(Scope(caller(grant(READ, target=B), sights={READ: SIGHT}), ("schools",)))


@pytest.mark.parametrize(
    ("reach", "concerns"), [((), True), ([A], True), ([B], True), ([C], True), ([D], False)]
)
def test_a_change_concerns_whom_it_names(reach, concerns):
    one = Scope(caller(grant(READ), sights={READ: SIGHT}), ("schools",))

    assert one.concerns(reach, permission=READ) is concerns


def test_everything_concerns_who_reaches_the_district_and_nothing_who_has_no_right():
    everywhere = Scope(caller(grant(READ, reach=Reach.DISTRICT, target=None)), ("schools",))

    assert everywhere.concerns([D], permission=READ)
    assert not everywhere.concerns([D], permission=LEAVE)


@given(st.dictionaries(st.uuids().map(str), st.integers(1, 2**31)))
def test_a_digest_is_the_same_in_any_order(versions):
    items = list(versions.items())

    assert digest_of(items) == digest_of(reversed(items))


def test_the_digest_that_the_guide_shows():
    """``docs/guides/partners.md`` lets a partner check an implementation against this."""
    rows = [
        ("0199a000-0000-7000-8000-000000000001", 1),
        ("0199a000-0000-7000-8000-000000000002", 12),
    ]

    assert digest_of(rows).checksum == "f4b6c0d48c04c8e0"
    assert digest_of([]).checksum == checksum(0) == "0000000000000000"
    assert checksum(-1) == "ffffffffffffffff"


def test_collections_follow_one_another_by_name():
    assert following(["a", "c"], "a") == "c"
    assert following(["a", "c"], "b") == "c"
    assert following(["a", "c"], "c") is None
