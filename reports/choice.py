"""Whom a manager chose in a report to do something for: those ticked, or all who are behind.

The choice stands in the address of the page that says what would happen, so that it can be reloaded and come back to.
The deed is told in numbers for whom that page was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.numbers import row_number
from courses.models import Enrollment
from courses.models.enrollment import EnrollmentQuerySet
from reports.forms import Asked
from reports.page import Page
from reports.population import Population
from reports.standing import BEHIND, place_of
from reports.team import asked as asked_of

MOST = 2000  # chosen at once; more than that is a campaign, which begins with a team
BEHIND_ONES = "behind"  # instead of numbers: all who are behind, of those the report is about


@dataclass(frozen=True)
class Choice:
    """Enrollments this manager may act on, and how many others were chosen, as by a page that is out of date."""

    numbers: list[int]
    missing: int

    @property
    def enrollments(self) -> EnrollmentQuerySet:
        return Enrollment.objects.filter(pk__in=self.numbers)

    @property
    def field(self) -> str:
        """The choice in a hidden field of the next page."""
        return ",".join(map(str, self.numbers))


def choice_of(request: HttpRequest, population: Population, asked: Asked, at: datetime) -> Choice:
    """In an address `enrollment` for each box that was ticked, or `whom`; in what is posted `chosen`."""
    if request.method == "POST":
        texts = request.POST.get("chosen", "").split(",")
    elif request.GET.get("whom") == BEHIND_ONES:
        return Choice(list(behind(population, asked, at).values_list("pk", flat=True)[: MOST + 1]), 0)
    else:
        texts = request.GET.getlist("enrollment")
    wanted = set(sorted({*map(row_number, texts)} - {0})[: MOST + 1])
    mine = Enrollment.objects.managed_by(population.viewer).filter(pk__in=wanted)
    found = list(mine.order_by("pk").values_list("pk", flat=True))
    return Choice(found, len(wanted) - len(found))


def behind(population: Population, asked: Asked, at: datetime) -> EnrollmentQuerySet:
    """Who is overdue, due soon or has an update due: those the button above the report is about."""
    found = asked_of(population.people.active(), at).filter(asked.within.q if asked.within else Q())
    return found.filter(Q(place__in=[place_of(standing) for standing in BEHIND])).order_by("pk")


def count_behind(page: Page, population: Population, at: datetime) -> int:
    """How many people the button above the report is about; one query where the page cannot tell."""
    if page.behind is not None:
        return page.behind
    if page.summary.behind > MOST:
        return page.summary.behind
    return behind(population, page.asked, at).order_by().values("user").distinct().count()


def refusal(choice: Choice) -> str:
    """Why nothing can be done with this choice; empty if something can."""
    if len(choice.numbers) > MOST:
        return _("These are more than %(most)d people. Choose a team first, then remind its people.") % {"most": MOST}
    if not choice.numbers and choice.missing:
        return _("Whom you chose is not in your report any more.")
    return "" if choice.numbers else _("Choose somebody first: tick the boxes beside their names.")


def missing_words(choice: Choice) -> str:
    if not choice.missing:
        return ""
    words = ngettext(
        "%(n)d whom you chose is not in your report any more, and is left out.",
        "%(n)d whom you chose are not in your report any more, and are left out.",
        choice.missing,
    )
    return words % {"n": choice.missing}


def report_url(asked: Asked) -> str:
    """The report as it was left."""
    return reverse("reports:team") + asked.here


def back(request: HttpRequest, asked: Asked, warning: str = "") -> HttpResponse:
    if warning:
        messages.warning(request, warning)
    return redirect(report_url(asked))
