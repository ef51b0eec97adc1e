from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo.company import CAST


class Command(BaseCommand):
    help = "Say who one can sign in as in the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO or settings.DEBUG):
            raise CommandError("There is no demo here: it needs DEMO=1 or DEBUG=1.")
        width = max(len(address) for address, who in CAST)
        self.stdout.write(f"Sign in with the password “{settings.DEMO_PASSWORD}” as one of:")
        for address, who in CAST:
            self.stdout.write(f"  {address:<{width}}  {who}")
