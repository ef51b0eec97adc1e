"""What a lesson page shows, and to whom: its neighbors, its check question, whether anything is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet
from django.utils.functional import Promise, cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.statements import Prepared
from courses.models import Enrollment, ExtraStep, Lesson, LessonRevision
from learn import lesson_text
from learn.course_map import BESIDE_THE_PATH, LessonRow, lock
from learn.forms import CheckForm, FlagForm
from quizzes import checks, drawing, grading, retakes, taking
from quizzes.models import Attempt, QuestionRevision, Quiz

Somebody = User | AnonymousUser
CHECK_FIRST = _("One thing first: answer the check question. Right or wrong, it lets you go on.")


@dataclass
class Check:
    """The check question as it goes into the page; `explained` says what is right, once it was answered."""

    revision: QuestionRevision
    response: Any
    form: CheckForm | None

    @property
    def is_answered(self) -> bool:
        return self.response is not None

    @cached_property
    def is_right(self) -> bool:
        return grading.is_right(self.revision.type, self.revision.body, self.response)

    @property
    def fragment(self) -> str:
        return f"quizzes/{'results' if self.is_answered else 'types'}/{self.revision.type}.html"

    @property
    def hint(self) -> Promise:
        return grading.TYPES[self.revision.type].hint

    @property
    def asked(self) -> dict[str, Any]:
        """For the form, with what was given in vain."""
        given = self.form.response if self.form else None
        return grading.shown(self.revision.type, self.revision.body, self._order, given)

    @property
    def explained(self) -> dict[str, Any]:
        if not self.is_answered:
            raise ValueError("A check is explained once it was answered.")
        return grading.explained(self.revision.type, self.revision.body, self.response, self._order)

    @property
    def is_graded(self) -> bool:
        return grading.is_graded(self.revision.type)

    @property
    def _order(self) -> list[str]:
        return grading.steady_order(self.revision.type, self.revision.body)


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

    @property
    def leads_beyond(self) -> bool:
        """Whether the next step lies in another module. After a reading, Continue finds it."""
        here = self.here
        return self.next is None and here is not None and here.step is not None and here.kind != Lesson.Kind.READING

    @property
    def is_complete(self) -> bool:
        """Whether all that is required of the module is done."""
        required = [row for row in self.lessons if row.is_required]
        return bool(required) and all(row.is_complete for row in required)

    @property
    def links(self) -> list[Link]:
        return [link(row, self.here) for row in self.lessons]

    @property
    def more_links(self) -> list[Link]:
        return [link(row, self.here) for row in self.more]


Link = tuple[str, str, bool, bool, bool]


def link(row: LessonRow, here: LessonRow | None) -> Link:
    """Address, title, whether complete, locked, and where one is: a template takes a tuple apart far more cheaply."""
    return row.url, row.shown_title, row.is_complete, row.blocked_by is not None, row is here


def enrollment_of(user: Somebody, course_key: str) -> Enrollment | None:
    """The current enrollment of a person in a course: the highest cycle."""
    if not user.is_authenticated:
        return None
    found: Enrollment | None = next(iter(latest_enrollment(user=user.pk, course=course_key)), None)
    if found:
        found.user = user
    return found


@Prepared
def latest_enrollment(user: int, course: str) -> QuerySet[Enrollment]:
    return Enrollment.objects.filter(user=user, course__key=course).select_related("path").order_by("-cycle")[:1]


def find_lesson(user: Somebody, course_key: str, **where: str) -> Lesson | None:
    if user.is_authenticated and not user.is_staff and set(where) == {"slug"}:
        return next(iter(lesson_at(user=user.pk, course=course_key, slug=where["slug"])), None)
    lessons = Lesson.objects.visible_to(user).filter(course__key=course_key, **where)
    return lessons.select_related("course", "module", "published_revision").first()


@Prepared
def lesson_at(user: int, course: str, slug: str) -> QuerySet[Lesson]:
    """As find_lesson, for people without staff rights."""
    lessons = Lesson.objects.visible_to(User(pk=user)).filter(course__key=course, slug=slug)
    return lessons.select_related("course", "module", "published_revision")


def place_of(lesson: Lesson, enrollment: Enrollment | None) -> Place:
    """The module around a lesson and the person's step after it; one query, two at the end of a module."""
    rows = module_rows(lesson, enrollment)
    if enrollment and enrollment.path.is_sequential:
        lock(sorted((row for row in rows if row.step is not None), key=lambda row: row.step or 0))
    place = placed(lesson, enrollment, rows)
    if enrollment and place.leads_beyond and place.here and place.here.step is not None:
        place.next = first_beyond(lesson, enrollment, place.here.step)
    return place


