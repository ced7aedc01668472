"""What mentoring refuses, and the way out, a file per noun."""

from service.mentoring.problems.pairing import (
    EndUnfit,
    MenteeNotFound,
    MentorFull,
    MentorUnfit,
    NotOneOfTheTwo,
    PairedAlready,
    PairingNotBegun,
    PairingNotFound,
    PairingStateUnfit,
    RoleTaken,
    SelfMentoring,
    UnknownRole,
)

__all__ = [
    "EndUnfit",
    "MenteeNotFound",
    "MentorFull",
    "MentorUnfit",
    "NotOneOfTheTwo",
    "PairedAlready",
    "PairingNotBegun",
    "PairingNotFound",
    "PairingStateUnfit",
    "RoleTaken",
    "SelfMentoring",
    "UnknownRole",
]
