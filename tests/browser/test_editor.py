"""Writing in a real browser: buttons, keys, pasting, text that survives, pictures, and what learners see then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.demo_site import DemoSite
from tests.builders import picture
from tests.courses.test_vectors import VECTORS

pytestmark = pytest.mark.once

EDITOR = "ed@example.com"
WIDE = 1400


def open_lesson(page: Any, key: str) -> str:
    page.goto(f"/admin/courses/lesson/?q={key}")
    page.locator("tbody a").first.click()
    page.locator("#id_body").wait_for()
    return re.sub(r"change/.*", "", page.url)


def set_text(page: Any, text: str) -> None:
    page.locator("[data-kept-status]").wait_for(state="attached")  # the script is there that keeps what is typed
    page.locator("#id_body").fill(text)


def text_of(page: Any) -> str:
    return str(page.locator("#id_body").input_value())


@pytest.fixture
def editor(visit: Any) -> Iterator[Any]:
    visitor = visit(width=WIDE)
    visitor.sign_in(EDITOR)
    yield visitor
    visitor.page.evaluate("localStorage.clear()")


# --- Buttons, keys, preview ------------------------------------------------------------------------------------------


def test_buttons_and_keys_write_markdown_and_can_be_undone(editor: Any) -> None:
    page = editor.page
    open_lesson(page, "words-that-open-doors")
    set_text(page, "one two")
    area = page.locator("#id_body")
    area.evaluate("area => area.setSelectionRange(0, 3)")
    page.keyboard.press("Control+b")
    assert text_of(page) == "**one** two"
    page.keyboard.press("Control+b")
    assert text_of(page) == "one two"
    page.keyboard.press("Control+i")
    assert text_of(page) == "*one* two"
    page.keyboard.press("Control+z")
    assert text_of(page) == "one two"
    for name, wanted in {
        "Heading": "## one two",
        "List": "- one two",
        "Numbered": "1. one two",
        "Quote": "> one two",
    }.items():
        set_text(page, "one two")
        page.get_by_role("button", name=name, exact=True).click()
        assert text_of(page) == wanted
        page.get_by_role("button", name=name, exact=True).click()
        assert text_of(page) == "one two"
    area.evaluate("area => area.setSelectionRange(7, 7)")
    page.get_by_role("button", name="Dialogue").click()
    assert re.fullmatch(r"one two\n\n::: weak\n.*\n:::\n\n::: strong\n.*\n:::\n", text_of(page), re.DOTALL)
    page.locator("[data-pane] .compare .box-strong").wait_for()
    set_text(page, "Keep this sentence.")
    area.evaluate("area => area.setSelectionRange(0, 19)")
    page.get_by_role("button", name="Takeaway").click()
    assert page.locator("#id_takeaway").input_value() == "Keep this sentence."


def test_the_toolbar_is_one_stop_and_arrows_move_in_it(editor: Any) -> None:
    page = editor.page
    open_lesson(page, "four-rings")
    page.get_by_role("button", name="Bold").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "Italic"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "Picture…"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "Bold"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "id_body"


def test_a_link_a_drawing_and_a_fact_are_picked(editor: Any) -> None:
    page = editor.page
    open_lesson(page, "four-rings")
    set_text(page, "See this.")
    page.locator("#id_body").evaluate("area => area.setSelectionRange(4, 8)")
    page.keyboard.press("Control+k")
    page.locator("#picker-search").fill("setting your limits")
    page.locator(".pick:visible").first.wait_for()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert text_of(page) == "See [this](lesson:setting-your-limits)."
    for name, start in {"Drawing…": "::: diagram ", "Company fact…": "::: fact "}.items():
        set_text(page, "Text")
        page.get_by_role("button", name=name).click()
        page.locator(".pick").first.click()
        assert re.fullmatch(rf"(Text\n\n)?{start}[a-z0-9-]+\n:::\n(\nText)?", text_of(page))
    page.get_by_role("button", name="Link…").click()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Link…"


def test_the_pane_says_what_the_lesson_will(editor: Any) -> None:
    page = editor.page
    base = open_lesson(page, "four-rings")
    text = (
        "A **bold** start with ![no](image:none).\n\n::: try\n1. One\n2. Two\n:::\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    set_text(page, text)
    page.locator("[data-pane] .box-try").wait_for()
    assert "words" in page.locator("[data-pane] .figures").inner_text()
    shown = page.locator("[data-pane] .prose").inner_html()
    page.get_by_label("What changed").fill("A test")
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_load_state()
    page.goto(f"{base}preview/")
    assert page.locator(".lesson .prose").inner_html() == shown


# --- Text that survives ----------------------------------------------------------------------------------------------


def test_text_survives_a_closed_window_and_is_offered_back(editor: Any) -> None:
    page = editor.page
    base = open_lesson(page, "attitude-leaks")
    typed = "Typed and never saved.\n\n  with spaces  \n"
    set_text(page, typed)
    page.get_by_text("Kept in this browser at").wait_for()
    page.close()
    page = editor.page = editor.context.new_page()
    page.goto(f"{base}change/")
    notice = page.locator("#kept")
    assert "You have text from" in notice.inner_text()
    notice.locator("summary").click()
    assert "Typed and never saved." in notice.inner_text()
    assert typed not in text_of(page)
    page.get_by_role("button", name="Put it back").click()
    assert text_of(page) == typed
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_load_state()
    assert text_of(page) == typed
    assert not page.locator("#kept").is_visible()
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_what_is_thrown_away_does_not_come_back(editor: Any) -> None:
    page = editor.page
    open_lesson(page, "attitude-leaks")
    set_text(page, "Not worth it")
    page.get_by_text("Kept in this browser at").wait_for()
    page.reload()
    page.get_by_role("button", name="Throw it away").click()
    page.reload()
    assert not page.locator("#kept").is_visible()
    assert "Not worth it" not in text_of(page)


def test_a_session_that_ends_while_saving_loses_nothing(editor: Any) -> None:
    page = editor.page
    editor.expected = ("status of 403", "status of 401")
    base = open_lesson(page, "attitude-leaks")
    set_text(page, "Written while signed out")
    editor.context.clear_cookies()
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_load_state()
    if "sign-in" not in page.url:  # the form's token went with the cookies
        page.goto(f"{base}change/")
    page.locator("#id_name").fill(EDITOR)
    page.locator("#id_password").fill("workshop-demo")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/change/**")
    page.get_by_role("button", name="Put it back").click()
    assert text_of(page) == "Written while signed out"


def test_signing_out_takes_ones_text_along_and_no_other(editor: Any) -> None:
    page = editor.page
    open_lesson(page, "attitude-leaks")
    set_text(page, "Mine")
    page.get_by_text("Kept in this browser at").wait_for()
    page.evaluate("localStorage.setItem('draft:0:1:1', '{}')")
    page.locator("header summary").last.click()
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    page.wait_for_load_state()
    assert page.evaluate("Object.keys(localStorage)") == ["draft:0:1:1"]


def test_what_is_put_back_does_not_overwrite_what_was_saved_since(editor: Any) -> None:
    page = editor.page
    base = open_lesson(page, "choosing-the-next-thought")
    original = text_of(page)
    set_text(page, f"{original}\n\nMine, from before.")
    page.get_by_text("Kept in this browser at").wait_for()
    other = editor.context.browser.new_context(base_url=editor.site, viewport={"width": WIDE, "height": 900})
    colleague = other.new_page()
    colleague.goto("/accounts/sign-in/")
    colleague.locator("#id_name").fill(EDITOR)
    colleague.locator("#id_password").fill("workshop-demo")
    colleague.get_by_role("button", name="Sign in", exact=True).click()
    colleague.goto(f"{base}change/")
    set_text(colleague, f"{original}\n\nTheirs, saved since.")
    colleague.get_by_role("button", name="Save the draft").click()
    colleague.wait_for_load_state()
    other.close()
    page.goto(f"{base}change/")
    page.get_by_role("button", name="Put it back").click()
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_load_state()
    difference = page.locator("section.notice-warn .sides")
    assert "Theirs" in difference.locator("del").all_inner_texts()[0]
    assert "Mine" in difference.locator("ins").all_inner_texts()[0]
    assert "Mine, from before." in text_of(page)


def test_too_much_is_said_before_it_is_sent(editor: Any) -> None:
    page = editor.page
    open_lesson(page, "attitude-leaks")
    page.locator("#id_body").evaluate("area => { area.value = 'x'.repeat(5_000_000) }")
    page.get_by_role("button", name="Save the draft").click()
    assert "5,000,000 characters; 20,000 are the most" in page.get_by_role("alert").inner_text()
    assert len(text_of(page)) == 5_000_000


# --- Pasting ---------------------------------------------------------------------------------------------------------

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal {margin:0} --></style>
<title>x</title></head><body lang=EN-US style='tab-interval:36pt'><!--StartFragment-->
<h1 style='mso-style-name:x'>Title <b>one</b><o:p></o:p></h1>
<p class=MsoNormal style='margin:0'>Some <b style='mso-bidi-font-weight:normal'>bo</b><b>ld</b>, <i>it</i> and
<a href="https://example.org/a_b">a link</a>.<o:p>&nbsp;</o:p></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span
style='font-family:Symbol'><span style='mso-list:Ignore'>·<span style='font:7pt "Times New Roman"'>&nbsp;&nbsp;
</span></span></span><![endif]>First</p>
<p class=MsoListParagraphCxSpLast style='text-indent:-18pt;mso-list:l0 level2 lfo1'><![if !supportLists]><span><span
style='mso-list:Ignore'>1.<span>&nbsp;</span></span></span><![endif]>Second</p>
<table class=MsoTableGrid border=1><tr><td><p>A | B</p></td><td><p><b>C</b></p></td></tr>
<tr><td><p>1</p></td><td><p>2</p></td></tr></table>
<p class=MsoNormal><img src="file:///c:/x.png" onerror="alert(1)">After <script>alert(1)</script>it</p>
<!--EndFragment--></body></html>"""
FROM_WORD = """## Title one

Some **bold**, *it* and a link (https://example.org/a_b).

- First
   1. Second

| A \\| B | **C** |
| --- | --- |
| 1 | 2 |

After it"""
CASES = {
    WORD: FROM_WORD,
    "<b style='font-weight:normal' id='docs-internal-guid-1'><p><span style='font-weight:700'>Bold</span>"
    "<span style='font-weight:400'> and </span><span style='font-style:italic'>it</span></p><ul><li><p>a</p></li>"
    "<ul><li><p>b</p></li></ul></ul></b>": "**Bold** and *it*\n\n- a\n   - b",
    "<p>One<br>two</p><p># not <em>a</em> heading</p><p>1. x <b> y </b>z</p>": (
        "One\ntwo\n\n\\# not *a* heading\n\n1\\. x **y** z"
    ),
    "<ol start=3><li>c</li><li>d</li></ol>": "3. c\n4. d",
    "<table><tr><td><p>One <i>column</i></p></td></tr><tr><td>Two</td></tr></table>": "One *column*\n\nTwo",
    "<a href='javascript:alert(1)'>x</a> <b>*_`[y]</b>": "x **\\*\\_\\`\\[y\\]**",
    "<p><b>snake_case</b> _x_ &amp;copy;</p>": "**snake_case** \\_x\\_ \\&copy;",
}


