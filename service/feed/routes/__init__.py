"""Routes of the feed and of webhooks, a file per noun."""

from service.feed.routes import changes, events, mine, webhooks

routers = [changes.router, events.router, mine.router, webhooks.router]
