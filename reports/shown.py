"""The rows of a report as a page prints them: texts only, so that the template of a row has nothing left to find out.

What many rows share, a day or the chip of a standing, is put into words once a page (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reports.standing import Row, Standing
from reports.words import zone

NOTHING = "–"


@dataclass(frozen=True)
class Shown:
    """One row of the table. `slip_url` is empty where the viewer may print no slip, `time_url` where nobody can give
    more time, `done` for nothing asked, `home_team` where there is only one.
    """

    person: str
    home_team: str
    path: str
    done: str
    total: str
    chip: SafeString
    note: str
    due: str
    last: str
    slip_url: str
    time_url: str


class Printer:
    """Makes the rows of one page."""

    def __init__(self, slips: Collection[int], names_teams: bool) -> None:
        self.slips, self.names_teams = slips, names_teams
        self.slip_url = reverse("accounts:print_slip", args=[0])
        self.time_url = reverse("reports:more_time", args=[0])
        self.zone = zone()
        self.chip, self.day = cache(chip), cache(day)

    def row(self, row: Row) -> Shown:
        return Shown(
            person=row.name,
            home_team=row.home_team if self.names_teams else "",
            path=self.path(row),
            done=str(row.lessons_done) if row.is_asked else "",
            total=str(row.lessons_total),
            chip=self.chip(row.standing),
            note=self.note(row),
            due=self.day(row.due_on),
            last=self.day(row.last_learned_on),
            slip_url=self.slip_url.replace("/0/", f"/{row.person_id}/") if row.person_id in self.slips else "",
            time_url=self.time_url.replace("/0/", f"/{row.enrollment_id}/") if gets_time(row) else "",
        )

    def rows(self, rows: Iterable[Row]) -> list[Shown]:
        return [self.row(row) for row in rows]

    def note(self, row: Row) -> str:
        if row.left_on:
            return _("Left %(day)s") % {"day": self.day(row.left_on)}
        return _("Could use help") if row.could_use_help else ""

    def path(self, row: Row) -> str:
        """“Everything · 12 by quiz · 3 credited”"""
        parts = [row.path]
        if row.lessons_by_quiz:
            parts.append(_("%(n)d by quiz") % {"n": row.lessons_by_quiz})
        if row.lessons_credited:
            parts.append(_("%(n)d credited") % {"n": row.lessons_credited})
        return " · ".join(parts)

    def to_act_on(self, rows: Iterable[Row]) -> list[tuple[str, SafeString, str]]:
        """Name, chip and a few words for each."""
        return [(row.name, self.chip(row.standing), self.words(row)) for row in rows]

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


def chip(standing: Standing) -> SafeString:
    return render_to_string("parts/state.html", {"state": standing.value, "label": standing.label})


def day(on: date | None) -> str:
    return date_format(on, "DATE_FORMAT") if on else NOTHING
