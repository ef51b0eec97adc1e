"""What the pages of course files show: who changed what, in words and side by side."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coursefiles.plan import Entry, Plan, State, lines_of
from courses import publishing, second_person
from courses.models import LessonRevision
from desk.bundles.forms import DecisionForm
from desk.differences import Row, rows

NOUNS = {
    "course": gettext_lazy("Course"),
    "module": gettext_lazy("Module"),
    "lesson": gettext_lazy("Lesson"),
    "question": gettext_lazy("Question"),
    "diagram": gettext_lazy("Drawing"),
    "image": gettext_lazy("Picture"),
    "picture": gettext_lazy("Picture"),
    "path": gettext_lazy("Path"),
    "objective": gettext_lazy("Objective"),
    "skill": gettext_lazy("Skill"),
    "company fact": gettext_lazy("Company fact"),
}


@dataclass(frozen=True)
class Redo:
    """A lesson that the files ask to do again, and how many people that reaches."""

    title: str
    people: int
    waits: bool


@dataclass(frozen=True)
class Side:
    """Two texts beside each other."""

    title: str
    left: str
    right: str
    rows: list[Row]


def look_of(plan: Plan, form: DecisionForm) -> dict[str, Any]:
    """What the page of a bundle shows before it is brought in."""
    by_state = {state: [entry for entry in plan.entries if entry.state is state] for state in State}
    counts = Counter(entry.state for entry in plan.entries)
    return {
        "is_new_course": plan.stored is None,
        "both": [(entry, NOUNS[entry.part.noun], field) for entry, field in form.rows(State.BOTH)],
        "changed": [(entry, NOUNS[entry.part.noun], field) for entry, field in form.rows(State.CHANGED)],
        "new": named(by_state[State.NEW]),
        "edited": named(by_state[State.EDITED]),
        "same": counts[State.SAME] + counts[State.AGREED],
        "missing": [(NOUNS[noun], key) for noun, key in plan.missing()],
        "refusals": plan.refusals(),
        "redos": redos_of(plan),
        "nothing": not (counts[State.NEW] or counts[State.CHANGED] or counts[State.BOTH]),
    }


def named(entries: list[Entry]) -> list[tuple[Entry, Any]]:
    return [(entry, NOUNS[entry.part.noun]) for entry in entries]


def redos_of(plan: Plan) -> list[Redo]:
    """What the files ask people to do again who completed it."""
    found = []
    for entry in plan.entries if plan.stored else []:
        is_asked = entry.part.noun == "lesson" and entry.state in (State.CHANGED, State.BOTH)
        if plan.stored and is_asked and entry.part.unit["redo"] > plan.stored.redo(entry.part.key):
            lesson = plan.stored.lessons[entry.part.key]
            people = publishing.head_counts(lesson).completed
            waits = second_person.is_needed(lesson, LessonRevision.Effect.REDO)
            found.append(Redo(entry.title, people, waits))
    return found


def sides_of(entry: Entry) -> list[Side]:
    """The texts of a unit side by side: two sides, or with the base between them and what a merge would make."""
    here, file = lines_of(entry.now), lines_of(entry.part.unit)
    here_now, in_file, before = _("Here now"), _("In the file"), _("In the files last time")
    sides = [Side(_("Here and in the file"), here_now, in_file, list(rows(here, file)))]
    if entry.base is None:
        return sides
    base = lines_of(entry.base)
    sides += [
        Side(_("What changed here"), before, here_now, list(rows(base, here))),
        Side(_("What changed in the file"), before, in_file, list(rows(base, file))),
    ]
    if entry.merged:
        merged = lines_of(entry.merged.value)
        sides.insert(0, Side(_("What a merge would make"), here_now, _("Merged"), list(rows(here, merged))))
    return sides
