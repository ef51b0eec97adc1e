from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models.course import Course

KEPT = timedelta(days=7)  # a bundle that nobody brings in


class LoadedUnit(models.Model):
    """What one course file, or one question in it, said when it was last loaded: the base of a three-way merge.

    The rows keep the hash of it (`source_hash`); `unit` is the plain data of coursefiles/units.py.
    """

    course = models.ForeignKey(Course, models.PROTECT, related_name="loaded_units", db_index=False)
    noun = models.CharField(max_length=10)
    key = models.CharField(max_length=100)
    unit: models.JSONField[Any, Any] = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["course", "noun", "key"], name="loaded_unit_once")]

    def __str__(self) -> str:
        return f"{self.noun} {self.key}"


class BundleQuerySet(models.QuerySet["Bundle"]):
    def waiting(self, at: datetime | None = None) -> BundleQuerySet:
        """Looked at, and neither brought in nor thrown away nor too old."""
        return self.filter(applied_at=None, discarded_at=None, at__gt=(at or timezone.now()) - KEPT)

    def forget_old(self, at: datetime | None = None) -> int:
        """Drop the files of those that can not be brought in any more; returns how many. Who and when stay."""
        waiting = self.waiting(at).values("pk")
        return self.exclude(pk__in=waiting).exclude(data=b"").update(data=b"", contents={})


class Bundle(models.Model):
    """The files of a course as a ZIP, looked at first and then brought in; afterwards only who did what and when.

    `contents` is what they say as units, so that looking again does not read them again.
    """

    name = models.CharField(_("file"), max_length=200)
    key = models.SlugField(_("course"))
    title = models.CharField(_("title of the course"), max_length=200)
    data = models.BinaryField(editable=False)
    contents: models.JSONField[Any, Any] = models.JSONField(default=dict, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("brought"), default=timezone.now)
    applied_at = models.DateTimeField(_("applied"), null=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("applied by")
    )
    discarded_at = models.DateTimeField(_("thrown away"), null=True)
    report: models.JSONField[Any, Any] = models.JSONField(default=list)

    objects = BundleQuerySet.as_manager()

    class Meta:
        verbose_name = _("course files brought in")
        verbose_name_plural = _("course files brought in")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(applied_at=None, applied_by=None)
                | models.Q(applied_at__isnull=False, applied_by__isnull=False, discarded_at=None),
                name="bundle_applied_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_waiting(self, at: datetime | None = None) -> bool:
        return not self.applied_at and not self.discarded_at and self.at > (at or timezone.now()) - KEPT
