from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import SignInSlip, StagedFile, StagedRow, Throttle
from notices import outbox
from notices.models import Heartbeat

THROTTLES = timedelta(days=1)
ROWS = timedelta(days=30)  # people's data; the audit list keeps the numbers
SLIPS = timedelta(days=30)  # the log keeps that one was printed


class Command(BaseCommand):
    help = "Delete what has served its time: ended sessions, old counts of tries, slips, secrets. For a daily timer."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("clearsessions")
        for what, count in tidy().items():
            self.stdout.write(f"{count} {what} deleted")
        Heartbeat.beat("tidy")


def tidy(at: datetime | None = None) -> dict[str, int]:
    """Delete and count; two at once do no harm."""
    at = at or timezone.now()
    throttles, _models = Throttle.objects.filter(since__lt=at - THROTTLES).delete()
    slips, _models = SignInSlip.objects.filter(expires_at__lt=at - SLIPS).delete()
    brought = StagedFile.objects.annotate(done=Coalesce("applied_at", "at")).filter(done__lt=at - ROWS)
    rows, _models = StagedRow.objects.filter(file__in=brought).delete()
    return {"rows of files": rows, "counts of tries": throttles, "sign-in slips": slips, "messages": outbox.tidy(at)}
