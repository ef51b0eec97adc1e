from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coursefiles.facts import table
from coursefiles.read import read


class Command(BaseCommand):
    help = "Print what a course folder holds, in numbers, as Markdown. Needs no database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        files = read(options["folder"])
        if files.course is None:
            raise CommandError("\n".join(map(str, files.found)))
        self.stdout.write(table(files), ending="")
