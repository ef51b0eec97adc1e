"""The pool of a quiz as its editors see it: which questions, in which order, and what is worth another look at each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Prefetch, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.statements import Prepared
from courses.models.lesson import newest_title
from courses.order import put, stamp_of, write_places
from quizzes import grading
from quizzes.models import LessonCheck, PoolItem, Question, QuestionRevision, Quiz

STEM_WORDS = 60
START = 24  # words of a question, in a list


class Listed(NamedTuple):
    """The columns of `listed`: a question of a pool in its newest text; `question_state` asks for the first five."""

    pk: int
    key: str
    retired_at: datetime | None
    published_revision_id: int | None
    newest: int
    type: str
    level: str
    objective: str | None
    body: str

    @property
    def worries(self) -> tuple[str, ...]:
        """What is worth another look, in words."""
        return (*seen(self.type, self.body).worries, *missing(self.type, self.objective, self.level))

    @property
    def stem(self) -> str:
        return seen(self.type, self.body).stem or self.key


@Prepared
def listed(quiz: int) -> QuerySet[Any, Any]:
    """The questions of a pool in its order. Their bodies come as texts: `seen` remembers what those say."""
    newest = QuestionRevision.objects.newest().filter(question__pool_items__quiz=quiz)
    of_question = ("question_id", "question__key", "question__retired_at", "question__published_revision_id")
    return (
        newest.annotate(text=Cast("body", TextField()))
        .order_by("question__pool_items__position", "question")
        .values_list(*of_question, "pk", "type", "level", "objective__key", "text")
    )


class Seen(NamedTuple):
    """What a list shows of a question's text, its beginning."""

    stem: str
    worries: tuple[str, ...]


def seen(type_: str, body: str) -> Seen:
    """Of a body as JSON. A page lists two hundred, and hardly one changes, so each process remembers them."""
    return _seen(type_, body, get_language())


@lru_cache(maxsize=4096)
def _seen(type_: str, text: str, language: str | None) -> Seen:
    body = json.loads(text)
    stem = body.get("stem") if isinstance(body, dict) else None
    start = Truncator(stem).words(START) if isinstance(stem, str) else ""
    return Seen(start, tuple(_worries(type_, body, stem)))


def _worries(type_: str, body: Any, stem: Any) -> Iterator[str]:
    yield from (problem.text for problem in grading.problems(type_, body))
    words = len(stem.split()) if isinstance(stem, str) else 0
    if words > STEM_WORDS:
        yield _("The question has %(n)d words; %(most)d are the most.") % {"n": words, "most": STEM_WORDS}


def missing(type_: str, objective: str | None, level: str) -> list[str]:
    """What an editor has not said about a question: without an objective no result says what to read again."""
    found = [] if objective or not grading.is_graded(type_) else [_("It names no objective.")]
    return found if level or not grading.is_graded(type_) else [*found, _("It has no level.")]


@transaction.atomic
def move(quiz: Quiz, question: int, place: int) -> bool:
    """Put a question at a place of the pool, from 1; beyond the end is the end. False if it is there already.

    Raises PoolItem.DoesNotExist for one that is not in it. Learners notice nothing: what they get is drawn.
    """
    Quiz.objects.select_for_update().get(pk=quiz.pk)
    items = dict(quiz.pool_items.order_by("position", "pk").values_list("question", "pk"))
    if question not in items:
        raise PoolItem.DoesNotExist
    before = list(items)
    after = put(before, question, place)
    write_places(PoolItem, [items[one] for one in after])
    return after != before


@Prepared
def order_of(quiz: int) -> QuerySet[Any, Any]:
    return PoolItem.objects.filter(quiz=quiz).order_by("position", "pk").values_list("question")


def questions_of(quiz: Quiz) -> list[int]:
    """The questions of a pool in its order, by their numbers."""
    return [pk for (pk,) in order_of(quiz=quiz.pk)]


def stamp(quiz: Quiz) -> str:
    """A short word for the order, to be sent along with numbers that somebody read off it."""
    return stamp_of({quiz.pk: questions_of(quiz)})


def others(quiz: Quiz) -> QuerySet[Question]:
    """Questions of its course that it could ask, too; with what they say (`newest_first`) and where they are asked."""
    drafts = QuestionRevision.objects.select_related("objective").order_by("-number")
    pools = PoolItem.objects.annotate(title=newest_title("quiz__lesson")).order_by("pk")
    checks = LessonCheck.objects.annotate(title=newest_title("lesson")).order_by("pk")
    there = PoolItem.objects.filter(quiz=quiz, question=OuterRef("pk"))
    found = Question.objects.filter(~Exists(there), course=quiz.lesson.course_id, retired_at=None).order_by("key")
    return found.prefetch_related(
        Prefetch("revisions", drafts, to_attr="newest_first"),
        Prefetch("pool_items", pools, to_attr="pools"),
        Prefetch("lesson_checks", checks, to_attr="checks"),
    )


@transaction.atomic
def put_in(quiz: Quiz, question: Question) -> bool:
    """Let new attempts draw a question of its course, after all others. False if they do already."""
    Quiz.objects.select_for_update().get(pk=quiz.pk)
    last = quiz.pool_items.aggregate(last=Max("position"))["last"] or 0
    _item, is_new = quiz.pool_items.get_or_create(question=question, defaults={"position": last + 1})
    return is_new


@transaction.atomic
def take_out(quiz: Quiz, question: Question) -> bool:
    """Let no new attempt at this quiz draw a question; open ones keep it. False if it is not in the pool."""
    Quiz.objects.select_for_update().get(pk=quiz.pk)
    taken, _by_model = quiz.pool_items.filter(question=question).delete()
    return bool(taken)
