"""Moments, and the two commands at one of them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.core import mail

from accounts.models import User
from desk import mailing
from notices import sending
from notices.models import Notice

PARIS = ZoneInfo("Europe/Paris")


def paris(text: str) -> datetime:
    """A moment in Paris: "2026-12-07 10:00" is a Monday."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def tick(at: datetime) -> list[str]:
    """Write what is due and send what waits; the subjects that went out."""
    before = len(getattr(mail, "outbox", []))
    mailing.write_due(at)
    while sending.send_waiting(at):
        pass
    return [message.subject for message in mail.outbox[before:]]


def subjects(person: User) -> list[str]:
    """All that was sent to a person, in order."""
    return list(
        Notice.objects.letters()
        .filter(recipient=person)
        .exclude(sent_at=None)
        .order_by("sent_at")
        .values_list("subject", flat=True)
    )
