"""Routes of the feed and of webhooks, a file per noun."""

from fastapi import APIRouter

routers: list[APIRouter] = []
