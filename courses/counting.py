"""Lessons done and lessons in all, for any number of enrollments at once.

The same as `Enrollment.objects.with_progress()`, which asks anew for each row: that serves to filter and to sort by,
this to show. One query reads what the paths ask for and what was done; it is counted here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db.models import BigAutoField, CharField, DateTimeField, F, QuerySet, Value

from accounts.statements import Prepared
from courses.models import Completion, Enrollment, ExtraStep, PathStep

FEW = 60
BESIDE = "beside"
Started = tuple[int, int, datetime]  # an enrollment, its path, and since when


class Counted(NamedTuple):
    """The lessons of an enrollment; `by_quiz` are those among `done` that a quiz stood in for, `credited` those that
    were done elsewhere before.
    """

    done: int
    total: int
    by_quiz: int = 0
    credited: int = 0


def progress_of(enrollments: Collection[Started]) -> dict[int, Counted]:
    """By enrollment; one query."""
    found = facts_of([pk for pk, _path, _at in enrollments])
    level_of = {lesson: level for path, _none, lesson, level, _since, how in found if path or how == BESIDE}
    always: dict[int, set[int]] = defaultdict(set)
    later: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    done: dict[int, set[int]] = defaultdict(set)
    beside: dict[int, set[int]] = defaultdict(set)
    marked: dict[str, set[tuple[int, int]]] = {Completion.How.BY_QUIZ: set(), Completion.How.CREDITED: set()}
    for path, enrollment, lesson, level, since, how in found:
        if since:
            later[path].append((lesson, since))
        elif path:
            always[path].add(lesson)
        elif how == BESIDE:
            beside[enrollment].add(lesson)
        elif level >= level_of.get(lesson, level + 1):
            done[enrollment].add(lesson)
            if how in marked:
                marked[how].add((enrollment, lesson))
    counts = {}
    for pk, path, at in enrollments:
        required = always[path].union(lesson for lesson, since in later[path] if since <= at)
        if pk in beside:
            required |= beside[pk]
        counted = done[pk] & required
        ways = [sum((pk, lesson) in ones for lesson in counted) if ones else 0 for ones in marked.values()]
        counts[pk] = Counted(len(counted), len(required), *ways)
    return counts


def facts_of(enrollments: Collection[int]) -> list[Any]:
    """Steps: path, None, lesson, redo level, since, "". Completions: None, enrollment, lesson, level, None, how.
    Lessons beside the path: as completions, with BESIDE for how.
    """
    if not enrollments:
        return []
    if len(enrollments) > FEW:
        return list(facts(enrollments))
    slots = [*enrollments, *[0] * (-len(enrollments) % 10)]
    return facts_of_few(len(slots))(**{f"enrollment{n}": pk for n, pk in enumerate(slots)})


@cache
def facts_of_few(slots: int) -> Prepared:
    return Prepared(lambda **enrollments: facts(enrollments.values()))


def facts(enrollments: Collection[int]) -> QuerySet[Any, Any]:
    none = Value(None, BigAutoField())
    paths = Enrollment.objects.filter(pk__in=enrollments).order_by().values("path")
    steps: QuerySet[Any, Any] = PathStep.objects.required().filter(path__in=paths).order_by()
    steps = steps.annotate(none=none, level=F("lesson__published_revision__redo_level"), no_how=Value("", CharField()))
    done: QuerySet[Any, Any] = Completion.objects.filter(enrollment__in=enrollments).order_by()
    done = done.annotate(none=none, never=Value(None, DateTimeField()))
    # Not `required()`: what the path asks for as well counts once, and PostgreSQL would read the steps of all paths.
    extra: QuerySet[Any, Any] = ExtraStep.objects.counting().filter(enrollment__in=enrollments).order_by()
    extra = extra.annotate(none=none, level=F("lesson__published_revision__redo_level"))
    extra = extra.annotate(never=Value(None, DateTimeField()), beside=Value(BESIDE, CharField()))
    return steps.values_list("path", "none", "lesson", "level", "since", "no_how").union(
        done.values_list("none", "enrollment", "lesson", "redo_level", "never", "how"),
        extra.values_list("none", "enrollment", "lesson", "level", "never", "beside"),
        all=True,
    )
