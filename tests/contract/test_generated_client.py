"""A Python client that a public generator makes of the contract works against the service."""

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service.kit.auth import Role
from tests.conftest import ROOT

NAME = "generated_huangge"
CONFIG = """
post_hooks: []
content_type_overrides:
  application/vnd.openxmlformats-officedocument.spreadsheetml.sheet: application/octet-stream
  application/pdf: application/octet-stream
"""


@pytest.fixture
async def generated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client, made of the published contract without a word of complaint."""
    config = tmp_path / "generator.yml"
    config.write_text(CONFIG)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "openapi_python_client", "generate", "--meta=none"),
        f"--path={ROOT / 'openapi' / 'openapi.json'}",
        f"--output-path={tmp_path / NAME}",
        f"--config={config}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert b"WARNING" not in said, said.decode()
    monkeypatch.syspath_prepend(str(tmp_path))
    return lambda part: import_module(f"{NAME}.{part}" if part else NAME)


async def test_a_generated_client_reads_writes_and_understands_refusals(
    generated: Any, furnished: None, address: str, as_: Any
) -> None:
    office = as_(Role.DISTRICT_ADMIN)
    asked = (await office.get("/v1/district")).request.headers["Authorization"]
    client = generated("client").AuthenticatedClient(address, asked.removeprefix("Bearer "))
    models, schools = generated("models"), generated("api.schools.list_schools")
    change = generated("api.schools.change_school")

    async with client:
        page = await schools.asyncio(client=client, limit=1)
        (school,) = page.items
        assert isinstance(school.id, UUID)
        assert page.next_cursor
        more = await schools.asyncio(client=client, cursor=page.next_cursor, limit=1)
        assert more.items[0].id != school.id

        changed = await change.asyncio_detailed(
            school.id,
            client=client,
            body=models.SchoolPatch(short_name="江东"),
            if_match=f'"{school.version}"',
        )
        assert (changed.status_code, changed.parsed.short_name) == (200, "江东")
        stale = await change.asyncio_detailed(
            school.id,
            client=client,
            body=models.SchoolPatch(short_name="江西"),
            if_match=f'"{school.version}"',
        )
        assert isinstance(stale.parsed, models.Problem)
        assert (stale.status_code, stale.parsed.code) == (412, "precondition-failed")
