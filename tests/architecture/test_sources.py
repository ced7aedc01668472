"""What no linter looks for: who commits, who reads the clock, who opens sessions."""

import ast
import re

import pytest

from tests.architecture.conftest import SERVICE

SOURCES = sorted(SERVICE.rglob("*.py"))


def calls_of(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, ast.unparse(node.func.value), node.lineno


def found_in(sources, is_wrong):
    return [
        f"{file.relative_to(SERVICE)}:{line} {of}.{name}()"
        for file in sources
        for name, of, line in calls_of(ast.parse(file.read_text()))
        if is_wrong(name, of)
    ]


@pytest.fixture
def modules():
    """The sources that know schools: neither the kit nor the command line."""
    return [file for file in SOURCES if file.relative_to(SERVICE).parts[0] not in {"kit", "cli"}]


def test_only_the_kit_ends_transactions(modules):
    ends = {"commit", "rollback", "begin"}

    assert found_in(modules, lambda name, _: name in ends) == []


def test_only_the_kit_reads_the_clock():
    sources = [file for file in SOURCES if file.name != "clock.py"]
    wrong = {("now", "datetime"), ("today", "date"), ("utcnow", "datetime"), ("time", "time")}

    assert found_in(sources, lambda name, of: (name, of.rsplit(".")[-1]) in wrong) == []


def test_a_session_has_one_spelling_each():
    spelled = re.compile(r"Depends\((?:deps\.)?open_(?:reading_)?session")
    where = {
        str(file.relative_to(SERVICE)): len(spelled.findall(file.read_text())) for file in SOURCES
    }

    assert {name: count for name, count in where.items() if count} == {"kit/http/deps.py": 2}


def test_no_rule_is_switched_off_in_place():
    silenced = re.compile(r"#\s*(?:noqa|ruff:\s*noqa|mypy:|pragma:\s*no cover)")

    assert [str(file) for file in SOURCES if silenced.search(file.read_text())] == []


def test_rules_are_tested_without_a_database():
    """A test of pure rules that asks for a database would hide that they are not pure."""
    tests = SERVICE.parent / "tests"
    wanting = re.compile(r"def test_\w+\([^)]*\b(?:db|database|client|make|as_)\b")

    assert [
        str(file) for file in tests.rglob("test_rules.py") if wanting.search(file.read_text())
    ] == []
