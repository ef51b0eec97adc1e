"""A large organization in bulk: four levels of teams, people in them, and what HR asked of them. Its learning is in
demo/learning.py.

One source of chance, so that a seed always gives the same organization; days are counted back from today. People are
made area by area, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, reset_queries, transaction
from django.utils import timezone

from accounts.models import Membership, Team, User
from accounts.models.team import STEP
from courses import changes
from courses.models import Assignment, Course, Enrollment, EnrollmentChange, Path
from demo.company import slug
from demo.learning import Learner, Learning
from demo.names import CITIES, FIRST, LAST, PLACES, REGIONS
from demo.slots import Slots

COMPANY = "Alba Group"
FEWEST = 200
MOST = 1_000_000
OF_A_TEAM = (14, 26)  # people, the manager among them; twenty on average
TEAMS_OF_AN_AREA, AREAS_OF_A_REGION = 12, 10
FIRST_NUMBER = 100_001
MARK = "ORG-"  # external ids begin with it
LONGEST_AGO = 120  # working days
BATCH = 1000

# What teams of a path are called, and how common they are.
KINDS = {
    "shop-floor": ("Shop", 60),
    "phone": ("Phone team", 12),
    "chat-and-mail": ("Chat team", 7),
    "back-office": ("Office", 8),
    "full": ("Store", 5),
    "team-lead": ("Supervisors", 2),
    "first-shift": ("Seasonal team", 4),
    "refresher": ("Experienced team", 2),
}


@dataclass
class Place:
    """A team to be, and how many people are in it. An area asks its path of everybody in it and below."""

    team: Team
    size: int = 1
    path: Path | None = None
    assignment: Assignment | None = None
    below: list[Place] = field(default_factory=list)


@dataclass
class Newcomer:
    """A person to be, with their place; `joined`, `left` and `seen` are slots of working time, None for never."""

    user: User
    team: Team
    manages: bool
    joined: int
    left: int | None
    also: Team | None
    learner: Learner | None = None


def exists() -> bool:
    return User.objects.filter(external_id__startswith=MARK).exists()


@transaction.atomic
def make(
    course: Course,
    people: int,
    seed: int = 1,
    now: datetime | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Team:
    """Create the organization and what its people learned; returns its topmost team. All of it or nothing."""
    now = now or timezone.now()
    chance = Random(seed)  # noqa: S311  # the same organization each time is what it is for
    slots = Slots(now)
    company = _make_teams(course, people, chance)
    _assign(course, company, slots, chance)
    learning = Learning(course, slots, chance)
    maker = _Maker(chance, slots, learning)
    made = 0
    with learning.tables():
        for place in _parts(company):
            for batch in _batches(maker.newcomers(place), BATCH):
                maker.save(batch)
                made += len(batch)
                say(f"{made} of {people} people")
            reset_queries()  # DEBUG keeps them
        say("what they learned …")
        learning.play()
    _set_some_aside(company.team, now)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return company.team


def _set_some_aside(team: Team, now: datetime) -> None:
    """HR excused, paused or withdrew one in thirty of those who have something left to do."""
    hr = User.objects.in_teams(team).filter(is_active=True).order_by("pk")[0]
    unfinished = Enrollment.objects.unfinished().filter(user__in=User.objects.in_teams(team))
    chosen = list(unfinished.order_by("pk").values_list("pk", flat=True)[::30])
    excused, paused, withdrawn = (Enrollment.objects.filter(pk__in=chosen[first::3]) for first in range(3))
    changes.excuse(excused, hr, EnrollmentChange.Excuse.ABSENCE, at=now)
    changes.pause(paused, hr, "Parental leave", at=now)
    changes.withdraw(withdrawn, hr, "Asked by mistake", at=now)


def _batches(source: Iterator[Newcomer], size: int) -> Iterator[list[Newcomer]]:
    while batch := list(islice(source, size)):
        yield batch


# --- Teams -----------------------------------------------------------------------------------------------------------


def _make_teams(course: Course, people: int, chance: Random) -> Place:
    """The tree, with the number of people of each team adding up to `people`."""
    sizes = _sizes(people, course.paths.count(), chance)
    areas = _areas(list(course.paths.order_by("pk")), sizes, chance)
    company = Place(Team.add(COMPANY))
    regions = max(2, round(len(areas) / AREAS_OF_A_REGION))
    for number in range(regions):
        name = REGIONS[number % len(REGIONS)] + (f" {number // len(REGIONS) + 1}" if number >= len(REGIONS) else "")
        company.below.append(Place(_child(company.team, number, f"Region {name}"), below=areas[number::regions]))
    used: dict[str, int] = {}
    for region in company.below:
        for number, area in enumerate(region.below):
            _name_area(region, area, number, used, chance)
    spare = people - sum(place.size for place in _walk(company))
    company.below[0].below[0].below[0].size += spare
    for batch in (company.below, *(r.below for r in company.below), *(a.below for r in company.below for a in r.below)):
        Team.objects.bulk_create([place.team for place in batch])
    return company


def _sizes(people: int, paths: int, chance: Random) -> list[int]:
    """How many people each team has, with some left over for those who lead."""
    leaders = 1 / TEAMS_OF_AN_AREA + 1 / TEAMS_OF_AN_AREA / AREAS_OF_A_REGION  # of areas and regions, for each team
    left = float(people - 3 - paths)
    sizes: list[int] = []
    while left > OF_A_TEAM[0]:
        sizes.append(min(chance.randint(*OF_A_TEAM), int(left)))
        left -= sizes[-1] + leaders
    return sizes


def _areas(paths: list[Path], sizes: list[int], chance: Random) -> list[Place]:
    """Areas of one kind each, so that HR can ask an area; every path of the course has one."""
    count = max(len(paths), round(len(sizes) / TEAMS_OF_AN_AREA))
    weights = [KINDS.get(path.key, ("", 3))[1] for path in paths]
    kinds = [*paths, *chance.choices(paths, weights, k=count - len(paths))]
    return [
        Place(Team(), path=path, below=[Place(Team(), size=size) for size in sizes[number::count]])
        for number, path in enumerate(kinds)
    ]


def _name_area(region: Place, area: Place, number: int, used: dict[str, int], chance: Random) -> None:
    kind = KINDS.get(area.path.key, ("Team", 3))[0] if area.path else "Team"
    city = chance.choice(CITIES)
    area.team = _child(region.team, number, _unused(f"Area {city}", used))
    for place, one in enumerate(area.below):
        name = f"{kind} {city} {PLACES[place % len(PLACES)]}"
        one.team = _child(area.team, place, _unused(name, used))


def _unused(name: str, used: dict[str, int]) -> str:
    used[name] = used.get(name, 0) + 1
    return name if used[name] == 1 else f"{name} {used[name]}"


def _child(parent: Team, number: int, name: str) -> Team:
    return Team(name=name, path=f"{parent.path}{number + 1:0{STEP}d}")


def _walk(place: Place) -> Iterator[Place]:
    yield place
    for below in place.below:
        yield from _walk(below)


def _parts(company: Place) -> Iterator[Place]:
    """The head of the company and of each region alone, then each area with its teams: what is made at a time."""
    yield Place(company.team)
    for region in company.below:
        yield Place(region.team)
        yield from region.below


def _assign(course: Course, company: Place, slots: Slots, chance: Random) -> None:
    """HR asked each area for its path: some within days after joining, some by a day."""
    by = User.objects.active().filter(groups__name="HR").order_by("pk").first()
    areas = [area for region in company.below for area in region.below]
    for area in areas:
        day = chance.randint(5, LONGEST_AGO - 5)
        by_day = chance.random() < 0.3
        area.assignment = Assignment(
            team=area.team,
            course=course,
            path=area.path or course.paths.get(is_default=True),
            due_days=None if by_day else chance.choice([30, 45, 60]),
            due_on=slots.day(slots.morning(day)) + timedelta(days=chance.randint(30, 75)) if by_day else None,
            created_at=slots.at(slots.morning(day)),
            created_by=by,
        )
    Assignment.objects.bulk_create(filter(None, (area.assignment for area in areas)), batch_size=BATCH)


# --- People ----------------------------------------------------------------------------------------------------------


class _Maker:
    """Makes people one after another, and saves them by the thousand."""

    def __init__(self, chance: Random, slots: Slots, learning: Learning) -> None:
        self.chance, self.slots, self.learning = chance, slots, learning
        self.password = make_password(settings.DEMO_PASSWORD)  # once: to hash one takes longer than to make a person
        self.number = FIRST_NUMBER - 1

    def newcomers(self, place: Place) -> Iterator[Newcomer]:
        """Everybody of a place and of the teams below it; the first of each team manages it."""
        teams = [place, *place.below]
        for one in teams:
            for number in range(one.size):
                manages = number == 0 or (number == 1 and self.chance.random() < 0.04)
                also = self.chance.choice(teams[1:]).team if len(teams) > 2 and self.chance.random() < 0.05 else None
                person = self.person(one.team, manages, None if also == one.team else also)
                if place.assignment:
                    person.learner = self.asked(person, place.assignment)
                yield person

    def person(self, team: Team, manages: bool, also: Team | None) -> Newcomer:
        chance = self.chance
        self.number += 1
        fresh = not manages and chance.random() < 0.03
        joined = chance.randint(0, 8) if fresh else chance.randint(20, 1500)
        goes = not manages and joined > 30 and chance.random() < 0.04
        left = chance.randint(1, min(joined, LONGEST_AGO) - 1) if goes else None
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
        has_mail = manages or chance.random() < 0.72
        user = User(
            name=name,
            email=f"{slug(name).replace('ı', 'i')}.{self.number}@alba.example.com" if has_mail else None,
            staff_number=str(self.number) if not has_mail or chance.random() < 0.9 else None,
            external_id=f"{MARK}{self.number}",
            date_joined=self.slots.at(self.slots.morning(joined)),
            is_active=left is None,
            left_at=self.slots.at(self.slots.evening(left)) if left is not None else None,
        )
        return Newcomer(user, team, manages, joined, left, also)

    def asked(self, person: Newcomer, assignment: Assignment) -> Learner | None:
        """The enrollment of somebody, made by the job of the morning after they joined or were asked."""
        day = min(self.slots.days_ago(assignment.created_at), person.joined - 1)
        if day < 0 or (person.left is not None and day <= person.left):
            return None
        at = self.slots.at(self.slots.morning(day))
        enrollment = Enrollment(
            user=person.user,
            course_id=assignment.course_id,
            path_id=assignment.path_id,
            assignment=assignment,
            enrolled_at=at,
            due_on=assignment.due_day(at),
        )
        return self.learning.plan(enrollment, person.left, person.manages)

    def sign_in(self, person: Newcomer) -> None:
        """Who has begun has signed in, with the password of the demo; so has one in three of the others."""
        learner, gone = person.learner, (person.left or 0) + 1
        if learner and learner.done:
            person.user.last_login = self.slots.at(learner.last)
        elif person.joined > gone and (person.manages or self.chance.random() < 0.3):
            person.user.last_login = self.slots.at(self.slots.morning(self.chance.randint(gone, person.joined - 1)))
        if person.user.last_login:
            person.user.password = self.password
        else:
            person.user.set_unusable_password()

    def save(self, people: list[Newcomer]) -> None:
        for person in people:
            self.sign_in(person)
        User.objects.bulk_create([person.user for person in people])
        places = [Membership(team=p.team, user=p.user, is_home=True, role=_role(p.manages)) for p in people]
        places += [
            Membership(team=p.also, user=p.user, role=_role(p.left is None and self.chance.random() < 0.1))
            for p in people
            if p.also
        ]
        Membership.objects.bulk_create(places)
        self.learning.save([person.learner for person in people if person.learner])


def _role(manages: bool) -> Any:
    return Membership.Role.MANAGER if manages else Membership.Role.MEMBER
