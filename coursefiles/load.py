"""From files to the database: one transaction, idempotent, and never over what somebody did or edited on the site."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path as Folder

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from coursefiles.check import check
from coursefiles.findings import CourseError, Finding, errors, warnings
from coursefiles.merge import Merged
from coursefiles.plan import Decision, Decisions, Entry, Plan, State
from coursefiles.read import CourseFiles, read
from coursefiles.stored import Stored
from coursefiles.units import Choice, parts_of
from coursefiles.write import Writing
from courses import images, progress
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
    asked: list[str] = field(default_factory=list)
    to_mend: list[str] = field(default_factory=list)
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
            "Asks many people to do it again, and waits for a second person": self.asked,
            "Merged with conflicts, to be mended in the draft before it is published": self.to_mend,
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
    folder: Folder,
    *,
    force: bool = False,
    retire: bool = False,
    dry_run: bool = False,
    by: User | None = None,
    decisions: Decisions | None = None,
    at: datetime | None = None,
) -> Report:
    """Make the database say what the folder says.

    Raises CourseError, having changed nothing, for a folder with errors and for units that were edited on the site
    while their files changed too; `force` lets the files win, `decisions` say for each what to do. What left the files
    is only reported unless `retire`. `by` is an editor, None the operator: what an editor's files ask of many people to
    do again waits for a second person.
    """
    files, found = checked(folder)
    return load_files(files, found, force=force, retire=retire, dry_run=dry_run, by=by, decisions=decisions, at=at)


def checked(folder: Folder) -> tuple[CourseFiles, list[Finding]]:
    """The files of a folder, and what is worth a look in them. Raises CourseError for a folder with errors."""
    files = read(folder)
    found = check(files)
    if errors(found):
        raise CourseError(errors(found))
    return files, warnings(found)


def load_files(
    files: CourseFiles,
    found: list[Finding],
    *,
    force: bool = False,
    retire: bool = False,
    dry_run: bool = False,
    by: User | None = None,
    decisions: Decisions | None = None,
    at: datetime | None = None,
) -> Report:
    """As `load_course`, of files that were read and checked: what takes long and needs no transaction."""
    loading = _Loading(files, force, at or timezone.now(), by, decisions or {})
    try:
        with transaction.atomic():
            report = loading.run(retire, dry_run)
            report.warnings = found
            if dry_run:
                transaction.set_rollback(True)
    except IntegrityError as error:
        loading.take_back()
        raise CourseError([Finding("course.yaml", 1, IN_THE_WAY)]) from error
    except BaseException:
        loading.take_back()
        raise
    return report


IN_THE_WAY = (
    "Something that was made on the site stands in the way: another lesson has an address, or another objective a key, "
    "that these files give to theirs. Rename it on the site, or in the files."
)


class _Loading:
    """One load: decide for every unit, refuse what must be refused, then write."""

    def __init__(self, files: CourseFiles, force: bool, at: datetime, by: User | None, decisions: Decisions) -> None:
        self.files, self.force, self.at, self.by, self.decisions = files, force, at, by, decisions
        self.report = Report()
        self.refused: list[Finding] = []
        self.writing: Writing | None = None

    def run(self, retire: bool, is_rehearsal: bool) -> Report:
        data = self.files.whole
        course, is_new = Course.objects.get_or_create(key=data.key, defaults={"title": data.title})
        course = Course.objects.select_for_update().get(pk=course.pk)
        stored = Stored(course)
        plan = Plan(None if is_new else stored, parts_of(self.files))
        self.refused += plan.refusals()
        chosen = [(entry, self._choose(entry)) for entry in plan.entries]
        if self.refused:
            raise CourseError(sorted(self.refused))
        self.writing = Writing(self.files, stored, self.at, plan.known, self.by, is_rehearsal)
        for entry, choice in chosen:
            self.writing.put(entry.part, choice, self._merged(entry, choice))
        self._write(self.writing, plan, retire)
        if not self.report.nothing_changed:
            self.report.completed += self.writing.open_modules()
            self.report.completed += progress.settle(course, self.at)
        return self.report

    def _write(self, writing: Writing, plan: Plan, retire: bool) -> None:
        writing.write()
        self.report.asked, self.report.to_mend = writing.asked, writing.to_mend
        missing = [f"{noun} {key}" for noun, key in plan.missing()]
        if retire:
            self.report.retired = missing
            self.report.completed += writing.retire()
        else:
            self.report.missing = missing

    def take_back(self) -> None:
        """Remove the files of pictures whose rows were rolled back."""
        for image in self.writing.stored_images if self.writing else []:
            images.forget(image)

    def _choose(self, entry: Entry) -> Choice:
        part, state = entry.part, entry.state
        choice = CHOICES[state]
        if state in (State.EDITED, State.BOTH) and self.force:
            choice = Choice.WRITE
        elif state in (State.CHANGED, State.BOTH) and (decision := self.decisions.get(part.place)):
            choice = Choice.STAMP if decision is Decision.KEEP else Choice.WRITE
        elif state is State.EDITED:
            name = part.key if part.noun == "question" else ""
            self.report.left_alone.append(f"{part.file} {name}".strip())
        elif state is State.BOTH:
            subject = f"The question “{part.key}”" if part.noun == "question" else f"This {part.noun}"
            self.refused.append(Finding(part.file, part.line, f"{subject} {EDITED}"))
        counted = {Choice.CREATE: self.report.created, Choice.WRITE: self.report.changed}
        counted.get(choice, self.report.unchanged)[part.noun] += 1
        return choice

    def _merged(self, entry: Entry, choice: Choice) -> Merged | None:
        """What to write instead of what the files say. Raises CourseError for what cannot be merged."""
        if choice is not Choice.WRITE or self.decisions.get(entry.part.place) is not Decision.MERGE:
            return None
        if entry.merged is None:
            text = "This cannot be merged. Keep what is on the site, or take the file."
            raise CourseError([Finding(entry.part.file, entry.part.line, text)])
        return entry.merged


CHOICES = {
    State.NEW: Choice.CREATE,
    State.SAME: Choice.KEEP,
    State.AGREED: Choice.STAMP,
    State.CHANGED: Choice.WRITE,
    State.EDITED: Choice.KEEP,
    State.BOTH: Choice.KEEP,
}