def paste(page: Any, html: str, plain: str = "") -> str:
    set_text(page, "")
    page.locator("#id_body").evaluate(
        """(area, [html, plain]) => {
          const data = new DataTransfer();
          data.setData("text/html", html);
          data.setData("text/plain", plain);
          area.focus();
          const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
          if (area.dispatchEvent(event)) document.execCommand("insertText", false, plain);
        }""",
        [html, plain],
    )
    return text_of(page)


def test_what_is_pasted_becomes_markdown(editor: Any) -> None:
    page = editor.page
    open_lesson(page, "four-rings")
    for html, wanted in CASES.items():
        assert paste(page, html) == wanted
    own = f"<p><a href='{editor.site}/courses/customer-service/four-rings/#x'>us</a></p>"
    assert paste(page, own) == "[us](/courses/customer-service/four-rings/#x)"
    code = (
        "<div style='font-family:Consolas;white-space: pre;'><div><span style='font-weight:bold'># x</span></div></div>"
    )
    assert paste(page, code, "# x") == "# x"
    assert paste(page, "<span>plain</span>", "plain") == "plain"


def test_the_real_clipboard(editor: Any) -> None:
    page = editor.page
    editor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_lesson(page, "four-rings")
    page.evaluate(
        """html => navigator.clipboard.write([new ClipboardItem({
          "text/html": new Blob([html], { type: "text/html" }),
          "text/plain": new Blob(["Head\\nbold text\\na\\nb"], { type: "text/plain" }),
        })])""",
        "<h2>Head</h2><p><strong>bold</strong> text</p><ul><li>a</li><li>b</li></ul>",
    )
    set_text(page, "")
    page.locator("#id_body").focus()
    page.keyboard.press("Control+v")
    expect(page.locator("#id_body")).not_to_have_value("")
    assert text_of(page) == "## Head\n\n**bold** text\n\n- a\n- b"
    page.keyboard.press("Control+z")
    assert "## Head" not in text_of(page)
    set_text(page, "")
    page.keyboard.press("Control+Shift+v")
    expect(page.locator("#id_body")).not_to_have_value("")
    assert text_of(page).replace("\r", "") == "Head\nbold text\na\nb"


