"""The grid of a report: its people down, the modules of one course across, in each place the state in a word, and
under a module that is complete the day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from courses.counting import Part, parts_of
from courses.models import Enrollment, Module
from courses.models.enrollment import State
from reports import words
from reports.asking import read
from reports.modules import state_of
from reports.page import Page, page_of
from reports.shown import EMPTY, UNDER, Printer
from reports.standing import COMPLETE, Row


@dataclass(frozen=True)
class Line:
    """One person; `cells` are in the order of the modules, empty for one that is not on their path."""

    person: str
    person_url: str
    chip: SafeString
    cells: list[SafeString]


@dataclass(frozen=True)
class Grid:
    course: str
    modules: list[Module]
    lines: list[Line]
    others: list[tuple[str, str]]  # further courses of these rows: title and address
    left_out: int  # rows that ask for another course, or for nothing


def grid_of(page: Page) -> Grid | None:
    """Of the rows of this page those of the course that most of them take; None if nothing is asked of anybody. Three
    queries.
    """
    courses = Counter((row.course_key, row.course) for row in page.rows if row.is_asked)
    if not courses:
        return None
    (key, title), _rows = courses.most_common(1)[0]
    rows = [row for row in page.rows if row.is_asked and row.course_key == key]
    modules = list(Module.objects.filter(course__key=key).order_by("position"))
    others = [(other, page.asked.query(path=other_key)) for other_key, other in sorted(courses) if other_key != key]
    return Grid(title, modules, lines_of(rows, modules), others, len(page.rows) - len(rows))


def lines_of(rows: Sequence[Row], modules: Sequence[Module]) -> list[Line]:
    asked = Enrollment.objects.filter(pk__in=[row.enrollment_id for row in rows]).order_by()
    parts = parts_of(asked.values_list("pk", "path", "enrolled_at"))
    printer, printed = Printer(slips=(), names_teams=False), cache(cell)
    dated = cache(lambda on: format_html(UNDER, date_format(on, "DATE_FORMAT")) if on else EMPTY)
    lines = []
    for row in rows:
        own = parts.get(row.enrollment_id or 0, {})
        found = [own.get(module.pk) for module in modules]
        cells = [
            printed(part._replace(on=None), row.standing in COMPLETE) + dated(part.on) if part else EMPTY
            for part in found
        ]
        lines.append(Line(row.name, printer.person_url(row), printer.chip(row.standing), cells))
    return lines


def cell(part: Part, was_complete: bool) -> SafeString:
    """The state of a module, as the page of the person tells it; under way with how many lessons."""
    state, label = state_of(part, was_complete), ""
    if state == State.UNDER_WAY:
        label = _("%(done)d of %(total)d") % {"done": part.done, "total": part.total}
    return render_to_string("parts/state.html", {"state": state.value, "label": label or state.label})


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The rows of the report with the same filters, module by module."""
    population, asked = read(request)
    at = timezone.now()
    found = page_of(population, asked, at)
    context = {
        "page": found,
        "asked": found.asked,
        "grid": grid_of(found),
        "sentence": words.headline(population.title, found.summary),
        "population": words.sentences(population.sentence(found.tally.people), found.asked.in_words()),
        "as_of": words.as_of(at),
    }
    return render(request, "reports/grid.html", context)
