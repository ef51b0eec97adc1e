import unicodedata
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

SAFE = ("GET", "HEAD", "OPTIONS")


def is_own(request: HttpRequest, url: str) -> bool:
    """Whether a link from outside leads to a page of this site, in every browser's reading of it."""
    own = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return (
        own and "\\" not in url and not any(unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") for letter in url)
    )


def sign_in_first(request: HttpRequest) -> HttpResponseRedirect:
    """To the sign-in page and from there back; for a form whose session has ended, to the page it was on."""
    query = {"next": request.get_full_path()}
    if request.method not in SAFE:
        query = {"next": came_from(request), "why": "unsaved"}
    elif session_ended(request):
        query["why"] = "ended"
    return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode(query)}")


def session_ended(request: HttpRequest) -> bool:
    """Whether the browser still names a session, and it is nobody's any more."""
    return not request.user.is_authenticated and settings.SESSION_COOKIE_NAME in request.COOKIES


def came_from(request: HttpRequest) -> str:
    """The page of this site that a form was on, as the browser says; otherwise the first page."""
    referrer = request.headers.get("Referer", "")
    if not is_own(request, referrer):
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    parts = urlsplit(referrer)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
