"""Mending a wrong key: closed attempts are graded again by the revision in use, and only where that helps somebody.

What comes of it is a fact beside the attempt, whose own score, mark and pass stay. Attempts that are open, and those of
earlier cycles, are left alone.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from courses import progress
from courses.models import Enrollment
from quizzes import grading, taking
from quizzes.models import Answer, Attempt, Question, QuestionRevision, Regrade

AT_ONCE = 300  # people


@dataclass(frozen=True)
class Gain:
    """One answer that is worth more by the revision in use, and what becomes of the score of its attempt."""

    revision: int
    answer: int
    attempt: int
    enrollment: int
    points: tuple[Decimal, Decimal]  # before and after, like the score
    score: tuple[Decimal, Decimal]
    mark: int

    @property
    def is_passed(self) -> bool:
        return self.score[1] >= self.mark

    @property
    def passes(self) -> bool:
        """Whether the attempt passes by it."""
        return self.score[0] < self.mark <= self.score[1]


@dataclass(frozen=True)
class Change:
    """What regrading does, or did: to so many attempts, of which so many pass by it."""

    attempts: int
    passes: int

    @classmethod
    def of(cls, gains: Collection[Gain]) -> "Change":
        return cls(attempts=len(gains), passes=sum(gain.passes for gain in gains))


@dataclass(frozen=True)
class Earlier:
    """The answers to one earlier revision, before they are regraded."""

    revision: QuestionRevision
    has_same_words: bool
    change: Change


def _words(revision: QuestionRevision) -> list[list[str]]:
    """What is asked, whatever its spacing; of a customer's line, who says what as well."""
    return [str(revision.body.get(part, "")).split() for part in ("stem", "who", "line")]


def earlier(question: Question) -> list[Earlier]:
    """What regrading would do, by the revision that people answered, newest first; empty if it helps nobody.

    Only revisions that offered the same to answer with as the one in use; their own words may be others.
    """
    key = question.published_revision
    if key is None:
        return []
    revisions = {revision.pk: revision for revision in _comparable(key)}
    by_revision: dict[int, list[Gain]] = {}
    for gain in _gains(key, revisions.values()):
        by_revision.setdefault(gain.revision, []).append(gain)
    return [
        Earlier(revision, _words(revision) == _words(key), Change.of(by_revision[pk]))
        for pk, revision in revisions.items()
        if pk in by_revision
    ]


def regrade(question: Question, numbers: Collection[int], by: User, reason: str, at: datetime | None = None) -> Change:
    """Grade the answers to the revisions of these numbers by the one in use; a second time changes nothing.

    Each person has a transaction of their own, so that nobody waits for all of them. Of very many it does the first
    AT_ONCE, so that no request takes too long; what is left is what `earlier` then finds.
    """
    at = at or timezone.now()
    key = question.published_revision
    if key is None:
        return Change(0, 0)
    revisions = [revision for revision in _comparable(key) if revision.number in numbers]
    people = sorted({gain.enrollment for gain in _gains(key, revisions)})[:AT_ONCE]
    done = [gain for person in people for gain in _regrade_one(person, key, revisions, by, reason, at)]
    return Change.of(done)


def open_with_other(question: Question) -> int:
    """How many attempts are open with a revision that is not in use; they can be regraded once they are closed."""
    answers = Answer.objects.filter(question_revision__question=question, attempt__closed_at=None)
    return answers.exclude(question_revision=question.published_revision_id).count()


def history(question: Question) -> Any:
    """When this question was regraded, by whom and why, and what it did; without anybody it was done to."""
    facts = Regrade.objects.filter(question_revision__question=question).values("at", "by__name", "reason").order_by()
    passes = Q(score_before__lt=F("attempt__pass_mark"), passed=True)
    return facts.annotate(attempts=Count("pk"), passes=Count("pk", filter=passes), n=Min("pk")).order_by("-n")


@transaction.atomic
def _regrade_one(
    person: int, key: QuestionRevision, revisions: Collection[QuestionRevision], by: User, reason: str, at: datetime
) -> list[Gain]:
    """All attempts of one enrollment. Its lock comes first, as everywhere, and makes two regrades wait for each other:
    the second finds nothing left to gain.
    """
    Enrollment.objects.select_for_update().get(pk=person)
    done = list(_gains(key, revisions, person))
    for gain in done:
        attempt = Attempt.objects.select_for_update(of=("self",)).get(pk=gain.attempt)
        Regrade.objects.create(
            attempt=attempt,
            answer_id=gain.answer,
            question_revision=key,
            points_before=gain.points[0],
            points_after=gain.points[1],
            score_before=gain.score[0],
            score_after=gain.score[1],
            passed=gain.is_passed,
            by=by,
            reason=reason,
            at=at,
        )
        if gain.is_passed:
            _complete(attempt, at)
    return done


def _complete(attempt: Attempt, at: datetime) -> None:
    """Complete the lesson of the quiz as it stood when the attempt was closed.

    Past the cut-off, or where the lesson was published to be done again since, the pass is a fact and no more.
    """
    published = attempt.quiz.lesson.revisions.exclude(published_at=None)
    then = published.filter(published_at__lte=attempt.closed_at).order_by("-published_at").first()
    revision = then or published.order_by("published_at").first()
    try:
        if revision:
            taking.complete(attempt, revision, at)
    except (progress.Closed, progress.Outdated):
        return


def _comparable(key: QuestionRevision) -> list[QuestionRevision]:
    others = QuestionRevision.objects.filter(question=key.question_id).exclude(pk=key.pk).order_by("-number")
    return [other for other in others if grading.offers_same(key.type, key.body, other.type, other.body)]


def _gains(key: QuestionRevision, revisions: Collection[QuestionRevision], person: int | None = None) -> Iterator[Gain]:
    """The answers that are worth more by `key`; each response is graded once, however many gave it."""
    bodies = {revision.pk: revision for revision in revisions}
    worth: dict[tuple[int, str], Decimal] = {}

    def points(revision: QuestionRevision, response: Any) -> Decimal:
        known = (revision.pk, repr(response))
        if known not in worth:
            worth[known] = grading.points(revision.type, revision.body, response)
        return worth[known]

    for number, response, regraded, score, mark, answer, attempt, enrollment in _answers(bodies, person):
        before = points(bodies[number], response) if regraded is None else regraded
        after = points(key, response)
        if after > before:
            scores = (score, score + after - before)
            yield Gain(number, answer, attempt, enrollment, points=(before, after), score=scores, mark=mark)


def _answers(revisions: Collection[int], person: int | None) -> Any:
    """Closed answers to these revisions with what they and their attempt are worth now."""
    answers = Answer.objects.filter(
        Enrollment.current_q("attempt__enrollment__"),
        question_revision__in=list(revisions),
        response__isnull=False,
        attempt__closed_at__isnull=False,
    )
    if person is not None:
        answers = answers.filter(attempt__enrollment=person)
    own = Regrade.objects.filter(answer=OuterRef("pk")).order_by("-points_after").values("points_after")[:1]
    score = Regrade.objects.filter(attempt=OuterRef("attempt")).order_by("-score_after").values("score_after")[:1]
    answers = answers.annotate(regraded=Subquery(own), score=Coalesce(Subquery(score), "attempt__score"))
    columns = ["question_revision", "response", "regraded", "score", "attempt__pass_mark"]
    return answers.order_by("pk").values_list(*columns, "pk", "attempt", "attempt__enrollment")
