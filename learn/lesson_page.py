"""What a lesson page shows, and to whom: its neighbors, its check question, whether anything is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Min, OuterRef, Q, Subquery
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from accounts.models import User
from courses import markdown
from courses.models import Diagram, Enrollment, Lesson, PathStep
from learn.course_map import LessonRow, lesson_rows
from learn.forms import CheckForm
from quizzes import checks, grading
from quizzes.models import Attempt, QuestionRevision, Quiz

Somebody = User | AnonymousUser


@dataclass
class Check:
    """The check question as it goes into the page: `options` say what is right only once it was answered."""

    revision: QuestionRevision
    response: Any
    form: CheckForm | None

    @property
    def is_answered(self) -> bool:
        return self.response is not None

    @property
    def is_right(self) -> bool:
        return grading.is_right(self.revision.type, self.revision.body, self.response)

    @property
    def fragment(self) -> str:
        return f"quizzes/{'results' if self.is_answered else 'types'}/{self.revision.type}.html"

    @property
    def hint(self) -> Promise:
        return grading.TYPES[self.revision.type].hint

    @property
    def options(self) -> list[dict[str, Any]]:
        body, order = self.revision.body, grading.option_keys(self.revision.body)
        if self.is_answered:
            return grading.explained(self.revision.type, body, self.response, order)
        return list(grading.shown(self.revision.type, body, order))


@dataclass
class Place:
    """Where a lesson stands: its module's lessons, what comes before and after, and what it waits for."""

    here: LessonRow | None
    lessons: list[LessonRow]
    more: list[LessonRow]
    number: int
    previous: LessonRow | None
    next: LessonRow | None

    @property
    def total(self) -> int:
        return len(self.lessons)


def enrollment_of(user: Somebody, course_key: str) -> Enrollment | None:
    """The current enrollment of a person in a course."""
    if not user.is_authenticated:
        return None
    own = Enrollment.objects.current().filter(user=user, course__key=course_key)
    return own.select_related("path", "user").first()


def find_lesson(user: Somebody, course_key: str, enrollment: Enrollment | None, **where: str) -> Lesson | None:
    lessons = Lesson.objects.visible_to(user).filter(course__key=course_key, **where).with_state(enrollment)
    if enrollment:
        done = enrollment.completions.filter(lesson=OuterRef("pk")).order_by("-at").values("at")[:1]
        lessons = lessons.annotate(done_at=Subquery(done))
    return lessons.select_related("course", "module", "published_revision").first()


def place_of(user: Somebody, lesson: Lesson, enrollment: Enrollment | None) -> Place:
    """The module around a lesson, and the step of the person's path that follows it; one query."""
    only = Q(module=lesson.module_id)
    if enrollment:
        steps = PathStep.objects.filter(Lesson.published_q("lesson__"), path=enrollment.path_id)
        own = steps.filter(lesson=lesson).values("position")[:1]
        beyond = steps.exclude(lesson__module=lesson.module_id).filter(position__gt=Subquery(own))
        only |= Q(pk=Subquery(beyond.order_by("position").values("lesson")[:1]))
    rows = lesson_rows(user, lesson.course, enrollment, only)
    return _place(rows, lesson, enrollment)


def _place(rows: list[LessonRow], lesson: Lesson, enrollment: Enrollment | None) -> Place:
    here = next((row for row in rows if row.pk == lesson.pk), None)
    inside = [row for row in rows if row.module_id == lesson.module_id]
    if enrollment is None or here is None or here.step is None:
        sequence = inside
    else:
        sequence = sorted((row for row in rows if row.step is not None), key=lambda row: row.step or 0)
    at = next((place for place, row in enumerate(sequence) if row.pk == lesson.pk), 0)
    lessons = [row for row in inside if row.step is not None or enrollment is None]
    return Place(
        here=here,
        lessons=lessons,
        more=[row for row in inside if row not in lessons],
        number=next((number for number, row in enumerate(lessons, 1) if row.pk == lesson.pk), 0),
        previous=sequence[at - 1] if at > 0 and sequence[at - 1].module_id == lesson.module_id else None,
        next=sequence[at + 1] if at + 1 < len(sequence) else None,
    )


def waits_for(enrollment: Enrollment | None, lesson: Lesson) -> Lesson | None:
    """On a path in order, the required lesson that must be complete before this one opens."""
    if enrollment is None or not enrollment.path.is_sequential or lesson.is_complete:  # type: ignore[attr-defined]
        return None
    done = enrollment.completions.counting().values("lesson")
    own = enrollment.path.steps.filter(lesson=lesson).values("position")[:1]
    before = enrollment.required_steps().filter(position__lt=Subquery(own)).exclude(lesson__in=done)
    step = before.order_by("position").select_related("lesson__course", "lesson__published_revision").first()
    return step.lesson if step else None


def body_of(lesson: Lesson) -> SafeString:
    """The text of a lesson as HTML, with its drawings; one query if it names any."""
    revision, course = lesson.published_revision, lesson.course
    if revision is None:
        return SafeString()
    keys = markdown.diagram_keys(revision.body)
    drawings = dict(Diagram.objects.filter(course=course, key__in=keys).values_list("key", "svg")) if keys else {}
    return markdown.render(revision.body, course.key, drawings)


def check_of(
    user: Somebody, lesson: Lesson, stored: bool, form: CheckForm | None = None, given: Any = None
) -> Check | None:
    """The check question with what was answered: what is `stored`, or for everybody else what was `given` just now."""
    if stored and user.is_authenticated:
        revision, response = checks.asked_of(user, lesson)
    else:
        revision, response = checks.question_of(lesson), given
    return Check(revision, response, form) if revision else None


def quiz_of(lesson: Lesson, enrollment: Enrollment | None) -> dict[str, Any]:
    """The rules of a quiz in counts, the attempts of this enrollment, and where an open one goes on."""
    quiz = Quiz.objects.filter(lesson=lesson).first()
    if quiz is None:
        return {"questions": 0}
    questions = min(quiz.draw, quiz.pool().count())
    shown: dict[str, Any] = {"questions": questions, "mark": min(quiz.pass_mark, questions)}
    if enrollment:
        unanswered = Min("answers__position", filter=Q(answers__response__isnull=True))
        attempts = Attempt.objects.of(enrollment.user).filter(enrollment=enrollment, quiz=quiz)
        found = list(attempts.annotate(goes_on=unanswered).order_by("number"))
        shown["attempts"] = [attempt for attempt in found if not attempt.is_open]
        shown["open"] = next((attempt for attempt in found if attempt.is_open), None)
    return shown
