"""How a quiz says no: the status, a sentence and a way on, as a page or as JSON, and a line in the log."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from courses import progress
from quizzes import grading, retakes, taking

logger = logging.getLogger("workshop.quizzes")

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Refusal:
    """The answer to one kind of refusal; `way_on` is where its page leads."""

    status: int
    title: Promise
    sentence: Promise
    way_on: str = "home"  # home, lesson, question or result


NOT_FOUND = Refusal(404, _("Not found"), _("There is no such question for you. Your saved answers are safe."))
REFUSALS: dict[type[Exception], Refusal] = {
    Http404: NOT_FOUND,
    grading.BadResponse: Refusal(
        400,
        _("That answer did not fit the question"),
        _("What arrived is not an answer to this question, so nothing was changed. Open the question and try again."),
        "question",
    ),
    taking.AlreadyClosed: Refusal(
        409,
        _("This attempt is closed"),
        _("Its answers can no longer be changed, so this one was not saved. What was saved before is in the result."),
        "result",
    ),
    progress.Closed: Refusal(
        409,
        _("The time for this course is over"),
        _("Nothing more is recorded, and what you saved is kept. If you need more time, ask your manager."),
    ),
    progress.Outdated: Refusal(
        409,
        _("The quiz was changed at this very moment"),
        _("Your answers are safe and the attempt is still open. Please close it once more."),
        "result",
    ),
    retakes.TooSoon: Refusal(
        409,
        _("Not yet: there are 24 hours between two attempts"),
        _("Nothing was started. The page of the final says from when you can try again, and what to read until then."),
        "lesson",
    ),
    retakes.NoneLeft: Refusal(
        409,
        _("You have used the attempts you were given"),
        _("Nothing was started. HR can give you another."),
        "lesson",
    ),
    taking.EmptyPool: Refusal(
        409,
        _("This quiz has no questions yet"),
        _("Its editors are still at work, so nothing was started. Please come back later."),
    ),
}


def wants_json(request: HttpRequest) -> bool:
    """Whether the page's script asks, and not a person's browser."""
    return request.accepts("application/json") and not request.accepts("text/html")


def explain_refusals(view: View) -> View:
    """Turn the refusals of the verbs below into an answer. A 404 keeps the site's own page, unless a script asks."""

    @wraps(view)
    def wrapped(request: HttpRequest, **address: object) -> HttpResponse:
        try:
            return view(request, **address)
        except tuple(REFUSALS) as error:
            refusal = REFUSALS[type(error)]
            _log(request, refusal.status, type(error).__name__, address)
            if wants_json(request):
                body = {"saved": False, "error": str(refusal.sentence)}
                return JsonResponse(body, status=refusal.status)
            if isinstance(error, Http404):
                raise
            return render(request, "quizzes/refused.html", {"refusal": refusal, **address}, status=refusal.status)

    return wrapped


def _log(request: HttpRequest, status: int, reason: str, address: dict[str, object]) -> None:
    """By the person's number, never by name; the address has been through the URL's converters."""
    where = "/".join(str(part)[:80] for part in address.values())
    event = {"person": request.user.pk, "status": status, "reason": reason, "quiz": where}
    logger.warning("refused %s: person %s at %s", reason, request.user.pk, where, extra={"event": event})
