"""The only writer of completions, and of the dates on an enrollment that follow from them.

Everything here is idempotent: the unique constraints decide, not a look beforehand, so that a double click, a retry and
two tabs leave one row and get the same answer.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from accounts.statements import Prepared
from courses.models import (
    Certificate,
    Completion,
    Course,
    Credit,
    Enrollment,
    Lesson,
    LessonRevision,
    Module,
    Path,
    Renewal,
)
from courses.models.enrollment import EnrollmentQuerySet, day_after, site_day

BATCH = 1000  # certificates made at a time


class Closed(Exception):
    """The enrollment is past its cut-off: nothing more is recorded in it."""


class NotReady(Exception):
    """The course cannot be complete: modules are in preparation, or it asks for nothing."""


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
    level = _level_to_reach(locked, lesson)
    if revision.lesson_id != lesson.pk or revision.published_at is None or revision.redo_level < level:
        raise Outdated
    before = locked.completions.count()
    fact = Completion(
        enrollment=locked, lesson=lesson, revision=revision, redo_level=revision.redo_level, how=how, at=at
    )
    Completion.objects.bulk_create([fact], ignore_conflicts=True)
    new = locked.completions.count() > before
    if locked.started_at is None:
        mark_started(locked, at)
    counted = counted_enrollment(pk=locked.pk)[0]
    done = counted.lessons_done == counted.lessons_total
    completed = done and _mark_complete(Enrollment.objects.filter(pk=locked.pk), at) > 0
    return Outcome(new=new, course_completed=completed)


@Prepared
def counted_enrollment(pk: int) -> EnrollmentQuerySet:
    """One enrollment with its lessons counted; to ask costs less than to update, and few completions are the last."""
    return Enrollment.objects.filter(pk=pk).with_progress()


@transaction.atomic
def credit(
    enrollment: Enrollment, lessons: QuerySet[Lesson], how: Completion.How, shown_at: datetime, at: datetime
) -> None:
    """Record lessons as complete without their having been read, where they are published, required and not yet done.

    `shown_at` is when the person showed what they know: a lesson published since to be done again is left out. It does
    not complete the course: that is for the completion that comes with it.
    """
    Enrollment.objects.select_for_update().get(pk=enrollment.pk)
    redone = LessonRevision.objects.filter(
        lesson=OuterRef("pk"), effect=LessonRevision.Effect.REDO, published_at__gt=shown_at
    )
    published = lessons.filter(Lesson.published_q(), ~Exists(redone), course=enrollment.course_id, required=True)
    facts = [
        Completion(
            enrollment=enrollment,
            lesson=lesson,
            revision=lesson.published_revision,
            redo_level=lesson.published_revision.redo_level,
            how=how,
            at=at,
        )
        for lesson in published.select_related("published_revision")
        if lesson.published_revision
    ]
    Completion.objects.bulk_create(facts, ignore_conflicts=True)


@transaction.atomic
def credit_earlier(
    enrollment: Enrollment,
    lessons: Collection[Lesson] | None,
    done_on: date,
    source: str,
    by: User | None,
    at: datetime,
) -> bool:
    """Record lessons, or with None the whole course, as done elsewhere on a day. Returns whether that changed anything.

    Each counts as what was published of the lesson on that day. Who is complete stays as they are, and the same again
    changes nothing. There is no certificate of ours for what a credit completes. Raises Closed if the cut-off was
    before that day, NotReady for the whole of a course that cannot be complete.
    """
    locked = Enrollment.objects.select_for_update(of=("self",)).select_related("path").get(pk=enrollment.pk)
    found = to_credit(locked, lessons, done_on)
    if not found and not (lessons is None and locked.completed_at is None):
        return False
    done_at = min(noon(done_on), at)
    whole = lessons is None
    credit = Credit.objects.create(enrollment=locked, done_on=done_on, source=source, is_course=whole, by=by, at=at)
    facts = [
        Completion(
            enrollment=locked,
            lesson_id=revision.lesson_id,
            revision=revision,
            redo_level=revision.redo_level,
            how=Completion.How.CREDITED,
            credit=credit,
            at=done_at,
        )
        for revision in found
    ]
    Completion.objects.bulk_create(facts, ignore_conflicts=True)
    own = Enrollment.objects.filter(pk=locked.pk)
    own.update(started_at=min(locked.started_at or done_at, done_at))
    _complete_by_credit(own, done_at if whole else None, at)
    return True


def to_credit(enrollment: Enrollment, lessons: Collection[Lesson] | None, done_on: date) -> list[LessonRevision]:
    """What `credit_earlier` would record: for each lesson that is not done yet its text of that day, or the first one.

    Raises as that does. The enrollment may be one that is not saved yet.
    """
    if not enrollment.is_open(noon(done_on)):
        raise Closed
    wanted = enrollment.required_lessons()
    if lessons is not None:
        wanted = Lesson.objects.published().filter(course=enrollment.course_id, pk__in=[one.pk for one in lessons])
    elif not wanted.exists() or not Course.objects.ready().filter(pk=enrollment.course_id).exists():
        raise NotReady
    if enrollment.is_complete and not enrollment.is_update_due:
        return []
    of_that_day: dict[int, LessonRevision] = {}
    published = LessonRevision.objects.filter(lesson__in=wanted).exclude(published_at=None)
    for revision in published.order_by("lesson", "number"):
        in_time = revision.published_at is not None and revision.published_at < day_after(done_on)
        if in_time or revision.lesson_id not in of_that_day:
            of_that_day[revision.lesson_id] = revision
    done = Completion.objects.filter(enrollment=enrollment.pk, lesson__in=of_that_day).order_by()
    levels = dict(done.values_list("lesson").annotate(Max("redo_level")))
    return [one for lesson, one in of_that_day.items() if levels.get(lesson, -1) < one.redo_level]


def noon(day: date) -> datetime:
    """The moment that stands for a day of which nothing more is known."""
    return datetime.combine(day, time(12), timezone.get_default_timezone())


def _complete_by_credit(own: EnrollmentQuerySet, done_at: datetime | None, at: datetime) -> None:
    """Complete the one enrollment on the day of a whole course; otherwise if that is all, as of its last completion.

    Without a certificate. An update that was due is done if nothing is left.
    """
    if done_at is None and _whole(own).exists():
        done_at = Completion.objects.filter(enrollment__in=own).aggregate(last=Max("at"))["last"]
    if done_at is not None:
        own.filter(completed_at=None).update(completed_at=done_at, current_at=done_at)
    _whole(own.filter(current_at__lt=F("path__redo_at"))).update(current_at=at)


def _level_to_reach(enrollment: Enrollment, lesson: Lesson) -> int:
    """The redo level of what is published at this moment, whatever the caller's copy of the lesson says."""
    published = LessonRevision.objects.filter(lesson=lesson, lesson__course=enrollment.course_id)
    level = published.filter(pk=F("lesson__published_revision")).values_list("redo_level", flat=True).first()
    if level is None:
        raise Outdated
    return level


