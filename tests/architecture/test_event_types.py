"""The catalogue of events is what the modules really record."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import service
from service.feed.rules.event_types import EVENT_TYPES, PRIVATE

SOURCES = Path(service.__file__).parent
EVENT = re.compile(r"[a-z][a-z_-]*\.[a-z][a-z_-]*")
# What only the audit trail hears of.
AUDIT_ONLY = {"webhook-endpoint.tested", "webhook-delivery.repeated"}


def recorded() -> Iterator[tuple[str, str]]:
    """Every event that is spelled out where something is recorded, and where."""
    for file in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for value in said(node):
                if isinstance(value, ast.Constant) and EVENT.fullmatch(str(value.value)):
                    yield str(value.value), str(file.relative_to(SOURCES))


def said(node: ast.AST) -> Iterator[ast.expr]:
    """Where an event stands: after the session, as ``event=``, or under that name."""
    match node:
        case ast.Call(func=ast.Name(id="enqueue")):
            return
        case ast.Call(args=[first, second, *_]) if ast.unparse(first).endswith("db"):
            yield second
        case ast.Assign(targets=[ast.Name(id="event")], value=ast.IfExp(body=one, orelse=other)):
            yield from (one, other)
        case ast.Assign(targets=[ast.Name(id="event")], value=value):
            yield value
        case _:
            pass
    if isinstance(node, ast.Call):
        yield from (keyword.value for keyword in node.keywords if keyword.arg == "event")


def test_whatever_is_recorded_can_be_subscribed_to():
    unknown = {
        f"{event} ({file})"
        for event, file in recorded()
        if event not in EVENT_TYPES
        and event.partition(".")[0] not in PRIVATE
        and event not in AUDIT_ONLY
    }

    assert sorted(unknown) == [], "add these to service/feed/rules/event_types.py"


def test_most_of_the_catalogue_is_spelled_out_somewhere():
    """A verb nobody uses any more would be promised in vain."""
    sources = "\n".join(file.read_text(encoding="utf-8") for file in SOURCES.rglob("*.py"))
    catalogue = (SOURCES / "feed" / "rules" / "event_types.py").read_text(encoding="utf-8")
    elsewhere = sources.replace(catalogue, "")

    verbs = {code.partition(".")[2] for code in EVENT_TYPES}
    assert sorted(verb for verb in verbs if verb not in elsewhere) == []
