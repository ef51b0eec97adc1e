"""The columns of a file of people, and the words in them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from desk.files.reading import Column, folded

KEYS = ("external_id", "staff_number", "email")  # a person is found by the first of these that a row has
WRONG = Column("wrong", _("What is wrong"), ignored=True)

PEOPLE = [
    Column(
        "external_id",
        _("External id"),
        ("id", "person id", "employee id", "hr id"),
        _("The person's number in your own system. It finds the person first, whatever else changes."),
    ),
    Column(
        "staff_number",
        _("Staff number"),
        ("personnel number", "employee number", "staff no"),
        _("Letters, digits and . _ / - only. People without e-mail sign in with it."),
    ),
    Column(
        "email", _("E-mail"), ("e-mail address", "mail", "address"), _("In capitals or not: it is the same address.")
    ),
    Column("name", _("Name"), ("full name", "person"), _("Needed for people who are new.")),
    Column(
        "home_team",
        _("Home team"),
        ("team", "department", "team path"),
        _("The way down from the top: Shops / Lyon 3. Another team than now moves the person."),
    ),
    Column(
        "further_teams",
        _("Further teams"),
        ("other teams", "more teams"),
        _("Separated by ; or |. “Shops / Paris (manager)” makes them manager there. An empty cell means none."),
    ),
    Column("role", _("Role"), ("role in the home team",), _("member or manager, in the home team.")),
    Column("language", _("Language"), (), _("Such as English or en-us.")),
    Column(
        "path",
        _("Path"),
        ("learning path",),
        _("Key or title of a path. Whoever is not on its course yet is enrolled; the others keep theirs."),
    ),
    Column(
        "active",
        _("Active"),
        ("status",),
        _("yes or no. no: the person left. yes: somebody who had left is back, with their history."),
    ),
    WRONG,
]
EARLIER = [
    *PEOPLE[: len(KEYS)],
    Column("course", _("Course"), ("course key", "training"), _("Key or title. Without lessons: the whole course.")),
    Column("lessons", _("Lessons"), ("lesson", "lesson keys"), _("Keys, separated by ; or |, if not the whole.")),
    Column("done_on", _("Date"), ("done on", "completed on", "day"), _("2025-04-03 or 03.04.2025, day first.")),
    Column("source", _("Source"), ("from", "system"), _("Where it is written, such as the name of the old system.")),
    WRONG,
]
TITLES = {column.key: column.title for column in [*PEOPLE, *EARLIER]}


def cell(key: str) -> Cast:
    """The text in that cell of a StagedRow, for queries; as text, since a transform of JSON reads "" as JSON."""
    return Cast(KT(f"cells__{key}"), TextField())


YES = {"yes", "y", "true", "1", "active", "ja", "oui", "si", "sí", "x", "aktiv", "actif"}
NO = {"no", "n", "false", "0", "inactive", "nein", "non", "left", "inaktiv", "inactif"}


def truth(text: str) -> bool | None:
    """What such a word means; None if nothing that is known."""
    word = folded(text)
    return True if word in YES else False if word in NO else None


def named(text: str, choices: Any) -> str | None:
    """The value of a choice by its value or label; None if there is no such."""
    return next((value for value, label in choices if folded(text) in (folded(value), folded(str(label)))), None)


def role_named(text: str) -> str | None:
    return named(text, Membership.Role.choices)


def language_named(text: str) -> str | None:
    """As `named`; “en” means the one kind of English there is."""
    kinds = [code for code, _label in settings.LANGUAGES if code.split("-")[0] == text.strip().lower()]
    return named(text, settings.LANGUAGES) or (kinds[0] if len(kinds) == 1 else None)


SAMPLE = [
    ["P-1001", "1001", "anna.berg@example.com", "Anna Berg", "Shops / Lyon", "", "member", "English", "", "yes"],
    ["P-1002", "1002", "", "José Álvarez", "Shops / Paris", "Shops / Lyon (manager)", "manager", "", "", "yes"],
]
