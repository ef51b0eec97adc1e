"""From files to the database: one transaction, idempotent, and never over what somebody did or edited on the site."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path as Folder

from django.db import transaction
from django.utils import timezone

from coursefiles import units
from coursefiles.check import check
from coursefiles.findings import CourseError, Finding, errors, warnings
from coursefiles.read import CourseFiles, LessonFile, read
from coursefiles.stored import Stored
from coursefiles.units import Choice, Unit, hash_of
from coursefiles.write import Writing
from courses import progress
from courses.models import Course

EDITED = "was edited on the site since it was loaded. Run export_course first, or --force to replace it."


@dataclass
class Report:
    """What a load did, or with `dry_run` would have done."""

    created: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    left_alone: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    completed: int = 0
    warnings: list[Finding] = field(default_factory=list)

    @property
    def nothing_changed(self) -> bool:
        return not self.created and not self.changed and not self.retired

    def lines(self) -> list[str]:
        if self.nothing_changed:
            said = [f"Nothing changed: {_counts(self.unchanged)}."]
        else:
            parts = {"created": self.created, "changed": self.changed, "unchanged": self.unchanged}
            said = [f"{word.capitalize()}: {_counts(counted)}." for word, counted in parts.items() if counted]
        lists = {
            "Edited on the site and left alone": self.left_alone,
            "In the database but not in the files (--retire takes it out)": self.missing,
            "Retired": self.retired,
        }
        said += [f"{title}: {', '.join(names)}." for title, names in lists.items() if names]
        if self.completed:
            said.append(f"Enrollments this completed: {self.completed}.")
        if self.warnings:
            said.append(f"Warnings: {len(self.warnings)}; check_course lists them.")
        return said


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for noun, number in counted.items()) or "nothing"


def load_course(
    folder: Folder, *, force: bool = False, retire: bool = False, dry_run: bool = False, at: datetime | None = None
) -> Report:
    """Make the database say what the folder says.

    Raises CourseError, having changed nothing, for a folder with errors and for rows that were edited on the site while
    their files changed too; `force` lets the files win. What left the files is only reported unless `retire`.
    """
    files = read(folder)
    found = check(files)
    if errors(found):
        raise CourseError(errors(found))
    with transaction.atomic():
        report = _Loading(files, force, at or timezone.now()).run(retire)
        report.warnings = warnings(found)
        if dry_run:
            transaction.set_rollback(True)
    return report


class _Loading:
    """One load: decide for every unit, refuse what must be refused, then write."""

    def __init__(self, files: CourseFiles, force: bool, at: datetime) -> None:
        self.files, self.data, self.force, self.at = files, files.whole, force, at
        self.report = Report()
        self.refused: list[Finding] = []
        course, self.is_new = Course.objects.get_or_create(key=self.data.key, defaults={"title": self.data.title})
        self.course = Course.objects.select_for_update().get(pk=course.pk)
        self.stored = Stored(self.course)
        self.known = known_keys(files)
        self.writing = Writing(files, self.stored, at, self.known)

    def run(self, retire: bool) -> Report:
        self._decide()
        if self.refused:
            raise CourseError(sorted(self.refused))
        self.writing.write()
        self.report.missing = self.writing.missing()
        if retire:
            self.report.retired, self.report.missing = self.report.missing, []
            self.report.completed += self.writing.retire()
        if not self.report.nothing_changed:
            self.report.completed += self.writing.open_modules()
            self.report.completed += progress.settle(self.course, self.at)
        return self.report

    def _decide(self) -> None:
        stored, writing = self.stored, self.writing
        unit = units.course(self.files, self.data)
        choice = self._choose(
            "course", unit, None if self.is_new else self.course.source_hash, self._course_now(), "course.yaml"
        )
        writing.put("course", self.course.key, unit, choice)
        for key, file in self.files.diagrams.items():
            row = stored.diagrams.get(key)
            now = [] if row is None else [{"svg": row.svg, "module": row.module_key}]
            unit = units.diagram(file)
            choice = self._choose("diagram", unit, row.source_hash if row else None, now, file.file)
            writing.put("diagram", key, unit, choice)
        for key, module in self.files.modules.items():
            known = stored.modules.get(key)
            now = [stored.module_unit(key, only) for only in (None, self.known)] if known else []
            unit = units.module(module.data)
            choice = self._choose("module", unit, known.source_hash if known else None, now, module.file)
            writing.put("module", key, unit, choice)
            self._refuse_unwriting(key)
        for lesson in self.files.lessons.values():
            self._decide_lesson(lesson)

    def _course_now(self) -> Iterable[Unit]:
        dated = {key for path in self.data.paths for key in units.since(path)}
        choices: list[Collection[str] | None] = [None, dated, ()]
        return [self.stored.course_unit(only, days) for only in (None, self.known) for days in choices]

    def _decide_lesson(self, file: LessonFile) -> None:
        key, stored = file.data.key, self.stored
        now = [stored.lesson_unit(key, only) for only in (None, self.known)] if key in stored.lessons else []
        base = stored.lesson_bases.get(key, "") if now else None
        unit = units.lesson(file)
        self.writing.put("lesson", key, unit, self._choose("lesson", unit, base, now, file.file))
        row = stored.lessons.get(key)
        if row and row.published_revision_id and row.kind != file.data.kind:
            text = f'The lesson "{key}" was published as a {row.kind}; its kind cannot change. Give it a new key.'
            self.refused.append(Finding(file.file, file.document.line("kind"), text))
        for number, question in enumerate(file.questions):
            asked = [stored.question_unit(question.key)] if question.key in stored.question_drafts else []
            base = stored.question_bases.get(question.key, "") if asked else None
            unit, line = units.question(question), file.document.line(*file.question_loc(number))
            choice = self._choose("question", unit, base, asked, file.file, line, question.key)
            self.writing.put("question", question.key, unit, choice)

    def _choose(
        self,
        noun: str,
        unit: Unit,
        base: str | None,
        now: Iterable[Unit],
        file: str,
        line: int = 1,
        name: str = "",
    ) -> Choice:
        """What to do with a row, given the file's unit, the hash it was loaded with, and what it says now.

        `base` is None for what is not in the database. Several `now` are several ways to read the same rows.
        """
        ours, theirs = hash_of(unit), {hash_of(each) for each in now}
        if base is None:
            choice = Choice.CREATE
        elif ours in theirs:
            choice = Choice.KEEP if ours == base else Choice.STAMP
        elif self.force or base in theirs:
            choice = Choice.WRITE
        else:
            choice = Choice.KEEP
            subject = f"The {noun} “{name}”" if name else f"This {noun}"
            if ours != base:
                self.refused.append(Finding(file, line, f"{subject} {EDITED}"))
            else:
                self.report.left_alone.append(f"{file} {name}".strip())
        counted = {Choice.CREATE: self.report.created, Choice.WRITE: self.report.changed}
        counted.get(choice, self.report.unchanged)[noun] += 1
        return choice

    def _refuse_unwriting(self, module: str) -> None:
        """A lesson that people may have read cannot go back to being only planned."""
        file = self.files.modules[module]
        for number, planned in enumerate(file.data.planned):
            row = self.stored.lessons.get(planned.key)
            if row and row.published_revision_id and not row.retired_at and self.writing.wants("module", module):
                text = f'The lesson "{planned.key}" is published. Put its file back (export_course writes it).'
                self.refused.append(Finding(file.file, file.document.line("planned", number), text))


def known_keys(files: CourseFiles) -> frozenset[str]:
    """Every key that the files name, of whatever kind."""
    data = files.whole
    keys = {*files.modules, *files.diagrams, *files.lessons}
    keys |= {skill.key for skill in data.skills} | {path.key for path in data.paths}
    keys |= {fact.key for fact in data.facts}
    for module in files.modules.values():
        keys |= {objective.key for objective in module.data.objectives} | {p.key for p in module.data.planned}
    for lesson in files.lessons.values():
        keys |= {question.key for question in lesson.questions}
    return frozenset(keys)
