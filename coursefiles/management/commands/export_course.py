from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coursefiles.export import export_course
from coursefiles.findings import CourseError


class Command(BaseCommand):
    help = "Write a course, with what was edited on the site, into a folder of course files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="the key of the course, such as customer-service")
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            names = export_course(options["key"], options["folder"])
        except CourseError as error:
            raise CommandError(error.findings[0].text) from error
        except OSError as error:
            raise CommandError(f"The folder cannot be written: {error}") from error
        self.stdout.write(
            f"Wrote {len(names)} files to {options['folder']}. Run check_course on it before you load it."
        )
