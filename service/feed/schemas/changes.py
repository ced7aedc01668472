"""What the feed answers."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.changes import Op
from service.kit.http.schemas import Out


class ChangeOut(Out):
    """The last state of a row, or that it is to be forgotten."""

    collection: Annotated[str, Field(description="集合名,与接口路径一致", examples=["schools"])]
    id: UUID
    op: Annotated[Op, Field(description="upsert 新增或更新;delete 从本地删除")]
    version: Annotated[
        int | None, Field(description="版本;upsert 必有,因权限变化而删除时为空", examples=[3])
    ]
    changed_at: Annotated[
        AwareDatetime | None,
        Field(description="变更时间;快照与权限变化带来的内容没有变更时间"),
    ]
    reason: Annotated[
        Literal["gone", "scope_lost"] | None,
        Field(description="delete 的原因:gone 已不存在;scope_lost 不再属于您的可见范围"),
    ]
    data: Annotated[
        dict[str, Any] | None,
        Field(description="与该集合 GET 列表中的一项相同;delete 时为空"),
    ]


class ChangesOut(Out):
    """A page of the feed."""

    items: list[ChangeOut]
    next_token: Annotated[str, Field(description="下次请求的 since;总会返回,请与本页内容一并保存")]
    has_more: Annotated[bool, Field(description="true 表示应立即继续读取下一页")]
    as_of: Annotated[AwareDatetime, Field(description="读取时刻")]


class CollectionDigestOut(Out):
    """What a replica of a collection must come to."""

    collection: Annotated[str, Field(examples=["schools"])]
    count: Annotated[int, Field(description="可见的行数")]
    checksum: Annotated[
        str,
        Field(
            description="16 位十六进制:对每行取 SHA-256(“<id>:<version>”)的前 8 字节"
            "(大端无符号整数),求和后对 2^64 取模",
            examples=["00c0ffee12345678"],
        ),
    ]
    pending: Annotated[bool, Field(description="true 表示令牌之后还有该集合的变更,请先同步再比较")]


class DigestOut(Out):
    """The checksums of all collections the caller sees."""

    items: list[CollectionDigestOut]
    as_of: AwareDatetime
