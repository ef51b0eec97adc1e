"""The check question of a reading lesson: answered once, right or wrong, it lets the reader go on."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from accounts.statements import Prepared
from courses import progress
from courses.models import Completion, Enrollment, Lesson, LessonRevision
from quizzes import grading
from quizzes.models import CheckAnswer, Question, QuestionRevision


class CheckUnanswered(Exception):
    """The lesson has a check question that this person has not answered yet."""


def question_of(lesson: Lesson, shown: int | None = None) -> QuestionRevision | None:
    """The published check question of a lesson, or None; one query.

    `shown` is the revision that was on the page: if another was published since, what was read there still holds.
    """
    question = (
        Question.objects.published().filter(lesson_checks__lesson=lesson).select_related("published_revision").first()
    )
    published = question.published_revision if question else None
    if question is None or published is None or shown in (None, published.pk):
        return published
    return question.revisions.filter(pk=shown, number__lt=published.number).first() or published


def answer_of(user: User, lesson: Lesson) -> CheckAnswer | None:
    return user.check_answers.filter(lesson=lesson).select_related("question_revision").first()


def asked_of(user: User, lesson: Lesson) -> tuple[QuestionRevision | None, grading.Response]:
    """The check question of a lesson and this person's response, if any; one query.

    Who answered an earlier revision sees that one, since their response belongs to it.
    """
    question = next(iter(check_with_answer(user=user.pk, lesson=lesson.pk)), None)
    if question is None:
        return None, None
    if question.answered in (None, question.published_revision_id):
        return question.published_revision, question.response
    return QuestionRevision.objects.get(pk=question.answered), question.response


@Prepared
def check_with_answer(user: int, lesson: int) -> QuerySet[Question]:
    """The published check question, annotated with which revision was `answered` and the `response`."""
    own = CheckAnswer.objects.filter(user=user, lesson=lesson)
    questions = Question.objects.published().filter(lesson_checks__lesson=lesson).select_related("published_revision")
    answered, response = (Subquery(own.values(name)[:1]) for name in ("question_revision", "response"))
    return questions.annotate(answered=answered, response=response)


def cleaned(revision: QuestionRevision, given: Any) -> grading.Response:
    """The response to a check, whose form showed the steady order. Raises grading.BadResponse."""
    return grading.clean(revision.type, revision.body, given, grading.steady_order(revision.type, revision.body))


def save(
    user: User, lesson: Lesson, given: Any, at: datetime | None = None, shown: int | None = None
) -> CheckAnswer | None:
    """Keep the first response and return what is kept; None if nothing was given. Raises grading.BadResponse.

    `given` is what grading.read made of a form, `shown` as in `question_of`.
    """
    revision = question_of(lesson, shown)
    response = cleaned(revision, given) if revision else None
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
