"""What the tests of regrading share: a quiz of two questions, and a key that is mended."""

from __future__ import annotations

from typing import Any

from courses.models import Enrollment
from quizzes import taking
from quizzes.models import Attempt, Question, QuestionRevision, Quiz
from tests.quizzes.taking_part import quiz_of


def quiz_of_two(cast: Any) -> Quiz:
    """Two questions are drawn of two, q1 and q2, and both must be right."""
    quiz = quiz_of(cast.course)
    quiz.pool_items.exclude(question__key__in=["m1-quiz-q1", "m1-quiz-q2"]).delete()
    Quiz.objects.filter(pk=quiz.pk).update(draw=2, pass_mark=2)
    return Quiz.objects.select_related("lesson").get(pk=quiz.pk)


def take(enrollment: Enrollment, quiz: Quiz, close: bool = True, **given: Any) -> Attempt:
    """An attempt with `a` everywhere but where `given` says otherwise, by the end of the key."""
    attempt = taking.start(enrollment, quiz)
    for answer in attempt.answers.select_related("question_revision__question"):
        key = answer.question_revision.question.key.rpartition("-")[2]
        taking.save_answer(attempt, answer.position, given.get(key, ["a"]), False)
    return taking.close(attempt) if close else attempt


def mend(question: Question, right: str = "b", stem: str | None = None, **texts: str) -> QuestionRevision:
    """Publish a revision with another right option."""
    body = question.draft.body
    options = [{**option, "correct": option["key"] == right} for option in body["options"]]
    for option in options:
        option["text"] = texts.get(option["key"], option["text"])
    revision = question.add_revision(
        type=question.draft.type,
        objective=question.draft.objective,
        body={"stem": stem or body["stem"], "options": options},
    )
    question.publish(revision)
    return revision
