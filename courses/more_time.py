"""More time by the manager: whom, until when, and how often. HR's changes of dates have no such limits (changes.py)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from courses.models import Enrollment, EnrollmentChange
from courses.models.enrollment import site_day

LONGEST = timedelta(days=14)
What = EnrollmentChange.What


def extendable_q(at: datetime | None = None) -> Q:
    """Who may get more time from their manager: `refusal` has nothing against it. For `Enrollment` itself."""
    today = site_day(at)
    used = EnrollmentChange.objects.filter(enrollment=OuterRef("pk"), what=What.MORE_TIME)
    has_room = Q(closes_on=None) | Q(closes_on__gt=F("due_on"), closes_on__gte=today)
    # The subquery comes last, so that it is asked only of those whom nothing else rules out.
    near = Q(completed_at=None, due_on__gte=today - LONGEST)
    return Enrollment.running_q() & near & has_room & Q(~Exists(used))


def last_day(enrollment: Enrollment) -> date | None:
    """The last day a manager may choose: two weeks after the due day, never past the cut-off."""
    if enrollment.due_on is None:
        return None
    last = enrollment.due_on + LONGEST
    return min(last, enrollment.closes_on) if enrollment.closes_on else last


def given(enrollment: Enrollment) -> EnrollmentChange | None:
    """The more time that a manager gave already."""
    return enrollment.changes.filter(what=What.MORE_TIME).select_related("by").first()


def given_to(enrollments: Collection[int]) -> set[int]:
    """Those of these whom a manager gave more time already; one query."""
    used = EnrollmentChange.objects.filter(enrollment__in=enrollments, what=What.MORE_TIME)
    return set(used.values_list("enrollment", flat=True))


def refusal(enrollment: Enrollment, at: datetime | None = None, was_given: bool | None = None) -> str:
    """Why a manager cannot give more time, in words; empty if they can. The same rule as `extendable_q`.

    `was_given` is for a caller who asked `given_to` for many at once.
    """
    last, today = last_day(enrollment), site_day(at)
    if enrollment.is_complete:
        return _("They have completed the course, so there is no day to move.")
    if not enrollment.is_running:
        return _("They are excused, paused or no longer asked: no day is running out.")
    if last is None or enrollment.due_on is None:
        return _("They have no due day, so there is none to move.")
    if enrollment.closes_on and enrollment.closes_on < today:
        return _("The course has closed for them. Only HR can open it again.")
    if last <= enrollment.due_on:
        return _("The due day is the day on which the course closes for them. Only HR can move that.")
    if last < today:
        return _(
            "The due day is more than 14 days ago, and you can move it by 14 days at most. Ask HR for a later one."
        )
    if given(enrollment) if was_given is None else was_given:
        return _("Somebody has given more time already, and that can be done once. HR can give more.")
    return ""


@transaction.atomic
def give(enrollment: Enrollment, by: User, until: date, reason: str, at: datetime | None = None) -> bool:
    """Move the due day of somebody whom `by` manages; False if the rule is against it by now, or somebody was first.

    Whom `by` manages is for the caller: get the enrollment from `Enrollment.objects.managed_by(by)`.
    """
    at = at or timezone.now()
    locked = Enrollment.objects.select_for_update(of=("self",)).select_related("user", "path").get(pk=enrollment.pk)
    last, due = last_day(locked), locked.due_on
    if refusal(locked, at) or last is None or due is None or not due < until <= last or until < site_day(at):
        return False
    fact = EnrollmentChange(
        enrollment=locked,
        what=What.MORE_TIME,
        old=due.isoformat(),
        new=until.isoformat(),
        reason=reason,
        by=by,
        at=at,
    )
    try:
        with transaction.atomic():
            fact.save()
    except IntegrityError:
        return False
    Enrollment.objects.filter(pk=locked.pk).update(due_on=until)
    audit.record(by, locked, "Gave more time")
    return True