# --- Pictures, vectors, and the way to the learner -------------------------------------------------------------------


def test_a_picture_from_upload_to_the_learner(editor: Any, visit: Any) -> None:
    page = editor.page
    page.goto("/admin/courses/image/add/")
    page.locator("#id_course").select_option(label="Customer Service Workshop")
    page.locator("#id_file").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": picture(900, 600)})
    page.locator("#id_title").fill("Browser picture")
    page.locator("#id_alt").fill("A teal field")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("![A teal field](image:browser-picture)").wait_for()
    base = open_lesson(page, "know-your-house")
    page.locator("#id_body").evaluate("area => area.setSelectionRange(area.value.length, area.value.length)")
    page.get_by_role("button", name="Picture…").click()
    page.locator(".pick", has_text="Browser picture").click()
    assert "![A teal field](image:browser-picture)" in text_of(page)
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_load_state()
    page.goto(f"{base}publish/")
    page.get_by_role("button", name=re.compile("Publish revision")).click()
    page.wait_for_load_state()
    learner = visit().sign_in("ada@example.com")
    learner.goto("/courses/customer-service/know-your-house/")
    image = learner.get_by_role("img", name="A teal field").first
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("naturalWidth", 900)


def test_vectors_do_nothing_in_a_browser(editor: Any) -> None:
    page = editor.page
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    base = open_lesson(page, "four-rings")
    for start in range(0, len(VECTORS), 40):
        text = "\n\n".join(vector.replace("\0", "").replace("\ud800", "") for vector in VECTORS[start : start + 40])
        set_text(page, text)
        with page.expect_response(re.compile("/pane/")) as shown:
            page.keyboard.press("End")
            page.locator("#id_body").dispatch_event("input")
        assert shown.value.ok
        page.wait_for_timeout(200)
    form = {"title": "T", "body": text, "takeaway": VECTORS[0]}
    token = page.locator("form[data-editor] [name=csrfmiddlewaretoken]").input_value()
    answer = page.request.post(
        f"{base}preview/", form={**form, "csrfmiddlewaretoken": token}, headers={"Referer": base}
    )
    page.set_content(answer.text())
    assert not dialogs
    assert page.locator("[onerror], [onload], [onclick], .prose script, .prose iframe, .prose svg[onload]").count() == 0


