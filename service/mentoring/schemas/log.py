"""What comes in and what goes out: the log of a pairing."""

from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.mentoring.rules import Side
from service.mentoring.rules.log import LOG_KINDS, LOG_STATES, LogKind, LogState
from service.mentoring.schemas.pairing import PartnerOut
from service.mentoring.tables import LogEntry, LogEntryVersion

_BYTES = 50 * 1024 * 1024
_EXAMPLE_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

MediaType = Literal[
    "application/pdf",
    "image/jpeg",
    "image/png",
    "video/mp4",
    "audio/mpeg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
]


class AttachmentIn(In):
    """A file that is kept elsewhere."""

    name: Annotated[
        str, Field(min_length=1, max_length=200, description="文件名", examples=["教案.pdf"])
    ]
    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2000,
            description="公网 https 网址",
            examples=["https://198.41.0.4/jiaoan.pdf"],
        ),
    ]
    sha256: Annotated[
        str,
        Field(
            pattern=r"^[0-9a-f]{64}$",
            description="文件的 SHA-256(小写十六进制)",
            examples=[_EXAMPLE_HASH],
        ),
    ]
    size: Annotated[
        int, Field(ge=1, le=_BYTES, description="字节数,不超过 50 MB", examples=[102400])
    ]
    media_type: Annotated[MediaType, Field(description="文件类型", examples=["application/pdf"])]


_Long = Annotated[str, Field(max_length=10000)]


class LogEntryIn(In):
    """What the two did."""

    kind: Annotated[
        LogKind,
        Field(
            description="observation 听课,review 评课,lesson_plan 教案指导,open_lesson 汇报课,"
            "reflection 教学反思,research 教研,meeting 面谈",
            examples=["meeting"],
        ),
    ]
    observed: Annotated[
        Side | None,
        Field(description="听谁的课:mentor 导师,mentee 徒弟;仅听课填写", examples=[None]),
    ] = None
    on_date: Annotated[date, Field(description="日期", examples=["2026-10-10"])]
    lesson_id: Annotated[
        UUID | None, Field(description="两人之一当天的课;也可留空", examples=[None])
    ] = None
    topic: Annotated[
        str, Field(min_length=1, max_length=200, description="主题", examples=["课堂提问的设计"])
    ]
    notes: Annotated[_Long, Field(description="过程记录")] = ""
    strengths: Annotated[_Long, Field(description="优点")] = ""
    advice: Annotated[_Long, Field(description="建议")] = ""
    score: Annotated[int | None, Field(ge=0, le=100, description="评分", examples=[None])] = None
    attachments: Annotated[
        list[AttachmentIn],
        Field(max_length=10, description="附件,只存网址与校验值", examples=[[]]),
    ] = Field(default_factory=list)

    @property
    def columns(self) -> dict[str, Any]:
        """As the row keeps it."""
        values = self.model_dump()
        return {**values, "kind": self.kind.value, "observed": self.observed and str(self.observed)}


class AttachmentOut(Out):
    """A file that is kept elsewhere."""

    name: str
    url: str
    sha256: str
    size: int
    media_type: str


class LogContentOut(Out):
    """What an entry says."""

    kind: LogKind
    kind_label: str
    observed: Side | None
    on_date: date
    lesson_id: UUID | None
    topic: str
    notes: str
    strengths: str
    advice: str
    score: int | None
    attachments: list[AttachmentOut]
    written_at: AwareDatetime
    confirmed_at: AwareDatetime | None


class LogEntryOut(LogContentOut):
    """An entry of a pairing's log."""

    id: UUID
    version: int
    pairing_id: UUID
    written_by: PartnerOut
    state: LogState
    state_label: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of ``queries.log.entries``."""
        entry: LogEntry
        entry, writer = row
        state = LogState(entry.state)
        return cls(
            **entry.model_dump(exclude={"district_id", "written_by", "state"}),
            kind_label=say(LOG_KINDS[LogKind(entry.kind)]),
            written_by=PartnerOut(**writer),
            state=state,
            state_label=say(LOG_STATES[state]),
        )


class LogEntryVersionOut(LogContentOut):
    """How an entry read before it was corrected."""

    number: Annotated[int, Field(description="第几稿,自 1 起")]

    @classmethod
    def of(cls, row: LogEntryVersion) -> Self:
        """A former version."""
        return cls(
            **row.content,
            kind_label=say(LOG_KINDS[LogKind(row.content["kind"])]),
            number=row.number,
            written_at=row.written_at,
            confirmed_at=row.confirmed_at,
        )
