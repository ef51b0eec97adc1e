"""The rows of a report as a page prints them: texts only, so that the template of a row has nothing left to find out.

What many rows share, a day or the chip of a standing, is put into words and escaped once (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import cache, lru_cache
from typing import NamedTuple

from django.db.models import TextChoices
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from notices.rows import Variants
from reports.standing import Row, Standing
from reports.words import zone

NOTHING, EMPTY = format_html('<span class="report-nothing">{}</span>', "–"), escape("")  # a phone leaves out nothing
UNDER = '<span class="report-under">{}</span>'


class Shown(NamedTuple):
    """One row of the table. `slip_url` is empty where the viewer may print no slip, `time_url` where nobody can give
    more time, `done` for nothing asked, `home_team` where there is only one.
    """

    person: str
    person_url: str
    pick: str  # the number to choose the row by, empty for who cannot be reminded
    home_team: str
    path: str
    done: str
    total: str
    most: str  # for the bar, which knows no 0 of 0
    module: str
    chip: SafeString  # with a note under it
    due: str
    last: str
    slip_url: str
    time_url: str


class Printer:
    """Makes the rows of one page."""

    def __init__(self, slips: Collection[int], names_teams: bool) -> None:
        self.slips, self.names_teams = slips, names_teams
        self.base = reverse("reports:person", args=[0]).partition("0/")[0]
        self.slip_url = reverse("accounts:print_slip", args=[0])
        self.time_url = reverse("reports:more_time", args=[0])
        self.zone, self.language, self.text = zone(), get_language(), cache(escape)

    def row(self, row: Row) -> Shown:
        return Shown(
            person=escape(row.name),
            person_url=self.person_url(row),
            pick=str(row.enrollment_id) if row.is_asked and row.left_at is None else "",
            home_team=self.text(row.home_team) if self.names_teams else "",
            path=self.text(self.path(row)),
            done=self.text(str(row.lessons_done)) if row.is_asked else "",
            total=self.text(str(row.lessons_total)),
            most=self.text(str(row.lessons_total or 1)),
            module=self.text(row.current_module) if row.current_module else NOTHING,
            chip=self.chip(row.standing) + self.note(row),
            due=self.day(row.due_on),
            last=self.day(row.last_learned_on),
            slip_url=self.slip_url.replace("/0/", f"/{row.person_id}/") if row.person_id in self.slips else "",
            time_url=self.time_url.replace("/0/", f"/{row.enrollment_id}/") if gets_time(row) else "",
        )

    def chip(self, standing: Standing) -> SafeString:
        return chip(standing, self.language)

    def day(self, on: date | None) -> str:
        return day(on, self.language) if on else NOTHING

    def person_url(self, row: Row) -> str:
        return f"{self.base}{row.person_id}/"

    def rows(self, rows: Iterable[Row], labels: Mapping[str, str]) -> list[SafeString]:
        """Lines of the table; `labels` are the headings of its columns, which a narrow screen shows beside a text."""
        line = Variants("reports/person_row.html", **{f"{key}_label": label for key, label in labels.items()})
        return [line.filled(self.row(row)._asdict()) for row in rows]

    def note(self, row: Row) -> SafeString:
        if row.left_on:
            return format_html(UNDER, _("Left %(day)s") % {"day": self.day(row.left_on)})
        return format_html(UNDER, _("Could use help")) if row.could_use_help else EMPTY

    def path(self, row: Row) -> str:
        """“Everything · 12 by quiz · 3 credited”"""
        parts = [row.path]
        if row.lessons_by_quiz:
            parts.append(_("%(n)d by quiz") % {"n": row.lessons_by_quiz})
        if row.lessons_credited:
            parts.append(_("%(n)d credited") % {"n": row.lessons_credited})
        return " · ".join(parts)

    def to_act_on(self, rows: Iterable[Row]) -> list[tuple[str, str, SafeString, str]]:
        """Name, address, chip and a few words for each."""
        return [(row.name, self.person_url(row), self.chip(row.standing), self.words(row)) for row in rows]

    def words(self, row: Row) -> str:
        """“12 of 60 lessons · due Nov. 25, 2026 (Europe/Paris) · last learned on November 20”"""
        if not row.is_asked:
            return _("Nothing to take yet. HR decides what and by when.")
        words = ngettext("%(done)s of %(total)s lesson", "%(done)s of %(total)s lessons", row.lessons_total)
        parts = [words % {"done": row.lessons_done, "total": row.lessons_total}]
        if row.due_on:
            parts.append(_("due %(day)s (%(zone)s)") % {"day": self.day(row.due_on), "zone": self.zone})
        if last := row.last_learned_on:
            parts.append(_("last learned on %(day)s") % {"day": date_format(last, "MONTH_DAY_FORMAT")})
        else:
            parts.append(_("not begun yet"))
        if row.could_use_help:
            parts.append(_("could use help with the final"))
        return " · ".join(parts)


def gets_time(row: Row) -> bool:
    """Whether the row leads to "Give more time"; who has done all there is yet needs none."""
    return row.is_extendable and row.left_at is None and row.standing != Standing.DONE_SO_FAR


@lru_cache(maxsize=256)
def options_of(choices: type[TextChoices], chosen: str, language: str | None) -> SafeString:
    """The lines of a select; kept for each language, since they are the same on every report."""
    lines = [(value, " selected" if value == chosen else "", label) for value, label in choices.choices]
    return format_html_join("", '<option value="{}"{}>{}</option>', lines)


@lru_cache(maxsize=256)
def chip(standing: Standing, language: str | None) -> SafeString:
    """Kept for each language, as days are."""
    return render_to_string("parts/state.html", {"state": standing.value, "label": standing.label})


@lru_cache(maxsize=4096)
def day(on: date, language: str | None) -> str:
    return escape(date_format(on, "DATE_FORMAT"))