def test_without_scripts_everything_is_there(visit: Any) -> None:
    page = visit(java_script_enabled=False).sign_in(EDITOR)
    open_lesson(page, "four-rings")
    assert not page.get_by_role("button", name="Bold").is_visible()
    page.get_by_role("link", name=re.compile("What you can put in")).click()
    assert page.get_by_text("(lesson:setting-your-limits)").is_visible()


SECOND = """
from accounts.models import User
from courses.models import Completion, Enrollment, Lesson
lesson = Lesson.objects.get(key="%s")
crowd = [User(name=f"Many {n}", email=f"crowd{n}@example.com", password="!") for n in range(51)]
people = User.objects.bulk_create(crowd)
path = lesson.course.paths.get(is_default=True)
enrolled = Enrollment.objects.bulk_create([Enrollment(user=one, course=lesson.course, path=path) for one in people])
Completion.objects.bulk_create([Completion(enrollment=one, lesson=lesson, revision=lesson.published_revision,
    redo_level=lesson.published_revision.redo_level, how="read") for one in enrolled])
"""


def test_a_redo_for_many_is_confirmed_by_hr(editor: Any, visit: Any, site: DemoSite) -> None:
    key = "say-it-back"
    site.manage("shell", "-v", "0", "-c", SECOND % key)
    page = editor.page
    base = open_lesson(page, key)
    set_text(page, text_of(page) + "\n\nA rule that is new for everybody.")
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_load_state()
    page.goto(f"{base}publish/")
    page.get_by_label(re.compile("Redo:")).check()
    page.get_by_role("button", name=re.compile("Publish revision")).click()
    page.get_by_text("somebody else confirms it").wait_for()
    learner = visit().sign_in("ada@example.com")
    learner.goto(f"/courses/customer-service/{key}/")
    assert "A rule that is new for everybody." not in learner.locator("main").inner_text()
    hr = visit(width=360).sign_in("hana@example.com")
    hr.goto("/admin/")
    hr.get_by_role("link", name="Confirm what is published").click()
    hr.locator("tbody a").first.click()
    assert "A rule that is new for everybody." in hr.locator("main").inner_text()
    hr.get_by_role("button", name=re.compile("Publish it for .* people")).click()
    hr.get_by_text("Confirmed and published.").wait_for()
    learner.reload()
    assert "A rule that is new for everybody." in learner.locator("main").inner_text()


