from typing import Any

from django.core.management.base import BaseCommand

from courses.again import open_cycles
from courses.models import Assignment


class Command(BaseCommand):
    help = (
        "Enroll the people who joined a team since it was asked, and ask those again whose certificate expires within "
        "30 days. For the timer; safe to run twice and at once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        enrolled = sum(
            assignment.enroll_due() for assignment in Assignment.objects.select_related("team", "course", "path")
        )
        self.stdout.write(f"Enrolled {enrolled} people.")
        if opened := open_cycles():
            self.stdout.write(f"Asked {opened} people again.")
