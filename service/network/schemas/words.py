"""Words and fields that the bodies of the network share."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from service.kit.language import say
from service.network import codes


def label(list_: str, code: str) -> str:
    """The words of a national code in the reader's language; the code where nobody knows it."""
    words = codes.label_of(list_, code)
    return say(words) if words else code


def refused(kind: str, zh: str, en: str) -> PydanticCustomError:
    """A mistake with its words, for validators."""
    return PydanticCustomError(kind, "not valid", {"zh": zh, "en": en})


def _zone_exists(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        words = ("应为 IANA 时区,如 Asia/Shanghai", "must be an IANA time zone")
        raise refused("zone_unknown", *words) from None
    return value


def _known(list_: str, zh: str) -> AfterValidator:
    """A code of a national list."""

    def check(value: str) -> str:
        if codes.label_of(list_, value) is None:
            raise refused("code_unknown", f"不在{zh}代码表中", f"is not in the code list {list_}")
        return value

    return AfterValidator(check)


Name = Annotated[str, Field(min_length=1, max_length=80)]
Line = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=200, description="原因,记入审计")]
TypeCode = Annotated[
    str,
    _known("school_type", "办学类型"),
    Field(description="办学类型代码,见代码表 school_type", examples=["211"]),
]
UrbanRuralCode = Annotated[
    str,
    _known("urban_rural", "城乡类型"),
    Field(description="城乡类型代码,见代码表 urban_rural", examples=["220"]),
]
IdentifierCode = Annotated[
    str,
    Field(pattern=r"^[0-9]{10}$", description="学校标识码(10 位数字)", examples=["2150900001"]),
]
Zone = Annotated[
    str,
    AfterValidator(_zone_exists),
    Field(max_length=40, description="IANA 时区", examples=["Asia/Shanghai"]),
]
Category = Annotated[
    str | None,
    Field(max_length=40, description="集团类别,取自本区代码表 group_category;可空"),
]
Seat = Annotated[int | None, Field(description="紧密型席位(1 或 2),其他层级为空")]
ValidFrom = Annotated[date | None, Field(description="生效日期(含)")]
ValidUntil = Annotated[date | None, Field(description="失效日期(不含);空表示长期有效")]
