"""What the feed and webhooks refuse, a file per noun."""
