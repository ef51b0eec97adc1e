from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models.enrollment import Enrollment


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
