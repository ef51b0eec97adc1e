from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import User
from desk.roles import ROLES, set_roles, sync_roles


class Command(BaseCommand):
    help = (
        "Create a person who may use the staff pages: an operator, or with --role the first HR person or editor. "
        "Prints a one-time code with which they choose a password, or asks for a password here."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="the person's name")
        parser.add_argument("--email", help="the address they sign in with")
        parser.add_argument("--staff-number", help="the number they sign in with, instead or as well")
        parser.add_argument(
            "--role",
            action="append",
            choices=list(ROLES),
            help="may be given more than once; Operators",
        )
        parser.add_argument("--superuser", action="store_true", help="may do everything; not needed for daily work")
        parser.add_argument("--ask-password", action="store_true", help="ask for a password instead of printing a code")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User(
            name=options["name"],
            email=options["email"],
            staff_number=options["staff_number"],
            is_superuser=options["superuser"],
        )
        person.set_unusable_password()
        check(person.full_clean)
        if options["ask_password"]:
            person.set_password(self.ask_password(person))
        with transaction.atomic():  # only now: the site goes on while somebody types a password
            person.save()
            sync_roles()  # they are there unless somebody flushed the database
            set_roles(person, options["role"] or ["Operators"])
        self.stdout.write(self.style.SUCCESS(f"{person.name} signs in with {person.sign_in_name}."))
        if not options["ask_password"]:
            call_command("print_slip", person.sign_in_name, stdout=self.stdout)

    def ask_password(self, person: User) -> str:
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Once more: "):
            raise CommandError("The two passwords differ.")
        check(lambda: validate_password(password, person))
        return password


def check(clean: Any) -> None:
    """Run a check; what it finds wrong ends the command with its sentences."""
    try:
        clean()
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
