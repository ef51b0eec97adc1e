"""Sending what the outbox holds: every message, each once, whatever happens to this process or to the mail server.

A message is claimed by one conditional UPDATE, which also counts the try and puts it off: two senders never take the
same one, and if this process dies the message is tried again later. The one gap that no outbox can close: if a process
dies after the mail server took the message and before that is written down, one UPDATE later, it is sent a second time,
with the same Message-ID.

Letters (reminders and other news) go in working hours only, and each is looked at once more just before it goes: by the
function that `settings.LETTER_REFRESH` names, since this room does not know what is still so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from time import monotonic

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.utils import timezone
from django.utils.module_loading import import_string

from notices import hours
from notices.models import SENDER, Heartbeat, Notice
from notices.outbox import message_id

logger = logging.getLogger("workshop.notices")

BATCH = 100  # a round; after it the heart beats again
CLAIM = timedelta(minutes=10)  # longer than a mail server may take to answer
MAX_TRIES = 10  # that the mail server answered with a refusal; with growing pauses, about eight hours
MAX_BREAKS = 60  # in which it did not answer at all; about ten days
BEATS = 30  # seconds
LONGEST_PAUSE = timedelta(hours=4)


def never() -> bool:
    return False


def send_waiting(at: datetime | None = None, stopping: Callable[[], bool] = never) -> int:
    """One round: send what waits and is due, up to BATCH messages, and return how many went out.

    `stopping` is asked between two messages. A mail server that is away costs no message a try.
    """
    Heartbeat.beat(SENDER, at)
    expire(at)
    waiting = next_in_line(at)
    if not waiting:
        return 0
    connection = get_connection()
    try:
        connection.open()
        return send_all(waiting, connection, at, stopping)
    except OSError as error:  # smtplib's exceptions are OSErrors
        away(error)
        return 0
    finally:
        connection.close()


def next_in_line(at: datetime | None) -> list[int]:
    """Up to BATCH messages by number, letters last: who asked for a link waits in front of the screen."""
    is_letter = ExpressionWrapper(Q(kind=Notice.Kind.LETTER), BooleanField())
    waiting = Notice.objects.waiting(at).alias(is_letter=is_letter).order_by("is_letter", "not_before", "pk")
    return list(waiting.values_list("pk", flat=True)[:BATCH])


def send_all(
    waiting: list[int], connection: BaseEmailBackend, at: datetime | None, stopping: Callable[[], bool]
) -> int:
    """Send these one by one. A server that keeps silent ends the round, so that the heart goes on beating."""
    sent, beaten = 0, monotonic()
    for pk in waiting:
        if stopping():
            break
        if monotonic() - beaten > BEATS:
            beat(at)
            beaten = monotonic()
        try:
            sent += send_one(pk, connection, at)
        except TimeoutError as error:
            away(error)
            break
    return sent


def away(error: OSError) -> None:
    logger.warning("mail_server_away", extra={"event": {"event": "mail_server_away", "error": type(error).__name__}})


def beat(at: datetime | None = None) -> None:
    Heartbeat.beat(SENDER, at)


def expire(at: datetime | None = None) -> None:
    """Give up what is no longer of use, and forget its secrets."""
    at = at or timezone.now()
    late = Notice.objects.unsent().filter(expires_at__lte=at)
    late.filter(kind=Notice.Kind.SECRET).update(failed_at=at, error="expired", body="")
    late.update(failed_at=at, error="expired")


def send_one(pk: int, connection: BaseEmailBackend, at: datetime | None = None) -> bool:
    """Claim, send and write down one message. False if it was not sent, by this sender.

    Raises TimeoutError, the message being put off, if the mail server does not answer.
    """
    notice = claim(pk, at)
    if notice is None:
        return False
    if reason := undeliverable(notice):
        give_up(notice, reason, at)
        return False
    try:
        if notice.kind == Notice.Kind.LETTER and not is_its_turn(notice, at):
            return False
        connection.send_messages([as_mail(notice)])
    except DatabaseError:
        raise
    except Exception as error:  # a message that cannot be sent must not keep the others
        put_off(notice, error, at)
        connection.close()
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):  # smtplib hides it
            raise TimeoutError("The mail server does not answer.") from error
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


def is_its_turn(letter: Notice, at: datetime | None) -> bool:
    """Whether a claimed letter may go now. Brings its text up to date; takes it back if there is nothing left to say;
    outside the working hours of its reader it waits for the next, without a try.
    """
    at = at or timezone.now()
    zone = getattr(letter.recipient, "time_zone", settings.TIME_ZONE)
    if not hours.is_open(at, zone):
        Notice.objects.filter(pk=letter.pk).update(tries=F("tries") - 1, not_before=hours.next_open(at, zone))
        return False
    if import_string(settings.LETTER_REFRESH)(letter, at):
        return True
    withdraw(letter, at)
    return False


@transaction.atomic
def withdraw(letter: Notice, at: datetime | None = None) -> None:
    """Take back a letter that was not sent: what stands in it was not told."""
    letter.news.filter(by=None).delete()
    letter.news.update(letter=None)
    letter.withdrawn_at = at or timezone.now()
    letter.save(update_fields=["withdrawn_at"])
    logger.info("letter_withdrawn", extra={"event": {"event": "letter_withdrawn", "notice": letter.pk}})


def as_mail(notice: Notice) -> EmailMultiAlternatives:
    headers = {"Message-ID": message_id(notice), "Auto-Submitted": "auto-generated"}
    if notice.unsubscribe_url:  # RFC 8058: mail programs show a button, and press it without a question
        headers["List-Unsubscribe"] = f"<{notice.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail = EmailMultiAlternatives(notice.subject, notice.body, to=[notice.address], headers=headers)
    if notice.html:
        mail.attach_alternative(notice.html, "text/html")
    return mail


def done(notice: Notice, at: datetime | None) -> None:
    notice.sent_at, notice.error = at or timezone.now(), ""
    blank_secret(notice)
    notice.save(update_fields=["sent_at", "error", "body"])


def put_off(notice: Notice, error: Exception, at: datetime | None) -> None:
    """Try again later, after pauses that double: 1, 2, 4, … minutes. Give up after MAX_TRIES, and at once if there is
    nobody at the address.
    """
    reason = f"{type(error).__name__}: {error}"
    if bounces(error):
        notice.has_bounced = True
        return give_up(notice, reason, at)
    answered = isinstance(error, SMTPResponseException | SMTPRecipientsRefused)
    if notice.tries >= (MAX_TRIES if answered else MAX_BREAKS):
        return give_up(notice, reason, at)
    pause = min(timedelta(minutes=2 ** min(notice.tries - 1, 10)), LONGEST_PAUSE)
    notice.not_before, notice.error = (at or timezone.now()) + pause, reason[:300]
    notice.save(update_fields=["not_before", "error"])
    logger.warning(
        "notice_put_off", extra={"event": {"event": "notice_put_off", "notice": notice.pk, "tries": notice.tries}}
    )


def bounces(error: Exception) -> bool:
    """Whether the mail server said for good that it takes nothing for this address (a 5xx answer to RCPT)."""
    if not isinstance(error, SMTPRecipientsRefused):
        return False
    return bool(error.recipients) and all(500 <= code < 600 for code, _text in error.recipients.values())


def give_up(notice: Notice, reason: str, at: datetime | None) -> None:
    notice.failed_at, notice.error = at or timezone.now(), reason[:300]
    blank_secret(notice)
    notice.save(update_fields=["failed_at", "error", "body", "has_bounced"])
    logger.warning("notice_given_up", extra={"event": {"event": "notice_given_up", "notice": notice.pk}})


def blank_secret(notice: Notice) -> None:
    if notice.kind == Notice.Kind.SECRET:
        notice.body = ""
