"""The container of a workbook, judged before a spreadsheet library may open it.

An ``.xlsx`` is a zip of XML. A few kilobytes can claim gigabytes, and the reading library trusts
what the parts say about their own size: it ends the whole process when the claim cannot be met. So
every part is unpacked here first, under a limit, and searched for such claims. The same pass finds
what that library does not tell: which cells are formulas and which hold an error.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from io import BytesIO
from typing import NamedTuple

from service.partners.problems import (
    NotAWorkbook,
    WorkbookDamaged,
    WorkbookEncrypted,
    WorkbookUnsafe,
)

PARTS_LIMIT = 1000
UNPACKED_LIMIT = 200 * 1024 * 1024
RATIO_LIMIT = 200
"""Honest workbooks of our template shrink to a tenth or a twentieth."""
RATIO_FROM = 10 * 1024 * 1024
"""Below this size no ratio does harm."""
ROW_LIMIT = 200_000
COLUMN_LIMIT = 52

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_ZIP = b"PK\x03\x04"
_ZIP_ENCRYPTED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_TYPES = "[Content_Types].xml"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")

# A cell or row so far out that the space before it fills the memory: beyond column AZ, or beyond
# row 199,999.
_FAR = re.compile(
    rb"""r(?<=\sr)\s*=\s*["'](?:[A-Za-z]{3,}\d|[B-Zb-z][A-Za-z]\d|[A-Za-z]{0,2}(?:\d{7,}|[2-9]\d{5}))"""
)
_CLAIM = re.compile(rb"""ount\s*=\s*["']\d{8,}""")
# Bounded everywhere: a part may be built to make an unbounded search quadratic.
_CELL_WITH_FORMULA = re.compile(
    rb"""<(?:\w{1,20}:)?c\b([^>]{0,300})>\s{0,99}<(?:\w{1,20}:)?f\b[^>]{0,300}?(?:/>|>([^<]{0,9999})<)"""
)
_FORMULA = re.compile(rb"<(?:\w{1,20}:)?f[\s>/]")
_CELL = re.compile(rb"<(?:\w{1,20}:)?c\b([^>]{0,300})>")
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]+)(\d+)["']""")
_ATTRIBUTE = re.compile(r"""(?:\w{1,20}:)?(\w+)\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)')""")
_ERROR_TYPE = re.compile(rb"""\bt\s*=\s*["']e["']""")
_LITERAL = re.compile(rb"""(?:&quot;|")(?:(?!&quot;)[^"])*(?:&quot;|")|-?\d+(?:\.\d+)?""")


class Place(NamedTuple):
    """A cell by its row and column, both from 0."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands in a sheet besides values."""

    formulas: frozenset[Place] = frozenset()
    errors: frozenset[Place] = frozenset()


@dataclass(frozen=True, slots=True)
class Package:
    """A container that is safe to open."""

    marks: Mapping[str, Marks] = field(default_factory=dict)
    """By the name of the sheet."""


def glance(content: bytes) -> None:
    """Judge a file by its first bytes and its list of parts, unpacking nothing.

    Raises
    ------
    NotAWorkbook
        It is something else: an old ``.xls``, a ``.csv``.
    WorkbookEncrypted
        It asks for a password.
    WorkbookUnsafe
        Unpacked it would be far larger than a district's data.
    WorkbookDamaged
        The container is broken.
    """
    with _opened(content) as archive:
        _glance(archive, packed=len(content))


def inspect(content: bytes) -> Package:
    """Judge a file by its container, unpacking every part under a limit.

    Raises what :func:`glance` raises, and ``NotAWorkbook`` for a workbook with macros.
    """
    with _opened(content) as archive:
        _glance(archive, packed=len(content))
        return _inspect(archive)


@contextmanager
def _opened(content: bytes) -> Iterator[zipfile.ZipFile]:
    _refuse_other_kinds(content)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            yield archive
    except _BROKEN as error:
        raise WorkbookDamaged from error


def _refuse_other_kinds(content: bytes) -> None:
    if content.startswith(_OLE):
        if _ENCRYPTED_STREAM in content:
            raise WorkbookEncrypted
        raise NotAWorkbook
    if not content.startswith(_ZIP):
        raise NotAWorkbook


def _glance(archive: zipfile.ZipFile, *, packed: int) -> None:
    entries = archive.infolist()
    _refuse_bombs(entries, packed=packed)
    names = {entry.filename for entry in entries}
    if len(names) != len(entries):
        raise WorkbookDamaged
    if not {_WORKBOOK, _RELATIONS, _TYPES} <= names:
        raise NotAWorkbook


def _inspect(archive: zipfile.ZipFile) -> Package:
    # What is read is never more than the container declares, and true to its checksum.
    if b"macroEnabled" in archive.read(_TYPES):
        raise NotAWorkbook
    sheet_names = _sheet_names(archive)
    marks: dict[str, Marks] = {}
    for name in archive.namelist():
        part = archive.read(name)
        _refuse_claims(part)
        if name in sheet_names:
            marks[sheet_names[name]] = _marks(part)
    return Package(marks)


def _refuse_bombs(entries: list[zipfile.ZipInfo], *, packed: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > PARTS_LIMIT or unpacked > UNPACKED_LIMIT:
        raise WorkbookUnsafe
    if unpacked > RATIO_FROM and unpacked > RATIO_LIMIT * packed:
        raise WorkbookUnsafe
    if any(entry.flag_bits & _ZIP_ENCRYPTED for entry in entries):
        raise WorkbookEncrypted
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise WorkbookDamaged


def _refuse_claims(part: bytes) -> None:
    if part.startswith(_UTF16) or b"<!DOCTYPE" in part or b"<!ENTITY" in part:
        raise WorkbookUnsafe
    if _CLAIM.search(part) or (b"sheetData" in part and _FAR.search(part)):
        raise WorkbookUnsafe


def _sheet_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """Names of the sheets by the part they are in."""
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in _elements("Relationship", archive.read(_RELATIONS))
    }
    return {
        _path(targets.get(sheet.get("id"), "")): sheet.get("name", "")
        for sheet in _elements("sheet", archive.read(_WORKBOOK))
    }


def _elements(name: str, part: bytes) -> Iterator[dict[str, str]]:
    """The attributes of every element of a name. No parser: nothing here can be expanded."""
    for element in re.finditer(rf"<(?:\w{{1,20}}:)?{name}\b([^>]{{0,2000}})>", part.decode()):
        yield {
            found[1]: unescape(found[2] or found[3] or "")
            for found in _ATTRIBUTE.finditer(element[1])
        }


def _path(target: str) -> str:
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _marks(part: bytes) -> Marks:
    formulas: set[Place] = set()
    if _FORMULA.search(part):
        for found in _CELL_WITH_FORMULA.finditer(part):
            # ="0012" is how people keep zeros in front: a value in disguise.
            if not _LITERAL.fullmatch(found[2] or b""):
                formulas |= _place(found[1])
    errors: set[Place] = set()
    if b'="e"' in part or b"='e'" in part:
        for found in _CELL.finditer(part):
            if _ERROR_TYPE.search(found[1]):
                errors |= _place(found[1])
    return Marks(frozenset(formulas), frozenset(errors))


def _place(attributes: bytes) -> set[Place]:
    found = _REFERENCE.search(attributes)
    if found is None:
        return set()
    column = 0
    for letter in found[1].upper():
        column = column * 26 + letter - ord("A") + 1
    return {Place(int(found[2]) - 1, column - 1)}
