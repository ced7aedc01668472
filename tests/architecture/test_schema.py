"""The database's shape: migrations make what the code declares, and each refusal has words."""

import re
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import get_args

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from service.cli import schema
from service.kit import jobs
from service.kit.db import Database, create_all
from service.kit.problems import known_refusals
from service.kit.tables import is_tenant
from tests.architecture.conftest import models_under
from tests.conftest import ROOT, driverless, named

TIERS = {
    name: tier
    for tier, names in enumerate(
        (
            ("kit",),
            ("network",),
            ("accounts", "calendar", "staff"),
            ("timetable",),
            ("itinerant", "mentoring"),
            ("workload",),
            ("phone",),
            ("feed", "partners"),
        )
    )
    for name in names
}

# Each line is one fact about the schema, as the database itself spells it.
FACTS = {
    "columns": """
        SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
            || ' identity=' || a.attidentity::text || ' generated=' || a.attgenerated::text
            || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
            AND a.attnum > 0 AND NOT a.attisdropped
    """,
    "constraints": """
        SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
        FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype <> 'n'
    """,
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "policies": """
        SELECT tablename || ' ' || policyname || ' ' || roles::text || ' ' || cmd || ' '
            || coalesce(qual, '') || ' / ' || coalesce(with_check, '')
        FROM pg_policies WHERE schemaname = 'public'
    """,
    "walls": """
        SELECT relname || ' ' || relrowsecurity || ' ' || relforcerowsecurity
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    """,
    "grants": """
        SELECT c.relname || ' ' || g.grantee::regrole || ' ' || g.privilege_type
        FROM pg_class c, aclexplode(c.relacl) g
        WHERE c.relnamespace = 'public'::regnamespace
    """,
    "functions": """
        SELECT pg_get_functiondef(p.oid) FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND NOT EXISTS
            (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    """,
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "types": """
        SELECT t.typname || ' ' || e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
    """,
    "extensions": "SELECT extname FROM pg_extension",
}


async def facts(url: str) -> dict[str, set[str]]:
    connection = await asyncpg.connect(driverless(url))
    try:
        return {
            kind: {
                fact
                for (fact,) in await connection.fetch(question)
                if "alembic_version" not in fact and "test_clean" not in fact
            }
            for kind, question in FACTS.items()
        }
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def declared(cluster, every_module, worker_id) -> dict[str, set[str]]:
    """The schema as the code declares it."""
    name = f"declared_{worker_id}"
    connection = await asyncpg.connect(driverless(cluster))
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    database = Database(named(cluster, name), pooled=False)
    async with database.engine.begin() as made:
        await create_all(made)
        await jobs.install(made)
    await database.close()
    return await facts(named(cluster, name))


@pytest.mark.skipif(
    not list(Path(ROOT, "alembic", "versions").glob("*.py")), reason="there is no migration yet"
)
@pytest.mark.parametrize("kind", FACTS)
async def test_migrations_make_what_the_code_declares(declared, database_url, kind):
    migrated = (await facts(database_url))[kind]

    assert sorted(migrated - declared[kind]) == []
    assert sorted(declared[kind] - migrated) == []


@pytest.fixture(scope="session")
def tables(every_module):
    """Every table of the code."""
    return SQLModel.metadata.sorted_tables


@pytest.fixture(scope="session")
def models(every_module):
    """Every class behind a table."""
    return list(models_under(SQLModel))


def judging(table):
    """The constraints and indexes of a table that refuse rows."""
    return [
        *(item for item in table.constraints if item is not table.primary_key),
        *(index for index in table.indexes if index.unique),
    ]


def test_every_refusal_of_the_database_is_a_problem(tables):
    mute = {item.name for table in tables for item in judging(table)} - known_refusals()

    assert sorted(mute) == []


def test_every_problem_of_a_constraint_has_its_constraint(tables):
    judges = {item.name for table in tables for item in judging(table)}
    judges |= {table.primary_key.name for table in tables}
    tests_own = {"uq_thing_name", "ck_thing_rank", "fk_test_only"}

    assert sorted(known_refusals() - judges - tests_own) == []


def test_names_leave_room_for_a_shard(tables):
    names = {item.name for table in tables for item in judging(table)}
    names |= {index.name for table in tables for index in table.indexes}

    assert [name for name in names if not name or len(name) > 50] == []


def test_rows_point_down_or_to_their_own_module(tables, module_of_table):
    upward = [
        f"{table.name} → {key.column.table.name}"
        for table in tables
        for key in table.foreign_keys
        if module_of_table[table.name] != module_of_table[key.column.table.name]
        and TIERS[module_of_table[table.name]] <= TIERS[module_of_table[key.column.table.name]]
    ]

    assert upward == []


def columns_of(item):
    # An exclusion constraint knows its columns as expressions.
    return {str(getattr(column, "name", column)) for column in item.columns}


def test_no_key_reaches_over_the_districts_border(tables):
    without = [
        f"{table.name}: {item.name}"
        for table in tables
        if is_tenant(table)
        for item in [table.primary_key, *judging(table)]
        if not (item.name or "").startswith("ck_") and "district_id" not in columns_of(item)
    ]

    assert without == []


async def test_every_tenant_table_stands_behind_the_wall(declared, tables):
    behind = {fact.split()[0] for fact in declared["walls"] if fact.endswith("true true")}
    guarded = {fact.split()[0] for fact in declared["policies"]}
    tenants = {table.name for table in tables if is_tenant(table)}

    assert behind == guarded == tenants


def enums_of(annotation):
    several = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return [one for one in several if isinstance(one, type) and issubclass(one, StrEnum)]


def test_a_column_of_codes_holds_only_its_codes(models):
    loose = []
    for model in models:
        checks = " ".join(
            str(item.sqltext) for item in model.__table__.constraints if hasattr(item, "sqltext")
        )
        for name, field in model.model_fields.items():
            for enum in enums_of(field.annotation):
                listed = ", ".join(f"'{value.value}'" for value in enum)
                if f"{name} IN ({listed})" not in checks:
                    loose.append(f"{model.__name__}.{name}")

    assert loose == []


async def test_no_database_enumerations(declared):
    """They cannot lose a value, and gaining one locks; text with a check can do both."""
    assert [fact for fact in declared["types"] if not fact.startswith("pgqueuer")] == []


def test_every_table_is_named_in_the_singular(tables):
    assert [
        table.name for table in tables if not re.fullmatch(r"[a-z]+(_[a-z]+)*", table.name)
    ] == []


def test_migrations_are_one_numbered_row():
    scripts = ScriptDirectory(str(ROOT / "alembic"))

    assert scripts.get_heads() == ([schema.head()] if schema.head() else [])
    assert all(re.fullmatch(r"\d{4}", script.revision) for script in scripts.walk_revisions())
