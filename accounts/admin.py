"""How a team is chosen on the staff pages: by a select while there are few, by typing its name when there are many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import teams
from accounts.models import Team

if TYPE_CHECKING:
    TeamField = forms.ModelChoiceField[Team]
else:
    TeamField = forms.ModelChoiceField


def indented(team: Team) -> str:
    """A team as a line of a select: dashes say how deep it lies."""
    return "– " * (team.depth - 1) + team.name


class TeamChoiceField(TeamField):
    """All teams in the order of the tree, or a field to type a name into where a select would be too long.

    Typed, a full name such as “Shops / Lyon 3” or a name that one team alone has is enough; otherwise the error lists
    who may be meant.
    """

    def __init__(self, queryset: QuerySet[Team] | None = None, **kwargs: Any) -> None:
        super().__init__(Team.objects.order_by("path") if queryset is None else queryset, **kwargs)

    def __deepcopy__(self, memo: Any) -> TeamChoiceField:
        """Each form gets its own copy of a field, and each time it is asked anew how many teams there are."""
        copied: TeamChoiceField = super().__deepcopy__(memo)
        copied.is_typed = not teams.is_short_list()
        if copied.is_typed:
            copied.widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "maxlength": 600})
            copied.widget.is_required = self.required
            hint = _("Type its name, for example “Lyon Station”, or the names on the way: “Region Rhône / Lyon”.")
            copied.help_text = f"{self.help_text} {hint}".strip()
        return copied

    is_typed = False

    def label_from_instance(self, obj: Team) -> str:
        return indented(obj)

    def prepare_value(self, value: Any) -> Any:
        """What stands in the field at first: the name instead of the number."""
        if self.is_typed and isinstance(value, int | Team):
            team = value if isinstance(value, Team) else Team.objects.filter(pk=value).first()
            return teams.full_name(team) if team else ""
        return super().prepare_value(value)

    def to_python(self, value: Any) -> Team | None:
        if not self.is_typed or isinstance(value, Team) or value in self.empty_values:
            return super().to_python(value)
        return only_meant(str(value)[:600])

    def has_changed(self, initial: Any, data: Any) -> bool:
        if not self.is_typed or self.disabled:
            return super().has_changed(initial, data)
        return str(self.prepare_value(initial) or "") != str(data or "").strip()


def only_meant(text: str) -> Team:
    """The team that somebody typed; ValidationError that lists who may be meant, if that is in doubt."""
    found = teams.meant(text)
    if len(found) == 1 and teams.is_meant(text, found[0]):
        return found[0][0]
    if not found:
        raise ValidationError(_("No team has “%(text)s” in its name."), params={"text": text}, code="unknown")
    raise ValidationError(
        _("Which one do you mean? Copy one of these: %(teams)s"),
        params={"teams": teams.listed(found)},
        code="several",
    )


class TypedTeamsField(forms.CharField):
    """Teams to type, one on a line, where a list of all to choose from would be too long."""

    widget = forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"})
    most = 50  # of which each is looked up

    def __init__(self, **kwargs: Any) -> None:
        hint = _("One on each line, for example “Lyon Station”, or with the names on the way: “Region Rhône / Lyon”.")
        super().__init__(help_text=hint, max_length=20_000, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """What stands in the field at first: names instead of numbers."""
        if not isinstance(value, list):
            return value
        found = teams.with_full_names(list(Team.objects.filter(pk__in=value).order_by("path")))
        return "\n".join(name for _team, name in found)

    def clean(self, value: Any) -> Any:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > self.most:
            text = _("These are %(n)d teams; %(most)d at most. A team that they all lie below says the same.")
            raise ValidationError(text, params={"n": len(lines), "most": self.most})
        return [only_meant(line) for line in lines]


class TeamFilter(admin.SimpleListFilter):
    """People of a team and of all below it; typed where there are many teams, and then of all that fit."""

    title = gettext_lazy("team")
    parameter_name = "team"

    @cached_property
    def is_typed(self) -> bool:
        return not teams.is_short_list()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if self.is_typed:
            return []
        return [(str(team.pk), indented(team)) for team in Team.objects.order_by("path")]

    def has_output(self) -> bool:
        return self.is_typed or super().has_output()

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.is_typed:
            return self.of_typed(request, queryset, (self.value() or "").strip()[:600])
        if self.value() not in {key for key, _label in self.lookup_choices}:
            return queryset
        return self.of_team(queryset, Team.objects.get(pk=self.value() or 0))

    def of_typed(self, request: HttpRequest, queryset: Any, text: str) -> Any:
        if not text:
            return queryset
        found = teams.meant(text)
        if len(found) > teams.SAID:
            text = _(
                "So many teams have this in their names that the list is empty. Type more of the name: %(teams)s …"
            )
            messages.warning(request, text % {"teams": teams.listed(found[:5])})
            return queryset.none()
        return self.of_team(queryset, *(team for team, _name in found))

    def of_team(self, queryset: Any, *chosen: Team) -> Any:
        return queryset.filter(Team.range_of("team__path", chosen))
