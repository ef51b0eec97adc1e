"""What must not work: the right status, a clear sentence, a line in the log, and nothing changed."""

import logging
import re
from datetime import date

import pytest
from django.core import serializers
from django.test import Client

from courses import progress, publishing
from courses.models import Completion, Enrollment, Module
from quizzes.models import Answer, Attempt, Quiz
from tests.builders import enroll, make_course
from tests.conftest import sign_in
from tests.quizzes.taking_part import JSON, address, answer_all, quiz_of, started


@pytest.fixture
def quiz(cast) -> Quiz:
    return quiz_of(cast.course)


@pytest.fixture
def ada(cast, client):
    return sign_in(client, cast.ada)


def rows() -> str:
    kept = [*Attempt.objects.order_by("pk"), *Answer.objects.order_by("pk"), *Enrollment.objects.order_by("pk")]
    return serializers.serialize("json", [*kept, *Completion.objects.order_by("pk")])


def without_tokens(page: str) -> str:
    return re.sub(r'value="\w{64}"', "", page)


FORGED = [
    {"option": "nonsense"},
    {"option": "\x00"},
    {"option": ["a", "b"]},
    {"option": ["a", "a"]},
    {"option": "9" * 40},
    {"option": "a", "go": "nowhere"},
    {"option": "a", "go": "99"},
    {"option": "a", "go": "\x00"},
    {"option": "a", "go": "9" * 40},
    {"option": "a", "go": "²"},
    {"option": "x" * 500_000},
]


@pytest.mark.parametrize("form", FORGED, ids=lambda form: str(form)[:40])
def test_what_no_form_sends_is_refused(ada, quiz, caplog, form):
    started(ada, quiz)
    ada.post(address("question", quiz, 1, 1), {"option": "b"})
    before = rows()
    page = ada.post(address("question", quiz, 1, 1), form)
    assert page.status_code == 400
    assert "did not fit the question" in page.text
    assert address("question", quiz, 1, 1) in page.text
    answer = ada.post(address("question", quiz, 1, 1), form, **JSON)
    assert answer.status_code == 400
    assert answer.json()["saved"] is False
    assert "nothing was changed" in answer.json()["error"]
    assert rows() == before
    refused = [record for record in caplog.records if record.name == "workshop.quizzes"]
    assert len(refused) == 2
    assert refused[0].levelno == logging.WARNING


def test_the_log_names_the_person_by_number_only(cast, ada, quiz, caplog):
    started(ada, quiz)
    ada.post(address("question", quiz, 1, 1), {"option": "nonsense"})
    (record,) = [record for record in caplog.records if record.name == "workshop.quizzes"]
    assert record.event["person"] == cast.ada.pk
    assert record.event["status"] == 400
    assert "Ada" not in record.getMessage()
    assert "nonsense" not in record.getMessage()


def test_unknown_fields_set_nothing(cast, ada, quiz):
    attempt = started(ada, quiz)
    extra = {"score": "3", "passed": "true", "position": "2", "attempt": "99", "user": cast.otto.pk, "closed_at": "x"}
    ada.post(address("question", quiz, 1, 1), {"option": "c", **extra})
    ada.post(address("close", quiz, 1), extra)
    attempt.refresh_from_db()
    assert attempt.score == 0
    assert attempt.passed is False
    assert attempt.enrollment == cast.ada_enrolled


@pytest.mark.parametrize("number", ["2", "0", "9" * 40, "9" * 5000])
@pytest.mark.parametrize("door", [{}, JSON])
def test_an_attempt_that_is_not_there(ada, quiz, number, door):
    started(ada, quiz)
    base = address("start", quiz)
    for url in (f"{base}{number}/", f"{base}{number}/1/", f"{base}{number}/close/"):
        assert ada.get(url, **door).status_code == 404
    for url in (f"{base}{number}/1/", f"{base}{number}/close/"):
        assert ada.post(url, {"option": "a"}, **door).status_code == 404


