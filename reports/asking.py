"""What a request asks of a report, and the rows that answer it: the page, the grid and the files all begin here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from accounts.models import User
from reports.forms import Asked
from reports.population import Population
from reports.team import COLUMNS, rows_of, within_of


def population_of(request: HttpRequest) -> Population:
    """Whom this person may see; 403 for people to whom reports are not open."""
    population = Population.of(request.user) if isinstance(request.user, User) else None
    if population is None or not population.may_look:
        raise PermissionDenied
    return population


def read(request: HttpRequest) -> tuple[Population, Asked]:
    """Whose report the address asks for, and what of it: 403 for people to whom reports are not open, 404 for a team
    they may not see. What else makes no sense is left out, and named in `Asked.ignored`.
    """
    population, asked = population_of(request), Asked.read(request.GET)
    if asked.has_leavers:
        population = population.with_leavers()
    if asked.team_id is not None:
        team = population.team(asked.team_id)
        if team is None:
            raise Http404
        population = population.narrowed(team)
    if asked.is_direct and population.is_everybody:
        asked = asked.without("direct", is_direct=False)
    elif asked.is_direct:
        population = population.direct()
    return population, placed(population, asked) if asked.path else asked


def placed(population: Population, asked: Asked) -> Asked:
    """With the course or path that is meant. One that nobody here takes is as good as missing."""
    course, _slash, path = asked.path.partition("/")
    within = within_of(population.people, course, path)
    return replace(asked, within=within) if within else asked.without("path", path="")


def selected(
    population: Population, asked: Asked, at: datetime, columns: Sequence[str] = COLUMNS
) -> QuerySet[Any, Any]:
    """The rows that were asked for, all of them and in order, still to be sliced or iterated; `team.as_rows` makes
    them, or `team.one_by_one` those with IN_BULK for columns. `population` and `asked` as `read` gave them, `columns`
    as in `rows_of`.
    """
    return rows_of(
        population.people,
        standing=asked.standing,
        window=asked.window,
        within=asked.within,
        sort=asked.sort,
        backwards=asked.backwards,
        at=at,
        columns=columns,
    )
