"""What holds at a company: which texts show it, and writing it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from django.db import transaction

from accounts import audit
from accounts.models import User
from courses import markdown
from courses.models import CompanyFact, Course, Lesson, LessonRevision


class Use(NamedTuple):
    """A lesson that shows a fact: to learners, or only in its draft so far."""

    lesson: Lesson
    title: str
    is_published: bool


def uses(course: Course) -> dict[str, list[Use]]:
    """By key of the fact, in the order of the course: lessons, introductions of quizzes, job aids. One query."""
    texts = LessonRevision.objects.current().filter(
        body__contains=":::", lesson__course=course, lesson__retired_at=None
    )
    found: dict[str, dict[int, Use]] = defaultdict(dict)
    in_order = texts.order_by("lesson__module__position", "lesson__position", "lesson", "-number")
    for revision in in_order.select_related("lesson").only("title", "body", "lesson"):
        lesson = revision.lesson
        for key in markdown.fact_keys(revision.body):
            published = revision.pk == lesson.published_revision_id
            if published or lesson.pk not in found[key]:
                found[key][lesson.pk] = Use(lesson, revision.title, published)
    return {key: list(lessons.values()) for key, lessons in found.items()}


@transaction.atomic
def write(texts: Mapping[CompanyFact, str], by: User) -> list[CompanyFact]:
    """Keep what the company says for each of these facts; lessons show it at once, and nothing else moves.

    Returns those that said something else before, each of which the audit list has with both texts.
    """
    locked = {fact.pk: fact for fact in CompanyFact.objects.select_for_update().filter(pk__in=[f.pk for f in texts])}
    changed = []
    for given, text in texts.items():
        fact = locked[given.pk]
        if fact.text != text:
            audit.record(by, fact, f"Company fact: from {said(fact.text)} to {said(text)}")
            fact.text = text
            fact.save(update_fields=["text"])
            changed.append(fact)
    return changed


def said(text: str) -> str:
    """As the audit list has it."""
    return f"“{text}”" if text.strip() else "what the course says"