@pytest.mark.parametrize("position", ["4", "0", "9" * 40])
def test_a_question_that_is_not_in_the_attempt(ada, quiz, position):
    started(ada, quiz)
    before = rows()
    url = f"{address('attempt', quiz, 1)}{position}/"
    assert ada.get(url).status_code == 404
    assert ada.post(url, {"option": "a"}).status_code == 404
    answer = ada.post(url, {"option": "a"}, **JSON)
    assert answer.status_code == 404
    assert answer.json() == {"saved": False, "error": answer.json()["error"]}
    assert rows() == before


def test_a_foreign_attempt_cannot_be_named(cast, ada, quiz):
    """Numbers are one's own: with Ada's address Otto reaches his own attempt, or nothing, the same as a missing one."""
    started(ada, quiz)
    before = rows()
    otto = sign_in(Client(), cast.otto)
    for url in (address("attempt", quiz, 1), address("question", quiz, 1, 1), address("close", quiz, 1)):
        foreign, missing = otto.get(url), otto.get(url.replace("/quiz/1/", "/quiz/7/"))
        assert foreign.status_code == missing.status_code == 404
        assert without_tokens(foreign.text) == without_tokens(missing.text)
    assert otto.post(address("question", quiz, 1, 1), {"option": "a"}).status_code == 404
    assert otto.post(address("close", quiz, 1)).status_code == 404
    assert rows() == before


@pytest.mark.parametrize("who", ["stranger", "hana", "olga", "ed", "mia"])
def test_without_an_enrollment_there_is_no_quiz(cast, client, quiz, who):
    sign_in(client, getattr(cast, who))
    assert client.post(address("start", quiz)).status_code == 404
    assert client.get(address("attempt", quiz, 1)).status_code == 404
    assert not Attempt.objects.exists()


def test_nobody_gets_in_without_signing_in(client, quiz):
    for url in (address("start", quiz), address("attempt", quiz, 1), address("question", quiz, 1, 1)):
        assert client.get(url).status_code == 302
    assert client.post(address("start", quiz)).status_code == 302
    assert not Attempt.objects.exists()


def test_a_deactivated_person_saves_nothing(cast, ada, quiz):
    started(ada, quiz)
    cast.ada.is_active = False
    cast.ada.save()
    before = rows()
    assert ada.post(address("question", quiz, 1, 1), {"option": "a"}).status_code in (302, 403)
    assert rows() == before


def test_a_lesson_of_another_kind_or_course_has_no_quiz(cast, ada, quiz):
    reading = cast.course.lessons.filter(kind="reading").first()
    other = make_course("other")
    assert ada.post(f"/courses/{cast.course.key}/{reading.slug}/quiz/").status_code == 404
    assert ada.post(f"/courses/{other.key}/{quiz.lesson.slug}/quiz/").status_code == 404
    assert ada.post(f"/courses/nowhere/{quiz.lesson.slug}/quiz/").status_code == 404
    assert not Attempt.objects.exists()


def test_an_unpublished_quiz_is_not_there(cast, ada, quiz):
    started(ada, quiz)
    module = quiz.lesson.module
    publishing.set_status(module, Module.Status.IN_PREPARATION)
    before = rows()
    assert ada.get(address("question", quiz, 1, 1)).status_code == 404
    assert ada.post(address("question", quiz, 1, 1), {"option": "a"}).status_code == 404
    assert ada.post(address("start", quiz)).status_code == 404
    assert rows() == before


def test_the_attempts_of_an_earlier_cycle_rest(cast, ada, quiz):
    started(ada, quiz)
    enroll(cast.ada, cast.course, cycle=2)
    assert ada.get(address("attempt", quiz, 1)).status_code == 404
    ada.post(address("start", quiz))
    assert Attempt.objects.filter(enrollment__cycle=2).count() == 1
    assert ada.get(address("question", quiz, 1, 1)).status_code == 200


