"""The files of a report: the rows of the page as lines of cells, that accounts/cells.py makes CSV or XLSX of."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.cells import CHUNK, CSV, Cell, as_csv
from accounts.spreadsheets import XLSX, as_xlsx
from courses.models.enrollment import site_day
from reports import words
from reports.asking import read, selected
from reports.population import Population
from reports.standing import STANDINGS, FileRow
from reports.team import IN_BULK, one_by_one

logger = logging.getLogger("workshop.reports")


def header(population: Population) -> list[str]:
    """The columns; the day people left only where they were asked for."""
    return [
        _("Person"),
        _("Home team"),
        _("Course"),
        _("Path"),
        _("Lessons done"),
        _("Lessons in all"),
        _("Of these by quiz"),
        _("Percent"),
        _("State"),
        _("Could use help"),
        _("Due on"),
        _("Last learning day"),
        _("Completed on"),
        _("Lessons credited"),
        *([_("Left on")] if population.has_leavers else []),
    ]


class Liner:
    """Makes a line of a row: numbers and days as such, None for what there is not."""

    def __init__(self, population: Population) -> None:
        self.has_leavers = population.has_leavers
        self.labels = [str(standing.label) for standing in STANDINGS]
        self.helps = _("yes")

    def line(self, row: FileRow) -> list[Cell]:
        numbers: list[Cell] = [None] * 4
        if row.is_asked:
            numbers = [row.lessons_done, row.lessons_total, row.lessons_by_quiz, row.percent]
        return [
            row.name,
            row.home_team,
            row.course,
            row.path,
            *numbers,
            self.labels[row.place],
            self.helps if row.could_use_help else None,
            row.due_on,
            row.last_learned_on,
            row.completed_on,
            row.lessons_credited if row.is_asked else None,
            *([row.left_on] if self.has_leavers else []),
        ]


def lines(query: QuerySet[Any, Any], population: Population, closing: list[str]) -> Iterator[list[Cell]]:
    """Header, a line for each row, and a last one that counts them: a file that was cut off has none. `query` has
    the columns IN_BULK, and is not asked before the header is taken. Says in the log who took how many rows, and
    whether that was all.
    """
    count, said = 0, "team report cut off"
    try:
        yield [*header(population)]
        liner = Liner(population)
        for count, row in enumerate(one_by_one(query.iterator(chunk_size=CHUNK)), 1):  # noqa: B007  # for the log
            yield liner.line(row)
        yield [ngettext("%(n)d row", "%(n)d rows", count) % {"n": count}, *closing]
        said = "team report exported"
    finally:
        logger.info(said, extra={"event": {"by": population.viewer.pk, "rows": count}})


def download(lines: Iterator[list[Cell]], kind: str, name: str, at: datetime) -> StreamingHttpResponse:
    """A file that is sent while it is made; `name` is what comes before the day in its own."""
    pieces: Iterator[Any] = as_xlsx(lines, _("Report")) if kind == "xlsx" else as_csv(lines)
    response = StreamingHttpResponse(pieces, content_type=XLSX if kind == "xlsx" else CSV)
    response["Content-Disposition"] = f'attachment; filename="{name}-{site_day(at).isoformat()}.{kind}"'
    return response


@require_safe
def team(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """The rows of the team report, all of them, with its filters."""
    population, asked = read(request)
    at = timezone.now()
    query = selected(population, asked, at, IN_BULK)
    people = words.sentences(population.sentence(population.people.count()), asked.in_words())
    return download(lines(query, population, [people, words.as_of(at)]), kind, "team", at)
