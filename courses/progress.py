"""The only writer of completions, and of the dates on an enrollment that follow from them.

Everything here is idempotent: the unique constraints decide, not a look beforehand, so that a double click, a retry and
two tabs leave one row and get the same answer.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from courses.models import Certificate, Completion, Course, Enrollment, Lesson, LessonRevision
from courses.models.enrollment import EnrollmentQuerySet


class Closed(Exception):
    """The enrollment is past its cut-off: nothing more is recorded in it."""


class Outdated(Exception):
    """The text that was read is no longer the one to complete: it was published to be done again in between."""


@dataclass(frozen=True)
class Outcome:
    """What a completion changed, for the page that follows: `new` lesson done, `course_completed` just now."""

    new: bool
    course_completed: bool


@transaction.atomic
def complete_lesson(
    enrollment: Enrollment, lesson: Lesson, revision: LessonRevision, how: Completion.How, at: datetime | None = None
) -> Outcome:
    """Record that the person of this enrollment completed a lesson as it stood in `revision`.

    Raises Closed past the cut-off, Outdated if the revision was never published for this lesson or a redo came since.
    """
    at = at or timezone.now()
    locked = Enrollment.objects.select_for_update().get(pk=enrollment.pk)
    if not locked.is_open(at):
        raise Closed
    published = lesson.published_revision
    was_published = revision.lesson_id == lesson.pk and revision.published_at is not None
    if published is None or not was_published or revision.redo_level < published.redo_level:
        raise Outdated
    before = locked.completions.count()
    Completion.objects.bulk_create(
        [
            Completion(
                enrollment=locked, lesson=lesson, revision=revision, redo_level=revision.redo_level, how=how, at=at
            )
        ],
        ignore_conflicts=True,
    )
    new = locked.completions.count() > before
    mark_started(locked, at)
    completed = new and _mark_complete(Enrollment.objects.filter(pk=locked.pk), at) > 0
    return Outcome(new=new, course_completed=completed)


def mark_started(enrollment: Enrollment, at: datetime) -> None:
    """Note the first completion or attempt; later ones change nothing."""
    Enrollment.objects.filter(pk=enrollment.pk, started_at=None).update(started_at=at)


@transaction.atomic
def settle(course: Course, at: datetime | None = None) -> int:
    """Complete the enrollments that a change of the course made complete (retired, unpublished, optional, excused).

    Call it in the transaction of that change. Returns how many were completed. Never takes a completion back.
    """
    return _mark_complete(Enrollment.objects.filter(course=course), at or timezone.now())


def would_complete(course: Course, without: Lesson) -> int:
    """How many enrollments would become complete if this lesson were no longer required."""
    if not course.is_ready:
        return 0
    open_ = Enrollment.objects.filter(course=course, completed_at=None).exclude(completions__lesson=without)
    return open_.with_progress().filter(lessons_total__gt=1, lessons_done=F("lessons_total") - 1).count()


def _mark_complete(enrollments: EnrollmentQuerySet, at: datetime) -> int:
    """Set `current_at`, and the first time `completed_at` with its certificate, where the required set is complete."""
    whole = enrollments.with_progress().filter(lessons_total__gt=0, lessons_done=F("lessons_total"))
    stale = Q(current_at=None) | Q(current_at__lt=F("path__redo_at"))
    ready = [e.pk for e in whole.filter(stale).select_related("course") if e.course.is_ready]
    first = list(Enrollment.objects.filter(pk__in=ready, completed_at=None).select_related("user", "course"))
    Enrollment.objects.filter(pk__in=ready).update(current_at=at)
    Enrollment.objects.filter(pk__in=[e.pk for e in first]).update(completed_at=at)
    Certificate.objects.bulk_create(
        [Certificate(enrollment=e, name=e.user.name, course_title=e.course.title, issued_at=at) for e in first],
        ignore_conflicts=True,
    )
    return len(first)
