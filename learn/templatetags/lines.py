"""Lessons and modules in lists. Hardly one differs from what another learner saw, so processes remember them
(notices/rows.py): each by all that it shows.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django.template import Library
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from courses.models import Lesson
from courses.templatetags.drawings import drawing
from learn.course_map import LessonRow, ModuleRow
from notices.rows import Rows

register = Library()


class Line(NamedTuple):
    """A lesson. `label` without a `state` is a plain word."""

    url: str
    title: str
    kind: str
    minutes: int
    state: str
    label: str


def line_of(row: LessonRow) -> Line:
    kind = "" if row.kind == Lesson.Kind.READING else row.kind_label
    return Line(row.url, row.shown_title, kind, row.minutes, *chip_of(row))


def chip_of(row: LessonRow) -> tuple[str, str]:
    if row.blocked_by:
        return "locked", _("Opens after “%(title)s”") % {"title": row.blocked_by.shown_title}
    if row.is_complete and row.is_changed:
        return "complete", _("Complete, changed since")
    if row.is_required or row.is_complete:
        return row.state, str(row.state_label)
    return "", _("Optional") if row.step is not None else ""


class Head(NamedTuple):
    """What is shown of a module itself."""

    number: int
    title: str
    url: str
    drawing: SafeString | str
    is_ready: bool
    is_outside: bool
    state: str
    label: str
    minutes: int
    purpose: str
    objectives: tuple[str, ...]


def head_of(row: ModuleRow) -> Head:
    module = row.module
    return Head(
        number=row.number,
        title=module.title,
        url=module.get_absolute_url(),
        drawing=drawing(module.illustration) if module.illustration else "",
        is_ready=module.is_ready,
        is_outside=row.is_outside,
        state=row.state,
        label=str(row.state_label),
        minutes=row.minutes,
        purpose=module.purpose,
        objectives=tuple(objective.text for objective in row.objectives),
    )


@register.filter
def lines(rows: Iterable[LessonRow]) -> SafeString:
    """Lessons as items of a list."""
    draw = Rows("learn/parts/outline_lesson.html")
    return format_html_join("", "{}", ((draw(line_of(row)),) for row in rows))


@register.filter
def tiles(rows: Iterable[ModuleRow]) -> SafeString:
    """The modules of a course as the tiles of its map."""
    draw = Rows("learn/parts/module_tile.html")
    return format_html_join("", "{}", ((draw(head_of(row)),) for row in rows))


@register.filter
def head(row: ModuleRow, is_enrolled: object) -> SafeString:
    """A module in the outline, without its lessons. Who is not enrolled stands nowhere in it."""
    return Rows("learn/parts/outline_module.html", standing="yes" if is_enrolled else "")(head_of(row))
