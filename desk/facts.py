"""What holds at a company, on one page: all of it to fill in, where each is shown, and who changed it last."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import audit
from accounts.sessions import signed_in
from courses import facts, markdown
from courses.models import CompanyFact, Course, Lesson
from courses.models.fact import LONGEST
from desk.differences import Row, rows

LATEST = 10  # changes listed below the form


def plain_lines(text: str) -> str:
    """As it is stored; a browser sends each line end as two characters."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def mark(text: str) -> str:
    """By which a form tells later whether the text is still the one it was opened with."""
    return hashlib.sha256(plain_lines(text).encode()).hexdigest()[:16]


def name_of(fact: CompanyFact) -> str:
    return f"fact-{fact.key}"


def seen_of(fact: CompanyFact) -> str:
    return f"seen-{fact.key}"


class FactsForm(forms.Form):
    """A field for each fact. What a colleague saved meanwhile is never written over unseen.

    Beside each field stands the mark of the text it was opened with. A field in which nothing was typed says what the
    colleague wrote; one in which both wrote is refused once, with theirs shown, and the next save is let through.
    """

    def __init__(self, told: Iterable[CompanyFact], data: Any = None) -> None:
        self.told = list(told)
        self.theirs: dict[str, str] = {}
        super().__init__(self.merged(data.copy()) if data is not None else None)
        for fact in self.told:
            self.fields[name_of(fact)] = field_of(fact)

    def merged(self, data: Any) -> Any:
        for fact in self.told:
            name, seen, now = name_of(fact), seen_of(fact), mark(fact.text)
            typed, opened = data.get(name), data.get(seen)
            if typed is None or mark(typed) == opened:
                data[name] = fact.text
            elif opened != now and mark(typed) != now:
                self.theirs[name] = fact.text
            data[seen] = now
        return data

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for name in self.theirs:
            text = _(
                "A colleague changed this while you were writing. Both texts are below: put together what you need."
            )
            self.add_error(name, text)
        return data

    @property
    def texts(self) -> dict[CompanyFact, str]:
        return {fact: self.cleaned_data[name_of(fact)] for fact in self.told}


class FactField(forms.CharField):
    """Markdown for the inside of a box; a link leads to a lesson of the course."""

    def __init__(self, course: int, **options: Any) -> None:
        too_long = _("This has %(show_value)d characters, and 5,000 are the most. It is all still here: take some out.")
        super().__init__(required=False, max_length=LONGEST, error_messages={"max_length": too_long}, **options)
        self.course = course

    def to_python(self, value: Any) -> str:
        return plain_lines(str(super().to_python(value) or ""))

    def validate(self, value: str) -> None:
        super().validate(value)
        if ":::" in value:
            raise ValidationError(_("Lines with ::: begin a box, and this is shown in one already. Take them out."))
        keys = set(markdown.lesson_links(value))
        known = (
            set(Lesson.objects.filter(course=self.course, key__in=keys).values_list("key", flat=True))
            if keys
            else set()
        )
        for key in sorted(keys - known):
            text = _(
                "The link lesson:%(key)s leads nowhere: there is no such lesson. Mend the key, or take the link out."
            )
            raise ValidationError(text, params={"key": key})


def field_of(fact: CompanyFact) -> FactField:
    """A line for what is said in a few words, and room for what takes more. Crispy takes a help text for HTML."""
    long = forms.Textarea(attrs={"rows": 3, "class": "form-control", "spellcheck": "true"})
    line = forms.TextInput(attrs={"class": "form-control"})
    is_line = fact.is_line and "\n" not in fact.text
    widget = line if is_line else long
    return FactField(fact.course_id, label=fact.title, help_text=escape(fact.hint), initial=fact.text, widget=widget)


@dataclass
class Shown:
    """A fact on the page."""

    fact: CompanyFact
    bound: BoundField
    seen: str
    uses: list[facts.Use]
    theirs: list[Row] = field(default_factory=list)


def shown_of(form: FactsForm, course: Course) -> dict[str, list[Shown]]:
    """The facts by group, both in the order of the files."""
    used, groups = facts.uses(course), dict[str, list[Shown]]()
    for fact in form.told:
        one = Shown(fact, form[name_of(fact)], mark(fact.text), used.get(fact.key, []))
        if (theirs := form.theirs.get(one.bound.name)) is not None:
            one.theirs = list(rows(theirs.split("\n"), plain_lines(str(one.bound.value())).split("\n")))
        groups.setdefault(fact.group, []).append(one)
    return groups


def facts_page(request: HttpRequest, pk: int) -> HttpResponse:
    """All facts of a course on one form; with POST, saved together or not at all."""
    by = signed_in(request)
    if not by.has_perm("courses.change_companyfact"):
        raise PermissionDenied
    course = get_object_or_404(Course, pk=pk)
    with transaction.atomic():
        told = course.facts.order_by("position", "pk")
        if request.method == "POST":
            form = FactsForm(told.select_for_update(), request.POST)
            if form.is_valid():
                say(request, facts.write(form.texts, by))
                return redirect("admin:desk_facts", course.pk)
        else:
            form = FactsForm(told)
    return show(request, course, form)


def say(request: HttpRequest, changed: list[CompanyFact]) -> None:
    if not changed:
        messages.info(request, _("Nothing was different, so nothing was saved."))
        return
    words = ngettext(
        "Saved: %(titles)s. Lessons show it from now on.",
        "Saved: %(titles)s. Lessons show them from now on.",
        len(changed),
    )
    messages.success(request, words % {"titles": ", ".join(f"“{fact.title}”" for fact in changed)})


def show(request: HttpRequest, course: Course, form: FactsForm) -> HttpResponse:
    latest = audit.about(course.facts.all()).select_related("user").order_by("-action_time", "-pk")
    context = {
        **admin.site.each_context(request),
        "title": gettext_lazy("What holds at your company"),
        "trail": [(course.title, reverse("admin:courses_course_home", args=[course.pk]))],
        "course": course,
        "form": form,
        "errors": bool(form.errors),
        "groups": shown_of(form, course),
        "missing": [fact for fact in form.told if not fact.shown.is_own],
        "done": sum(fact.shown.is_own for fact in form.told),
        "latest": latest[:LATEST],
    }
    context["may_add"] = request.user.has_perm("courses.add_companyfact")
    return TemplateResponse(request, "desk/facts.html", context)
