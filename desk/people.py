"""The pages of a person for HR, and of their roles for superusers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Prefetch, Subquery
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.admin import TeamChoiceField, TeamFilter
from accounts.models import Membership, Team, User
from accounts.models.user import UserQuerySet
from accounts.sessions import signed_in
from courses.models.enrollment import site_day
from desk.person_data import PersonData
from desk.roles import ROLES, set_roles
from notices.admin import StaffAdmin, StaffInline

if TYPE_CHECKING:
    PersonModelForm = forms.ModelForm[User]
    MembershipFormSet = BaseInlineFormSet[Membership, User, Any]
else:
    PersonModelForm, MembershipFormSet = forms.ModelForm, BaseInlineFormSet

MANAGERS = "managers"


class PersonForm(PersonModelForm):
    """A person, their home team and, for superusers, their roles. Passwords are the person's own business."""

    home_team = TeamChoiceField(label=gettext_lazy("Home team"), required=False, empty_label=gettext_lazy("None yet"))
    home_role = forms.ChoiceField(
        label=gettext_lazy("Role in the home team"), choices=Membership.Role.choices, required=False
    )
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"),
        choices=[(name, name) for name in ROLES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("What they may do on the staff pages."),
    )

    class Meta:
        model = User
        fields = ("name", "email", "staff_number", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.home: Membership | None = None
        if self.instance.pk:
            self.home = self.instance.memberships.filter(is_home=True).select_related("team").first()
            self.initial["roles"] = [group.name for group in self.instance.groups.all()]
        if self.home:
            self.initial.update(home_team=self.home.team_id, home_role=self.home.role)

    def clean(self) -> dict[str, Any]:
        """One of the two names to sign in with. The database says so too, but lets people be who were erased, and a
        form asks it about its own fields only.
        """
        data: dict[str, Any] = super().clean() or {}
        names = [data.get(name, getattr(self.instance, name)) for name in ("email", "staff_number")]
        if not any(names) and not {"email", "staff_number"} & set(self.errors):
            self.add_error(None, _("Give an e-mail address or a staff number: the person signs in with it."))
        return data

    def save_home(self) -> None:
        """Move the person to the home team chosen."""
        role = self.cleaned_data.get("home_role") or Membership.Role.MEMBER
        self.instance.place_home(self.cleaned_data.get("home_team"), role)


class FurtherTeams(MembershipFormSet):
    def clean(self) -> None:
        """Each team once, the home team not again."""
        super().clean()
        home = self.data.get("home_team")
        for form in self.forms:
            team = getattr(form, "cleaned_data", {}).get("team")
            if team and str(team.pk) == home and not form.cleaned_data.get("DELETE"):
                raise ValidationError(
                    _("%(team)s is the home team; it is not needed here."), params={"team": team.name}
                )


class FurtherTeamInline(StaffInline):
    model = Membership
    formset = FurtherTeams
    fields = ("team", "role")
    verbose_name = gettext_lazy("further team")
    verbose_name_plural = gettext_lazy("further teams")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(is_home=False).select_related("team", "user")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        if db_field.name == "team":
            return TeamChoiceField(label=_("Team"))
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class ActiveFilter(admin.SimpleListFilter):
    title = gettext_lazy("account")
    parameter_name = "active"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("yes", _("Active")),
            ("left", _("Left")),
            ("no", _("Switched off")),
            ("bounces", _("Address bounces")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "left":
            return queryset.left()
        if self.value() == "no":
            return queryset.filter(is_active=False, left_at=None)
        if self.value() == "bounces":
            return queryset.active().filter(email__isnull=False).unreachable()
        return queryset.active() if self.value() == "yes" else queryset


class RoleFilter(admin.SimpleListFilter):
    title = gettext_lazy("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(MANAGERS, _("Managers of a team")), *((name, name) for name in ROLES)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == MANAGERS:
            return queryset.filter(pk__in=Membership.objects.managing().values("user"))
        if self.value() in ROLES:
            return queryset.filter(pk__in=User.groups.through.objects.filter(group__name=self.value()).values("user"))
        return queryset


class PersonTeamFilter(TeamFilter):
    def of_team(self, queryset: UserQuerySet, *chosen: Team) -> UserQuerySet:
        return queryset.in_teams(*chosen)


@admin.register(User)
class PersonAdmin(PersonData, StaffAdmin):
    form = PersonForm
    list_display = ("name", "staff_number", "email", "home", "account", "roles_now")
    list_filter = (PersonTeamFilter, ActiveFilter, RoleFilter)
    search_fields = ("name", "email", "staff_number")
    search_help_text = gettext_lazy("Name, e-mail or staff number")
    ordering = ("name", "pk")
    inlines = (FurtherTeamInline,)
    change_form_template = "admin/accounts/user/change_form.html"
    add_title = gettext_lazy("Bring in a person")

    def get_queryset(self, request: HttpRequest) -> Any:
        home = Membership.objects.filter(user=OuterRef("pk"), is_home=True).values("team__name")[:1]
        roles = Prefetch("groups", Group.objects.order_by("name"))
        people = super().get_queryset(request).filter(erased_at=None).annotate(home_name=Subquery(home))
        return people.defer("password").prefetch_related(roles)

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = ["name", "email", "staff_number", "home_team", "home_role", "is_active"]
        if not self.has_change_permission(request, obj) and obj:
            return ["name", "email", "staff_number", "home", "account", "roles_now"]
        if self.gives_roles(request):
            fields.append("roles")
        return fields if obj else [name for name in fields if name != "is_active"]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """The address of a colleague with staff rights: whoever changes it could have a new password sent there."""
        colleague = obj is not None and obj.is_staff and obj.pk != request.user.pk
        return ("email",) if colleague and not request.user.is_superuser else ()

    def gives_roles(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever may give a superuser another address could become one: only superusers may."""
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return super().has_change_permission(request, obj) and not above

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # people leave; erasing one has a page of its own (desk/person_data.py)

    @admin.display(description=gettext_lazy("home team"), ordering="home_name")
    def home(self, person: Any) -> str:
        return person.home_name or "–"

    @admin.display(description=gettext_lazy("account"), ordering="is_active")
    def account(self, person: User) -> str:
        if person.left_at:
            return _("Left %(day)s") % {"day": date_format(site_day(person.left_at))}
        return _("Active") if person.is_active else _("Switched off")

    @admin.display(description=gettext_lazy("roles"))
    def roles_now(self, person: User) -> str:
        names = [group.name for group in person.groups.all()]
        return ", ".join([_("Administrator"), *names] if person.is_superuser else names) or "–"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is not None and obj.pk == request.user.pk:
            form.clean_is_active = keep_oneself_active  # type: ignore[attr-defined]  # asked by Django, by its name
        return form

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        person = context.get("original")
        if person:
            context["bounces"] = person.has_bouncing_address()
            context["prints_slip"] = signed_in(request).may_print_slip_for(person)
            context["may_erase"] = request.user.has_perm("accounts.delete_user")
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: PersonForm, change: bool) -> None:
        """Save the person; the address through `change_email`, which ends their sessions and tells the old one, and
        the tick at “Active” through `leave` and `come_back`.
        """
        if not change:
            obj.set_unusable_password()
            obj.save()
        else:
            new, is_here = obj.email, obj.is_active
            obj.email, obj.is_active = form.initial.get("email"), form.initial["is_active"]
            obj.save(update_fields=["name", "staff_number"])
            obj.change_email(new)
            if "is_active" in form.changed_data:
                obj.come_back() if is_here else obj.leave()
        if "home_team" in form.cleaned_data:
            form.save_home()
        if self.gives_roles(request) and "roles" in form.cleaned_data:
            self.save_roles(obj, form.cleaned_data["roles"], by=signed_in(request))

    def save_roles(self, person: User, roles: list[str], by: User) -> None:
        if set_roles(person, roles, by=by):
            audit.record(by, person, f"Roles set to {', '.join(sorted(roles)) or 'none'}")


def keep_oneself_active(form: PersonForm) -> bool:
    if not form.cleaned_data["is_active"]:
        raise ValidationError(_("You cannot switch off your own account. Ask a colleague to do it."))
    return True
