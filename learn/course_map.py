"""The lessons and modules of a course as one person sees them: in order, with states, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Exists, F, IntegerField, OuterRef, QuerySet, Subquery, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.statements import Prepared
from courses.models import Completion, Course, Enrollment, Lesson, Module, Objective, PathStep
from courses.models.lesson import LessonQuerySet

BESIDE_THE_PATH = -1  # the step of a lesson that is asked beside the path: before all others, and outside their order
CONTENT = ("pk", "slug", "shown_title", "kind", "minutes", "module_id")
STATES = ("is_required", "is_complete", "is_changed")
OWN = ("step", "completed_number", "done_at", "how")
LABELS = {
    "locked": _("Locked"),
    "complete": _("Complete"),
    "update-due": _("To be done again"),
    "not-started": _("Not started"),
}


@dataclass
class LessonRow:
    """One published lesson: CONTENT, STATES and OWN, in their order. `step` is its place in the person's path, None
    outside of it, BESIDE_THE_PATH for a lesson of this cycle alone.
    """

    pk: int
    slug: str
    shown_title: str
    kind: str
    minutes: int
    module_id: int
    is_required: bool
    is_complete: bool
    is_changed: bool
    step: int | None = None
    completed_number: int | None = None
    done_at: datetime | None = None
    how: str | None = None
    url: str = ""
    blocked_by: LessonRow | None = None

    @property
    def kind_label(self) -> str:
        return str(Lesson.Kind(self.kind).label)

    @property
    def is_to_be_redone(self) -> bool:
        return self.completed_number is not None and not self.is_complete

    @property
    def state(self) -> str:
        if self.blocked_by:
            return "locked"
        if self.is_complete:
            return "complete"
        return "update-due" if self.is_to_be_redone else "not-started"

    @property
    def is_credited(self) -> bool:
        """Whether it counts as done since it was done elsewhere before."""
        return self.is_complete and self.how == Completion.How.CREDITED

    @property
    def is_by_quiz(self) -> bool:
        """Whether it counts as done since the quiz of its module was passed well at once."""
        return self.is_complete and self.how == Completion.How.BY_QUIZ

    @property
    def state_label(self) -> Any:
        if self.is_credited:
            return _("Complete, credited")
        return _("Complete, by quiz") if self.is_by_quiz else LABELS[self.state]


@dataclass
class ModuleRow:
    """One module: `lessons` are those of the person's path, `more` what lies outside of it. Once `mapped`, it stays."""

    module: Module
    number: int = 0
    objectives: list[Objective] = field(default_factory=list)
    lessons: list[LessonRow] = field(default_factory=list)
    more: list[LessonRow] = field(default_factory=list)

    @cached_property
    def required(self) -> list[LessonRow]:
        return [row for row in self.lessons if row.is_required]

    @property
    def readings(self) -> list[LessonRow]:
        return [row for row in self.lessons if row.kind == Lesson.Kind.READING]

    @property
    def more_readings(self) -> list[LessonRow]:
        return [row for row in self.more if row.kind == Lesson.Kind.READING]

    @property
    def stories(self) -> list[LessonRow]:
        return self._of_kind(Lesson.Kind.STORY)

    @property
    def quizzes(self) -> list[LessonRow]:
        return self._of_kind(Lesson.Kind.QUIZ)

    @property
    def sheets(self) -> list[LessonRow]:
        """Job aid, huddle sheet, references: made to be printed."""
        return self._of_kind(Lesson.Kind.PAGE)

    def _of_kind(self, kind: str) -> list[LessonRow]:
        return [row for row in [*self.lessons, *self.more] if row.kind == kind]

    @property
    def next(self) -> LessonRow | None:
        return next_lesson(self.lessons)

    @cached_property
    def done(self) -> int:
        return sum(row.is_complete for row in self.required)

    @property
    def total(self) -> int:
        return len(self.required)

    @property
    def minutes(self) -> int:
        """What the required lessons take; of a module outside the path, what its readings and its quiz take."""
        counted = self.required or [row for row in self.lessons + self.more if row.kind in ("reading", "quiz")]
        return sum(row.minutes for row in counted)

    @property
    def is_complete(self) -> bool:
        return 0 < self.total == self.done

    @property
    def is_outside(self) -> bool:
        return not self.lessons and bool(self.more)

    @property
    def state(self) -> str:
        if self.module.is_in_preparation:
            return "in-preparation"
        if self.is_complete:
            return "complete"
        return "under-way" if self.done else "not-started"

    @property
    def state_label(self) -> Any:
        if self.state == "under-way":
            words = ngettext("%(done)s of %(total)s lesson", "%(done)s of %(total)s lessons", self.total)
            return words % {"done": self.done, "total": self.total}
        labels = {"in-preparation": _("In preparation"), "complete": _("Complete"), "not-started": _("Not started")}
        return labels[self.state]


