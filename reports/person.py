"""The page of one person: what their manager may see, and no more."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from reports import words
from reports.forms import LARGEST
from reports.population import Population
from reports.team import as_rows, rows_of


def person_of(request: HttpRequest, pk: int) -> User:
    """Somebody this viewer sees in reports, people who left as well; 404 for anybody else, and for oneself."""
    people = User.objects.none()
    if isinstance(request.user, User):
        people = Population.of(request.user).with_leavers().people
    return get_object_or_404(people, pk=min(pk, LARGEST))


@require_safe
def page(request: HttpRequest, person: int) -> HttpResponse:
    found, at = person_of(request, person), timezone.now()
    rows = [row for row in as_rows(rows_of(User.objects.filter(pk=found.pk), at=at)) if row.is_asked]
    return render(request, "reports/person.html", {"person": found, "rows": rows, "as_of": words.as_of(at)})
