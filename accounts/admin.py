from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Team
from notices.admin import StaffAdmin

if TYPE_CHECKING:
    TeamModelForm = forms.ModelForm[Team]
    TeamField = forms.ModelChoiceField[Team]
else:
    TeamModelForm, TeamField = forms.ModelForm, forms.ModelChoiceField


def indented(team: Team) -> str:
    """A team as a line of a select: dashes say how deep it lies."""
    return "– " * (team.depth - 1) + team.name


class TeamChoiceField(TeamField):
    """All teams, in the order of the tree."""

    def __init__(self, queryset: QuerySet[Team] | None = None, **kwargs: Any) -> None:
        super().__init__(Team.objects.order_by("path") if queryset is None else queryset, **kwargs)

    def label_from_instance(self, obj: Team) -> str:
        return indented(obj)


class TeamFilter(admin.SimpleListFilter):
    """People of a team and of all below it."""

    title = gettext_lazy("team")
    parameter_name = "team"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(team.pk), indented(team)) for team in Team.objects.order_by("path")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in {key for key, _label in self.lookup_choices}:
            return queryset
        return self.of_team(queryset, Team.objects.get(pk=self.value() or 0))

    def of_team(self, queryset: Any, team: Team) -> Any:
        return queryset.filter(Team.range_of("team__path", [team]))


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
