from __future__ import annotations

import bisect
import calendar
from datetime import date, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models.path import Path


class Renewal(models.Model):
    """People who completed this path are asked again after a time. Without a row, once is enough."""

    class What(models.TextChoices):
        REFRESHER = "refresher", _("the refresher, and lessons to be done again since")
        FULL = "full", _("the same path again")

    class Anchor(models.TextChoices):
        PERSON = "person", _("from each person's own day")
        MONTH = "month", _("for everybody at the end of one month of the year")

    path = models.OneToOneField(Path, models.PROTECT, related_name="renewal", verbose_name=_("path"))
    months = models.PositiveSmallIntegerField(
        _("again after so many months"), validators=[MinValueValidator(3), MaxValueValidator(120)]
    )
    what = models.CharField(_("what is asked"), max_length=10, choices=What, default=What.REFRESHER)
    anchor = models.CharField(_("counted"), max_length=10, choices=Anchor, default=Anchor.PERSON)
    month = models.PositiveSmallIntegerField(
        _("month"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )

    class Meta:
        verbose_name = _("renewal")
        verbose_name_plural = _("renewals")
        constraints = [
            models.CheckConstraint(
                condition=Q(anchor="person", month=None) | Q(anchor="month", month__range=(1, 12)),
                name="renewal_month_with_its_anchor",
                violation_error_message=_("Choose a month if everybody renews in one, and none otherwise."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.path)

    def expiry(self, completed_on: date) -> date:
        """The last day on which a completion holds.

        From the person's own day: so many months later. For everybody in one month: the end of that month, the first
        one that is at least half the interval after the completion day.
        """
        if self.anchor == self.Anchor.PERSON or self.month is None:
            return add_months(completed_on, self.months)
        earliest = add_months(completed_on, (self.months + 1) // 2)
        year = earliest.year + (month_end(earliest.year, self.month) < earliest)
        return month_end(year, self.month)

    def last_to_expire(self, by: date) -> date:
        """The other face of `expiry`: the latest completion day that holds no longer than `by`."""
        days = range((by - timedelta(days=31 * (self.months + 13))).toordinal(), by.toordinal() + 1)
        found = bisect.bisect_right(days, by, key=lambda day: self.expiry(date.fromordinal(day)))
        return date.fromordinal(days[0] + found - 1)


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])
