from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from accounts.models import StagedFile
from desk.files import missing, steps
from desk.files.command import FileCommand
from desk.files.staging import stage


class Command(FileCommand):
    help = (
        "Bring people in from a CSV or XLSX file: says what would be done, and does it with --apply. Stopped half-way, "
        "it is safe to run again. The exit status is 1 if the file or any of its rows was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--make-teams", action="store_true", help="Make teams that are not here yet.")
        parser.add_argument(
            "--leavers", action="store_true", help="With --apply, mark as leavers who is here and not in the file."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        staged = self.staged(options["file"], stage, make_teams=options["make_teams"])
        self.run_steps("Looked at", staged, steps.judge)
        self.say_refused(staged)
        if teams := staged.options.get("new_teams"):
            self.stdout.write(f"Teams to make: {', '.join(teams)}")
        self.say("In the file: ", staged)
        if options["apply"]:
            self.run_steps("Brought in", staged, steps.bring_in)
            self.say("Now done: ", staged)
        self.leavers(staged, mark=options["apply"] and options["leavers"])
        self.end(staged, options["apply"])

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

    def leavers(self, staged: StagedFile, mark: bool) -> None:
        count = missing.missing(staged).count()
        self.stdout.write(f"Here but not in the file: {count:,}")
        if mark:
            self.stdout.write(f"Marked as leavers: {missing.mark_as_leavers(staged, by=None):,}")
