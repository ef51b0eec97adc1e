from collections.abc import Callable
import zoneinfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

Handler = Callable[[HttpRequest], HttpResponse]


def session_limits(get_response: Handler) -> Handler:
    return get_response


def preferences(get_response: Handler) -> Handler:
    """Speak the person's language and tell time in their zone for this request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return get_response(request)
        with translation.override(user.language), timezone.override(zoneinfo.ZoneInfo(user.time_zone)):
            return get_response(request)

    return middleware
