"""Taking a quiz: start an attempt, save answers, close it. Every verb locks what it changes and may be repeated."""

import random
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from accounts.models import Membership, User
from accounts.statements import Prepared
from courses import progress
from courses.models import Completion, Enrollment, Lesson, LessonRevision
from quizzes import drawing, grading, retakes
from quizzes.models import Answer, Attempt, QuestionRevision, Quiz


class EmptyPool(Exception):
    """The quiz has no published question to draw."""


class AlreadyClosed(Exception):
    """The attempt was closed; its answers are frozen."""


@transaction.atomic
def start(enrollment: Enrollment, quiz: Quiz, at: datetime | None = None) -> Attempt:
    """The open attempt of this person, made and drawn if there is none.

    Raises progress.Closed, EmptyPool, and of a final retakes.TooSoon and retakes.NoneLeft.

    The lock on the enrollment makes two tabs wait for each other; the second finds the attempt of the first.
    """
    at = at or timezone.now()
    locked = Enrollment.objects.select_for_update().get(pk=enrollment.pk)
    if not locked.is_open(at):
        raise progress.Closed
    if under_way := locked.attempts.filter(quiz=quiz).open().first():
        return under_way
    retakes.refuse(locked, quiz, at)
    return _new_attempt(locked, quiz, at)


def _new_attempt(enrollment: Enrollment, quiz: Quiz, at: datetime) -> Attempt:
    chance = random.SystemRandom()
    drawn = drawing.draw(quiz, enrollment, chance)
    graded = graded_among(drawn)
    last = enrollment.attempts.filter(quiz=quiz).aggregate(last=Max("number"))["last"] or 0
    team = counted_in(enrollment) if not last else None
    attempt = Attempt.objects.create(
        enrollment=enrollment, quiz=quiz, number=last + 1, started_at=at, max_score=graded, counted_in_id=team
    )
    Answer.objects.bulk_create(unanswered(attempt, drawn, chance))
    progress.mark_started(enrollment, at)
    return attempt


def counted_in(enrollment: Enrollment) -> int | None:
    """The team in which a first attempt counts for what teams find hard: the home of this day, whoever moves later.

    None for who manages or has a staff role, since they may read the figure, and for who takes the course once more.
    """
    if enrollment.cycle > 1:
        return None
    home = Membership.objects.filter(user__in=User.objects.without_a_role(), user=enrollment.user_id, is_home=True)
    return home.values_list("team", flat=True).first()


def graded_among(drawn: Iterable[QuestionRevision]) -> int:
    """How many of the questions carry points. Raises EmptyPool if none does."""
    graded = sum(grading.is_graded(revision.type) for revision in drawn)
    if not graded:
        raise EmptyPool
    return graded


def unanswered(attempt: Attempt, drawn: Iterable[QuestionRevision], chance: random.Random) -> list[Answer]:
    """An answer still to be given for each question that was drawn, its options mixed. Saves nothing."""
    return [
        Answer(
            attempt=attempt,
            question_revision=revision,
            position=position,
            option_order=grading.order(revision.type, revision.body, chance),
        )
        for position, revision in enumerate(drawn, 1)
    ]


@transaction.atomic
def save_answer(attempt: Attempt, position: int, given: Any, marked: bool, at: datetime | None = None) -> Answer:
    """Keep the response to one question; it is on disk when this returns. `given` is what grading.read made of a form.

    Raises Answer.DoesNotExist for a position the attempt does not have, AlreadyClosed, progress.Closed past the cut-off
    and grading.BadResponse; none of them changes anything.
    """
    return _save(_locked(attempt, position, at), given, marked, at)


@transaction.atomic
def save_form(attempt: Attempt, position: int, form: grading.Form, marked: bool, at: datetime | None = None) -> Answer:
    """As save_answer, of what a browser sent; it is read as the type of the question wants it."""
    answer = _locked(attempt, position, at)
    return _save(answer, grading.read(answer.question_revision.type, form), marked, at)


def _locked(attempt: Attempt, position: int, at: datetime | None) -> Answer:
    """An answer that can still change, with its attempt locked."""
    answers = locked_answer(attempt=attempt.pk, position=position)
    if not answers:
        raise Answer.DoesNotExist
    answer: Answer = answers[0]
    if not answer.attempt.is_open:
        raise AlreadyClosed
    refuse_past_cut_off(answer.attempt, at)
    return answer


