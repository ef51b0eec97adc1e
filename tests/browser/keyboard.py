"""Going through a page by keyboard alone, seeing where one is."""

import re
from typing import Any

import pytest


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until the focus is on a match, which must be seen to have it."""
    for _press in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            assert page.evaluate(
                """() => { const e = document.activeElement, seen = [e, e.closest('label') || e];
                return seen.some(n => { const s = getComputedStyle(n);
                return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none' }) }"""
            ), f"no visible focus on {selector}"
            return
    pytest.fail(f"Tab never reached {selector} on {page.url}")


def press(page: Any, key: str, going_to: str) -> None:
    """Press a key and wait for the page it leads to."""
    with page.expect_navigation(url=re.compile(going_to)):
        page.keyboard.press(key)
