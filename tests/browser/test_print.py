"""Job aids and huddle sheets are one sheet of paper each, on A4 and on Letter."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.once

MODULES = Path(__file__).resolve().parents[2] / "content" / "customer-service" / "modules"
SHEETS = sorted(file.stem for file in MODULES.glob("*/*.md") if file.stem.startswith(("job-aid-", "huddle-")))


def sheets_of_paper(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_each_prints_on_one_sheet(visit: Any, paper: str) -> None:
    page = visit().sign_in("ada@example.com")
    assert len(SHEETS) >= 2
    found = {}
    for sheet in SHEETS:
        answer = page.goto(f"/courses/customer-service/{sheet}/")
        assert answer.status == 200, sheet
        found[sheet] = sheets_of_paper(page.pdf(format=paper))
    assert {sheet: number for sheet, number in found.items() if number != 1} == {}


def test_a_lesson_needs_more(visit: Any) -> None:
    """What counts the sheets can count to more than one."""
    page = visit().sign_in("ada@example.com")
    page.goto("/courses/customer-service/de-escalating-anger/")
    assert sheets_of_paper(page.pdf(format="A4")) > 1


def test_print_on_the_page_of_the_module_opens_the_sheet_and_prints_it(visit: Any) -> None:
    visitor = visit()
    visitor.context.add_init_script("window.print = () => { document.documentElement.dataset.printed = 'yes' }")
    page = visitor.sign_in("ada@example.com")
    page.goto("/courses/customer-service/module/recovering/")
    page.locator(".print-link").first.click()
    page.wait_for_selector("[data-printed]")
    assert page.url.endswith("/courses/customer-service/job-aid-recovering/")