def mark_started(enrollment: Enrollment, at: datetime) -> None:
    """Note the first completion or attempt; later ones change nothing."""
    Enrollment.objects.filter(pk=enrollment.pk, started_at=None).update(started_at=at)


def hold(course: Course) -> None:
    """Let no completion be recorded in the course until this transaction ends, and wait for those that are under way.

    For changes of what is required: a change and a completion at the same instant would each miss the other. Locks come
    in one order everywhere, enrollments first, so take this before any lock on a lesson.
    """
    _lock(Enrollment.objects.filter(course=course))


def hold_for(people: Collection[int]) -> None:
    """As `hold`, for the enrollments of some people: before a transaction that credits many of them, in any order."""
    _lock(Enrollment.objects.filter(user__in=people))


def _lock(enrollments: EnrollmentQuerySet) -> None:
    for _pk in enrollments.select_for_update().values_list("pk").order_by("pk").iterator():
        pass


@transaction.atomic
def settle(course: Course, at: datetime | None = None) -> int:
    """Complete the enrollments that a change of the course made complete (retired, unpublished, optional, excused).

    Call it in the transaction of that change. Returns how many were completed. Never takes a completion back, and
    leaves earlier cycles and enrollments past their cut-off alone.
    """
    at = at or timezone.now()
    hold(course)
    return _mark_complete(Enrollment.objects.filter(course=course).current().open(at), at)


