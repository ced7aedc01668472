"""Rows of the accounts module: who may sign in, which hats they wear, where they are signed in."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Computed, Integer, Text
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, Range
from sqlmodel import Field

from service.kit import clock
from service.kit.auth import FieldProfile, Reach, Role
from service.kit.tables import (
    Instant,
    Table,
    Tenant,
    Versioned,
    check,
    index,
    no_overlap,
    one_of,
    points_to,
    unique,
)

_TARGET = (
    "(reach = 'school') = (school_id IS NOT NULL) AND (reach = 'group') = (group_id IS NOT NULL)"
)


class EndReason(StrEnum):
    """Why a session is over."""

    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    REUSED = "reused"
    """An old refresh token came back: somebody has a copy."""
    CREDENTIALS_CHANGED = "credentials_changed"
    DEACTIVATED = "deactivated"


class Account(Versioned, table=True):
    """Somebody who may sign in.

    Without a password hash the account signs in through the identity provider only. The teacher is
    named by id without a foreign key on purpose: staff is no lower tier. ``school_id`` is the
    school that keeps the account; without one the district's office does.
    """

    __tablename__ = "account"
    __table_args__ = (
        unique("uq_account_username", "username"),
        unique("uq_account_subject", "subject", where="subject IS NOT NULL"),
        unique("uq_account_teacher", "teacher_id", where="teacher_id IS NOT NULL"),
        check("ck_account_username", "username = lower(username) AND strpos(username, '@') = 0"),
        points_to("school_id", "school", name="fk_account_school"),
        index("ix_account_school", "school_id"),
    )
    __collection__: ClassVar[str] = "accounts"
    __private__: ClassVar[frozenset[str]] = frozenset({"password_hash"})

    username: str
    display_name: str
    password_hash: str | None = None
    subject: str | None = None
    teacher_id: UUID | None = None
    school_id: UUID | None = None
    active: bool = True


class AccountGrant(Versioned, table=True):
    """One hat of an account, for some days.

    Ended grants are kept: who could do what on a day long past must stay answerable.
    """

    __tablename__ = "account_grant"
    __table_args__ = (
        points_to("account_id", "account", name="fk_account_grant_account"),
        points_to("school_id", "school", name="fk_account_grant_school"),
        points_to("group_id", "school_group", name="fk_account_grant_group"),
        one_of("ck_account_grant_role", "role", Role),
        one_of("ck_account_grant_reach", "reach", Reach),
        check("ck_account_grant_target", _TARGET),
        check("ck_account_grant_days", "NOT isempty(valid)"),
        no_overlap("ex_account_grant", "account_id", "role", "target_id", during="valid"),
        index("ix_account_grant_school", "school_id"),
        index("ix_account_grant_group", "group_id"),
        index("ix_account_grant_role", "role"),
    )
    __collection__: ClassVar[str] = "grants"

    account_id: UUID
    role: str
    reach: str
    school_id: UUID | None = None
    group_id: UUID | None = None
    # An exclusion never catches NULL, so that a grant without a target is its district's.
    target_id: UUID | None = Field(
        default=None,
        sa_column_args=[Computed("coalesce(school_id, group_id, district_id)", persisted=True)],
    )
    valid: Range[date] = Field(sa_type=DATERANGE)


class PartnerClient(Versioned, table=True):
    """A partner's system: scopes times organisations, and how much it is told of persons.

    It proves who it is with one of two secrets, or signs with a private key of its own whose public
    half is kept here. ``last_used_at`` is noted without a version.
    """

    __tablename__ = "partner_client"
    __table_args__ = (
        unique("uq_partner_client_client_id", "client_id"),
        one_of("ck_partner_client_field_profile", "field_profile", FieldProfile),
    )
    __private__: ClassVar[frozenset[str]] = frozenset({"last_used_at"})
    __collection__: ClassVar[str] = "clients"

    client_id: str
    name: str
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    active: bool = True
    field_profile: str = FieldProfile.BASIC
    keys: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)


class ClientSecret(Tenant, table=True):
    """A secret of a client, hashed. Two slots: the old one works until the partner has the new."""

    __tablename__ = "client_secret"
    __table_args__ = (
        points_to("client_id", "partner_client", name="fk_client_secret_client"),
        check("ck_client_secret_slot", "slot IN (1, 2)"),
        unique("uq_client_secret_slot", "client_id", "slot"),
    )

    client_id: UUID
    slot: int
    secret_hash: bytes
    created_at: datetime = Field(default_factory=clock.now, sa_type=Instant)


class ClientOrganisation(Tenant, table=True):
    """A school, a group or the whole district that a client may read and write."""

    __tablename__ = "client_organisation"
    __table_args__ = (
        points_to("client_id", "partner_client", name="fk_client_organisation_client"),
        points_to("school_id", "school", name="fk_client_organisation_school"),
        points_to("group_id", "school_group", name="fk_client_organisation_group"),
        one_of("ck_client_organisation_reach", "reach", Reach),
        check("ck_client_organisation_target", _TARGET),
        unique("uq_client_organisation", "client_id", "target_id"),
    )

    client_id: UUID
    reach: str
    school_id: UUID | None = None
    group_id: UUID | None = None
    target_id: UUID | None = Field(
        default=None,
        sa_column_args=[Computed("coalesce(school_id, group_id, district_id)", persisted=True)],
    )


class ClientAssertion(Tenant, table=True):
    """A signed assertion that was used, so that whoever overhears it cannot use it again."""

    __tablename__ = "client_assertion"
    __table_args__ = (
        points_to("client_id", "partner_client", name="fk_client_assertion_client"),
        unique("uq_client_assertion_jti", "client_id", "jti_hash"),
    )

    client_id: UUID
    jti_hash: bytes
    expires_at: datetime = Field(sa_type=Instant)


class ClientUsage(Table, table=True):
    """How much a client asked on a day of the district's."""

    __tablename__ = "client_usage"
    __table_args__ = (points_to("client_id", "partner_client", name="fk_client_usage_client"),)

    district_id: UUID = Field(primary_key=True)
    client_id: UUID = Field(primary_key=True)
    on_date: date = Field(primary_key=True)
    requests: int = Field(default=0, sa_type=Integer)
    refused: int = Field(default=0, sa_type=Integer)
    failed: int = Field(default=0, sa_type=Integer)


