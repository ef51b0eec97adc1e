"""A course as learners see it now or, with drafts, as they would if each newest text were published today.

What has a draft stands with it for what is published, on rows that are never saved: so the learner's own pages can show
it, and need not know.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, OuterRef, Subquery

from courses.models import Course, Lesson, LessonRevision, Module
from learn import course_map
from quizzes import checks, drawing
from quizzes.models import Question, QuestionRevision, Quiz

NO_TEXT = ("body", "sources", "note")  # of the lessons that are only named


def lessons_of(course: Course, drafts: bool) -> list[Lesson]:
    """The lessons a learner can open, in order; two queries, and one more for the text of a draft once it is shown."""
    if drafts:
        found = _with_newest_text(course)
    else:
        published = Lesson.objects.published().filter(course=course).in_order()
        found = list(published.select_related("module", "published_revision"))
    for lesson in found:
        lesson.course = lesson.module.course = course
    return found


def _with_newest_text(course: Course) -> list[Lesson]:
    newest = _newest(LessonRevision.objects.filter(lesson=OuterRef("pk")))
    lessons = Lesson.objects.filter(course=course, retired_at=None).in_order().select_related("module")
    known: list[Any] = list(lessons.annotate(newest=newest).exclude(newest=None))
    texts = LessonRevision.objects.defer(*NO_TEXT).in_bulk([lesson.newest for lesson in known])
    for lesson in known:
        lesson.published_revision = texts[lesson.newest]
        _open([lesson.module])
    return known


def modules_of(course: Course, drafts: bool) -> list[Module]:
    modules = course_map.modules_of(course)
    if drafts:
        _open(modules)
    return modules


def check_of(lesson: Lesson, drafts: bool) -> QuestionRevision | None:
    """The check question of a lesson; one query."""
    if not drafts:
        return checks.question_of(lesson)
    draft: QuestionRevision | None = _drafts_of(Question.objects.filter(lesson_checks__lesson=lesson)).first()
    return draft


def pool_of(quiz: Quiz, drafts: bool) -> list[QuestionRevision]:
    """What an attempt is drawn from; one query."""
    if not drafts:
        return drawing.pool_of(quiz)
    pool = list(_drafts_of(Question.objects.filter(pool_items__quiz=quiz)).select_related("objective__module"))
    _open(revision.objective.module for revision in pool if revision.objective)
    return pool


def _drafts_of(questions: Any) -> Any:
    newest = _newest(QuestionRevision.objects.filter(question=OuterRef("pk")))
    in_use = questions.filter(retired_at=None).annotate(newest=newest)
    return QuestionRevision.objects.filter(pk__in=in_use.values("newest")).order_by("pk")


def _newest(revisions: Any) -> Subquery:
    return Subquery(revisions.order_by(F("number").desc()).values("pk")[:1])


def _open(modules: Iterable[Module]) -> None:
    for module in modules:
        module.status = Module.Status.READY
