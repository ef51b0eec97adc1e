"""A walk through a course as a learner would take it. What is done on it stands in the session, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from courses.models import Completion, Course, Enrollment, Lesson, Path
from desk.preview import content
from learn.course_map import CourseMap, LessonRow, lock, mapped, objectives_of
from learn.forms import CheckForm
from learn.lesson_page import Check, Place, placed
from quizzes.models import QuestionRevision

KEPT = "preview"  # in the session: a walk for each course, by its number
PARTS = ("done", "checks", "attempts")


@dataclass
class Walk:
    """Where somebody is in a course they try out. The parts are JSON, each by the number of its lesson."""

    user: User
    session: SessionBase
    course: Course
    path: Path
    drafts: bool = True
    done: dict[str, list[str]] = field(default_factory=dict)  # how, and when
    checks: dict[str, list[Any]] = field(default_factory=dict)  # the revision that was answered, and the response
    attempts: dict[str, list[Any]] = field(default_factory=dict)  # see attempts.py
    at: datetime = field(default_factory=timezone.now)

    @classmethod
    def of(cls, user: User, session: SessionBase, course: Course) -> Walk:
        """The one under way, or a new one on the default path."""
        kept = session.get(KEPT, {}).get(str(course.pk), {})
        paths = paths_of(course)
        path = next((path for path in paths if path.pk == kept.get("path")), paths[0])
        parts = {name: kept.get(name, {}) for name in PARTS}
        return cls(user, session, course, path, kept.get("drafts", True), **parts)

    def save(self) -> None:
        """Keep it in the session. What was looked up before is looked up anew."""
        kept = {"path": self.path.pk, "drafts": self.drafts, **{name: getattr(self, name) for name in PARTS}}
        self.session[KEPT] = {**self.session.get(KEPT, {}), str(self.course.pk): kept}
        for name in ("lessons", "rows", "enrollment", "map"):
            self.__dict__.pop(name, None)

    def start_over(self) -> None:
        self.done, self.checks, self.attempts = {}, {}, {}
        self.save()

    # --- What there is, and what was done ----------------------------------------------------------------------------

    @cached_property
    def lessons(self) -> list[Lesson]:
        return content.lessons_of(self.course, self.drafts)

    @cached_property
    def rows(self) -> list[LessonRow]:
        """All lessons with where they stand, as learn.course_map.lesson_rows tells it of an enrollment; locked, too."""
        steps = self._steps()
        rows = [self._row(lesson, steps) for lesson in self.lessons]
        if self.path.is_sequential:
            lock(sorted((row for row in rows if row.step is not None), key=lambda row: row.step or 0))
        return rows

    def _steps(self) -> dict[int, tuple[int, bool]]:
        """By lesson: its place on the path, and whether it is asked of who starts now."""
        if self.path.pk == ALL:
            return {lesson.pk: (place, True) for place, lesson in enumerate(self.lessons, 1)}
        steps = self.path.steps.values_list("lesson", "position", "since")
        return {lesson: (position, since is None or since <= self.at) for lesson, position, since in steps}

    def _row(self, lesson: Lesson, steps: dict[int, tuple[int, bool]]) -> LessonRow:
        step, is_asked = steps.get(lesson.pk, (None, False))
        how, when = self.done.get(str(lesson.pk), (None, None))
        text = lesson.published_revision
        assert text is not None  # noqa: S101  # those without a text are left out
        return LessonRow(
            pk=lesson.pk,
            slug=lesson.slug,
            shown_title=text.title,
            kind=lesson.kind,
            minutes=text.minutes,
            module_id=lesson.module_id,
            is_required=lesson.required and is_asked,
            is_complete=how is not None,
            is_changed=False,
            step=step,
            completed_number=text.number if how else None,
            done_at=datetime.fromisoformat(when) if when else None,
            how=how,
            url=lesson.get_absolute_url(),
        )

    @cached_property
    def enrollment(self) -> Enrollment:
        """An enrollment that is in no table, and whose number none has."""
        required = [row for row in self.rows if row.is_required]
        whole = bool(required) and all(row.is_complete for row in required)
        done = self.at if whole else None
        return Enrollment(
            pk=0, user=self.user, course=self.course, path=self.path, enrolled_at=self.at, completed_at=done
        )

    @cached_property
    def map(self) -> CourseMap:
        """The course as its learners see it."""
        modules, objectives = content.modules_of(self.course, self.drafts), objectives_of(self.course)
        return mapped(self.course, self.enrollment, modules, self.rows, objectives)

    def lesson(self, **wanted: str) -> Lesson | None:
        """The lesson with this slug, key or kind, if it can be opened."""
        found = (one for one in self.lessons if all(getattr(one, name) == value for name, value in wanted.items()))
        return next(found, None)

    def waits_for(self, lesson: Lesson) -> Lesson | None:
        """The lesson that must be done first, as Enrollment.waits_for."""
        row = next((row for row in self.rows if row.pk == lesson.pk), None)
        before = row.blocked_by if row else None
        return next((one for one in self.lessons if before and one.pk == before.pk), None)

    def place_of(self, lesson: Lesson) -> Place:
        """As learn.lesson_page.place_of."""
        place = placed(lesson, self.enrollment, [row for row in self.rows if row.module_id == lesson.module_id])
        if place.leads_beyond:
            place.next = self.beyond(place)
        return place

    def beyond(self, place: Place) -> LessonRow | None:
        """The next step of the path that lies in another module."""
        here = place.here
        if here is None or here.step is None:
            return None
        later = (row for row in self.map.in_path if (row.step or 0) > (here.step or 0))
        return next((row for row in later if row.module_id != here.module_id), None)

    def check_of(self, lesson: Lesson, form: CheckForm | None = None) -> Check | None:
        """The check question with what was answered on this walk."""
        kept = self.checks.get(str(lesson.pk))
        if kept and (revision := QuestionRevision.objects.filter(pk=kept[0]).first()):
            return Check(revision, kept[1], None)
        asked = form.revision if form else content.check_of(lesson, self.drafts)
        return Check(asked, None, form) if asked else None

    # --- Doing -------------------------------------------------------------------------------------------------------

    def answer_check(self, lesson: Lesson, revision: QuestionRevision, response: Any) -> None:
        """Keep the first response, as for learners."""
        self.checks.setdefault(str(lesson.pk), [revision.pk, response])
        self.save()

    def complete(self, lessons: list[Lesson], how: Completion.How) -> bool:
        """Count lessons as done; return whether any of them was not."""
        new = [lesson for lesson in lessons if str(lesson.pk) not in self.done]
        self.done |= {str(lesson.pk): [how.value, self.at.isoformat()] for lesson in new}
        self.save()
        return bool(new)

    def skip_to(self, lesson: Lesson) -> None:
        """Count the required steps before a lesson as done."""
        here = next((row.step for row in self.rows if row.pk == lesson.pk), None) or 0
        before = {row.pk for row in self.map.in_path if row.is_required and (row.step or 0) < here}
        self.complete([one for one in self.lessons if one.pk in before], Completion.How.READ)


ALL = 0  # the number of the path through everything, which no path in the table has


def paths_of(course: Course) -> list[Path]:
    """The paths of a course, the default first; for a course that has none yet, one through all its lessons."""
    paths = list(course.paths.order_by("-is_default", "position", "pk"))
    return paths or [Path(pk=ALL, course=course, title=_("All lessons, one after the other"))]
