"""A unit is what one file, or one question in it, says about the course: plain data that has one hash.

The files make units and the database makes units (stored.py), in the same shape. Three hashes decide all:
that of the file now, that of the file when it was last loaded (kept on the row), and that of the row now.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from coursefiles import schema
from coursefiles.read import CourseFiles, DiagramFile, ImageFile, LessonFile
from courses.models.lesson import COMPLETABLE

Unit = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A unit of the files, where it stands, and the lines of what is in it."""

    noun: str
    key: str
    file: str
    line: int
    unit: Unit
    lines: dict[str, int] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, str]:
        return self.noun, self.key


class Choice(Enum):
    """What a load does with the rows of a unit."""

    CREATE = "created"
    WRITE = "changed"
    STAMP = "stamped"  # they say the same already, or are to stay: only note what the file says
    KEEP = "kept"


def hash_of(unit: Unit) -> str:
    return hashlib.sha256(json.dumps(unit, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def parts_of(files: CourseFiles) -> list[Part]:
    """Everything that the files say, in the order in which one part makes the next possible."""
    data = files.whole
    parts = [Part("course", data.key, "course.yaml", 1, course(files, data))]
    parts += [Part("diagram", key, file.file, 1, diagram(file)) for key, file in files.diagrams.items()]
    parts += [Part("image", key, file.file, 1, image(file)) for key, file in files.images.items()]
    for key, each in files.modules.items():
        lines = {p.key: each.document.line("planned", number) for number, p in enumerate(each.data.planned)}
        parts.append(Part("module", key, each.file, 1, module(each.data), lines))
    for key, each_lesson in files.lessons.items():
        document = each_lesson.document
        parts.append(Part("lesson", key, each_lesson.file, 1, lesson(each_lesson), {"kind": document.line("kind")}))
        for number, asked in enumerate(each_lesson.questions):
            line = document.line(*each_lesson.question_loc(number))
            parts.append(Part("question", asked.key, each_lesson.file, line, question(asked)))
    return parts


def known_keys(parts: Iterable[Part]) -> frozenset[str]:
    """Every key that the files name, of whatever kind."""
    keys: set[str] = set()
    for part in parts:
        if part.noun == "course":
            lists = [part.unit["skills"], part.unit["paths"], part.unit.get("facts", [])]
        else:
            keys.add(part.key)
            lists = [part.unit["objectives"], part.unit["planned"]] if part.noun == "module" else []
        keys |= {entry["key"] for entries in lists for entry in entries}
    return frozenset(keys)


def lesson_keys(files: CourseFiles, path: schema.Path) -> list[str]:
    """The lessons of a path, with each `module:` step written out."""
    keys: list[str] = []
    for step in path.steps:
        if step.lesson:
            keys.append(step.lesson)
        elif step.module:
            keys += [key for key, kind in files.lessons_of(step.module) if kind in COMPLETABLE]
    return list(dict.fromkeys(keys))


def course(files: CourseFiles, data: schema.Course) -> Unit:
    paths = [
        {
            **path.model_dump(exclude={"steps", "certificate"}),
            **certificate(path.certificate),
            **{"lessons": lesson_keys(files, path), "since": since(path)},
        }
        for path in data.paths
    ]
    facts = {"facts": [fact.model_dump(exclude_defaults=True) for fact in data.facts]} if data.facts else {}
    return {**data.model_dump(exclude={"paths", "facts", "format", "language"}), "paths": paths, **facts}


def certificate(given: bool) -> Unit:
    """Said of a path without one only: units that were hashed before there was this word keep their hash."""
    return {} if given else {"certificate": False}


def since(path: schema.Path) -> dict[str, str]:
    """The dates that the file gives for steps; the site sets others by itself."""
    return {step.lesson: step.since.isoformat() for step in path.steps if step.lesson and step.since}


def module(data: schema.Module) -> Unit:
    return {**data.model_dump(), "illustration": data.illustration or ""}


def lesson(file: LessonFile) -> Unit:
    data = file.data
    quiz = data if isinstance(data, schema.Quiz) else None
    return {
        **data.model_dump(include={"kind", "title", "objectives", "covers", "refs", "sample", "always_read", "redo"}),
        "slug": data.slug or data.key,
        "required": file.required,
        "body": file.body,
        "takeaway": "" if isinstance(data, schema.Quiz) else data.takeaway,
        "check": "" if isinstance(data, schema.Quiz) or not data.check else data.check.key,
        "draw": (quiz.draw or 0) if quiz else 0,
        "pass": (quiz.pass_mark or 0) if quiz else 0,
        "items": quiz.pool if quiz else [],
        **final(bool(quiz and quiz.final)),
    }


def final(is_final: bool) -> Unit:
    """Said only of a final, as of paths without a certificate: other lessons keep the hash they were loaded with."""
    return {"final": True} if is_final else {}


def planned(data: schema.Planned) -> Unit:
    """A lesson that has a title and no text yet."""
    return {
        **{"kind": data.kind, "title": data.title, "slug": data.key, "required": data.kind in COMPLETABLE},
        **{"objectives": [], "covers": [], "refs": [], "sample": False, "always_read": False, "redo": 0},
        **{"body": "", "takeaway": "", "check": "", "draw": 0, "pass": 0, "items": []},
    }


def question(data: schema.Check) -> Unit:
    return {
        **{"type": data.type, "objective": data.objective or "", "body": data.body()},
        **{"level": data.level or "", "reread": data.reread or ""},
    }


def diagram(file: DiagramFile) -> Unit:
    return {"svg": file.svg, "module": file.module}


def image(file: ImageFile) -> Unit:
    return {**file.data.model_dump(), "file": file.content_hash}
