from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models.lesson import Lesson, LessonRevision


class FlagQuerySet(models.QuerySet["Flag"]):
    def open(self) -> FlagQuerySet:
        return self.filter(resolved_at=None)

    def written(self) -> FlagQuerySet:
        """Those with words of somebody in them, or by which one may ask somebody."""
        return self.exclude(comment="", note="", may_ask=False)

    def resolved(self) -> FlagQuerySet:
        return self.filter(resolved_at__isnull=False)


class Flag(models.Model):
    """A reader says that something in a text is unclear or out of date. For editors; in no report.

    Who it was is shown to nobody, unless they ticked that they may be asked (decision 0031).
    """

    class Kind(models.TextChoices):
        UNCLEAR = "unclear", _("Unclear")
        OUT_OF_DATE = "out-of-date", _("Out of date")
        OTHER = "other", _("Something else")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="flags", verbose_name=_("who"))
    revision = models.ForeignKey(LessonRevision, models.PROTECT, related_name="flags", verbose_name=_("text"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    comment = models.TextField(_("comment"), blank=True, max_length=1000)
    may_ask = models.BooleanField(_("may be asked about it"), default=False)
    at = models.DateTimeField(_("when"), default=timezone.now)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("resolved by")
    )
    note = models.CharField(_("what was done"), max_length=300, blank=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "revision", "kind"], name="flag_once_a_kind"),
            models.CheckConstraint(
                condition=Q(resolved_at=None, resolved_by=None)
                | Q(resolved_at__isnull=False, resolved_by__isnull=False),
                name="flag_resolved_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["-at"], condition=Q(resolved_at=None), name="flag_open")]

    def __str__(self) -> str:
        return f"{self.revision.title}: {self.get_kind_display()}"

    @property
    def lesson(self) -> Lesson:
        return self.revision.lesson

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    @property
    def is_resolved(self) -> bool:
        return not self.is_open