def test_a_closed_attempt_is_frozen(ada, quiz, caplog):
    attempt = started(ada, quiz)
    answer_all(ada, quiz, attempt, right=0)
    ada.post(address("close", quiz, 1))
    before = rows()
    page = ada.post(address("question", quiz, 1, 1), {"option": "a"})
    assert page.status_code == 409
    assert "This attempt is closed" in page.text
    assert address("attempt", quiz, 1) in page.text
    answer = ada.post(address("question", quiz, 1, 1), {"option": "a"}, **JSON)
    assert answer.status_code == 409
    assert "no longer be changed" in answer.json()["error"]
    assert rows() == before
    assert any(record.name == "workshop.quizzes" for record in caplog.records)


def test_after_the_cut_off_nothing_is_recorded(cast, ada, quiz):
    attempt = started(ada, quiz)
    answer_all(ada, quiz, attempt)
    cast.ada_enrolled.closes_on = date(2020, 1, 1)
    cast.ada_enrolled.save()
    before = rows()
    for response in (
        ada.post(address("start", quiz)),
        ada.get(address("question", quiz, 1, 1)),
        ada.post(address("question", quiz, 1, 1), {"option": "b"}),
        ada.get(address("close", quiz, 1)),
        ada.post(address("close", quiz, 1)),
    ):
        assert response.status_code == 409
        assert "The time for this course is over" in response.text
    assert ada.post(address("question", quiz, 1, 1), {"option": "b"}, **JSON).status_code == 409
    assert rows() == before


def test_an_empty_pool_says_so(ada, quiz, caplog):
    quiz.pool_items.all().delete()
    before = rows()
    response = ada.post(address("start", quiz))
    assert response.status_code == 409
    assert "This quiz has no questions yet" in response.text
    assert rows() == before
    assert any(record.name == "workshop.quizzes" for record in caplog.records)


def test_a_quiz_published_anew_while_closing_is_closed_once_more(ada, quiz, monkeypatch):
    attempt = started(ada, quiz)
    answer_all(ada, quiz, attempt)
    before = rows()

    def outdated(*args, **kwargs):
        raise progress.Outdated

    with monkeypatch.context() as patch:
        patch.setattr("courses.progress.complete_lesson", outdated)
        response = ada.post(address("close", quiz, 1))
    assert response.status_code == 409
    assert "Please close it once more" in response.text
    assert rows() == before
    assert ada.post(address("close", quiz, 1)).status_code == 302


def test_ten_megabytes_are_refused(ada, quiz):
    started(ada, quiz)
    before = rows()
    for door in ({}, JSON):
        response = ada.post(address("question", quiz, 1, 1), {"option": "x" * 10_000_000}, **door)
        assert response.status_code in (400, 413)
    assert rows() == before


def test_without_a_csrf_token_nothing_is_done(cast, ada, quiz):
    started(ada, quiz)
    before = rows()
    strict = sign_in(Client(enforce_csrf_checks=True), cast.ada)
    for url in (address("start", quiz), address("question", quiz, 1, 1), address("close", quiz, 1)):
        assert strict.post(url, {"option": "a"}).status_code == 403
    assert rows() == before


@pytest.mark.parametrize("name", ["start", "attempt", "close", "question"])
def test_other_methods_are_not_allowed(ada, quiz, name):
    started(ada, quiz)
    more = {"start": [], "attempt": [1], "close": [1], "question": [1, 1]}[name]
    for method in ("put", "patch", "delete"):
        assert getattr(ada, method)(address(name, quiz, *more)).status_code == 405


def test_reading_pages_changes_no_row(ada, quiz):
    attempt = started(ada, quiz)
    answer_all(ada, quiz, attempt, right=1)
    before = rows()
    for url in (address("start", quiz), address("attempt", quiz, 1), address("question", quiz, 1, 1)):
        ada.get(url)
        ada.head(url)
    ada.get(address("close", quiz, 1))
    assert rows() == before


def test_a_quiz_may_be_taken_before_what_comes_first_on_the_path(cast, ada, quiz):
    cast.course.paths.update(is_sequential=True)
    assert ada.post(address("start", quiz)).headers["Location"] == Attempt.objects.get().get_absolute_url()
