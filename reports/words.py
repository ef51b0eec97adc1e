"""What a report says in sentences."""

from __future__ import annotations

import re
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reports.standing import SET_ASIDE, Standing, Summary


def sentence(title: str, summary: Summary) -> str:
    """“Shop Lyon: 9 of 13 complete. 2 overdue, 3 due by Friday, November 27. 1 excused, 1 paused.”"""
    if not summary.people:
        return _("%(team)s: nobody here yet.") % {"team": title}
    if not summary.asked and not _set_aside(summary):
        return _("%(team)s: nobody has been asked to learn anything yet.") % {"team": title}
    if not summary.asked:
        return f"{_('%(team)s: nothing is asked of anybody now.') % {'team': title}} {_set_aside(summary)}"
    return f"{_standing(title, summary)} {_to_act_on(summary)} {_set_aside(summary)}".rstrip()


def headline(title: str, summary: Summary) -> str:
    """The sentence for large letters: no line ends between a number and what it counts."""
    return re.sub(r"(?<=\d) (?=\w)", "\N{NO-BREAK SPACE}", sentence(title, summary))


def _standing(title: str, summary: Summary) -> str:
    """A course that is not ready yet can be complete for nobody; then what counts is all that is ready."""
    numbers = {
        "team": title,
        "complete": summary.complete,
        "so_far": summary[Standing.DONE_SO_FAR],
        "asked": summary.asked,
    }
    if not numbers["so_far"]:
        return _("%(team)s: %(complete)d of %(asked)d complete.") % numbers
    if not numbers["complete"]:
        return _("%(team)s: %(so_far)d of %(asked)d have done all that is ready so far.") % numbers
    return (
        _("%(team)s: %(complete)d of %(asked)d complete, %(so_far)d more have done all that is ready so far.") % numbers
    )


def _to_act_on(summary: Summary) -> str:
    parts = []
    if n := summary[Standing.OVERDUE]:
        parts.append(_("%(n)d overdue") % {"n": n})
    if (n := summary[Standing.DUE_SOON]) and summary.due_soon_by:
        parts.append(_("%(n)d due by %(day)s") % {"n": n, "day": weekday(summary.due_soon_by)})
    if n := summary[Standing.UPDATE_DUE]:
        parts.append(ngettext("%(n)d update due", "%(n)d updates due", n) % {"n": n})
    if n := summary[Standing.NOT_ASKED]:
        parts.append(_("%(n)d not asked yet") % {"n": n})
    return ", ".join(parts) + "." if parts else _("Nobody is overdue.")


def _set_aside(summary: Summary) -> str:
    """Who is in the report and not counted as asked."""
    words = {
        Standing.EXCUSED: _("%(n)d excused"),
        Standing.PAUSED: _("%(n)d paused"),
        Standing.WITHDRAWN: _("%(n)d withdrawn"),
    }
    parts = [words[standing] % {"n": summary[standing]} for standing in SET_ASIDE if summary[standing]]
    return ", ".join(parts) + "." if parts else ""


def sentences(*parts: str) -> str:
    """Those that say something, one after the other."""
    return " ".join(part for part in parts if part)


def weekday(day: date) -> str:
    return f"{date_format(day, 'l')}, {date_format(day, 'MONTH_DAY_FORMAT')}"


def as_of(at: datetime) -> str:
    """The moment a report was made, in the zone that its dates are in."""
    return _("As of %(when)s (%(zone)s)") % {
        "when": date_format(timezone.localtime(at, timezone.get_default_timezone()), "DATETIME_FORMAT"),
        "zone": zone(),
    }


def zone() -> str:
    """The site's time zone, in which due dates and learning days are meant."""
    return timezone.get_default_timezone_name()
