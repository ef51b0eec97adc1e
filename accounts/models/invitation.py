from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.team import Team


class InvitationRoundQuerySet(models.QuerySet["InvitationRound"]):
    def open(self) -> InvitationRoundQuerySet:
        return self.filter(ended_at=None)

    def end(self, at: datetime | None = None) -> int:
        """Invite nobody else in these; returns how many that ended."""
        return self.open().update(ended_at=at or timezone.now())


class InvitationRound(models.Model):
    """The fact that HR asked for everybody of a team, or of a list, to be invited; who was is in the slips.

    Carried out batch by batch (`accounts.inviting`), so it holds whom it is for as HR chose them, not person by person.
    """

    class How(models.TextChoices):
        """Of those who have not come, only these, by how they were invited last."""

        NEVER = "never", _("Never")
        MAIL = "mail", _("By mail, last")
        PAPER = "paper", _("On paper, last")
        OVER = "over", _("No longer valid")
        NO_MAIL = "no-mail", _("Has no e-mail address")

    team = models.ForeignKey(
        Team,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("team"),
        help_text=_("Empty: all."),
    )
    how = models.CharField(_("invited"), max_length=10, choices=How, blank=True, help_text=_("Empty: all."))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = InvitationRoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("round of invitations")
        verbose_name_plural = _("rounds of invitations")
        ordering = ["at", "pk"]
        constraints = [  # of two clicks one begins a round
            models.UniqueConstraint(fields=["team", "how"], condition=Q(ended_at=None), name="round_once_a_team"),
            models.UniqueConstraint(fields=["how"], condition=Q(ended_at=None, team=None), name="round_once_for_all"),
        ]

    def __str__(self) -> str:
        return f"{self.team or _('All')} · {self.at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None
