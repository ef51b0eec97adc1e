"""The pages of the tree of teams: name, place, who manages them, and what happens when two become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import audit
from accounts.admin import TeamChoiceField
from accounts.fields import to_confirm
from accounts.models import Membership, Team, User
from accounts.sessions import signed_in
from accounts.teams import full_name, is_short_list
from courses.models import Assignment
from notices.admin import StaffAdmin

if TYPE_CHECKING:
    TeamModelForm = forms.ModelForm[Team]
else:
    TeamModelForm = forms.ModelForm

CHILDREN_SHOWN = 100


class TeamForm(TeamModelForm):
    parent = TeamChoiceField(
        label=gettext_lazy("Below"), required=False, empty_label=gettext_lazy("Nothing: it is at the top")
    )

    class Meta:
        model = Team
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["parent"] = self.instance.parent

    def clean_parent(self) -> Team | None:
        """Refuse a circle and what would be too deep, before anything is written."""
        parent: Team | None = self.cleaned_data["parent"]
        self.instance.check_place(parent)
        return parent


class MergeForm(forms.Form):
    other = TeamChoiceField(label=gettext_lazy("Into which team"))

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team

    def clean_other(self) -> Team:
        other: Team = self.cleaned_data["other"]
        self.team.check_merge(other)
        return other


@admin.register(Team)
class TeamAdmin(StaffAdmin):
    form = TeamForm
    list_display = ("place", "people")
    search_fields = ("name",)
    search_help_text = gettext_lazy("Name of a team")
    ordering = ("path",)
    sortable_by = ()
    list_per_page = 200
    fields = ("name", "parent")
    add_title = gettext_lazy("Add a team")
    change_form_template = "admin/accounts/team/change_form.html"

    def get_urls(self) -> list[Any]:
        merge = self.admin_site.admin_view(self.merge)
        return [path("<int:pk>/merge/", merge, name="accounts_team_merge"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(headcount=Count("memberships"))

    @admin.display(description=gettext_lazy("team"))
    def place(self, team: Team) -> SafeString:
        depth = str(team.depth) if team.depth < 9 else "more"
        return format_html('<span class="depth depth-{}">{}</span>', depth, team.name)

    @admin.display(description=gettext_lazy("people in it"))
    def people(self, team: Any) -> int:
        return int(team.headcount)

    def save_model(self, request: HttpRequest, obj: Team, form: TeamForm, change: bool) -> None:
        parent = form.cleaned_data["parent"]
        if not change:
            made = Team.add(obj.name, parent)
            obj.pk, obj.path, obj._state.adding = made.pk, made.path, False
            return
        Team.objects.filter(pk=obj.pk).update(name=obj.name)
        if "parent" in form.changed_data:
            obj.move(parent)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Only an empty team goes: what is in it the database protects, and what is below it is protected here."""
        to_delete, counts, lacking, protected = super().get_deleted_objects(objs, request)
        below = sum(Team.objects.under(team).count() - 1 for team in objs)
        if below:
            protected = [
                ngettext("%(n)d team is below it.", "%(n)d teams are below it.", below) % {"n": below},
                *protected,
            ]
        return to_delete, counts, lacking, protected

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if team := context.get("original"):
            context["about"] = about(team)
            context["merges"] = self.may_merge(request)
            context["prints"] = request.user.has_perm("accounts.print_slips")
        return super().render_change_form(request, context, *args, **kwargs)

    def may_merge(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request) and self.has_delete_permission(request)

    def merge(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make a team one with another: choose it, see what moves, then do it."""
        team = self.get_to_change(request, pk)
        if not self.may_merge(request):
            raise PermissionDenied
        form = MergeForm(request.POST or None, team=team)
        if request.method == "POST" and form.is_valid():
            other = form.cleaned_data["other"]
            return (self.join if request.POST.get("confirmed") else self.confirm_merge)(request, team, other, form)
        return self.page(
            request,
            "desk/merge.html",
            _("Merge %(team)s into another team") % {"team": team.name},
            obj=team,
            form=form,
            errors=bool(form.errors),
        )

    def confirm_merge(self, request: HttpRequest, team: Team, other: Team, form: MergeForm) -> HttpResponse:
        names = {"team": team.name, "other": other.name, "place": full_name(other)}
        first = (
            _("It becomes part of %(place)s. Afterwards there is no %(team)s any more; this cannot be undone.") % names
        )
        return self.page(
            request,
            "desk/confirm.html",
            _("Merge %(team)s into %(other)s?") % names,
            obj=team,
            sentences=[first, *moving(team, other)],
            hidden=to_confirm(form),
            button=_("Merge the two teams"),
            back=self.url("merge", team.pk),
        )

    def join(self, request: HttpRequest, team: Team, other: Team, form: MergeForm) -> HttpResponse:
        by, number, name = signed_in(request), team.pk, team.name
        try:
            with transaction.atomic():
                Assignment.move_all(team, other)
                team.merge_into(other)
                audit.record(by, other, f"Merged team {number} “{name}” into this one")
        except (ValidationError, IntegrityError, Team.DoesNotExist):  # what somebody did at the same moment
            messages.error(
                request, _("Somebody changed one of these teams at the same moment. Have a look, then try again.")
            )
            return HttpResponseRedirect(self.url("changelist"))
        messages.success(request, _("%(team)s is now part of %(other)s.") % {"team": name, "other": other.name})
        return HttpResponseRedirect(self.url("change", other.pk))


@dataclass(frozen=True)
class About:
    """Who and what belongs to a team."""

    full_name: str
    filter: str  # what the list of people is asked for
    managers: list[User]
    people: int
    people_below: int  # with this team's own, each once
    children: list[Team]
    teams_below: int


def about(team: Team) -> About:
    """For the page of a team; a few queries, however large it is."""
    managing = Membership.objects.managing().filter(team=team)
    return About(
        full_name(team),
        str(team.pk) if is_short_list() else full_name(team),
        list(User.objects.active().filter(pk__in=managing.values("user")).order_by("name")),
        User.objects.active().filter(memberships__team=team).count(),
        User.objects.active().in_teams(team).count(),
        list(Team.objects.children_of(team)[:CHILDREN_SHOWN]),
        Team.objects.under(team).count() - 1,
    )


def moving(team: Team, other: Team) -> list[str]:
    """What a merge moves, in sentences with numbers; a few queries."""
    places = Membership.objects.filter(team=team)
    people, both = places.count(), places.filter(user__in=other.memberships.values("user")).count()
    below = Team.objects.under(team).count() - 1
    asked = Assignment.objects.filter(team=team).count()
    reached = Assignment.people_reached_by_merge(team, other)
    texts = [
        (people, ngettext("%(n)d person moves.", "%(n)d people move.", people)),
        (
            both,
            ngettext(
                "%(n)d of them is in both teams and keeps one place, as manager if they manage either.",
                "%(n)d of them are in both teams and keep one place, as managers if they manage either.",
                both,
            ),
        ),
        (below, ngettext("%(n)d team below it moves, too.", "%(n)d teams below it move, too.", below)),
        (
            asked,
            ngettext(
                "%(n)d request to take a path then holds for the other team.",
                "%(n)d requests to take a path then hold for the other team.",
                asked,
            ),
        ),
        (
            reached,
            ngettext(
                "By that, %(n)d person who is there now is asked by the next nightly job.",
                "By that, %(n)d people who are there now are asked by the next nightly job.",
                reached,
            ),
        ),
    ]
    shown = [text % {"n": number} for place, (number, text) in enumerate(texts) if number or place == 0]
    return [*shown, _("Managers see at once whom the new tree says. Nothing anybody did is lost.")]
