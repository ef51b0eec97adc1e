"""Writing a lesson: not a byte is changed, nothing is lost, and what is shown beside it is what learners see."""

import pytest
from django.urls import reverse

from courses import markdown, publishing
from courses.models import CompanyFact, Completion, Diagram, Lesson
from desk import lesson_checks
from desk.differences import MANY, differences, rows, words_of
from learn import lesson_page
from tests.builders import SILENT, make_course, make_image, make_lesson
from tests.desk.test_lessons import typed, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def lesson(cast):
    return cast.course.lessons.get(key="m1-read-1")


BODIES = [
    "One\nTwo",
    "  leading and trailing  \n\n\n",
    "\n\nempty lines first",
    "a hard break  \nafter two spaces\\\nand a backslash",
    "tab\there, no-break\u00a0space, zero\u200bwidth, e\u0301 and é, 漢字 🙂",
    "&amp; &lt;b&gt; <b>not bold</b> \"quotes\" 'single'",
    "```\n  code   \n\n```\n",
    "a\u2028line separator\x0cform feed",
]


@pytest.mark.parametrize("body", BODIES)
def test_opening_and_saving_changes_no_byte(lesson, cast, as_, body):
    lesson.add_revision(title="T", body=body, takeaway="K")
    ed = as_(cast.ed)
    shown = ed.get(url("change", lesson)).context["adminform"].form["body"].value()
    assert shown == body
    ed.post(url("change", lesson), typed(lesson, body=shown.replace("\n", "\r\n")))  # as a browser sends it
    assert lesson.revisions.count() == 2  # nothing changed, so nothing was saved
    ed.post(url("change", lesson), typed(lesson, body=f"{shown}!".replace("\n", "\r\n")))
    assert lesson.draft.body == f"{body}!"


def test_other_line_ends_in_the_store_are_not_a_change(lesson, cast, as_):
    lesson.add_revision(title="T", body="One\r\nTwo\rThree", takeaway="K")
    as_(cast.ed).post(url("change", lesson), typed(lesson, body="One\r\nTwo\r\nThree"))
    assert lesson.draft.body == "One\r\nTwo\rThree"
    as_(cast.ed).post(url("change", lesson), typed(lesson, body="One\r\nTwo\rFour"))
    assert lesson.draft.body == "One\nTwo\nFour"


def test_the_first_line_end_is_in_the_page(lesson, cast, as_):
    """HTML drops the first line end of a text area; the page has one more."""
    lesson.add_revision(title="T", body="\nx", takeaway="K")
    assert ">\n\nx</textarea>" in as_(cast.ed).get(url("change", lesson)).content.decode()


def test_too_much_is_refused_and_comes_back_whole(lesson, cast, as_):
    body = "word " * 5000 + "the end"
    page = as_(cast.ed).post(url("change", lesson), typed(lesson, body=body))
    text = page.content.decode()
    assert "The text has 25,007 characters; 20,000 are the most." in text
    assert body in text
    assert (
        "maxlength" not in text.split('id="id_body"')[0].rsplit("<textarea", 1)[1] + text.split('id="id_body"')[1][:200]
    )
    assert lesson.revisions.count() == 1


def test_five_megabytes_get_a_page_that_says_so(lesson, cast, as_):
    answer = as_(cast.ed).post(url("change", lesson), typed(lesson, body="x" * 5_000_000))
    assert answer.status_code == 400
    assert "more than this site takes at once" in answer.content.decode()
    answer = as_(cast.ed).post(
        url("pane", lesson), typed(lesson, body="x" * 5_000_000), headers={"accept": "application/json"}
    )
    assert answer.status_code == 400
    assert "more than this site takes" in answer.json()["error"]


# --- Beside the text -------------------------------------------------------------------------------------------------


def test_the_pane_is_what_learners_see(lesson, cast, as_):
    image = make_image(cast.course)
    Diagram.objects.create(
        course=cast.course,
        key="chain",
        title="Chain",
        alt="A chain",
        svg='<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>C</title><desc>D</desc></svg>',
    )
    CompanyFact.objects.create(course=cast.course, key="returns", title="Returns", default="Thirty days.")
    body = (
        "A **bold** [link](lesson:m1-read-2)\n\n::: weak\n**A:** no\n:::\n\n::: strong\n**A:** yes\n:::\n\n"
        f"::: diagram chain\n:::\n\n::: fact returns\n:::\n\n![A counter](image:{image.key})\n\n"
        "| a | b |\n|--|--|\n| 1 | 2 |"
    )
    pane = as_(cast.ed).post(url("pane", lesson), typed(lesson, title="T <i>", body=body, takeaway="Keep it."))
    html = pane.json()["html"]
    publishing.publish(lesson.add_revision(title="T", body=body, takeaway="Keep it."), SILENT)
    lesson.refresh_from_db()
    assert str(lesson_page.body_of(lesson)) in html
    page = as_(cast.ada).get(lesson.get_absolute_url()).content.decode()
    start = html.index('<div class="prose">')
    assert html[start : html.rindex("</div>")].strip() in page
    assert "T &lt;i&gt;" in html
    assert image.get_absolute_url() in html


