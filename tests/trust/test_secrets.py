"""R7: what is not due is in no byte of any answer. Secrets are markers; a learner's whole crawl is searched."""

from __future__ import annotations

import re

import pytest

from courses import publishing
from courses.models import Module
from quizzes.models import Question
from tests.builders import make_lesson, make_member
from tests.trust.crawling import STARTS, crawl, visitor

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def secrets(cast, people) -> list[str]:
    """Every feedback, and a marker in each thing that learners must not see yet."""
    course, module = cast.course, cast.course.modules.get()
    lesson = course.lessons.get(key="m1-read-2")
    lesson.add_revision(
        title="SECRET draft title", body="SECRET draft body", takeaway="x", note="SECRET note", by=cast.ed
    )
    hidden = make_lesson(module, "hidden", position=7)
    shown = hidden.published_revision
    type(shown).objects.filter(pk=shown.pk).update(title="SECRET hidden title", body="SECRET hidden body")
    publishing.unpublish(hidden)
    later = Module.objects.create(course=course, key="later", title="Later", position=2)
    planned = make_lesson(later, "planned", position=1)
    type(shown).objects.filter(lesson=planned).update(title="SECRET planned title", body="SECRET planned body")
    question = Question.objects.get(key="m1-quiz-q1")
    draft = {"stem": "SECRET stem", "options": question.published_revision.body["options"]}
    question.add_revision(type="single", body=draft)
    make_member(cast.lyon, "Secret Colleague", staff_number="SECRET-NUMBER")
    return ["SECRET", "Secret Colleague", "Feedback ", "Otto", cast.otto.email, "Olga", "Ed Okoye"]


def test_nothing_that_is_not_due_is_in_any_page_of_a_learner(cast, people, secrets):
    client = visitor(cast.ada)
    quiz, reading = cast.course.lessons.get(kind="quiz"), cast.course.lessons.get(key="m1-read-1")
    client.post(f"{quiz.get_absolute_url()}quiz/")
    starts = [*STARTS, f"{quiz.get_absolute_url()}quiz/1/1/", f"{quiz.get_absolute_url()}quiz/1/close/"]
    found = crawl(cast.ada, starts)
    assert any("/quiz/1/" in address for address in found.pages), "The crawl must come to the questions."
    answers = [client.post(f"{quiz.get_absolute_url()}quiz/1/{n}/", {"option": "c", "go": "next"}) for n in (1, 2, 3)]
    answers += [client.post(f"{reading.get_absolute_url()}check/", {"option": "nonsense"})]
    answers += [client.get(f"/courses/{cast.course.key}/{slug}/") for slug in ("hidden", "planned")]
    for response in [*found.pages.values(), *crawl(cast.ada, starts).pages.values(), *answers]:
        text = response.content.decode() + str(dict(response.headers))
        for secret in secrets:
            assert secret not in text, f"{secret} in {response.request['PATH_INFO']}"
        assert not re.search(r'\b(data-)?(correct|is-right|points|score)="', text)


def test_a_check_explains_itself_and_no_other(cast, people, secrets):
    client, first = visitor(cast.ada), cast.course.lessons.get(key="m1-read-1")
    client.post(f"{first.get_absolute_url()}check/", {"option": "b"})
    pages = crawl(cast.ada).pages
    with_feedback = {address for address, response in pages.items() if b"Feedback " in response.content}
    assert with_feedback == {first.get_absolute_url()}
    told = set(re.findall(r"Feedback \w of ([\w-]+)", pages[first.get_absolute_url()].content.decode()))
    assert told == {"check-m1-read-1"}


def test_strangers_get_no_answers_either(cast, people, secrets):
    cast.course.lessons.filter(key="m1-read-1").update(is_sample=True)
    for address, response in crawl(None).pages.items():
        text = response.content.decode()
        assert not [secret for secret in (*secrets, "Ada", cast.mia.email) if secret in text], address
