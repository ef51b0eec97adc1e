"""What the pages of a quiz show, out of an attempt and its answers: those of a person, or of an editor's preview."""

from collections.abc import Sequence
from typing import Any

from quizzes import grading
from quizzes.models import Answer, Attempt


def question(answers: Sequence[Answer], position: int) -> dict[str, Any]:
    """One question with what was saved, and the list of all."""
    answer = answers[position - 1]
    revision = answer.question_revision
    return {
        "answer": answer,
        "type": grading.TYPES[revision.type],
        "stem": revision.stem,
        "asked": grading.shown(revision.type, revision.body, answer.option_order, answer.response),
        "fragment": f"quizzes/types/{revision.type}.html",
        "marks": answers,
    }


def closing(answers: Sequence[Answer]) -> dict[str, Any]:
    """What is still open, before an attempt is closed."""
    return {
        "unanswered": [answer for answer in answers if not answer.is_answered],
        "marked": [answer for answer in answers if answer.marked],
        "last": answers[-1],
    }


def frame(attempt: Attempt) -> dict[str, Any]:
    """What every page of a quiz shows around it."""
    lesson = attempt.quiz.lesson
    return {"attempt": attempt, "lesson": lesson, "course": lesson.course, "open": attempt.enrollment.is_open()}
