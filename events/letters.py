"""The mails about live sessions, each in the language and the time zone of the person it goes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from events import words
from events.models import Registration, SessionChange
from notices import outbox
from notices.hours import zone_of
from notices.models import News

# What is said about a session, by the word in the key of the mail: the subject and the news.
SAID = {
    "seat": (
        gettext_lazy("You have a seat: %(title)s"),
        gettext_lazy("a seat has become free, and you were next on the waiting list. It is yours."),
    ),
    "waits": (
        gettext_lazy("Now on the waiting list: %(title)s"),
        gettext_lazy(
            "this session has fewer seats than planned, and you are on the waiting list now. "
            "If a seat becomes free, you get it in the order of registration, and we tell you."
        ),
    ),
    "changed": (
        gettext_lazy("Changed: %(title)s"),
        gettext_lazy(
            "this session was changed. This is how it is now; if you put it into your calendar, take the file "
            "from its page once more. You are still registered."
        ),
    ),
    "cancelled": (
        gettext_lazy("Cancelled: %(title)s"),
        gettext_lazy("this session does not take place. We are sorry; there is nothing you need to do."),
    ),
    "reminder": (
        gettext_lazy("Coming up: %(title)s"),
        gettext_lazy(
            "you have a seat in this session. If you cannot come, cancel on its page, so that somebody else can."
        ),
    ),
}


@contextmanager
def speaking_to(person: User) -> Iterator[None]:
    with translation.override(person.language), timezone.override(zone_of(person.time_zone)):
        yield


def moved_up(registrations: Iterable[Registration]) -> None:
    """Tell people who waited that they have a seat now."""
    for registration in registrations:
        _write("seat", f"{registration.pk}", registration, has_seat=True)


def moved_down(registrations: Iterable[Registration], at: datetime) -> None:
    """Tell people who had a seat that there are fewer now, and that they wait for one."""
    for registration in registrations:
        _write("waits", f"{registration.pk}:{at:%Y%m%d%H%M%S}", registration, has_seat=False)


def changed(change: SessionChange, registrations: Iterable[Registration], seated: set[int]) -> None:
    """Tell everybody who registered that it takes place at another time or elsewhere."""
    for registration in registrations:
        _write("changed", f"{change.pk}:{registration.pk}", registration, has_seat=registration.pk in seated)


def cancelled(registrations: Iterable[Registration]) -> None:
    for registration in registrations:
        _write("cancelled", f"{registration.pk}", registration, has_seat=False)


def reminder_key(registration: Registration) -> str:
    return f"session-reminder:{_start(registration)}"


def _start(registration: Registration) -> str:
    """One for each registration and start: who registers again, or is moved to another day, is reminded again."""
    return f"{registration.pk}:{registration.session.starts_at:%Y%m%dT%H%M}"


def reminder(registration: Registration, not_before: datetime) -> None:
    """Before it comes, to somebody with a seat; of no use once it has begun."""
    _write(
        "reminder",
        _start(registration),
        registration,
        has_seat=True,
        not_before=not_before,
        expires_at=registration.session.starts_at,
    )


def _write(
    said: str,
    which: str,
    registration: Registration,
    *,
    has_seat: bool,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> None:
    """A letter that says the news, then title, time, place for those with a seat, and the address of the page.

    Who has no address reads it after signing in (`events.telling`); that it comes up stands there already.
    """
    session, person = registration.session, registration.user
    if not person.email:
        if said != "reminder":
            row = News(recipient=person, kind=News.Kind.SESSION, about=registration.pk, edition=f"{said}:{which}"[:40])
            News.objects.bulk_create([row], ignore_conflicts=True)
        return
    subject, news = SAID[said]
    with speaking_to(person):
        outbox.write(
            f"session-{said}:{which}",
            recipient=person,
            address=person.email,
            subject=subject % {"title": session.title},
            body=_body(registration, str(news), has_seat),
            not_before=not_before,
            expires_at=expires_at or session.ends_at,
        )


def _body(registration: Registration, news: str, has_seat: bool) -> str:
    session, there = registration.session, words.when_there(registration.session)
    facts = [session.title, words.when(session), _("There: %(when)s") % {"when": there} if there else ""]
    facts += [words.where(session)] if has_seat else []
    return _("Hello %(name)s,\n\n%(news)s\n\n%(facts)s\n\n%(link)s\n") % {
        "name": registration.user.name,
        "news": news,
        "facts": "\n".join(fact for fact in facts if fact),
        "link": settings.BASE_URL + session.get_absolute_url(),
    }
