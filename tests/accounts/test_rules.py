"""The policy as sentences."""

from datetime import date
from uuid import uuid4

import pytest

from service.accounts.problems import (
    BeyondOwnReach,
    EndInPast,
    GrantOver,
    LastDistrictAdmin,
    ReachUnfit,
)
from service.accounts.rules import (
    GIVES,
    ROLE_PERMISSIONS,
    ROLE_REACHES,
    Hat,
    Login,
    Scope,
    Verdict,
    check_admins_left,
    check_end,
    check_gives,
    check_hat,
    grants_of,
    is_username,
    judge_refresh,
    narrowed_scopes,
    normal_name,
    partner_grants,
    read_login,
)
from service.kit.auth import Permission, Reach, Role

SCHOOL, GROUP = uuid4(), uuid4()
READS = frozenset(p for p in Permission if p.endswith(".read"))


def test_every_role_has_its_place_in_the_policy():
    assert set(ROLE_PERMISSIONS) == set(ROLE_REACHES) == set(Role)


def test_every_permission_is_held_by_somebody():
    hats = [Hat(role, reach) for role, reaches in ROLE_REACHES.items() for reach in reaches]
    held = {p for grant in grants_of(hats, school_id=SCHOOL) for p in grant.permissions}
    assert held == set(Permission)


def test_an_account_without_a_hat_may_do_nothing():
    assert grants_of([], school_id=SCHOOL) == ()


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.RESEARCHER, Role.EVALUATOR])
def test_who_looks_on_changes_nothing(role: Role):
    assert ROLE_PERMISSIONS[role] <= READS


def test_a_teacher_acts_for_oneself_and_looks_things_up_at_the_own_school():
    grants = grants_of([Hat(Role.TEACHER, Reach.SELF)], school_id=SCHOOL)

    def reaches(permission: Permission) -> set[tuple[Reach, object]]:
        return {(g.reach, g.target_id) for g in grants if permission in g.permissions}

    assert reaches(Permission.MENTORING_ANSWER) == {(Reach.SELF, None)}
    assert reaches(Permission.STAFF_READ) == {(Reach.SELF, None)}
    assert reaches(Permission.NETWORK_READ) == {(Reach.SCHOOL, SCHOOL)}
    assert reaches(Permission.CODE_LIST_READ) == {(Reach.DISTRICT, None)}
    assert not reaches(Permission.STAFF_WRITE)


def test_a_teacher_whose_account_no_school_keeps_looks_up_no_school():
    grants = grants_of([Hat(Role.TEACHER, Reach.SELF)], school_id=None)
    assert not any(Permission.NETWORK_READ in grant.permissions for grant in grants)


def test_nobody_answers_for_a_mentor():
    holders = {r for r, held in ROLE_PERMISSIONS.items() if Permission.MENTORING_ANSWER in held}
    assert holders == {Role.TEACHER}


def test_a_partner_may_what_its_scopes_say_where_its_organisations_are():
    grants = partner_grants([Scope.PEOPLE_READ], [(Reach.GROUP, GROUP), (Reach.SCHOOL, SCHOOL)])
    staff = [g for g in grants if Permission.STAFF_READ in g.permissions]
    assert [(g.reach, g.target_id) for g in staff] == [(Reach.GROUP, GROUP), (Reach.SCHOOL, SCHOOL)]
    assert not any(Permission.NETWORK_READ in g.permissions for g in grants)


def test_a_partner_without_a_scope_may_nothing():
    assert partner_grants([], [(Reach.DISTRICT, None)]) == ()


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (None, {Scope.PEOPLE_READ, Scope.GROUPS_READ}),
        ("", {Scope.PEOPLE_READ, Scope.GROUPS_READ}),
        ("  ", {Scope.PEOPLE_READ, Scope.GROUPS_READ}),
        ("people.read", {Scope.PEOPLE_READ}),
        ("groups.read people.read", {Scope.PEOPLE_READ, Scope.GROUPS_READ}),
        ("people.read schedule.read", None),
        ("made.up", None),
    ],
)
def test_a_token_has_the_scopes_asked_for_or_all_that_are_held(asked, given):
    found = narrowed_scopes(asked, held={Scope.PEOPLE_READ, Scope.GROUPS_READ})
    assert found == (None if given is None else frozenset(given))


