"""Which objectives a team finds hard, from the first attempts of its people: counts of groups of five, never of one.

Everybody is counted in their home team, and there in groups of five, in the order in which they met the objective. Who
is left over waits with the team above. A figure is the sum of such groups, the same for everybody who looks. So neither
two teams, nor two managers, nor yesterday and today differ by fewer than five people (docs/decisions/0025).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Membership, Team, User
from accounts.models.team import STEP
from accounts.models.user import UserQuerySet
from courses.models import Lesson, Objective
from quizzes import grading
from quizzes.models import Answer, QuestionRevision
from quizzes.models.attempt import plain
from reports import words
from reports.asking import read
from reports.page import options
from reports.population import Population
from reports.questions import percent

GROUP = 5
MOST_PEOPLE = 500  # more have no huddle together; how everybody answers is on the pages of the questions
HARDEST = 10


@dataclass
class Met:
    """How one person did with one objective the first time it came up. Leaves this module only in groups."""

    at: datetime
    attempt: int
    points: Decimal = Decimal(0)
    questions: int = 0


@dataclass(frozen=True)
class Hard:
    """An objective with what came of it, and what to talk about. `sheets` are made to be printed for a huddle."""

    objective: Objective
    people: int
    points: Decimal
    questions: int
    lessons: list[Lesson] = field(default_factory=list)
    sheets: list[Lesson] = field(default_factory=list)

    @property
    def share(self) -> int:
        return percent(int(self.points * 100), self.questions * 100)

    @property
    def score(self) -> str:
        return plain(self.points)


@dataclass(frozen=True)
class Report:
    """The hardest first. `is_too_many`: whoever looks is asked to choose a team."""

    found: list[Hard]
    is_too_many: bool = False

    @property
    def hardest(self) -> list[Hard]:
        return self.found[:HARDEST]

    @property
    def others(self) -> list[Hard]:
        return self.found[HARDEST:]


def report_of(population: Population) -> Report:
    """For the teams of this population, whatever else it was narrowed by; eight queries."""
    tops = list(population.teams) or [team for team in Team.objects.all() if team.depth == 1]
    homes = homes_in(tops)
    if len(homes) > MOST_PEOPLE:
        return Report([], is_too_many=True)
    found = sorted(hard_in(tops, homes), key=lambda hard: (hard.share, -hard.questions, hard.objective.pk))
    return Report(list(with_lessons(found, population.viewer)))


def counted() -> UserQuerySet:
    """Who is counted: not who manages a team or has a staff role, since the reader may be one of them."""
    managing = Membership.objects.managing().filter(user=OuterRef("pk"))
    return User.objects.active_or_left().filter(~Exists(managing), is_staff=False)


def homes_in(tops: Sequence[Team]) -> dict[int, str]:
    """The path of the home team of everybody who is counted, one more than `MOST_PEOPLE` at most; one query."""
    places = Membership.objects.in_teams(*tops).filter(is_home=True, user__in=counted())
    return dict(places.order_by().values_list("user", "team__path")[: MOST_PEOPLE + 1])


def hard_in(tops: Sequence[Team], homes: dict[int, str]) -> Iterator[Hard]:
    """Every objective that enough people met, two queries."""
    cells: dict[int, dict[str, list[Met]]] = defaultdict(lambda: defaultdict(list))
    for (person, objective), met in first_met(homes).items():
        cells[objective][homes[person]].append(met)
    objectives = Objective.objects.select_related("module__course").in_bulk(cells)
    for pk, by_team in cells.items():
        groups = [group for top in tops for group in grouped(by_team, top.path)]
        if groups:
            points = sum((met.points for met in groups), Decimal(0))
            yield Hard(objectives[pk], len(groups), points, sum(met.questions for met in groups))


def grouped(by_team: dict[str, list[Met]], top: str) -> list[Met]:
    """Those in full groups of five, team by team from the bottom up; who is left over goes up to the team above."""
    waiting: dict[str, list[Met]] = defaultdict(list)
    for path, found in by_team.items():
        if path.startswith(top):
            waiting[path] += found
    released = []
    for length in range(max(map(len, waiting), default=0), len(top) - 1, -STEP):
        for path in sorted(path for path in waiting if len(path) == length):
            pool = sorted(waiting.pop(path), key=lambda met: (met.at, met.attempt))
            full = len(pool) // GROUP * GROUP
            released += pool[:full]
            if length > len(top):
                waiting[path[:-STEP]] += pool[full:]
    return released


def first_met(people: Iterable[int]) -> dict[tuple[int, int], Met]:
    """By person and objective, the first closed first attempt in which it was asked, by the key of the day.

    Of the first time somebody took a course, for that changes no more. Two queries.
    """
    answers = Answer.objects.filter(
        attempt__enrollment__user__in=people,
        attempt__enrollment__cycle=1,
        attempt__number=1,
        attempt__closed_at__isnull=False,
        attempt__forgotten_at=None,
    ).order_by("attempt__closed_at", "attempt")
    names = ("attempt__enrollment__user", "attempt", "attempt__closed_at", "question_revision", "response")
    rows = list(answers.values_list(*names))
    revisions = QuestionRevision.objects.in_bulk({revision for *_rest, revision, _response in rows})
    found: dict[tuple[int, int], Met] = {}
    for person, attempt, at, pk, response in rows:
        revision = revisions[pk]
        if revision.objective_id is None or not grading.is_graded(revision.type):
            continue
        met = found.setdefault((person, revision.objective_id), Met(at, attempt))
        if met.attempt == attempt:
            met.points += grading.points(revision.type, revision.body, response)
            met.questions += 1
    return found


def with_lessons(found: Sequence[Hard], viewer: User) -> Iterator[Hard]:
    """With the readings that teach each objective and the sheets of its module; two queries.

    Those that the viewer may open have `is_open`.
    """
    modules = {hard.objective.module_id for hard in found}
    lessons = Lesson.objects.published().filter(module__in=modules).in_order()
    may_open = set(Lesson.objects.visible_to(viewer).filter(module__in=modules).values_list("pk", flat=True))
    by_module: dict[int, list[Lesson]] = defaultdict(list)
    for lesson in lessons.select_related("course", "published_revision").defer("published_revision__body"):
        lesson.is_open = lesson.pk in may_open  # type: ignore[attr-defined]
        by_module[lesson.module_id].append(lesson)
    for hard in found:
        own = by_module[hard.objective.module_id]
        yield replace(
            hard,
            lessons=[one for one in own if one.kind == Lesson.Kind.READING and teaches(one, hard.objective)],
            sheets=[one for one in own if one.kind == Lesson.Kind.PAGE],
        )


def teaches(lesson: Lesson, objective: Objective) -> bool:
    return lesson.published_revision is not None and objective.key in lesson.published_revision.objectives


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Narrowed by team and by nothing else: every other filter could single people out."""
    population, asked = read(request)
    teams, are_all = population.choices()
    context = {
        "report": report_of(population),
        "title": population.title,
        "asked": asked,
        "team_query": f"?team={asked.team_id}" if asked.team_id else "",
        "teams": options(teams),
        "teams_in_steps": not are_all,
        "limits": {"GROUP": GROUP, "MOST_PEOPLE": MOST_PEOPLE, "HARDEST": HARDEST},
        "as_of": words.as_of(timezone.now()),
    }
    return render(request, "reports/objectives.html", context)
