"""What this room keeps about a person, out and away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.privacy import erased_name
from events.models import Attendance, LiveSession, Registration
from notices.privacy import Section, section


def rows_about(person: User) -> list[QuerySet[Any, Any]]:
    """Everything of this room that is about the person, by model: what staff may have done something to."""
    return [Registration.objects.filter(user=person), Attendance.objects.filter(user=person)]


def export(person: User) -> list[Section]:
    return [registrations(person), attendances(person), led(person)]


def registrations(person: User) -> Section:
    columns = {
        "session": _("Live session"),
        "starts_at": _("Starts"),
        "registered_at": _("Registered"),
        "cancelled_at": _("Cancelled"),
    }
    found = person.session_registrations.order_by("registered_at", "pk")
    rows = found.values_list("session__title", "session__starts_at", "registered_at", "cancelled_at")
    return section("session_registrations", _("Registrations for live sessions"), columns, rows)


def attendances(person: User) -> Section:
    columns = {
        "session": _("Live session"),
        "starts_at": _("Starts"),
        "at": _("Noted"),
        "by": _("Who"),
        "withdrawn_at": _("Taken back"),
    }
    found = person.attendances.order_by("at", "pk")
    rows = found.values_list("session__title", "session__starts_at", "at", "by__name", "withdrawn_at")
    return section("attendances", _("Live sessions you came to"), columns, rows)


def led(person: User) -> Section:
    columns = {"session": _("Live session"), "starts_at": _("Starts"), "ends_at": _("Ends")}
    rows = person.sessions_led.order_by("starts_at", "pk").values_list("title", "starts_at", "ends_at")
    return section("sessions_led", _("Live sessions you led"), columns, rows)


def erase(person: User, at: datetime) -> None:
    """Let go of seats in what is to come, and of being its trainer; that somebody came stays, with nobody's name."""
    for rows in rows_about(person):
        audit.forget(rows, erased_name())
    coming = LiveSession.objects.coming(at)
    person.session_registrations.filter(session__in=coming, cancelled_at=None).update(cancelled_at=at)
    person.sessions_led.clear()
