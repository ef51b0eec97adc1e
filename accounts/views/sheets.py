"""Slips for a whole shop: choose a team, see how many, print."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts import letters
from accounts.inviting import SHEET, TooMany, for_paper, print_sheet
from accounts.log import record
from accounts.models import Team, User
from accounts.sessions import signed_in
from accounts.teams import named, with_full_names
from accounts.views.slips import Paper

SHOWN = 50  # teams of the list, before one has to search


@require_safe
def slip_sheets(request: HttpRequest) -> HttpResponse:
    """Choose the team; a search by name where there are many."""
    teams = sheet_teams(request)
    text = request.GET.get("q", "").strip()[:200]
    found = list((named(text, teams) if text else teams).order_by("path")[: SHOWN + 1])
    context = {"teams": with_full_names(found[:SHOWN]), "more": len(found) > SHOWN, "shown": SHOWN, "text": text}
    return render(request, "accounts/slip_sheets.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def slip_sheet(request: HttpRequest, team: int) -> HttpResponse:
    """How many slips a team needs; after a POST the sheet itself, with codes that are shown this once."""
    chosen = get_object_or_404(sheet_teams(request), pk=team)
    with_mail = (request.POST if request.method == "POST" else request.GET).get("who") == "all"
    if request.method != "POST":
        return sheet_page(request, chosen, with_mail)
    try:
        made = print_sheet(signed_in(request), chosen, with_mail)
    except TooMany:
        return sheet_page(request, chosen, with_mail)
    if not made:
        return sheet_page(request, chosen, with_mail)
    record("slips_printed", request, by=request.user.pk, team=chosen.pk, number=len(made))
    papers = [Paper.of(slip, code) for slip, code in made]
    context = {"team": chosen, "papers": papers, "page": letters.link("accounts:slip")}
    return render(request, "accounts/slip_sheet_printed.html", context)


def sheet_page(request: HttpRequest, team: Team, with_mail: bool) -> HttpResponse:
    people = User.objects.slip_printable_by(request.user).in_teams(team)
    numbers = {"paper": for_paper(people).count(), "all": for_paper(people, with_mail=True).count()}
    number = numbers["all" if with_mail else "paper"]
    context: dict[str, Any] = {"team": team, "numbers": numbers, "number": number, "with_mail": with_mail}
    if number > SHEET:
        context["parts"] = Team.objects.children_of(team)
        context["error"] = _(
            "A sheet has room for %(most)d slips, and these are %(n)d. Print for one team below after the other."
        ) % {"most": SHEET, "n": number}
    return render(request, "accounts/slip_sheet.html", {**context, "choices": choices(numbers)})


def choices(numbers: dict[str, int]) -> list[tuple[str, Any, int]]:
    return [
        ("paper", gettext_lazy("People without an e-mail address who never signed in"), numbers["paper"]),
        ("all", gettext_lazy("Everybody who never set a password, with or without an e-mail address"), numbers["all"]),
    ]


def sheet_teams(request: HttpRequest) -> Any:
    """The teams this person may print sheets for: HR all, a manager their own and those below."""
    person = signed_in(request)
    if person.is_superuser or (person.is_staff and person.has_perm("accounts.print_slips")):
        return Team.objects.all()
    if own := person.managed_teams():
        return Team.objects.under(*own)
    raise PermissionDenied
