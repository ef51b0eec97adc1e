"""One more thing that each company decides for itself: what it is called, and what the course says until then."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from courses.models import CompanyFact, Course
from courses.models.course import free_key, key_from
from desk.facts import FactField

LONGEST_KEY = 50


class NewFactForm(forms.Form):
    title = forms.CharField(
        label=gettext_lazy("What is to be said"),
        max_length=100,
        help_text=gettext_lazy("The heading of its box in lessons, such as “How long things can come back”."),
    )
    group = forms.CharField(
        label=gettext_lazy("Group"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("The heading that it stands under here; those of one group stand together."),
    )
    hint = forms.CharField(
        label=gettext_lazy("What to write"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("For whoever fills it in."),
    )

    def __init__(self, course: Course, data: Any = None) -> None:
        super().__init__(data)
        self.course = course
        self.fields["default"] = FactField(
            course.pk,
            label=_("What the course says"),
            help_text=_("Lessons show it until your company says something of its own."),
            widget=forms.Textarea(attrs={"rows": 3}),
        )
        default = self.fields["default"]
        default.required = True
        default.error_messages["required"] = _("Write what holds in most places, so that no box in a lesson is empty.")
        self.order_fields(["title", "default", "group", "hint"])

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"]
        if self.course.facts.filter(title__iexact=title).exists():
            raise forms.ValidationError(_("There is one of this name already."))
        return title

    def save(self, by: User) -> CompanyFact:
        """The new fact, as the last. Raises IntegrityError if a colleague adds one of its key at the same moment."""
        there = self.course.facts.all()
        number = (there.aggregate(last=Max("position"))["last"] or 0) + 1
        key = key_from(self.cleaned_data["title"], LONGEST_KEY - 5) or "fact"
        key = free_key(key, set(there.values_list("key", flat=True)))
        with transaction.atomic():
            fact = CompanyFact.objects.create(course=self.course, key=key, position=number, **self.cleaned_data)
            audit.record(by, fact, "Added", audit.ADDITION)
        return fact


def new_fact_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A form for one more fact; lessons show it once somebody puts its box there."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm("courses.add_companyfact"):
        raise PermissionDenied
    course = get_object_or_404(Course, pk=pk)
    form = NewFactForm(course, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            fact = form.save(user)
        except IntegrityError:
            messages.warning(request, _("A colleague added one at the same moment. Have a look, then try again."))
            return redirect("admin:desk_facts", course.pk)
        said = _("“%(title)s” is there. Put it into a lesson with the button “Company fact…”.")
        messages.success(request, said % {"title": fact.title})
        return redirect(f"{reverse('admin:desk_facts', args=[course.pk])}#id_fact-{fact.key}")
    title, facts = _("Add a company fact"), reverse("admin:desk_facts", args=[course.pk])
    above = [
        (course.title, reverse("admin:courses_course_home", args=[course.pk])),
        (_("What holds at your company"), facts),
    ]
    context = {**admin.site.each_context(request), "title": title, "trail": above, "form": form}
    context |= {
        "sentences": [
            _("For what each company decides for itself: lessons show what yours says, on one page to fill in.")
        ],
        "button": _("Add it"),
        "back": facts,
    }
    return TemplateResponse(request, "desk/confirm.html", context)
