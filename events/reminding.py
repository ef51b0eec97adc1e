"""Reminders for the next day, written by the timer; the outbox keeps each from being written twice."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.utils import timezone

from accounts.models import User
from courses.models.enrollment import site_day
from events import letters
from events.models import LiveSession
from notices.hours import zone_of

MORNING = time(9)


def remind(at: datetime | None = None) -> int:
    """Write to everybody with a seat in a session that begins until the end of tomorrow; returns to how many.

    Who was written to before counts again, and gets nothing again.
    """
    at = at or timezone.now()
    end = datetime.combine(site_day(at) + timedelta(days=2), time(), timezone.get_default_timezone())
    count = 0
    for session in LiveSession.objects.coming(at).filter(starts_at__gt=at, starts_at__lt=end):
        for registration in session.seated():
            registration.session = session
            letters.reminder(registration, morning(at, registration.user, session))
            count += 1
    return count


def morning(at: datetime, person: User, session: LiveSession) -> datetime:
    """Nine o'clock of the person's day if it is earlier; but an hour before it begins at the latest."""
    zone = zone_of(person.time_zone)
    nine = datetime.combine(at.astimezone(zone).date(), MORNING, zone)
    return max(at, min(nine, session.starts_at - timedelta(hours=1)))
