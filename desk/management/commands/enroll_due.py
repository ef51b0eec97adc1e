from typing import Any

from django.core.management.base import BaseCommand

from courses import asking
from notices.models import Heartbeat


class Command(BaseCommand):
    help = "Enroll the people who joined a team since it was asked. For the timer; safe to run twice and at once."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Enrolled {asking.enroll_due()} people.")
        Heartbeat.beat("enroll_due")
