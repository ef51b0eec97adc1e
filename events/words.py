"""When and for whom a session is, in words: in the zone of whoever reads, and in its own where that differs."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events import clock
from events.models import LiveSession

DAY, HOUR = "l, F j, Y", "TIME_FORMAT"
NO_BREAK = "\u00a0"  # between 10 and a.m.


def viewer_zone() -> ZoneInfo:
    """The zone of the person whose page or mail this is."""
    return ZoneInfo(timezone.get_current_timezone_name())


def when(session: LiveSession, zone: ZoneInfo | None = None) -> str:
    """“Tuesday, December 1, 2026, 10 a.m. to 11:30 a.m. (Europe/Paris)”, in the reader's zone if none is given.

    Where clocks show one of the two hours twice that day, it also says how far the zone is from UTC.
    """
    zone = zone or viewer_zone()
    begin, end = session.starts_at.astimezone(zone), session.ends_at.astimezone(zone)
    words = {"day": date_format(begin, DAY), "start": _hour(begin, zone), "end": _hour(end, zone), "zone": zone.key}
    if begin.date() == end.date():
        return _("%(day)s, %(start)s to %(end)s (%(zone)s)") % words
    words["last_day"] = date_format(end, DAY)
    return _("%(day)s, %(start)s to %(last_day)s, %(end)s (%(zone)s)") % words


def _hour(moment: datetime, zone: ZoneInfo) -> str:
    shown = date_format(moment, HOUR).replace(" ", NO_BREAK)
    return f"{shown} {clock.offset(moment, zone)}" if clock.comes_twice(moment, zone) else shown


def when_there(session: LiveSession) -> str:
    """The same in the session's own zone, if clocks there show something else; otherwise empty."""
    here, there = viewer_zone(), session.zone
    moments = (session.starts_at, session.ends_at)
    same = all(clock.shown_in(moment, here) == clock.shown_in(moment, there) for moment in moments)
    return "" if same else when(session, there)


def seats(session: LiveSession, taken: int) -> str:
    """“3 of 12 seats are taken”; without a limit, how many registered."""
    if session.seats is None:
        return ngettext("%(n)d person has registered", "%(n)d people have registered", taken) % {"n": taken}
    waiting = max(taken - session.seats, 0)
    words = _("%(taken)d of %(seats)d seats are taken") % {"taken": taken - waiting, "seats": session.seats}
    if not waiting:
        return words
    more = ngettext("%(n)d person is waiting", "%(n)d people are waiting", waiting) % {"n": waiting}
    return f"{words}, {more}"


def where(session: LiveSession) -> str:
    """Place and link, a line each; only for people with a seat."""
    return "\n".join(part for part in (session.place, session.link) if part)
