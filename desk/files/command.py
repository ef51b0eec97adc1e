"""What the commands that bring a file in have in common."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import StagedFile, StagedRow
from desk.files.reading import NotReadable
from desk.files.refused import sentences

SHOWN = 1000  # refused rows; the staff pages have a file of all of them


class FileCommand(BaseCommand):
    """Says what a file would do, does it with --apply, and fails if the file or any of its rows was refused."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--apply", action="store_true", help="Do it; without this nothing is kept.")

    def staged(self, path: Path, stage: Callable[..., StagedFile], **options: Any) -> StagedFile:
        """The file as rows, by the function that makes them."""
        try:
            with path.open("rb") as file:
                return stage(file, path.name, by=None, **options)
        except OSError as error:
            raise CommandError(f"{path} cannot be opened: {error.strerror}.") from error
        except NotReadable as error:
            raise CommandError(f"{path}: {error}") from error

    def say_refused(self, staged: StagedFile) -> None:
        for row in staged.rows.filter(outcome=StagedRow.Outcome.REFUSED).order_by("number")[:SHOWN]:
            self.stderr.write(f"Row {row.number}: {'; '.join(sentences(row))}")

    def say(self, what: str, staged: StagedFile) -> None:
        counts = staged.counts()
        self.stdout.write(what + ", ".join(f"{counts[one]:,} {one}" for one in StagedRow.Outcome.values if one))

    def end(self, staged: StagedFile, applied: bool) -> None:
        """Forget what was only looked at. Raises CommandError if rows were refused."""
        refused = staged.counts()[StagedRow.Outcome.REFUSED]
        if not applied:
            staged.delete()
            self.stdout.write("Nothing is changed yet; --apply does it.")
        if refused:
            raise CommandError(f"{refused} rows were refused. Mend them and bring them again.")
