"""Every page, as each kind of user, in both color schemes, wide and narrow: axe, reflow, console, CSP, titles."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import pytest

from tests.browser.axe import BOTH, EVERY_LOOK, problems

pytestmark = pytest.mark.once

COURSE = "/courses/customer-service/"
PAGES: dict[str, list[str]] = {
    "": [
        "/",
        f"{COURSE}de-escalating-anger/",
        "/accounts/sign-in/",
        "/accounts/reset/",
        "/accounts/slip/",
        "/certificates/",
        "/certificates/?code=O0",
        "/certificates/ABCDEFGHJKMNPQRS/",
        "/nothing-here/",
    ],
    "ada@example.com": [
        "/",
        COURSE,
        f"{COURSE}de-escalating-anger/",
        f"{COURSE}establishing-common-ground/",
        f"{COURSE}setting-your-limits/",
        f"{COURSE}managing-your-own-emotions/",
        f"{COURSE}a-sorry-that-means-something/",
        f"{COURSE}messages-and-soaring/",
        f"{COURSE}the-deposit/",
        f"{COURSE}quiz-recovering/",
        f"{COURSE}job-aid-recovering/",
        f"{COURSE}huddle-recovering/",
        f"{COURSE}module/recovering/",
        f"{COURSE}module/wow/",
        "/search/",
        "/search/?q=sorry",
        "/search/?q=nothing%20of%20the%20kindest",
        "/my/what-my-manager-sees/",
        "/sessions/",
        "/sessions/1/",
        "/sessions/2/",
        "/sessions/3/",
        "/accounts/profile/",
        "/accounts/password/",
        "/reports/",
    ],
    "mia@example.com": [
        "/",
        "/reports/",
        "/reports/?state=overdue",
        "/reports/grid/",
        "/reports/?state=nonsense",
        "/reports/people/6/record/",
        "/reports/objectives/",
        "/sessions/1/attendance/",
    ],
    "hana@example.com": [
        "/reports/",
        "/reports/people/6/",
        "/reports/people/1/attempts/1/",
        "/reports/organization/?depth=all",
        "/admin/",
        "/admin/accounts/user/",
        "/admin/accounts/user/add/",
        "/admin/accounts/team/",
        "/admin/accounts/team/add/",
        "/admin/courses/assignment/",
        "/admin/courses/assignment/add/",
        "/admin/courses/enrollment/",
        "/admin/courses/enrollment/do/extend/?state=overdue",
        "/admin/not-come/",
        "/admin/events/livesession/",
        "/admin/events/livesession/add/",
    ],
    "ed@example.com": [
        "/admin/",
        "/admin/courses/course/",
        "/admin/courses/module/",
        "/admin/courses/lesson/",
        "/admin/courses/course/1/facts/",
        "/admin/courses/image/",
        "/admin/courses/image/add/",
        "/admin/courses/bundle/",
        "/admin/courses/bundle/add/",
        "/admin/courses/bundle/start/",
        "/admin/courses/bundle/of/customer-service/copy/",
        "/admin/courses/publishrequest/",
        "/admin/courses/flag/",
        "/admin/quizzes/quiz/",
        "/admin/quizzes/question/",
        "/admin/quizzes/question/add/",
        "/admin/quizzes/question/add/?quiz=1",
        "/admin/quizzes/question/add/?quiz=1&type=matching",
        "/texts/1/",
        "/admin/preview/customer-service/",
        "/reports/questions/",
        "/reports/questions/customer-service/",
        "/reports/questions/customer-service/rec-first-sentence/",
    ],
    "olga@example.com": ["/admin/", "/admin/notices/notice/"],
}
STAFF_PAGES: dict[str, dict[str, list[str]]] = {
    # From a list, the page of its first entry (or of the one whose words are given), and what hangs on it.
    "ed@example.com": {
        "/admin/courses/course/": ["", "../change/"],
        "/admin/courses/module/|Recovering": ["", "../status/", "../history/"],
        "/admin/courses/lesson/?q=de-escalating-anger": [
            "",
            "../preview/",
            "../revisions/",
            "../revisions/1/",
            "../compare/",
            "../parts/",
            "../publish/",
            "../do/retire/",
            "../move/",
        ],
        "/admin/courses/path/": ["", "../add-lesson/"],
        "/admin/quizzes/quiz/": ["", "../put-in/"],
        "/admin/quizzes/question/": ["", "../retire/", "../regrade/"],
    },
    "hana@example.com": {
        "/admin/accounts/user/?q=ada@example.com": ["", "../history/"],
        "/admin/accounts/team/|Shop Lyon": ["", "../delete/"],
        "/admin/courses/enrollment/?state=overdue": ["", "../do/excuse/", "../do/pause/", "../do/withdraw/"],
        "/admin/courses/enrollment/?q=baptiste": ["", "../do/ask-again/"],
        "/admin/courses/assignment/": [""],
        "/admin/events/livesession/": ["", "../cancel/", "../history/"],
    },
    "olga@example.com": {"/admin/sender/|Staff pages": []},
}
LOOKS = {"": EVERY_LOOK, "ada@example.com": EVERY_LOOK}


@pytest.mark.parametrize("who", PAGES, ids=lambda who: who.split("@")[0] or "nobody")
def test_pages_are_sound(visit: Any, who: str) -> None:
    visitor = visit(reduced_motion="reduce")
    visitor.expected = ("status of 404", "status of 403")  # Chromium reports the error pages that are asked for here
    if who:
        visitor.sign_in(who)
    found: list[str] = []
    titles: dict[str, str] = {}
    for address in PAGES[who]:
        visitor.page.goto(address)
        found += problems(visitor.page, address, LOOKS.get(who, BOTH))
        title = visitor.page.title()
        if "?" not in address and title in titles:
            found.append(f"{address}: has the title of {titles[title]}: {title}")
        titles[title] = address
    assert not found, "\n".join(found)


@pytest.mark.parametrize("who", STAFF_PAGES, ids=lambda who: who.split("@")[0])
def test_the_pages_of_one_thing_are_sound(visit: Any, who: str) -> None:
    page = visit(reduced_motion="reduce").sign_in(who)
    found: list[str] = []
    for where, pages in STAFF_PAGES[who].items():
        address, _, words = where.partition("|")
        page.goto(address)
        found += problems(page, address)
        one = page.locator("#result_list tbody a", has_text=words).first.get_attribute("href") if pages else ""
        for further in pages:
            page.goto(urljoin(urljoin(page.url, one), further))
            assert "/admin/" in page.url
            found += problems(page, page.url)
    assert not found, "\n".join(found)


def test_the_pages_of_a_certificate_are_sound(visit: Any, certificate: str) -> None:
    visitor = visit(reduced_motion="reduce")
    found: list[str] = []
    for address in (f"/certificates/{certificate}/", f"/my/certificates/{certificate}/"):
        if address.startswith("/my/"):
            visitor.sign_in("ada@example.com")
        visitor.page.goto(address)
        assert visitor.page.get_by_text("Ada Moreau", exact=True).is_visible()
        found += problems(visitor.page, address, EVERY_LOOK)
    assert not found, "\n".join(found)


def test_empty_staff_forms_say_what_is_wrong(visit: Any) -> None:
    page = visit().sign_in("ed@example.com")
    found: list[str] = []
    for address in ("/admin/courses/lesson/add/", "/admin/quizzes/question/add/?quiz=1&type=single"):
        page.goto(address)
        page.locator("form.edit .button-primary").click()
        assert page.title().startswith("Error:")
        assert page.locator(".notice-bad").count() == 1
        assert page.evaluate("document.activeElement.id") == "error-summary"
        found += problems(page, f"{address} with errors")
    assert not found, "\n".join(found)
