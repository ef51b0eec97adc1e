"""What the people of the large organization learned, written by the database itself: plans go into tables of this
session, and one INSERT … SELECT for each kind of row makes completions, attempts and answers of them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from django.db import connection, reset_queries

from courses.models import Certificate, Completion, Course, Enrollment, Lesson, PathStep
from courses.models.enrollment import site_day
from demo import answers
from demo.slots import Slots
from quizzes import drawing, grading
from quizzes.models import QuestionRevision, Quiz

VARIANTS = 6  # different attempts at a quiz on a path; those of the last failed at first
FAILED_FIRST = VARIANTS - 1
WITH_ANSWERS = 4  # of so many people one has the answers of their attempts; those of all would be half the database
KNOWN_SLOTS = 24 * 140  # of working time; nobody learned before that
ROWS = 1000  # enrollments at a time, and certificates

COMPLETIONS = """
    INSERT INTO courses_completion (enrollment_id, lesson_id, revision_id, redo_level, how, at)
    SELECT l.enrollment_id, s.lesson_id, s.revision_id, s.redo_level, s.how, t.at
    FROM org_learner l
    JOIN org_step s ON s.path_id = l.path_id AND s.place <= l.done
    JOIN org_slot t
        ON t.n = l.last + (l.first - l.last) * (l.done - s.place) / (CASE l.done WHEN 1 THEN 1 ELSE l.done - 1 END)
"""
ATTEMPTS = """
    INSERT INTO quizzes_attempt
        (enrollment_id, quiz_id, number, started_at, closed_at, score, pass_mark, max_score, passed)
    SELECT l.enrollment_id, s.quiz_id, k.number, CASE WHEN k.passed THEN t.begun ELSE t.tried END,
        CASE WHEN k.passed THEN t.at ELSE t.failed END, k.score, k.pass_mark, k.max_score, k.passed
    FROM org_learner l
    JOIN org_step s ON s.path_id = l.path_id AND s.place <= l.done
    JOIN org_take k ON k.quiz_id = s.quiz_id AND k.path_id = l.path_id AND k.variant = l.variant
    JOIN org_slot t
        ON t.n = l.last + (l.first - l.last) * (l.done - s.place) / (CASE l.done WHEN 1 THEN 1 ELSE l.done - 1 END)
"""
ANSWERS = """
    INSERT INTO quizzes_answer (attempt_id, question_revision_id, position, option_order, response, saved_at, marked)
    SELECT a.id, g.revision_id, g.position, g.option_order, g.response, a.closed_at, %s
    FROM org_learner l
    JOIN quizzes_attempt a ON a.enrollment_id = l.enrollment_id
    JOIN org_given g
        ON g.quiz_id = a.quiz_id AND g.path_id = l.path_id AND g.variant = l.variant AND g.number = a.number
    WHERE l.enrollment_id %% %s = 0