def placed(lesson: Lesson, enrollment: Enrollment | None, rows: list[LessonRow]) -> Place:
    """A lesson among the rows of its module."""
    here = next((row for row in rows if row.pk == lesson.pk), None)
    outside = enrollment is not None and (here is None or here.step is None)
    lessons = [row for row in rows if enrollment is None or row.step is not None]
    sequence = rows if outside or enrollment is None else sorted(lessons, key=lambda row: row.step or 0)
    at = next((place for place, row in enumerate(sequence) if row.pk == lesson.pk), 0)
    return Place(
        here=here,
        lessons=lessons,
        more=[row for row in rows if row not in lessons],
        number=next((number for number, row in enumerate(lessons, 1) if row.pk == lesson.pk), 0),
        previous=sequence[at - 1] if at > 0 else None,
        next=sequence[at + 1] if at + 1 < len(sequence) else None,
    )


class Found(NamedTuple):
    """The columns of ROW, and of STATE for somebody who is enrolled."""

    pk: int
    slug: str
    title: str
    kind: str
    minutes: int
    required: bool
    step: int | None = None
    since: datetime | None = None
    at: datetime | None = None
    number: int | None = None
    level: int | None = None
    published_level: int = 0
    published_number: int = 0
    how: str | None = None
    is_beside: bool = False


ROW = ["pk", "slug", "published_revision__title", "kind", "published_revision__minutes", "required"]
STATE = ["own__position", "own__since", "mine__at", "mine__revision__number", "mine__redo_level"]
STATE += ["published_revision__redo_level", "published_revision__number", "mine__how"]


def published_in(module: int) -> QuerySet[Lesson]:
    return Lesson.objects.published().filter(module=module).order_by("position", "pk")


@Prepared
def rows_of(module: int, enrollment: int, path: int) -> QuerySet[Lesson, tuple[Any, ...]]:
    """The columns of `Found`, for one enrollment on a path."""
    mine = FilteredRelation("completions", condition=Q(completions__enrollment=enrollment))
    own = FilteredRelation("steps", condition=Q(steps__path=path))
    return published_in(module).annotate(mine=mine, own=own).values_list(*ROW, *STATE)


@Prepared
def rows_of_again(module: int, enrollment: int, path: int) -> QuerySet[Lesson, tuple[Any, ...]]:
    """As rows_of, in a later cycle, where lessons may be asked beside the path."""
    beside = Exists(ExtraStep.objects.filter(enrollment=enrollment, lesson=OuterRef("pk")))
    mine = FilteredRelation("completions", condition=Q(completions__enrollment=enrollment))
    own = FilteredRelation("steps", condition=Q(steps__path=path))
    rows = published_in(module).annotate(mine=mine, own=own, beside=beside)
    return rows.values_list(*ROW, *STATE, "beside")


def module_rows(lesson: Lesson, enrollment: Enrollment | None) -> list[LessonRow]:
    """The published lessons of the module, in order, in one lean query: this page is asked for most.

    Says the same as `Lesson.with_state`; a test compares the two.
    """
    if enrollment:
        rows_in = rows_of if enrollment.cycle == 1 else rows_of_again
        found = rows_in(module=lesson.module_id, enrollment=enrollment.pk, path=enrollment.path_id)
    else:
        found = list(published_in(lesson.module_id).values_list(*ROW))
    base = lesson.course.get_absolute_url()
    rows: dict[int, LessonRow] = {}
    for values in found:
        row = _row(base, lesson.module_id, enrollment, Found(*values))
        known = rows.get(row.pk)
        if known is None or row.is_complete or (row.completed_number or 0) > (known.completed_number or 0):
            rows[row.pk] = row  # a person has several completions of a lesson that was to be redone
    return list(rows.values())


def _row(base: str, module: int, enrollment: Enrollment | None, found: Found) -> LessonRow:
    asked = enrollment is not None and found.step is not None and _asked(found.since, enrollment)
    return LessonRow(
        pk=found.pk,
        slug=found.slug,
        shown_title=found.title,
        kind=found.kind,
        minutes=found.minutes,
        module_id=module,
        is_required=found.required and (asked or found.is_beside),
        is_complete=found.level is not None and found.level >= found.published_level,
        is_changed=found.number is not None and found.number < found.published_number,
        step=BESIDE_THE_PATH if found.is_beside else found.step,
        completed_number=found.number,
        done_at=found.at,
        how=found.how,
        url=f"{base}{found.slug}/",
    )


