"""What the people of the demo company were written in the last weeks: by the same rules, and sent to nobody."""

from __future__ import annotations

from datetime import datetime

from django.core.mail import get_connection

from demo.moments import moment
from desk import mailing
from notices import hours, sending
from notices.models import Notice

DAYS_AGO = (24, 20, 17, 13, 10, 6, 3)
NOWHERE = "django.core.mail.backends.dummy.EmailBackend"


def make(now: datetime) -> None:
    """Write what was due in those days and count it as sent; then what is due now, which the sender takes."""
    connection = get_connection(NOWHERE)
    for days in DAYS_AGO:
        at = moment(now, days, 10)
        if hours.is_open(at, str(at.tzinfo)):
            mailing.write_due(at)
            for pk in Notice.objects.letters().waiting(at).values_list("pk", flat=True):
                sending.send_one(pk, connection, at)
    mailing.write_due(now)
