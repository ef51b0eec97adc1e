"""What the people of the demo company were written in the last weeks: by the same rules, and sent to nobody."""

from __future__ import annotations

from datetime import datetime

from demo.moments import moment
from desk import mailing
from notices import hours, sending
from notices.models import Notice

DAYS_AGO = (20, 13, 6, 3)


def make(now: datetime) -> None:
    """Write what was due in those days and note it as sent; then what is due now, which the sender takes."""
    for days in DAYS_AGO:
        at = moment(now, days, 10)
        at = hours.next_open(at, str(at.tzinfo))
        mailing.write_due(at)
        for notice in Notice.objects.letters().waiting(at):
            notice.tries = 1
            notice.save(update_fields=["tries"])
            sending.done(notice, at)
    mailing.write_due(now)
