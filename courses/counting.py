"""Lessons done and lessons in all, for any number of enrollments at once.

The same as `Enrollment.objects.with_progress()`, which asks anew for each row: that serves to filter and to sort by,
this to show. One query reads what the paths ask for and what was done; it is counted here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, NamedTuple

from django.db.models import BigAutoField, Case, CharField, DateTimeField, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from accounts.statements import Prepared
from courses.models import Completion, Enrollment, ExtraStep, Lesson, PathStep
from courses.models.enrollment import site_day

FEW = 60
BESIDE = "beside"
WAITS = "waits"  # a step that opens when those before it are complete
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
    return counts_of(enrollments, facts_of([pk for pk, _path, _at in enrollments]))


def places_of(enrollments: Collection[Started]) -> dict[int, tuple[Counted, str]]:
    """The same, and the title of the module where one goes on, empty for who is through; one query."""
    found = facts_of([pk for pk, _path, _at in enrollments], with_modules=True)
    counts = counts_of(enrollments, [fact[:6] for fact in found])
    modules = modules_of(enrollments, found)
    return {pk: (counted, modules[pk]) for pk, counted in counts.items()}


def counts_of(enrollments: Collection[Started], found: Collection[Any]) -> dict[int, Counted]:
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


class Part(NamedTuple):
    """How far somebody is in one module of their required set; `begun` counts what is to be done again as well, `on` is
    the day it was complete.
    """

    done: int
    total: int
    begun: bool
    on: date | None = None


def parts_of(enrollments: Collection[Started]) -> dict[int, dict[int, Part]]:
    """By enrollment and module; one query."""
    found = facts_of([pk for pk, _path, _at in enrollments], with_modules=True)
    steps: dict[int, list[Any]] = defaultdict(list)
    beside: dict[int, list[Any]] = defaultdict(list)
    done: dict[int, dict[int, list[tuple[int, str]]]] = defaultdict(lambda: defaultdict(list))
    for path, enrollment, lesson, level, since, how, _place, text in found:
        if path or how == BESIDE:
            (steps[path] if path else beside[enrollment]).append((lesson, level, since, text))
        else:
            done[enrollment][lesson].append((level, text))
    return {pk: parts_of_one(steps[path] + beside[pk], done[pk], at) for pk, path, at in enrollments}


def parts_of_one(
    steps: Iterable[Any], done: Mapping[int, list[tuple[int, str]]], enrolled_at: datetime
) -> dict[int, Part]:
    """By module. `done` has the redo level of each completion, and when it was."""
    parts: dict[int, Part] = {}
    last: dict[int, str] = {}
    known: set[int] = set()
    for lesson, level, since, text in steps:
        if lesson in known or (since and since > enrolled_at):
            continue
        known.add(lesson)
        module, own = int(text.partition(":")[0]), done.get(lesson, [])
        counting = [at for reached, at in own if reached >= level]
        last[module] = max([last.get(module, ""), *counting])
        before = parts.get(module, Part(0, 0, False))
        parts[module] = Part(before.done + bool(counting), before.total + 1, before.begun or bool(own))
    return {
        module: part._replace(on=day_of(last[module])) if part.done == part.total else part
        for module, part in parts.items()
    }


def day_of(text: str) -> date:
    """Of a moment as the database writes it; SQLite does without the zone, which is UTC."""
    at = datetime.fromisoformat(text)
    return site_day(at if at.tzinfo else at.replace(tzinfo=UTC))


def modules_of(enrollments: Collection[Started], found: Iterable[Any]) -> dict[int, str]:
    """The module of the lesson at which each would continue: the first open one after the lesson completed last, else
    the first open one. The same rule as the "Continue" of My learning (learn/course_map.py).
    """
    steps: dict[int, list[Any]] = defaultdict(list)
    beside: dict[int, list[Any]] = defaultdict(list)
    done: dict[int, dict[int, tuple[int, str]]] = defaultdict(dict)
    for path, enrollment, lesson, level, since, how, place, text in found:
        if path:
            steps[path].append((place, lesson, level, since, how, text))
        elif how == BESIDE:
            beside[enrollment].append((place, lesson, level, None, how, text))
        else:
            done[enrollment][lesson] = max(done[enrollment].get(lesson, (-1, "")), (level, text))
    for in_order in steps.values():
        in_order.sort()
    return {pk: module_of(beside[pk] + steps[path], done[pk], at) for pk, path, at in enrollments}


def module_of(steps: list[Any], done: dict[int, tuple[int, str]], enrolled_at: datetime) -> str:
    """Of one person. `done` has the highest redo level of each lesson they completed, and when that was."""
    last, last_at, first_open, after = -1, "", "", ""
    is_waiting = False
    known: set[int] = set()
    for number, (_place, lesson, level, since, how, module) in enumerate(steps):
        if lesson in known:
            continue
        known.add(lesson)
        reached, at = done.get(lesson, (-1, ""))
        if at and at >= last_at:
            last, last_at, after = number, at, ""
        if reached >= level or (since and since > enrolled_at) or (is_waiting and how == WAITS):
            continue
        is_waiting = is_waiting or how != BESIDE
        first_open = first_open or module
        if not after and last >= 0:
            after = module
    return (after or first_open).partition(":")[2]


def facts_of(enrollments: Collection[int], with_modules: bool = False) -> list[Any]:
    """Steps: path, None, lesson, redo level, since, WAITS or "". Completions: None, enrollment, lesson, level, None,
    how. Lessons beside the path: as completions, with BESIDE for how. With modules, then: the place on the path and
    “number:title” of the module; of completions 0 and the moment, as a text that can be compared.
    """
    if not enrollments:
        return []
    if len(enrollments) > FEW:
        return list(facts(enrollments, with_modules))
    slots = [*enrollments, *[0] * (-len(enrollments) % 10)]
    return facts_of_few(len(slots), with_modules)(**{f"enrollment{n}": pk for n, pk in enumerate(slots)})


@cache
def facts_of_few(slots: int, with_modules: bool) -> Prepared:
    return Prepared(lambda **enrollments: facts(enrollments.values(), with_modules))


def facts(enrollments: Collection[int], with_modules: bool) -> QuerySet[Any, Any]:
    none = Value(None, BigAutoField())
    paths = Enrollment.objects.filter(pk__in=enrollments).order_by().values("path")
    steps: QuerySet[Any, Any] = PathStep.objects.required().filter(path__in=paths).order_by()
    waits = When(~Q(lesson__kind=Lesson.Kind.QUIZ), path__is_sequential=True, then=Value(WAITS))
    steps = steps.annotate(none=none, level=F("lesson__published_revision__redo_level"))
    steps = steps.annotate(waits=Case(waits, default=Value(""), output_field=CharField()))
    done: QuerySet[Any, Any] = Completion.objects.filter(enrollment__in=enrollments).order_by()
    done = done.annotate(none=none, never=Value(None, DateTimeField()))
    # Not `required()`: what the path asks for as well counts once, and PostgreSQL would read the steps of all paths.
    extra: QuerySet[Any, Any] = ExtraStep.objects.counting().filter(enrollment__in=enrollments).order_by()
    extra = extra.annotate(none=none, level=F("lesson__published_revision__redo_level"))
    extra = extra.annotate(never=Value(None, DateTimeField()), beside=Value(BESIDE, CharField()))
    more: list[str] = []
    if with_modules:
        more = ["place", "text"]
        number, nowhere = Cast("lesson__module", CharField()), Value(0, IntegerField())
        module = Concat(number, Value(":"), "lesson__module__title", output_field=CharField())
        steps = steps.annotate(place=F("position"), text=module)  # a number of its own needs no conversion
        done = done.annotate(place=nowhere, text=Cast("at", CharField()))
        extra = extra.annotate(place=nowhere, text=module)
    return steps.values_list("path", "none", "lesson", "level", "since", "waits", *more).union(
        done.values_list("none", "enrollment", "lesson", "redo_level", "never", "how", *more),
        extra.values_list("none", "enrollment", "lesson", "level", "never", "beside", *more),
        all=True,
    )
