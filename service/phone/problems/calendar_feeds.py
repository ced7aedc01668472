"""What calendar feeds refuse."""

from service.kit.problems import (
    Conflict,
    NotFound,
    Text,
    TooManyRequests,
    refuses_missing,
    refuses_value,
)


class CalendarFeedNotFound(NotFound):
    """No such feed of the caller's own."""

    code = "calendar-feed-not-found"
    title = Text("未找到日历订阅", "No such calendar feed")
    remedy = Text(
        "请在“我的日历订阅”中核对;已撤销或已更换的地址不再可用。",
        "See your calendar feeds; an address that was revoked or replaced works no more.",
    )


class TooManyCalendarFeeds(Conflict):
    """The account has as many feeds as anybody needs."""

    code = "too-many-calendar-feeds"
    title = Text("日历订阅数量已达上限", "There are too many calendar feeds already")
    remedy = Text(
        "请先撤销不再使用的订阅,再新建。", "Revoke one that is no longer used, then make another."
    )


class TooManyGuesses(TooManyRequests):
    """Addresses that lead nowhere were asked for too often from one place."""

    code = "too-many-guesses"
    title = Text("无效的日历地址请求过多", "Too many calendar addresses that lead nowhere")
    remedy = Text(
        "请检查日历应用中的订阅地址,并按 Retry-After 稍候重试。",
        "Check the address in the calendar app, and wait for Retry-After seconds.",
    )

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)})


refuses_missing("fk_calendar_feed_account", "/account_id")
refuses_value("ck_calendar_feed_language", "/language", Text("应为 zh 或 en", "zh or en"))
refuses_value("uq_calendar_feed_secret", "/secret", Text("请重试", "try again"))
