"""Reminding people: first a page that says what would happen to each, then the deed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from courses import nudging
from courses.models.enrollment import site_day
from courses.nudging import How, Preview
from reports import words
from reports.asking import read
from reports.choice import back, choice_of, missing_words, refusal, report_url

LISTED = 50  # people named on the page; of more a sample is shown
SAMPLE = 5  # of each kind
NAMED = 10  # people to tell in person who are named in the answer

HEADINGS = {
    How.NOW: gettext_lazy("A mail goes out within ten minutes"),
    How.LATER: gettext_lazy("A mail goes out later: at most one in three days, and in working hours"),
    How.ON_ITS_WAY: gettext_lazy("A mail to them waits already, and will say it, too"),
    How.IN_PERSON: gettext_lazy("Better told in person: they have no e-mail address, and read it when they sign in"),
    How.ALREADY: gettext_lazy("You reminded them today already: each person hears of it once a day"),
    How.NOTHING_TO_DO: gettext_lazy("No reminder: they are done, or nothing is asked of them now"),
}


@dataclass(frozen=True)
class Kind:
    """Those to whom the same happens."""

    heading: str
    count: int
    people: list[tuple[str, str]]  # name, and when they get it and were last written to

    @property
    def more(self) -> int:
        return self.count - len(self.people)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """What would happen to each of those chosen; a POST does it, and a second one nothing more."""
    population, asked = read(request)
    at = timezone.now()
    choice = choice_of(request, population, asked, at)
    if why := refusal(choice):
        return back(request, asked, why)
    previews = nudging.preview(population.viewer, choice.enrollments, at)
    if request.method == "POST":
        new = nudging.remind(population.viewer, choice.enrollments, at)
        messages.success(request, outcome(previews, new))
        return back(request, asked)
    context = {
        "kinds": kinds_of(previews),
        "is_sample": len(previews) > LISTED,
        "chosen": len(previews),
        "reminded": len(reminded(previews)),
        "missing": missing_words(choice),
        "choice": choice,
        "asked": asked,
        "report_url": report_url(asked),
    }
    return render(request, "reports/remind.html", context)


def reminded(previews: Sequence[Preview]) -> set[int]:
    """The people who get a mail or read it on their page."""
    return {one.person for one in previews if one.how not in (How.ALREADY, How.NOTHING_TO_DO)}


def kinds_of(previews: Sequence[Preview]) -> list[Kind]:
    """In the order of How; each person by name, or of many the first few."""
    listed = None if len(previews) <= LISTED else SAMPLE
    kinds = []
    for how, heading in HEADINGS.items():
        found = [one for one in previews if one.how == how]
        if found:
            people = [(one.name, line_of(one)) for one in found[:listed]]
            kinds.append(Kind(str(heading), len(found), people))
    return kinds


def line_of(one: Preview) -> str:
    """“from Wednesday, November 25, 09:00 · last mail on November 22”"""
    parts = []
    if one.at and one.how == How.LATER:
        parts.append(_("from %(when)s") % {"when": moment(one.at)})
    if one.last_written_at:
        day = date_format(site_day(one.last_written_at), "MONTH_DAY_FORMAT")
        parts.append(_("last mail on %(day)s") % {"day": day})
    elif one.how != How.IN_PERSON:
        parts.append(_("no mail from here yet"))
    return " · ".join(parts)


def moment(at: datetime) -> str:
    local = timezone.localtime(at, timezone.get_default_timezone())
    return f"{words.weekday(local.date())}, {date_format(local, 'TIME_FORMAT')}"


def outcome(previews: Sequence[Preview], new: int) -> str:
    """What goes out, when, and whom to tell in person."""
    if not new:
        return _("Nothing more is sent: you have reminded them today already, or they have nothing to do.")
    count: Any = {how: [one for one in previews if one.how == how] for how in How}
    parts = [
        ngettext("You reminded %(n)d person.", "You reminded %(n)d people.", len(reminded(previews)))
        % {"n": len(reminded(previews))}
    ]
    if n := len(count[How.NOW]):
        parts.append(
            ngettext("%(n)d mail goes out within ten minutes.", "%(n)d mails go out within ten minutes.", n) % {"n": n}
        )
    if later := [one.at for one in count[How.LATER] if one.at]:
        sentence = ngettext(
            "%(n)d mail goes out later, from %(when)s (%(zone)s).",
            "%(n)d mails go out later, from %(when)s (%(zone)s).",
            len(later),
        )
        parts.append(sentence % {"n": len(later), "when": moment(min(later)), "zone": words.zone()})
    if n := len(count[How.ON_ITS_WAY]):
        parts.append(
            ngettext("%(n)d hears it with a mail that waits.", "%(n)d hear it with mails that wait.", n) % {"n": n}
        )
    if names := [one.name for one in count[How.IN_PERSON]]:
        parts.append(_("Please tell in person: %(names)s.") % {"names": some(names)})
    return " ".join(parts)


def some(names: list[str]) -> str:
    """The first names, and how many more."""
    more = len(names) - NAMED
    if more > 0:
        names = [*names[:NAMED], ngettext("%(n)d more", "%(n)d more", more) % {"n": more}]
    return get_text_list(names, _("and"))
