"""Whole journeys in a real browser, each by somebody of the demo company who has not started yet."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from tests.browser.answers import fill
from tests.browser.conftest import certify
from tests.browser.demo_site import DemoSite
from tests.browser.keyboard import press, tab_to

COURSE = "/courses/customer-service/"
SAMPLE = f"{COURSE}de-escalating-anger/"
QUIZ = f"{COURSE}quiz-recovering/"
FIRST_QUIZ = f"{COURSE}quiz-getting-started/"


def go(page: Any, button: Any) -> None:
    """Click what leads to another page and wait for it."""
    with page.expect_navigation():
        button.click()


def read_lessons(page: Any) -> None:
    """Answer the check of each reading lesson and press Continue, until the quiz is there."""
    while page.locator("#check").count():
        fill(page, right=False)
        page.get_by_role("button", name="Check my answer").click()
        page.locator("#check .verdict").wait_for()
        go(page, page.get_by_role("button", name="Continue"))
    assert page.url.endswith(FIRST_QUIZ)


def take_quiz(page: Any, right: bool = True) -> None:
    """Answer every question, rightly or wrongly, and close."""
    while "/close/" not in page.url:
        fill(page, right)
        go(page, page.get_by_role("button", name=re.compile("Save and (go on|review)")))
    go(page, page.get_by_role("button", name="Close and see my result"))


@pytest.mark.parametrize(("who", "script"), [("nikhil.rao@example.com", True), ("1028", False)], ids=["js", "no-js"])
def test_from_the_public_home_to_a_passed_quiz(visit: Any, who: str, script: bool) -> None:
    visitor = visit(java_script_enabled=script)
    page = visitor.page
    page.goto("/")
    page.get_by_role("link", name=re.compile("Try this lesson")).first.click()
    page.locator("#check .quiz-option").nth(1).click()
    page.get_by_role("button", name="Check my answer").click()
    assert page.locator("#check").get_by_text("She hears her own story back").is_visible()

    visitor.sign_in(who)
    assert page.get_by_text("0 of 45 lessons").first.is_visible()
    page.get_by_role("link", name=re.compile("(Start|Continue): Remember Being the Customer")).first.click()
    read_lessons(page)
    go(page, page.get_by_role("button", name="Start the module quiz"))
    take_quiz(page, right=False)
    assert page.get_by_role("heading", level=1).inner_text().startswith("Not yet")
    go(page, page.get_by_role("button", name=re.compile("again", re.IGNORECASE)).first)
    take_quiz(page)
    assert page.get_by_role("heading", level=1).inner_text().startswith("Passed: 8 of 8")
    page.goto("/")
    assert page.get_by_text("5 of 45 lessons").first.is_visible()


def test_a_lesson_by_keyboard_alone(visit: Any) -> None:
    visitor = visit()
    page = visitor.page
    page.goto("/accounts/sign-in/")
    tab_to(page, "#id_name")
    page.keyboard.type("ruben.tavares@example.com")
    tab_to(page, "input[type=password]")
    page.keyboard.type("workshop-demo")
    press(page, "Enter", "/$")
    tab_to(page, "main .button-primary")
    press(page, "Enter", "remember-being-the-customer")
    page.goto(SAMPLE)
    tab_to(page, "#check input[type=radio]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#check button")
    press(page, "Enter", "de-escalating-anger")
    tab_to(page, "form[action$='/complete/'] button")
    press(page, "Enter", "establishing-common-ground")


def test_an_answer_is_saved_when_given_and_survives_everything(visit: Any) -> None:
    visitor = visit()
    visitor.expected = ("status of 403", "status of 401")
    page = visitor.sign_in("1040")
    page.goto(QUIZ)
    page.get_by_role("button", name="Start the module quiz").click()
    page.wait_for_url("**/quiz/1/1/")
    with page.expect_response(lambda response: response.request.method == "POST") as saved:
        page.locator(".quiz-option input").first.check()
    assert saved.value.ok
    page.reload()
    assert page.locator(".quiz-option input").first.is_checked()

    second = visitor.context.new_page()
    second.goto(QUIZ)
    second.get_by_role("button", name=re.compile("Go on with question")).click()
    second.wait_for_url("**/quiz/1/2/")
    second.close()

    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url("**/quiz/1/2/")
    page.go_back()
    assert page.locator(".quiz-option input").first.is_checked()

    visitor.context.clear_cookies()
    page.goto(page.url)
    page.locator("#id_name").fill("1040")
    page.locator("#id_password").fill("workshop-demo")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/quiz/1/1/")
    assert page.locator(".quiz-option input").first.is_checked()


def test_nothing_is_left_after_signing_out(visit: Any) -> None:
    visitor = visit()
    page = visitor.sign_in("elif.yildirim@example.com")
    page.goto("/my/what-my-manager-sees/")
    assert page.get_by_text("Elif Yildirim").first.is_visible()
    page.locator("header summary, header [popovertarget]").last.click()
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    page.wait_for_load_state()
    page.go_back()
    page.wait_for_load_state()
    assert "Elif" not in page.locator("body").inner_text()
    assert "sign-in" in page.url


def test_a_phone_shows_text_first(visit: Any) -> None:
    visitor = visit(width=360, height=740, has_touch=True, is_mobile=True)
    visitor.page.goto("/")
    for target in (
        visitor.page.get_by_text("What went wrong").first,
        visitor.page.get_by_role("link", name=re.compile("Try")),
    ):
        box = target.first.bounding_box()
        assert box is not None
        assert box["y"] < 740, "not on the first screen"
    visitor.sign_in("florian.weiss@example.com")
    visitor.page.goto(SAMPLE)
    box = visitor.page.locator("h1").bounding_box()
    assert box is not None
    assert box["y"] < 300
    small = visitor.page.evaluate(
        """() => [...document.querySelectorAll('main button, main .button, main .quiz-option')]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.textContent.trim())"""
    )
    assert not small, f"smaller than a thumb: {small}"


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("sheet", ["job-aid-recovering", "huddle-recovering"])
def test_sheets_print_on_one_page(visit: Any, sheet: str, paper: str) -> None:
    visitor = visit()
    page = visitor.sign_in("mia@example.com")
    page.goto(f"{COURSE}{sheet}/")
    pdf = page.pdf(format=paper)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 1


@pytest.mark.parametrize("script", [True, False], ids=["js", "no-js"])
def test_a_double_click_completes_once(visit: Any, script: bool) -> None:
    visitor = visit(java_script_enabled=script)
    page = visitor.sign_in("petr.novotny@example.com" if script else "omar.el.fassi@example.com")
    page.goto(SAMPLE)
    page.locator("#check .quiz-option").first.click()
    page.get_by_role("button", name="Check my answer").dblclick()
    page.locator("#check .verdict").wait_for()
    page.get_by_role("button", name="Continue").dblclick()
    page.wait_for_url("**/establishing-common-ground/")
    page.goto("/")
    assert page.get_by_text(re.compile("^1 of [0-9]+ lessons$")).first.is_visible()


@pytest.mark.parametrize("script", [True, False], ids=["js", "no-js"])
def test_a_certificate_is_printed_and_checked_by_somebody_else(visit: Any, certificate: str, script: bool) -> None:
    page = visit(java_script_enabled=script).sign_in("ada@example.com")
    page.locator(f"a[href*='{certificate}']").click()
    for name in ("Download to print (A4)", "US Letter"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert download.value.suggested_filename.startswith("Certificate Ada Moreau")
        assert download.value.path().read_bytes().startswith(b"%PDF")

    stranger = visit(java_script_enabled=script).page
    stranger.goto("/certificates/")
    stranger.get_by_label("Code").fill(f"{certificate[:4]} {certificate[4:]}".lower())
    go(stranger, stranger.get_by_role("button", name="Check this code"))
    assert stranger.get_by_text("This certificate is genuine").is_visible()
    assert stranger.get_by_text("Ada Moreau", exact=True).is_visible()


def test_the_page_of_a_certificate_prints_on_one_sheet(visit: Any, site: DemoSite, certificate: str) -> None:
    page = visit().page
    name, title = "Maria del Carmen " * 9, "A course with a title that does not want to end " * 4
    longest = certify(site, "nikhil.rao@example.com", name=name[:150], course_title=title[:200])
    for code in (certificate, longest):
        page.goto(f"/certificates/{code}/")
        for paper in ("A4", "Letter"):
            sheet = PdfReader(BytesIO(page.pdf(format=paper, prefer_css_page_size=True)))
            assert len(sheet.pages) == 1
            assert "Check another code" not in sheet.pages[0].extract_text()
