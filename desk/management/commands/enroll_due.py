from typing import Any

from django.core.management.base import BaseCommand

from courses import asking, renewals
from notices.models import Heartbeat


class Command(BaseCommand):
    help = (
        "Enroll the people who joined a team since it was asked, and ask those again whose certificate expires within "
        "30 days. For the timer; safe to run twice and at once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Enrolled {asking.enroll_due()} people.")
        if opened := renewals.open_cycles():
            self.stdout.write(f"Asked {opened} people again.")
        Heartbeat.beat("enroll_due")
