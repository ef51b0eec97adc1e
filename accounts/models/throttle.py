from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone


class Throttle(models.Model):
    """How often something was tried since a moment, counted by the database so that twenty at once are twenty.

    The key is a digest: neither addresses nor sign-in names are kept here.
    """

    key = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.tries} since {self.since:%H:%M}"

    @classmethod
    def count(cls, key: str, window: timedelta, at: datetime | None = None) -> int:
        """Count one more try and return how many there were in the current window."""
        at = at or timezone.now()
        cls.objects.filter(key=key, since__lte=at - window).delete()
        try:
            with transaction.atomic():
                cls.objects.create(key=key, since=at, tries=1)
                return 1
        except IntegrityError:
            with transaction.atomic():
                cls.objects.filter(key=key).update(tries=F("tries") + 1)
                return cls.objects.filter(key=key).values_list("tries", flat=True).first() or 1

    @classmethod
    def forget(cls, *keys: str) -> None:
        cls.objects.filter(key__in=keys).delete()
