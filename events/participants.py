"""Who registered for a session, who waits and who came: the trainer's list, on the page and as CSV."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.cells import BOM, Line, safe
from accounts.models import Membership, User
from events.models import Attendance, LiveSession

logger = logging.getLogger("workshop.events")

SIZE = 200  # people of a page: each has two fields in the form, and Django takes a thousand


@dataclass(frozen=True)
class Participant:
    """A person in the line of a session. `place` counts from 1; who stands behind the last seat waits."""

    user_id: int
    name: str
    home_team: str
    registered_at: datetime
    place: int
    has_seat: bool
    came: bool


@dataclass(frozen=True)
class Participants:
    """Everybody in the line, by name."""

    rows: Sequence[Participant]

    @classmethod
    def of(cls, session: LiveSession) -> Participants:
        """One query, however many they are."""
        home = Membership.objects.filter(user=OuterRef("user"), is_home=True).values("team__name")[:1]
        came = Attendance.objects.counting().filter(session=OuterRef("session"), user=OuterRef("user"))
        line = session.registrations.active().annotate(home=Subquery(home), came=Exists(came)).order_by("pk")
        values = line.values_list("user", "user__name", "home", "registered_at", "came")
        rows = [
            Participant(pk, name, team or "", at, place, session.has_room_after(place - 1), there)
            for place, (pk, name, team, at, there) in enumerate(values, 1)
        ]
        return cls(sorted(rows, key=lambda row: (row.name.casefold(), row.place)))

    @property
    def came(self) -> int:
        return sum(row.came for row in self.rows)

    @property
    def seated(self) -> int:
        return sum(row.has_seat for row in self.rows)

    @property
    def waiting(self) -> int:
        return len(self.rows) - self.seated

    @property
    def pages(self) -> int:
        return max(-(-len(self.rows) // SIZE), 1)

    def page(self, number: int) -> Sequence[Participant]:
        return self.rows[(number - 1) * SIZE : number * SIZE]


def lines(session: LiveSession, viewer: User) -> Iterator[str]:
    """The list as CSV. The last line counts the rows: a file that was cut off has none."""
    writer = csv.writer(Line())
    found = Participants.of(session)
    yield BOM + writer.writerow([_("Person"), _("Home team"), _("Registered on"), _("Place"), _("Came")])
    for row in found.rows:
        place = _("Seat") if row.has_seat else _("Waiting list")
        day = row.registered_at.astimezone(session.zone).date().isoformat()
        yield writer.writerow([safe(row.name), safe(row.home_team), day, place, _("yes") if row.came else ""])
    counted = ngettext("%(n)d row", "%(n)d rows", len(found.rows)) % {"n": len(found.rows)}
    yield writer.writerow([counted, safe(session.title)])
    event = {"event": "participants_exported", "session": session.pk, "by": viewer.pk, "rows": len(found.rows)}
    logger.info("participants exported", extra={"event": event})
