"""Rows of the network: the district, its schools and campuses, its groups and their members."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Numeric, SmallInteger, Text
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, Range
from sqlmodel import Field

from service.kit.db import (
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
from service.kit.ids import new_id
from service.network.rules import (
    CharterState,
    ClauseKind,
    Datum,
    DesignationKind,
    GroupKind,
    GroupState,
    OwnerKind,
    TaskState,
    Tier,
)


class District(Table, table=True):
    """The competent authority: the tenant itself, so it stands outside the wall."""

    __tablename__ = "district"
    __collection__ = "districts"
    __table_args__ = (
        Index("uq_district_code", "code", unique=True),
        check("ck_district_code", "code ~ '^[0-9]{6}$'"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    version: int = Field(default=1)
    code: str
    name: str
    name_en: str = ""
    zone: str = "Asia/Shanghai"
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)

    @property
    def district_id(self) -> UUID:
        """The district is its own tenant."""
        return self.id


class School(Versioned, table=True):
    """A school. Its 10-digit identifier and its designations are dated rows of their own.

    "Rural" is no column on purpose: it follows from ``urban_rural_code`` and the district's list.
    """

    __tablename__ = "school"
    __collection__ = "schools"
    __table_args__ = (
        unique("uq_school_name", "name"),
        index("ix_school_pinyin", "name_pinyin"),
        check("ck_school_type_code", "type_code ~ '^[0-9]{3}$'"),
        check("ck_school_urban_rural_code", "urban_rural_code ~ '^[0-9]{3}$'"),
    )

    name: str
    short_name: str = ""
    name_pinyin: str = ""
    type_code: str
    urban_rural_code: str


class SchoolIdentifier(Tenant, table=True):
    """The 学校标识码 of a school while it was valid; it changes when the category changes."""

    __tablename__ = "school_identifier"
    __table_args__ = (
        points_to("school_id", "school", name="fk_school_identifier_school"),
        no_overlap("ex_school_identifier_school", "school_id", during="valid"),
        no_overlap("ex_school_identifier_code", "code", during="valid"),
        check("ck_school_identifier_code", "code ~ '^[0-9]{10}$'"),
        check("ck_school_identifier_valid", "NOT isempty(valid)"),
    )

    school_id: UUID
    code: str
    valid: Range[date] = Field(sa_type=DATERANGE)


class SchoolDesignation(Tenant, table=True):
    """An administrative, dated designation such as 薄弱学校; it cannot be computed."""

    __tablename__ = "school_designation"
    __table_args__ = (
        points_to("school_id", "school", name="fk_school_designation_school"),
        no_overlap("ex_school_designation", "school_id", "kind", during="valid"),
        one_of("ck_school_designation_kind", "kind", DesignationKind),
        check("ck_school_designation_valid", "NOT isempty(valid)"),
    )

    school_id: UUID
    kind: str
    valid: Range[date] = Field(sa_type=DATERANGE)
    reason: str = ""


class Campus(Versioned, table=True):
    """A place where a school teaches, with its own gate, position and clock."""

    __tablename__ = "campus"
    __collection__ = "campuses"
    __table_args__ = (
        points_to("school_id", "school", name="fk_campus_school"),
        unique("uq_campus_code", "code"),
        unique("uq_campus_main", "school_id", where="main"),
        index("ix_campus_school", "school_id"),
        one_of("ck_campus_datum", "datum", Datum),
        check("ck_campus_position", "(longitude IS NULL) = (latitude IS NULL)"),
        check("ck_campus_longitude", "longitude BETWEEN -180 AND 180"),
        check("ck_campus_latitude", "latitude BETWEEN -90 AND 90"),
    )

    school_id: UUID
    code: str
    name: str
    address: str = ""
    gate: str = ""
    longitude: Decimal | None = Field(default=None, sa_type=Numeric(9, 6))
    latitude: Decimal | None = Field(default=None, sa_type=Numeric(8, 6))
    datum: str = Datum.GCJ02
    zone: str = "Asia/Shanghai"
    main: bool = False


class Group(Versioned, table=True):
    """An education group. Whether it conforms to "1 + 1–2 + N" is derived, never stored."""

    __tablename__ = "school_group"
    __collection__ = "groups"
    __table_args__ = (
        unique("uq_group_name", "name"),
        one_of("ck_group_kind", "kind", GroupKind),
        one_of("ck_group_state", "state", GroupState),
    )

    name: str
    name_pinyin: str = ""
    kind: str
    category: str | None = None
    state: str = GroupState.DRAFT
    principal_responsibility: bool = False
    founded_on: date | None = None
    dissolved_on: date | None = None


class Membership(Versioned, table=True):
    """A school in a group, with a tier, for a time. History is never rewritten.

    "Exactly one lead and at least one close member" of an active group is judged over a whole
    change, because members change places; the rest is refused by the constraints here.
    """

    __tablename__ = "membership"
    __collection__ = "memberships"
    __table_args__ = (
        points_to("group_id", "school_group", name="fk_membership_group"),
        points_to("school_id", "school", name="fk_membership_school"),
        no_overlap("ex_membership_lead", "group_id", during="valid", where="tier = 'lead'"),
        no_overlap(
            "ex_membership_seat", "group_id", "seat", during="valid", where="tier = 'close'"
        ),
        no_overlap("ex_membership_once", "group_id", "school_id", during="valid"),
        no_overlap(
            "ex_membership_core", "school_id", during="valid", where="tier IN ('lead', 'close')"
        ),
        one_of("ck_membership_tier", "tier", Tier),
        check("ck_membership_seat", "(tier = 'close') = (seat IS NOT NULL)"),
        check("ck_membership_seat_number", "seat BETWEEN 1 AND 2"),
        check("ck_membership_valid", "NOT isempty(valid)"),
    )

    group_id: UUID
    school_id: UUID
    tier: str
    seat: int | None = Field(default=None, sa_type=SmallInteger)
    valid: Range[date] = Field(sa_type=DATERANGE)


class Charter(Versioned, table=True):
    """One version of a group's charter (集团章程)."""

    __tablename__ = "charter"
    __collection__ = "charters"
    __table_args__ = (
        points_to("group_id", "school_group", name="fk_charter_group"),
        unique("uq_charter_number", "group_id", "number"),
        one_of("ck_charter_state", "state", CharterState),
    )

    group_id: UUID
    number: int = Field(sa_type=SmallInteger)
    title: str
    state: str = CharterState.DRAFT
    effective_from: date | None = None


