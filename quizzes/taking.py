"""Taking a quiz: start an attempt, save answers, close it. Every verb locks the attempt and may be repeated."""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone

from courses import progress
from courses.models import Completion, Enrollment
from quizzes import grading
from quizzes.models import Answer, Attempt, Question, QuestionRevision, Quiz


class EmptyPool(Exception):
    """The quiz has no published question to draw."""


class AlreadyClosed(Exception):
    """The attempt was closed; its answers are frozen."""


def start(enrollment: Enrollment, quiz: Quiz, at: datetime | None = None) -> Attempt:
    """The open attempt of this person, made and drawn if there is none. Raises progress.Closed or EmptyPool."""
    at = at or timezone.now()
    if not enrollment.is_open(at):
        raise progress.Closed
    for _retry in range(2):
        if attempt := enrollment.attempts.filter(quiz=quiz).open().first():
            return attempt
        try:
            return _draw(enrollment, quiz, at)
        except IntegrityError:  # another tab was faster; its attempt is the one
            continue
    return enrollment.attempts.filter(quiz=quiz).open().get()


@transaction.atomic
def _draw(enrollment: Enrollment, quiz: Quiz, at: datetime) -> Attempt:
    drawn = draw(quiz, enrollment)
    if not drawn:
        raise EmptyPool
    earlier = enrollment.attempts.filter(quiz=quiz).count()
    attempt = Attempt.objects.create(
        enrollment=enrollment, quiz=quiz, number=earlier + 1, started_at=at, max_score=len(drawn)
    )
    Answer.objects.bulk_create(
        Answer(attempt=attempt, question_revision=revision, position=position, option_order=shuffled(revision))
        for position, revision in enumerate(drawn, 1)
    )
    progress.mark_started(enrollment, at)
    return attempt


def draw(quiz: Quiz, enrollment: Enrollment, chance: random.Random | None = None) -> list[QuestionRevision]:
    """Published questions of the pool, spread evenly over objectives, those this person saw least often first."""
    chance = chance or random.SystemRandom()
    pool = list(quiz.pool().select_related("published_revision"))
    seen = dict(
        Answer.objects.filter(attempt__enrollment=enrollment, attempt__quiz=quiz)
        .values_list("question_revision__question")
        .annotate(Count("pk"))
        .order_by()
    )
    chance.shuffle(pool)
    pool.sort(key=lambda question: seen.get(question.pk, 0))
    by_objective: dict[int | None, list[Question]] = defaultdict(list)
    for question in pool:
        by_objective[_published(question).objective_id].append(question)
    queues = list(by_objective.values())
    chance.shuffle(queues)
    drawn: list[Question] = []
    while queues and len(drawn) < quiz.draw:
        for queue in queues[: quiz.draw - len(drawn)]:
            drawn.append(queue.pop(0))
        queues = [queue for queue in queues if queue]
    chance.shuffle(drawn)
    return [_published(question) for question in drawn]


def _published(question: Question) -> QuestionRevision:
    assert question.published_revision is not None  # pool() asks for published questions only
    return question.published_revision


def shuffled(revision: QuestionRevision) -> list[str]:
    """The order one attempt shows the options in; true stays before false."""
    keys = grading.option_keys(revision.body)
    if revision.type != QuestionRevision.Type.TRUE_FALSE:
        random.SystemRandom().shuffle(keys)
    return keys


@transaction.atomic
def save_answer(
    attempt: Attempt, position: int, keys: Sequence[str], marked: bool, at: datetime | None = None
) -> Answer:
    """Keep the response to one question; it is on disk when this returns.

    Raises Answer.DoesNotExist for a position the attempt does not have, AlreadyClosed, progress.Closed past the cut-off
    and grading.BadResponse; none of them changes anything.
    """
    at = at or timezone.now()
    locked = Attempt.objects.select_for_update(of=("self",)).select_related("enrollment").get(pk=attempt.pk)
    if not locked.is_open:
        raise AlreadyClosed
    if not locked.enrollment.is_open(at):
        raise progress.Closed
    answer = locked.answers.select_related("question_revision").get(position=position)
    revision = answer.question_revision
    answer.response = grading.clean(revision.type, revision.body, keys)
    answer.marked = marked
    answer.saved_at = at
    answer.save(update_fields=["response", "marked", "saved_at"])
    return answer


@transaction.atomic
def close(attempt: Attempt, at: datetime | None = None) -> Attempt:
    """Grade the attempt and, if it passed, complete the quiz lesson, all or nothing. Closing again changes nothing."""
    at = at or timezone.now()
    locked = (
        Attempt.objects.select_for_update(of=("self",))
        .select_related("enrollment", "quiz__lesson__published_revision")
        .get(pk=attempt.pk)
    )
    if not locked.is_open:
        return locked
    answers = locked.answers.select_related("question_revision")
    worth = [grading.points(a.question_revision.type, a.question_revision.body, a.response) for a in answers]
    locked.score = grading.total(worth)
    locked.pass_mark = min(locked.quiz.pass_mark, locked.max_score)
    locked.passed = locked.score >= locked.pass_mark
    locked.closed_at = at
    locked.save(update_fields=["score", "pass_mark", "passed", "closed_at"])
    revision = locked.quiz.lesson.published_revision
    if locked.passed and revision is not None:
        progress.complete_lesson(locked.enrollment, locked.quiz.lesson, revision, Completion.How.QUIZ, at)
    return locked
