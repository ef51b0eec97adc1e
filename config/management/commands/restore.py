from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from config import backups


class Command(BaseCommand):
    help = "Put a backup in the place of the present data, or only prove that it could be (--verify)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--verify", action="store_true", help="restore into a scratch place and compare; change nothing"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before replacing the present data")

    def handle(self, *args: Any, **options: Any) -> None:
        with backups.opened(options["file"]) as (folder, says):
            try:
                backups.check_fits(says)
                counts = backups.verify(folder, says)
                self.say_verified(says, counts)
                if not options["verify"]:
                    self.replace(folder, says, options["yes"])
            except Error as error:
                raise CommandError(f"The database does not take it: {error}") from error

    def say_verified(self, says: dict[str, Any], counts: backups.Counts) -> None:
        people, files = counts.get("accounts_user", 0), len(says["sha256"]) - 1
        self.stdout.write(
            f"The backup of {says['made_at']} (version {says['version']}) is whole: "
            f"{sum(counts.values())} rows in {len(counts)} tables, {people} people, {files} media files."
        )

    def replace(self, folder: Path, says: dict[str, Any], sure: bool) -> None:
        name = connection.settings_dict["NAME"]
        if not sure:
            answer = input(f"Everything in {name} is replaced by this backup. Type yes to go on: ")
            if answer.strip().lower() != "yes":
                raise CommandError("Nothing was changed.")
        backups.restore(folder, says)
        self.stdout.write(f"Restored into {name}.")
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("The backup is of an older version. Now run: manage.py migrate")
