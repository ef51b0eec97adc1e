"""A report as CSV: the rows of the page, safe to open in a spreadsheet, sent as they are read."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.cells import BOM, Line, safe
from reports.population import Population
from reports.standing import Row, Standing
from reports.team import as_rows

logger = logging.getLogger("workshop.reports")

CHUNK = 2000


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


def cells(row: Row, labels: dict[str, str], population: Population) -> list[Any]:
    """ISO dates, numbers as numbers, empty for what there is not."""
    numbers = [row.lessons_done, row.lessons_total, row.lessons_by_quiz, row.percent] if row.is_asked else [""] * 4
    credited = row.lessons_credited if row.is_asked else ""
    needs = _("yes") if row.could_use_help else ""
    days = [day.isoformat() if day else "" for day in (row.due_on, row.last_learned_on, row.completed_on)]
    left = [row.left_on.isoformat() if row.left_on else ""] if population.has_leavers else []
    texts = [safe(text) for text in (row.name, row.home_team, row.course, row.path)]
    return [*texts, *numbers, labels[row.standing], needs, *days, credited, *left]


def lines(query: QuerySet[Any, Any], closing: list[str], population: Population) -> Iterator[str]:
    """The file, line by line, beginning before the first row is asked for. The last line counts the rows: a file that
    was cut off has none. Says in the log who took how many rows.
    """
    writer = csv.writer(Line())
    labels = {standing.value: str(standing.label) for standing in Standing}
    heading = header(population)
    count = 0
    try:
        yield BOM + writer.writerow(heading)
        found = query.iterator(chunk_size=CHUNK)
        while rows := as_rows(islice(found, CHUNK)):
            count += len(rows)
            for row in rows:
                yield writer.writerow(cells(row, labels, population))
        counted = ngettext("%(n)d row", "%(n)d rows", count) % {"n": count}
        yield writer.writerow([counted, *[safe(text) for text in closing]])
    finally:
        logger.info("team report exported", extra={"event": {"by": population.viewer.pk, "rows": count}})
