"""The published contract: written from the code, committed, and not broken unawares.

A change breaks a partner when a request that was right is refused now, or when an answer lacks
what it promised. Such a change needs its line in ``openapi/breaking-changes.txt``, word for word
as this check prints it, so that it is decided and reviewed instead of discovered.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.cli.errors import CommandError

Schema = Mapping[str, Any]

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_CEILINGS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_FLOORS = ("minimum", "exclusiveMinimum", "minLength", "minItems")


def written(document: Schema) -> str:
    """The document as it is committed: stable, and readable in a diff."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def write(file: Path, document: Schema) -> None:
    """Write the document."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(written(document), encoding="utf-8")


def check(file: Path, document: Schema, *, base: str) -> None:
    """Refuse a committed document that is not what the code serves, or that breaks ``base``.

    Raises
    ------
    CommandError
        The file is stale, or a breaking change is not declared.
    """
    if not file.exists() or file.read_text(encoding="utf-8") != written(document):
        raise CommandError(f"{file} is not what the code serves: run `make openapi` and commit it.")
    before = _published(file, base)
    declared_in = file.with_name("breaking-changes.txt")
    declared = declared_in.read_text(encoding="utf-8") if declared_in.exists() else ""
    undeclared = [line for line in breaks(before, document) if line not in declared.splitlines()]
    if undeclared:
        listed = "\n".join(undeclared)
        raise CommandError(
            f"This breaks callers of {base}:\n{listed}\n"
            f"Keep the old shape beside the new one, or put these lines into {declared_in}."
        )


def _published(file: Path, base: str) -> Schema:
    """The document where this work began; nothing where there is no history to ask."""
    folder = file.resolve().parent
    fork = _git(folder, "merge-base", base, "HEAD") or _git(folder, "rev-parse", "HEAD")
    if fork == _git(folder, "rev-parse", "HEAD"):
        fork = _git(folder, "rev-parse", "--verify", "HEAD~1")
    text = _git(folder, "show", f"{fork}:./{file.name}") if fork else ""
    found: Schema = json.loads(text) if text else {}
    return found


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def breaks(before: Schema, after: Schema) -> list[str]:
    """What a caller of ``before`` would trip over in ``after``."""
    comparison = _Comparison(before, after)
    for path, item in before.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                new = after.get("paths", {}).get(path, {}).get(method)
                comparison.operation(f"{method.upper()} {path}", item[method], new)
    return list(dict.fromkeys(comparison.found))


@dataclass
class _Comparison:
    """Walks two documents side by side; schemas are followed once per direction."""

    before: Schema
    after: Schema
    found: list[str] = field(default_factory=list)
    _seen: set[tuple[str, str, bool]] = field(default_factory=set)

    def operation(self, where: str, old: Schema, new: Schema | None) -> None:
        """One operation."""
        if new is None:
            self.found.append(f"{where} was removed")
            return
        if old.get("operationId") != new.get("operationId"):
            self.found.append(f"{where}: operationId changed")
        self._parameters(where, old, new)
        self._body(where, old, new)
        self._answers(where, old, new)

    def _parameters(self, where: str, old: Schema, new: Schema) -> None:
        was, now = _parameters(old), _parameters(new)
        for name, parameter in was.items():
            if name not in now:
                self.found.append(f"{where}: parameter {name} was removed")
                continue
            self._schema(
                f"{where}: parameter {name}", parameter["schema"], now[name]["schema"], asked=True
            )
        for name, parameter in now.items():
            if parameter.get("required") and not was.get(name, {}).get("required"):
                self.found.append(f"{where}: parameter {name} is required now")

    def _body(self, where: str, old: Schema, new: Schema) -> None:
        was, now = old.get("requestBody", {}), new.get("requestBody", {})
        if now.get("required") and not was.get("required"):
            self.found.append(f"{where}: a body is required now")
        for kind, content in was.get("content", {}).items():
            if kind not in now.get("content", {}):
                self.found.append(f"{where}: body {kind} is not read any more")
            elif "schema" in content:
                self._schema(
                    f"{where}: body", content["schema"], now["content"][kind]["schema"], asked=True
                )

    def _answers(self, where: str, old: Schema, new: Schema) -> None:
        for status, answer in old.get("responses", {}).items():
            if not status.startswith("2"):
                continue
            now = new["responses"].get(status)
            if now is None:
                self.found.append(f"{where}: {status} is not answered any more")
                continue
            for kind, content in answer.get("content", {}).items():
                if kind not in now.get("content", {}):
                    self.found.append(f"{where}: {status} is not {kind} any more")
                elif kind.endswith("json") and "schema" in content:
                    # Nothing else has a shape to break: a stream or a file is told in words.
                    described = now["content"][kind].get("schema", {})
                    self._schema(f"{where}: {status}", content["schema"], described, asked=False)

    def _schema(self, where: str, old: Schema, new: Schema, *, asked: bool) -> None:
        """One schema; ``asked`` is what callers send, the rest is what they get."""
        names = (old.get("$ref", ""), new.get("$ref", ""))
        if all(names):
            if (*names, asked) in self._seen:
                return
            self._seen.add((*names, asked))
            where = names[0].rpartition("/")[2]
        old, new = _resolved(self.before, old), _resolved(self.after, new)
        was, now = _variants(self.before, old), _variants(self.after, new)
        narrow, wide = (was, now) if asked else (now, was)
        for kind in narrow.keys() - wide.keys():
            said = "is not accepted any more" if asked else "may come now"
            self.found.append(f"{where}: {kind} {said}")
        for kind in was.keys() & now.keys():
            self._variant(where, was[kind], now[kind], asked=asked)

    def _variant(self, where: str, old: Schema, new: Schema, *, asked: bool) -> None:
        self._properties(where, old, new, asked=asked)
        if "items" in old and "items" in new:
            self._schema(f"{where}[]", old["items"], new["items"], asked=asked)
        if asked:
            self.found += [f"{where}: {line}" for line in _tightened(old, new)]

    def _properties(self, where: str, old: Schema, new: Schema, *, asked: bool) -> None:
        was, now = old.get("properties", {}), new.get("properties", {})
        must, must_now = set(old.get("required", ())), set(new.get("required", ()))
        for name in was.keys() - now.keys():
            self.found.append(f"{where}.{name} was removed")
        for name in was.keys() & now.keys():
            self._schema(f"{where}.{name}", was[name], now[name], asked=asked)
        if asked:
            self.found += [f"{where}.{name} is required now" for name in must_now - must]
        else:
            self.found += [
                f"{where}.{name} may be missing now" for name in (must - must_now) & now.keys()
            ]


def _parameters(operation: Schema) -> dict[str, Schema]:
    listed = operation.get("parameters", ())
    return {f"{parameter['in']} {parameter['name']}": parameter for parameter in listed}


def _resolved(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def _variants(document: Schema, schema: Schema) -> dict[str, Schema]:
    """What a value may be, by a short name of its kind."""
    several = schema.get("anyOf") or schema.get("oneOf")
    found: dict[str, Schema] = {}
    for one in several or [schema]:
        real = _resolved(document, one)
        kinds = real.get("type", "anything")
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            shape = real.get("format") or (
                one.get("$ref", "").rpartition("/")[2] if kind == "object" and several else ""
            )
            found[f"{kind} {shape}".strip()] = real
    return found


def _tightened(old: Schema, new: Schema) -> Iterator[str]:
    """What was accepted and is refused now."""
    yield from _narrowed(old.get("enum"), new.get("enum"))
    for limit in _CEILINGS:
        if limit in new and new[limit] < old.get(limit, float("inf")):
            yield f"{limit} is {new[limit]} now"
    for limit in _FLOORS:
        if limit in new and new[limit] > old.get(limit, float("-inf")):
            yield f"{limit} is {new[limit]} now"
    if new.get("pattern", old.get("pattern")) != old.get("pattern"):
        yield "the pattern changed"


def _narrowed(old: Sequence[object] | None, new: Sequence[object] | None) -> Iterator[str]:
    if new is None:
        return
    if old is None:
        yield "only certain values are accepted now"
        return
    for gone in old:
        if gone not in new:
            yield f"value {gone} is not accepted any more"