def test_the_pane_counts_and_records_nothing(lesson, cast, as_):
    body = "This is a short sentence that one can read. " * 30
    html = as_(cast.ed).post(url("pane", lesson), typed(lesson, body=body)).json()["html"]
    figures = lesson_checks.figures(lesson.draft.__class__(lesson=lesson, body=body, minutes=3))
    assert figures.words == 270
    assert figures.said in html
    assert "reads at grade" in html
    assert lesson.revisions.count() == 1
    assert not Completion.objects.exists()


def test_the_pane_is_for_editors_with_a_token(lesson, cast, as_):
    assert as_(cast.hana).post(url("pane", lesson), {"body": "x"}).status_code == 403
    assert as_(cast.ada).post(url("pane", lesson), {"body": "x"}).status_code == 403
    strict = as_(cast.ed)
    strict.handler.enforce_csrf_checks = True
    assert strict.post(url("pane", lesson), {"body": "x"}).status_code == 403


def test_what_can_be_put_in(lesson, cast, as_):
    image = make_image(cast.course)
    CompanyFact.objects.create(course=cast.course, key="returns", title="Returns", default="Thirty days.")
    page = as_(cast.ed).get(url("parts", lesson)).content.decode()
    for text in ("[Lesson m1-read-2](lesson:m1-read-2)", "::: fact returns\n:::", f"(image:{image.key})"):
        assert f'data-put="{text}' in page or text in page
    assert image.alt in page


def test_words_of_a_link_end_where_they_should(lesson, cast, as_):
    other = cast.course.lessons.get(key="m1-read-2")
    other.add_revision(title="[Odd] \\ title", body="x")
    page = as_(cast.ed).get(url("parts", lesson)).context["groups"][0].parts
    text = next(part.markdown for part in page if part.markdown.endswith("(lesson:m1-read-2)"))
    assert markdown.lesson_links(text) == ["m1-read-2"]
    assert "[Odd] \\ title" in markdown.render(text, "service")


def test_the_pages_do_not_grow(lesson, cast, as_, django_assert_max_num_queries):
    ed = as_(cast.ed)
    for number in range(12):
        make_lesson(lesson.module, f"extra-{number}", position=20 + number)
        make_image(cast.course, f"image-{number}")
        lesson.add_revision(title="T", body=f"[a](lesson:extra-{number}) ![b](image:image-{number})" * 9, by=cast.ed)
    for page, most in {"parts": 12, "compare": 9, "publish": 25, "change": 26}.items():
        with django_assert_max_num_queries(most):
            assert ed.get(url(page, lesson)).status_code == 200
    with django_assert_max_num_queries(14):
        ed.post(url("pane", lesson), typed(lesson))
    with django_assert_max_num_queries(9):
        ed.get(reverse("admin:courses_image_changelist"))


# --- Two editors -----------------------------------------------------------------------------------------------------


def test_the_second_editor_sees_the_difference(lesson, cast, as_):
    body = "The first line stays.\n\nThe second has five words."
    lesson.add_revision(title="T", body=body, takeaway="K")
    first = typed(lesson, body=body.replace("five words", "exactly five words"))
    second = typed(lesson, body=body.replace("The second", "This second"))
    as_(cast.ed).post(url("change", lesson), first)
    page = as_(cast.ed).post(url("change", lesson), second).content.decode()
    assert "[removed:" in page
    assert "</span>The<span" in page
    assert "</span>This<span" in page
    assert "</span>exactly <span" in page
    assert lesson.draft.body == first["body"]


# --- Differences -----------------------------------------------------------------------------------------------------


def kinds(old, new):
    return [row.kind for row in rows(old, new)]


def test_lines_and_words():
    assert kinds(["a"], ["a"]) == []
    assert kinds(["a b c d e"], ["a b c d f"]) == ["changed"]
    assert kinds(["one"], ["two"]) == ["gone", "new"]
    assert kinds([], ["x", "y"]) == ["new", "new"]
    assert kinds(["x", "y"], []) == ["gone", "gone"]
    row = next(rows(["the red car"], ["the blue car"]))
    assert row.before == [("the ", False), ("red", True), (" car", False)]
    assert row.after == [("the ", False), ("blue", True), (" car", False)]
    text = "It’s  a\ttest, isn't it? 漢字"
    assert "".join(words_of(text)) == text


