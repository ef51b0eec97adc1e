"""Earlier completions: what people did in another system before, credited here by HR."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from courses import progress
from courses.models import Course, Enrollment, Lesson
from courses.models.enrollment import day_after

__all__ = ["NoPath", "credit", "would_credit"]


class NoPath(Exception):
    """The person is not on the course, and it has no default path to put them on."""


@transaction.atomic
def credit(
    person: User,
    course: Course,
    lessons: Collection[Lesson] | None,
    done_on: date,
    source: str,
    by: User | None,
    at: datetime | None = None,
) -> bool:
    """Credit a person with lessons, or with None the whole course; returns whether that changed anything.

    Who is not on the course is enrolled as of that day, on its default path. Raises NoPath, and what
    `progress.credit_earlier` raises; nothing is written then.
    """
    at = at or timezone.now()
    enrollment = enrollment_on(person, course, done_on)
    if enrollment is None:
        new = _new_enrollment(person, course, done_on, at)
        enrollment, _made = Enrollment.objects.get_or_create(
            user=person, course=course, cycle=1, defaults={"path": new.path, "enrolled_at": new.enrolled_at}
        )
    return progress.credit_earlier(enrollment, lessons, done_on, source, by, at)


def would_credit(
    person: User, course: Course, lessons: Collection[Lesson] | None, done_on: date, at: datetime | None = None
) -> bool:
    """What `credit` would return, or raise; writes nothing."""
    enrollment = enrollment_on(person, course, done_on)
    if enrollment is None:
        enrollment = _new_enrollment(person, course, done_on, at or timezone.now())
    unfinished = lessons is None and not enrollment.is_complete
    return bool(progress.to_credit(enrollment, lessons, done_on)) or unfinished


def enrollment_on(person: User, course: Course, day: date) -> Enrollment | None:
    """The cycle that was under way on a day; the first one for a day before all of them.

    What was done before a cycle began does not count in it.
    """
    cycles = Enrollment.objects.filter(user=person, course=course).select_related("path").order_by("-cycle")
    begun = cycles.filter(enrolled_at__lt=day_after(day)).first()
    return begun or cycles.last()


def _new_enrollment(person: User, course: Course, day: date, at: datetime) -> Enrollment:
    path = course.paths.filter(is_default=True).first()
    if path is None:
        raise NoPath
    return Enrollment(user=person, course=course, path=path, enrolled_at=min(progress.noon(day), at))
