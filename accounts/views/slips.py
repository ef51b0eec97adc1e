from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import audit, letters, sessions
from accounts.forms import SlipForm, SlipPasswordForm
from accounts.log import record
from accounts.models import SignInSlip, User
from accounts.models.slip import grouped
from accounts.qr import qr_path
from accounts.sessions import signed_in
from accounts.throttling import Guard
from accounts.views.doors import guarded_page

SHOWN_SLIP = "slip"
NONE_SHOWN = (0, 0)
TIME_FOR_PASSWORD = timedelta(minutes=15)  # after the code was right


@dataclass(frozen=True)
class Paper:
    """What is printed on a slip. The code goes behind the # of the address in the picture, which no server is sent."""

    slip: SignInSlip
    person: User
    code: str
    qr: str
    qr_size: int

    @classmethod
    def of(cls, slip: SignInSlip, code: str) -> Paper:
        values = urlencode({"name": slip.user.sign_in_name, "code": code})
        path, size = qr_path(f"{letters.link('accounts:slip')}#{values}")
        return cls(slip, slip.user, grouped(code), path, size)


@require_POST
def print_slip(request: HttpRequest, person: int) -> HttpResponse:
    """Make a slip and show it, this once; the code is kept nowhere."""
    whom = get_object_or_404(User.objects.slip_printable_by(request.user), pk=person)
    by = signed_in(request)
    with transaction.atomic():
        slip, code = SignInSlip.print_for(whom, by)
        audit.record(by, whom, "Printed a sign-in slip")
    record("slip_printed", request, whom, by=request.user.pk)
    context = {"page": letters.link("accounts:slip"), "paper": Paper.of(slip, code)}
    return render(request, "accounts/slip_printed.html", context)


@login_not_required
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def slip(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = SlipForm(request.POST or None, request=request)
    if request.method == "POST" and form.is_valid() and form.slip:
        request.session.flush()
        request.session[SHOWN_SLIP] = [form.slip.pk, timezone.now().timestamp()]
        return redirect("accounts:slip_password")
    return guarded_page(request, "accounts/slip.html", form)


@login_not_required
@sensitive_variables("code")
@require_safe
def invitation(request: HttpRequest, code: str) -> HttpResponse:
    """The page behind the link of an invitation: the code goes into the session, out of the address.

    Nothing changes yet, for programs that look at mail open links, too.
    """
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    invited = SignInSlip.objects.by_link(code).first()
    if invited is None or not invited.is_valid() or not invited.user.is_active:
        return invitation_over(request, invited)
    request.session.flush()
    request.session[SHOWN_SLIP] = [invited.pk, timezone.now().timestamp()]
    return redirect("accounts:slip_password")


def invitation_over(request: HttpRequest, invited: SignInSlip | None) -> HttpResponse:
    """Why a link does not work, and how to get another; nothing about the person it was for."""
    why = invited.over() or SignInSlip.Over.REPLACED if invited else "unknown"
    return render(request, "accounts/invitation_over.html", {"why": str(why), "invited": invited})


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def slip_password(request: HttpRequest) -> HttpResponse:
    shown = shown_slip(request)
    if shown is None:
        return out_of_date(request)
    form = SlipPasswordForm(shown.user, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/slip_password.html", {"form": form, "person": shown.user})
    if not shown.redeem(form.cleaned_data["new_password1"]):
        return out_of_date(request)
    Guard("sign_in", request, shown.user.sign_in_name).forget_name()
    record("slip_used", request, shown.user)
    sessions.begin(request, shown.user, shared_device=form.cleaned_data["shared_device"], door="slip")
    messages.success(request, _("Your password is set. From now on, sign in with it."))
    return redirect(settings.LOGIN_REDIRECT_URL)


def shown_slip(request: HttpRequest) -> SignInSlip | None:
    """The slip whose code was typed in this session a moment ago, if it is still good."""
    pk, since = request.session.get(SHOWN_SLIP) or NONE_SHOWN
    if timezone.now().timestamp() - since > TIME_FOR_PASSWORD.total_seconds():
        return None
    return SignInSlip.objects.valid().select_related("user").filter(pk=pk, user__is_active=True).first()


def out_of_date(request: HttpRequest) -> HttpResponse:
    pk, _since = request.session.pop(SHOWN_SLIP, None) or NONE_SHOWN
    if invited := SignInSlip.objects.filter(pk=pk, by_mail=True).first():
        return invitation_over(request, invited)
    messages.warning(
        request, _("Please type the code from your slip once more. If it was used already, ask for a new slip.")
    )
    return redirect("accounts:slip")
