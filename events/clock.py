"""What clocks show in a zone, and the moments that are meant by it. Pure functions."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def moments(shown: datetime, zone: ZoneInfo) -> list[datetime]:
    """The moments, in UTC and in order, at which clocks in this zone show this day and hour.

    One, as a rule. None in the hour that is left out when clocks go forward; two in the hour that comes twice when they
    go back. `shown` has no zone of its own.
    """
    found: list[datetime] = []
    for fold in (0, 1):
        moment = shown.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if shown_in(moment, zone) == shown and moment not in found:
            found.append(moment)
    return found


def around(shown: datetime, zone: ZoneInfo) -> list[datetime]:
    """For an hour that is left out: what clocks show just as long before and after the change."""
    return [shown_in(shown.replace(tzinfo=zone, fold=fold).astimezone(UTC), zone) for fold in (1, 0)]


def shown_in(moment: datetime, zone: ZoneInfo) -> datetime:
    """What clocks in this zone show at a moment, without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def comes_twice(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks in this zone show the same at another moment, so that the hour alone does not say which."""
    return len(moments(shown_in(moment, zone), zone)) > 1


def offset(moment: datetime, zone: ZoneInfo) -> str:
    """How far this zone is from UTC at a moment: UTC+2, UTC-3:30."""
    east = moment.astimezone(zone).utcoffset()
    minutes = int(east.total_seconds() // 60) if east is not None else 0
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")
