"""The page on which a manager gives somebody more time: what is possible in words, a day, and a reason."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.sessions import signed_in
from courses import more_time
from courses.models import Enrollment
from courses.models.enrollment import site_day
from notices.admin import DateInput
from reports.team import row_of


class MoreTimeForm(forms.Form):
    """A later due day for this enrollment, within what a manager may give."""

    until = forms.DateField(label=gettext_lazy("New due day"), widget=DateInput)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy(
            "A few words, such as “Inventory week”. They read it beside the new day, and HR can, too."
        ),
    )

    def __init__(self, data: Any, first: date, last: date, best: date | None = None) -> None:
        super().__init__(data, initial={"until": best or last})
        self.first, self.last = first, last
        self.fields["until"].widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if not self.first <= until <= self.last:
            days = {"first": date_format(self.first), "last": date_format(self.last)}
            raise ValidationError(_("Choose a day from %(first)s to %(last)s."), params=days)
        return until


def sets_any_day(user: Any) -> bool:
    """HR changes dates on the staff pages, without the limits of these."""
    return bool(user.is_staff and user.has_perm("courses.change_enrollment"))


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, enrollment: int) -> HttpResponse:
    """One person's."""
    people = Enrollment.objects.managed_by(request.user).select_related("user", "course", "path")
    found = get_object_or_404(people, pk=enrollment)
    if sets_any_day(request.user):
        return redirect("admin:courses_enrollment_change", found.pk)
    refusal, form = more_time.refusal(found), form_for(found, request.POST if request.method == "POST" else None)
    if form and not refusal and request.method == "POST" and form.is_valid():
        return give(request, found, form)
    context = {"enrollment": found, "row": row_of(found), "form": form, "refusal": refusal}
    if refusal:
        context["given"] = more_time.given(found)
    return render(request, "reports/more_time.html", context)


def form_for(enrollment: Enrollment, data: Any) -> MoreTimeForm | None:
    """None without a due day: there is nothing to move."""
    last = more_time.last_day(enrollment)
    if last is None or enrollment.due_on is None:
        return None
    return MoreTimeForm(data, max(enrollment.due_on + timedelta(days=1), site_day()), last)


def give(request: HttpRequest, enrollment: Enrollment, form: MoreTimeForm) -> HttpResponse:
    """A second click finds it done and lands on the page that says so."""
    until, reason = form.cleaned_data["until"], form.cleaned_data["reason"]
    if not more_time.give(enrollment, signed_in(request), until, reason):
        return redirect("reports:more_time", enrollment.pk)
    words = _("%(name)s now has until %(day)s. They see it on their page, with your name and reason.")
    messages.success(request, words % {"name": enrollment.user.name, "day": date_format(until)})
    return redirect("reports:team")
