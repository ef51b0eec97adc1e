from __future__ import annotations

from datetime import datetime, time, timedelta

from django.utils import timezone

from courses.models.enrollment import site_day


def moment(now: datetime, days_ago: int, hour: int, minute: int = 0) -> datetime:
    """A time of day, so many days ago, on the site's clock."""
    zone = timezone.get_default_timezone()
    return datetime.combine(site_day(now) - timedelta(days=days_ago), time(hour, minute % 60), tzinfo=zone)
