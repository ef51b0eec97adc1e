"""What this room keeps about a person, out and away."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts import audit, throttling
from accounts.models import StagedRow, User
from accounts.models.user import site_time_zone
from accounts.sessions import SHARED, USED
from notices.privacy import Section, section

DOORS = ("sign_in", "reset", "reset-unknown", "slip")


def erased_name() -> str:
    """What stands where the name stood."""
    return _("Erased person")


def rows_about(person: User) -> list[QuerySet[Any, Any]]:
    """Everything of this room and the one below that is about the person: what staff may have done something to."""
    return [
        User.objects.filter(pk=person.pk),
        person.memberships.all(),
        person.slips.all(),
        StagedRow.objects.filter(person=person),
        person.notices.all(),
        person.news.all(),
    ]


# --- Out -------------------------------------------------------------------------------------------------------------


def export(person: User) -> list[Section]:
    columns = {
        "team": _("Team"),
        "role": _("Role"),
        "is_home": _("Home team"),
    }
    places = person.memberships.select_related("team").order_by("-is_home", "team__path")
    slips = person.slips.select_related("printed_by").order_by("printed_at")
    slip_columns = {
        "made_at": _("Made"),
        "by": _("By"),
        "by_mail": _("Sent by mail"),
        "valid_until": _("Valid until"),
        "used_at": _("Used"),
    }
    return [
        account(person),
        section("teams", _("Teams"), columns, [(p.team.name, p.get_role_display(), p.is_home) for p in places]),
        section(
            "sign_in_slips",
            _("Sign-in slips and invitations"),
            slip_columns,
            [(s.printed_at, name_of(s.printed_by), s.by_mail, s.expires_at, s.used_at) for s in slips],
        ),
        sign_ins(person),
        staged(person),
    ]


def name_of(person: User | None) -> str:
    return person.name if person else ""


def account(person: User) -> Section:
    """The person's own row, field by field; neither the password's hash nor what only counts for sessions."""
    roles = ", ".join(sorted(person.groups.values_list("name", flat=True)))
    values: list[tuple[str, Any]] = [
        (_("Name"), person.name),
        (_("E-mail address"), person.email),
        (_("Staff number"), person.staff_number),
        (_("External id"), person.external_id),
        (_("Language"), person.get_language_display()),
        (_("Time zone"), person.time_zone),
        (_("Colors"), person.get_theme_display()),
        (_("Active"), person.is_active),
        (_("Roles"), roles),
        (_("Joined"), person.date_joined),
        (_("Last sign-in"), person.last_login),
        (_("Left"), person.left_at),
    ]
    return section("account", _("Account"), {"what": _("What"), "value": _("Value")}, values)


def sign_ins(person: User) -> Section:
    columns = {"last_used_at": _("Last used"), "shared_device": _("Shared device"), "valid_until": _("Valid until")}
    rows = [
        (datetime.fromtimestamp(data.get(USED, 0), UTC), bool(data.get(SHARED)), session.expire_date)
        for session, data in sessions_of({person.pk})
    ]
    return section("signed_in", _("Signed in"), columns, rows)


def staged(person: User) -> Section:
    """The rows about a person in files that HR brought, as they stood there."""
    columns = {"file": _("File"), "brought_at": _("Brought"), "row": _("Row"), "cells": _("What it said")}
    rows = StagedRow.objects.filter(person=person).select_related("file").order_by("file", "number")
    found = [(row.file.name, row.file.at, row.number, row.cells) for row in rows]
    return section("files", _("Rows of files that HR brought"), columns, found)


def audit_section(*about: QuerySet[Any, Any]) -> Section:
    """What staff did to the rows of these queries."""
    columns = {"at": _("When"), "by": _("Who"), "what": _("What"), "about": _("About")}
    entries: list[LogEntry] = []
    for rows in about:
        entries += audit.about(rows).select_related("user")
    entries.sort(key=lambda entry: entry.action_time)
    said = [(e.action_time, name_of(e.user), e.get_change_message(), e.object_repr) for e in entries]
    return section("staff_deeds", _("What staff did"), columns, said)


# --- Away ------------------------------------------------------------------------------------------------------------


def erase(person: User, at: datetime) -> None:
    """Blank the person in place, with all of this room that names them. Their sessions: `end_sessions`."""
    throttling.forget(DOORS, [name for name in (person.email, person.staff_number) if name])
    for rows in rows_about(person):
        audit.forget(rows, erased_name())
    forget_rows(person)
    person.memberships.all().delete()
    person.slips.all().delete()
    person.groups.clear()
    person.user_permissions.clear()
    person.name, person.email, person.staff_number, person.external_id = erased_name(), None, None, None
    person.language, person.time_zone, person.theme = settings.LANGUAGE_CODE, site_time_zone(), User.Theme.SYSTEM
    person.is_active = person.is_staff = person.is_superuser = False
    person.last_login, person.left_at, person.erased_at = None, person.left_at or at, at
    person.session_epoch += 1
    person.set_unusable_password()
    person.save()


def forget_rows(person: User) -> None:
    """Empty the rows of files about this person. What was still to be applied is refused: it would bring them back."""
    rows = StagedRow.objects.filter(pk__in=list(naming(person).values_list("pk", flat=True)))
    why = _("This row had a number or the name of somebody who was erased. If it is somebody else, bring it again.")
    audit.forget(rows, erased_name())
    rows.filter(applied_at=None).update(outcome=StagedRow.Outcome.REFUSED, problems=[["", why]])
    rows.filter(applied_at__isnull=False).update(problems=[])
    rows.update(cells={}, person=None)


def naming(person: User) -> QuerySet[StagedRow]:
    """Rows that were matched to this person or have one of their numbers as a cell; of nobody's, also their name."""
    numbers = [text for text in (person.email, person.staff_number, person.external_id) if text]
    rows = StagedRow.objects.annotate(text=Cast("cells", TextField()))
    named = Q(has_cell(person.name), person=None)
    return rows.filter(Q(person=person) | named | Q(*[has_cell(text) for text in numbers], _connector=Q.OR))


def has_cell(text: str) -> Q:
    """A condition that a cell is this text, capital letters apart, however the database spells it."""
    return Q(text__icontains=json.dumps(text)) | Q(text__icontains=json.dumps(text, ensure_ascii=False))


def sessions_of(people: Collection[int]) -> list[tuple[Session, dict[str, Any]]]:
    """The sessions of these people, opened; reads every session there is, for only inside it says whose it is."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    wanted = {str(pk) for pk in people}
    opened = ((one, store.decode(one.session_data)) for one in Session.objects.iterator())
    return [(one, data) for one, data in opened if data.get(SESSION_KEY) in wanted]


def end_sessions(people: Collection[int]) -> None:
    """Delete every session of these people."""
    Session.objects.filter(pk__in=[one.pk for one, _data in sessions_of(people)]).delete()
