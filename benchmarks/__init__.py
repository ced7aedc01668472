"""Measurements: ratios within one run on one machine, printed as JSON lines. Never part of tests."""
