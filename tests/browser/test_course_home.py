"""The course home in a real browser: by keyboard, to another module, away and back, and what a learner sees then."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.once

COURSE = "/courses/customer-service/"
SHEET, OTHER = "Huddle: Getting Started", "Job Aid: My Two Goals"


def test_order_move_hide_and_what_a_learner_sees(visit: Any) -> None:
    editor, learner = visit(), visit()
    page, seen = editor.sign_in("ed@example.com"), learner.sign_in("ada@example.com")
    page.goto("/admin/")
    page.get_by_role("link", name="Open “Customer Service Workshop”").click()
    home = page.url
    row = page.locator("[data-lesson]").filter(has=page.get_by_role("link", name=SHEET, exact=True))
    up = page.get_by_role("button", name=f"Move “{SHEET}” up", exact=True)
    pages = [link.get_attribute("href") for link in modules_of(seen)]

    up.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(f"“{SHEET}” is at place")
    expect(up).to_be_focused()
    assert sheets(seen, pages[0]) == [SHEET, OTHER]
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("status")).to_contain_text(f"“{SHEET}” is at place")
    assert sheets(seen, pages[0]) == [OTHER, SHEET]

    address = seen.get_by_role("link", name=SHEET).first.get_attribute("href")
    for number in (2, 1):
        row.get_by_role("link", name="Move…").click()
        page.get_by_label("Module").select_option(index=number - 1)
        page.get_by_label("Place").fill("")
        page.get_by_role("button", name="Move it").click()
        page.wait_for_url(re.compile("/home/"))
        assert SHEET in sheets(seen, pages[number - 1])
        assert SHEET not in sheets(seen, pages[2 - number])
        assert learner.context.request.get(address).status == 200

    row.get_by_role("link", name="Hide…").click()
    page.get_by_role("button", name="Hide it").click()
    assert learner.context.request.get(address).status == 404
    page.goto(home)
    expect(row).to_contain_text("Hidden")
    row.get_by_role("link", name="Publish…").click()
    page.get_by_role("button", name=re.compile("^Publish revision")).click()
    assert learner.context.request.get(address).status == 200


def modules_of(page: Any) -> Any:
    page.goto(COURSE)
    return page.locator(f"main h2 a[href*='{COURSE}module/']").all()


def sheets(page: Any, address: str) -> list[str]:
    """Which of the two the page of a module shows, in its order."""
    page.goto(address)
    text = page.locator("main").inner_text()
    return sorted((name for name in (SHEET, OTHER) if name in text), key=text.index)
