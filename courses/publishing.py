"""What happens to people when content changes: publish with an effect, unpublish, make optional, retire."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses import progress, search
from courses.models import Course, Enrollment, ExtraStep, Lesson, LessonRevision, Module, Path
from courses.models.enrollment import site_day

REDO_WITHIN = timedelta(days=30)
CONFLICT = re.compile(r"^(<{7}|>{7})( |$)", re.MULTILINE)


@dataclass(frozen=True)
class HeadCounts:
    """How many people a publication touches: in current enrollments, on a path that has the lesson."""

    completed: int
    under_way: int
    not_started: int


def head_counts(lesson: Lesson) -> HeadCounts:
    asked = Enrollment.objects.current().filter(_asks_for(lesson), user__is_active=True)
    completed = asked.filter(completions__lesson=lesson).distinct().count()
    started = asked.filter(started_at__isnull=False).exclude(completions__lesson=lesson).count()
    return HeadCounts(completed=completed, under_way=started, not_started=asked.filter(started_at=None).count())


def _asks_for(lesson: Lesson) -> Q:
    """Enrollments that have the lesson on their path or beside it."""
    extra = ExtraStep.objects.filter(lesson=lesson).values("enrollment")
    return Q(path__in=lesson.steps.values("path")) | Q(pk__in=extra)


@transaction.atomic
def publish(
    revision: LessonRevision,
    effect: LessonRevision.Effect,
    *,
    by: User | None = None,
    redo_due_on: date | None = None,
    ask_people_under_way: bool = False,
    at: datetime | None = None,
) -> None:
    """Make a revision what learners see.

    A redo raises the redo level, so that earlier completions no longer count. A lesson published for the first time in
    a module that is ready is optional for people under way unless `ask_people_under_way`. Raises ValidationError for a
    text that is empty or has marks of a merge, and for a revision that was published before, or is older than one.
    """
    if effect == LessonRevision.Effect.REDO:
        progress.hold(revision.lesson.course)
    at = at or timezone.now()
    lessons = Lesson.objects.select_for_update(of=("self",), no_key=True).select_related("module", "course")
    lesson = lessons.get(pk=revision.lesson_id)
    revision.refresh_from_db(fields=["published_at", "redo_level"])  # of two at the same instant one publishes
    _refuse_unfit(revision, lesson)
    published = lesson.revisions.filter(published_at__isnull=False)
    if published.filter(number__gte=revision.number).exists():
        raise ValidationError(
            _("This text, or a newer one, was published before. Save it as a new draft, then publish that.")
        )
    first = not published.exists()
    if first and lesson.module.is_ready and not ask_people_under_way:
        lesson.steps.filter(since=None).update(since=at)
    is_redo = effect == LessonRevision.Effect.REDO and not first
    revision.effect = effect
    revision.redo_level = _highest_level(lesson) + is_redo
    revision.redo_due_on = (redo_due_on or site_day(at) + REDO_WITHIN) if is_redo else None
    revision.published_at = at
    revision.published_by = by
    revision.save(update_fields=["effect", "redo_level", "redo_due_on", "published_at", "published_by"])
    lesson.published_revision = revision
    lesson.save(update_fields=["published_revision"])
    search.write_lesson(lesson)
    if is_redo and lesson.required:
        asking = Q(pk__in=lesson.steps.values("path")) | Q(enrollments__extra_steps__lesson=lesson)
        Path.objects.filter(asking).update(redo_at=at)
        progress.settle(lesson.course, at)  # people who are not asked for this lesson are as complete as before


def _refuse_unfit(revision: LessonRevision, lesson: Lesson) -> None:
    title = {"title": revision.title}
    if not revision.title.strip() or (lesson.kind != Lesson.Kind.QUIZ and not revision.body.strip()):
        raise ValidationError(_("“%(title)s” is empty. Write a title and a text before you publish it."), params=title)
    if has_conflicts(revision.body):
        text = _("“%(title)s” was merged and has places to mend: look for lines that begin with <<<<<<< or >>>>>>>.")
        raise ValidationError(text, params=title)


def has_conflicts(text: str) -> bool:
    """Whether a merge left marks in a text, for somebody to choose between the two sides."""
    return CONFLICT.search(text) is not None


def _highest_level(lesson: Lesson) -> int:
    """The level of the last redo; also of a lesson that was unpublished since, or of a draft older than the redo."""
    return lesson.revisions.aggregate(level=Max("redo_level"))["level"] or 0


@transaction.atomic
def unpublish(lesson: Lesson, at: datetime | None = None) -> int:
    """Take a lesson away from learners; facts stay. Returns how many enrollments that completed."""
    completed = _change(lesson, lesson.course, at, published_revision=None)
    search.forget(lesson)  # last, as everywhere: the order of locks
    return completed


@transaction.atomic
def retire(lesson: Lesson, at: datetime | None = None) -> int:
    """Take a lesson out of the course for good; facts stay. Returns how many enrollments that completed."""
    completed = _change(lesson, lesson.course, at, retired_at=at or timezone.now())
    search.forget(lesson)
    return completed


@transaction.atomic
def bring_back(lesson: Lesson) -> None:
    """Take a retired lesson into the course again, as the last of its module and hidden: publishing shows it."""
    Course.objects.select_for_update(no_key=True).get(pk=lesson.course_id)
    last = lesson.module.lessons.aggregate(last=Max("position"))["last"]
    lesson.retired_at, lesson.published_revision, lesson.position = None, None, last + 1
    lesson.save(update_fields=["retired_at", "published_revision", "position"])


def set_required(lesson: Lesson, required: bool, at: datetime | None = None) -> int:
    """Make a lesson count or not. Returns how many enrollments that completed."""
    return _change(lesson, lesson.course, at, required=required)


def set_status(module: Module, status: Module.Status, at: datetime | None = None) -> int:
    """Open a module to learners or take it back into preparation. Returns how many enrollments that completed."""
    return _change(module, module.course, at, status=status)


@transaction.atomic
def _change(row: Lesson | Module, course: Course, at: datetime | None, **fields: Any) -> int:
    """Write what decides the required set, with no completion under way, and complete whom that completes."""
    progress.hold(course)
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=fields)
    return progress.settle(course, at)
