from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from courses.models import Course
from quizzes.models import Question
from reports import choice, questions, words
from reports.asking import read
from reports.more_time import sets_any_day
from reports.page import Page, chart, columns, options, page_of, path_options
from reports.population import Population
from reports.shown import Printer, options_of
from reports.standing import Standing, Window


def filters(population: Population, page: Page) -> dict[str, Any]:
    """What the filters offer."""
    teams, are_all = population.choices()
    return {
        "teams": options(teams),
        "teams_in_steps": not are_all,
        "may_be_direct": len(teams) > 1 and not population.is_everybody,
        "standings": options_of(Standing, page.asked.standing, get_language()),
        "windows": options_of(Window, page.asked.window, get_language()),
        "paths": path_options(page.paths),
    }


@require_safe
def team(request: HttpRequest) -> HttpResponse:
    """Where a team stands, who needs a word, and everybody."""
    population, asked = read(request)
    at = timezone.now()
    page = page_of(population, asked, at)
    asked = page.asked
    printer, headings = Printer(page.slips, names_teams=population.has_several_teams), columns(page)
    context = {
        "page": page,
        "rows": printer.rows(page.rows, {column.key: column.label for column in headings}),
        "to_act_on": printer.to_act_on(page.to_act_on) if asked.is_plain else [],
        "asked": asked,
        "behind": choice.count_behind(page, population, at) if asked.is_plain else 0,
        "most": choice.MOST,
        "behind_query": asked.query(whom=choice.BEHIND_ONES),
        "gives_time": not sets_any_day(population.viewer),
        **filters(population, page),
        "columns": headings,
        "chart": chart(page.shown, asked),
        "sentence": words.headline(population.title, page.summary),
        "population": words.sentences(population.sentence(page.tally.people), asked.in_words()),
        "as_of": words.as_of(at),
    }
    return render(request, "reports/team.html", context)


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