def settle_these(enrollments: Collection[int], at: datetime) -> int:
    """As `settle`, of a few enrollments that were opened again; the caller holds their rows."""
    if not enrollments:
        return 0
    return _mark_complete(Enrollment.objects.filter(pk__in=enrollments).current().open(at), at)


def would_complete(course: Course, without: Lesson, at: datetime | None = None, path: Path | None = None) -> int:
    """How many enrollments `settle` would complete if this lesson were no longer required, or not on this one path."""
    unfinished = Enrollment.objects.filter(course=course, completed_at=None).current().open(at)
    return _whole(unfinished.filter(path=path) if path else unfinished, without).count()


def would_complete_if_open(module: Module, at: datetime | None = None) -> int:
    """How many enrollments `settle` would complete if this module were not in preparation."""
    if module.course.modules.in_preparation().exclude(pk=module.pk).exists():
        return 0
    unfinished = Enrollment.objects.filter(course=module.course_id, completed_at=None).current().open(at)
    return _done(unfinished.with_progress(opened=module)).count()


def _whole(enrollments: EnrollmentQuerySet, without: Lesson | None = None) -> EnrollmentQuerySet:
    """Those whose required set is not empty and complete, in a course without a module in preparation."""
    return _done(enrollments.filter(course__in=Course.objects.ready()).with_progress(without))


def _done(counted: EnrollmentQuerySet) -> EnrollmentQuerySet:
    return counted.filter(Q(lessons_total__gt=0) & Q(lessons_done=F("lessons_total")))


def _mark_complete(enrollments: EnrollmentQuerySet, at: datetime) -> int:
    """Set `current_at`, and the first time `completed_at` with its certificate, where the required set is complete.

    One update for any number of people. Returns how many completed the course by it. The certificate is for paths that
    give one.
    """
    stale = Q(current_at=None) | Q(current_at__lt=F("path__redo_at"))
    ready = _whole(enrollments.filter(stale))
    if not ready.update(current_at=at, completed_at=Coalesce("completed_at", at)):
        return 0
    first = enrollments.filter(completed_at=at, current_at=at)
    completed = first.count()
    without = first.filter(_earned_here(), path__certificate=True, certificate=None)
    renewals = {renewal.path_id: renewal for renewal in Renewal.objects.all()}
    while batch := without.select_related("user", "course").with_basis()[:BATCH]:
        Certificate.objects.bulk_create(_certificate(enrollment, renewals, at) for enrollment in batch)
    return completed


def _earned_here() -> Q:
    """Something was done on this site: for what was all done elsewhere we certify nothing."""
    here = Completion.objects.filter(enrollment=OuterRef("pk")).exclude(how=Completion.How.CREDITED)
    return Q(Exists(here))


def _certificate(enrollment: Any, renewals: dict[int, Renewal], at: datetime) -> Certificate:
    """With the day until which it holds, by the rule of the day."""
    renewal = renewals.get(enrollment.basis)
    return Certificate(
        enrollment=enrollment,
        name=enrollment.user.name,
        course_title=enrollment.course.title,
        issued_at=at,
        expires_on=renewal.expiry(site_day(at)) if renewal else None,
    )
