"""A course as its editors see it: every module and lesson in order, with state, problems and who worked on it last."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.statements import Prepared
from courses.admin.content import editing_state
from courses.models import Course, Lesson, LessonRevision, Module, PublishRequest
from courses.models.lesson import COMPLETABLE
from courses.order import Order
from desk.course_checks import check
from desk.lesson_checks import Problem
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
    shown = LessonRevision.objects.filter(lesson=OuterRef("pk")).exclude(published_at=None)
    lessons = Lesson.objects.filter(course=course).order_by("position", "pk")
    annotated = lessons.annotate(was_published=Exists(shown), published_number=F("published_revision__number"))
    return annotated.values_list(*Listed._fields)


@Prepared
def drafts_of(course: int) -> QuerySet[Any, Any]:
    newer = LessonRevision.objects.filter(lesson=OuterRef("lesson"), number__gt=OuterRef("number"))
    drafts = LessonRevision.objects.filter(~Exists(newer), lesson__course=course).order_by()
    return drafts.values_list("lesson_id", "pk", "number", "title", "created_at", "created_by__name")


class Row(NamedTuple):
    """One lesson as it is shown. `up` and `down` are what their buttons send; empty where there is nowhere to go."""

    pk: int
    title: str
    kind: str
    required: bool
    state: str
    label: str
    by: str
    at: datetime | None
    quiz: int | None
    is_published: bool
    is_new: bool  # there is something to publish
    waits: bool
    problems: tuple[Problem, ...]
    up: str
    down: str


@dataclass
class Part:
    """One module of the outline; `rows` are its lessons as HTML, `retired` those that are in the course no more."""

    module: Module
    up: str
    down: str
    problems: tuple[Problem, ...]
    rows: list[SafeString] = field(default_factory=list)
    retired: list[SafeString] = field(default_factory=list)


@dataclass
class Outline:
    """`stamp` says in which order it was shown, for what is sent from it."""

    parts: list[Part]
    stamp: str
    drafts: int  # lessons whose newest text learners do not see
    broken: int  # problems that learners would meet
    thoughts: int  # problems that are worth a thought

    @property
    def ready(self) -> int:
        return sum(part.module.is_ready for part in self.parts)


def outline_of(course: Course) -> Outline:
    """Everything there is to see; seven queries, and a dozen more when something changed since the checks last ran."""
    survey = Survey(course)
    parts = {pk: survey.part(pk, place) for place, pk in enumerate(survey.modules, 1)}
    drawn = Drawn()
    drafts = 0
    for lesson in survey.lessons:
        row = survey.row(lesson)
        drafts += row.state == "update-due"
        part = parts[lesson.module_id]
        (part.retired if lesson.retired_at else part.rows).append(drawn.row(row))
    found = [one for some in [*survey.checked.lessons.values(), *survey.checked.modules.values()] for one in some]
    broken = sum(problem.is_broken for problem in found)
    return Outline(list(parts.values()), survey.order.stamp, drafts, broken, len(found) - broken)


class Survey:
    """What is asked for once, however many lessons there are."""

    def __init__(self, course: Course) -> None:
        of_course = {"lesson__course": course.pk}
        self.modules = {module.pk: module for module in course.modules.order_by("position", "pk")}
        self.lessons = [Listed(*row) for row in lessons_of(course=course.pk)]
        self.drafts = {row[0]: Draft(*row) for row in drafts_of(course=course.pk)}
        quizzes = list(Quiz.objects.filter(**of_course).order_by("pk").values_list("lesson", "pk", "draw"))
        self.quizzes = {lesson: pk for lesson, pk, _draw in quizzes}
        waiting = PublishRequest.objects.waiting().filter(revision__lesson__course=course.pk)
        self.waiting = set(waiting.values_list("revision__lesson", flat=True))
        statuses = tuple((module.pk, module.status) for module in self.modules.values())
        self.checked = check(course, (tuple(self.lessons), statuses, tuple(quizzes)))
        self.order = Order({pk: [] for pk in self.modules})
        for lesson in self.lessons:
            if lesson.retired_at is None:
                self.order.lessons[lesson.module_id].append(lesson.pk)
        self.places = {pk: place for rows in self.order.lessons.values() for place, pk in enumerate(rows, 1)}

    def part(self, pk: int, place: int) -> Part:
        up = f"module {pk} {place - 1}" if place > 1 else ""
        down = f"module {pk} {place + 1}" if place < len(self.modules) else ""
        return Part(self.modules[pk], up, down, self.checked.modules.get(pk, ()))

    def row(self, lesson: Listed) -> Row:
        draft = self.drafts.get(lesson.pk)
        module, place = lesson.module_id, self.places.get(lesson.pk, 0)
        state, label = editing_state(Standing(lesson, draft, self.modules[module]))
        last = len(self.order.lessons[module])
        return Row(
            pk=lesson.pk,
            title=draft.title if draft else lesson.key,
            kind=lesson.kind,
            required=lesson.required,
            state=state,
            label=label,
            by=(draft.by or _("from files")) if draft else "",
            at=draft.at if draft else None,
            quiz=self.quizzes.get(lesson.pk),
            is_published=lesson.published_revision_id is not None,
            is_new=draft is not None and draft.number != lesson.published_number,
            waits=lesson.pk in self.waiting,
            problems=self.checked.lessons.get(lesson.pk, ()),
            up=f"lesson {lesson.pk} {module} {place - 1}" if place > 1 else "",
            down=f"lesson {lesson.pk} {module} {place + 1}" if 0 < place < last else "",
        )


class Standing:
    """What `editing_state` asks of a lesson, of one that is rows."""

    def __init__(self, lesson: Listed, draft: Draft | None, module: Module) -> None:
        self.retired_at, self.module, self.was_published = lesson.retired_at, module, lesson.was_published
        self.published_revision_id, self.published_number = lesson.published_revision_id, lesson.published_number
        self.newest = draft.number if draft else None


class Drawn:
    """Rows as HTML. Each process remembers those it made: one that did not change is not made again."""

    def __init__(self) -> None:
        # Looked up once, not for each row.
        self.base = reverse("admin:courses_lesson_changelist")
        self.quizzes = reverse("admin:quizzes_quiz_changelist")
        self.words = get_language() or "", timezone.get_current_timezone_name()

    def row(self, row: Row) -> SafeString:
        return _drawn(row, self.base, self.quizzes, self.words)


@lru_cache(maxsize=2048)
def _drawn(row: Row, base: str, quizzes: str, words: tuple[str, str]) -> SafeString:
    """`words` are what else the text depends on: language and time zone."""
    kind = {"kind": Lesson.Kind(row.kind).label, "can_be_required": row.kind in COMPLETABLE}
    return render_to_string("desk/outline_row.html", {"row": row, "base": base, "quizzes": quizzes, **kind})