def test_each_effect_reaches_the_learner_and_an_old_text_comes_back(editor: Any, visit: Any) -> None:
    key = "why-people-come-back"
    learner = visit().sign_in("ada@example.com")
    learner.goto(f"/courses/customer-service/{key}/")
    learner.locator("#check .quiz-option").first.click()
    learner.get_by_role("button", name="Check my answer").click()
    learner.locator("#check .verdict").wait_for()
    learner.get_by_role("button", name="Continue").click()
    learner.wait_for_url(lambda url: key not in url)
    page = editor.page
    base = open_lesson(page, key)
    original, sentences = text_of(page), []
    for effect, notice in {
        "Silent:": "Completed",
        "Announce:": "This lesson has changed since you completed it.",
        "Redo:": "You completed an earlier version. This one says something new",
    }.items():
        sentences.append(f"A sentence that came with {effect[:-1]}.")
        page.goto(f"{base}change/")
        set_text(page, "\n\n".join([original, *sentences]))
        page.get_by_role("button", name="Save the draft").click()
        page.wait_for_load_state()
        publish(page, base, effect)
        learner.goto(f"/courses/customer-service/{key}/")
        assert sentences[-1] in learner.locator("main").inner_text()
        assert notice in learner.locator("main").inner_text(), effect
    page.goto(f"{base}revisions/")
    page.get_by_role("button", name=re.compile("Make revision 1 the draft again")).click()
    publish(page, base, "Silent:")
    learner.goto(f"/courses/customer-service/{key}/")
    assert not [one for one in sentences if one in learner.locator("main").inner_text()]


def publish(page: Any, base: str, effect: str) -> None:
    page.goto(f"{base}publish/")
    page.get_by_label(re.compile(effect)).check()
    page.get_by_role("button", name=re.compile("^Publish revision")).click()
    page.wait_for_load_state()
