"""The pages of live sessions, for those they are for and for those who lead them."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.sessions import signed_in
from courses import markdown
from events import attendance as ticking
from events import calendar, coming, participants, registering, words
from events.forms import TickForm, page_asked
from events.models import LiveSession, Registration


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    return render(request, "events/sessions.html", coming.listed(signed_in(request)))


@require_safe
def session(request: HttpRequest, session: int) -> HttpResponse:
    user = signed_in(request)
    found = get_object_or_404(LiveSession.objects.visible_to(user).with_place_of(user.pk), pk=session)
    shown = coming.Shown.of([found])[0]
    leads = found.is_led_by(user)
    context = {
        "session": found,
        "shown": shown,
        "leads": leads,
        "knows_place": leads or shown.has_seat,
        "may_register": found.is_open() and not shown.is_registered and found.is_meant_for(user),
        "text": markdown.render(found.text),
        "trainers": found.trainers.all(),
    }
    return render(request, "events/session.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, session: int) -> HttpResponse:
    user = signed_in(request)
    found = get_object_or_404(LiveSession.objects.meant_for(user), pk=session)
    if request.method != "POST":  # after signing in again
        return redirect(found)
    try:
        place = registering.register(found, user)
    except registering.Closed:
        messages.warning(request, _("It is too late to register for this session."))
    else:
        tell_place(request, place)
    return redirect(found)


def tell_place(request: HttpRequest, place: Registration) -> None:
    if place.is_seated:
        messages.success(request, _("You have a seat. Put it into your calendar, so that you do not miss it."))
    else:
        messages.info(
            request, _("All seats are taken, so you are on the waiting list. If one becomes free, a mail says so.")
        )


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, session: int) -> HttpResponse:
    user = signed_in(request)
    found = get_object_or_404(LiveSession.objects.visible_to(user), pk=session)
    if request.method != "POST":  # after signing in again
        return redirect(found)
    try:
        cancelled = registering.cancel(found, user)
    except registering.Closed:
        messages.warning(request, _("This session has begun or was called off; there is nothing left to cancel."))
    else:
        if cancelled:
            messages.success(
                request, _("Your registration is cancelled. Thank you for saying so: somebody else can come.")
            )
    return redirect(found if found.is_meant_for(user) or found.is_led_by(user) else "events:sessions")


@require_safe
def calendar_file(request: HttpRequest, session: int) -> HttpResponse:
    """The file for a calendar, with place and link: for who has a seat, and who leads it."""
    user = signed_in(request)
    found = get_object_or_404(LiveSession.objects.visible_to(user), pk=session)
    seated = Registration.objects.seated().filter(user=user, session=found)
    if not seated.exists() and not found.is_led_by(user):
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="session-{found.pk}.ics"'}
    return HttpResponse(calendar.ics(found), content_type="text/calendar; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def attendance(request: HttpRequest, session: int) -> HttpResponse:
    """Who registered, and ticks for who came."""
    user = signed_in(request)
    found = get_object_or_404(LiveSession.objects.led_by(user), pk=session)
    number = page_asked(request.GET)
    if request.method == "POST":
        return tick(request, found, user, number)
    people = participants.Participants.of(found)
    number = min(number, people.pages)
    context = {
        "session": found,
        "people": people,
        "rows": people.page(number),
        "number": number,
        "numbers": range(1, people.pages + 1),
        "can_tick": found.is_ticked_by(),
        "when": words.when(found),
        "when_there": words.when_there(found),
    }
    return render(request, "events/attendance.html", context)


def tick(request: HttpRequest, session: LiveSession, user: User, number: int) -> HttpResponse:
    form = TickForm.read(request.POST)
    if not session.is_ticked_by():
        messages.warning(request, _("You can tick who came from an hour before the session on. Nothing was noted."))
    elif ticking.tick(session, form.came, form.not_came, user):
        messages.success(request, _("It is noted who came."))
    else:
        messages.info(request, _("That is how it was noted already."))
    return redirect(f"{request.path}?page={number}" if number > 1 else request.path)


@require_safe
def participants_csv(request: HttpRequest, session: int) -> StreamingHttpResponse:
    user = signed_in(request)
    found = get_object_or_404(LiveSession.objects.led_by(user), pk=session)
    response = StreamingHttpResponse(participants.lines(found, user), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="session-{found.pk}-participants.csv"'
    return response
