"""The order of modules, lessons and steps, and putting one somewhere else. No fact and no address depends on it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone

from courses import progress
from courses.models import Course, Lesson, Module, Path, PathStep

MODULES = 0  # in a stamp, the list of modules itself


class OrderChanged(Exception):
    """Somebody put something else somewhere since this order was shown. Nothing was moved."""


def stamp_of(lists: dict[int, list[int]]) -> str:
    """A short word for how some lists are ordered, to be sent along with what was chosen on seeing them."""
    return " ".join(f"{name}-{_digest(rows)}" for name, rows in lists.items())


def _digest(rows: Iterable[int]) -> str:
    return hashlib.blake2b(",".join(map(str, rows)).encode(), digest_size=6).hexdigest()


def agrees(stamp: str, lists: dict[int, list[int]]) -> bool:
    """Whether these lists are still as they were when the stamp was made; others may have changed."""
    return set(stamp_of(lists).split()) <= set(stamp.split())


@dataclass(frozen=True)
class Order:
    """The modules of a course in their order, by their numbers, each with its lessons; without those retired."""

    lessons: dict[int, list[int]]

    @classmethod
    def of(cls, course: Course) -> Order:
        found: dict[int, list[int]] = defaultdict(list)
        for module in course.modules.order_by("position", "pk").values_list("pk", flat=True):
            found[module] = []
        listed = course.lessons.filter(retired_at=None).order_by("position", "pk")
        for module, lesson in listed.values_list("module", "pk"):
            found[module].append(lesson)
        return cls(dict(found))

    @property
    def stamp(self) -> str:
        return stamp_of({MODULES: list(self.lessons), **self.lessons})

    def agrees(self, stamp: str, modules: Iterable[int]) -> bool:
        """Whether these modules, or with MODULES their list, are ordered as they were when the stamp was made."""
        known = {MODULES: list(self.lessons), **self.lessons}
        return agrees(stamp, {module: known.get(module, []) for module in modules})


def put(rows: Sequence[int], row: int, place: int) -> list[int]:
    """The list with this row at a place, from 1; beyond the end is the end."""
    others = [one for one in rows if one != row]
    others.insert(max(place, 1) - 1, row)
    return others


def _hold_order(course: Course) -> None:
    """Let nobody else put anything somewhere else in this course until the transaction ends."""
    Course.objects.select_for_update(no_key=True).get(pk=course.pk)


@transaction.atomic
def append(row: Module | Lesson | Path) -> None:
    """Save a new module or path as the last of its course, or a new lesson as the last of its module."""
    _hold_order(row.course)
    beside: Any = (
        row.module.lessons if isinstance(row, Lesson) else type(row)._default_manager.filter(course=row.course)
    )
    row.position = (beside.aggregate(last=Max("position"))["last"] or 0) + 1
    row.save()


def write_places(model: type[models.Model], rows: Sequence[int]) -> None:
    """Write down the `position` of rows in this order, where it changed; two queries."""
    found: dict[int, Any] = model._default_manager.only("pk", "position").in_bulk(rows)
    moved = [found[pk] for place, pk in enumerate(rows, 1) if found[pk].position != place]
    for place, pk in enumerate(rows, 1):
        found[pk].position = place
    model._default_manager.bulk_update(moved, ["position"])


@transaction.atomic
def move_module(module: Module, place: int, stamp: str) -> bool:
    """Put a module at a place of its course. False if it is there already; raises OrderChanged."""
    _hold_order(module.course)
    order = Order.of(module.course)
    before = list(order.lessons)
    after = put(before, module.pk, place)
    if after == before:
        return False
    if not order.agrees(stamp, [MODULES]):
        raise OrderChanged
    write_places(Module, after)
    return True


@dataclass(frozen=True)
class Moved:
    """`is_new`: false if it was there already. `completed`: the enrollments that the move completed."""

    is_new: bool
    completed: int = 0


@transaction.atomic
def move_lesson(
    lesson: Lesson,
    module: Module,
    place: int,
    stamp: str,
    *,
    ask_people_under_way: bool = False,
    at: datetime | None = None,
) -> Moved:
    """Put a lesson at a place of a module of its course. Raises OrderChanged.

    A published lesson that comes from a module in preparation into one that is ready is new to learners: as with the
    first publication, it is optional for people under way unless `ask_people_under_way`.
    """
    at = at or timezone.now()
    if lesson.module_id != module.pk:
        progress.hold(lesson.course)
    _hold_order(lesson.course)
    lesson = Lesson.objects.select_related("course", "module").get(pk=lesson.pk)
    order = Order.of(lesson.course)
    after = put(order.lessons[module.pk], lesson.pk, place)
    if after == order.lessons[module.pk]:
        return Moved(is_new=False)
    if lesson.retired_at or not order.agrees(stamp, [lesson.module_id, module.pk]):
        raise OrderChanged
    before = lesson.module
    if before.pk != module.pk:
        Lesson.objects.filter(pk=lesson.pk).update(module=module)
    write_places(Lesson, after)
    return Moved(is_new=True, completed=_meet(lesson, before, module, ask_people_under_way, at))


def appears(lesson: Lesson, module: Module) -> bool:
    """Whether learners meet this lesson in that module and did not where it is."""
    return bool(lesson.published_revision_id) and module.is_ready and not lesson.module.is_ready


def disappears(lesson: Lesson, module: Module) -> bool:
    """Whether learners would lose sight of this lesson in that module."""
    return bool(lesson.published_revision_id) and lesson.module.is_ready and not module.is_ready


def _meet(lesson: Lesson, before: Module, after: Module, ask: bool, at: datetime) -> int:
    """What a move from one module to another means for people. Returns how many enrollments it completed."""
    if before.is_ready == after.is_ready:
        return 0
    if appears(lesson, after) and not ask:
        lesson.steps.filter(since=None).update(since=at)
    return progress.settle(lesson.course, at)


# --- The steps of a path ---------------------------------------------------------------------------------------------


def steps_of(path: Path) -> list[int]:
    """The lessons of a path in their order, by their numbers."""
    return list(path.steps.order_by("position", "pk").values_list("lesson", flat=True))


@transaction.atomic
def move_step(path: Path, lesson: Lesson, place: int, stamp: str) -> bool:
    """Put a lesson at a place of a path. False if it is there already; raises OrderChanged."""
    _hold_order(path.course)
    before = steps_of(path)
    after = put(before, lesson.pk, place)
    if after == before:
        return False
    if lesson.pk not in before or not agrees(stamp, {path.pk: before}):
        raise OrderChanged
    _number_steps(path, after)
    return True


def _number_steps(path: Path, lessons: Sequence[int]) -> None:
    by_lesson = dict(path.steps.values_list("lesson", "pk"))
    write_places(PathStep, [by_lesson[lesson] for lesson in lessons])


@transaction.atomic
def add_step(path: Path, lesson: Lesson, *, ask_people_under_way: bool = False, at: datetime | None = None) -> bool:
    """Let a path ask for a lesson, after all others. False if it does already.

    People who are enrolled already are asked only with `ask_people_under_way`. Of a lesson that was never published
    that is decided when it is.
    """
    at = at or timezone.now()
    progress.hold(path.course)
    _hold_order(path.course)
    lessons = steps_of(path)
    if lesson.pk in lessons:
        return False
    is_new_to_some = lesson.has_been_published and not ask_people_under_way and path.enrollments.exists()
    since = at if is_new_to_some else None
    path.steps.create(lesson=lesson, position=len(lessons) + 1, since=since)
    _number_steps(path, [*lessons, lesson.pk])
    return True


@transaction.atomic
def remove_step(path: Path, lesson: Lesson, at: datetime | None = None) -> tuple[bool, int]:
    """Ask for a lesson no more on a path; it stays open, and what was done in it is kept.

    Returns whether it was there, and how many enrollments that completed.
    """
    at = at or timezone.now()
    progress.hold(path.course)
    _hold_order(path.course)
    removed, _by_model = path.steps.filter(lesson=lesson).delete()
    _number_steps(path, steps_of(path))
    return bool(removed), progress.settle(path.course, at)
