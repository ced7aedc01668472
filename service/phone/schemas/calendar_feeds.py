"""Calendar feeds, in and out."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.http.schemas import In, Out
from service.phone.rules.calendar_feeds import FeedLanguage
from service.phone.tables import CalendarFeed


class CalendarFeedIn(In):
    """A new calendar feed."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=60,
            description="在哪里使用,便于日后辨认与撤销",
            examples=["我的手机"],
        ),
    ]
    language: Annotated[FeedLanguage, Field(description="日历内容的语言")] = FeedLanguage.ZH
    reminders: Annotated[bool, Field(description="走教课是否带“该出发了”的提醒")] = True


class CalendarFeedOut(Out):
    """An address under which a calendar app reads my schedule."""

    id: UUID
    version: int
    name: Annotated[str, Field(examples=["我的手机"])]
    language: FeedLanguage
    reminders: bool
    created_at: AwareDatetime
    last_read_at: Annotated[
        AwareDatetime | None, Field(description="日历应用最近一次读取(精确到小时);空为尚未读取")
    ]

    @classmethod
    def of(cls, row: CalendarFeed) -> Self:
        """The feed without its secret."""
        return cls(**{name: getattr(row, name) for name in CalendarFeedOut.model_fields})


class CalendarFeedWithAddressOut(CalendarFeedOut):
    """A feed and its address, told this once."""

    url: Annotated[str, Field(description="订阅地址,仅此一次显示;知道它的人都能看到课表,请勿转发")]
    webcal_url: Annotated[str, Field(description="同一地址,手机上点开即可订阅")]

    @classmethod
    def telling(cls, row: CalendarFeed, *, base_url: str, secret: str) -> Self:
        """The only time the address is seen."""
        url = f"{base_url}/calendar/{secret}.ics"
        return cls(
            **CalendarFeedOut.of(row).model_dump(),
            url=url,
            webcal_url=f"webcal://{url.partition('://')[2]}",
        )
