from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import mailing
from accounts.admin import TeamChoiceField, TeamFilter
from accounts.fields import to_confirm
from accounts.models import Team, User
from accounts.sessions import signed_in
from courses import reminding
from courses.models import Assignment, Enrollment, Path
from courses.models.enrollment import site_day
from notices.admin import DateInput, StaffAdmin

if TYPE_CHECKING:
    AssignmentModelForm = forms.ModelForm[Assignment]
    PathField = forms.ModelChoiceField[Path]
else:
    AssignmentModelForm, PathField = forms.ModelForm, forms.ModelChoiceField

MANY = 50  # people who get a mail, above which the page shows what it says


class PathChoiceField(PathField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.course.title}: {obj.title}"


class AskForm(AssignmentModelForm):
    """A team is asked to take a path; the course is the path's."""

    team = TeamChoiceField(
        label=gettext_lazy("Team"), help_text=gettext_lazy("Everybody in it and in the teams below.")
    )
    path = PathChoiceField(Path.objects.select_related("course"), label=gettext_lazy("Path"))

    class Meta:
        model = Assignment
        fields = ("team", "path", "due_on", "due_days", "closes_on")
        widgets = {"due_on": DateInput(), "closes_on": DateInput()}
        help_texts = {
            "due_on": gettext_lazy("Advice: nothing closes on this day."),
            "closes_on": gettext_lazy("Leave it empty unless nothing may be recorded after that day."),
        }

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if path := data.get("path"):
            self.instance.course = path.course
            if not path.steps.exists():
                self.add_error("path", _("This path asks for nothing yet. An editor puts lessons on it."))
        for name in ("due_on", "closes_on"):
            if (day := data.get(name)) and day < site_day():
                self.add_error(name, _("This day is over. Choose today or later."))
        if not self.errors and Assignment.objects.filter(**data).exists():
            self.add_error(None, _("This team is asked for exactly this already. New people are added by themselves."))
        return data


@admin.register(Assignment)
class AssignmentAdmin(StaffAdmin):
    form = AskForm
    list_display = ("team", "path_asked", "due", "people", "created_at", "by")
    list_filter = (TeamFilter,)
    search_fields = ("team__name", "path__title", "course__title")
    search_help_text = gettext_lazy("Team, path or course")
    fields = ("team", "path_asked", "due", "closes_on", "people", "created_at", "by")
    readonly_fields = fields
    list_select_related = ("team", "path__course", "created_by")
    ordering = ("-created_at", "-pk")
    add_title = gettext_lazy("Ask a team")
    list_title = gettext_lazy("What was asked of teams")
    list_intro = gettext_lazy("Who joins one of these teams later is asked, too, by the nightly job.")

    def get_queryset(self, request: HttpRequest) -> Any:
        made = Enrollment.objects.filter(assignment=OuterRef("pk")).order_by().values("assignment")
        reached = Subquery(made.annotate(n=Count("pk")).values("n"))  # for the rows shown; a join would count them all
        return super().get_queryset(request).annotate(reached=Coalesce(reached, 0))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # dates of people are changed one by one, with a reason

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("path"))
    def path_asked(self, assignment: Assignment) -> str:
        return f"{assignment.path.course.title}: {assignment.path.title}"

    @admin.display(description=gettext_lazy("due"))
    def due(self, assignment: Assignment) -> str:
        days = assignment.due_days
        if days is not None:
            return ngettext("%(n)d day after joining", "%(n)d days after joining", days) % {"n": days}
        return date_format(assignment.due_on) if assignment.due_on else "–"

    @admin.display(description=gettext_lazy("people"))
    def people(self, assignment: Any) -> int:
        return int(assignment.reached)

    @admin.display(description=gettext_lazy("by"))
    def by(self, assignment: Assignment) -> str:
        return assignment.created_by.name if assignment.created_by else "–"

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Ask: the form, then a page that says how many people it touches, then the deed."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = AskForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self.ask(request, form) if request.POST.get("confirmed") else self.confirm(request, form)
        return self.page(request, "desk/ask.html", str(self.add_title), form=form)

    def confirm(self, request: HttpRequest, form: AskForm) -> HttpResponse:
        people = form.instance.people_to_enroll().count()
        there = User.objects.active().in_teams(form.instance.team).count() - people
        names = {"team": form.instance.team.name, "path": form.instance.path.title}
        sentences = [
            ngettext("This asks %(n)d person.", "This asks %(n)d people.", people) % {"n": people},
            _("Team: %(team)s. Path: %(path)s.") % names,
            _("Due: %(due)s.") % {"due": self.due(form.instance)},
        ]
        if not people:
            sentences[0] = _("Everybody in it is on the course already. Who joins later will be asked.")
        if there and people:
            text = ngettext(
                "%(n)d person is on the course already and keeps their dates.",
                "%(n)d people are on the course already and keep their dates.",
                there,
            )
            sentences.append(text % {"n": there})
        sentences += first_letters(form.instance)
        title, button = (
            _("Ask %(team)s?") % names,
            ngettext("Ask %(n)d person", "Ask %(n)d people", people) % {"n": people},
        )
        return self.page(
            request,
            "desk/confirm.html",
            title,
            sentences=sentences,
            hidden=to_confirm(form),
            button=button if people else _("Ask who joins later"),
            back=self.url("add"),
        )

    @transaction.atomic
    def ask(self, request: HttpRequest, form: AskForm) -> HttpResponse:
        Team.objects.select_for_update().get(pk=form.instance.team.pk)
        if Assignment.objects.filter(**form.cleaned_data).exists():  # a double click
            return HttpResponseRedirect(self.url("changelist"))
        assignment = form.save(commit=False)
        assignment.created_by = signed_in(request)
        assignment.save()
        people = assignment.enroll_due()
        self.log_addition(request, assignment, f"Asked {people} people")
        text = ngettext("%(n)d person of %(team)s is asked.", "%(n)d people of %(team)s are asked.", people)
        messages.success(request, text % {"n": people, "team": assignment.team.name})
        return HttpResponseRedirect(self.url("changelist"))


def first_letters(assignment: Assignment) -> list[str]:
    """What mail asking this team sends, in sentences: to how many, in what batches and, to many, what it says."""
    people = assignment.people_to_enroll()
    mailed, told = people.filter(email__isnull=False).count(), people.filter(email=None).count()
    sentences = []
    if mailed:
        text = ngettext(
            "%(n)d of them gets a mail about it, on a weekday between 9 and 17 where they live.",
            "%(n)d of them get a mail about it, on weekdays between 9 and 17 where they live.",
            mailed,
        )
        sentences.append(text % {"n": mailed})
    if told:
        text = ngettext(
            "%(n)d has no e-mail address and reads it after signing in: better tell them.",
            "%(n)d have no e-mail address and read it after signing in: better tell them.",
            told,
        )
        sentences.append(text % {"n": told})
    if mailed > MANY:
        words = reminding.sample_of(assignment)
        batch = {"n": mailing.batch_size(), "subject": words.title, "text": words.text}
        sentences.append(_("The mails go in batches of %(n)d every ten minutes.") % batch)
        sentences.append(_("Each says: “%(subject)s. %(text)s”") % batch)
    return sentences
