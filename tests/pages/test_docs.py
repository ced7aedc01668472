"""An admin's way through Swagger UI, in a real browser."""

from typing import Any

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from service.kit.problems import CATALOGUE
from tests.pages.conftest import PASSWORD, Town


async def sign_in(page: Page, username: str) -> None:
    await page.locator(".btn.authorize").first.click()
    dialogue = page.locator(".modal-ux")
    await expect(dialogue.locator("h3").first).to_have_text("登录")
    await dialogue.locator("#oauth_username").fill(username)
    await dialogue.locator("#oauth_password").fill(PASSWORD)
    await dialogue.locator(".auth-btn-wrapper .authorize").first.click()
    await expect(dialogue.get_by_text("已登录").first).to_be_visible()
    await dialogue.locator(".btn-done").first.click()


async def execute(page: Page, tag: str, operation: str, **parameters: str) -> Locator:
    block = page.locator(f"#operations-{tag}-{operation}")
    if not await block.is_visible():
        await page.locator(f"#operations-tag-{tag}").click()
    await block.locator(".opblock-summary-control").first.click()
    for name, value in parameters.items():
        await block.locator(f'tr[data-param-name="{name}"] input').first.fill(value)
    await block.get_by_role("button", name="执行").click()
    answer = block.locator(".live-responses-table")
    await expect(answer).to_be_visible()
    return answer


@pytest.fixture
async def clash(make: Any, town: Town, as_: Any) -> str:
    """A draft at an hour at which the teacher teaches at home."""
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=5)
    draft = await make.assignment(
        teacher=town.teacher,
        home=town.home,
        campus=town.host_campus,
        group=town.group,
        term=town.term,
        classes=[town.host_class],
    )
    return str(draft.id)


async def test_a_group_office_reads_checks_and_meets_a_conflict(
    page: Page, address: str, group_login: str, town: Town, clash: str
) -> None:
    await page.goto(f"{address}/docs")
    await page.wait_for_selector(".opblock-tag")
    await sign_in(page, group_login)

    composition = await execute(page, "groups", "getComposition", group_id=str(town.group.id))
    await expect(composition).to_contain_text("conforming")

    checked = await execute(page, "assignments", "checkAssignment", assignment_id=clash)
    await expect(checked).to_contain_text('"publishable": false')

    refused = await execute(
        page,
        "assignments",
        "publishAssignment",
        **{"assignment_id": clash, "if-match": "*"},
    )
    await expect(refused.locator("tbody .response-col_status").first).to_contain_text("409")
    await expect(refused).to_contain_text("schedule-conflict")
    await expect(refused).to_contain_text("teacher-busy")


async def test_the_page_is_chinese_and_english(page: Page, address: str) -> None:
    await page.goto(f"{address}/docs")
    await expect(page.locator(".btn.authorize").first).to_contain_text("登录")

    await page.get_by_role("link", name="English").click()

    await expect(page.locator(".btn.authorize").first).to_contain_text("Authorize")
    await expect(page.locator("#operations-tag-groups")).to_contain_text("Groups")


async def test_every_problem_has_a_page_in_both_languages(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/problems")).text

    for code in CATALOGUE:
        assert f"/problems/{code}" in listed
    for code in ("not-found", "schedule-conflict"):
        told = (await client.get(f"/problems/{code}")).text
        assert CATALOGUE[code].title.zh in told
        assert CATALOGUE[code].title.en in told
    assert (await client.get("/problems/nonsense")).status_code == 404


async def test_the_pages_come_from_us_alone(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")

    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert (await client.get("/")).headers["Location"] == "/docs"
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "docs.js", "docs.css"):
        assert (await client.get(f"/static/{asset}")).status_code == 200
