"""The writes of a load, in the order in which one makes the next possible. What to write is decided in load.py."""

from collections.abc import Collection
from datetime import datetime, time
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.models import User
from coursefiles import schema, units
from coursefiles.findings import CourseError, Finding
from coursefiles.merge import Merged
from coursefiles.read import CourseFiles, ImageFile, LessonFile
from coursefiles.rewriting import rewritten
from coursefiles.stored import Stored
from coursefiles.units import Choice, Part, Unit, hash_of
from courses import images, progress, publishing, search, second_person
from courses.models import (
    CompanyFact,
    Diagram,
    Image,
    Lesson,
    LessonRevision,
    LoadedUnit,
    Module,
    Objective,
    Path,
    PathStep,
    Skill,
)
from courses.models.enrollment import site_day
from quizzes.models import LessonCheck, PoolItem, Question, Quiz

Row = TypeVar("Row", bound=models.Model)


class Writing:
    """One load's writes. `put` says for each unit what to do with it; then `write`, `retire` and `open_modules`.

    What is new in the files comes in even where the rest of its file is not wanted, since other files name it.
    """

    def __init__(
        self,
        files: CourseFiles,
        stored: Stored,
        at: datetime,
        known: Collection[str],
        by: User | None = None,
        is_rehearsal: bool = False,
    ) -> None:
        self.files, self.stored, self.at, self.known, self.by = files, stored, at, known, by
        self.is_rehearsal = is_rehearsal
        self.course = stored.course
        self.units: dict[tuple[str, str], tuple[Unit, Choice]] = {}
        self.loaded: dict[tuple[str, str], Unit] = {}  # what the files say, also where something else is written
        self.unfinished: set[str] = set()
        self.statuses: list[tuple[Module, Module.Status]] = []
        self.stored_images: list[Image] = []
        self.asked: list[str] = []
        self.to_mend: list[str] = []

    @property
    def data(self) -> schema.Course:
        return self.files.whole

    def put(self, part: Part, choice: Choice, merged: Merged | None = None) -> None:
        unit = merged.value if merged else part.unit
        self.units[part.place], self.loaded[part.place] = (unit, choice), part.unit
        if merged:
            self.files = rewritten(self.files, part, unit)
        if merged and merged.conflicts:
            self.unfinished.add(part.key)

    def wants(self, noun: str, key: str) -> bool:
        return (noun, key) in self.units and self.units[noun, key][1] in (Choice.CREATE, Choice.WRITE)

    def stamps(self, noun: str, key: str) -> bool:
        return self.units[noun, key][1] is Choice.STAMP

    def hash(self, noun: str, key: str) -> str:
        return hash_of(self.loaded[noun, key])

    def write(self) -> None:
        """Everything except taking things out and making modules ready, which come last."""
        if any(choice in (Choice.CREATE, Choice.WRITE) for _unit, choice in self.units.values()):
            progress.hold(self.course)
        self._diagrams()
        self._images()
        self._course()
        self._modules()
        self._lessons()
        self._questions()
        self._paths()
        self._quizzes()
        self._checks()
        self._revisions()
        self._note_loaded()

    # --- Course, diagrams, modules -----------------------------------------------------------------------------------

    def _diagrams(self) -> None:
        for key, file in self.files.diagrams.items():
            fields = {"module_key": file.module, "title": file.title[:125], "alt": file.alt, "svg": file.svg}
            row = self.stored.diagrams.get(key) or Diagram(course=self.course, key=key)
            if self.wants("diagram", key):
                self.stored.diagrams[key] = _save(row, **fields, source_hash=self.hash("diagram", key))
            elif self.stamps("diagram", key):
                _save(row, source_hash=self.hash("diagram", key))

    def _images(self) -> None:
        """Another file is another row, as on the site; the one before stays with the texts that were read."""
        for key, file in self.files.images.items():
            stamp, row = self.hash("image", key), self.stored.images.get(key)
            words = file.data.model_dump()
            if self.wants("image", key):
                if row is None or file.content_hash not in (row.content_hash, row.loaded_from):
                    row = self._replace(row, file)
                self.stored.images[key] = _save(row, **words, source_hash=stamp, retired_at=None)
            elif row and self.stamps("image", key):
                _save(row, source_hash=stamp)

    def _replace(self, old: Image | None, file: ImageFile) -> Image:
        new = Image(course=self.course, key=file.key, uploaded_by=self.by, loaded_from=file.content_hash)
        if old and old.is_in_use:
            _save(old, retired_at=self.at)
        if self.is_rehearsal:
            new.width, new.height, new.content_hash = 0, 0, file.content_hash
        else:
            self.stored_images.append(new)
            images.store(new, images.read_image((self.files.folder / file.file).read_bytes()))
        twin = self.course.images.in_use().filter(content_hash=new.content_hash).exclude(key=file.key).first()
        if twin:
            text = f'The site has this very picture already, as "{twin.key}". Give this one that key.'
            raise CourseError([Finding(file.file, 1, text)])
        return new

    def _course(self) -> None:
        key, data, wanted = self.course.key, self.data, self.wants("course", self.course.key)
        if wanted:
            _save(self.course, title=data.title, summary=data.summary)
        for position, skill in enumerate(data.skills, 1):
            if wanted or skill.key not in self.stored.skills:
                row = self.stored.skills.get(skill.key) or Skill(course=self.course, key=skill.key)
                self.stored.skills[skill.key] = _save(row, title=skill.title, position=position)
        for position, fact in enumerate(data.facts, 1):
            if wanted or fact.key not in self.stored.facts:
                self._fact(fact, position)
        _save(self.course, source_hash=self.hash("course", key))

    def _fact(self, data: schema.Fact, position: int) -> None:
        """The title and the default; what the company wrote itself stays."""
        row = self.stored.facts.get(data.key) or CompanyFact(course=self.course, key=data.key)
        self.stored.facts[data.key] = _save(
            row, title=data.title, default=data.text, group=data.group, hint=data.hint, position=position
        )

    def _modules(self) -> None:
        for key, file in self.files.modules.items():
            last = len(self.stored.modules) + 1
            row = self.stored.modules.get(key) or Module(course=self.course, key=key, position=last)
            if self.wants("module", key):
                _save(row, title=file.data.title, purpose=file.data.purpose)
                self.stored.modules[key] = row
                self._illustrate(row, file.data.illustration)
                self._status(row, Module.Status(file.data.status))
        for key, file in self.files.modules.items():
            self._objectives(self.stored.modules[key], file.data.objectives, self.wants("module", key))
            _save(self.stored.modules[key], source_hash=self.hash("module", key))
        if self.wants("course", self.course.key):
            self._order_modules()

    def _illustrate(self, module: Module, key: str | None) -> None:
        _save(module, illustration=self.stored.diagrams[key] if key else None)

    def _status(self, module: Module, status: Module.Status) -> None:
        """Into preparation at once, so that no step of this load completes anybody; ready only at the end."""
        if module.status == status:
            return
        if status == Module.Status.IN_PREPARATION:
            publishing.set_status(module, status, self.at)
        else:
            self.statuses.append((module, status))

    def _order_modules(self) -> None:
        kept = [key for key in self.stored.modules if key not in self.files.modules]
        for position, key in enumerate([*self.data.modules, *kept], 1):
            _save(self.stored.modules[key], position=position)

    def _objectives(self, module: Module, objectives: list[schema.Objective], wanted: bool) -> None:
        for position, data in enumerate(objectives, 1):
            if not wanted and data.key in self.stored.objectives:
                continue
            row = self.stored.objectives.get(data.key) or Objective(key=data.key)
            skill = self.stored.skills[data.skill]
            _save(row, module=module, text=data.text, skill=skill, position=position)
            self.stored.objectives[data.key] = row

    # --- Lessons -----------------------------------------------------------------------------------------------------

    def _lessons(self) -> None:
        """The rows: where lessons stand and how they count. What they say comes with `_revisions`."""
        wanted: dict[str, dict[str, Any]] = {}
        for key, module in self.files.modules.items():
            kept = [lesson.key for lesson in self.stored.lessons_of(key) if lesson.key not in self.known]
            keys = [*module.data.lessons, *(planned.key for planned in module.data.planned), *kept]
            for position, lesson in enumerate(keys, 1):
                if self.wants("module", key) or lesson not in self.stored.lessons:
                    place = {"module": self.stored.modules[key], "position": position}
                    wanted[lesson] = place if lesson in kept else {**place, "retired_at": None}
        for key in self.files.lessons:
            if self.wants("lesson", key):
                wanted[key] = {**wanted.get(key, {}), **_lesson_fields(self.units["lesson", key][0])}
        planned = self._planned()
        for entry in planned:
            wanted[entry.key] = {**wanted.get(entry.key, {}), **_lesson_fields(units.planned(entry))}
        self._save_lessons(wanted)
        for entry in planned:
            self._plan(entry)

    def _planned(self) -> list[schema.Planned]:
        """Lessons to be entered, or renamed, that have no text yet, neither here nor on the site."""
        entries = [
            planned
            for key, module in self.files.modules.items()
            for planned in module.data.planned
            if self.wants("module", key) or planned.key not in self.stored.lessons
        ]
        lessons = self.stored.lessons
        return [p for p in entries if p.key not in lessons or self.stored.is_planned(lessons[p.key])]

    def _save_lessons(self, wanted: dict[str, dict[str, Any]]) -> None:
        rows = [(self._lesson_row(key), fields) for key, fields in wanted.items()]
        moving = [row for row, fields in rows if row.pk and fields.get("slug", row.slug) != row.slug]
        for row in moving:  # two lessons may swap addresses: first out of the way, then to the new place
            _save(row, slug=f"moving-{row.pk}")
        for row, fields in rows:
            if row.is_sample and not fields.get("is_sample", True):
                _save(row, is_sample=False)
        for row, fields in rows:
            comes_back = row.retired_at is not None and fields.get("retired_at", row.retired_at) is None
            self.stored.lessons[row.key] = _save(row, **fields)
            if comes_back:
                search.write_lesson(row)

    def _lesson_row(self, key: str) -> Lesson:
        return self.stored.lessons.get(key) or Lesson(course=self.course, key=key, slug=key)

    def _plan(self, planned: schema.Planned) -> None:
        draft = self.stored.drafts.get(planned.key)
        stamp = hash_of(units.planned(planned))
        if draft is None or draft.title != planned.title:
            lesson = self.stored.lessons[planned.key]
            self.stored.drafts[planned.key] = lesson.add_revision(title=planned.title, source_hash=stamp)
        else:
            _save(draft, source_hash=stamp)

    def _revisions(self) -> None:
        for key, file in self.files.lessons.items():
            stamp = self.hash("lesson", key)
            if self.wants("lesson", key):
                self._revise(file, stamp)
            elif self.stamps("lesson", key):
                _save(self.stored.drafts[key], source_hash=stamp)

    def _revise(self, file: LessonFile, stamp: str) -> None:
        """Add and publish a revision, unless the newest one says the same already."""
        key, content = file.data.key, _content(file)
        lesson, draft = self.stored.lessons[key], self.stored.drafts.get(key)
        level, was_published = self.stored.redo(key), lesson.revisions.filter(published_at__isnull=False).exists()
        redo = was_published and file.data.redo > level
        if draft and not redo and all(getattr(draft, name) == value for name, value in content.items()):
            _save(draft, source_hash=stamp)
            if draft.published_at is not None:
                return
        else:
            draft = lesson.add_revision(by=self.by, **content, source_hash=stamp)
        self.stored.drafts[key] = draft
        if key in self.unfinished:
            self.to_mend.append(draft.title)
            return
        _save(draft, redo_level=max(level, file.data.redo - redo))  # publishing a redo adds the last one
        effect = LessonRevision.Effect.REDO if redo else LessonRevision.Effect.SILENT
        if self.by and second_person.is_needed(lesson, effect):
            second_person.ask(draft, effect, by=self.by, at=self.at)
            self.asked.append(draft.title)
            return
        publishing.publish(draft, effect, by=self.by, at=self.at)
        lesson.refresh_from_db(fields=["published_revision"])

    def _note_loaded(self) -> None:
        """What the files say now, to compare with when they change again."""
        rows = {(row.noun, row.key): row for row in LoadedUnit.objects.filter(course=self.course)}
        new = []
        for (noun, key), unit in self.loaded.items():
            row = rows.get((noun, key))
            if row is None:
                new.append(LoadedUnit(course=self.course, noun=noun, key=key, unit=unit))
            elif row.unit != unit:
                _save(row, unit=unit)
        LoadedUnit.objects.bulk_create(new)

    # --- Questions ---------------------------------------------------------------------------------------------------

    def _questions(self) -> None:
        for file in self.files.lessons.values():
            for data in file.questions:
                stamp, draft = self.hash("question", data.key), self.stored.question_drafts.get(data.key)
                if self.wants("question", data.key):
                    self._ask(data.key, self.units["question", data.key][0], stamp)
                elif self.stamps("question", data.key) and draft:
                    _save(draft, source_hash=stamp)
                row = self.stored.questions[data.key]
                if row.retired_at and self.wants("lesson", file.data.key):
                    _save(row, retired_at=None)

    def _ask(self, key: str, unit: Unit, stamp: str) -> None:
        question = self.stored.questions.get(key) or _save(Question(course=self.course, key=key))
        revision = question.add_revision(
            by=self.by,
            type=unit["type"],
            objective=self.stored.objectives[unit["objective"]] if unit["objective"] else None,
            level=unit["level"],
            reread=self.stored.lessons[unit["reread"]] if unit["reread"] else None,
            body=unit["body"],
            source_hash=stamp,
        )
        question.publish(revision)
        self.stored.questions[key] = question
        self.stored.question_drafts[key] = revision

    def _quizzes(self) -> None:
        for key, file in self.files.lessons.items():
            if isinstance(file.data, schema.Quiz) and self.wants("lesson", key):
                row = self.stored.quizzes.get(key) or Quiz(lesson=self.stored.lessons[key])
                self.stored.quizzes[key] = _save(row, is_final=file.data.final, **_drawn(file.data))
                self._pool(key, [each for each in file.data.pool if each in self.stored.questions])

    def _pool(self, lesson: str, keys: list[str]) -> None:
        """The pool is what the file lists, and behind it what was made on the site or left the files."""
        items = {item.question.key: item for item in self.stored.pools.get(lesson, [])}
        kept = [key for key in items if key not in keys and key not in self.known]
        for key in items.keys() - set(keys) - set(kept):
            items[key].delete()
        for position, key in enumerate([*keys, *kept], 1):
            quiz, question = self.stored.quizzes[lesson], self.stored.questions[key]
            _save(items.get(key) or PoolItem(quiz=quiz, question=question), position=position)

    def _checks(self) -> None:
        for key, file in self.files.lessons.items():
            if not isinstance(file.data, schema.TextLesson) or not self.wants("lesson", key):
                continue
            row = self.stored.checks.get(key)
            if file.data.check:
                question = self.stored.questions[file.data.check.key]
                _save(row or LessonCheck(lesson=self.stored.lessons[key]), question=question)
            elif row and row.question.key in self.known:  # it is asked elsewhere now
                row.delete()

    # --- Paths -------------------------------------------------------------------------------------------------------

    def _paths(self) -> None:
        if not self.wants("course", self.course.key):
            return
        default = next(path.key for path in self.data.paths if path.default)
        for key, row in self.stored.paths.items():
            if row.is_default and key != default:
                _save(row, is_default=False)
        for position, data in enumerate(self.data.paths, 1):
            known = self.stored.paths.get(data.key)
            fields = {"title": data.title, "summary": data.summary, "is_sequential": data.sequential}
            fields["certificate"] = data.certificate
            path = _save(known or Path(course=self.course, key=data.key), position=position, **fields)
            _save(path, is_default=data.default)
            self._steps(path, data, is_new=known is None)

    def _steps(self, path: Path, data: schema.Path, is_new: bool) -> None:
        """Steps as the file lists them; a published lesson that joins a path is new to people under way."""
        steps = {step.lesson.key: step for step in self.stored.steps.get(path.key, [])}
        keys, dates = units.lesson_keys(self.files, data), units.since(data)
        kept = [k for k, step in steps.items() if k not in self.known and step.lesson.retired_at is None]
        for key in steps.keys() - set(keys) - set(kept):
            steps[key].delete()
        for position, key in enumerate([*keys, *kept], 1):
            lesson = self.stored.lessons[key]
            step = steps.get(key) or PathStep(path=path, lesson=lesson)
            if key not in steps and not is_new and lesson.published_revision_id and self._was_ready(lesson):
                step.since = self.at
            if key in dates and (step.since is None or site_day(step.since).isoformat() != dates[key]):
                step.since = _start_of(dates[key])
            _save(step, position=position, since=step.since)

    def _was_ready(self, lesson: Lesson) -> bool:
        return self.stored.modules[lesson.module.key].is_ready

    # --- Afterwards --------------------------------------------------------------------------------------------------

    def retire(self) -> int:
        """Take out what is missing in the files. Lessons and questions keep their facts; rows without facts go."""
        stored, completed = self.stored, 0
        for key, lesson in stored.lessons.items():
            if key not in self.known and lesson.retired_at is None:
                completed += publishing.retire(lesson, self.at)
        for key, question in stored.questions.items():
            if key not in self.known and question.retired_at is None:
                _save(question, retired_at=self.at)
        for key, module in stored.modules.items():
            if key not in self.known and module.is_in_preparation:
                self.statuses.append((module, Module.Status.READY))  # nothing in it is left to prepare
        for row in [*self._gone(stored.paths), *self._gone(stored.objectives), *self._gone(stored.skills)]:
            _drop(row)
        for image in self._gone(stored.images):
            if image.is_in_use:
                _save(image, retired_at=self.at)
        for fact in self._gone(stored.facts):
            if not fact.shown.is_own:
                fact.delete()
        return completed

    def _gone(self, rows: dict[str, Row]) -> list[Row]:
        return [row for key, row in rows.items() if key not in self.known]

    def open_modules(self) -> int:
        """Make modules ready whose lessons are published by now. Returns how many enrollments that completed."""
        return sum(publishing.set_status(module, status, self.at) for module, status in self.statuses)


