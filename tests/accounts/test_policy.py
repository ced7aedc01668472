"""The code carries out the policy that people decided, no more and no less."""

from uuid import uuid4

import pytest

from service.accounts.rules import ROLE_REACHES, Hat, Scope, grants_of, partner_grants
from service.kit.auth import Permission, Reach, Role
from tests.accounts.policy import PERMISSIONS, POLICY, ROLES

LETTERS = {"D": Reach.DISTRICT, "G": Reach.GROUP, "S": Reach.SCHOOL, "I": Reach.SELF}
WIDEST = (Reach.DISTRICT, Reach.GROUP, Reach.SCHOOL, Reach.SELF)


def test_the_policy_speaks_of_every_role_and_permission():
    assert set(PERMISSIONS) == {permission.value for permission in Permission}
    assert set(ROLES) == {role.value for role in Role}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_holds_what_the_policy_says_as_far_as_it_says(role: Role):
    target = uuid4()
    if role is Role.PARTNER:
        grants = partner_grants(list(Scope), [(Reach.SCHOOL, target)])
    else:
        reach = next(one for one in WIDEST if one in ROLE_REACHES[role])
        aimed = target if reach in {Reach.SCHOOL, Reach.GROUP} else None
        grants = grants_of([Hat(role, reach, aimed)], school_id=target)
    for permission in Permission:
        letter = POLICY.get((role.value, permission.value))
        expected = set() if letter is None else {LETTERS[letter]}
        found = {grant.reach for grant in grants if permission in grant.permissions}
        assert found == expected, permission
