from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from courses.models.enrollment import site_day

A_DAY = 24  # slots of twenty minutes, from nine to five
DAYS = 1600  # working days that are known


class Slots:
    """Moments of working time as integers, counted back: slot 0 is the last of the last whole working day."""

    def __init__(self, now: datetime) -> None:
        self.zone = timezone.get_default_timezone()
        self.days: list[date] = []
        day = site_day(now)
        while len(self.days) < DAYS:
            day -= timedelta(days=1)
            if day.weekday() < 5:
                self.days.append(day)
        self.numbers = {day: number for number, day in enumerate(self.days)}

    def at(self, slot: int) -> datetime:
        minutes = 20 * (A_DAY - 1 - slot % A_DAY)
        return datetime.combine(self.days[slot // A_DAY], time(9), self.zone) + timedelta(minutes=minutes)

    def day(self, slot: int) -> date:
        return self.days[slot // A_DAY]

    def days_ago(self, at: datetime) -> int:
        """How many working days ago a moment was; it must be one that `at` gives."""
        return self.numbers[site_day(at)]

    def morning(self, day: int) -> int:
        return day * A_DAY + A_DAY - 1

    def evening(self, day: int) -> int:
        return day * A_DAY
