"""The answers of one attempt, which HR opens to settle an appeal: with a reason, which the person reads."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.sessions import signed_in
from quizzes import inspecting, results
from quizzes.models import Attempt
from reports.person import person_of


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Such as “Appeal of November 20, question 3”. The person reads it, with your name."),
    )


def attempt_of(person: User, pk: int, viewer: User) -> Attempt:
    """An attempt of somebody the viewer sees in reports; 404 for who may open no answers."""
    if not inspecting.may_inspect(viewer):
        raise Http404
    attempts = Attempt.objects.of(person).select_related("enrollment", "quiz__lesson__published_revision")
    return get_object_or_404(attempts, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, person: int, attempt: int) -> HttpResponse:
    """The form that asks for the reason; within the hour after it was given, the answers."""
    found, viewer = person_of(request, person), signed_in(request)
    opened = attempt_of(found, attempt, viewer)
    refusal = inspecting.refusal(opened, viewer)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and not refusal and form.is_valid():
        inspecting.begin(opened, viewer, form.cleaned_data["reason"])
        return redirect("reports:answers", found.pk, opened.pk)
    context = {"person": found, "attempt": opened, "lesson": opened.quiz.lesson, "refusal": refusal, "form": form}
    return render(request, "reports/answers.html", {**context, **shown_to(viewer, opened, refusal)})


def shown_to(viewer: User, attempt: Attempt, refusal: str) -> dict[str, Any]:
    """The answers, if this viewer gave a reason within the hour; and who looked before."""
    look = None if refusal else inspecting.current(attempt, viewer)
    return {
        "look": look,
        "questions": results.inspected(attempt, viewer) if look else [],
        "looks": attempt.inspections.select_related("by"),
    }
