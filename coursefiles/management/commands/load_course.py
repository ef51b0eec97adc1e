from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coursefiles.findings import CourseError
from coursefiles.load import load_course


class Command(BaseCommand):
    help = "Make the database say what a course folder says. Changes nothing where nothing changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--force", action="store_true", help="let the files win over edits on the site")
        parser.add_argument("--retire", action="store_true", help="take out what is no longer in the files")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        begun = monotonic()
        asked = {name: options[name] for name in ("force", "retire", "dry_run")}
        try:
            report = load_course(options["folder"], **asked)
        except CourseError as error:
            count = len(error.findings)
            raise CommandError(f"{error}\nNothing was loaded: {count} to mend.") from error
        if options["dry_run"]:
            self.stdout.write("Only looked; nothing is changed. A load would say:")
        for line in report.lines():
            self.stdout.write(line)
        self.stdout.write(f"It took {monotonic() - begun:.1f} seconds.")
