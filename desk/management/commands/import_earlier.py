from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import StagedFile, StagedRow
from desk.files import earlier
from desk.files.reading import NotReadable
from desk.files.refused import sentences
from desk.files.staging import stage_earlier

SHOWN = 1000  # refused rows; the staff pages have a file of all of them


class Command(BaseCommand):
    help = (
        "Credit what people did in another system, from a CSV or XLSX file: says what would be credited, and does it "
        "with --apply. Safe to run again. The exit status is 1 if the file or any of its rows was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--apply", action="store_true", help="Do it; without this nothing is kept.")

    def handle(self, *args: Any, **options: Any) -> None:
        staged = self.stage(options["file"])
        while earlier.judge(staged):
            pass
        for row in staged.rows.filter(outcome=StagedRow.Outcome.REFUSED).order_by("number")[:SHOWN]:
            self.stderr.write(f"Row {row.number}: {'; '.join(sentences(row))}")
        self.say("In the file: ", staged)
        if options["apply"]:
            while earlier.bring_in(staged):
                pass
            self.say("Now done: ", staged)
        refused = staged.counts()[StagedRow.Outcome.REFUSED]
        if not options["apply"]:
            staged.delete()
            self.stdout.write("Nothing is changed yet; --apply does it.")
        if refused:
            raise CommandError(f"{refused} rows were refused. Mend them and bring them again.")

    def stage(self, path: Path) -> StagedFile:
        try:
            with path.open("rb") as file:
                return stage_earlier(file, path.name, by=None)
        except OSError as error:
            raise CommandError(f"{path} cannot be opened: {error.strerror}.") from error
        except NotReadable as error:
            raise CommandError(f"{path}: {error}") from error

    def say(self, what: str, staged: StagedFile) -> None:
        counts = staged.counts()
        self.stdout.write(what + ", ".join(f"{counts[one]:,} {one}" for one in StagedRow.Outcome.values if one))
