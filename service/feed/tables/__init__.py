"""Rows of the feed module, a file per noun."""

from service.feed.tables.changes import FeedScope, FeedState

__all__ = ["FeedScope", "FeedState"]
