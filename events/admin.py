"""Live sessions on the staff pages: made, moved and cancelled by HR, who first see how many people that touches."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.fields import to_confirm
from accounts.sessions import signed_in
from events import changing, words
from events.changing import Touched
from events.forms import SessionForm
from events.models import LiveSession
from notices.admin import StaffAdmin, state_chip


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("coming", _("Coming")), ("over", _("Over")), ("cancelled", _("Cancelled"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "coming":
            return queryset.coming()
        if self.value() == "over":
            return queryset.filter(cancelled_at=None, ends_at__lte=timezone.now())
        return queryset.filter(cancelled_at__isnull=False) if self.value() == "cancelled" else queryset


@admin.register(LiveSession)
class LiveSessionAdmin(StaffAdmin):
    form = SessionForm
    list_display = ("title", "when", "for_whom", "registered", "state")
    list_filter = (StateFilter,)
    list_select_related = ("course",)
    list_intro = gettext_lazy("Webinars and classroom sessions. People register by themselves; trainers tick who came.")
    search_fields = ("title", "place")
    search_help_text = gettext_lazy("Title or place")
    ordering = ("-starts_at", "-pk")
    add_title = gettext_lazy("Plan a live session")

    def get_queryset(self, request: HttpRequest) -> Any:
        own = super().get_queryset(request).with_place_of(request.user.pk)  # type: ignore[attr-defined]
        return own.defer("text").prefetch_related("teams")

    def get_urls(self) -> list[Any]:
        cancel = path(
            "<int:pk>/cancel/", self.admin_site.admin_view(self.cancel_view), name="events_livesession_cancel"
        )
        return [cancel, *super().get_urls()]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # people may have it in their calendars: it is cancelled

    # --- The list ---

    @admin.display(description=gettext_lazy("when"), ordering="starts_at")
    def when(self, session: LiveSession) -> str:
        return words.when(session, session.zone)

    @admin.display(description=gettext_lazy("for whom"))
    def for_whom(self, session: LiveSession) -> str:
        names = [session.course.title] if session.course else []
        names += [team.name for team in session.teams.all()]
        return get_text_list([_("Everybody")] if session.is_public else names, _("and"))

    @admin.display(description=gettext_lazy("registered"))
    def registered(self, session: Any) -> str:
        return words.seats(session, session.taken)

    @admin.display(description=gettext_lazy("state"))
    def state(self, session: LiveSession) -> SafeString:
        if session.is_cancelled:
            return state_chip("cancelled", _("Cancelled"))
        return state_chip("complete", _("Over")) if session.is_over() else state_chip("not-started", _("Coming"))

    # --- Plan and change ---

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = SessionForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            session = form.save(commit=False)
            session.created_by = signed_in(request)
            session.save()
            session.teams.set(form.cleaned_data["teams"])
            session.trainers.set(form.cleaned_data["trainers"])
            self.log_addition(request, session, "Planned")
            messages.success(request, _("“%(title)s” is planned.") % {"title": session.title})
            return HttpResponseRedirect(self.url("change", session.pk))
        return self.form_page(request, form)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        session = self.get_to_change(request, object_id)
        if session.is_cancelled:
            return self.form_page(request, None, session)
        stored = LiveSession.objects.get(pk=session.pk)
        form = SessionForm(request.POST or None, instance=session)
        if request.method != "POST" or not form.is_valid():
            return self.form_page(request, form, stored)
        effect = changing.touched(stored, form.instance)
        if effect and not request.POST.get("confirmed"):
            return self.confirm(request, form, stored, effect)
        return self.save_now(request, form)

    def form_page(
        self, request: HttpRequest, form: SessionForm | None, stored: LiveSession | None = None
    ) -> HttpResponse:
        title = self.heading(stored) if stored else str(self.add_title)
        when = words.when(stored, stored.zone) if stored else ""
        return self.page(request, "admin/events/session.html", title, form=form, session=stored, when=when)

    def confirm(self, request: HttpRequest, form: SessionForm, stored: LiveSession, effect: Touched) -> HttpResponse:
        """Everything typed goes along as it is, fields with several values too."""
        told = ngettext("Tell %(n)d person and save", "Tell %(n)d people and save", effect.told) % {"n": effect.told}
        return self.page(
            request,
            "desk/confirm.html",
            _("Change this session?"),
            stored,
            sentences=[*said_of(effect), *said_of_times(stored, form.instance)],
            hidden=to_confirm(form),
            button=told if effect.told else _("Save"),
            back=self.url("change", stored.pk),
        )

    def save_now(self, request: HttpRequest, form: SessionForm) -> HttpResponse:
        session = form.save(commit=False)
        effect = changing.save(session, form.cleaned_data["teams"], form.cleaned_data["trainers"], signed_in(request))
        self.log_change(request, session, f"Saved; {effect.told} people are told" if effect.told else "Saved")
        text = _("“%(title)s” is saved.") % {"title": session.title}
        told = ngettext("%(n)d person gets a mail.", "%(n)d people get a mail.", effect.told) % {"n": effect.told}
        messages.success(request, f"{text} {told}" if effect.told else text)
        return HttpResponseRedirect(self.url("change", session.pk))

    # --- Cancel ---

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        session = self.get_to_change(request, pk)
        if not session.is_coming():
            messages.info(request, _("This session is over or was called off already."))
            return HttpResponseRedirect(self.url("change", session.pk))
        if request.method != "POST":
            return self.confirm_cancel(request, session)
        told = changing.cancel(session, signed_in(request))
        self.log_change(request, session, f"Cancelled; {told} people are told")
        text = ngettext(
            "It is called off. %(n)d person gets a mail.", "It is called off. %(n)d people get a mail.", told
        )
        messages.success(request, text % {"n": told} if told else _("It is called off. Nobody had registered."))
        return HttpResponseRedirect(self.url("change", session.pk))

    def confirm_cancel(self, request: HttpRequest, session: LiveSession) -> HttpResponse:
        people = session.registrations.active().count()
        said = ngettext(
            "%(n)d person has registered and gets a mail.", "%(n)d people have registered and get a mail.", people
        )
        sentences = [
            said % {"n": people} if people else _("Nobody has registered, so nobody is told."),
            words.when(session, session.zone),
            _("It stays here as cancelled. To hold it after all, plan a new one."),
        ]
        return self.page(
            request,
            "desk/confirm.html",
            _("Call this session off?"),
            session,
            sentences=sentences,
            button=_("Call it off"),
            back=self.url("change", session.pk),
        )


def said_of(effect: Touched) -> list[str]:
    """What a change does to those who registered, the most important first."""
    told, loses, gains = effect.told, effect.loses_seat, effect.gains_seat
    found = []
    if told:
        words_ = ngettext(
            "%(n)d person has registered and gets a mail about it.",
            "%(n)d people have registered and get a mail about it.",
            told,
        )
        found.append(words_ % {"n": told})
    if loses:
        words_ = ngettext(
            "%(n)d person loses a seat and goes to the waiting list, with a mail: who registered last.",
            "%(n)d people lose a seat and go to the waiting list, with a mail: who registered last.",
            loses,
        )
        found.append(words_ % {"n": loses})
    if gains:
        words_ = ngettext(
            "%(n)d person moves up from the waiting list, with a mail.",
            "%(n)d people move up from the waiting list, with a mail.",
            gains,
        )
        found.append(words_ % {"n": gains})
    return found


def said_of_times(old: LiveSession, new: LiveSession) -> list[str]:
    before, after = (words.when(one, one.zone) for one in (old, new))
    return [_("Before: %(when)s") % {"when": before}, _("Now: %(when)s") % {"when": after}] if before != after else []
