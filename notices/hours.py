"""When people may be written to: on weekdays from nine to five where they live, and once in three days."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, time, timedelta

from django.conf import settings

OPENS, CLOSES = time(9), time(17)
SATURDAY = 5
GAP = timedelta(days=3)


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """The zone of this name, or the site's: one that this machine does not know must not cost somebody every page."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)


def is_open(at: datetime, zone: str) -> bool:
    """Whether it is a working hour in this zone."""
    there = at.astimezone(zone_of(zone))
    return there.weekday() < SATURDAY and OPENS <= there.time() < CLOSES


def next_open(at: datetime, zone: str) -> datetime:
    """This moment if it is a working hour there, else the beginning of the next working day."""
    if is_open(at, zone):
        return at
    there = at.astimezone(zone_of(zone))
    day = there.date() + timedelta(days=there.time() >= CLOSES)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, OPENS, there.tzinfo).astimezone(at.tzinfo)


def next_turn(at: datetime, zone: str, last: datetime | None) -> datetime:
    """When somebody may next be written to, who was last written to at `last`."""
    return next_open(max(at, last + GAP) if last else at, zone)