@dataclass
class CourseMap:
    """A course with its modules and lessons for one person."""

    course: Course
    enrollment: Enrollment | None
    modules: list[ModuleRow]

    @property
    def ready(self) -> int:
        return sum(row.module.is_ready for row in self.modules)

    @property
    def is_ready(self) -> bool:
        return self.ready == len(self.modules)

    @cached_property
    def in_path(self) -> list[LessonRow]:
        """The lessons of the person's path, in its order."""
        rows = [row for module in self.modules for row in module.lessons]
        return sorted(rows, key=lambda row: row.step or 0)

    @cached_property
    def done(self) -> int:
        return sum(module.done for module in self.modules)

    @cached_property
    def total(self) -> int:
        return sum(module.total for module in self.modules)

    @cached_property
    def next(self) -> LessonRow | None:
        return next_lesson(self.in_path) if self.enrollment else None

    def module_of(self, lesson: LessonRow) -> Module:
        return next(row.module for row in self.modules if row.module.pk == lesson.module_id)

    def page_of_module(self, key: str) -> tuple[str, dict[str, Any]] | None:
        """The template of a module's page and what it shows; after its last required lesson, the warm moment."""
        for row in self.modules:
            if row.module.key == key:
                is_moment = self.enrollment is not None and row.is_complete
                shown = {"course": self.course, "map": self, "enrollment": self.enrollment, "next": self.next}
                template = "learn/module_complete.html" if is_moment else "learn/module.html"
                return template, {**shown, "row": row}
        return None


def next_lesson(rows: Sequence[LessonRow]) -> LessonRow | None:
    """Where to resume: the first open required lesson after the one completed last, else the first open one."""
    done = [(row.done_at, place) for place, row in enumerate(rows) if row.done_at is not None]
    after = max(done)[1] + 1 if done else 0
    for row in [*rows[after:], *rows]:
        if row.is_required and not row.is_complete and row.blocked_by is None:
            return row
    return None


def lock(rows: Iterable[LessonRow]) -> None:
    """Mark the lessons of a path in order that wait for a required one before them; as Enrollment.waits_for."""
    waiting_for = None
    for row in rows:
        if row.step == BESIDE_THE_PATH:
            continue
        if waiting_for and not row.is_complete and row.kind != Lesson.Kind.QUIZ:
            row.blocked_by = waiting_for
        if waiting_for is None and row.is_required and not row.is_complete:
            waiting_for = row


def course_map(
    user: User | AnonymousUser, course: Course, enrollment: Enrollment | None, with_objectives: bool = True
) -> CourseMap:
    """Two queries, whatever the course holds, and one for the objectives."""
    objectives = objectives_of(course) if with_objectives else []
    return mapped(course, enrollment, modules_of(course), lesson_rows(user, course, enrollment), objectives)


@Prepared
def modules_in(course: int) -> QuerySet[Module]:
    return Module.objects.filter(course=course).order_by("position").select_related("illustration")


