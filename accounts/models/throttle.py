from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, models
from django.db.models import F
from django.utils import timezone

# One statement, so that of two tries at the same instant none is lost, fails or waits in a deadlock. The ORM has no
# word for an update on conflict that adds.
COUNT = """
    INSERT INTO accounts_throttle AS old (key, since, tries) VALUES (%s, %s, 1)
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN old.since <= %s THEN 1 ELSE old.tries + 1 END,
        since = CASE WHEN old.since <= %s THEN excluded.since ELSE old.since END
    RETURNING key, since, tries
"""


class Throttle(models.Model):
    """How often something was tried since a moment, counted by the database so that twenty at once are twenty.

    The key is a digest: neither addresses nor sign-in names are kept here.
    """

    key = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField(db_index=True)
    tries = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.tries} since {self.since:%H:%M}"

    @classmethod
    def count(cls, key: str, window: timedelta, at: datetime | None = None) -> Throttle:
        """Count one more try and return the count of the current window, this try included."""
        at = at or timezone.now()
        now, cutoff = (connection.ops.adapt_datetimefield_value(moment) for moment in (at, at - window))
        (row,) = cls.objects.raw(COUNT, [key, now, cutoff, cutoff])
        return row

    @classmethod
    def forget(cls, *keys: str) -> None:
        cls.objects.filter(key__in=keys).delete()

    @classmethod
    def take_back(cls, key: str) -> None:
        """Undo one count."""
        cls.objects.filter(key=key, tries__gt=0).update(tries=F("tries") - 1)
