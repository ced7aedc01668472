"""Code lists, in and out."""

from typing import Annotated, Self

from pydantic import Field
from typing_extensions import override

from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.network import codes
from service.network.tables import (
    CodeItem,
)


class CodeOut(Out):
    """An entry of a code list."""

    code: str
    label: Annotated[str, Field(description="名称(按 Accept-Language)")]
    zh: str
    en: str
    rank: int
    active: Annotated[bool, Field(description="停用的代码不能再选,已有数据不受影响")]
    version: Annotated[int, Field(description="0 表示国家代码或内置默认值")]

    @classmethod
    def given(cls, code: codes.Code, *, rank: int) -> Self:
        """A code that comes with the service."""
        zh, en = code.label
        return cls(
            code=code.code, label=say(code.label), zh=zh, en=en, rank=rank, active=True, version=0
        )

    @classmethod
    def of(cls, row: CodeItem) -> Self:
        """A district's own code."""
        return cls(
            code=row.code,
            label=say(Text(row.zh, row.en or row.zh)),
            zh=row.zh,
            en=row.en,
            rank=row.rank,
            active=row.active,
            version=row.version,
        )


class CodeItemOut(CodeOut):
    """An entry of a code list, by itself."""

    list: Annotated[str, Field(description="所属代码表", examples=["group_category"])]

    @classmethod
    @override
    def of(cls, row: CodeItem) -> Self:
        """A district's own code, with its list."""
        return cls(**CodeOut.of(row).model_dump(), list=row.list)


class CodeListOut(Out):
    """A code list."""

    name: Annotated[str, Field(examples=["group_category"])]
    title: Annotated[str, Field(description="代码表名称(按 Accept-Language)")]
    national: Annotated[bool, Field(description="true 为国家代码,不可修改;false 由本区维护")]
    items: list[CodeOut]


class CodeListsOut(Out):
    """All code lists."""

    items: list[CodeListOut]


class CodeIn(In):
    """A new entry of a district's own list."""

    code: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9_]{1,40}$",
            description="小写字母、数字、下划线;启用后不再改",
            examples=["a"],
        ),
    ]
    zh: Annotated[str, Field(min_length=1, max_length=80, examples=["第一类"])]
    en: Annotated[str, Field(max_length=120, examples=["First kind"])] = ""
    rank: Annotated[int, Field(ge=0, le=9999, description="小的在前")] = 0


class CodePatch(In):
    """What may change about a district's own entry; its code stays."""

    zh: Annotated[str, Field(min_length=1, max_length=80)] = Field(default_factory=str)
    en: Annotated[str, Field(max_length=120)] = Field(default_factory=str)
    rank: Annotated[int, Field(ge=0, le=9999, description="小的在前")] = Field(default_factory=int)
    active: Annotated[bool, Field(description="false 为停用")] = Field(default_factory=bool)
