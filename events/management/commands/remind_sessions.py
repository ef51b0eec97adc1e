from typing import Any

from django.core.management.base import BaseCommand

from events import reminding


class Command(BaseCommand):
    help = "Write reminders to everybody with a seat in a live session that begins by the end of tomorrow. Safe twice."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{reminding.remind()} with a seat are reminded")