def test_what_is_far_is_left_out():
    old = [str(number) for number in range(40)]
    new = [*old[:20], "new", *old[20:]]
    assert kinds(old, new) == ["skipped", "same", "same", "new", "same", "same", "skipped"]


def test_long_texts_of_the_same_line_are_compared_in_good_time():
    old, new = ["x"] * (MANY * 6), ["x"] * (MANY * 6 - 1) + ["y"]
    assert len(kinds(old, new)) >= 1
    assert "changed" in kinds(["a " * 9999], ["a " * 9998 + "b"]) or kinds(["a " * 9999], ["a " * 9998 + "b"])


def test_each_revision_against_each(lesson, cast, as_):
    lesson.add_revision(title="Second", body="Text two of m1-read-1.", by=cast.ed, note="Why it changed")
    lesson.add_revision(title="Third", body="Text three", by=cast.ed)
    ed = as_(cast.ed)
    page = ed.get(url("compare", lesson), {"one": 3, "other": 1})
    assert (page.context["before"].number, page.context["after"].number) == (1, 3)
    page = ed.get(url("compare", lesson), {"one": 1, "other": 2}).content.decode()
    assert "Why it changed" in page
    for forged in ("x", "9" * 40, "-1", "99"):
        assert ed.get(url("compare", lesson), {"one": forged, "other": 1}).status_code == 200
    assert not differences(lesson.draft, lesson.draft)


# --- Checks ----------------------------------------------------------------------------------------------------------


def texts(revision):
    return [problem.text for problem in lesson_checks.problems(revision)]


def test_what_does_not_work_comes_first(lesson, cast):
    make_lesson(lesson.module, "waiting", position=9, publish=False)
    retired = make_image(cast.course, "gone")
    type(retired).objects.filter(pk=retired.pk).update(retired_at="2026-01-01T00:00Z")
    body = (
        "[a](lesson:nowhere) [b](lesson:waiting) [c](lesson:m1-read-2)\n\n"
        "::: diagram none\n:::\n\n::: fact none\n:::\n\n"
        "![x](image:none) ![](image:gone)\n\n::: odd\n:::\n"
    )
    draft = lesson.add_revision(title="T", body=body)
    problems = lesson_checks.problems(draft)
    broken = [problem.text for problem in problems if problem.is_broken]
    assert len(broken) == 6
    assert [problem.is_broken for problem in problems[:6]] == [True] * 6
    said = " ".join(texts(draft))
    for words in ("lesson:nowhere", "not published yet", "“none”", "was retired", "no words of its own", "no takeaway"):
        assert words in said
    assert "m1-read-2" not in said


def test_a_sound_lesson_has_nothing_to_say(cast, lesson):
    sentence = "You greet every customer who arrives and kindly ask what brings them to the counter. "
    body = f"{sentence * 5}\n\n" * 7 + "::: weak\n**A:** no\n:::\n\n::: strong\n**A:** yes\n:::\n"
    draft = lesson.add_revision(title="T", body=body, takeaway="Greet first.")
    assert texts(draft) == []
    long = lesson.add_revision(title="T", body=f"{'word ' * 40}.\n\n{body}", takeaway="Greet first.")
    assert any("has 40 words" in text for text in texts(long))


# --- Emptied ---------------------------------------------------------------------------------------------------------


def test_an_emptied_lesson_is_not_published_by_accident(lesson, cast, as_):
    publishing.publish(lesson.add_revision(title="T", body="word " * 200, takeaway="K"), SILENT)
    draft = lesson.add_revision(title="T", body="word " * 19, takeaway="K")
    ed = as_(cast.ed)
    assert "less_on_purpose" in ed.get(url("publish", lesson)).content.decode()
    refused = ed.post(url("publish", lesson), {"revision": draft.pk, "effect": "silent"})
    assert "Nearly all of the text is gone" in refused.content.decode()
    assert Lesson.objects.get(pk=lesson.pk).published_revision.number == 2
    ed.post(url("publish", lesson), {"revision": draft.pk, "effect": "silent", "less_on_purpose": "on"})
    assert Lesson.objects.get(pk=lesson.pk).published_revision == draft


def test_a_tenth_is_enough_and_so_is_a_short_beginning(lesson, cast, as_):
    draft = lesson.add_revision(title="T", body="x")  # three words were published
    assert not lesson_checks.is_emptied(draft)
    publishing.publish(lesson.add_revision(title="T", body="word " * 200), SILENT)
    lesson.refresh_from_db()
    assert not lesson_checks.is_emptied(lesson.add_revision(title="T", body="word " * 20))
    assert lesson_checks.is_emptied(lesson.add_revision(title="T", body=""))
    other = make_course("other").lessons.first()
    assert not lesson_checks.is_emptied(other.draft)
