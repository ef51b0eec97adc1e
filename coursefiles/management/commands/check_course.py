from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coursefiles.check import check
from coursefiles.findings import errors
from coursefiles.quality.bars import below
from coursefiles.read import read


class Command(BaseCommand):
    help = "Say what is wrong in a course folder, by file and line. Needs no database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--sources", type=Path, help="a folder of texts the course must not repeat 8 words of")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sources"] and not options["sources"].is_dir():
            raise CommandError(f"There is no folder {options['sources']}.")
        files = read(options["folder"])
        found = sorted({*check(files), *below(files, options["sources"])})
        for finding in found:
            self.stdout.write(str(finding))
        wrong = len(errors(found))
        pool = sum(len(lesson.questions) for lesson in files.lessons.values())
        self.stdout.write(
            f"{len(files.modules)} modules, {len(files.lessons)} lessons with a file, {pool} questions, "
            f"{len(files.diagrams)} diagrams: {wrong} errors, {len(found) - wrong} warnings."
        )
        if wrong:
            raise CommandError("There are errors to mend.")
