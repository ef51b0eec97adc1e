from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models.enrollment import Enrollment
from courses.models.lesson import Lesson
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


class ExtraStep(models.Model):
    """A lesson that one enrollment requires beside its path: in a refresher, what was published to be done again."""

    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="extra_steps", db_index=False)
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="+", verbose_name=_("lesson"))

    class Meta:
        verbose_name = _("extra lesson")
        verbose_name_plural = _("extra lessons")
        constraints = [models.UniqueConstraint(fields=["enrollment", "lesson"], name="extra_step_once")]

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.lesson}"


class Credit(models.Model):
    """The fact that something was done in another system before, who says so, and where it is written."""

    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="credits", verbose_name=_("enrollment"))
    done_on = models.DateField(_("done on"))
    source = models.CharField(_("source"), max_length=200)
    is_course = models.BooleanField(_("the whole course"), default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("credit")
        verbose_name_plural = _("credits")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.source}"
