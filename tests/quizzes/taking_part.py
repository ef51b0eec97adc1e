"""What the tests of quizzes share: a quiz whose every secret is a marker, and going through it over HTTP."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from courses.models import Course, Lesson, Objective
from quizzes.models import Attempt, Question, Quiz

JSON = {"HTTP_ACCEPT": "application/json"}
RIGHT = {"single": ["a"], "multiple": ["a", "b"], "truefalse": ["t"]}


def quiz_of(course: Course) -> Quiz:
    """The quiz that make_course made."""
    return Quiz.objects.get(lesson__course=course, lesson__key="m1-quiz")


def address(name: str, quiz: Quiz, *more: Any) -> str:
    return reverse(f"quizzes:{name}", args=[quiz.lesson.course.key, quiz.lesson.slug, *more])


def started(client: Any, quiz: Quiz) -> Attempt:
    """Start over HTTP and return the open attempt."""
    response = client.post(address("start", quiz))
    assert response.status_code == 302, response.status_code
    return Attempt.objects.get(quiz=quiz, closed_at=None, enrollment__user=client.session["_auth_user_id"])


def answer_all(client: Any, quiz: Quiz, attempt: Attempt, right: int | None = None) -> None:
    """Answer every question over HTTP, the first `right` ones rightly (all, if None)."""
    for answer in attempt.answers.select_related("question_revision"):
        keys = RIGHT[answer.question_revision.type]
        if right is not None and answer.position > right:
            keys = ["f"] if keys == ["t"] else ["c"]
        url = address("question", quiz, attempt.number, answer.position)
        assert client.post(url, {"option": keys, "go": "next"}).status_code == 302


def secret_question(
    course: Course, key: str, type: str, objective: Objective, reread: Lesson | None = None
) -> Question:
    """A published question in which everything that must stay hidden until closing holds SECRET."""
    right = RIGHT[type]
    keys = ["t", "f"] if type == "truefalse" else ["a", "b", "c"]
    options = [
        {"key": k, "text": f"Text {k} of {key}", "feedback": f"SECRET feedback {k} of {key}", "correct": k in right}
        for k in keys
    ]
    question = Question.objects.create(course=course, key=key)
    body = {"stem": f"Stem of {key}?", "options": options}
    question.publish(question.add_revision(type=type, objective=objective, reread=reread, level="judge", body=body))
    return question
