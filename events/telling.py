"""What people without an address are told about live sessions they registered for, after they have signed in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.mailing import Words
from events import words
from events.letters import SAID
from events.models import Registration
from notices.hours import zone_of
from notices.models import News

FRESH = timedelta(days=30)


@dataclass(frozen=True)
class SessionNews:
    registration: Registration
    edition: str  # the word in letters.SAID, and which of several
    kind: ClassVar[str] = News.Kind.SESSION
    rank: ClassVar[int] = 3

    @property
    def person(self) -> int:
        return self.registration.user_id

    @property
    def about(self) -> int:
        return self.registration.pk

    @property
    def topic(self) -> tuple[str, int]:
        return "session", self.registration.session_id

    def words(self) -> Words:
        session = self.registration.session
        title, text = SAID[self.edition.split(":")[0]]
        with timezone.override(zone_of(self.registration.user.time_zone)):
            when = words.when(session)
        said = title % {"title": session.title}
        return Words(said, f"{said}. {capfirst(text)} {when}.", _("See the session"), session.get_absolute_url())


def pieces(at: datetime, people: Collection[int]) -> Iterator[SessionNews]:
    """What was written down for these people, told already or not, the newest first; not of sessions that are over.

    Two queries, or one if there is nothing.
    """
    rows = News.objects.filter(kind=News.Kind.SESSION, recipient__in=people, at__gt=at - FRESH, at__lte=at)
    found = list(rows.order_by("-at", "-pk").values_list("about", "edition"))
    if not found:
        return
    registrations = Registration.objects.select_related("session", "user").filter(user__is_active=True)
    known = registrations.in_bulk({about for about, _edition in found})
    for about, edition in found:
        if about in known and not known[about].session.is_over(at):
            yield SessionNews(known[about], edition)
