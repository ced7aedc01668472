"""Rows of mentoring, a file per noun."""

from service.mentoring.tables.pairing import (
    Pairing,
)

__all__ = [
    "Pairing",
]
