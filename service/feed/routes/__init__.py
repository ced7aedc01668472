"""Routes of the feed and of webhooks, a file per noun."""

from service.feed.routes import changes, webhooks

routers = [changes.router, webhooks.router]
