"""Asking people again after a time: what turning it on and off does, and the cycles that open every night."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Min, Q
from django.utils import timezone

from courses import progress
from courses.models import Certificate, Completion, Course, Enrollment, ExtraStep, Path, PathStep, Renewal
from courses.models.enrollment import CertificateQuerySet, EnrollmentQuerySet, day_after, site_day
from courses.models.path import REFRESHER

NOTICE = timedelta(days=30)  # a cycle opens so long before the day it is due
GRACE = timedelta(days=60)  # a certificate from before this was turned on holds at least so long
BATCH = 1000


@dataclass(frozen=True)
class Touched:
    """Whom a renewal would touch: who completed the path and is active, how many of their certificates get a day, and
    when the first cycle opens (None if there is nobody yet).
    """

    people: int
    certificates: int
    first_opens: date | None


def completed(path: Path) -> EnrollmentQuerySet:
    """The current enrollments that the renewal of a path is for: complete, and asked of somebody who is here."""
    asked = Enrollment.objects.on_basis(path).current().complete().filter(user__is_active=True)
    return asked.filter(withdrawn_at=None, excused_at=None, paused_at=None)


def undated(path: Path) -> CertificateQuerySet:
    """Certificates of a path, or of the refresher after it, that have no last day."""
    return Certificate.objects.valid().filter(
        expires_on=None, enrollment__in=Enrollment.objects.on_basis(path).values("pk")
    )


def touched_by(renewal: Renewal, at: datetime | None = None) -> Touched:
    """What `turn_on` would do, for a renewal that is not saved yet."""
    at = at or timezone.now()
    people = completed(renewal.path)
    dated, undated_q = Q(certificate__expires_on__isnull=False), Q(certificate__expires_on=None)
    first = people.aggregate(
        dated=Min("certificate__expires_on", filter=dated),
        certified=Min("completed_at", filter=undated_q & Q(certificate__isnull=False)),
        other=Min("completed_at", filter=Q(certificate=None)),
    )
    ends = [first["dated"]] if first["dated"] else []
    if first["certified"]:
        ends.append(_promised(renewal, site_day(first["certified"]), at))
    if first["other"]:
        ends.append(renewal.expiry(site_day(first["other"])))
    opens = max(min(ends) - NOTICE, site_day(at)) if ends else None
    return Touched(people.count(), undated(renewal.path).count(), opens)


def _promised(renewal: Renewal, completed_on: date, at: datetime) -> date:
    """Until when a certificate holds that was issued before the renewal was turned on: nobody is surprised."""
    return max(renewal.expiry(completed_on), site_day(at) + GRACE)


@transaction.atomic
def turn_on(renewal: Renewal, at: datetime | None = None) -> int:
    """Save a new renewal and give the certificates of its path their last day. Returns how many got one.

    Certificates that have a day keep it. Nobody completes the course in the meantime: a certificate of this very moment
    would get no day.
    """
    at = at or timezone.now()
    progress.hold(renewal.path.course)
    renewal.save(force_insert=True)
    by_day: dict[date, list[int]] = defaultdict(list)
    for pk, completed_at in undated(renewal.path).values_list("pk", "enrollment__completed_at").iterator():
        by_day[_promised(renewal, site_day(completed_at), at)].append(pk)
    for day, pks in by_day.items():
        for some in _slices(pks):
            Certificate.objects.filter(pk__in=some).update(expires_on=day)
    return sum(map(len, by_day.values()))


def losing_their_day(path: Path, at: datetime | None = None) -> CertificateQuerySet:
    """Certificates that `turn_off` lets hold for ever: those of the path whose last day is not over."""
    enrollments = Enrollment.objects.on_basis(path).values("pk")
    return Certificate.objects.filter(expires_on__gte=site_day(at), enrollment__in=enrollments)


def under_way(path: Path) -> EnrollmentQuerySet:
    """Later cycles that people are in the middle of."""
    return Enrollment.objects.on_basis(path).current().filter(cycle__gt=1, completed_at=None)


@transaction.atomic
def turn_off(renewal: Renewal, at: datetime | None = None) -> int:
    """Delete a renewal: what has not expired never does. Returns how many certificates lost their last day.

    What has expired stays so, and who was asked again stays asked.
    """
    progress.hold(renewal.path.course)
    pks = list(losing_their_day(renewal.path, at).values_list("pk", flat=True))
    for some in _slices(pks):
        Certificate.objects.filter(pk__in=some).update(expires_on=None)
    renewal.delete()
    return len(pks)


def _slices(pks: list[int]) -> Iterator[list[int]]:
    return (pks[start : start + BATCH] for start in range(0, len(pks), BATCH))


# --- Every night -----------------------------------------------------------------------------------------------------


def open_cycles(at: datetime | None = None) -> int:
    """Ask those again whose certificate expires within 30 days, and return how many; safe to run twice, and at once.

    Who completed a path without a certificate of ours, in another system for example, is asked by the same rule.
    """
    at = at or timezone.now()
    renewals = Renewal.objects.select_related("path__course").order_by("pk")
    return sum(_open_cycles_of(renewal, at) for renewal in renewals)


def ending(renewal: Renewal, at: datetime) -> EnrollmentQuerySet:
    """The enrollments whose next cycle opens at this moment."""
    horizon = site_day(at) + NOTICE
    other = Q(certificate=None, completed_at__lt=day_after(renewal.last_to_expire(horizon)))
    found = completed(renewal.path).filter(Q(certificate__expires_on__lte=horizon) | other)
    return found.annotate(expires_on=F("certificate__expires_on"))


def _open_cycles_of(renewal: Renewal, at: datetime) -> int:
    path = path_asked(renewal)
    if path is None:  # the refresher was taken out of the course's files
        return 0
    opened, last = 0, 0
    while batch := list(ending(renewal, at).filter(pk__gt=last).order_by("pk")[:BATCH]):
        opened += _open(renewal, path, batch, at)
        last = batch[-1].pk
    return opened


def path_asked(renewal: Renewal) -> Path | None:
    """The path of the next cycle."""
    if renewal.what == Renewal.What.FULL:
        return renewal.path
    return refresher_of(renewal.path.course)


def refresher_of(course: Course) -> Path | None:
    return course.paths.filter(key=REFRESHER).first()


def _due_on(renewal: Renewal, enrollment: Any, today: date) -> date:
    """The day the certificate expires; 30 days from now where that is over, or where no certificate names a day."""
    if enrollment.expires_on is None:
        return max(renewal.expiry(site_day(enrollment.completed_at)), today + NOTICE)
    return enrollment.expires_on if enrollment.expires_on > today else today + NOTICE


@transaction.atomic
def _open(renewal: Renewal, path: Path, batch: Sequence[Enrollment], at: datetime) -> int:
    """The next cycle of each, with what they are to do beside the path; the unique constraint decides who gets one.

    Publishing a redo holds the same rows. So it comes before, and is asked beside the path, or after.
    """
    people = [enrollment.user_id for enrollment in batch]
    progress.hold_for(people)
    redone = _redone(renewal.path, path) if renewal.what == Renewal.What.REFRESHER else {}
    made = [
        Enrollment(
            user_id=enrollment.user_id,
            course_id=enrollment.course_id,
            path=path,
            cycle=enrollment.cycle + 1,
            enrolled_at=at,
            due_on=_due_on(renewal, enrollment, site_day(at)),
        )
        for enrollment in batch
    ]
    Enrollment.objects.bulk_create(made, ignore_conflicts=True)
    ours = Enrollment.objects.filter(course=path.course_id, user__in=people, enrolled_at=at, cycle__gt=1)
    opened = dict(ours.values_list("user", "pk"))
    ExtraStep.objects.bulk_create(
        (
            ExtraStep(enrollment_id=opened[person], lesson_id=lesson)
            for person, lesson in _to_do_again(people, redone)
            if person in opened
        ),
        ignore_conflicts=True,
        batch_size=BATCH,
    )
    return len(opened)


def _redone(path: Path, refresher: Path) -> dict[int, int]:
    """By lesson of a path that the refresher does not ask for: the level of its last redo, if there ever was one."""
    steps = PathStep.objects.required().filter(path=path, lesson__published_revision__redo_level__gt=0)
    steps = steps.exclude(lesson__in=PathStep.objects.required().filter(path=refresher).values("lesson"))
    return dict(steps.values_list("lesson", "lesson__published_revision__redo_level"))


def _to_do_again(people: Sequence[int], redone: dict[int, int]) -> list[tuple[int, int]]:
    """Person and lesson, where it was published to be done again since that person last completed it."""
    if not redone:
        return []
    done = Completion.objects.filter(enrollment__user__in=people, lesson__in=redone).order_by()
    levels = done.values_list("enrollment__user", "lesson").annotate(level=Max("redo_level"))
    return [(person, lesson) for person, lesson, level in levels if level < redone[lesson]]
