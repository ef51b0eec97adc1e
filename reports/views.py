from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Team, User
from courses.models.enrollment import site_day
from reports import export, words
from reports.forms import Asked
from reports.page import chart, columns, options, page_of
from reports.population import Population
from reports.shown import Printer
from reports.standing import Standing
from reports.team import rows_of


def population_of(request: HttpRequest) -> Population:
    """Whom this person may see; 403 for people to whom reports are not open."""
    population = Population.of(request.user) if isinstance(request.user, User) else None
    if population is None or not population.may_look:
        raise PermissionDenied
    return population


def narrowed(population: Population, teams: list[Team], team_id: int | None) -> Population:
    """Only one team of those that can be chosen; any other is as good as missing."""
    if team_id is None:
        return population
    team = next((team for team in teams if team.pk == team_id), None)
    if team is None:
        raise Http404
    return population.narrowed(team)


@require_safe
def team(request: HttpRequest) -> HttpResponse:
    """Where a team stands, who needs a word, and everybody."""
    population = population_of(request)
    teams = population.choices()
    asked = Asked.read(request.GET)
    population = narrowed(population, teams, asked.team_id)
    at = timezone.now()
    page = page_of(population, asked, at)
    printer = Printer(page.slips, names_teams=len(teams) > 1)
    context = {
        "page": page,
        "rows": printer.rows(page.rows),
        "to_act_on": printer.to_act_on(page.to_act_on) if asked.is_plain else [],
        "asked": asked,
        "teams": options(teams),
        "standings": Standing,
        "columns": columns(asked),
        "chart": chart(page.summary, asked),
        "sentence": words.sentence(population.title, page.summary),
        "population": population.sentence(page.summary.people),
        "as_of": words.as_of(at),
    }
    return render(request, "reports/team.html", context)


@require_safe
def team_csv(request: HttpRequest) -> StreamingHttpResponse:
    population = population_of(request)
    asked = Asked.read(request.GET)
    population = narrowed(population, population.choices() if asked.team_id else [], asked.team_id)
    at = timezone.now()
    query = rows_of(population.people, standing=asked.standing, sort=asked.sort, backwards=asked.backwards, at=at)
    closing = [population.sentence(population.people.count()), words.as_of(at)]
    response = StreamingHttpResponse(
        export.lines(query, closing, population.viewer), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="team-{site_day(at).isoformat()}.csv"'
    return response
