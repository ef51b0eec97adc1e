from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import letters
from accounts.log import record
from accounts.models import SignInSlip, User
from accounts.models.slip import grouped


class Command(BaseCommand):
    help = "Print a one-time code for somebody, superusers too: the way back in for the last person with staff rights."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("who", help="e-mail address or staff number")

    def handle(self, *args: Any, who: str, **options: Any) -> None:
        person = User.objects.active().with_sign_in_name(who).first()
        if person is None:
            raise CommandError("There is no active person with this e-mail address or staff number.")
        slip, code = SignInSlip.print_for(person, by=None)
        record("slip_printed", None, person, by="command")
        self.stdout.write(f"One-time code:  {grouped(code)}")
        self.stdout.write(f"To be used at:  {letters.link('accounts:slip')}")
        self.stdout.write(f"Valid until:    {slip.expires_at:%Y-%m-%d %H:%M} UTC")
