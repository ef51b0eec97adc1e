from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class StagedFile(models.Model):
    """A file that HR brought, row by row in the database: judged first, applied after a look, in steps.

    So a file of any size needs little memory, a step that was interrupted goes on where it stopped, and each web
    process can take the next one. `options` are what HR ticked; `columns` the known columns the file has.
    """

    class Kind(models.TextChoices):
        PEOPLE = "people", _("People")
        EARLIER = "earlier", _("Earlier completions")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("file"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
        help_text=_("Nobody, if it was brought by a command."),
    )
    at = models.DateTimeField(_("brought"), default=timezone.now)
    options: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    columns: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    judged_at = models.DateTimeField(_("judged"), null=True, blank=True)
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)

    class Meta:
        verbose_name = _("file brought in")
        verbose_name_plural = _("files brought in")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.name

    def counts(self) -> dict[str, int]:
        """How many rows have which outcome; one query."""
        found = dict(self.rows.order_by().values_list("outcome").annotate(n=Count("pk")))
        return {outcome: found.get(outcome, 0) for outcome in StagedRow.Outcome.values}


class StagedRow(models.Model):
    """A row of such a file. `cells` are texts by column; `problems` say what is wrong as pairs of column and text."""

    class Outcome(models.TextChoices):
        NOT_JUDGED = "", _("Not judged yet")
        CREATED = "created", _("Created")
        CHANGED = "changed", _("Changed")
        MOVED = "moved", _("Moved")
        UNCHANGED = "unchanged", _("Unchanged")
        REFUSED = "refused", _("Refused")

    file = models.ForeignKey(StagedFile, models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField(_("row"))
    cells: models.JSONField[Any, Any] = models.JSONField(default=dict)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True, default="")
    problems: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="staged_row_once")]
        indexes = [models.Index(fields=["file", "outcome", "number"], name="staged_row_outcome")]

    def __str__(self) -> str:
        return f"{self.file} {self.number}"
