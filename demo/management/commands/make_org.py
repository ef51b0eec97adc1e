from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models.functions import Length

from accounts.models import Membership, Team
from accounts.models.team import STEP
from courses.models import Course
from demo import org
from demo.management.commands.make_demo import COURSE


class Command(BaseCommand):
    help = "Make a large organization to try things on: teams in four levels, people, what they learned."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--people", type=int, default=100_000, help="How many, from 200 to 1,000,000.")
        parser.add_argument("--seed", type=int, default=1, help="The same seed makes the same organization.")

    def handle(self, *args: Any, people: int, seed: int, **options: Any) -> None:
        if not (settings.DEMO or settings.DEBUG):
            raise CommandError("The organization has a well-known password. It is made only with DEMO=1 or DEBUG=1.")
        if not org.FEWEST <= people <= org.MOST:
            raise CommandError(f"--people must be from {org.FEWEST} to {org.MOST}.")
        if org.exists():
            self.stdout.write("The organization is there already; nothing was changed.")
            return
        course = Course.objects.filter(key=COURSE).first()
        if course is None:
            raise CommandError(f"Load the course first: manage.py load_course content/{COURSE}")
        company = org.make(course, people, seed, say=self.say)
        self.stdout.write(f"Made {people} people in {Team.objects.under(company).count()} teams.")
        self.stdout.write(f"Sign in with the password “{settings.DEMO_PASSWORD}” as a manager, for example:")
        for place in self.managers(company):
            self.stdout.write(f"  {place.user.email}  {place.team}")

    def say(self, text: str) -> None:
        """Progress, on one line."""
        if self.stdout.isatty():
            self.stdout.write(f"\r{text:<40}", ending="\r")

    def managers(self, company: Team) -> list[Membership]:
        """One of each level of the tree who can sign in."""
        places = Membership.objects.managing().in_teams(company).annotate(length=Length("team__path"))
        places = places.filter(user__last_login__isnull=False).select_related("user", "team").order_by("pk")
        found = [places.filter(length=company.depth * STEP + level * STEP).first() for level in range(4)]
        return [place for place in found if place]
