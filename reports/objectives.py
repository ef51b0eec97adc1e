"""Which objectives a team finds hard, from the first attempts of its people: counts of groups of five, never of one.

A first attempt counts for ever in the team that was home on the day. There people are put into groups of five, in the
order in which they met the objective, and stay in their group. A figure is the sum of such groups, the same for
everybody who looks. So neither two teams, nor two managers, nor yesterday and today differ by fewer than five people,
whoever comes, moves or leaves (docs/decisions/0034).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Team, User
from accounts.teams import roots
from courses.models import Lesson, Objective
from quizzes import grading
from quizzes.models import Answer, Attempt, QuestionRevision
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
    team: str  # the path of the team in which it counts, empty if in none
    is_gone: bool = False  # their answers were deleted, or they read figures themselves by now
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
    tops = list(population.teams) or roots()
    people = people_in(tops)
    if len(people) > MOST_PEOPLE:
        return Report([], is_too_many=True)
    found = sorted(hard_in(tops, people), key=lambda hard: (hard.share, -hard.questions, hard.objective.pk))
    return Report(list(with_lessons(found, population.viewer)))


def people_in(tops: Sequence[Team]) -> list[int]:
    """Everybody who has an attempt that counts in these teams, one more than `MOST_PEOPLE` at most; one query."""
    attempts = Attempt.objects.closed().filter(Team.range_of("counted_in__path", tops)).order_by()
    return list(attempts.values_list("enrollment__user", flat=True).distinct()[: MOST_PEOPLE + 1])


def hard_in(tops: Sequence[Team], people: Sequence[int]) -> Iterator[Hard]:
    """Every objective that enough people met; four queries."""
    paths = tuple(top.path for top in tops)
    cells: dict[int, dict[str, list[Met]]] = defaultdict(lambda: defaultdict(list))
    for (_person, objective), met in first_met(people).items():
        if met.team.startswith(paths):
            cells[objective][met.team].append(met)
    objectives = Objective.objects.select_related("module__course").in_bulk(cells)
    for pk, by_team in cells.items():
        told = [met for found in by_team.values() for met in grouped(found)]
        if told:
            points = sum((met.points for met in told), Decimal(0))
            yield Hard(objectives[pk], len(told), points, sum(met.questions for met in told))


def grouped(found: Iterable[Met]) -> list[Met]:
    """Of one team, those in full groups of five; who is left over waits for others. A group holds the same people for
    ever: one of whom somebody is gone is not told any more, and nobody takes their place.
    """
    in_order = sorted(found, key=lambda met: (met.at, met.attempt))
    groups = [in_order[n : n + GROUP] for n in range(0, len(in_order), GROUP)]
    full = [group for group in groups if len(group) == GROUP and not any(met.is_gone for met in group)]
    return [met for group in full for met in group]


def first_met(people: Sequence[int]) -> dict[tuple[int, int], Met]:
    """By person and objective, the first closed first attempt in which it was asked, by the key of the day.

    Of the first time somebody took a course, for that changes no more. Three queries.
    """
    answers = Answer.objects.filter(
        attempt__enrollment__user__in=people,
        attempt__enrollment__cycle=1,
        attempt__number=1,
        attempt__closed_at__isnull=False,
    ).order_by("attempt__closed_at", "attempt")
    names = ("attempt__enrollment__user", "attempt", "attempt__closed_at", "attempt__counted_in__path")
    rows = list(answers.values_list(*names, "attempt__forgotten_at", "question_revision", "response"))
    revisions = QuestionRevision.objects.in_bulk({row[-2] for row in rows})
    told = User.objects.without_a_role().filter(pk__in=people, erased_at=None)
    staying = set(told.values_list("pk", flat=True))
    found: dict[tuple[int, int], Met] = {}
    for person, attempt, at, team, forgotten_at, pk, response in rows:
        revision = revisions[pk]
        if revision.objective_id is None or not grading.is_graded(revision.type):
            continue
        is_gone = bool(forgotten_at) or person not in staying
        met = found.setdefault((person, revision.objective_id), Met(at, attempt, team or "", is_gone))
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
