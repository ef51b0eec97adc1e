"""The page on which an editor regrades, and what learners read of it."""

import pytest
from django.urls import reverse

from quizzes import regrading
from quizzes.models import Question, Quiz, Regrade
from tests.builders import enroll, make_person, make_question
from tests.quizzes.mending import mend, quiz_of_two, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def quiz(cast) -> Quiz:
    return quiz_of_two(cast)


@pytest.fixture
def question(quiz) -> Question:
    return Question.objects.get(key="m1-quiz-q1")


def regrade_url(question) -> str:
    return reverse("admin:quizzes_question_regrade", args=[question.pk])


def sent(question, **data):
    return {"key": question.published_revision_id, "revisions": ["1"], "reason": "The key was wrong", **data}


def test_the_editor_sees_counts_before_and_nobodys_name(cast, quiz, question, as_):
    take(cast.ada_enrolled, quiz, q1=["b"])
    mend(question)
    ed = as_(cast.ed)
    change = reverse("admin:quizzes_question_change", args=[question.pk])
    assert regrade_url(question) in ed.get(change).text
    page = ed.get(regrade_url(question)).text
    assert "1 attempt gains by it; 1 would pass by it" in page
    assert "Ada" not in page
    assert not Regrade.objects.exists()
    done = ed.post(regrade_url(question), sent(question), follow=True).text
    assert "1 attempt was regraded, and 1 passed by it" in done
    assert Regrade.objects.get().reason == "The key was wrong"
    again = ed.post(regrade_url(question), sent(question), follow=True)
    assert Regrade.objects.count() == 1
    page = ed.get(regrade_url(question)).text
    assert "Nobody" in again.text
    assert "The key was wrong" in page
    assert "Ed Okoye" in page


@pytest.mark.parametrize(
    "bad",
    [{"reason": ""}, {"reason": "x\0"}, {"revisions": []}, {"revisions": ["9" * 40]}, {"key": "1"}, {"key": "9" * 40}],
)
def test_what_does_not_fit_is_said_and_nothing_is_regraded(cast, quiz, question, as_, bad):
    take(cast.ada_enrolled, quiz, q1=["b"])
    mend(question)
    answer = as_(cast.ed).post(regrade_url(question), sent(question, **bad))
    assert answer.status_code == 200
    assert not Regrade.objects.exists()


def test_learners_read_both_scores(cast, quiz, question, as_):
    attempt = take(cast.ada_enrolled, quiz, q1=["b"])
    mend(question)
    regrading.regrade(question, [1], by=cast.ed, reason="A secret reason")
    ada = as_(cast.ada)
    page = ada.get(attempt.get_absolute_url()).text
    assert "Passed: 2 of 2. You need 2." in page
    assert "2 of 2. We had graded a question wrongly; on the day your score was 1 of 2." in page
    assert "A secret reason" not in page
    assert "Ed Okoye" not in page
    intro = ada.get(quiz.lesson.get_absolute_url()).text
    assert "1 of 2; 2 needed; regraded: 2" in intro
    assert "Not yet" not in intro


def test_the_preview_asks_as_often_for_many_as_for_one(cast, quiz, question, as_, django_assert_max_num_queries):
    for number in range(12):
        take(enroll(make_person(f"P{number}"), cast.course), quiz, q1=["b"])
    mend(question)
    ed = as_(cast.ed)
    with django_assert_max_num_queries(14):
        assert "12 attempts gain by it; 12 would pass by it" in ed.get(regrade_url(question)).text


def test_a_question_without_an_earlier_key_offers_no_regrade(cast, quiz, as_):
    question = make_question(cast.course, "alone")
    change = reverse("admin:quizzes_question_change", args=[question.pk])
    assert regrade_url(question) not in as_(cast.ed).get(change).text
    assert "Nobody" in as_(cast.ed).get(regrade_url(question)).text


def test_very_many_people_take_several_steps(cast, quiz, question, as_, monkeypatch):
    monkeypatch.setattr(regrading, "AT_ONCE", 2)
    for number in range(3):
        take(enroll(make_person(f"P{number}"), cast.course), quiz, q1=["b"])
    mend(question)
    page = as_(cast.ed).post(regrade_url(question), sent(question, reason="In steps"))
    assert page.status_code == 200
    assert "press once more" in page.text
    assert 'value="In steps"' in page.text
    assert as_(cast.ed).post(regrade_url(question), sent(question, reason="In steps")).status_code == 302
    assert Regrade.objects.count() == 3
