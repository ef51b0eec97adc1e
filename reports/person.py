"""The page of one person and their record on paper: what their manager may see, and no more; more of it for HR."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.sessions import signed_in
from courses.models.course import edits_courses
from reports import words
from reports.population import Population
from reports.seen import PersonSeen, Sight, seen
from reports.shown import gets_time
from reports.standing import AHEAD, BEHIND

REMINDED = {*BEHIND, *AHEAD}


def person_of(request: HttpRequest, pk: int) -> User:
    """Somebody this viewer sees in reports, people who left as well; 404 for anybody else, and for oneself."""
    people = Population.of(signed_in(request)).with_leavers().people
    return get_object_or_404(people, pk=pk)


def frame(request: HttpRequest, person: int) -> dict[str, Any]:
    """What the page and the record are made of."""
    found, at = person_of(request, person), timezone.now()
    sight = Sight.of(signed_in(request))
    return {
        "person": found,
        "seen": seen(found, sight, at),
        "sight": sight,
        "as_of": words.as_of(at),
        "zone": words.zone(),
    }


@require_safe
def page(request: HttpRequest, person: int) -> HttpResponse:
    context = frame(request, person)
    context["may_print_slip"] = signed_in(request).may_print_slip_for(context["person"])
    context["to_remind"] = to_remind(context["seen"])
    context["more_time"] = more_time_for(context["seen"])
    return render(request, "reports/person.html", context)


@require_safe
def record(request: HttpRequest, person: int) -> HttpResponse:
    """Printed as evidence: which texts, when, the certificate, what was changed and by whom."""
    context = frame(request, person)
    context["links_texts"] = context["sight"].is_hr or edits_courses(request.user)
    return render(request, "reports/record.html", context)


def to_remind(person: PersonSeen) -> list[tuple[int, str]]:
    """Enrollment and course of what is still to be done, and not put off; of who left nothing."""
    rows = [course.row for course in person.courses if course.row.standing in REMINDED and not person.left_on]
    return [(row.enrollment_id, row.course) for row in rows if row.enrollment_id]


def more_time_for(person: PersonSeen) -> list[tuple[int, str]]:
    """Enrollment and course of each due day that can be moved."""
    rows = [course.row for course in person.courses if gets_time(course.row) and not person.left_on]
    return [(row.enrollment_id, row.course) for row in rows if row.enrollment_id]
