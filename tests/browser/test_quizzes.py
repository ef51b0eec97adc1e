"""Quizzes with every type of question, by keyboard alone, with JavaScript and without."""

from __future__ import annotations

import re
from typing import Any

import pytest

from quizzes.grading import TYPES
from tests.browser.answers import fill, item_on
from tests.browser.keyboard import press, tab_to

pytestmark = pytest.mark.once

COURSE = "/courses/customer-service/"
# Between them they ask every type; each further attempt brings questions that those before left out.
QUIZZES = ["quiz-getting-started", "quiz-escalate", "quiz-escalate", "quiz-escalate"]


def answer_by_keyboard(page: Any) -> str:
    """Answer the question on the page with the keys of the keyboard, and return its type."""
    type_ = str(item_on(page)["type"])
    if type_ in ("ordering", "matching"):
        for number in range(1, page.locator(".quiz-question select").count() + 1):
            tab_to(page, f".quiz-question select[name$='-{number}']")
            for _step in range(number if type_ == "ordering" else 1):
                page.keyboard.press("ArrowDown")
    elif type_ in ("short", "rewrite"):
        tab_to(page, ".quiz-question [name=text]")
        page.keyboard.type("I'll call you by three.")
    else:
        tab_to(page, ".quiz-option input")
        page.keyboard.press("Space")
    return type_


@pytest.mark.parametrize("script", [True, False], ids=["js", "no-js"])
def test_every_type_by_keyboard_alone(visit: Any, script: bool) -> None:
    visitor = visit(java_script_enabled=script)
    page = visitor.sign_in("aicha.diarra@example.com" if script else "irina.petrova@example.com")
    asked = set()
    for quiz in QUIZZES:
        page.goto(f"{COURSE}{quiz}/")
        tab_to(page, "main form button")
        press(page, "Enter", "/quiz/[0-9]+/1/$")
        while "/close/" not in page.url:
            asked.add(answer_by_keyboard(page))
            tab_to(page, "button[value=next]")
            press(page, "Enter", "/quiz/[0-9]+/([0-9]+|close)/$")
        assert re.match("All [0-9]+ answered", page.get_by_role("heading", level=1).inner_text())
        tab_to(page, "main form button.button-primary")
        press(page, "Enter", "/quiz/[0-9]+/$")
        assert re.match("Passed|Not yet", page.get_by_role("heading", level=1).inner_text())
    assert asked == set(TYPES)


@pytest.mark.parametrize("script", [True, False], ids=["js", "no-js"])
def test_every_type_can_be_answered_rightly(visit: Any, script: bool) -> None:
    """What was chosen comes back when one looks again, and all of it right is all points."""
    visitor = visit(java_script_enabled=script)
    page = visitor.sign_in("elif.yildirim@example.com" if script else "florian.weiss@example.com")
    for quiz in QUIZZES[:2]:
        page.goto(f"{COURSE}{quiz}/")
        page.locator("main form[action$='/quiz/'] button").click()
        page.wait_for_url("**/quiz/1/1/")
        while "/close/" not in page.url:
            fill(page)
            before = page.url
            page.locator("button[value=next]").click()
            page.wait_for_url(lambda url, before=before: url != before)
        page.go_back()
        page.reload()
        filled = page.evaluate(
            "() => [...new FormData(document.querySelector('#answer'))]"
            ".filter(([name, value]) => !['csrfmiddlewaretoken', 'marked'].includes(name) && value).length"
        )
        assert filled >= 1
        page.goto(f"{before.rsplit('/', 2)[0]}/close/")
        page.get_by_role("button", name="Close and see my result").click()
        page.wait_for_url("**/quiz/1/")
        assert page.get_by_role("heading", level=1).inner_text().startswith("Passed: 8 of 8")
