from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from courses.models import Bundle
from desk.retention import retain
from notices.models import Heartbeat


class Command(BaseCommand):
    help = (
        "Forget the answers of people who left RETAIN_ANSWERS_MONTHS ago, and erase those who left "
        "RETAIN_RECORD_MONTHS ago. Forget the files of courses that nobody brought in within a week. For the nightly "
        "timer; safe to run twice and at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many people it would touch")

    def handle(self, *args: Any, dry_run: bool = False, **options: Any) -> None:
        done = retain(dry_run=dry_run)
        would = "would be " if dry_run else ""
        self.stdout.write(f"Answers of {done.forgotten} people {would}forgotten; {done.erased} people {would}erased.")
        if done.administrators:
            self.stdout.write(f"{done.administrators} administrators left alone: take their rights from them first.")
        if not dry_run:
            if old := Bundle.objects.forget_old():
                self.stdout.write(f"{old} files of courses forgotten that nobody brought in.")
            Heartbeat.beat("retain")