"""


@dataclass
class Learner:
    """An enrollment to be, and its plan: so many lessons in the order of the path, from the first slot to the last."""

    enrollment: Enrollment
    done: int
    first: int
    last: int
    variant: int


class Learning:
    """The course as people go through it. `tables()` must be open while plans are saved and played."""

    def __init__(self, course: Course, slots: Slots, chance: Random) -> None:
        self.course, self.slots, self.chance = course, slots, chance
        self.is_ready = Course.objects.ready().filter(pk=course.pk).exists()
        self.steps: dict[int, list[PathStep]] = defaultdict(list)
        steps = PathStep.objects.required().filter(path__course=course).order_by("path", "position")
        for step in steps.select_related("lesson__published_revision", "lesson__quiz", "path"):
            self.steps[step.path_id].append(step)

    def plan(self, enrollment: Enrollment, left: int | None, keen: bool) -> Learner:
        """How far somebody came: the nearer the due day, the more have begun and are complete; a few never begin."""
        chance, slots, asked_on = self.chance, self.slots, site_day(enrollment.enrolled_at)
        begin = slots.morning(slots.days_ago(enrollment.enrolled_at)) - 1
        end = slots.evening(left + 1) if left is not None else 0
        length = (enrollment.due_on - asked_on).days if enrollment.due_on else 60
        part = ((slots.day(end) - asked_on).days + 1) / max(length, 1)
        first = begin - chance.randint(0, max(begin - end, 0) // 3)
        last = end + chance.randint(0, max(first - end, 0) // 3)
        total, luck, done = len(self.steps[enrollment.path_id]), chance.random(), 0
        if luck < min(0.85, 0.75 * part) + 0.1 * keen:
            done = total
        elif luck < min(0.95, 0.35 + 0.6 * part):
            done = max(1, int(total * chance.uniform(0, 0.99)))
        if first <= last or done > total:
            done = 0
        return self._dated(Learner(enrollment, done, first, last, chance.randrange(VARIANTS)))

    def _dated(self, learner: Learner) -> Learner:
        """The dates on the enrollment that follow from what was done."""
        enrollment, steps = learner.enrollment, self.steps[learner.enrollment.path_id]
        if learner.done:
            begun = timedelta(minutes=35) if steps[0].lesson.kind == Lesson.Kind.QUIZ else timedelta()
            enrollment.started_at = self.slots.at(learner.first if learner.done > 1 else learner.last) - begun
        if learner.done == len(steps) > 0 and self.is_ready:
            enrollment.completed_at = self.slots.at(learner.last)
            enrollment.current_at = max(filter(None, (enrollment.completed_at, steps[0].path.redo_at)))
        return learner

    def save(self, learners: list[Learner]) -> None:
        Enrollment.objects.bulk_create([learner.enrollment for learner in learners])
        fill(
            "org_learner",
            [
                (one.enrollment.pk, one.enrollment.path_id, one.done, one.first, one.last, one.variant)
                for one in learners
                if one.done
            ],
        )

    @contextmanager
    def tables(self) -> Iterator[None]:
        """The tables of this session that the database plays from, with what is known beforehand."""
        moment, kept = connection.data_types["DateTimeField"], connection.data_types["JSONField"]
        tables = {
            "org_slot": f"n integer PRIMARY KEY, at {moment}, begun {moment}, failed {moment}, tried {moment}",
            "org_step": "path_id bigint, place integer, lesson_id bigint, revision_id bigint, redo_level integer, "
            "how varchar(10), quiz_id bigint",
            "org_learner": "enrollment_id bigint PRIMARY KEY, path_id bigint, done integer, first integer, "
            "last integer, variant integer",
            "org_take": "quiz_id bigint, path_id bigint, variant integer, number integer, passed boolean, "
            "score numeric(6, 2), pass_mark integer, max_score integer",
            "org_given": "quiz_id bigint, path_id bigint, variant integer, number integer, position integer, "
            f"revision_id bigint, option_order {kept}, response {kept}",
        }
        run(*(f"CREATE TEMPORARY TABLE {name} ({columns})" for name, columns in tables.items()))
        self._fill_known()
        yield
        run(*(f"DROP TABLE {name}" for name in tables))

    def _fill_known(self) -> None:
        """When, and what: the moments of each slot, with those of an attempt that failed before, and the steps."""
        adapt, rows = connection.ops.adapt_datetimefield_value, []
        for slot in range(KNOWN_SLOTS):
            at = self.slots.at(slot)
            rows.append((slot, *(adapt(at - timedelta(minutes=before)) for before in (0, 10, 20, 35))))
        fill("org_slot", rows)
        fill("org_step", [row for steps in self.steps.values() for row in _steps(steps)])

    def play(self) -> None:
        """Write what the plans that were saved say, and forget them."""
        for path in list(self.steps):
            if first := Enrollment.objects.filter(path=path, attempts=None).order_by("pk").first():
                self._draw(first)
        if connection.vendor == "postgresql":  # which else plans as if each of its tables were nearly empty
            run("ANALYZE org_slot", "ANALYZE org_step", "ANALYZE org_learner", "ANALYZE org_take", "ANALYZE org_given")
        with connection.cursor() as cursor:
            cursor.execute(COMPLETIONS)
            cursor.execute(ATTEMPTS)
            if connection.vendor == "postgresql":
                cursor.execute("ANALYZE quizzes_attempt")
            cursor.execute(ANSWERS, [False, WITH_ANSWERS])
        self._certify()

    def _draw(self, enrollment: Enrollment) -> None:
        """A few ways in which people of a path took each of its quizzes."""
        takes, given = [], []
        for step in self.steps[enrollment.path_id]:
            if step.lesson.kind != Lesson.Kind.QUIZ:
                continue
            for variant in range(VARIANTS):
                numbers = (1, 2) if variant == FAILED_FIRST else (1,)
                for number in numbers:
                    take = _Take(step.lesson.quiz, enrollment, passes=number == numbers[-1], chance=self.chance)
                    key = (step.lesson.quiz.pk, enrollment.path_id, variant, number)
                    takes.append((*key, *take.result))
                    given += [(*key, *row) for row in take.rows]
        fill("org_take", takes)
        fill("org_given", given)

    def _certify(self) -> None:
        """A certificate for everybody who completed a path that gives one, with the name of the day."""
        done = Enrollment.objects.filter(
            course=self.course, completed_at__isnull=False, path__certificate=True, certificate=None
        )
        done = done.only("pk", "completed_at", "user__name").select_related("user").order_by("pk")
        last = 0
        while batch := list(done.filter(pk__gt=last)[:ROWS]):
            Certificate.objects.bulk_create(
                Certificate(
                    enrollment=one, name=one.user.name, course_title=self.course.title, issued_at=one.completed_at
                )
                for one in batch
                if one.completed_at
            )
            last = batch[-1].pk
            reset_queries()


class _Take:
    """One way to take a quiz: the questions drawn, what was answered, and what it was worth."""

    def __init__(self, quiz: Quiz, enrollment: Enrollment, passes: bool, chance: Random) -> None:
        drawn = drawing.draw(quiz, enrollment, chance)
        graded = [revision for revision in drawn if grading.is_graded(revision.type)]
        mark = drawing.mark(quiz, len(graded))
        wrong = chance.randint(0, len(graded) - mark) if passes else len(graded) - mark + 1
        missed = {revision.pk for revision in chance.sample(graded, wrong)}
        self.rows, worth = [], []
        for position, revision in enumerate(drawn, 1):
            order = grading.order(revision.type, revision.body, chance)
            response = _response(revision, order, right=revision.pk not in missed)
            worth.append(grading.points(revision.type, revision.body, response))
            self.rows.append((position, revision.pk, json.dumps(order), json.dumps(response)))
        score = grading.total(worth)
        self.result = (score >= mark, str(score), mark, len(graded))


def _response(revision: QuestionRevision, order: list[str], right: bool) -> grading.Response:
    given = grading.read(revision.type, answers.form(revision, order, right))
    return grading.clean(revision.type, revision.body, given, order)


def _steps(steps: list[PathStep]) -> Iterator[tuple[Any, ...]]:
    for place, step in enumerate(steps, 1):
        lesson, quiz = step.lesson, step.lesson.kind == Lesson.Kind.QUIZ
        how = Completion.How.QUIZ if quiz else Completion.How.READ
        revision = lesson.published_revision
        if revision:  # required() gives no others
            yield (
                step.path_id,
                place,
                lesson.pk,
                revision.pk,
                revision.redo_level,
                how.value,
                lesson.quiz.pk if quiz else None,
            )


def fill(table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        places = ", ".join(["%s"] * len(rows[0]))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608  # names of our own


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
