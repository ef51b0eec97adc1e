"""A file of earlier completions: what a row would credit, what is wrong with it, and crediting it, in steps."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import StagedFile, StagedRow, User
from courses import earlier
from courses.models import Course, Enrollment, Lesson
from courses.models.enrollment import site_day
from courses.models.lesson import COMPLETABLE
from courses.progress import Closed, NotReady, hold_for
from desk.files.dates import day_of
from desk.files.judging import Known
from desk.files.reading import folded
from desk.files.staging import rewrite
from desk.files.steps import finish, locked, waiting

AT_ONCE = 200
LONGEST = 200
NOTED = ["outcome", "problems", "person", "applied_at"]
Outcome = StagedRow.Outcome


@dataclass
class Verdict:
    """What a row comes to. `lessons` are those it names, None for the whole course."""

    row: StagedRow
    person: User | None = None
    course: Course | None = None
    lessons: list[Lesson] | None = None
    done_on: date | None = None
    outcome: str = Outcome.REFUSED
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def asked(self) -> tuple[User, Course, list[Lesson] | None, date] | None:
        """What to credit to whom; None if something is wrong."""
        if self.problems or not (self.person and self.course and self.done_on):
            return None
        return self.person, self.course, self.lessons, self.done_on

    def refuse(self, column: str, text: str) -> None:
        self.problems.append((column, text))

    def write_on_row(self) -> None:
        self.row.outcome = Outcome.REFUSED if self.problems else self.outcome
        self.row.problems = [list(pair) for pair in self.problems]
        self.row.person = self.person


class Judge:
    """Judges rows of one file, some at a time; courses and lessons are asked once."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.courses: dict[str, set[Course]] = defaultdict(set)
        for course in Course.objects.all():
            for name in (course.key, course.title):
                self.courses[folded(name)].add(course)
        self.lessons: dict[str, list[Lesson]] = defaultdict(list)
        for lesson in Lesson.objects.select_related("course", "module").order_by("pk"):
            self.lessons[lesson.key].append(lesson)

    def verdicts(self, rows: Sequence[StagedRow]) -> list[Verdict]:
        people = Known(rows, with_courses=False)
        return [self.verdict(row, people) for row in rows]

    def verdict(self, row: StagedRow, people: Known) -> Verdict:
        verdict = Verdict(row)
        verdict.person, verdict.problems = people.meant_by(row.cells)
        if verdict.person is None:
            verdict.refuse("", _("There is nobody here with this number or address. Bring in the person first."))
        self.find_course(verdict)
        self.find_day(verdict)
        self.find_outcome(verdict)
        return verdict

    def find_course(self, verdict: Verdict) -> None:
        name, words = str(verdict.row.cells.get("course", "")), str(verdict.row.cells.get("lessons", ""))
        keys = list(dict.fromkeys(key.strip() for key in re.split("[;|]", words) if key.strip()))
        if name:
            verdict.course = self.course(verdict, name)
        elif not keys:
            verdict.refuse("course", _("Name a course, or the keys of lessons."))
        if not keys or (name and verdict.course is None):
            return
        verdict.lessons = [lesson for key in keys if (lesson := self.lesson(verdict, key))]
        courses = {lesson.course for lesson in verdict.lessons}
        if len(courses) > 1:
            verdict.refuse("lessons", _("These lessons are of several courses. Give each course a row of its own."))
        elif courses:
            verdict.course = courses.pop()

    def course(self, verdict: Verdict, name: str) -> Course | None:
        found = self.courses.get(folded(name), set())
        if len(found) == 1:
            return next(iter(found))
        several = _("“%(name)s” is the name of several courses. Write the key.")
        none = _("There is no course “%(name)s”.")
        verdict.refuse("course", (several if found else none) % {"name": name})
        return None

    def lesson(self, verdict: Verdict, key: str) -> Lesson | None:
        found = [one for one in self.lessons.get(key, []) if verdict.course in (None, one.course)]
        if len(found) != 1:
            several = _("“%(key)s” is a lesson of several courses. Name the course, too.")
            none = _("There is no lesson with the key “%(key)s”.")
            verdict.refuse("lessons", (several if found else none) % {"key": key})
            return None
        if not found[0].is_published:
            verdict.refuse("lessons", _("“%(key)s” is not open to learners.") % {"key": key})
        elif found[0].kind not in COMPLETABLE:
            verdict.refuse("lessons", _("“%(key)s” is a page or a story: there is nothing to complete.") % {"key": key})
        return found[0]

    def find_day(self, verdict: Verdict) -> None:
        cells = verdict.row.cells
        try:
            verdict.done_on = day_of(str(cells.get("done_on", "")), site_day(self.at))
        except ValidationError as error:
            verdict.refuse("done_on", error.messages[0])
        source = str(cells.get("source", ""))
        if not source:
            verdict.refuse("source", _("Say where this is written."))
        elif len(source) > LONGEST:
            verdict.refuse("source", _("%(most)d letters are the most.") % {"most": LONGEST})

    def find_outcome(self, verdict: Verdict) -> None:
        if verdict.asked is None:
            return
        person, course, lessons, done_on = verdict.asked
        enrolled = Enrollment.objects.filter(user=person, course=course).exists()
        try:
            changes = earlier.would_credit(person, course, lessons, done_on, self.at)
        except Closed:
            verdict.refuse("done_on", _("The course was closed for this person before that day."))
        except NotReady:
            words = _("“%(course)s” has modules in preparation, or nothing to complete. Name the lessons instead.")
            verdict.refuse("course", words % {"course": course.title})
        except earlier.NoPath:
            words = _("“%(course)s” has no default path. Ask the person to take a path first.")
            verdict.refuse("course", words % {"course": course.title})
        else:
            verdict.outcome = (Outcome.CHANGED if enrolled else Outcome.CREATED) if changes else Outcome.UNCHANGED


def judge(file: StagedFile, at: datetime | None = None) -> bool:
    """Judge the next rows; return whether there are more."""
    at = at or timezone.now()
    with transaction.atomic():
        file = locked(file)
        if file.judged_at is not None:
            return False
        rows = list(file.rows.filter(outcome=Outcome.NOT_JUDGED).order_by("number")[:AT_ONCE])
        for verdict in Judge(at).verdicts(rows):
            verdict.write_on_row()
        rewrite(rows, NOTED[:3])
        if not rows:
            file.judged_at = at
            file.save(update_fields=["judged_at"])
        return bool(rows)


def bring_in(file: StagedFile, at: datetime | None = None) -> bool:
    """Credit the next rows; return whether there are more. The last time it notes in the audit list what was done.

    Each is judged again by what is in the database now; what became wrong since the look at it is refused.
    """
    at = at or timezone.now()
    with transaction.atomic():
        file = locked(file)
        if file.judged_at is None or file.applied_at is not None:
            return False
        rows = list(waiting(file).order_by("number")[:AT_ONCE])
        hold_for([row.person_id for row in rows if row.person_id])
        judge_now = Judge(at)
        people = Known(rows, with_courses=False)
        for row in rows:
            credit(judge_now.verdict(row, people), file.by, at)
        rewrite(rows, NOTED)
    if not rows:
        finish(file, at)
    return bool(rows)


def credit(verdict: Verdict, by: User | None, at: datetime) -> None:
    verdict.write_on_row()
    verdict.row.applied_at = at
    if verdict.asked:
        earlier.credit(*verdict.asked, str(verdict.row.cells["source"]), by, at)