class LoginSession(Versioned, table=True):
    """One sign-in and all tokens that descend from it.

    Of the refresh token only a hash is kept, and which generation is the present one: an older
    generation that comes back ends the session. Clients have sessions without a refresh token.
    """

    __tablename__ = "login_session"
    __table_args__ = (
        points_to("account_id", "account", name="fk_login_session_account"),
        points_to("client_id", "partner_client", name="fk_login_session_client"),
        check("ck_login_session_owner", "num_nonnulls(account_id, client_id) = 1"),
        one_of("ck_login_session_end_reason", "end_reason", EndReason),
        index("ix_login_session_account", "account_id", "expires_at"),
        index("ix_login_session_client", "client_id", "expires_at"),
        index("ix_login_session_expires", "expires_at"),
    )
    __collection__: ClassVar[str] = "sessions"
    __private__: ClassVar[frozenset[str]] = frozenset({"refresh_hash", "retry_hash"})

    account_id: UUID | None = None
    client_id: UUID | None = None
    device: str = ""
    started_at: datetime = Field(default_factory=clock.now, sa_type=Instant)
    last_used_at: datetime = Field(default_factory=clock.now, sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    end_reason: str | None = None
    generation: int = 0
    refresh_hash: bytes | None = None
    retry_hash: bytes | None = None


class AccessEpoch(Table, table=True):
    """A number per district that grows with everything that may take a right away.

    Processes remember callers for as long as it stands still.
    """

    __tablename__ = "access_epoch"

    district_id: UUID = Field(primary_key=True)
    epoch: int = Field(default=1, sa_type=BigInteger)
