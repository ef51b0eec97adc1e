import re
import uuid
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from config.logs import request_id_now

Handler = Callable[[HttpRequest], HttpResponse]


def request_id(get_response: Handler) -> Handler:
    """Give every request a number that its log lines carry and that the error pages show; a proxy's own is kept."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        number = given if re.fullmatch(r"[A-Za-z0-9-]{8,64}", given) else uuid.uuid4().hex
        request.META["HTTP_X_REQUEST_ID"] = number  # Django logs bad answers after the last middleware
        token = request_id_now.set(number)
        try:
            response = get_response(request)
        finally:
            request_id_now.reset(token)
        response["X-Request-ID"] = number
        return response

    return middleware


def private_pages(get_response: Handler) -> Handler:
    """Keep every page out of every cache, unless its view said otherwise: after signing out, Back shows nothing."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store, private"
        return response

    return middleware


def no_nul(get_response: Handler) -> Handler:
    """Answer 400 to NUL bytes in path, query or cookies: PostgreSQL cannot hold one, and no page has a use for it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "\0" in request.path or "\0" in query or "%00" in query or "\0" in "".join(request.COOKIES.values()):
            raise BadRequest("NUL byte")
        return get_response(request)

    return middleware
