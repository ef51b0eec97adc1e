"""Reminders of the next working day, written by the timer; the outbox keeps each from being written twice."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.utils import timezone

from accounts.models import User
from courses.models.enrollment import site_day
from events import letters
from events.models import LiveSession
from notices import hours


def remind(at: datetime | None = None) -> int:
    """Write to everybody with a seat in a session that begins by the end of the next working day; returns to how many.

    So on a Friday of what is on the weekend and on Monday. Who was written to before counts again, and gets nothing
    again.
    """
    at = at or timezone.now()
    count = 0
    for session in LiveSession.objects.coming(at).filter(starts_at__gt=at, starts_at__lt=horizon(at)):
        for registration in session.seated():
            registration.session = session
            letters.reminder(registration, morning(at, registration.user, session))
            count += 1
    return count


def horizon(at: datetime) -> datetime:
    """The end of the next working day, on the site's clock."""
    day = site_day(at) + timedelta(days=1)
    while day.weekday() >= hours.SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), time(), timezone.get_default_timezone())


def morning(at: datetime, person: User, session: LiveSession) -> datetime:
    """The next working hour of the person; but an hour before it begins at the latest."""
    return max(at, min(hours.next_open(at, person.time_zone), session.starts_at - timedelta(hours=1)))
