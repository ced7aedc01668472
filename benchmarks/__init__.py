"""Measurements: ratios within one run on one machine, as JSON lines. Never part of tests."""
