"""More time for several people at once: each by the same rule as for one, and who cannot get it is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.models import User
from courses import more_time
from courses.models import Enrollment
from courses.models.enrollment import site_day
from reports.asking import read
from reports.choice import Choice, back, choice_of, missing_words, report_url
from reports.choice import refusal as refusal_of_choice
from reports.more_time import MoreTimeForm, sets_any_day

NAMED = 10  # people who could not get more time that are named in the answer


@dataclass(frozen=True)
class Line:
    """One of those chosen: until when they can get more time, or why not."""

    enrollment: Enrollment
    last: date | None
    refusal: str


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Who can get it and who cannot; a POST gives it."""
    population, asked = read(request)
    if sets_any_day(population.viewer):
        return redirect("admin:courses_enrollment_changelist")
    choice = choice_of(request, population, asked, timezone.now())
    if why := refusal_of_choice(choice):
        return back(request, asked, why)
    lines = lines_of(choice)
    form = form_for(lines, request.POST if request.method == "POST" else None)
    if form and form.is_valid():
        for level, text in give(lines, population.viewer, form.cleaned_data["until"], form.cleaned_data["reason"]):
            messages.add_message(request, level, text)
        return back(request, asked)
    context: dict[str, Any] = {"form": form, "lines": lines, "choice": choice, "asked": asked}
    context |= {"missing": missing_words(choice), "report_url": report_url(asked)}
    context["possible"] = sum(not line.refusal for line in lines)
    return render(request, "reports/time_for_many.html", context)


def form_for(lines: Sequence[Line], data: Any) -> MoreTimeForm | None:
    """Begins with the last day that all of them can have. None if nobody can get more time."""
    possible = [line.last for line in lines if line.last and not line.refusal]
    return MoreTimeForm(data, site_day(), max(possible), best=min(possible)) if possible else None


def lines_of(choice: Choice) -> list[Line]:
    """In the order of names; two queries."""
    used = more_time.given_to(choice.numbers)
    found = choice.enrollments.select_related("user", "course", "path").order_by("user__name", "pk")
    return [Line(one, more_time.last_day(one), more_time.refusal(one, was_given=one.pk in used)) for one in found]


@transaction.atomic
def give(lines: Sequence[Line], by: User, until: date, reason: str) -> list[tuple[int, str]]:
    """All of them or, if it breaks off, none; in the order of numbers, so that two at once wait for each other. What to
    say about it comes back, with its level.
    """
    done, not_done = 0, []
    for line in sorted(lines, key=lambda line: line.enrollment.pk):
        if more_time.give(line.enrollment, by, until, reason):
            done += 1
        else:
            not_done.append(why_not(line, until))
    told = []
    if done:
        sentence = ngettext(
            "%(n)d person now has until %(day)s. They see it on their page, with your name and reason.",
            "%(n)d people now have until %(day)s. They see it on their page, with your name and reason.",
            done,
        )
        told.append((messages.SUCCESS, sentence % {"n": done, "day": date_format(until)}))
    if not_done:
        more = len(not_done) - NAMED
        end = ngettext(" And %(n)d more.", " And %(n)d more.", more) % {"n": more} if more > 0 else ""
        told.append((messages.WARNING, _("Not changed: %(who)s") % {"who": " ".join(not_done[:NAMED])} + end))
    return told


def why_not(line: Line, until: date) -> str:
    """“Ada Moreau: the last day possible is December 1, 2026.”"""
    refusal = line.refusal or more_time.refusal(line.enrollment)
    if not refusal and line.enrollment.due_on and until <= line.enrollment.due_on:
        refusal = _("They have until %(day)s anyway.") % {"day": date_format(line.enrollment.due_on)}
    if not refusal and line.last:
        refusal = _("The last day possible is %(day)s.") % {"day": date_format(line.last)}
    return _("%(name)s: %(why)s") % {"name": line.enrollment.user.name, "why": refusal}
