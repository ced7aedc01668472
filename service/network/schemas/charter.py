"""Charters, in and out."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from service.kit.http.schemas import In, Out
from service.network.rules import (
    CharterState,
    ClauseKind,
    Tier,
    Version,
    charter_state_on,
)
from service.network.schemas.words import (
    Name,
)
from service.network.tables import (
    Charter,
    CharterClause,
    CharterSignature,
)


class ClauseIn(In):
    """A clause; without a tier it holds for all members."""

    kind: Annotated[ClauseKind, Field(description="right 权利、duty 义务、rule 规则")]
    tier: Annotated[Tier | None, Field(description="适用的层级;空表示全体成员")] = None
    text: Annotated[str, Field(min_length=1, max_length=5000, examples=["每学期开放两次教研活动"])]


class CharterIn(In):
    """A new version of the charter, in draft; also the whole text of a draft that is rewritten."""

    title: Annotated[Name, Field(examples=["集团章程(2026 版)"])]
    clauses: Annotated[list[ClauseIn], Field(min_length=1, max_length=200)]


class SignIn(In):
    """A member school's signature."""

    school_id: UUID
    signed_by: Annotated[str, Field(min_length=1, max_length=40, description="签署人姓名")]


class EnforceIn(In):
    """The day from which the charter is in force."""

    effective_from: Annotated[date, Field(description="生效日期", examples=["2027-03-01"])]


class ClauseOut(Out):
    """A clause."""

    rank: int
    kind: ClauseKind
    tier: Tier | None
    text: str


class SignatureOut(Out):
    """A signature."""

    school_id: UUID
    signed_on: date
    signed_by: str


class CharterOut(Out):
    """A version of a charter."""

    id: UUID
    version: int
    group_id: UUID
    number: Annotated[int, Field(description="章程版本号,自 1 起")]
    title: str
    state: Annotated[
        CharterState,
        Field(description="draft 草案、signing 签署中、effective 生效、replaced 被替代"),
    ]
    effective_from: date | None

    @classmethod
    def of(cls, charter: Charter, *, in_force: int | None) -> Self:
        """The charter, given which version is in force on the day."""
        return cls(**_charter_fields(charter, in_force))


def _charter_fields(charter: Charter, in_force: int | None) -> dict[str, Any]:
    state = charter_state_on(version_of(charter), in_force=in_force)
    return {
        "id": charter.id,
        "version": charter.version,
        "group_id": charter.group_id,
        "number": charter.number,
        "title": charter.title,
        "state": state,
        "effective_from": charter.effective_from,
    }


def version_of(row: Charter) -> Version:
    """A charter's version as the rules see it."""
    return Version(row.number, CharterState(row.state), row.effective_from)


class CharterDetail(CharterOut):
    """A version of a charter with clauses and signatures."""

    clauses: list[ClauseOut]
    signatures: list[SignatureOut]

    @classmethod
    def whole(
        cls,
        charter: Charter,
        *,
        in_force: int | None,
        clauses: Iterable[CharterClause],
        signatures: Iterable[CharterSignature],
    ) -> Self:
        """The charter by itself."""
        return cls(
            **_charter_fields(charter, in_force),
            clauses=[
                ClauseOut(
                    rank=one.rank,
                    kind=ClauseKind(one.kind),
                    tier=Tier(one.tier) if one.tier else None,
                    text=one.text,
                )
                for one in clauses
            ],
            signatures=[
                SignatureOut(
                    school_id=one.school_id, signed_on=one.signed_on, signed_by=one.signed_by
                )
                for one in signatures
            ],
        )
