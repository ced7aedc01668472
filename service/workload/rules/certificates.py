"""Certificates: the code on the paper, the months served, and the chain that shows tampering.

Pure. The canonical form, of which the chain is made, is documented in
``docs/guides/certificates.md``: each item is one line of JSON with sorted keys and no spaces, in
UTF-8; instants are UTC to the second. The chain begins with what the certificate is about and ends
with the facts that are printed on it.
"""

import json
import re
import secrets
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from service.workload.problems.certificates import CertificateOver


class CertificateState(StrEnum):
    """Whether a certificate holds."""

    ISSUED = "issued"
    REVOKED = "revoked"


def check_issued(state: CertificateState) -> None:
    """Whether a certificate can be revoked or replaced.

    Raises
    ------
    CertificateOver
        It was revoked.
    """
    if state is not CertificateState.ISSUED:
        raise CertificateOver


# The code

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter that a person takes for a digit."""
_LETTERS, _GROUP = 28, 4
_MISREAD = str.maketrans("OIL", "011")
_CODE = re.compile(r"([0-9]{6})([0-9A-HJKMNP-TV-Z]{28})")


def new_code(district: str) -> str:
    """A code nobody guesses: the district, then 140 bits of chance, in groups of four."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))
    groups = (letters[at : at + _GROUP] for at in range(0, _LETTERS, _GROUP))
    return "-".join([district, *groups])


def read_code(written: str) -> tuple[str, str] | None:
    """The district and the code as it was given out, however somebody typed it."""
    plain = re.sub(r"[\s-]", "", written).upper().translate(_MISREAD)
    match = _CODE.fullmatch(plain)
    if match is None:
        return None
    letters = match[2]
    groups = (letters[at : at + _GROUP] for at in range(0, _LETTERS, _GROUP))
    return match[1], "-".join([match[1], *groups])


def code_digest(code: str) -> str:
    """What a code is looked up by, so that the look-up tells nothing about it."""
    return sha256(code.encode()).hexdigest()


def number_of(*, district: str, year: int, serial: int) -> str:
    """The number on the paper: district, year, and the how many-eth of the year."""
    return f"{district}-{year}-{serial:05}"


# The chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A confirmed lesson as it enters the chain."""

    lesson_id: UUID
    teacher_id: UUID
    school_id: UUID
    on_date: date
    starts_at: datetime
    ends_at: datetime
    subject: str
    confirmed_at: datetime
    confirmed: bool = True
    """Whether the host's word still stands; the chain of one that does not is another."""


def canonical(value: Mapping[str, Any]) -> bytes:
    """One line of JSON: sorted keys, no spaces, UTF-8."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    ).encode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def link(former: str, item: Item) -> str:
    """The chain with one more item."""
    said = {
        "confirmed": item.confirmed,
        "confirmed_at": item.confirmed_at,
        "ends_at": item.ends_at,
        "lesson_id": item.lesson_id,
        "on_date": item.on_date,
        "school_id": item.school_id,
        "starts_at": item.starts_at,
        "subject": item.subject,
        "teacher_id": item.teacher_id,
    }
    return sha256(former.encode() + b"\n" + canonical(said)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a certificate is about."""

    number: str
    teacher_id: UUID
    teacher_name: str
    from_date: date
    until: date


def chain(head: Head, items: Iterable[Item], *, facts: Mapping[str, Any]) -> tuple[list[str], str]:
    """The link after each item, and the seal over all of them and the printed facts."""
    last = sha256(
        b"huangge-certificate-1\n"
        + canonical(
            {
                "from": head.from_date,
                "number": head.number,
                "teacher_id": head.teacher_id,
                "teacher_name": head.teacher_name,
                "until": head.until,
            }
        )
    ).hexdigest()
    links = []
    for item in items:
        last = link(last, item)
        links.append(last)
    return links, sha256(last.encode() + b"\n" + canonical(facts)).hexdigest()


_PRINTED = 16


def print_of(seal: str) -> str:
    """The part of the seal that stands on the paper, so that a new seal is seen."""
    shown = seal[:_PRINTED].upper()
    return " ".join(shown[at : at + _GROUP] for at in range(0, _PRINTED, _GROUP))


# What it certifies


@dataclass(frozen=True, slots=True)
class Served:
    """A day of service at a school that is rural, weak, both or neither."""

    on_date: date
    school_id: UUID
    school_name: str
    rural: bool
    weak: bool


def months(days: Iterable[date]) -> int:
    """In how many calendar months there is one of these days."""
    return len({(day.year, day.month) for day in days})


def months_spent(spans: Iterable[tuple[date, date]]) -> int:
    """Calendar months of which at least half the days lie in half-open spans; none counts twice."""
    days = {
        first + timedelta(days=number)
        for first, until in spans
        for number in range((until - first).days)
    }
    spent = Counter((day.year, day.month) for day in days)
    return sum(2 * count >= monthrange(*month)[1] for month, count in spent.items())


def facts_of(served: Sequence[Served], *, mentor_months: int, pairings: int) -> dict[str, Any]:
    """What is printed: lessons, months at rural and weak schools, hosts, mentoring."""
    hosts: dict[str, int] = {}
    for one in served:
        hosts[one.school_name] = hosts.get(one.school_name, 0) + 1
    return {
        "lessons": len(served),
        "days": len({one.on_date for one in served}),
        "months": months(one.on_date for one in served),
        "rural_months": months(one.on_date for one in served if one.rural),
        "weak_months": months(one.on_date for one in served if one.weak),
        "hosts": [
            {"name": name, "lessons": count}
            for name, count in sorted(hosts.items(), key=lambda one: (-one[1], one[0]))
        ],
        "mentor_months": mentor_months,
        "pairings": pairings,
    }


def last_day(until: date) -> date:
    """The last day before a half-open range ends, as it is printed."""
    return until - timedelta(days=1)
