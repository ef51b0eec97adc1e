"""What editors and readers type, on whole pages: titles, takeaways, questions, facts and flags make no element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from courses import flagging, markdown
from courses.models import CompanyFact, Course, Flag, Lesson, LessonRevision, Module
from quizzes.models import CheckAnswer, QuestionRevision
from tests.conftest import sign_in
from tests.courses.test_vectors import ALLOWED, VECTORS

PAGE = "/courses/service/m1-read-1/"


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def packed(longest: int) -> Iterator[str]:
    """All vectors in texts of so many characters; one that is longer is cut, as the column would."""
    text = ""
    for vector in VECTORS:
        clean = vector.replace("\0", "").encode("utf-8", "replace").decode()[:longest]
        if len(text) + 1 + len(clean) > longest:
            yield text
            text = ""
        text = f"{text} {clean}".strip()
    yield text


def shape(html: str) -> dict[str, set[str]]:
    """By element, the attributes that some of its kind have."""
    found: dict[str, set[str]] = {}
    for tag, attributes in Elements(html).found:
        found.setdefault(tag, set()).update(attributes)
    return found


def harmless(html: str, plain: dict[str, set[str]]) -> None:
    """Nothing but what the page has without the vectors, and what a text may make."""
    for tag, attributes in Elements(html).found:
        assert tag in plain or tag in markdown.TAGS, (tag, attributes)
        assert set(attributes) <= plain.get(tag, set()) | ALLOWED, (tag, attributes)
        for name in ("href", "src", "action", "formaction"):
            assert re.match(r"$|[#?]|/(?![/\\])|[a-z0-9-]+/|mailto:[a-z]+@example.com$", attributes.get(name, "")), (
                tag,
                attributes,
            )


@pytest.fixture
def lesson(cast) -> Lesson:
    CompanyFact.objects.create(course=cast.course, key="known", title="x", default="x\nx", hint="x", group="x")
    revision = LessonRevision.objects.get(lesson__key="m1-read-1")
    LessonRevision.objects.filter(pk=revision.pk).update(body="x\n\n::: fact known\n:::")
    question = QuestionRevision.objects.get(question__key="check-m1-read-1")
    CheckAnswer.objects.create(
        user=cast.ada, lesson=revision.lesson, question_revision=question, response=[question.body["options"][0]["key"]]
    )
    return revision.lesson


def test_a_lesson_and_its_editor_show_them_as_text(cast, lesson):
    """Title, takeaway, note, names of course, module and fact, stem, options, feedback; in turn, all of them."""
    learner, editor = sign_in(Client(), cast.ada), sign_in(Client(), cast.ed)
    staff = (
        reverse("admin:courses_lesson_change", args=[lesson.pk]),
        reverse("admin:desk_facts", args=[cast.course.pk]),
        reverse("admin:courses_course_home", args=[cast.course.pk]),
    )
    flagging.flag(cast.otto, lesson.published_revision, Flag.Kind.OTHER, "x", may_ask=True)
    addresses = [(learner, PAGE), *((editor, address) for address in staff)]
    plain = {address: shape(client.get(address).content.decode()) for client, address in addresses}
    question = QuestionRevision.objects.get(question__key="check-m1-read-1")
    for number, text in enumerate(packed(300)):
        short = text[:100]
        LessonRevision.objects.filter(lesson=lesson).update(title=text[:200], takeaway=text, note=text)
        Course.objects.update(title=text[:200], summary=text)
        Module.objects.update(title=text[:200], purpose=text)
        CompanyFact.objects.update(title=short, group=short, hint=text, default=text, text=text if number % 2 else "")
        Flag.objects.update(comment=text)
        options = [{**option, "text": text, "feedback": text} for option in question.body["options"]]
        QuestionRevision.objects.filter(pk=question.pk).update(body={"stem": text, "options": options})
        for client, address in addresses if number % 4 == 0 else addresses[: 1 + number % 2]:
            answer = client.get(address)
            assert answer.status_code == 200, (address, text)
            harmless(answer.content.decode(), plain[address])


def test_flags_show_them_as_text(cast, lesson):
    editor = sign_in(Client(), cast.ed)
    flag = flagging.flag(cast.ada, lesson.published_revision, Flag.Kind.OTHER, "x", may_ask=True)
    addresses = ["/admin/courses/flag/", reverse("admin:courses_flag_change", args=[flag.pk])]
    flagging.resolve(flag, cast.ed, "x")
    plain = {address: shape(editor.get(address).content.decode()) for address in addresses}
    for text in packed(1000):
        Flag.objects.update(comment=text, note=text[:300])
        for address in addresses:
            harmless(editor.get(address).content.decode(), plain[address])


def test_what_a_reader_typed_comes_back_as_text(cast, lesson):
    learner = sign_in(Client(), cast.ada)
    plain = shape(learner.post(f"{PAGE}flag/", {"comment": "x"}).content.decode())
    for text in packed(1000):
        harmless(learner.post(f"{PAGE}flag/", {"comment": text}).content.decode(), plain)


def test_five_megabytes_as_a_fact_or_a_flag_are_refused_and_nothing_is_kept(cast, lesson):
    editor, learner = sign_in(Client(), cast.ed), sign_in(Client(), cast.ada)
    much = "x" * 5_000_000
    for client, address, name in (
        (editor, reverse("admin:desk_facts", args=[cast.course.pk]), "fact-known"),
        (learner, f"{PAGE}flag/", "comment"),
    ):
        answer = client.post(address, {name: much, "kind": "unclear"})
        assert answer.status_code == 400
        assert "nothing is lost: go back, and your text is still there" in answer.content.decode()
    assert not Flag.objects.exists()
    assert not CompanyFact.objects.exclude(text="").exists()