class CharterClause(Tenant, table=True):
    """A right or duty of one tier in a charter."""

    __tablename__ = "charter_clause"
    __table_args__ = (
        points_to("charter_id", "charter", name="fk_charter_clause_charter"),
        unique("uq_charter_clause_rank", "charter_id", "rank"),
        one_of("ck_charter_clause_kind", "kind", ClauseKind),
        check("ck_charter_clause_tier", "tier IN ('lead', 'close', 'alliance')"),
    )

    charter_id: UUID
    rank: int = Field(sa_type=SmallInteger)
    tier: str | None = None
    kind: str
    text: str = Field(sa_type=Text)


class CharterSignature(Tenant, table=True):
    """A member school's signature under a charter."""

    __tablename__ = "charter_signature"
    __table_args__ = (
        points_to("charter_id", "charter", name="fk_charter_signature_charter"),
        points_to("school_id", "school", name="fk_charter_signature_school"),
        unique("uq_charter_signature", "charter_id", "school_id"),
    )

    charter_id: UUID
    school_id: UUID
    signed_on: date
    signed_by: str


class GroupHead(Versioned, table=True):
    """Who heads a group, for a time, and on which of the five criteria."""

    __tablename__ = "group_head"
    __collection__ = "group-heads"
    __table_args__ = (
        points_to("group_id", "school_group", name="fk_group_head_group"),
        no_overlap("ex_group_head", "group_id", during="valid"),
        check("ck_group_head_valid", "NOT isempty(valid)"),
    )

    group_id: UUID
    person_name: str
    teacher_number: str | None = None
    criteria: list[str] = Field(default_factory=list, sa_type=JSONB)
    valid: Range[date] = Field(sa_type=DATERANGE)


class CodeItem(Versioned, table=True):
    """An entry of a code list: national ones are loaded, a district adds its own."""

    __tablename__ = "code_item"
    __collection__ = "code-lists"
    __table_args__ = (unique("uq_code_item_code", "list", "code"),)

    list: str
    code: str
    zh: str
    en: str = ""
    rank: int = Field(default=0, sa_type=SmallInteger)
    active: bool = True


class Task(Versioned, table=True):
    """Something that waits for somebody: visible until it is done, never silently gone."""

    __tablename__ = "task"
    __collection__ = "tasks"
    __table_args__ = (
        unique("uq_task_open", "kind", "subject_collection", "subject_id", where="state = 'open'"),
        index("ix_task_owner", "owner_kind", "owner_id"),
        one_of("ck_task_owner_kind", "owner_kind", OwnerKind),
        one_of("ck_task_state", "state", TaskState),
    )

    kind: str
    subject_collection: str
    subject_id: UUID
    owner_kind: str
    owner_id: UUID | None = None
    due_on: date | None = None
    state: str = TaskState.OPEN
    title_zh: str
    title_en: str
    opened_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_reason: str | None = Field(default=None, sa_type=Text)
