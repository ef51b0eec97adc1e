"""An editor walks through the course as a learner would, in a real browser, and no table knows of it afterwards."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import answers
from tests.browser.demo_site import DemoSite

pytestmark = pytest.mark.once

COURSE = "/admin/preview/customer-service/"
# What somebody's learning would be written in; other tests leave rows of their own, before or after this one.
ROWS = """
from accounts.models import User
from courses.models import Completion, Enrollment
from quizzes.models import Answer, Attempt, CheckAnswer
ed = User.objects.get(email="ed@example.com")
whose = {Completion: "enrollment__user", Answer: "attempt__enrollment__user", Attempt: "enrollment__user"}
print([model.objects.filter(**{whose.get(model, "user"): ed}).count()
    for model in (Enrollment, Completion, Attempt, Answer, CheckAnswer)], Attempt.objects.count())
"""


def rows(site: DemoSite) -> str:
    return site.manage("shell", "-v", "0", "-c", ROWS).strip()


def test_a_lesson_its_check_and_a_quiz_to_its_result(visit: Any, site: DemoSite) -> None:
    before = rows(site)
    page = visit().sign_in("ed@example.com")
    page.goto(f"{COURSE}de-escalating-anger/")
    bar = page.get_by_label("About this preview")
    expect(bar).to_contain_text("Preview: nothing is recorded")
    answers.fill(page.locator("#check"))
    page.get_by_role("button", name="Check my answer").click()
    expect(page.locator("#check .verdict")).to_contain_text("Yes.")
    page.get_by_role("button", name="Continue:").click()
    expect(page).to_have_url(f"{site}{COURSE}establishing-common-ground/")
    page.get_by_role("link", name="Customer Service Workshop").first.click()
    page.locator(".outline a", has_text="Quiz: Getting Started").click()
    page.get_by_role("button", name="Start the module quiz").click()
    page.wait_for_url("**/quiz/1/1/")
    for number in range(2, 11):
        answers.fill(page)
        page.locator("button[name=go][value=next]").click()
        page.wait_for_url(re.compile(rf"/quiz/1/({number}|close)/$"))
        if page.url.endswith("/close/"):
            break
    page.get_by_role("button", name="Close and see my result").click()
    expect(page.locator("h1")).to_contain_text("Passed: 8 of 8")
    expect(page.get_by_role("heading", name="Every question, explained")).to_be_visible()
    bar.locator("summary").click()
    bar.get_by_label("Path").select_option(index=1)
    bar.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Take the quiz again")).to_be_visible()
    bar.get_by_role("link", name="Edit this lesson").click()
    expect(page).to_have_url(re.compile("/admin/courses/lesson/[0-9]+/change/"))
    assert rows(site) == before
