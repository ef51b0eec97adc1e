"""Moving and cancelling a session that people may have registered for: what that touches, and telling them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Team, User
from events import letters
from events.models import LiveSession, Registration, SessionChange
from notices import outbox

What = SessionChange.What
TELLING = {What.TIME, What.PLACE}  # whoever registered has to know


@dataclass(frozen=True)
class Touched:
    """What a change of a session does: to whom it is told, and who loses or gains a seat by another number of them."""

    told: int
    loses_seat: int
    gains_seat: int

    def __bool__(self) -> bool:
        return bool(self.told or self.loses_seat or self.gains_seat)


def differences(old: LiveSession, new: LiveSession) -> list[tuple[SessionChange.What, str, str]]:
    """What would be noted: what changes, how it was and how it will be."""
    times = [f"{one.starts_at.isoformat()}/{one.ends_at.isoformat()} {one.time_zone}" for one in (old, new)]
    places = [" · ".join(part for part in (one.place, one.link) if part) for one in (old, new)]
    moved = (old.starts_at, old.ends_at) != (new.starts_at, new.ends_at)
    found: list[tuple[SessionChange.What, str, str]] = []
    if moved:
        found.append((What.TIME, times[0], times[1]))
    if (old.place, old.link) != (new.place, new.link):
        found.append((What.PLACE, places[0], places[1]))
    if (old.title, old.text) != (new.title, new.text):
        found.append((What.DETAILS, old.title, new.title))
    return found


def touched(old: LiveSession, new: LiveSession, at: datetime | None = None) -> Touched:
    """Whom saving `new` over `old` would touch. Of a session that is over and stays so, nobody."""
    if old.is_cancelled or (old.is_over(at) and new.is_over(at)):
        return Touched(0, 0, 0)
    registered = old.registrations.active().count()
    tells = any(what in TELLING for what, _before, _after in differences(old, new))
    had, has = (min(registered, registered if one.seats is None else one.seats) for one in (old, new))
    return Touched(told=registered if tells else 0, loses_seat=max(had - has, 0), gains_seat=max(has - had, 0))


@transaction.atomic
def save(
    session: LiveSession, teams: Iterable[Team], trainers: Iterable[User], by: User, at: datetime | None = None
) -> Touched:
    """Write a session as it was edited, note what changed, tell whom it touches. The same again tells nobody."""
    at = at or timezone.now()
    old = LiveSession.objects.select_for_update().get(pk=session.pk)
    session.cancelled_at = old.cancelled_at
    effect, had = touched(old, session, at), {one.pk for one in old.seated()}
    reminded = [letters.reminder_key(one) for one in old.registrations.select_related("session")]
    session.save()
    session.teams.set(teams)
    session.trainers.set(trainers)
    facts = [
        SessionChange.objects.create(session=session, what=what, old=before, new=after, by=by, at=at)
        for what, before, after in differences(old, session)
    ]
    if effect:
        tell(session, facts, had, at)
    if any(fact.what == What.TIME for fact in facts):
        outbox.take_back(reminded, at)
    return effect


def tell(session: LiveSession, facts: list[SessionChange], had: set[int], at: datetime) -> None:
    """One letter for all that changed at once; who gains or loses a seat by it gets one about that as well."""
    line = list(session.registrations.active().select_related("user", "session").order_by("pk"))
    seated = {one.pk for one in session.seated()}
    telling = [fact for fact in facts if fact.what in TELLING]
    if telling:
        letters.changed(telling[-1], line, seated)
    letters.moved_up(one for one in line if one.pk in seated - had)
    letters.moved_down((one for one in line if one.pk in had - seated), at)


@transaction.atomic
def cancel(session: LiveSession, by: User, at: datetime | None = None) -> int:
    """Call a session off and tell everybody who registered; returns how many. A second time changes nothing.

    Of a session that is over nobody is told, and 0 is returned.
    """
    at = at or timezone.now()
    locked = LiveSession.objects.select_for_update().get(pk=session.pk)
    if not locked.is_coming(at):
        return 0
    locked.cancelled_at = at
    locked.save(update_fields=["cancelled_at"])
    SessionChange.objects.create(session=locked, what=What.CANCELLED, by=by, at=at)
    line: list[Registration] = list(locked.registrations.active().select_related("user", "session"))
    letters.cancelled(line)
    outbox.take_back([letters.reminder_key(one) for one in line], at)
    return len(line)
