"""How much of the demo district a command lays."""

from enum import StrEnum


class Part(StrEnum):
    """The whole, or one of the two in which a first start lays it."""

    WHOLE = "whole"
    BEGINNING = "beginning"
    """The groups that every scale has, and the logins: enough for the service to answer."""
    REST = "rest"
