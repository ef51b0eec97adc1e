from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from accounts import mailing
from accounts.log import record

ONE_CLICK = "One-Click"


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Fewer mails for whoever this token was written to: a page with a button, or the POST of a mail program.

    Only that POST (RFC 8058) comes without a CSRF token: mail programs have none. It can do no more than the token in
    its address allows. Whether there is such a person nobody learns.
    """
    if request.method == "POST" and request.POST.get("List-Unsubscribe") == ONE_CLICK:
        return stop(request, token)
    return unsubscribe_page(request, token)


@csrf_protect
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    return stop(request, token) if request.method == "POST" else answer(request, token, done=False)


def stop(request: HttpRequest, token: str) -> HttpResponse:
    person = mailing.unsubscriber(token)
    if person is not None:
        mailing.unsubscribe(person)
        record("unsubscribed", request, door="mail")
    return answer(request, token, done=True)


def answer(request: HttpRequest, token: str, done: bool) -> HttpResponse:
    known = mailing.unsubscriber(token) is not None
    return render(request, "accounts/unsubscribe.html", {"known": known, "done": done}, status=200 if known else 404)
