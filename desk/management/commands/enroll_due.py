from typing import Any

from django.core.management.base import BaseCommand

from courses.models import Assignment
from notices.models import Heartbeat


class Command(BaseCommand):
    help = "Enroll the people who joined a team since it was asked. For the timer; safe to run twice and at once."

    def handle(self, *args: Any, **options: Any) -> None:
        enrolled = sum(
            assignment.enroll_due() for assignment in Assignment.objects.select_related("team", "course", "path")
        )
        self.stdout.write(f"Enrolled {enrolled} people.")
        Heartbeat.beat("enroll_due")