@Prepared
def locked_answer(attempt: int, position: int) -> QuerySet[Answer]:
    answers = Answer.objects.select_for_update(of=("attempt",)).filter(attempt=attempt, position=position).order_by()
    return answers.select_related("attempt__enrollment", "question_revision")


def _save(answer: Answer, given: Any, marked: bool, at: datetime | None) -> Answer:
    fill_in(answer, given, marked, at)
    kept = {"response": answer.response, "marked": marked, "saved_at": answer.saved_at}
    Answer.objects.filter(pk=answer.pk).update(**kept)
    return answer


def fill_in(answer: Answer, given: Any, marked: bool, at: datetime | None = None) -> None:
    """Set the response on an answer. Saves nothing. Raises grading.BadResponse."""
    revision = answer.question_revision
    answer.response = grading.clean(revision.type, revision.body, given, answer.option_order)
    answer.marked = marked
    answer.saved_at = at or timezone.now()


def first_unanswered(attempt: Attempt) -> int | None:
    """The position of the first question that is not answered, or not whole; None if all are."""
    return first_open(attempt.answers.only("attempt_id", "position", "response").order_by("position"))


def first_open(answers: Iterable[Answer]) -> int | None:
    """As `first_unanswered`, of answers in their order."""
    return next((answer.position for answer in answers if not answer.is_answered), None)


def refuse_past_cut_off(attempt: Attempt, at: datetime | None = None) -> None:
    """Raise progress.Closed if nothing more can be recorded in the enrollment of this attempt."""
    if not attempt.enrollment.is_open(at):
        raise progress.Closed


@transaction.atomic
def close(attempt: Attempt, at: datetime | None = None) -> Attempt:
    """Grade the attempt and, if it passed, complete the quiz lesson, all or nothing. Closing again changes nothing.

    Raises progress.Closed past the cut-off if the attempt is still open.
    """
    at = at or timezone.now()
    Enrollment.objects.select_for_update().get(pk=attempt.enrollment_id)  # before the attempt: decision 0007
    locked = (
        Attempt.objects.select_for_update(of=("self",))
        .select_related("enrollment", "quiz__lesson__published_revision", "quiz__lesson__course")
        .get(pk=attempt.pk)
    )
    if not locked.is_open:
        return locked
    refuse_past_cut_off(locked, at)
    grade(locked, locked.answers.select_related("question_revision"), at)
    locked.save(update_fields=["score", "pass_mark", "passed", "closed_at"])
    if locked.passed:
        _complete(locked, at)
    return locked


def grade(attempt: Attempt, answers: Iterable[Answer], at: datetime) -> None:
    """Set on an attempt what closing it at this moment makes of it. Saves nothing."""
    worth = [grading.points(a.question_revision.type, a.question_revision.body, a.response) for a in answers]
    attempt.score = grading.total(worth)
    attempt.pass_mark = drawing.mark(attempt.quiz, attempt.max_score)
    attempt.passed = attempt.score >= attempt.pass_mark
    attempt.closed_at = at
    attempt.regrade = None  # just closed: nothing to ask the database for


def _complete(attempt: Attempt, at: datetime) -> None:
    published = attempt.quiz.lesson.published_revision
    if published is not None:  # else taken back by an editor in the meantime: the pass stays a fact
        complete(attempt, published, at)


@transaction.atomic
def complete(attempt: Attempt, revision: LessonRevision, at: datetime) -> None:
    """Record what a pass is worth: the quiz lesson, as it stood in `revision`, and the readings where it shows mastery.

    Raises what `progress.complete_lesson` raises, and then changes nothing.
    """
    lesson = attempt.quiz.lesson
    if shows_mastery(attempt):
        readings = Lesson.objects.filter(module=lesson.module_id, kind=Lesson.Kind.READING, always_read=False)
        progress.credit(attempt.enrollment, readings, Completion.How.BY_QUIZ, attempt.closed_at or at, at)
    progress.complete_lesson(attempt.enrollment, lesson, revision, Completion.How.QUIZ, at)


def shows_mastery(attempt: Attempt) -> bool:
    """Whether a closed attempt credits the readings of its module: the first one, at the quiz of a module, 7 of 8."""
    if attempt.number != 1 or attempt.quiz.is_final or attempt.score is None:
        return False
    return (attempt.score_now or 0) >= drawing.mark_to_skip(attempt.max_score, attempt.pass_mark or 0)
