"""What people see when something does not work: our own pages, kind words, no internals.

The pages for trouble of ours (500, 503) are rendered without request, session or person: none of them may be there.
"""

import logging
import sys
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError, NotSupportedError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from config.logs import request_id_now

logger = logging.getLogger(__name__)

RETRY_AFTER = 10  # seconds; a database that was restarted is back by then

# What SQLite and PostgreSQL say when they answer, but cannot write: read-only, or no room on the disk.
CANNOT_SAVE = ("readonly", "read-only", "disk is full", "disk full", "no space left", "disk i/o error")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        message = _("That is more than this site takes at once. Nothing was saved; take some out and send it again.")
        return answer(request, "400.html", 400, message, too_big=True)
    return answer(request, "400.html", 400, _("This request could not be understood."))


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, "403.html", 403, _("You may not do this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is missing or old: most often a page that was open over night. Says so, and leads back."""
    message = _("Your page was open for a long time. Go back and send it again; your text is still there.")
    return answer(request, "403_csrf.html", 403, message, back=way_back(request))


def way_back(request: HttpRequest) -> str:
    """The page of this site that the form was on, or the start page."""
    referrer = request.headers.get("Referer", "")
    own = url_has_allowed_host_and_scheme(referrer, request.get_host(), require_https=request.is_secure())
    return referrer if own else "/"


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, "404.html", 404, _("There is nothing here."))


def server_error(request: HttpRequest) -> HttpResponse:
    """500 for a mistake of ours; 503 when the database is away or cannot write, which passes by itself."""
    error = sys.exc_info()[1]
    if isinstance(error, NotSupportedError):  # a plan from before a migration; a new connection has none
        connection.close()
    if not is_database_trouble(error):
        return plain_answer(request, "500.html", 500, _("Something went wrong on our side."))
    if cannot_save(error):
        message = _("We can't save anything at the moment. Please try again in a few minutes.")
    else:
        message = _("We can't reach our records at the moment. Please try again in a minute.")
    response = plain_answer(request, "503.html", 503, message, cannot_save=cannot_save(error))
    response["Retry-After"] = str(RETRY_AFTER)
    leave_session_alone(request)
    return response


def is_database_trouble(error: BaseException | None) -> bool:
    """Whether the database is away, read-only or full, rather than asked something wrong."""
    return isinstance(error, OperationalError | InterfaceError) or cannot_save(error)


def cannot_save(error: BaseException | None) -> bool:
    # psycopg calls a read-only transaction an InternalError
    text = str(error).lower()
    return isinstance(error, DatabaseError) and any(words in text for words in CANNOT_SAVE)


def leave_session_alone(request: HttpRequest) -> None:
    """What failed leaves no trace in the session either: Django sees to that for 500 only."""
    if session := getattr(request, "session", None):
        session.modified = False


def answer(request: HttpRequest, template: str, status: int, message: str, **context: Any) -> HttpResponse:
    if wants_json(request):
        return as_json(status, message)
    return render(request, template, facts(status, message) | context, status=status)


def plain_answer(request: HttpRequest, template: str, status: int, message: str, **context: Any) -> HttpResponse:
    """An answer made with nothing but the template."""
    if wants_json(request):
        return as_json(status, message)
    try:
        page = render_to_string(template, facts(status, message) | context)
    except Exception:  # whatever it is, a page that tells of trouble must not add to it
        logger.exception("The page %s cannot be shown", template)
        return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
    return HttpResponse(page, status=status)


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks (saving in the background), rather than a person who needs a page."""
    return request.headers.get("Accept", "").split(",")[0].split(";")[0].strip() == "application/json"


def as_json(status: int, message: str) -> JsonResponse:
    return JsonResponse({"error": message, "request": request_id_now.get()}, status=status)


def facts(status: int, message: str) -> dict[str, Any]:
    return {
        "status": status,
        "reason": HTTPStatus(status).phrase,
        "message": message,
        "request_id": request_id_now.get(),
        "SITE_NAME": settings.SITE_NAME,
    }
