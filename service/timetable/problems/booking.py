"""What is refused about booking rooms, and the way out."""

from collections.abc import Sequence
from typing import Any

from service.kit.problems import Conflict, NotFound, Text, refuses_missing, refuses_value


class BookingNotFound(NotFound):
    """No such booking, or not visible."""

    code = "room-booking-not-found"
    title = Text("未找到该教室预订", "Room booking not found")


class BookingOver(Conflict):
    """It was cancelled, or its time is over."""

    code = "room-booking-over"
    title = Text("该预订已取消或已结束", "The booking was cancelled or is over")
    remedy = Text("如仍需使用,请重新预订。", "Book the room again if you still need it.")


class RoomTaken(Conflict):
    """Lessons or bookings have the room at that time; ``taken`` names them."""

    code = "room-taken"
    title = Text("该教室在该时段已被占用", "The room is taken at that time")
    remedy = Text(
        "请查看 taken 中占用该教室的课或预订,改换时间或教室,或与预订人协商。",
        "See in taken which lessons or bookings have it; choose another time or room, or ask them.",
    )

    def __init__(self, *, taken: Sequence[Any] = ()) -> None:
        super().__init__(taken=list(taken))


refuses_missing("fk_room_booking_room", "/room_id")
refuses_value(
    "ck_room_booking_state", "/state", Text("取值不在允许范围内", "is none of the allowed values")
)
refuses_value(
    "ck_room_booking_time", "/ends_at", Text("应晚于开始时间", "must be after the beginning")
)
