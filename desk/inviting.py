"""Two pages of HR: invite the people of a team, and who has not come yet."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import inviting, mailing
from accounts.admin import TeamChoiceField
from accounts.fields import to_confirm
from accounts.models import InvitationRound, Membership, Team, User
from accounts.models.user import UserQuerySet
from accounts.numbers import row_number
from accounts.sessions import signed_in

ROWS = 50
ROUNDS = 5  # of those that go on, shown


class TeamForm(forms.Form):
    team = TeamChoiceField(
        label=gettext_lazy("Team"), help_text=gettext_lazy("Everybody in it and in the teams below.")
    )


class NotComeForm(forms.Form):
    """What the list is narrowed to."""

    team = TeamChoiceField(label=gettext_lazy("Team"), required=False, empty_label=gettext_lazy("All"))
    how = forms.ChoiceField(
        label=gettext_lazy("Invited"),
        required=False,
        choices=[("", gettext_lazy("All")), *InvitationRound.How.choices],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            is_select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if is_select else "form-control"


def hr(request: HttpRequest) -> User:
    """The person of this request, who may invite anybody."""
    by = signed_in(request)
    if not by.has_perm("accounts.print_slips"):
        raise PermissionDenied
    return by


def page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    frame = {**admin.site.each_context(request), "title": title, "trail": []}
    return TemplateResponse(request, template, {**frame, **context})


def invite(request: HttpRequest) -> HttpResponse:
    """Choose a team; see how many get a mail, or paper; then the mails are written."""
    by = hr(request)
    form = TeamForm(request.POST or None)
    title = _("Invite people")
    if request.method != "POST" or not form.is_valid():
        return page(request, "desk/ask.html", title, form=form, errors=bool(form.errors))
    team: Team = form.cleaned_data["team"]
    if not request.POST.get("confirmed"):
        return confirm(request, by, team, form)
    messages.success(request, begun(*inviting.begin(by, team)))
    return redirect("admin:not_come")


def begun(sent: int, left: int) -> str:
    """What pressing the button did, and what the timer goes on with."""
    text = ngettext("%(n)d invitation goes out by mail.", "%(n)d invitations go out by mail.", sent) % {"n": sent}
    return f"{text} {in_batches(left)}" if left else text


def taking_turns(mail: int) -> list[str]:
    """What to say before so many are invited: that they are not all invited at once."""
    if mail <= inviting.AT_ONCE:
        return []
    first = _("The first %(n)d go out at once.") % {"n": inviting.AT_ONCE}
    return [f"{first} {in_batches(mail - inviting.AT_ONCE)}"]


def in_batches(more: int) -> str:
    text = ngettext(
        "%(n)d more follows in its turn: %(batch)d every ten minutes, on weekdays between 9 and 17 where they live.",
        "%(n)d more follow in their turn: %(batch)d every ten minutes, on weekdays between 9 and 17 where they live.",
        more,
    )
    return text % {"n": more, "batch": mailing.batch_size()}


def confirm(request: HttpRequest, by: User, team: Team, form: TeamForm) -> HttpResponse:
    found = inviting.reach(by, team)
    sheet = reverse("accounts:slip_sheet", args=[team.pk]) if found.paper else ""
    return page(
        request,
        "desk/invite.html",
        _("Invite %(team)s?") % {"team": team.name},
        trail=[(_("Invite people"), reverse("admin:invite"))],
        sentences=[*sentences(found), *taking_turns(found.mail)],
        mail=found.mail,
        paper=found.paper,
        sheet=sheet,
        hidden=to_confirm(form),
        back=reverse("admin:invite"),
    )


def sentences(found: inviting.Reach) -> list[str]:
    """Everybody of the team in one of these, the mail first."""
    texts = [
        (
            found.mail,
            ngettext("%(n)d person gets an invitation by mail.", "%(n)d people get an invitation by mail.", found.mail),
        ),
        (
            found.lately,
            ngettext(
                "%(n)d person was invited in the last three days and gets no second mail.",
                "%(n)d people were invited in the last three days and get no second mail.",
                found.lately,
            ),
        ),
        (
            found.paper,
            ngettext(
                "%(n)d person has no e-mail address and needs a slip on paper.",
                "%(n)d people have no e-mail address and need a slip on paper.",
                found.paper,
            ),
        ),
        (
            found.come,
            ngettext("%(n)d person has signed in before.", "%(n)d people have signed in before.", found.come),
        ),
        (
            found.colleagues,
            ngettext(
                "%(n)d colleague with staff rights (or you) is left out: the operator lets them in.",
                "%(n)d colleagues with staff rights (or you) are left out: the operator lets them in.",
                found.colleagues,
            ),
        ),
    ]
    return [text % {"n": number} for place, (number, text) in enumerate(texts) if number or place == 0]


def not_come(request: HttpRequest) -> HttpResponse:
    """The list of people who never signed in, with how they were invited; POST invites again."""
    by = hr(request)
    form = NotComeForm(request.GET)
    people = narrowed(by, form)
    if request.method == "POST":
        return act(request, by, form, people)
    homes = Prefetch("memberships", Membership.objects.filter(is_home=True).select_related("team"), "home_places")
    shown = people.prefetch_related(homes).order_by("name", "pk")
    paper = Paginator(shown, ROWS)
    kept = {name: value for name, value in request.GET.items() if name in form.fields and value}
    rows = paper.get_page(request.GET.get("page"))
    return page(
        request,
        "desk/not_come.html",
        _("Who has not come yet"),
        form=form,
        rows=rows,
        pages=paper.get_elided_page_range(rows.number, on_each_side=2, on_ends=1),
        elided=Paginator.ELLIPSIS,
        query=urlencode(kept),
        to_mail=inviting.to_mail(people).count(),
        rounds=rounds(),
    )


def narrowed(by: User, form: NotComeForm) -> UserQuerySet:
    """Whom the list shows: of people that `by` may let in, those who fit the filters; nobody for a mistaken filter."""
    if not form.is_valid():
        return User.objects.none()
    return inviting.listed(by, form.cleaned_data["team"], form.cleaned_data["how"])


def rounds() -> list[tuple[InvitationRound, int]]:
    """The invitations that go on by themselves, with how many people are left."""
    found = InvitationRound.objects.open().select_related("team", "by")[:ROUNDS]
    return [(one, inviting.left_in(one).count()) for one in found]


def act(request: HttpRequest, by: User, form: NotComeForm, people: UserQuerySet) -> HttpResponse:
    """Invite one person of the list once more; stop what goes on; or, after a page that says how many, invite all."""
    back = f"{request.path}?{request.GET.urlencode()}"
    if request.POST.get("stop"):
        one = get_object_or_404(InvitationRound, pk=row_number(request.POST["stop"]))
        if inviting.stop(one, by):
            messages.success(request, _("Stopped. Who is invited already stays so."))
        return redirect(back)
    if request.POST.get("person"):
        person = get_object_or_404(people, pk=row_number(request.POST["person"]))
        if inviting.invite(by, person):
            messages.success(request, _("A new invitation goes to %(name)s.") % {"name": person.name})
        else:
            messages.warning(request, _("%(name)s was invited a moment ago.") % {"name": person.name})
        return redirect(back)
    return again(request, by, form, people, back)


def again(request: HttpRequest, by: User, form: NotComeForm, people: UserQuerySet, back: str) -> HttpResponse:
    mail = inviting.to_mail(people).count()
    if not request.POST.get("confirmed"):
        return confirm_again(request, mail, people.count() - mail, back)
    if form.is_valid():
        messages.success(request, begun(*inviting.begin(by, form.cleaned_data["team"], form.cleaned_data["how"])))
    return redirect(back)


def confirm_again(request: HttpRequest, mail: int, others: int, back: str) -> HttpResponse:
    text = ngettext(
        "%(n)d person gets a new invitation; an earlier one no longer works.",
        "%(n)d people get a new invitation; earlier ones no longer work.",
        mail,
    )
    left = ngettext(
        "%(n)d person of the list is left out: no address, or invited in the last three days.",
        "%(n)d people of the list are left out: no address, or invited in the last three days.",
        others,
    )
    return page(
        request,
        "desk/confirm.html",
        _("Invite everybody on this list by mail?"),
        trail=[(_("Who has not come yet"), reverse("admin:not_come"))],
        sentences=[text % {"n": mail}, *taking_turns(mail), left % {"n": others}],
        hidden=[("confirmed", "1")],
        button=ngettext("Invite %(n)d person", "Invite %(n)d people", mail) % {"n": mail},
        back=back,
    )
