"""The decisions of the feed and of webhooks, a file per noun."""
