"""What mentoring refuses, and the way out, a file per noun."""

from service.mentoring.problems.pairing import (
    AgreementOutdated,
    AgreementUnsigned,
    EndUnfit,
    MenteeNotFound,
    MentorFull,
    MentorUnfit,
    NotOneOfTheTwo,
    PairedAlready,
    PairingNotBegun,
    PairingNotFound,
    PairingStateUnfit,
    ReplacementPending,
    RoleTaken,
    SameMentor,
    SelfMentoring,
    UnknownRole,
)

__all__ = [
    "AgreementOutdated",
    "AgreementUnsigned",
    "EndUnfit",
    "MenteeNotFound",
    "MentorFull",
    "MentorUnfit",
    "NotOneOfTheTwo",
    "PairedAlready",
    "PairingNotBegun",
    "PairingNotFound",
    "PairingStateUnfit",
    "ReplacementPending",
    "RoleTaken",
    "SameMentor",
    "SelfMentoring",
    "UnknownRole",
]
