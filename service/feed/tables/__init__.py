"""Rows of the feed module, a file per noun."""

from service.feed.tables.changes import FeedScope, FeedState
from service.feed.tables.webhooks import WebhookDelivery, WebhookEndpoint, WebhookSecret

__all__ = ["FeedScope", "FeedState", "WebhookDelivery", "WebhookEndpoint", "WebhookSecret"]
