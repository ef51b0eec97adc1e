"""What axe finds wrong with a page, in both color schemes, wide and narrow."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page


class Look(NamedTuple):
    scheme: Literal["light", "dark"]
    width: int
    rules: dict[str, Any]


TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES: dict[str, Any] = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"], "preload": False}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"], "preload": False}
BOTH = [Look("light", 1280, RULES), Look("dark", 320, RULES)]
# What learners and strangers see is looked at in all four: all that differs in the other two is what colors meet.
EVERY_LOOK = [*BOTH, Look("dark", 1280, CONTRAST), Look("light", 320, CONTRAST)]

FOUND = """rules => axe.run(document, rules).then(({violations}) => violations.flatMap(
    ({id, impact, nodes}) => nodes.map(({html}) => `${id} (${impact}): ${html.slice(0, 160)}`)))"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def problems(page: Page, where: str, looks: list[Look] = BOTH) -> list[str]:
    """A sentence for each thing axe finds in each look, and for what makes one scroll sideways."""
    page.evaluate(AXE_SCRIPT)  # once for all looks: reading it takes longer than running it
    return [problem for look in looks for problem in _problems_of(look, page, where)]


def _problems_of(look: Look, page: Page, where: str) -> list[str]:
    page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": look.width, "height": 800})
    found: list[str] = page.evaluate(FOUND, look.rules)
    if (overflow := page.evaluate(SIDEWAYS)) > 0:
        found.append(f"{overflow} px wider than the window")
    return [f"{where}, {look.scheme}, {look.width} px: {problem}" for problem in found]
