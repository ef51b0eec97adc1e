from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import sessions
from accounts.forms import GuardedForm, SignInForm
from accounts.links import is_own
from accounts.log import record
from accounts.middleware import forgotten
from accounts.models import User
from accounts.throttling import seconds_until

DEMO_CAST = ("ada", "mia", "ed", "hana")


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = SignInForm(request.POST or None, request=request)
    if request.method == "POST" and form.is_valid() and form.person:
        sessions.begin(request, form.person, shared_device=form.cleaned_data["shared_device"])
        return redirect(next_url(request))
    why = request.GET.get("why")
    return guarded_page(request, "accounts/sign_in.html", form, next=next_url(request), why=why)


def next_url(request: HttpRequest) -> str:
    """Where to go after signing in: the page asked for if it is one of ours, otherwise the first page."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    return url if is_own(request, url) else resolve_url(settings.LOGIN_REDIRECT_URL)


def guarded_page(request: HttpRequest, template: str, form: GuardedForm, **context: object) -> HttpResponse:
    """The page of a form that counts tries: 429 with the time to wait while its door is shut."""
    response = render(request, template, {"form": form} | context, status=form.status)
    if form.shut_until:
        response["Retry-After"] = str(seconds_until(form.shut_until))
    return response


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    return leave(request, _("You are signed out."))


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        request.user.sign_out_everywhere()
        record("sign_out_everywhere", request, request.user)
    return leave(request, _("You are signed out here and on all other devices."))


def leave(request: HttpRequest, message: str) -> HttpResponse:
    shared = request.session.get(sessions.SHARED)
    sessions.end(request)
    messages.success(request, message)
    response = redirect(settings.LOGOUT_REDIRECT_URL)
    return forgotten(response) if shared else response


@login_not_required
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """In the demo, look around as one of the cast."""
    who = request.POST.get("who")
    if not settings.DEMO or who not in DEMO_CAST:
        raise Http404
    person = get_object_or_404(User.objects.active(), email=f"{who}@example.com")
    sessions.begin(request, person, door="demo")
    return redirect(settings.LOGIN_REDIRECT_URL)
