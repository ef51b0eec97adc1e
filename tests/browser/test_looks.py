"""What people set for themselves, and pages in the middle of things: text spacing, fewer colors, no motion, errors."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.answers import fill
from tests.browser.axe import SIDEWAYS, problems
from tests.browser.test_every_page import COURSE

pytestmark = pytest.mark.once

# WCAG 1.4.12, whatever the page says
SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-block-end: 2em !important }"""
CUT_OFF = """() => [...document.querySelectorAll('body :not(input, textarea, svg *)')].filter(e => {
    const style = getComputedStyle(e), holds = ['BUTTON', 'A', 'SELECT'].includes(e.tagName);
    const clips = [style.overflowX, style.overflowY].some(o => ['hidden', 'clip'].includes(o));
    return e.checkVisibility() && !e.closest('.visually-hidden') && style.display !== 'inline' && e.clientWidth
        && (clips || holds) && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1);
}).map(e => e.outerHTML.slice(0, 120))"""
MOVES = """() => [...document.querySelectorAll('*')].filter(e => {
    const style = getComputedStyle(e);
    return [style.transitionDuration, style.animationDuration].some(list => list.split(',').some(parseFloat));
}).map(e => e.outerHTML.slice(0, 120))"""
INVISIBLE = """() => [...document.querySelectorAll('progress, .button, .quiz-option, .state svg')].filter(e => {
    const style = getComputedStyle(e), ground = getComputedStyle(document.body).backgroundColor;
    const line = parseFloat(style.borderTopWidth) > 0 && style.borderTopColor !== ground;
    return e.checkVisibility() && !(e.tagName === 'svg' ? style.color !== ground : line);
}).map(e => e.outerHTML.slice(0, 120))"""
PAGES = {
    "": ["/", "/accounts/sign-in/"],
    "ada@example.com": [
        "/",
        COURSE,
        f"{COURSE}setting-your-limits/",
        f"{COURSE}quiz-recovering/",
        "/accounts/profile/",
    ],
    "mia@example.com": ["/reports/", "/reports/grid/"],
    "ed@example.com": ["/admin/", "/admin/courses/course/1/change/"],
}


@pytest.mark.parametrize("who", PAGES, ids=lambda who: who.split("@")[0] or "nobody")
def test_pages_bear_what_people_set_for_themselves(visit: Any, who: str) -> None:
    """Nothing is cut off when text is spaced out, nothing vanishes in a few forced colors, nothing moves unasked."""
    visitor = visit(reduced_motion="reduce", bypass_csp=True)
    page = visitor.sign_in(who) if who else visitor.page
    found = []
    for address in PAGES[who]:
        page.goto(address)
        found += [f"{address} moves: {html}" for html in page.evaluate(MOVES)]
        page.emulate_media(forced_colors="active", reduced_motion="reduce")
        found += [f"{address} is not seen in forced colors: {html}" for html in page.evaluate(INVISIBLE)]
        page.emulate_media(forced_colors="none", reduced_motion="reduce")
        page.add_style_tag(content=SPACING)
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 800})
            found += [f"{address}, {width} px, cut off: {html}" for html in page.evaluate(CUT_OFF)]
            if page.evaluate(SIDEWAYS) > 0:
                found.append(f"{address}, {width} px, spaced out: one must scroll sideways")
    assert not found, "\n".join(found)


def test_a_quiz_under_way_is_sound(visit: Any) -> None:
    page = visit(reduced_motion="reduce").sign_in("1043")
    page.goto(f"{COURSE}quiz-recovering/")
    page.get_by_role("button", name="Start the module quiz").click()
    page.wait_for_url("**/quiz/1/1/")
    found = problems(page, "question, nothing chosen")
    fill(page, right=False)
    found += problems(page, "question, answered")
    page.get_by_role("button", name="Review and close").click()
    page.wait_for_url("**/quiz/1/close/")
    found += problems(page, "before closing")
    page.get_by_role("button", name=re.compile("Close with")).click()
    page.wait_for_url("**/quiz/1/")
    found += problems(page, "result, not passed")
    assert not found, "\n".join(found)


WRONG = [
    ("", "/accounts/sign-in/", {"#id_name": "1043", "#id_password": "not this"}, "Sign in"),
    ("", "/accounts/slip/", {"#id_name": "1043", "#id_code": "ABCD"}, "Continue"),
    ("", "/accounts/reset/", {"#id_name": " "}, "Send me the link"),
    ("1043", "/accounts/profile/", {"#id_name": " "}, "Save your profile"),
    ("1043", f"{COURSE}setting-your-limits/", {}, "Check my answer"),
]


def test_errors_are_said_at_once_and_soundly(visit: Any) -> None:
    """In the title, with the focus on the sentence or its question, and what was typed (no password) still there."""
    found = []
    for who, address, typed, button in WRONG:
        visitor = visit(reduced_motion="reduce")
        page = visitor.sign_in(who) if who else visitor.page
        page.goto(address)
        for field, text in typed.items():
            page.locator(field).fill(text)
        with page.expect_navigation():
            page.locator("main").get_by_role("button", name=button, exact=True).click()
        if not page.title().startswith("Error:"):
            found.append(f"{address}: the title is {page.title()}")
        focused = page.locator(":focus")
        if (
            not focused.locator("xpath=descendant-or-self::*[@id='error-summary']").count()
            or focused.locator("h1").count()
        ):
            found.append(f"{address}: the focus is on {focused.evaluate('e => e.outerHTML.slice(0, 80)')}")
        kept = {field: page.locator(field).input_value() for field in typed if "password" not in field}
        if any(kept[field].strip() != typed[field].strip() for field in kept):
            found.append(f"{address}: {kept} of {typed}")
        found += problems(page, f"{address} with an error")
    assert not found, "\n".join(found)
