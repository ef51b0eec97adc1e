from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class NoticeQuerySet(models.QuerySet["Notice"]):
    def waiting(self, at: datetime | None = None) -> NoticeQuerySet:
        """Messages to send now: not sent, not given up, not before their time and not expired."""
        at = at or timezone.now()
        return self.filter(sent_at=None, failed_at=None, not_before__lte=at).filter(
            Q(expires_at=None) | Q(expires_at__gt=at)
        )


class Notice(models.Model):
    """A message, written down before it is sent. The key makes it unique: the same news is never written twice."""

    class Kind(models.TextChoices):
        SECRET = "secret", _("Secret link")
        PLAIN = "plain", _("Plain")

    key = models.CharField(_("key"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="notices",
        verbose_name=_("recipient"),
        null=True,
        blank=True,
    )
    address = models.EmailField(_("address"), help_text=_("Where it goes; the person may have another address by now."))
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"), blank=True)
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    not_before = models.DateTimeField(_("not before"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    failed_at = models.DateTimeField(_("given up"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    error = models.CharField(_("last error"), max_length=300, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            models.Index(fields=["not_before"], condition=Q(sent_at=None, failed_at=None), name="notice_waiting"),
        ]

    def __str__(self) -> str:
        return self.subject

    def is_waiting(self, at: datetime | None = None) -> bool:
        at = at or timezone.now()
        unsent = self.sent_at is None and self.failed_at is None and self.not_before <= at
        return unsent and (self.expires_at is None or self.expires_at > at)


class Heartbeat(models.Model):
    """When a background process last said that it is alive, or nightly work that it was done. Read by /readyz, too."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def beat(cls, name: str, at: datetime | None = None) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": at or timezone.now()})
