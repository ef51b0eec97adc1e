"""Who came: ticked by a trainer, taken back if that was a mistake, and read by reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.audit import record
from accounts.models import User
from events.models import Attendance, LiveSession


@dataclass(frozen=True)
class Attended:
    """A session that somebody came to, for a report: no more than its title and day."""

    session_id: int
    title: str
    starts_at: datetime


def of(people: Iterable[User]) -> dict[int, list[Attended]]:
    """What each of these people came to, by their number, the newest first; one query. People without any are left out.

    Who may see it the caller has asked.
    """
    found: dict[int, list[Attended]] = {}
    rows = Attendance.objects.counting().filter(user__in=people).order_by("-session__starts_at", "-session")
    names = ("user", "session", "session__title", "session__starts_at")
    for user, session, title, starts_at in rows.values_list(*names):
        found.setdefault(user, []).append(Attended(session, title, starts_at))
    return found


@transaction.atomic
def tick(
    session: LiveSession, came: Iterable[int], not_came: Iterable[int], by: User, at: datetime | None = None
) -> int:
    """Note that these people came and those did not, people by number; only who has registered counts.

    Returns how many facts that made or took back: none the second time.
    """
    at = at or timezone.now()
    registered = set(session.registrations.active().values_list("user", flat=True))
    there = set(session.attendances.counting().values_list("user", flat=True))
    new = [Attendance(session=session, user_id=pk, by=by, at=at) for pk in sorted((set(came) & registered) - there)]
    Attendance.objects.bulk_create(new, ignore_conflicts=True)
    gone = session.attendances.counting().filter(user__in=set(not_came) - set(came))
    changed = len(new) + gone.update(withdrawn_at=at, withdrawn_by=by)
    if changed:
        record(by, session, f"Noted who came: {changed} changed")
    return changed
