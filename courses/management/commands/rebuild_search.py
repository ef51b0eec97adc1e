from typing import Any

from django.core.management.base import BaseCommand

from courses import search


class Command(BaseCommand):
    help = "Write the table that lessons are found by anew, from what is published. The site may run meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:
        count = search.rebuild()
        self.stdout.write(f"{count} lesson{'' if count == 1 else 's'} can be found by their words.")
