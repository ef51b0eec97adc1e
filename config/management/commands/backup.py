from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from config import backups
from notices.models import Heartbeat


class Command(BaseCommand):
    help = "Write database and media into one file, while the site runs. The secret key is not in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to", type=Path, default=settings.DATA_DIR / "backups", help="folder; default: %(default)s"
        )
        parser.add_argument("--keep", type=int, default=0, help="keep this many, the newest, and remove older ones")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["to"]
        try:
            written = backups.back_up(folder)
        except OSError as error:
            raise CommandError(f"The backup cannot be written to {folder}: {error.strerror or error}") from error
        except Error as error:
            raise CommandError(f"The database cannot be backed up: {error}") from error
        Heartbeat.beat("backup")
        self.stdout.write(f"{written} ({written.stat().st_size / 1_000_000:.1f} MB)")
        if options["keep"] > 0:
            for old in backups.keep_newest(folder, options["keep"]):
                self.stdout.write(f"Removed {old.name}")