@pytest.mark.parametrize(
    "hat",
    [
        Hat(Role.DISTRICT_ADMIN, Reach.SCHOOL, SCHOOL),
        Hat(Role.TEACHER, Reach.DISTRICT),
        Hat(Role.SCHOOL_ADMIN, Reach.GROUP, GROUP),
        Hat(Role.SCHOOL_ADMIN, Reach.SCHOOL),
        Hat(Role.TEACHER, Reach.SELF, SCHOOL),
        Hat(Role.PARTNER, Reach.DISTRICT),
    ],
)
def test_a_role_is_held_only_as_far_as_it_goes(hat: Hat):
    with pytest.raises(ReachUnfit):
        check_hat(hat)


@pytest.mark.parametrize(
    "hat",
    [
        Hat(Role.DISTRICT_ADMIN, Reach.DISTRICT),
        Hat(Role.GROUP_ADMIN, Reach.GROUP, GROUP),
        Hat(Role.SCHOOL_ADMIN, Reach.SCHOOL, SCHOOL),
        Hat(Role.TEACHER, Reach.SELF),
        Hat(Role.AUDITOR, Reach.SCHOOL, SCHOOL),
    ],
)
def test_a_fitting_role_is_accepted(hat: Hat):
    check_hat(hat)


@pytest.mark.parametrize("giver", list(Role))
def test_nobody_gives_a_role_that_holds_more_than_the_own(giver: Role):
    # A teacher's own answers are what an office gives away without holding them.
    held = ROLE_PERMISSIONS[giver] | {
        Permission.MENTORING_ANSWER,
        Permission.COVER_ANSWER,
        Permission.SWAP_ANSWER,
        Permission.SHORTAGE_ANSWER,
        Permission.MENTORING_APPRAISE,
        Permission.ATTENDANCE_CHECK_IN,
    }
    for given in GIVES.get(giver, frozenset()):
        assert ROLE_PERMISSIONS[given] <= held


def test_a_role_is_given_only_by_one_that_gives_it_and_reaches_that_far():
    check_gives(Role.SCHOOL_ADMIN, covering={Role.SCHOOL_ADMIN})
    with pytest.raises(BeyondOwnReach):
        check_gives(Role.SCHOOL_ADMIN, covering=set())
    with pytest.raises(BeyondOwnReach):
        check_gives(Role.DISTRICT_ADMIN, covering={Role.GROUP_ADMIN, Role.SCHOOL_ADMIN})


TODAY = date(2026, 10, 1)


def test_a_grant_may_end_today_or_later():
    check_end(valid_until=None, end=TODAY, today=TODAY)
    check_end(valid_until=date(2027, 1, 1), end=date(2026, 12, 1), today=TODAY)


def test_the_past_of_a_grant_is_not_rewritten():
    with pytest.raises(EndInPast):
        check_end(valid_until=None, end=date(2026, 9, 30), today=TODAY)
    with pytest.raises(GrantOver):
        check_end(valid_until=TODAY, end=TODAY, today=TODAY)


def test_somebody_must_be_left_to_let_others_in():
    check_admins_left([uuid4()])
    with pytest.raises(LastDistrictAdmin):
        check_admins_left([])


@pytest.mark.parametrize(
    ("presented", "present", "is_over", "is_retry", "verdict"),
    [
        (0, 0, False, False, Verdict.ROTATE),
        (0, 1, False, False, Verdict.REUSED),
        (0, 1, False, True, Verdict.REPEAT),
        (0, 2, False, True, Verdict.REUSED),
        (1, 1, True, False, Verdict.OVER),
        (0, 1, True, True, Verdict.OVER),
    ],
)
def test_a_refresh_token_works_once(presented, present, is_over, is_retry, verdict):
    assert (
        judge_refresh(presented=presented, present=present, is_over=is_over, is_retry=is_retry)
        is verdict
    )


@pytest.mark.parametrize(
    ("given", "login"),
    [
        ("wang", Login("wang", None)),
        ("Wang@500109", Login("wang", "500109")),
        ("  王丽@500109 ", Login("王丽", "500109")),
        ("@500109", Login("500109", None)),
        ("a@b@500109", Login("a@b", "500109")),
    ],
)
def test_the_districts_code_follows_the_last_at_sign(given: str, login: Login):
    assert read_login(given) == login


@pytest.mark.parametrize("name", ["wl", "wang.li", "王丽", "a-b_c", "x" * 64])
def test_a_username_can_be(name: str):
    assert is_username(normal_name(name))


@pytest.mark.parametrize("name", ["", "w", "wang li", "a@b", ".wang", "x" * 65, "a\nb", "wang\n"])
def test_a_username_cannot_be(name: str):
    assert not is_username(name)