def modules_of(course: Course) -> list[Module]:
    """In order, with what the pages show of each."""
    modules = modules_in(course=course.pk)
    for module in modules:
        module.course = course
    return modules


@Prepared
def objectives_in(course: int) -> QuerySet[Objective]:
    return Objective.objects.filter(module__course=course).order_by("module__position", "position")


def objectives_of(course: Course) -> list[Objective]:
    return objectives_in(course=course.pk)


def mapped(
    course: Course,
    enrollment: Enrollment | None,
    modules: Iterable[Module],
    rows: Iterable[LessonRow],
    objectives: Iterable[Objective] = (),
) -> CourseMap:
    """The rows in their modules, locked where the path is in order."""
    found = {module.pk: ModuleRow(module, number) for number, module in enumerate(modules, 1)}
    for objective in objectives:
        found[objective.module_id].objectives.append(objective)
    for row in rows:
        place = found[row.module_id]
        (place.lessons if row.step is not None or enrollment is None else place.more).append(row)
    made = CourseMap(course, enrollment, list(found.values()))
    if enrollment and enrollment.path.is_sequential:
        lock(made.in_path)
    return made


def lesson_rows(user: User | AnonymousUser, course: Course, enrollment: Enrollment | None) -> list[LessonRow]:
    """The published lessons of a course with their states, in the order of the course; one query."""
    base = course.get_absolute_url()
    if enrollment is None:
        lessons = shown(Lesson.objects.visible_to(user).filter(course=course), None)
        found = list(lessons.values_list(*CONTENT, *STATES))
    else:
        found = rows_of_person(user, course, enrollment)
    rows = [LessonRow(*values) for values in found]
    for row in rows:
        row.url = f"{base}{row.slug}/"
    return rows


def shown(lessons: LessonQuerySet, enrollment: Enrollment | None) -> LessonQuerySet:
    titled = {"shown_title": F("published_revision__title"), "minutes": F("published_revision__minutes")}
    return lessons.in_order().with_state(enrollment).annotate(**titled)


def rows_of_person(user: User | AnonymousUser, course: Course, enrollment: Enrollment) -> list[tuple[Any, ...]]:
    if not isinstance(user, User) or user.is_staff:
        return list(own(Lesson.objects.visible_to(user).filter(course=course), enrollment))
    rows = first_cycle if enrollment.cycle == 1 else later_cycle
    return rows(
        user=user.pk, course=course.pk, enrollment=enrollment.pk, path=enrollment.path_id, at=enrollment.enrolled_at
    )


def own(lessons: LessonQuerySet, enrollment: Enrollment) -> QuerySet[Lesson, tuple[Any, ...]]:
    step: Any = Subquery(PathStep.objects.filter(path=enrollment.path_id, lesson=OuterRef("pk")).values("position")[:1])
    if enrollment.cycle > 1:
        beside = Exists(enrollment.extra_steps.filter(lesson=OuterRef("pk")))
        step = Case(When(beside, then=BESIDE_THE_PATH), default=step, output_field=IntegerField())
    done = enrollment.completions.filter(lesson=OuterRef("pk")).order_by("-at")
    facts = {"done_at": Subquery(done.values("at")[:1]), "how": Subquery(done.values("how")[:1])}
    return shown(lessons, enrollment).annotate(step=step, **facts).values_list(*CONTENT, *STATES, *OWN)


def prepared(cycle: int) -> Prepared:
    """As `own`, for people without staff rights."""

    def rows(user: int, course: int, enrollment: int, path: int, at: datetime) -> QuerySet[Lesson, tuple[Any, ...]]:
        asked = Enrollment(pk=enrollment, course_id=course, path_id=path, cycle=cycle, enrolled_at=at)
        return own(Lesson.objects.visible_to(User(pk=user)).filter(course=course), asked)

    return Prepared(rows)


first_cycle, later_cycle = prepared(1), prepared(2)