def _save(row: Row, **fields: Any) -> Row:
    """Write the row if it is new or says something else."""
    is_new = row.pk is None
    changed = [name for name, value in fields.items() if is_new or getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fields[name])
    if is_new:
        row.save(force_insert=True)
    elif changed:
        row.save(update_fields=changed)
    return row


def _drop(row: models.Model) -> None:
    """Delete a row that nothing points at; what facts point at stays."""
    try:
        with transaction.atomic():
            row.delete()
    except ProtectedError:
        pass


def _lesson_fields(unit: Unit) -> dict[str, Any]:
    names = {
        "kind": "kind",
        "slug": "slug",
        "required": "required",
        "always_read": "always_read",
        "sample": "is_sample",
    }
    return {name: unit[part] for part, name in names.items()}


def _content(file: LessonFile) -> dict[str, Any]:
    """What a revision made from this file says."""
    data = file.data
    return {
        "title": data.title,
        "body": file.body,
        "takeaway": "" if isinstance(data, schema.Quiz) else data.takeaway,
        "minutes": file.minutes,
        "objectives": list(data.objectives),
        "sources": {"covers": list(data.covers), "refs": list(data.refs)},
    }


def _start_of(day: str) -> datetime:
    return datetime.combine(datetime.fromisoformat(day), time.min, timezone.get_default_timezone())


def _drawn(data: schema.Quiz) -> dict[str, int]:
    """The numbers of a quiz; a final has none of its own."""
    if data.draw is None or data.pass_mark is None:
        return {}
    return {"draw": data.draw, "pass_mark": data.pass_mark}
