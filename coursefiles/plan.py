"""What a load would do, unit by unit: what the files say now, what they said when last loaded, and what the site says.

Reads only. load.py does it; the staff pages show it and let an editor choose where both sides changed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from coursefiles.findings import Finding
from coursefiles.merge import Merged, merge
from coursefiles.rewriting import fits
from coursefiles.stored import Stored
from coursefiles.units import Part, Unit, hash_of, known_keys
from coursefiles.yamltext import dump
from courses.models import Course, LoadedUnit
from quizzes import grading

Place = tuple[str, str]  # noun and key
MARKED = [("body",)]  # the text of a lesson shows both sides of a conflict, in a draft that is not published


class State(Enum):
    NEW = "new"  # not on the site
    SAME = "same"
    AGREED = "agreed"  # the site says the same as the files, by an edit
    CHANGED = "changed"  # in the files only
    EDITED = "edited"  # on the site only
    BOTH = "both"


class Decision(Enum):
    """What an editor wants of a unit that changed in the files."""

    KEEP = "keep"
    TAKE = "take"
    MERGE = "merge"


@dataclass(frozen=True)
class Entry:
    """One unit. `now` is what the site says, as far as the files know of it.

    `base` is what the files said last time; only where both sides changed, and None if nobody knows any more.
    """

    part: Part
    state: State
    now: Unit | None
    base: Unit | None

    @cached_property
    def merged(self) -> Merged | None:
        """Ours and theirs in one, if that makes sense: a lesson with its conflicts marked, anything else without."""
        if self.state is not State.BOTH or self.base is None or self.part.noun not in MERGEABLE:
            return None
        found = merge(self.base, self.now, self.part.unit, marked=MARKED if self.part.noun == "lesson" else ())
        if self.part.noun == "lesson":
            theirs = {name: self.part.unit[name] for name in FROM_FILES if name in self.part.unit}
            return Merged({**found.value, **theirs}, [place for place in found.conflicts if place[0] not in FROM_FILES])
        return None if found.conflicts or not _makes_sense(self.part.noun, found.value) else found

    @property
    def title(self) -> str:
        """What people know it by."""
        unit = self.part.unit
        return str(unit["body"]["stem"] if self.part.noun == "question" else unit.get("title") or self.part.key)

    @property
    def decisions(self) -> list[Decision]:
        """What can be chosen here, what is safest first."""
        if self.state is State.CHANGED:
            return [Decision.TAKE, Decision.KEEP]
        if self.state is not State.BOTH:
            return []
        return [*([Decision.MERGE] if self.merged else []), Decision.KEEP, Decision.TAKE]


MERGEABLE = {"course", "module", "lesson", "question"}
# Of a lesson, what goes together with its questions, which are units of their own, and with the effect on people.
FROM_FILES = ("kind", "check", "items", "draw", "pass", "final", "redo")


def _makes_sense(noun: str, unit: Unit) -> bool:
    return not grading.problems(unit["type"], unit["body"]) if noun == "question" else fits(noun, unit)


class Plan:
    """The units of the files against one course, in a fixed number of queries. `stored` is None for a new course."""

    def __init__(self, stored: Stored | None, parts: Sequence[Part]) -> None:
        self.stored, self.parts = stored, parts
        self.known = known_keys(parts)
        rows = LoadedUnit.objects.filter(course=stored.course) if stored else LoadedUnit.objects.none()
        self.loaded: dict[Place, LoadedUnit] = {(row.noun, row.key): row for row in rows}
        self.entries = [self._entry(part) for part in parts]

    def _entry(self, part: Part) -> Entry:
        base_hash, now = self._on_site(part)
        if base_hash is None:
            return Entry(part, State.NEW, None, None)
        file, site = hash_of(part.unit), {hash_of(unit) for unit in now}
        if file in site:
            state = State.SAME if file == base_hash else State.AGREED
        elif base_hash in site:
            state = State.CHANGED
        else:
            state = State.EDITED if file == base_hash else State.BOTH
        base = self._base(part, base_hash, now[-1]) if state is State.BOTH else None
        return Entry(part, state, now[-1], base)

    def _on_site(self, part: Part) -> tuple[str | None, list[Unit]]:
        """The hash the unit was loaded with, None if it is not here, and several ways to read what is here.

        The last way leaves out what the files do not know.
        """
        if self.stored is None:
            return None, []
        stored, key = self.stored, part.key
        ways: tuple[Collection[str] | None, ...] = (None, self.known)
        match part.noun:
            case "course":
                dated = {lesson for path in part.unit["paths"] for lesson in path["since"]}
                days: list[Collection[str] | None] = [None, (), dated]
                units = [stored.course_unit(only, some) for only in ways for some in days]
                return stored.course.source_hash, units
            case "diagram" if row := stored.diagrams.get(key):
                return row.source_hash, [{"svg": row.svg, "module": row.module_key}]
            case "image" if key in stored.images:
                return stored.image_bases[key], stored.image_units(key)
            case "module" if module := stored.modules.get(key):
                return module.source_hash, [stored.module_unit(key, only) for only in ways]
            case "lesson" if key in stored.lessons:
                return stored.lesson_bases.get(key, ""), [stored.lesson_unit(key, only) for only in ways]
            case "question" if key in stored.question_drafts:
                return stored.question_bases.get(key, ""), [stored.question_unit(key)]
        return None, []

    def _base(self, part: Part, base_hash: str, now: Unit) -> Unit | None:
        """What the files said last time; of rows that an earlier release loaded, as far as revisions tell it."""
        row = self.loaded.get(part.place)
        if row is not None and hash_of(row.unit) == base_hash:
            unit: Unit = row.unit
            return unit
        if self.stored is None or not base_hash:
            return None
        if part.noun == "lesson":
            text = self.stored.loaded_text(part.key)
            return {**now, **text} if text else None
        return self.stored.loaded_question(part.key) if part.noun == "question" else None

    def refusals(self) -> list[Finding]:
        """What no choice can bring about."""
        found = []
        for entry in self.entries if self.stored else []:
            if entry.part.noun == "lesson" and (text := self._changes_kind(entry)):
                found.append(Finding(entry.part.file, entry.part.lines["kind"], text))
            if entry.part.noun == "module" and entry.state in (State.NEW, State.CHANGED, State.BOTH):
                found += self._unwritten(entry)
        return found

    def _changes_kind(self, entry: Entry) -> str:
        row = self.stored.lessons.get(entry.part.key) if self.stored else None
        if row is None or not row.published_revision_id or row.kind == entry.part.unit["kind"]:
            return ""
        return f'The lesson "{row.key}" was published as a {row.kind}; its kind cannot change. Give it a new key.'

    def _unwritten(self, entry: Entry) -> Iterable[Finding]:
        """A lesson that people may have read cannot go back to being only planned."""
        for planned in entry.part.unit["planned"]:
            row = self.stored.lessons.get(planned["key"]) if self.stored else None
            if row and row.published_revision_id and not row.retired_at:
                text = f'The lesson "{row.key}" is published. Put its file back (export_course writes it).'
                yield Finding(entry.part.file, entry.part.lines[row.key], text)

    def missing(self) -> list[Place]:
        """What is on the site and not in the files."""
        if (stored := self.stored) is None:
            return []
        in_use = [key for key, image in stored.images.items() if image.is_in_use]
        lessons = [key for key, lesson in stored.lessons.items() if lesson.retired_at is None]
        filled = {stored.lessons[key].module.key for key in lessons if key not in self.known}
        gone: list[tuple[str, Iterable[str]]] = [
            ("module", [key for key in stored.modules if key in filled]),
            ("lesson", lessons),
            ("question", [key for key, question in stored.questions.items() if question.retired_at is None]),
            ("path", stored.paths),
            ("objective", stored.objectives),
            ("skill", stored.skills),
            ("company fact", stored.facts),
            ("diagram", stored.diagrams),
            ("picture", in_use),
        ]
        return [(noun, key) for noun, keys in gone for key in keys if key not in self.known]

    def fingerprint(self) -> str:
        """Changes when anything does that an editor saw before choosing."""
        seen: list[Any] = [[*entry.part.place, entry.state.value, entry.now, entry.part.unit] for entry in self.entries]
        return hash_of({"seen": seen, "missing": self.missing()})


def plan_of(key: str, parts: Sequence[Part]) -> Plan:
    """The plan for the course of this key, whether it is here or not."""
    course = Course.objects.filter(key=key).first()
    return Plan(Stored(course) if course else None, parts)


Decisions = Mapping[Place, Decision]


def lines_of(unit: Unit | None) -> list[str]:
    """A unit as text: what its file has at the top, and below it the text of a lesson or the drawing."""
    if unit is None:
        return []
    texts = [unit[name] for name in ("body", "svg") if isinstance(unit.get(name), str)]
    head = {name: value for name, value in unit.items() if value not in texts and value not in ("", [], False, None)}
    return [
        *(dump(_in_order(head)).splitlines() if head else []),
        *(line for text in texts for line in ["", *text.split("\n")]),
    ]


FIRST = ("key", "title", "type", "stem", "text")


def _in_order(value: Any) -> Any:
    """Always the same order of names, so that only what differs seems to; databases keep none."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
        return {name: _in_order(value[name]) for name in names}
    return [_in_order(each) for each in value] if isinstance(value, list) else value
