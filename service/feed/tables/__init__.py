"""Rows of the feed module, a file per noun."""
