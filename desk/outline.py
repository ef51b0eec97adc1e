"""A course as its editors see it: every module and lesson in order, with state, problems and who worked on it last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.statements import Prepared
from courses.admin.content import editing_state
from courses.models import Course, Lesson, LessonRevision, Module, PublishRequest
from courses.models.lesson import COMPLETABLE
from courses.order import Order
from desk.course_checks import check, state_of
from desk.lesson_checks import Problem
from notices.rows import Rows, surroundings
from quizzes.models import Quiz


class Listed(NamedTuple):
    """The columns of `lessons_of`."""

    pk: int
    module_id: int
    key: str
    kind: str
    required: bool
    retired_at: datetime | None
    published_revision_id: int | None
    published_number: int | None
    was_published: bool


class Draft(NamedTuple):
    """The columns of `drafts_of`."""

    lesson: int
    pk: int
    number: int
    title: str
    at: datetime
    by: str | None


@Prepared
def lessons_of(course: int) -> QuerySet[Any, Any]:
    """`was_published` is asked of those alone that are not now, where it says something."""
    shown = Exists(LessonRevision.objects.filter(lesson=OuterRef("pk")).exclude(published_at=None))
    hidden = ExpressionWrapper(Q(published_revision=None) & Q(shown), output_field=BooleanField())
    lessons = Lesson.objects.filter(course=course).order_by("position", "pk")
    annotated = lessons.annotate(was_published=hidden, published_number=F("published_revision__number"))
    return annotated.values_list(*Listed._fields)


@Prepared
def drafts_of(course: int) -> QuerySet[Any, Any]:
    drafts = LessonRevision.objects.newest().filter(lesson__course=course).order_by()
    return drafts.values_list("lesson_id", "pk", "number", "title", "created_at", "created_by__name")


@Prepared
def modules_of(course: int) -> QuerySet[Any, Any]:
    return Module.objects.filter(course=course).order_by("position", "pk").values_list("pk", "title", "status")


@Prepared
def quizzes_of(course: int) -> QuerySet[Any, Any]:
    return Quiz.objects.filter(lesson__course=course).order_by("pk").values_list("lesson", "pk", "draw", "is_final")


@Prepared
def waiting_of(course: int) -> QuerySet[Any, Any]:
    waiting = PublishRequest.objects.waiting().filter(revision__lesson__course=course)
    return waiting.order_by().values_list("revision__lesson")


class Entry(NamedTuple):
    """A lesson in the outline: what is known of it, and its place among so many of its module; 0 if it is retired."""

    lesson: Listed
    draft: Draft | None
    quiz: int | None
    waits: bool
    problems: tuple[Problem, ...]
    module: ModuleFacts
    place: int
    of: int

    @property
    def pk(self) -> int:
        return self.lesson.pk

    @property
    def title(self) -> str:
        return self.draft.title if self.draft else self.lesson.key

    @property
    def kind(self) -> str:
        return str(Lesson.Kind(self.lesson.kind).label)

    @property
    def is_optional(self) -> bool:
        """Whether it could be required and is not."""
        return not self.lesson.required and self.lesson.kind in COMPLETABLE

    @property
    def by(self) -> str:
        return (self.draft and self.draft.by) or _("from files")

    @property
    def is_new(self) -> bool:
        """Whether there is something to publish."""
        return self.draft is not None and self.draft.number != self.lesson.published_number

    @property
    def standing(self) -> tuple[str, str]:
        return editing_state(self)

    @property
    def up(self) -> str:
        """What its button sends; empty where there is nowhere to go."""
        return f"lesson {self.pk} {self.module.pk} {self.place - 1}" if self.place > 1 else ""

    @property
    def down(self) -> str:
        return f"lesson {self.pk} {self.module.pk} {self.place + 1}" if 0 < self.place < self.of else ""

    # What `editing_state` asks.

    @property
    def retired_at(self) -> datetime | None:
        return self.lesson.retired_at

    @property
    def published_revision_id(self) -> int | None:
        return self.lesson.published_revision_id

    @property
    def published_number(self) -> int | None:
        return self.lesson.published_number

    @property
    def was_published(self) -> bool:
        return self.lesson.was_published

    @property
    def newest(self) -> int | None:
        return self.draft.number if self.draft else None


class ModuleFacts(NamedTuple):
    """A module as it is shown, and its place among so many."""

    pk: int
    title: str
    status: str
    place: int
    of: int

    @property
    def is_ready(self) -> bool:
        return self.status == Module.Status.READY

    @property
    def up(self) -> str:
        """What its button sends; empty where there is nowhere to go."""
        return f"module {self.pk} {self.place - 1}" if self.place > 1 else ""

    @property
    def down(self) -> str:
        return f"module {self.pk} {self.place + 1}" if self.place < self.of else ""


class Part(NamedTuple):
    """One module of the outline: all that is shown of it."""

    module: ModuleFacts
    problems: tuple[Problem, ...]
    entries: tuple[Entry, ...]
    retired: tuple[Entry, ...]

    @property
    def kinds(self) -> list[tuple[str, Any]]:
        """What can be added: the names of kinds, and how they are called."""
        return [(kind.value, kind.label) for kind in Lesson.Kind]


@dataclass(frozen=True)
class Outline:
    """Its modules as HTML. `stamp` says in which order they were shown, for what is sent from there."""

    html: bytes
    stamp: str
    modules: int
    ready: int
    drafts: int  # lessons whose newest text learners do not see
    broken: int  # problems that learners would meet
    thoughts: int  # problems that are worth a thought


FACTS = (modules_of, lessons_of, drafts_of, quizzes_of, waiting_of, state_of)


def outline_of(course: Course) -> Outline:
    """Everything there is to see; six queries, and a dozen more when something changed since the checks last ran."""
    facts = tuple(one.raw(course=course.pk) for one in FACTS)
    return _outline(course.pk, facts, surroundings())


@lru_cache(maxsize=8)  # each a megabyte
def _outline(course: int, facts: tuple[Any, ...], surroundings: Any) -> Outline:
    """Remembered by all that it is made of."""
    survey = Survey(course, *(one.read(rows) for one, rows in zip(FACTS, facts, strict=True)))
    parts = [survey.part(module) for module in survey.modules.values()]
    views = {name: f"admin:{name}_changelist" for name in ("courses_lesson", "courses_module", "quizzes_quiz")}
    draw = Rows("desk/outline_part.html", **{name: reverse(view) for name, view in views.items()})
    return Outline(
        html="".join(draw(part) for part in parts).encode(),
        stamp=survey.order.stamp,
        modules=len(parts),
        ready=sum(part.module.is_ready for part in parts),
        drafts=sum(entry.is_new for part in parts for entry in part.entries),
        broken=survey.checked.broken,
        thoughts=survey.checked.thoughts,
    )


class Survey:
    """What is known of a course, however many lessons there are, of the rows of FACTS."""

    def __init__(
        self,
        course: int,
        modules: list[Any],
        lessons: list[Any],
        drafts: list[Any],
        quizzes: list[Any],
        waiting: list[Any],
        state: list[Any],
    ) -> None:
        self.modules = {
            pk: ModuleFacts(pk, title, status, place, len(modules))
            for place, (pk, title, status) in enumerate(modules, 1)
        }
        self.lessons = [Listed(*row) for row in lessons]
        self.drafts = {row[0]: Draft(*row) for row in drafts}
        self.quizzes = {lesson: pk for lesson, pk, *_facts in quizzes}
        self.waiting = {lesson for (lesson,) in waiting}
        outline = (tuple(self.lessons), tuple(self.modules.values()), tuple(quizzes))
        self.checked = check(course, outline, tuple(state))
        self.kept: dict[int, list[Listed]] = {pk: [] for pk in self.modules}
        self.retired: dict[int, list[Listed]] = {pk: [] for pk in self.modules}
        for lesson in self.lessons:
            (self.retired if lesson.retired_at else self.kept)[lesson.module_id].append(lesson)

    @property
    def order(self) -> Order:
        return Order({pk: [lesson.pk for lesson in lessons] for pk, lessons in self.kept.items()})

    def part(self, module: ModuleFacts) -> Part:
        kept = self.kept[module.pk]
        entries = tuple(self.entry(lesson, module, place, len(kept)) for place, lesson in enumerate(kept, 1))
        retired = tuple(self.entry(lesson, module, 0, 0) for lesson in self.retired[module.pk])
        return Part(module, self.checked.modules.get(module.pk, ()), entries, retired)

    def entry(self, lesson: Listed, module: ModuleFacts, place: int, of: int) -> Entry:
        pk = lesson.pk
        problems = self.checked.lessons.get(pk, ())
        return Entry(lesson, self.drafts.get(pk), self.quizzes.get(pk), pk in self.waiting, problems, module, place, of)
