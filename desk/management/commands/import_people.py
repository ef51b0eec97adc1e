from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import StagedFile, StagedRow
from desk.files import missing, steps
from desk.files.reading import NotReadable
from desk.files.refused import sentences
from desk.files.staging import stage

SHOWN = 1000  # refused rows; the staff pages have a file of all of them


class Command(BaseCommand):
    help = (
        "Bring people in from a CSV or XLSX file: says what would be done, and does it with --apply. Stopped half-way, "
        "it is safe to run again. The exit status is 1 if the file or any of its rows was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--apply", action="store_true", help="Do it; without this nothing but the look is kept.")
        parser.add_argument("--make-teams", action="store_true", help="Make teams that are not here yet.")
        parser.add_argument(
            "--leavers", action="store_true", help="With --apply, mark as leavers who is here and not in the file."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        staged = self.stage(options["file"], options["make_teams"])
        self.run_steps("Looked at", staged, steps.judge)
        self.say_what(staged)
        if options["apply"]:
            self.run_steps("Brought in", staged, steps.bring_in)
            self.say("Now done: ", staged)
        self.leavers(staged, mark=options["apply"] and options["leavers"])
        refused = staged.counts()[StagedRow.Outcome.REFUSED]
        if not options["apply"]:
            staged.delete()
            self.stdout.write("Nothing is changed yet; --apply does it.")
        if refused:
            raise CommandError(f"{refused} rows were refused. Mend them and bring them again.")

    def stage(self, path: Path, make_teams: bool) -> StagedFile:
        try:
            with path.open("rb") as file:
                return stage(file, path.name, by=None, make_teams=make_teams)
        except OSError as error:
            raise CommandError(f"{path} cannot be opened: {error.strerror}.") from error
        except NotReadable as error:
            raise CommandError(f"{path}: {error}") from error

    def run_steps(self, what: str, staged: StagedFile, step: Any) -> None:
        """Step by step, with a line of progress where somebody looks at it."""
        while step(staged):
            if self.stdout.isatty():
                now = steps.progress(StagedFile.objects.get(pk=staged.pk))
                self.stdout.write(f"\r{what} {now.done:,} of {now.total:,} rows", ending="")
                self.stdout.flush()
        staged.refresh_from_db()
        if self.stdout.isatty():
            self.stdout.write("")

    def say_what(self, staged: StagedFile) -> None:
        for row in staged.rows.filter(outcome=StagedRow.Outcome.REFUSED).order_by("number")[:SHOWN]:
            self.stderr.write(f"Row {row.number}: {'; '.join(sentences(row))}")
        if teams := staged.options.get("new_teams"):
            self.stdout.write(f"Teams to make: {', '.join(teams)}")
        self.say("In the file: ", staged)

    def say(self, what: str, staged: StagedFile) -> None:
        counts = staged.counts()
        self.stdout.write(what + ", ".join(f"{counts[one]:,} {one}" for one in StagedRow.Outcome.values if one))

    def leavers(self, staged: StagedFile, mark: bool) -> None:
        count = missing.missing(staged).count()
        self.stdout.write(f"Here but not in the file: {count:,}")
        if mark:
            self.stdout.write(f"Marked as leavers: {missing.mark_as_leavers(staged, by=None):,}")
