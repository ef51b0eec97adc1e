"""How an organization stands, team by team: how many of each team, with all below it, stand where.

The database counts the people by their home team, of which each has one. Those with further places, a few in a
hundred, are looked at one by one, so that a person counts once in every team they are in or below, however many of
their places lie there. No lesson is counted: a standing follows from facts on the enrollment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from itertools import chain
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Substr

from accounts.models import Membership, Team
from accounts.models.team import STEP
from courses.models import Course, Enrollment, Module
from reports.population import Population
from reports.standing import STANDINGS, Standing, Summary, place_of
from reports.team import Within

PEOPLE = -1  # in place of a standing: the people themselves, each once
VALUES: list[str] = Standing.values  # which is put together each time it is asked for
DUE_SOON = place_of(Standing.DUE_SOON)
TAKEN = "user__enrollments__"  # the way from a place to what its person is asked to take
Group = tuple[str, int, int, date | None]  # the path of a home team, a place, how many, and the last due day


@dataclass
class Sums:
    """Of one team, or of all: people, how many rows stand where, and the last day on which something is due soon."""

    people: int = 0
    places: list[int] = field(default_factory=lambda: [0] * len(STANDINGS))
    due_soon_by: date | None = None

    def add(self, place: int, n: int, due_on: date | None) -> None:
        if place == PEOPLE:
            self.people += n
            return
        self.places[place] += n
        if due_on and place == DUE_SOON:
            self.due_soon_by = max(due_on, self.due_soon_by or due_on)

    @property
    def summary(self) -> Summary:
        counts = dict(zip(VALUES, self.places, strict=True))
        return Summary(people=self.people, counts=counts, due_soon_by=self.due_soon_by)


@dataclass(frozen=True)
class Scope:
    """Which teams are listed: those below one, or the topmost a viewer has; only the next level of them, or all."""

    tops: list[Team]
    above: Team | None
    is_deep: bool

    @classmethod
    def of(cls, population: Population, tops: list[Team], is_deep: bool) -> Scope:
        """Of the team that was chosen, or else of all; an only top is as good as chosen."""
        above = population.chosen or (tops[0] if len(tops) == 1 else None)
        return cls([above] if above else tops, above, is_deep)

    @property
    def teams(self) -> QuerySet[Team]:
        """The teams that are listed."""
        below = Team.objects.under(*self.tops)
        if self.above is None:
            return below if self.is_deep else below.filter(pk__in=[team.pk for team in self.tops])
        below = below.exclude(pk=self.above.pk)
        return below if self.is_deep else Team.objects.children_of(self.above)

    @property
    def key(self) -> Any:
        """What places are counted by in the database: no finer than the list needs."""
        fine = self.is_deep or self.above is None
        return F("team__path") if self.above is None or fine else Substr("team__path", 1, len(self.above.path) + STEP)

    def listed(self, path: str) -> list[str]:
        """The paths of the listed teams that a team with this path lies in or below, and "" for all together; none for
        a team of somebody else. The team above the next level stands for those directly in it.
        """
        top = next((team.path for team in self.tops if path.startswith(team.path)), None)
        if top is None:
            return []
        if path == top and self.above:
            return ["", *([] if self.is_deep else [top])]
        first = len(top) + STEP if self.above else len(top)
        last = len(path) if self.is_deep else min(len(path), first)
        return ["", *(path[:end] for end in range(first, last + 1, STEP))]


def counted(population: Population, scope: Scope, within: Within | None, at: datetime) -> dict[str, Sums]:
    """By the path of each listed team in which somebody is, and all together by ""; each person once in each.

    Two queries and two short ones; one more where there are several courses, one while one is in preparation.
    """
    sums: dict[str, Sums] = defaultdict(Sums)
    places = places_of(population, scope).filter(is_home=True)
    done = done_so_far() if Module.objects.in_preparation().exists() else None
    groups = [by_home(with_place(places, within, at), scope)]
    if done:
        groups.append(moved(by_home(with_place(places, within, at, done), scope)))
    is_one_row_each = within is not None or Course.objects.count() == 1
    if not is_one_row_each:
        groups.append(people_at_home(places, scope))
    listed_of = cache(scope.listed)
    for path, place, n, due_on in chain(*groups):
        for listed in listed_of(path):
            sums[listed].add(place, n, due_on)
    for listed, place, due_on in further(population, scope, within, at, done):
        sums[listed].add(place, 1, due_on)
    for one in sums.values() if is_one_row_each else ():
        one.people = sum(one.places)
    return sums


def places_of(population: Population, scope: Scope) -> Any:
    """The places, in the teams of the scope, of the people of a report."""
    places = Membership.objects.in_teams(*scope.tops).filter(user__is_active=True).order_by()
    return places.exclude(user=population.viewer.pk)


def with_place(places: Any, within: Within | None, at: datetime, only: Q | None = None) -> Any:
    """A row for each thing its person is asked to take, with the `place` where they stand by its dates. `only`: those
    for which this is true.
    """
    wanted = Enrollment.current_q(TAKEN)  # all in one filter, so that it is of one enrollment
    if within:
        wanted &= reached(within.q, TAKEN)
    if only:
        wanted &= only
    if not (within or only):
        wanted |= Q(**{f"{TAKEN}isnull": True})
    places = places.filter(wanted)
    rules = [
        (Q(**{f"{TAKEN}isnull": True}), Standing.NOT_ASKED),
        (reached(Enrollment.due_soon_q(at), TAKEN), Standing.DUE_SOON),
        *[(reached(rule, TAKEN), Standing(state.value)) for rule, state in Enrollment.state_rules(at)],
    ]
    whens = [When(rule, then=Value(place_of(standing))) for rule, standing in rules]
    return places.annotate(place=Case(*whens, output_field=IntegerField()), day=F(f"{TAKEN}due_on"))


def reached(rule: Q, way: str) -> Q:
    """A rule about enrollments, for a query that reaches them by a way."""
    parts: list[Any] = []
    children: Any = rule.children
    for part in children:
        if isinstance(part, Q):
            parts.append(reached(part, way))
            continue
        lookup, value = part
        named: Any = value
        parts.append((way + lookup, F(way + named.name) if isinstance(value, F) else value))
    return Q(*parts, _connector=rule.connector, _negated=rule.negated)


def by_home(placed: Any, scope: Scope) -> Iterable[Group]:
    grouped = placed.annotate(at_path=scope.key).values("at_path", "place")
    found: Iterable[Group] = grouped.annotate(n=Count("pk"), last=Max("day")).values_list(
        "at_path", "place", "n", "last"
    )
    return found


def people_at_home(places: Any, scope: Scope) -> Iterable[Group]:
    counts = places.annotate(at_path=scope.key).values("at_path").annotate(n=Count("pk"))
    return ((path, PEOPLE, n, None) for path, n in counts.values_list("at_path", "n"))


def done_so_far() -> Q:
    """Of those whose course is in preparation: who has done all lessons there are. Only for them lessons are asked."""
    done = Enrollment.objects.current().filter(Enrollment.done_so_far_q())
    return Q(**{f"{TAKEN}in": done.values("pk")})


def moved(groups: Iterable[Group]) -> Iterator[Group]:
    """Rows that were counted by their dates, and have done so far what there is."""
    for path, place, n, _last in groups:
        yield path, place, -n, None
        yield path, place_of(Standing.DONE_SO_FAR), n, None


def further(
    population: Population, scope: Scope, within: Within | None, at: datetime, done: Q | None
) -> Iterator[tuple[str, int, date | None]]:
    """In which listed teams people count by a further place, and not by their home team already."""
    beside = places_of(population, scope).filter(is_home=False)
    homes = Membership.objects.filter(user=OuterRef("user"), is_home=True).values("team__path")
    rows = with_place(beside, within, at).annotate(home=Coalesce(Subquery(homes[:1]), Value("")))
    through = set(with_place(beside, within, at, done).values_list("user__enrollments", flat=True)) if done else ()
    known: set[tuple[str, int, int | None]] = set()
    for person, path, home, enrollment, place, day in rows.values_list(
        "user", "team__path", "home", "user__enrollments", "place", "day"
    ):
        place = place_of(Standing.DONE_SO_FAR) if enrollment in through else place
        for listed in set(scope.listed(path)).difference(scope.listed(home)):
            counts = [((listed, person, None), PEOPLE), ((listed, person, enrollment or 0), place)]
            for key, where in counts:
                if key not in known:
                    known.add(key)
                    yield listed, where, day
