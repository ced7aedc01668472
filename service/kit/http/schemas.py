"""The shapes every body shares: what comes in forbids strangers, what goes out is complete."""

from datetime import date, time
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from sqlalchemy.dialects.postgresql import Range

from service.kit import clock
from service.kit.tables import days

Item = TypeVar("Item")

WallTime = Annotated[time, WithJsonSchema({"type": "string", "format": "time-local"})]
"""A clock on a wall. The format ``time`` would ask for an offset (RFC 3339)."""


class In(BaseModel):
    """A body somebody sends: unknown fields are refused, never ignored."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False
    )

    @field_validator("*", mode="after")
    @classmethod
    def _lies_in_our_time(cls, value: Any) -> Any:
        if isinstance(value, date) and not clock.FIRST_YEAR <= value.year < clock.END_YEAR:
            raise PydanticCustomError("out_of_range", "lies too far away")
        return value


class Out(BaseModel):
    """An answer: every field is always there, ``null`` where it is empty."""

    model_config = ConfigDict(frozen=True)


class DayRange(In):
    """A half-open range of days ``[valid_from, valid_until)``."""

    valid_from: Annotated[date, Field(description="生效日期(含)", examples=["2026-09-01"])]
    valid_until: Annotated[
        date | None, Field(description="失效日期(不含);空表示长期有效", examples=["2027-09-01"])
    ] = None

    @model_validator(mode="after")
    def _is_not_reversed(self) -> Self:
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise PydanticCustomError("range_reversed", "until must be after from")
        return self

    @property
    def valid(self) -> Range[date]:
        """The range as the database keeps it."""
        return days(self.valid_from, self.valid_until)


class Page(Out, Generic[Item]):
    """One page of a collection; the end is the absence of ``next_cursor``."""

    items: list[Item]
    next_cursor: Annotated[str | None, Field(description="下一页游标;为空表示已到末页")]
