"""A year of a company, to count the mail its people get. `python -m tests.simulate_year` prints it for docs/notices.md.

People join, move, leave and are away; lessons are published anew; managers remind; live sessions are planned, moved and
called off; the mail server is down for two days. Each letter is held to the rules at the moment it goes.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import time_machine

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
ZONES = ["Europe/Paris"] * 7 + ["Europe/Lisbon", "America/New_York", "Asia/Tokyo"]
BUCKETS = [(0, 0), (1, 5), (6, 10), (11, 15), (16, 20), (21, 30), (31, 40), (41, 60), (61, 999)]


@dataclass
class Year:
    people: int = 300
    days: int = 364
    hours: tuple[int, ...] = (1, 8, 11, 15, 20)  # when the commands run; in life every ten minutes
    seed: int = 6
    down: tuple[int, int] = (75, 77)  # days in which the mail server is away
    broken: list[str] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    by_kind: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.diligence: dict[int, float] = {}
        self.joined = 0

    # --- The company ---

    def build(self) -> None:
        from accounts.models import Team
        from tests.builders import make_course

        self.company = Team.add("Company")
        self.shops = [Team.add(f"Shop {number}", self.company) for number in range(max(2, self.people // 15))]
        self.courses = [make_course("service", modules=2, readings=4, quiz=False)]
        for shop in self.shops:
            self.join(shop, "manager")
        while self.joined < self.people:
            self.join(self.random.choice(self.shops))

    def join(self, shop, role: str = "member") -> None:
        from accounts.models import Membership, User

        self.joined += 1
        name = f"Person {self.joined}"
        has_mail = role == "manager" or self.random.random() > 0.1
        person = User.objects.create(
            name=name,
            email=f"p{self.joined}@example.com" if has_mail else None,
            staff_number=str(self.joined),
            time_zone=self.random.choice(ZONES),
            mail_reminders=self.random.random() > 0.1,
            mail_digest=self.random.random() > 0.1,
        )
        Membership.objects.create(team=shop, user=person, role=role, is_home=True)
        self.diligence[person.pk] = self.random.choice([0, 0.02, 0.1, 0.2, 0.3, 0.5])

    def ask(self, course, at: datetime, **due) -> None:
        from courses.models import Assignment

        Assignment.objects.create(team=self.company, course=course, path=course.paths.get(), created_at=at, **due)

    # --- A day ---

    def live(self, day: int, at: datetime) -> None:
        from accounts.models import Membership, User
        from courses.models import Assignment, Enrollment
        from tests.builders import make_course

        if day == 0:
            self.ask(self.courses[0], at, due_days=45)
        if day == self.days * 2 // 3:
            self.courses.append(make_course("phone", modules=1, readings=3, quiz=False))
            self.ask(self.courses[1], at, due_on=(at + timedelta(days=40)).date())
        people = list(User.objects.active().order_by("pk"))
        if day % 7 == 3:  # Thursdays: somebody comes, goes, moves, is away
            for _number in range(max(1, self.people // 150)):
                self.join(self.random.choice(self.shops))
                self.random.choice(people).leave(at)
                moved = Membership.objects.filter(user=self.random.choice(people), role="member").first()
                if moved:
                    Membership.objects.filter(pk=moved.pk).update(team=self.random.choice(self.shops))
                away = Enrollment.objects.filter(user=self.random.choice(people), completed_at=None).first()
                if away and not away.paused_at:
                    Enrollment.objects.filter(pk=away.pk).update(paused_at=at)
        if day % 7 == 1:
            for back in Enrollment.objects.filter(paused_at__lt=at - timedelta(days=self.random.randint(14, 56))):
                due_on = back.due_on and back.due_on + (at - back.paused_at)
                Enrollment.objects.filter(pk=back.pk).update(paused_at=None, due_on=due_on)
        for assignment in Assignment.objects.all():
            assignment.enroll_due(at)
        self.publish(day, at)
        self.meet(day, at)
        if at.weekday() < 5:
            self.learn(at)
        if day % 7 == 3:
            self.nudge(at)

    def publish(self, day: int, at: datetime) -> None:
        from courses import publishing
        from courses.models import LessonRevision

        redo = {self.days // 3: 0, self.days * 3 // 4: 1}
        announce = {self.days * step // 6: 2 for step in (1, 3, 5)}
        for found, effect in ((redo, LessonRevision.Effect.REDO), (announce, LessonRevision.Effect.ANNOUNCE)):
            if day in found:
                lesson = self.courses[0].lessons.in_order()[found[day]]
                revision = lesson.add_revision(title=lesson.title, body=f"Text of day {day}.", note="It says more.")
                publishing.publish(revision, effect, at=at)

    def meet(self, day: int, at: datetime) -> None:
        """Every eight weeks a live session is planned for three weeks later, with seats for one in ten.

        One in five wants to come, some cancel; of four the third is moved by a day, the fourth called off.
        """
        from accounts.models import User
        from events import changing, registering
        from events.models import LiveSession
        from tests.builders import make_live_session

        number, since = divmod(day, 56)
        with time_machine.travel(at, tick=False):
            everybody = list(User.objects.active().order_by("pk"))
            if since == 8:
                starts = at + timedelta(days=21, hours=9)
                seats = max(2, self.people // 10)
                session = make_live_session(f"Session {number}", starts, teams=[self.company], seats=seats)
                for person in self.random.sample(everybody, len(everybody) // 5):
                    registering.register(session, person, at)
            session = LiveSession.objects.coming(at).order_by("starts_at").first()
            if session and since == 15:
                for place in self.random.sample(list(session.seated()), len(session.seated()) // 10):
                    registering.cancel(session, place.user, at)
            if session and since == 22 and number % 4 == 2:
                session.starts_at += timedelta(days=1)
                session.ends_at += timedelta(days=1)
                changing.save(session, [self.company], [], everybody[0], at)
            if session and since == 22 and number % 4 == 3:
                changing.cancel(session, everybody[0], at)

    def learn(self, at: datetime) -> None:
        """Everybody as diligent as they are; who is away learns nothing."""
        from django.db.models import F, Q

        from courses import progress
        from courses.models import Completion, Enrollment, Lesson

        to_do = Q(completed_at=None) | Q(current_at__lt=F("path__redo_at"))
        for enrollment in Enrollment.objects.filter(to_do, user__is_active=True, paused_at=None).order_by("pk"):
            if self.random.random() > self.diligence[enrollment.user_id]:
                continue
            done = enrollment.completions.counting().values("lesson")
            steps = enrollment.required_steps().exclude(lesson__in=done).order_by("position").values("lesson")[:1]
            lesson = Lesson.objects.filter(pk__in=list(steps.values_list("lesson", flat=True)))
            for one in lesson.select_related("published_revision"):
                progress.complete_lesson(enrollment, one, one.published_revision, Completion.How.READ, at=at)

    def nudge(self, at: datetime) -> None:
        """A third of the managers remind who is late, every week."""
        from accounts.models import User
        from courses import nudging
        from courses.models import Enrollment

        for manager in User.objects.active().filter(memberships__role="manager").order_by("pk"):
            if self.random.random() < 0.33:
                late = Enrollment.objects.current().overdue(at).filter(user__in=User.objects.managed_by(manager))
                nudging.remind(manager, late, at)

    # --- The commands, and what goes out ---

    def run(self) -> None:
        from desk import mailing
        from events import reminding
        from notices import sending

        self.build()
        for day in range(self.days):
            at = START + timedelta(days=day)
            self.live(day, at + timedelta(hours=5))
            for hour in self.hours if at.weekday() < 5 else self.hours[1:2]:
                now = at + timedelta(hours=hour, minutes=30)
                mailing.write_due(now)
                if hour == self.hours[0]:
                    with time_machine.travel(now, tick=False):
                        reminding.remind(now)
                if not self.down[0] <= day < self.down[1]:
                    while sending.send_waiting(now):
                        pass
                    self.check(now)

    def check(self, at: datetime) -> None:
        """Hold what went out at this moment to the rules."""
        from notices.models import News, Notice

        new = Notice.objects.letters().filter(sent_at=at).select_related("recipient")
        for letter in new.prefetch_related("news"):
            person = letter.recipient
            there = at.astimezone(ZoneInfo(person.time_zone))
            if there.weekday() > 4 or not 9 <= there.hour < 17:
                self.broken.append(f"{letter} to {person} at {there}")
            if not person.is_active or letter.address != person.email:
                self.broken.append(f"{letter} to {person}, who is not there")
            about = {News.Kind.ASKED, News.Kind.REMINDER, News.Kind.NUDGE, News.Kind.REDO}
            for news in letter.news.all():
                self.by_kind[news.kind] += 1
                if news.kind in about and not self.may_hear(news.about):
                    self.broken.append(f"{letter} about {news.about}")
            self.seen.add(letter.pk)

    def may_hear(self, pk: int) -> bool:
        from courses.models import Enrollment

        one = Enrollment.objects.select_related("path").get(pk=pk)
        asked = not (one.paused_at or one.excused_at or one.withdrawn_at)
        return asked and (not one.is_complete or self.is_to_be_redone(one))

    def is_to_be_redone(self, enrollment) -> bool:
        done, total = enrollment.progress()
        return done < total

    def sent(self) -> dict[int, list[tuple[datetime, bool]]]:
        """By person all mails, in order: when, and whether it was a letter, which waits for its turn."""
        from accounts.models import User
        from notices.models import Notice

        found: dict[int, list[tuple[datetime, bool]]] = {pk: [] for pk in User.objects.values_list("pk", flat=True)}
        mails = Notice.objects.exclude(sent_at=None).order_by("sent_at", "pk")
        for person, at, kind in mails.values_list("recipient", "sent_at", "kind"):
            found[person].append((at, kind == Notice.Kind.LETTER))
        return found

    def shortest_gap(self) -> timedelta:
        """Between a letter and the mail before it. What is said about a session waits for nothing."""
        pairs = [pair for mails in self.sent().values() for pair in pairwise(mails)]
        return min((at - before for (before, _), (at, is_letter) in pairs if is_letter), default=timedelta.max)

    def about_sessions(self) -> int:
        return sum(not is_letter for mails in self.sent().values() for _at, is_letter in mails)

    def untold_certificates(self) -> int:
        """Certificates of people with mail that were never told, though there was a week for it. None should be."""
        from courses.models import Certificate
        from notices.models import News

        end = START + timedelta(days=self.days)
        told = News.objects.told().filter(kind="certificate").values("about")
        old = Certificate.objects.filter(issued_at__lt=end - timedelta(days=9), enrollment__user__email__isnull=False)
        return old.filter(enrollment__user__is_active=True).exclude(pk__in=told).count()

    def what_came(self, person: int) -> str:
        """What was told to a person, by kind: “52 digest, 6 reminder”."""
        from notices.models import News

        news = News.objects.filter(recipient=person, letter__sent_at__isnull=False)
        told = Counter(news.values_list("kind", flat=True))
        told["session"] = sum(not is_letter for _at, is_letter in self.sent()[person])
        return ", ".join(f"{n} {kind}" for kind, n in told.most_common() if n)

    # --- The page ---

    def histogram(self) -> str:
        from accounts.models import Membership, User

        with_mail = set(User.objects.filter(email__isnull=False).values_list("pk", flat=True))
        managers = set(Membership.objects.managing().values_list("user", flat=True))
        sent = self.sent()
        counts = {pk: len(times) for pk, times in sent.items() if pk in with_mail}
        lines = ["| mails in the year | people | | managers among them |", "|---|---:|---|---:|"]
        for low, high in BUCKETS:
            people = [pk for pk, n in counts.items() if low <= n <= high]
            name = str(low) if low == high else f"{low} to {high}" if high < 999 else f"more than {low - 1}"
            bar = "█" * -(-len(people) * 40 // max(1, len(counts)))
            lines.append(f"| {name} | {len(people)} | {bar} | {len(managers & set(people))} |")
        values = sorted(counts.values())
        shares = [values[len(values) // 2], values[len(values) * 95 // 100], values[-1]]
        facts = {
            "people in the year: with mail / without": f"{len(with_mail)} / {len(sent) - len(with_mail)}",
            "mails": sum(values),
            "of them about a live session": self.about_sessions(),
            "mails a person: median / 95 % / most": " / ".join(map(str, shares)),
            "shortest time from a mail to the next letter": f"{self.shortest_gap() // timedelta(hours=1)} hours",
            "letters against a rule": len(self.broken),
            "certificates not told within nine days": self.untold_certificates(),
        }
        facts |= {f"told: {kind}": n for kind, n in sorted(self.by_kind.items())}
        busiest = sorted(counts, key=lambda pk: (-counts[pk], pk))[:3]
        facts["most mails"] = "; ".join(f"{counts[pk]}: {self.what_came(pk)}" for pk in busiest)
        lines += ["", "| | |", "|---|---:|", *[f"| {name} | {value} |" for name, value in facts.items()]]
        return "\n".join(lines)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.db import transaction
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    try:
        with transaction.atomic():
            year = Year(*[int(word) for word in sys.argv[1:]])
            year.run()
            sys.stdout.write(year.histogram() + "\n")
            sys.stdout.write("\n".join(year.broken[:20]))
    finally:
        teardown_databases(made, verbosity=0)


if __name__ == "__main__":
    main()
