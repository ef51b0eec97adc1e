"""Writing a message down. `send_notices` sends it later, so that no page waits for a mail server or fails with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from notices.models import Notice

KEEP_SECRETS = timedelta(days=30)


def write(key: str, **message: Any) -> None:
    """Put a message into the outbox, once: if one with this key is there, sent or not, nothing happens.

    Inside a transaction the message is written if, and only if, the transaction is.
    """
    write_all([compose(key, **message)])


def write_all(notices: Iterable[Notice]) -> None:
    """The same for many messages, in a few statements."""
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def compose(
    key: str,
    *,
    recipient: Any,
    address: str,
    subject: str,
    body: str,
    kind: str = Notice.Kind.PLAIN,
    html: str = "",
    unsubscribe_url: str = "",
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> Notice:
    """A message that is not written yet.

    `recipient` is the person it is for (None: nobody with an account). One that expires unsent is not sent at all.
    """
    return Notice(
        key=key,
        kind=kind,
        recipient=recipient,
        address=address,
        subject=one_line(subject),
        body=body,
        html=html,
        unsubscribe_url=unsubscribe_url,
        not_before=not_before or timezone.now(),
        expires_at=expires_at,
    )


def one_line(subject: str) -> str:
    """A subject as a header can hold it."""
    return " ".join(subject.split())[:200]


def tidy(at: datetime | None = None) -> int:
    """Delete messages with secrets a month after they were of any use; others are the memory of what was sent."""
    at = at or timezone.now()
    deleted, _by_model = Notice.objects.filter(kind=Notice.Kind.SECRET, expires_at__lt=at - KEEP_SECRETS).delete()
    return deleted


def message_id(notice: Notice) -> str:
    """A Message-ID that stays the same when a message is sent again, so that mail programs show it once."""
    host = settings.BASE_URL.split("//")[-1].split(":")[0] or "localhost"
    return f"<notice-{notice.pk}@{host}>"


def take_back(keys: Iterable[str], at: datetime | None = None) -> None:
    """Let messages with these keys expire that were not sent: what they say is no longer so."""
    waiting = Notice.objects.filter(key__in=list(keys), sent_at=None, failed_at=None)
    waiting.update(expires_at=at or timezone.now())
