"""The mails about live sessions, each in the language and the time zone of the person it goes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from events import words
from events.models import LiveSession, Registration, SessionChange
from notices import outbox
from notices.hours import zone_of


@contextmanager
def speaking_to(person: User) -> Iterator[None]:
    with translation.override(person.language), timezone.override(zone_of(person.time_zone)):
        yield


def moved_up(registrations: Iterable[Registration]) -> None:
    """Tell people who waited that they have a seat now."""
    for registration in registrations:
        with speaking_to(registration.user):
            _write(
                f"session-seat:{registration.pk}",
                registration,
                _("You have a seat: %(title)s"),
                _("a seat has become free, and you were next on the waiting list. It is yours."),
                has_seat=True,
            )


def moved_down(registrations: Iterable[Registration], at: datetime) -> None:
    """Tell people who had a seat that there are fewer now, and that they wait for one."""
    for registration in registrations:
        with speaking_to(registration.user):
            _write(
                f"session-waits:{registration.pk}:{at:%Y%m%d%H%M%S}",
                registration,
                _("Now on the waiting list: %(title)s"),
                _(
                    "this session has fewer seats than planned, and you are on the waiting list now. "
                    "If a seat becomes free, you get it in the order of registration, and a mail says so."
                ),
                has_seat=False,
            )


def changed(change: SessionChange, registrations: Iterable[Registration], seated: set[int]) -> None:
    """Tell everybody who registered that it takes place at another time or elsewhere."""
    for registration in registrations:
        with speaking_to(registration.user):
            _write(
                f"session-changed:{change.pk}:{registration.pk}",
                registration,
                _("Changed: %(title)s"),
                _(
                    "this session was changed. This is how it is now; if you put it into your calendar, take the file "
                    "from its page once more. You are still registered."
                ),
                has_seat=registration.pk in seated,
            )


def cancelled(session: LiveSession, registrations: Iterable[Registration]) -> None:
    for registration in registrations:
        with speaking_to(registration.user):
            _write(
                f"session-cancelled:{registration.pk}",
                registration,
                _("Cancelled: %(title)s"),
                _("this session does not take place. We are sorry; there is nothing you need to do."),
                has_seat=False,
            )


def reminder_key(registration: Registration) -> str:
    """One for each registration and start: who registers again, or is moved to another day, is reminded again."""
    return f"session-reminder:{registration.pk}:{registration.session.starts_at:%Y%m%dT%H%M}"


def reminder(registration: Registration, not_before: datetime) -> None:
    """The day before, to somebody with a seat; of no use once it has begun."""
    with speaking_to(registration.user):
        _write(
            reminder_key(registration),
            registration,
            _("Coming up: %(title)s"),
            _("you have a seat in this session. If you cannot come, cancel on its page, so that somebody else can."),
            has_seat=True,
            not_before=not_before,
            expires_at=registration.session.starts_at,
        )


def _write(
    key: str,
    registration: Registration,
    subject: str,
    news: str,
    *,
    has_seat: bool,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> None:
    """A letter that says the news, then title, time, place for those with a seat, and the address of the page."""
    session, person = registration.session, registration.user
    there = words.when_there(session)
    facts = [session.title, words.when(session), _("There: %(when)s") % {"when": there} if there else ""]
    facts += [words.where(session)] if has_seat else []
    body = _("Hello %(name)s,\n\n%(news)s\n\n%(facts)s\n\n%(link)s\n") % {
        "name": person.name,
        "news": news,
        "facts": "\n".join(fact for fact in facts if fact),
        "link": settings.BASE_URL + session.get_absolute_url(),
    }
    outbox.write(
        key,
        recipient=person,
        address=person.email or "",
        subject=subject % {"title": session.title},
        body=body,
        not_before=not_before,
        expires_at=expires_at or session.ends_at,
    )
