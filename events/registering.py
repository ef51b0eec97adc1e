"""Registering for a session and cancelling. The line is the order of the rows, written one after another under a lock
of the session, so that two people at the same instant never get the same last seat."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from events import letters
from events.models import LiveSession, Registration
from notices import outbox


class Closed(Exception):
    """The session has begun, or it was cancelled: the line stays as it is."""


@transaction.atomic
def register(session: LiveSession, user: User, at: datetime | None = None) -> Registration:
    """Put somebody into the line, and return their place in it; a second time changes nothing.

    Raises Closed once the session has begun or was cancelled. Whether it is meant for them the caller has asked.
    """
    at = at or timezone.now()
    locked = hold(session, at)
    fact = Registration(session=locked, user=user, registered_at=at)
    Registration.objects.bulk_create([fact], ignore_conflicts=True)
    return locked.registrations.select_related("session", "user").get(user=user, cancelled_at=None)


@transaction.atomic
def cancel(session: LiveSession, user: User, at: datetime | None = None) -> bool:
    """Take somebody out of the line; the first who waits moves up and is told. False if they were not in it.

    Raises Closed once the session has begun or was cancelled.
    """
    at = at or timezone.now()
    locked = hold(session, at)
    before = {registration.pk for registration in locked.seated()}
    own = locked.registrations.filter(user=user, cancelled_at=None).select_related("session", "user").first()
    if own is None:
        return False
    own.cancelled_at = at
    own.save(update_fields=["cancelled_at"])
    outbox.take_back([letters.reminder_key(own)], at)
    letters.moved_up(one for one in locked.seated() if one.pk not in before)
    return True


def hold(session: LiveSession, at: datetime) -> LiveSession:
    """The session as it is now, locked until the transaction ends. Raises Closed."""
    locked = LiveSession.objects.select_for_update().get(pk=session.pk)
    if not locked.is_open(at):
        raise Closed
    return locked