def _asked(since: datetime | None, enrollment: Enrollment) -> bool:
    return since is None or since <= enrollment.enrolled_at


def first_beyond(lesson: Lesson, enrollment: Enrollment, step: int) -> LessonRow | None:
    """The first lesson of the person's path after a step that lies in another module."""
    steps = enrollment.path.steps.filter(Lesson.published_q("lesson__"), position__gt=step)
    found = (
        steps.exclude(lesson__module=lesson.module_id)
        .order_by("position")
        .select_related("lesson__published_revision")
        .first()
    )
    if found is None or found.lesson.published_revision is None:
        return None
    other, revision = found.lesson, found.lesson.published_revision
    base = lesson.course.get_absolute_url()
    row = Found(other.pk, other.slug, revision.title, other.kind, revision.minutes, required=True)
    return _row(base, other.module_id, enrollment, row)


def is_changed(lesson: Lesson, here: LessonRow | None) -> bool:
    """Whether after the revision this person completed another was published, and not silently; rarely a query."""
    if here is None or not here.is_complete or not here.is_changed:
        return False
    later = lesson.revisions.filter(number__gt=here.completed_number).exclude(published_at=None)
    return later.exclude(effect=LessonRevision.Effect.SILENT).exists()


def waits_for(enrollment: Enrollment | None, lesson: Lesson) -> Lesson | None:
    """As Enrollment.waits_for; those who are not enrolled wait for nothing."""
    return enrollment.waits_for(lesson) if enrollment else None


def shown(
    lesson: Lesson, enrollment: Enrollment | None, place: Place, form: CheckForm | FlagForm | None = None, **more: Any
) -> dict[str, Any]:
    """What the page of a lesson is made of, for those who learn and for editors who preview it."""
    return {
        "course": lesson.course,
        "lesson": lesson,
        "revision": lesson.published_revision,
        "enrollment": enrollment,
        "records": enrollment is not None and enrollment.is_open(),
        "place": place,
        "here": place.here,
        "body": body_of(lesson),
        "form": form,
        **more,
    }


def body_of(lesson: Lesson) -> SafeString:
    """The published text of a lesson as HTML."""
    revision = lesson.published_revision
    return lesson_text.html_of(lesson.course, revision.body) if revision else SafeString()


def check_of(
    user: Somebody, lesson: Lesson, stored: bool, form: CheckForm | None = None, given: Any = None
) -> Check | None:
    """The check question with what was answered: what is `stored`, or for everybody else what was `given` just now."""
    if stored and user.is_authenticated:
        revision, response = checks.asked_of(user, lesson)
    else:
        revision, response = form.revision if form else checks.question_of(lesson), given
    if form and response is None:
        revision = form.revision  # what was answered in vain, as it was on the page
    return Check(revision, response, form) if revision else None


def quiz_of(lesson: Lesson, enrollment: Enrollment | None) -> dict[str, Any]:
    """The rules of a quiz in counts, the attempts of this enrollment, and where an open one goes on."""
    quiz = Quiz.objects.filter(lesson=lesson).first()
    if quiz is None:
        return {"questions": 0}
    rules = rules_of(quiz, drawing.count(quiz, enrollment))
    if enrollment is None:
        return rules
    attempts = Attempt.objects.of(enrollment.user).filter(enrollment=enrollment, quiz=quiz)
    found = list(attempts.order_by("number").prefetch_related("regrades"))
    under_way = next((attempt for attempt in found if attempt.is_open), None)
    goes_on = taking.first_unanswered(under_way) if under_way else None
    return {**rules, **attempts_in(found, goes_on), "retakes": retakes.of(enrollment, quiz)}


def rules_of(quiz: Quiz, questions: int) -> dict[str, Any]:
    """How a quiz of so many questions is passed."""
    mark = drawing.mark(quiz, questions)
    to_skip = drawing.mark_to_skip(questions, mark)
    return {"questions": questions, "mark": mark, "to_skip": to_skip, "is_final": quiz.is_final}


def attempts_in(found: list[Attempt], goes_on: int | None) -> dict[str, Any]:
    """Attempts at a quiz, and the question at which the open one goes on."""
    return {
        "attempts": [attempt for attempt in found if not attempt.is_open],
        "open": next((attempt for attempt in found if attempt.is_open), None),
        "goes_on": goes_on,
    }
