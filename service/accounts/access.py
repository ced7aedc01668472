"""Which accounts and partner clients somebody may see or change."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, true
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.accounts.tables import Account, AccountGrant
from service.kit.auth import Caller, Permission, Reach
from service.network.access import reaches_district, visible_schools


def visible_accounts(caller: Caller, permission: Permission) -> SelectOfScalar[UUID]:
    """The ids of the accounts that a school or group in reach keeps, or that wear a hat there."""
    return select(col(Account.id)).where(_within(caller, permission))


def _within(caller: Caller, permission: Permission) -> ColumnElement[bool]:
    if reaches_district(caller, permission):
        return true()
    schools = visible_schools(caller, permission)
    groups = [
        grant.target_id
        for grant in caller.grants_for(permission)
        if grant.reach is Reach.GROUP and grant.target_id is not None
    ]
    wearers = select(col(AccountGrant.account_id)).where(
        or_(col(AccountGrant.school_id).in_(schools), col(AccountGrant.group_id).in_(groups))
    )
    return or_(
        and_(col(Account.school_id).is_not(None), col(Account.school_id).in_(schools)),
        col(Account.id).in_(wearers),
    )
