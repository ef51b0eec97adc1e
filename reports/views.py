from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Team, User
from courses.models import Course
from courses.models.enrollment import site_day
from quizzes.models import Question
from reports import export, questions, words
from reports.forms import Asked
from reports.page import chart, columns, is_long, options, page_of
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


def narrowed(population: Population, teams: list[Team], asked: Asked) -> Population:
    """Only one team of those that can be chosen; any other is as good as missing. With people who left, if asked."""
    if asked.has_leavers:
        population = population.with_leavers()
    if asked.team_id is None:
        return population
    team = next((team for team in teams if team.pk == asked.team_id), None)
    if team is None:
        raise Http404
    return population.narrowed(team)


@require_safe
def team(request: HttpRequest) -> HttpResponse:
    """Where a team stands, who needs a word, and everybody."""
    population = population_of(request)
    teams = population.choices()
    asked = Asked.read(request.GET)
    population = narrowed(population, teams, asked)
    at = timezone.now()
    page = page_of(population, asked, at)
    printer = Printer(page.slips, names_teams=len(teams) > 1)
    context = {
        "page": page,
        "rows": printer.rows(page.rows),
        "to_act_on": printer.to_act_on(page.to_act_on) if asked.is_plain else [],
        "asked": asked,
        "teams": options(teams, asked.team_id),
        "teams_in_steps": is_long(teams),
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
    population = narrowed(population, population.choices() if asked.team_id else [], asked)
    at = timezone.now()
    query = rows_of(population.people, standing=asked.standing, sort=asked.sort, backwards=asked.backwards, at=at)
    closing = [population.sentence(population.people.count()), words.as_of(at)]
    response = StreamingHttpResponse(export.lines(query, closing, population), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="team-{site_day(at).isoformat()}.csv"'
    return response


def refuse_unless_analyst(request: HttpRequest) -> None:
    if not questions.may_analyze(request.user):
        raise PermissionDenied


@require_safe
def analyses(request: HttpRequest) -> HttpResponse:
    """The courses whose questions can be looked at."""
    refuse_unless_analyst(request)
    return render(request, "reports/analyses.html", {"courses": Course.objects.order_by("title")})


@require_safe
def analysis(request: HttpRequest, course: str) -> HttpResponse:
    """How the questions of a course do; first those to look at, then all."""
    refuse_unless_analyst(request)
    found = get_object_or_404(Course, key=course)
    items = questions.items_of(found)
    context = {
        "course": found,
        "knows_course": False,  # HR may look at its questions and not be on it
        "items": items,
        "worrying": [(item, worries) for item in items if (worries := item.worries)],
        "limits": questions,
        "as_of": words.as_of(timezone.now()),
    }
    return render(request, "reports/analysis.html", context)


@require_safe
def question(request: HttpRequest, course: str, question: str) -> HttpResponse:
    """How one question does: its options, steps or answers in a chart."""
    refuse_unless_analyst(request)
    found = get_object_or_404(Question.objects.select_related("course"), course__key=course, key=question)
    item = questions.item_of(found)
    if item is None:
        raise Http404
    context = {"item": item, "course": found.course, "knows_course": False, "limits": questions}
    context["as_of"] = words.as_of(timezone.now())
    return render(request, "reports/question.html", {**context, "parts": item.parts, "worries": item.worries})
