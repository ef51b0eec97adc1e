"""How an organization stands, team by team: how many of each team, with all below it, stand where.

The database counts the people by their home team, of which each has one. Those with further places, a few in a
hundred, are looked at one by one, so that a person counts once in every team they are in or below, however many of
their places lie there. No lesson is counted: a standing follows from facts on the enrollment.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import cache, lru_cache
from operator import add
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Substr
from django.utils import timezone

from accounts.models import Membership, Team
from accounts.models.team import STEP, Branch
from accounts.statements import Given, Prepared
from courses.learned import Listed
from courses.models import Course, Enrollment, Module
from courses.models.enrollment import site_day
from reports.population import Population
from reports.standing import STANDINGS, Standing, Summary, place_of
from reports.team import Within

VALUES: list[str] = Standing.values  # which is put together each time it is asked for
DONE_SO_FAR, DUE_SOON = place_of(Standing.DONE_SO_FAR), place_of(Standing.DUE_SOON)
PLACES = {str(place): place for place in range(len(STANDINGS)) if place != DUE_SOON}  # as the database says them
TAKEN = "user__enrollments__"  # the way from a place to what its person is asked to take


@dataclass
class Sums:
    """Of one team, or of all: people, how many rows stand where, and the last day on which something is due soon."""

    people: int = 0
    places: list[int] = field(default_factory=lambda: [0] * len(STANDINGS))
    due_soon_by: date | None = None

    def add(self, other: Sums) -> None:
        self.people += other.people
        self.places = list(map(add, self.places, other.places))
        if other.due_soon_by:
            self.due_soon_by = max(other.due_soon_by, self.due_soon_by or date.min)

    def take(self, said: Mapping[str, int]) -> None:
        """So many rows of each of which the database said where they stand (`with_standing`)."""
        for one, n in said.items():
            place = PLACES.get(one, DUE_SOON)
            self.places[place] += n
            if place == DUE_SOON:
                self.due_soon_by = max(date.fromisoformat(one), self.due_soon_by or date.min)

    def move(self, said: Mapping[str, int]) -> None:
        """Rows that were taken by their dates, and have done so far what there is."""
        for one, n in said.items():
            self.places[PLACES.get(one, DUE_SOON)] -= n
            self.places[DONE_SO_FAR] += n

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

    def teams(self) -> list[tuple[int, str, str]]:
        """Number, name and path of the teams that are listed; one query at most."""
        if self.is_deep:
            return all_below(len(self.tops), self.above is None)(**ends_of(self.tops)) if self.tops else []
        if self.above is None:
            return [(team.pk, team.name, team.path) for team in self.tops]
        return list(Team.objects.children_of(self.above).values_list("pk", "name", "path"))

    @property
    def length(self) -> int:
        """Of the paths by which the database counts: no finer than the list needs. 0 for each team."""
        return 0 if self.is_deep or self.above is None else len(self.above.path) + STEP

    def listed(self, path: str) -> list[str]:
        """The paths of the listed teams that a team with this path lies in or below, and "" for all together; none for
        a team of somebody else. The team above the next level stands for those directly in it.
        """
        for team in self.tops:
            top = team.path
            if path.startswith(top):
                break
        else:
            return []
        if path == top and self.above:
            return ["", *([] if self.is_deep else [top])]
        first = len(top) + STEP if self.above else len(top)
        last = len(path) if self.is_deep else min(len(path), first)
        return ["", *[path[:end] for end in range(first, last + 1, STEP)]]


@dataclass(frozen=True)
class Question:
    """What shapes the queries of a list, and not only their parameters: each is prepared once."""

    day: date
    tops: int  # so many
    length: int
    within: Within | None
    is_done: bool = False  # only those who have done all lessons there are yet

    @property
    def noon(self) -> datetime:
        """A moment of the day, which is all that is asked of it."""
        return datetime.combine(self.day, time(12), timezone.get_default_timezone())

    @property
    def at_path(self) -> Any:
        return Substr("team__path", 1, self.length) if self.length else F("team__path")


def counted(population: Population, scope: Scope, within: Within | None, at: datetime) -> dict[str, Sums]:
    """By the path of each listed team in which somebody is, and all together by ""; each person once in each.

    Two queries and a short one; one more where there are several courses, two while one is in preparation.
    """
    sums: dict[str, Sums] = defaultdict(Sums)
    if not scope.tops:
        return sums
    question = Question(site_day(at), len(scope.tops), scope.length, within)
    given: dict[str, Given] = {"viewer": population.viewer.pk, **ends_of(scope.tops)}
    courses = [is_preparing for (is_preparing,) in course_by_course()]
    done = replace(question, is_done=True) if any(courses) else None
    listed_of = cache(scope.listed)
    for path, said in standing_at_home(question)(**given):
        for listed in listed_of(path)[-1:]:  # the lowest one around it
            sums[listed].take(Counter(said.split(",")))
    for path, said in standing_at_home(done)(**given) if done else ():
        for listed in listed_of(path)[-1:]:
            sums[listed].move(Counter(said.split(",")))
    is_one_row_each = within is not None or len(courses) == 1
    for path, n in () if is_one_row_each else people_at_home(question)(**given):
        for listed in listed_of(path)[-1:]:
            sums[listed].people += n
    roll_up(sums, listed_of)
    through = {pk for (pk,) in done_beside(done)(**given)} if done else set()
    beside(sums, listed_of, standing_beside(question)(**given), through)
    for one in sums.values() if is_one_row_each else ():
        one.people = sum(one.places)
    return sums


def roll_up(sums: dict[str, Sums], listed_of: Callable[[str], list[str]]) -> None:
    """Add each team to the next above it that is listed, from the lowest level to all together."""
    for length in range(max(map(len, sums), default=0), 0, -STEP):
        for path in [path for path in sums if len(path) == length]:
            sums[listed_of(path)[-2]].add(sums[path])


def beside(
    sums: dict[str, Sums],
    listed_of: Callable[[str], list[str]],
    rows: Iterable[Sequence[Any]],
    through: Collection[int],
) -> None:
    """Count people by a further place, where they do not count by their home team already; each once.

    `through`: the enrollments of those who have done so far what there is.
    """
    people: set[tuple[str, int]] = set()
    known: set[tuple[str, int, int | None]] = set()
    for person, path, home, enrollment, said in rows:
        at_home = listed_of(home)
        for listed in listed_of(path):
            if listed in at_home or (listed, person, enrollment) in known:
                continue
            known.add((listed, person, enrollment))
            one = sums[listed]
            one.people += (listed, person) not in people
            people.add((listed, person))
            one.take({str(DONE_SO_FAR) if enrollment in through else said: 1})


# --- The queries, each prepared once for what it is asked (accounts/statements.py) -----------------------------------


def ends_of(teams: list[Team]) -> dict[str, str]:
    """The first and the last path that each of these teams, with all below it, can have."""
    firsts = {f"first{n}": team.path for n, team in enumerate(teams)}
    return firsts | {f"last{n}": team.last_path for n, team in enumerate(teams)}


@Prepared
def course_by_course() -> QuerySet[Any, Any]:
    """Of each course, whether it is in preparation."""
    preparing = Exists(Module.objects.in_preparation().filter(course=OuterRef("pk")))
    courses: QuerySet[Any, Any] = Course.objects.order_by("pk").annotate(is_preparing=preparing)
    return courses.values_list("is_preparing")


def branches_of(ends: dict[str, str]) -> list[Branch]:
    return [Branch(ends[f"first{n}"], ends[f"last{n}"]) for n in range(len(ends) // 2)]


@lru_cache(maxsize=64)
def all_below(tops: int, with_tops: bool) -> Prepared:
    """Number, name and path of all teams in so many branches of the tree."""

    def rows(**ends: str) -> QuerySet[Any, Any]:
        found = Team.objects.under(*branches_of(ends))
        if not with_tops:
            found = found.exclude(path__in=[ends[f"first{n}"] for n in range(tops)])
        return found.order_by("path").values_list("pk", "name", "path")

    return Prepared(rows, exact=True)


def places_of(viewer: int, ends: dict[str, str], is_home: bool) -> Any:
    """The places, home or further, of active people in some branches of the tree; not those of the viewer."""
    places = Membership.objects.in_teams(*branches_of(ends)).filter(user__is_active=True, is_home=is_home)
    return places.exclude(user=viewer).order_by()


def with_standing(places: Any, question: Question) -> Any:
    """A row for each thing its person is asked to take, with the place of its standing by its dates as a text, `said`,
    or with the day if it is due soon. Unless only some are asked for, one for who is asked for nothing, too.
    """
    wanted = Enrollment.current_q(TAKEN)  # all in one filter, so that it is of one enrollment
    if question.within:
        wanted &= reached(question.within.q, TAKEN)
    if question.is_done:
        done = Enrollment.objects.current().filter(Enrollment.done_so_far_q())
        wanted &= Q(**{f"{TAKEN}in": done.values("pk")})
    rules = [(state_rule, Standing(state.value)) for state_rule, state in Enrollment.state_rules(question.noon)]
    whens = [
        When(Q(**{f"{TAKEN}isnull": True}), then=text_of(Standing.NOT_ASKED)),
        When(reached(Enrollment.due_soon_q(question.noon), TAKEN), then=Cast(f"{TAKEN}due_on", TextField())),
        *[When(reached(rule, TAKEN), then=text_of(standing)) for rule, standing in rules],
    ]
    return places.filter(wanted).annotate(said=Case(*whens, output_field=TextField()))


def text_of(standing: Standing) -> Value:
    return Value(str(place_of(standing)), TextField())


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


@lru_cache(maxsize=64)
def standing_at_home(question: Question) -> Prepared:
    """By path, where the people who are at home there stand, as one text with commas.

    One row for each team. Counted by the database it would be one for each of its places, and SQLite sorts for that:
    it took a third longer.
    """

    def rows(viewer: int, **ends: str) -> QuerySet[Any, Any]:
        placed = with_standing(places_of(viewer, ends, is_home=True), question)
        grouped = placed.annotate(at_path=question.at_path).values("at_path")
        texts: QuerySet[Any, Any] = grouped.annotate(all_said=Listed("said"))
        return texts.values_list("at_path", "all_said")

    return Prepared(rows, exact=True)


@lru_cache(maxsize=64)
def people_at_home(question: Question) -> Prepared:
    """By path, how many people are at home there."""

    def rows(viewer: int, **ends: str) -> QuerySet[Any, Any]:
        grouped = places_of(viewer, ends, is_home=True).annotate(at_path=question.at_path).values("at_path")
        counts: QuerySet[Any, Any] = grouped.annotate(n=Count("pk"))
        return counts.values_list("at_path", "n")

    return Prepared(rows, exact=True)


@lru_cache(maxsize=64)
def standing_beside(question: Question) -> Prepared:
    """The rows of people with further places: person, path, home, enrollment, standing."""

    def rows(viewer: int, **ends: str) -> QuerySet[Any, Any]:
        homes = Membership.objects.filter(user=OuterRef("user"), is_home=True).values("team__path")
        placed: QuerySet[Any, Any] = with_standing(places_of(viewer, ends, is_home=False), question)
        placed = placed.annotate(home=Coalesce(Subquery(homes[:1]), Value("")))
        return placed.values_list("user", "team__path", "home", "user__enrollments", "said")

    return Prepared(rows, exact=True)


@lru_cache(maxsize=64)
def done_beside(question: Question) -> Prepared:
    """What people with further places take and have done as far as it goes; `question.is_done`."""

    def rows(viewer: int, **ends: str) -> QuerySet[Any, Any]:
        placed: QuerySet[Any, Any] = with_standing(places_of(viewer, ends, is_home=False), question)
        return placed.values_list("user__enrollments")

    return Prepared(rows, exact=True)
