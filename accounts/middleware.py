from collections.abc import Callable
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import LoginRequiredMiddleware, get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation

from accounts import sessions
from accounts.links import sign_in_first
from notices.hours import zone_of

Handler = Callable[[HttpRequest], HttpResponse]


def session_limits(get_response: Handler) -> Handler:
    """End sessions that were idle or lived for too long, and those of people who were switched off.

    The request then goes on as nobody's. A normal request costs no query here.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if SESSION_KEY not in request.session:
            return get_response(request)
        if request.user.is_authenticated and not sessions.is_over(request):
            sessions.mark_used(request)
            request.user = get_user(request)  # itself: each look through Django's stand-in for it costs a detour
            return get_response(request)
        shared = request.session.get(sessions.SHARED)
        request.session.flush()
        request.user = AnonymousUser()
        response = get_response(request)
        return forgotten(response) if shared else response

    return middleware


def forgotten(response: HttpResponse) -> HttpResponse:
    """Have the browser of a shared device forget what it kept of this site."""
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


class SignInRequired(LoginRequiredMiddleware):
    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        return sign_in_first(request)


def preferences(get_response: Handler) -> Handler:
    """Speak the person's language and tell time in their zone for this request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return get_response(request)
        with translation.override(user.language), timezone.override(zone_of(user.time_zone)):
            return get_response(request)

    return middleware
