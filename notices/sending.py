"""Sending what the outbox holds: every message, each once, whatever happens to this process or to the mail server.

A message is claimed by one conditional UPDATE, which also counts the try and puts it off: two senders never take the
same one, and if this process dies the message is tried again later. The one gap that no outbox can close: if a process
dies after the mail server took the message and before that is written down, one UPDATE later, it is sent a second time,
with the same Message-ID.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F
from django.utils import timezone

from notices.models import Heartbeat, Notice
from notices.outbox import message_id

logger = logging.getLogger("workshop.notices")

SENDER = "sender"
BATCH = 100  # a round; after it the heart beats again
CLAIM = timedelta(minutes=10)  # longer than a mail server may take to answer
MAX_TRIES = 10  # with growing pauses, about eight hours
LONGEST_PAUSE = timedelta(hours=4)


def never() -> bool:
    return False


def send_waiting(at: datetime | None = None, stopping: Callable[[], bool] = never) -> int:
    """One round: send what waits and is due, up to BATCH messages, and return how many went out.

    `stopping` is asked between two messages. A mail server that is away costs no message a try.
    """
    Heartbeat.beat(SENDER, at)
    expire(at)
    waiting = list(Notice.objects.waiting(at).order_by("not_before", "pk").values_list("pk", flat=True)[:BATCH])
    if not waiting:
        return 0
    connection = get_connection()
    try:
        connection.open()
        return sum(send_one(pk, connection, at) for pk in waiting if not stopping())
    except OSError as error:  # smtplib's exceptions are OSErrors
        logger.warning(
            "mail_server_away", extra={"event": {"event": "mail_server_away", "error": type(error).__name__}}
        )
        return 0
    finally:
        connection.close()


def expire(at: datetime | None = None) -> None:
    """Give up what is no longer of use, and forget its secrets."""
    at = at or timezone.now()
    late = Notice.objects.filter(sent_at=None, failed_at=None, expires_at__lte=at)
    late.filter(kind=Notice.Kind.SECRET).update(failed_at=at, error="expired", body="")
    late.update(failed_at=at, error="expired")


def send_one(pk: int, connection: BaseEmailBackend, at: datetime | None = None) -> bool:
    """Claim, send and write down one message. False if it was not sent, by this sender."""
    notice = claim(pk, at)
    if notice is None:
        return False
    if reason := undeliverable(notice):
        give_up(notice, reason, at)
        return False
    try:
        connection.send_messages([as_mail(notice)])
    except Exception as error:  # a message that cannot be sent must not keep the others
        put_off(notice, error, at)
        connection.close()
        return False
    done(notice, at)
    return True


def claim(pk: int, at: datetime | None = None) -> Notice | None:
    """Take a message for this sender alone, or None if another was faster."""
    at = at or timezone.now()
    taken = Notice.objects.waiting(at).filter(pk=pk).update(tries=F("tries") + 1, not_before=at + CLAIM)
    return Notice.objects.select_related("recipient").get(pk=pk) if taken else None


def undeliverable(notice: Notice) -> str:
    """Why this message must not go out, as things are at this moment; empty if it may."""
    person = notice.recipient
    if person is not None and not person.is_active:
        return "the person is switched off"
    if notice.kind == Notice.Kind.SECRET and person is not None and person.email != notice.address:
        return "the person has another address by now"
    return "" if notice.address else "no address"


def as_mail(notice: Notice) -> EmailMessage:
    headers = {"Message-ID": message_id(notice), "Auto-Submitted": "auto-generated"}
    return EmailMessage(notice.subject, notice.body, to=[notice.address], headers=headers)


def done(notice: Notice, at: datetime | None) -> None:
    notice.sent_at, notice.error = at or timezone.now(), ""
    blank_secret(notice)
    notice.save(update_fields=["sent_at", "error", "body"])


def put_off(notice: Notice, error: Exception, at: datetime | None) -> None:
    """Try again later, after pauses that double: 1, 2, 4, … minutes; after MAX_TRIES give up."""
    reason = f"{type(error).__name__}: {error}"
    if notice.tries >= MAX_TRIES:
        return give_up(notice, reason, at)
    pause = min(timedelta(minutes=2 ** (notice.tries - 1)), LONGEST_PAUSE)
    notice.not_before, notice.error = (at or timezone.now()) + pause, reason[:300]
    notice.save(update_fields=["not_before", "error"])
    logger.warning(
        "notice_put_off", extra={"event": {"event": "notice_put_off", "notice": notice.pk, "tries": notice.tries}}
    )


def give_up(notice: Notice, reason: str, at: datetime | None) -> None:
    notice.failed_at, notice.error = at or timezone.now(), reason[:300]
    blank_secret(notice)
    notice.save(update_fields=["failed_at", "error", "body"])
    logger.warning("notice_given_up", extra={"event": {"event": "notice_given_up", "notice": notice.pk}})


def blank_secret(notice: Notice) -> None:
    if notice.kind == Notice.Kind.SECRET:
        notice.body = ""
