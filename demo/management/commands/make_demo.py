from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from courses.models import Course
from demo import story

COURSE = "customer-service"


class Command(BaseCommand):
    help = "Make the demo company: its people, teams and what they have learned. A second run changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO or settings.DEBUG):
            raise CommandError("The demo has well-known passwords. It is made only with DEMO=1 or DEBUG=1.")
        if story.exists():
            self.stdout.write("The demo company is there already; nothing was changed.")
            return
        course = Course.objects.filter(key=COURSE).first()
        if course is None:
            raise CommandError(f"Load the course first: manage.py load_course content/{COURSE}")
        count = story.make(course)
        self.stdout.write(f"Made the demo company: {count} people. manage.py demo_people says who can sign in.")
