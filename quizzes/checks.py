"""The check question of a reading lesson: answered once, right or wrong, it lets the reader go on."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from courses import progress
from courses.models import Completion, Enrollment, Lesson, LessonRevision
from quizzes import grading
from quizzes.models import CheckAnswer, Question, QuestionRevision


class CheckUnanswered(Exception):
    """The lesson has a check question that this person has not answered yet."""


def question_of(lesson: Lesson) -> QuestionRevision | None:
    """The published check question of a lesson, or None; one query."""
    question = (
        Question.objects.published().filter(lesson_checks__lesson=lesson).select_related("published_revision").first()
    )
    return question.published_revision if question else None


def answer_of(user: User, lesson: Lesson) -> CheckAnswer | None:
    return user.check_answers.filter(lesson=lesson).select_related("question_revision").first()


def save(user: User, lesson: Lesson, keys: Sequence[str], at: datetime | None = None) -> CheckAnswer | None:
    """Keep the first response and return what is kept; None if no option was chosen. Raises grading.BadResponse."""
    revision = question_of(lesson)
    response = grading.clean(revision.type, revision.body, keys) if revision else None
    if revision is None or response is None:
        return answer_of(user, lesson)
    answer = CheckAnswer(
        user=user, lesson=lesson, question_revision=revision, response=response, at=at or timezone.now()
    )
    CheckAnswer.objects.bulk_create([answer], ignore_conflicts=True)
    return answer_of(user, lesson)


@transaction.atomic
def complete_reading(
    enrollment: Enrollment, lesson: Lesson, revision: LessonRevision, at: datetime | None = None
) -> progress.Outcome:
    """Continue was pressed: record the reading. Raises CheckUnanswered, and what `progress.complete_lesson` raises."""
    if question_of(lesson) and not answer_of(enrollment.user, lesson):
        raise CheckUnanswered
    return progress.complete_lesson(enrollment, lesson, revision, Completion.How.READ, at)
