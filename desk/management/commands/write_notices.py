from typing import Any

from django.core.management.base import BaseCommand

from accounts import inviting
from accounts.mailing import batch_size
from desk import mailing


class Command(BaseCommand):
    help = (
        "Write the letters that are due: reminders, certificates, changed lessons, the weekly digest of managers; and "
        "go on with the invitations of many. For a timer, every ten minutes; safe to run twice and at once. "
        "`send_notices` sends them."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        invited = inviting.go_on(batch_size())
        self.stdout.write(f"Wrote {mailing.write_due()} letters and {invited} invitations.")
