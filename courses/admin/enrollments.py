"""Who takes what: the list of enrollments, the page of one, and the dates on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Case, OuterRef, Subquery, When
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin import TeamFilter
from accounts.models import Membership, Team, User
from accounts.sessions import signed_in
from courses import changes
from courses.admin.changing import Changing
from courses.admin.verbs import TOGETHER
from courses.models import Enrollment, State
from courses.models.enrollment import EnrollmentQuerySet
from notices.admin import DateInput, StaffAdmin, state_chip

if TYPE_CHECKING:
    EnrollmentModelForm = forms.ModelForm[Enrollment]
else:
    EnrollmentModelForm = forms.ModelForm


DONE_SO_FAR = "done-so-far"


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((state.value, str(state.label)) for state in State), (DONE_SO_FAR, _("Done so far"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == DONE_SO_FAR:
            return queryset.filter(done_so_far=True)
        return queryset.filter(state=self.value(), done_so_far=False) if self.value() in State.values else queryset


class EnrollmentTeamFilter(TeamFilter):
    def of_team(self, queryset: EnrollmentQuerySet, *chosen: Team) -> EnrollmentQuerySet:
        return queryset.filter(user__in=User.objects.in_teams(*chosen))


class DatesForm(EnrollmentModelForm):
    """The due day and the cut-off of one person; HR may choose any."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("They read it beside the new day, with your name."),
    )

    class Meta:
        model = Enrollment
        fields = ("due_on", "closes_on")
        widgets = {"due_on": DateInput(), "closes_on": DateInput()}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "reason" not in self.fields:  # the page only shows the dates
            return data
        due_on, closes_on = data.get("due_on"), data.get("closes_on")
        if due_on and closes_on and closes_on < due_on:
            self.add_error(
                "closes_on", _("The cut-off cannot come before the due day. Move it too, or leave it empty.")
            )
        changed = {"due_on", "closes_on"} & set(self.changed_data)
        if changed and not data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Say in a few words why the day changes."))
        return data


@admin.register(Enrollment)
class EnrollmentAdmin(Changing, StaffAdmin):
    form = DatesForm
    list_display = ("person", "team", "path", "state_now", "progress", "due_on")
    list_title = gettext_lazy("Who takes what")
    list_filter = (StateFilter, EnrollmentTeamFilter)
    search_fields = ("user__name", "user__email", "user__staff_number")
    search_help_text = gettext_lazy("Name, e-mail or staff number")
    list_select_related = ("user", "path")
    ordering = ("due_on", "user__name", "pk")
    fields = (
        "due_on",
        "closes_on",
        "reason",
        "person",
        "team",
        "path_taken",
        "state_now",
        "progress",
        "enrolled_at",
        "completed_at",
    )
    readonly_fields = fields[3:]
    change_form_template = "admin/courses/enrollment/change_form.html"
    change_list_template = "admin/courses/enrollment/change_list.html"
    save_label = gettext_lazy("Save the dates")

    def get_queryset(self, request: HttpRequest) -> Any:
        home = Membership.objects.filter(user=OuterRef("user"), is_home=True).values("team__name")[:1]
        enrollments = Enrollment.objects.current().with_state().with_progress().annotate(team_name=Subquery(home))
        enrollments = enrollments.annotate(done_so_far=Case(When(Enrollment.done_so_far_q(), then=True), default=False))
        return enrollments.select_related("user", "path__course").order_by(*self.ordering)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # enrollments come from asking a team

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("person"), ordering="user__name")
    def person(self, enrollment: Enrollment) -> str:
        return enrollment.user.name

    @admin.display(description=gettext_lazy("team"), ordering="team_name")
    def team(self, enrollment: Any) -> str:
        return enrollment.team_name or "–"

    @admin.display(description=gettext_lazy("path"))
    def path_taken(self, enrollment: Enrollment) -> str:
        return f"{enrollment.path.course.title}: {enrollment.path.title}"

    @admin.display(description=gettext_lazy("state"))
    def state_now(self, enrollment: Any) -> str:
        state = DONE_SO_FAR if enrollment.done_so_far else enrollment.state
        label = _("Done so far") if enrollment.done_so_far else State(enrollment.state).label
        return state_chip(state, str(label))

    @admin.display(description=gettext_lazy("lessons"))
    def progress(self, enrollment: Any) -> str:
        return _("%(done)d of %(total)d") % {"done": enrollment.lessons_done, "total": enrollment.lessons_total}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None or changes.is_extendable(obj) else [f for f in self.fields if f != "reason"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The dates too, while no clock runs."""
        return self.readonly_fields if obj is None or changes.is_extendable(obj) else self.get_fields(request, obj)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """With the ways to change all that a filter found."""
        response: Any = super().changelist_view(request, extra_context)
        listed = getattr(response, "context_data", {}).get("cl")
        if listed and listed.result_count and self.has_change_permission(request) and self.narrows(listed):
            query = request.GET.urlencode()
            together = [(verb.label, f"{self.url('do_all', verb.key)}?{query}") for verb in TOGETHER.values()]
            response.context_data["together"] = together
        return response

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if enrollment := context.get("original"):
            context["changes"] = enrollment.changes.select_related("by")
            if self.has_change_permission(request):
                context["buttons"] = self.buttons(enrollment)
        response: Any = super().render_change_form(request, context, *args, **kwargs)
        if enrollment and not changes.is_extendable(enrollment):
            response.context_data["has_change_permission"] = False  # no button to save what is only shown
        return response

    def save_model(self, request: HttpRequest, obj: Enrollment, form: DatesForm, change: bool) -> None:
        """Write the new dates, and the facts of it; nothing else of an enrollment is changed by this form."""
        dates = {name: form.cleaned_data[name] for name in ("due_on", "closes_on") if name in form.changed_data}
        if not dates:
            return
        whom, by = Enrollment.objects.filter(pk=obj.pk), signed_in(request)
        done = changes.extend(whom, by, form.cleaned_data["reason"], **dates)
        if not done and not whom.filter(**dates).exists():  # neither now nor by a first click
            raise ValidationError(_("It was excused, paused or withdrawn at the same moment."))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing: the verbs note what they change in the same list."""
