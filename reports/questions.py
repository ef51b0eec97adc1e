"""Question analysis: how the questions of a course do, from the newest first attempts at each quiz.

It knows counts and never a person. Answers are grouped by the database and graded here once for each distinct response,
by the key in use: of a question that was edited, the answers to revisions that offered the same count together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts.models import User
from courses.models import Course
from quizzes import grading
from quizzes.models import Answer, Attempt, PoolItem, Question, QuestionRevision, Quiz

NEWEST = 2_000  # first attempts at each quiz: more say nothing else, and those of 100,000 people take seconds to count
SHOWN_FROM = 10  # answers; fewer say nothing, and might say who gave them
TOO_EASY = 95  # percent right: what everybody knows takes the place of a question that tells somebody something
TOO_HARD = 40  # percent right: with three options a third is guessing, so rather the question is wrong than the people
UNPICKED_FROM = 30  # answers, before an option that nobody chose means more than chance
WRITTEN = 10  # of what people wrote, the commonest
WRITTEN_BY = 2  # people at least: what only one wrote may say who it was


@dataclass(frozen=True)
class Part:
    """One line of an item's chart: an option, a step or pair, or what was written. `is_right` is None where all are."""

    text: str
    count: int
    share: int
    is_right: bool | None


@dataclass
class Item:
    """One question, as its revision in use asks it."""

    question: Question
    revision: QuestionRevision
    edited_at: datetime
    answered: int = 0
    right: int = 0
    elsewhere: int = 0  # answers to revisions that offered something else
    tally: Counter[str] = field(default_factory=Counter)

    def add(self, revision: QuestionRevision, response: Any, count: int) -> None:
        """Count a response that so many people gave to a revision of this question."""
        key = self.revision
        if revision.pk != key.pk and not grading.offers_same(key.type, key.body, revision.type, revision.body):
            self.elsewhere += count
            return
        self.answered += count
        self.right += count * grading.is_right(key.type, key.body, response)
        for name in grading.counted(key.type, key.body, response):
            self.tally[name] += count

    @property
    def is_graded(self) -> bool:
        return grading.is_graded(self.revision.type)

    @property
    def is_shown(self) -> bool:
        return self.answered >= SHOWN_FROM

    @property
    def so_far(self) -> str:
        return _("%(n)d answers so far; shown from %(least)d") % {"n": self.answered, "least": SHOWN_FROM}

    @property
    def share(self) -> int:
        """Percent of the answers that were wholly right."""
        return percent(self.right, self.answered)

    @property
    def tallied(self) -> str:
        return grading.TYPES[self.revision.type].tallied

    @property
    def parts(self) -> list[Part]:
        """The lines of its chart, options in the order of the question; none as long as it is silent."""
        if not self.is_shown:
            return []
        return self._written() if self.tallied == "written" else self._options()

    def _options(self) -> list[Part]:
        right = grading.right_keys(self.revision.body)
        return [
            Part(
                option["text"],
                self.tally[option["key"]],
                percent(self.tally[option["key"]], self.answered),
                option["key"] in right if self.tallied == "chosen" else None,
            )
            for option in self.revision.body.get("options", [])
        ]

    def _written(self) -> list[Part]:
        key = self.revision
        common = [(text, n) for text, n in self.tally.most_common(WRITTEN) if n >= WRITTEN_BY]
        return [Part(t, n, percent(n, self.answered), grading.is_right(key.type, key.body, t)) for t, n in common]

    @property
    def worries(self) -> list[str]:
        """Why an editor should look at it, in words; empty for most."""
        if not (self.is_shown and self.is_graded):
            return []
        found = []
        if self.share >= TOO_EASY:
            found.append(_("Too easy: %(share)d%% right") % {"share": self.share})
        if self.share <= TOO_HARD:
            found.append(_("Too hard: %(share)d%% right") % {"share": self.share})
        if self.answered >= UNPICKED_FROM and self.tallied == "chosen":
            found += [_("Nobody picks “%(text)s”") % {"text": p.text} for p in self.parts if not p.count]
        return found


def percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def may_analyze(user: Any) -> bool:
    """Editors and HR."""
    return isinstance(user, User) and (user.has_perm("quizzes.view_question") or user.sees_everybody)


def items_of(course: Course) -> list[Item]:
    """The questions that quizzes of this course draw from, in the order of its quizzes; six queries."""
    pooled = PoolItem.objects.filter(question=OuterRef("pk"))
    place = ("quiz__lesson__module__position", "quiz__lesson__position", "position")
    first = {f"place{n}": Min(f"pool_items__{name}") for n, name in enumerate(place)}
    questions = Question.objects.published().filter(Exists(pooled), course=course)
    return analyzed(list(questions.annotate(**first).order_by(*first, "pk")))


def item_of(question: Question) -> Item | None:
    """One question, retired or not; None if it was never in use. Five queries."""
    return next(iter(analyzed([question])), None)


def analyzed(questions: list[Question]) -> list[Item]:
    ids = [question.pk for question in questions]
    edited = dict(
        QuestionRevision.objects.filter(question__in=ids).values_list("question").annotate(Max("created_at")).order_by()
    )
    groups = list(responses_to(questions))
    wanted = {question.published_revision_id for question in questions} | {revision for revision, *_rest in groups}
    revisions = QuestionRevision.objects.in_bulk([pk for pk in wanted if pk is not None])
    items = {
        question.pk: Item(question, revisions[question.published_revision_id], edited[question.pk])
        for question in questions
        if question.published_revision_id is not None
    }
    for pk, response, count in groups:
        if item := items.get(revisions[pk].question_id):
            item.add(revisions[pk], response, count)
    return list(items.values())


def newest_attempts(courses: Iterable[int]) -> QuerySet[Attempt]:
    """The newest first attempts at each quiz of these courses that are closed; one query to find where they begin."""
    first = Attempt.objects.filter(number=1, closed_at__isnull=False)
    of_quiz = first.filter(quiz=OuterRef("pk")).order_by("-pk").values("pk")
    begin = Quiz.objects.filter(lesson__course__in=courses).values_list("pk", Subquery(of_quiz[NEWEST - 1 : NEWEST]))
    newest = [Q(quiz=quiz, pk__gte=pk or 0) for quiz, pk in begin]
    return first.filter(reduce(or_, newest)) if newest else first.none()


def responses_to(questions: Iterable[Question]) -> Iterable[tuple[int, Any, int]]:
    """Revision, response and how many gave it.

    What carries no points is long and seldom the same twice, so of that only the number is asked for.
    """
    answers = Answer.objects.filter(
        attempt__in=newest_attempts({question.course_id for question in questions}),
        question_revision__question__in=questions,
        response__isnull=False,
    ).order_by()
    without_points = [name for name in grading.TYPES if not grading.is_graded(name)]
    graded = answers.exclude(question_revision__type__in=without_points)
    yield from graded.values_list("question_revision", "response").annotate(n=Count("pk"))
    for pk, count in (
        answers.filter(question_revision__type__in=without_points)
        .values_list("question_revision")
        .annotate(n=Count("pk"))
    ):
        yield pk, None, count
