from typing import Any

from django.core.management.base import BaseCommand

from desk import mailing


class Command(BaseCommand):
    help = (
        "Write the letters that are due: reminders, certificates, changed lessons, the weekly digest of managers. For "
        "a timer, every ten minutes; safe to run twice and at once. `send_notices` sends them."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Wrote {mailing.write_due()} letters.")
