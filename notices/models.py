from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

UNSENT: dict[str, None] = {"sent_at": None, "failed_at": None, "withdrawn_at": None}


class NoticeQuerySet(models.QuerySet["Notice"]):
    def waiting(self, at: datetime | None = None) -> NoticeQuerySet:
        """Messages to send now: not sent, not given up, not before their time and not expired."""
        at = at or timezone.now()
        return self.unsent().filter(Q(expires_at=None) | Q(expires_at__gt=at), not_before__lte=at)

    def unsent(self) -> NoticeQuerySet:
        """Those that are still to go: not sent, not given up, not taken back."""
        return self.filter(**UNSENT)

    def letters(self) -> NoticeQuerySet:
        """Those that count for how often somebody gets mail."""
        return self.filter(kind=Notice.Kind.LETTER)

    def bounced(self) -> NoticeQuerySet:
        """Those whose address the mail server knows nobody at, unless a later one arrived there."""
        later = Notice.objects.filter(address=OuterRef("address"), sent_at__gt=OuterRef("failed_at"))
        return self.filter(~Exists(later), has_bounced=True)


class Notice(models.Model):
    """A message, written down before it is sent. The key makes it unique: the same news is never written twice."""

    class Kind(models.TextChoices):
        SECRET = "secret", _("Secret link")
        PLAIN = "plain", _("About the account")
        LETTER = "letter", _("News")  # counted: one in three days

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
    html = models.TextField(_("the same as HTML"), blank=True)
    unsubscribe_url = models.CharField(
        _("address that ends such mail"), max_length=300, blank=True, help_text=_("Empty: it cannot be refused.")
    )
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    not_before = models.DateTimeField(_("not before"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    failed_at = models.DateTimeField(_("given up"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(
        _("taken back"), null=True, blank=True, help_text=_("When its turn came there was nothing to say any more.")
    )
    has_bounced = models.BooleanField(
        _("address bounces"), default=False, help_text=_("The mail server says that there is nobody at the address.")
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    error = models.CharField(_("last error"), max_length=300, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            models.Index(fields=["not_before"], condition=Q(**UNSENT), name="notice_unsent"),
            models.Index(fields=["address"], condition=Q(has_bounced=True), name="notice_bounced"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient"], condition=Q(kind="letter", **UNSENT), name="notice_one_letter_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_unsent(self) -> bool:
        return self.sent_at is None and self.failed_at is None and self.withdrawn_at is None

    def is_waiting(self, at: datetime | None = None) -> bool:
        at = at or timezone.now()
        return self.is_unsent and self.not_before <= at and (self.expires_at is None or self.expires_at > at)


class NewsQuerySet(models.QuerySet["News"]):
    def told(self) -> NewsQuerySet:
        """Those that went into a letter, or were read on the screen."""
        return self.filter(Q(letter__isnull=False) | Q(seen_at__isnull=False))


class News(models.Model):
    """The fact that a person was told something, once: in a letter, or on the screen of somebody without mail.

    With `by`: that somebody asked for it to be told, which may be before it is. `about` is the number of what it is
    about (an enrollment, a certificate, a text), `edition` which of several times.
    """

    class Kind(models.TextChoices):
        ASKED = "asked", _("Asked to take a course")
        REMINDER = "reminder", _("Reminder")
        NUDGE = "nudge", _("Reminder by a person")
        REDO = "redo", _("To be done again")
        CERTIFICATE = "certificate", _("Certificate")
        CHANGE = "change", _("Changed lesson")
        DIGEST = "digest", _("The team this week")
        SESSION = "session", _("Live session")
        ANSWER = "answer", _("Answer to a request to publish")

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="news", verbose_name=_("recipient"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    about = models.PositiveBigIntegerField(_("about"))
    edition = models.CharField(_("edition"), max_length=40, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    letter = models.ForeignKey(
        Notice, models.SET_NULL, null=True, blank=True, related_name="news", verbose_name=_("letter")
    )
    seen_at = models.DateTimeField(_("read on the screen"), null=True, blank=True)

    objects = NewsQuerySet.as_manager()

    class Meta:
        verbose_name = _("piece of news")
        verbose_name_plural = _("news")
        constraints = [
            models.UniqueConstraint(fields=["recipient", "kind", "about", "edition"], name="news_told_once"),
        ]
        indexes = [models.Index(fields=["at"], name="news_at")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.about} {self.edition}".strip()

    @property
    def is_told(self) -> bool:
        return self.letter_id is not None or self.seen_at is not None


SENDER, WRITER = "sender", "writer"
LATE = {SENDER: timedelta(minutes=2), WRITER: timedelta(hours=1)}
NIGHTLY = timedelta(hours=26)  # for all others: a day, with the timer's delay and a long night


class Heartbeat(models.Model):
    """When a background process last said that it is alive, or nightly work that it was done. Read by /readyz, too."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def beat(cls, name: str, at: datetime | None = None) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": at or timezone.now()})

    def is_late(self, at: datetime | None = None) -> bool:
        """Whether the process has been silent for longer than it ever is while it works."""
        return self.at < (at or timezone.now()) - LATE.get(self.name, NIGHTLY)
