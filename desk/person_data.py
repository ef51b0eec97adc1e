"""The pages on which HR takes a copy of what is kept about a person, or erases them for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import audit, letters
from accounts.log import record as log
from accounts.models import User
from accounts.sessions import signed_in
from desk import privacy
from learn import own_data
from notices.admin import StaffAdmin

if TYPE_CHECKING:
    Base = StaffAdmin
else:
    Base = object


class EraseForm(forms.Form):
    """The name, typed once more: nobody is erased by a slip of the mouse."""

    name = forms.CharField(
        label=gettext_lazy("Name of the person"),
        max_length=150,
        help_text=gettext_lazy("Type it as it stands above. Capital letters do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if plain(name) != plain(self.person.name):
            raise ValidationError(
                _("This is not the name of this person, which is %(name)s."), params={"name": self.person.name}
            )
        return name


def plain(name: str) -> str:
    return " ".join(name.casefold().split())


class PersonData(Base):
    """The two views, for the admin of people."""

    def get_urls(self) -> list[Any]:
        own = [
            path("<int:pk>/data/", self.admin_site.admin_view(self.data), name="accounts_user_data"),
            path("<int:pk>/erase/", self.admin_site.admin_view(self.erase), name="accounts_user_erase"),
        ]
        return [*own, *super().get_urls()]

    @transaction.atomic
    def data(self, request: HttpRequest, pk: int) -> Any:
        """All that is kept about the person, as a file; the audit list and the person learn that HR took it."""
        person = self.get_to_change(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        audit.record(signed_in(request), person, "Took a copy of the person's data")
        letters.data_taken(person)
        log("data_taken", request, person, by=request.user.pk)
        return own_data.download(person)

    def erase(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What goes and what stays; then, with the name typed, the deed."""
        if not request.user.has_perm("accounts.delete_user"):
            raise PermissionDenied
        if User.objects.filter(pk=pk, erased_at__isnull=False).exists():  # a double click
            messages.info(request, _("This person was erased already."))
            return HttpResponseRedirect(self.url("changelist"))
        person = self.get_to_change(request, pk)
        why_not = privacy.refusal(person, signed_in(request))
        form = EraseForm(person, request.POST or None)
        if request.method == "POST" and not why_not and form.is_valid():
            return self.erase_now(request, person)
        return self.erase_page(request, person, form, why_not)

    def erase_now(self, request: HttpRequest, person: User) -> HttpResponse:
        try:
            privacy.erase(person, by=signed_in(request))
        except privacy.Refused as why:
            messages.error(request, str(why))
            return HttpResponseRedirect(self.url("change", person.pk))
        log("erased", request, person, by=request.user.pk)
        messages.success(request, _("The person is erased. What was counted stays, without a name."))
        return HttpResponseRedirect(self.url("changelist"))

    def erase_page(self, request: HttpRequest, person: User, form: EraseForm, why_not: str) -> HttpResponse:
        held = privacy.Held.of(person)
        title = _("Erase %(name)s?") % {"name": person.name}
        context = {"form": form, "why_not": why_not, "goes": goes(held), "stays": stays(held)}
        return self.page(request, "desk/erase.html", title, person, back=self.url("change", person.pk), **context)


def goes(held: privacy.Held) -> list[str]:
    """What is gone afterwards, in lines."""
    said = [
        _("name, e-mail address, numbers, password, roles and settings; nobody can sign in as them"),
        _("sign-in slips, open sessions, rows about them in files that you brought"),
        _("what they wrote in answers, reasons that were given about them, and their name in the audit list"),
    ]
    for text, n in (
        (ngettext("%(n)d place in a team", "%(n)d places in teams", held.teams), held.teams),
        (ngettext("the text of %(n)d mail to them", "the texts of %(n)d mails to them", held.mails), held.mails),
        (ngettext("%(n)d answer in a lesson", "%(n)d answers in lessons", held.checks), held.checks),
        (
            ngettext(
                "the name on %(n)d certificate, whose check then says “withdrawn”",
                "the name on %(n)d certificates, whose check then says “withdrawn”",
                held.certificates,
            ),
            held.certificates,
        ),
    ):
        said += [text % {"n": n}] if n else []
    return said


def stays(held: privacy.Held) -> list[str]:
    """What still counts, for nobody."""
    numbers = [
        (ngettext("%(n)d enrollment", "%(n)d enrollments", held.enrollments), held.enrollments),
        (ngettext("%(n)d completed lesson", "%(n)d completed lessons", held.completions), held.completions),
        (
            ngettext(
                "%(n)d attempt at a quiz, with its score and the options chosen",
                "%(n)d attempts at quizzes, with their scores and the options chosen",
                held.attempts,
            ),
            held.attempts,
        ),
    ]
    said = [text % {"n": n} for text, n in numbers if n]
    return [*said, _("what they did as staff, with “Erased person” in place of the name")]
