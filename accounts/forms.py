from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts.fields import offer
from accounts.log import record
from accounts.models import SignInSlip, User
from accounts.models.user import time_zones
from accounts.throttling import Guard, wait_message

if TYPE_CHECKING:
    UserForm = forms.ModelForm[User]
    UserSetPasswordForm = SetPasswordForm[User]
else:  # generic for the type checker only
    UserForm, UserSetPasswordForm = forms.ModelForm, SetPasswordForm

SHARED_HELP = _(
    "For a terminal or phone that others use too: you are signed out after 15 minutes without use, "
    "and nothing is kept here."
)


def name_field() -> forms.CharField:
    attrs = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(label=_("E-mail or staff number"), max_length=254, widget=forms.TextInput(attrs=attrs))


def shared_device_field() -> forms.BooleanField:
    return forms.BooleanField(label=_("This is a shared device"), required=False, help_text=SHARED_HELP)


class GuardedForm(forms.Form):
    """A form at a door: each try is counted, by the name typed, before anything is looked at.

    After too many, `shut_until` is set and the form is invalid, whatever was typed.
    """

    door: str
    shut_until: datetime | None = None

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def count(self, name: str) -> Guard:
        """Count a try. Raises ValidationError when there were too many."""
        guard = Guard(self.door, self.request, name)
        self.shut_until = guard.count()
        if self.shut_until:
            self.record("locked", name)
            raise ValidationError(wait_message(self.shut_until), code="locked")
        return guard

    def record(self, event: str, name: str) -> None:
        """Log a failure with the person it is about, if there is one; the look costs the same for everybody."""
        record(event, self.request, User.objects.by_sign_in_name(name), door=self.door)

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form."""
        return 429 if self.shut_until else 200


class SignInForm(GuardedForm):
    door = "sign_in"

    name = name_field()
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    shared_device = shared_device_field()

    person: User | None = None

    @sensitive_variables("password")
    def clean(self) -> dict[str, Any]:
        name, password = self.cleaned_data.get("name"), self.cleaned_data.get("password")
        if not name or not password:
            return self.cleaned_data
        guard = self.count(name)
        person = authenticate(self.request, username=name, password=password)
        if not isinstance(person, User):
            self.record("sign_in_failed", name)
            raise ValidationError(
                _("We can't sign you in with this name and password. Check both, and mind capitals in the password."),
                code="wrong",
            )
        guard.forgive()
        self.person = person
        return self.cleaned_data


class ResetForm(GuardedForm):
    door = "reset"

    name = name_field()

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        self.count(name)
        return name


class SlipForm(GuardedForm):
    door = "slip"

    name = name_field()
    code = forms.CharField(
        label=_("Code from your slip"),
        help_text=_("Twelve letters and digits. Spaces and small letters do not matter."),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    slip: SignInSlip | None = None

    def clean(self) -> dict[str, Any]:
        name, code = self.cleaned_data.get("name"), self.cleaned_data.get("code")
        if not name or not code:
            return self.cleaned_data
        guard = self.count(name)
        self.slip = SignInSlip.objects.valid().matching(name, code).first()
        if self.slip is None:
            self.record("sign_in_failed", name)
            raise ValidationError(
                _("This name and code do not fit together, or the slip is too old. Check both, or ask for a new slip."),
                code="wrong",
            )
        guard.forgive()
        return self.cleaned_data


PASSWORD_HELP = _(
    "8 characters or more. Three or four words in a row are easy to remember and hard to guess. "
    "Not your name or number, and nothing that many others use."
)


class NewPassword(forms.Form):
    """The two fields of a new password, in our words, and a save that writes that column and no other.

    What HR changed a moment ago, such as switching the person off, must stay.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = PASSWORD_HELP
        self.fields["new_password2"].label = _("New password, once more")
        self.fields["new_password2"].help_text = ""

    def save(self, commit: bool = True) -> User:
        person: User = self.user  # type: ignore[attr-defined]
        person.set_password(self.cleaned_data["new_password1"])
        if commit:
            person.save(update_fields=["password"])
        return person


class NewPasswordForm(NewPassword, UserSetPasswordForm):
    """For somebody who proved by mail or slip who they are; the old password is not asked."""


class SlipPasswordForm(NewPasswordForm):
    shared_device = shared_device_field()


class PasswordForm(NewPassword, GuardedForm, PasswordChangeForm):
    """Changing the password with the old one, which is guarded by the same count as the sign-in form."""

    door = SignInForm.door
    error_messages = PasswordChangeForm.error_messages | {
        "password_incorrect": _("This is not your present password."),
        "password_mismatch": _("The two new passwords differ."),
    }

    def clean_old_password(self) -> str:
        guard = self.count(self.user.sign_in_name)
        old: str = super().clean_old_password()
        guard.forgive()
        return old


class ProfileForm(UserForm):
    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("Times are shown in it. Due dates keep the zone that stands beside them.")
    )

    class Meta:
        model = User
        fields = ["name", "language", "time_zone", "theme", "mail_reminders", "mail_news", "mail_digest"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"}), "theme": forms.RadioSelect}
        help_texts = {"name": _("As it should stand on your certificate.")}
        labels = {
            "mail_reminders": _("Mail me all reminders"),
            "mail_news": _("Mail me certificates, and lessons that changed"),
            "mail_digest": _("Mail me once a week how my team stands"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "time_zone", zone_choices(self.instance.time_zone))
        if not self.instance.email:
            for name in ("mail_reminders", "mail_news", "mail_digest"):
                del self.fields[name]
        elif not getattr(self.instance, "is_manager", False):
            del self.fields["mail_digest"]
        if len(User._meta.get_field("language").choices or []) == 1:
            self.fields["language"].help_text = _("So far there is one language.")


def zone_choices(current: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Time zones of places, by part of the world; also the person's own, whatever it is."""
    parts = {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
    names = {name for name in time_zones() if name.split("/")[0] in parts and "/" in name} | {"UTC", current}
    groups = groupby(sorted(names), key=lambda name: name.split("/")[0])
    return [(part, [(name, place(name)) for name in zones]) for part, zones in groups]


def place(zone: str) -> str:
    return zone.split("/", 1)[-1].replace("_", " ").replace("/", ", ")
