"""What itinerant teaching wants to hear from below; imported by ``wiring``."""

from service.itinerant.watch import members_changed
from service.network.turnover import on_turnover

on_turnover(members_changed)
