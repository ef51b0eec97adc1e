"""Progress under any sequence of changes: the database's answer equals that of a small model in plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courses import changes, more_time, order, progress, publishing
from courses.counting import progress_of
from courses.models import (
    Certificate,
    Completion,
    Course,
    Enrollment,
    Lesson,
    LessonRevision,
    Module,
    Path,
    State,
)
from courses.models.enrollment import site_day
from learn.course_map import course_map
from tests.builders import make_person
from tests.second_run import examples

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Europe/Paris"))
READ = Completion.How.READ
Effect = LessonRevision.Effect


@dataclass
class Known:
    """What the model knows of a lesson."""

    row: Lesson
    module: int
    published: bool = False
    retired: bool = False
    required: bool = True
    level: int = 0
    since: datetime | None = None
    on_path: bool = True
    revisions: list[tuple[LessonRevision, int]] = field(default_factory=list)


class World:
    """A course of two modules, a person or two, and beside it the model: no query, no rule of the product."""

    def __init__(self) -> None:
        self.now = START
        self.course = Course.objects.create(key="service", title="Service")
        self.path = Path.objects.create(course=self.course, key="full", title="All", is_default=True)
        self.modules = [
            Module.objects.create(course=self.course, key=f"m{n}", title=f"M{n}", position=n, status="ready")
            for n in range(2)
        ]
        self.people = [make_person(name) for name in ("Ada", "Ben")]
        self.lessons: list[Known] = []
        self.enrolled: dict[int, datetime] = {}
        self.done: dict[int, set[tuple[int, int]]] = {}
        self.completed: dict[int, datetime] = {}
        for place in range(3):
            self.add(place, True)
        for who in range(2):
            self.enroll(who, True)

    def pick(self, n: int) -> Known:
        return self.lessons[n % len(self.lessons)]

    # What can happen. Each takes a number, to choose with, and a flag.

    def add(self, n: int, ask: bool) -> None:
        module = n % 2
        row = Lesson.objects.create(
            course=self.course,
            module=self.modules[module],
            key=f"l{len(self.lessons)}",
            slug=f"l{len(self.lessons)}",
            position=n % 4,
        )
        self.path.steps.create(lesson=row, position=len(self.lessons))
        known = Known(row, module)
        self.lessons.append(known)
        self.publish(len(self.lessons) - 1, ask)

    def publish(self, n: int, ask: bool) -> None:
        known = self.pick(n)
        effect = [Effect.SILENT, Effect.ANNOUNCE, Effect.REDO][n % 3]
        revision = known.row.add_revision(title="T", body="B")
        publishing.publish(revision, effect, ask_people_under_way=ask, at=self.now)
        if not known.revisions and not ask and known.since is None and self.modules[known.module].is_ready:
            known.since = self.now
        known.level += effect == Effect.REDO and bool(known.revisions)
        known.revisions.append((revision, known.level))
        known.published = True

    def retire(self, n: int, flag: bool) -> None:
        if self.pick(n).retired is False and flag:
            publishing.retire(self.fresh(n), at=self.now)
            self.pick(n).retired = True

    def unpublish(self, n: int, flag: bool) -> None:
        publishing.unpublish(self.fresh(n), at=self.now)
        self.pick(n).published = False

    def require(self, n: int, flag: bool) -> None:
        publishing.set_required(self.fresh(n), flag, at=self.now)
        self.pick(n).required = flag

    def prepare(self, n: int, flag: bool) -> None:
        status = Module.Status.READY if flag else Module.Status.IN_PREPARATION
        publishing.set_status(self.modules[n % 2], status, at=self.now)

    def reorder(self, n: int, flag: bool) -> None:
        if self.pick(n).on_path:
            order.move_step(self.path, self.fresh(n), n % 7, order.stamp_of({self.path.pk: order.steps_of(self.path)}))
        else:
            order.move_module(self.modules[flag], n % 3, order.Order.of(self.course).stamp)

    def move(self, n: int, flag: bool) -> None:
        """Within its module or into the other one; `n` also says whether people under way are asked."""
        known, ask = self.pick(n), bool(n % 2)
        if known.retired:
            return
        before, after = (self.modules[place] for place in (known.module, int(flag)))
        stamp = order.Order.of(self.course).stamp
        order.move_lesson(self.fresh(n), after, n % 5, stamp, ask_people_under_way=ask, at=self.now)
        if known.published and after.is_ready and not before.is_ready and not ask and known.since is None:
            known.since = self.now
        known.module = int(flag)

    def change_path(self, n: int, flag: bool) -> None:
        """Off the path, or on it again."""
        known = self.pick(n)
        if known.on_path:
            order.remove_step(self.path, self.fresh(n), at=self.now)
        else:
            order.add_step(self.path, self.fresh(n), ask_people_under_way=flag, at=self.now)
            known.since = None if flag else self.now
        known.on_path = not known.on_path

    def bring_back(self, n: int, flag: bool) -> None:
        if self.pick(n).retired:
            publishing.bring_back(self.fresh(n))
            self.pick(n).retired = self.pick(n).published = False

    def enroll(self, n: int, flag: bool) -> None:
        person = self.people[n % 2]
        cycle = person.enrollments.count() + 1
        due = site_day(self.now) + timedelta(days=n % 12) if flag else None
        row = Enrollment.objects.create(
            user=person,
            course=self.course,
            path=self.path,
            cycle=cycle,
            enrolled_at=self.now,
            due_on=due,
            closes_on=due and due + timedelta(days=3),
        )
        self.enrolled[row.pk], self.done[row.pk] = self.now, set()

    def complete(self, n: int, flag: bool) -> None:
        pk = sorted(self.enrolled)[n % len(self.enrolled)]
        number = (n // 3) % len(self.lessons)
        known = self.pick(number)
        if not known.revisions:
            return
        revision, level = known.revisions[-1 if flag else n % len(known.revisions)]
        enrollment = Enrollment.objects.get(pk=pk)
        if not enrollment.is_open(self.now):
            with pytest.raises(progress.Closed):
                progress.complete_lesson(enrollment, self.fresh(number), revision, READ, self.now)
        elif not known.published or level < known.level:
            with pytest.raises(progress.Outdated):
                progress.complete_lesson(enrollment, self.fresh(number), revision, READ, self.now)
        else:
            first = progress.complete_lesson(enrollment, self.fresh(number), revision, READ, self.now)
            again = progress.complete_lesson(enrollment, self.fresh(number), revision, READ, self.now)
            assert first.new == ((number, level) not in self.done[pk])
            assert not again.new
            assert not again.course_completed
            self.done[pk].add((number, level))

    def complete_all(self, n: int, flag: bool) -> None:
        """So that courses do get completed, and not by chance only."""
        pk = sorted(self.enrolled)[n % len(self.enrolled)]
        if not Enrollment.objects.get(pk=pk).is_open(self.now):
            return
        for number, known in enumerate(self.lessons):
            if known.published:
                lesson = self.fresh(number)
                progress.complete_lesson(
                    Enrollment.objects.get(pk=pk), lesson, lesson.published_revision, READ, self.now
                )
                self.done[pk].add((number, known.level))

    def set_aside(self, n: int, flag: bool) -> None:
        """One of HR's verbs, on one of the enrollments; those it does not concern stay as they are."""
        pks = sorted(self.enrolled)
        whom, by = Enrollment.objects.filter(pk=pks[n % len(pks)]), self.people[0]
        day = site_day(self.now) + timedelta(days=n % 9 - 2)
        [
            lambda: changes.pause(whom, by, "R", at=self.now),
            lambda: changes.resume(whom, by, at=self.now),
            lambda: changes.excuse(whom, by, "role", at=self.now),
            lambda: changes.ask_again(whom, by, at=self.now),
            lambda: changes.withdraw(whom, by, "R", at=self.now),
            lambda: changes.reinstate(whom, by, at=self.now),
            lambda: changes.extend(whom, by, "R", day, day if flag else None, at=self.now),
            lambda: more_time.give(whom.get(), by, day, "R", at=self.now),
        ][n % 8]()

    def wait(self, n: int, flag: bool) -> None:
        self.now += timedelta(days=n % 5, hours=5)

    def fresh(self, n: int) -> Lesson:
        return Lesson.objects.get(pk=self.pick(n).row.pk)

    # What the model says.

    def asked(self, pk: int) -> set[int]:
        return {
            number
            for number, known in enumerate(self.lessons)
            if known.published
            and known.on_path
            and not known.retired
            and known.required
            and self.modules[known.module].status == "ready"
            and (known.since is None or known.since <= self.enrolled[pk])
        }

    def counts(self, pk: int) -> set[int]:
        return {number for number, level in self.done[pk] if level >= self.lessons[number].level}

    @property
    def is_ready(self) -> bool:
        return all(module.status == "ready" for module in self.modules)

    # What must hold after everything that happens.

    def check(self) -> None:
        self.check_order()
        rows = list(Enrollment.objects.with_progress().with_state(self.now).order_by("pk"))
        current = set(Enrollment.objects.current().values_list("pk", flat=True))
        assert {row.pk for row in rows} == set(self.enrolled)
        for row in rows:
            asked = self.asked(row.pk)
            assert 0 <= row.lessons_done <= row.lessons_total
            assert (row.lessons_done, row.lessons_total) == (len(asked & self.counts(row.pk)), len(asked))
            assert row.progress() == (row.lessons_done, row.lessons_total)
            assert row.state == row.state_at(self.now)
            assert (row.pk in current) == (row.cycle == row.user.enrollments.count())
            self.check_resume(row)
            self.check_completed(row, whole=bool(asked) and asked <= self.counts(row.pk), current=row.pk in current)
        self.check_pairs(rows)

    def check_resume(self, row: Enrollment) -> None:
        """The outline counts alike, and there is a lesson to go on with as long as one is left."""
        outline = course_map(row.user, self.course, row)
        assert (outline.done, outline.total) == (row.lessons_done, row.lessons_total)
        assert (outline.next is not None) == (row.lessons_done < row.lessons_total)

    def check_order(self) -> None:
        """No lesson is lost or met twice, each keeps its address, and every completion its lesson."""
        found = order.Order.of(self.course).lessons
        asked = {known.row.pk: self.modules[known.module].pk for known in self.lessons if not known.retired}
        assert sorted(pk for rows in found.values() for pk in rows) == sorted(asked)
        assert all(asked[pk] == module for module, rows in found.items() for pk in rows)
        assert set(order.steps_of(self.path)) == {known.row.pk for known in self.lessons if known.on_path}
        slugs = dict(self.course.lessons.values_list("pk", "slug"))
        assert slugs == {known.row.pk: known.row.slug for known in self.lessons}
        facts = Completion.objects.values_list("enrollment", "lesson__key", "redo_level")
        assert set(facts) == {(pk, f"l{number}", level) for pk, done in self.done.items() for number, level in done}

    def check_completed(self, row: Enrollment, whole: bool, current: bool) -> None:
        if row.pk in self.completed:
            assert row.completed_at == self.completed[row.pk], "a completion was taken back, or made anew"
        elif row.completed_at:
            assert self.is_ready, "completed with a module in preparation"
            assert whole, "completed without everything done"
            self.completed[row.pk] = row.completed_at
        elif whole and self.is_ready and current:
            assert not row.is_open(self.now), "everything is done, and the course is not complete"
        assert Certificate.objects.filter(enrollment=row).count() == bool(row.completed_at)
        if row.is_update_due:
            assert not (whole and self.is_ready and current and row.is_open(self.now))

    def check_pairs(self, rows: list[Enrollment]) -> None:
        def pks(found) -> set[int]:
            return set(found.values_list("pk", flat=True))

        everything, at = Enrollment.objects, self.now
        assert pks(everything.open(at)) == {row.pk for row in rows if row.is_open(at)}
        assert pks(everything.complete()) == {row.pk for row in rows if row.is_complete}
        assert pks(everything.overdue(at)) == {row.pk for row in rows if row.is_overdue(at)}
        assert pks(everything.due_soon(at)) == {row.pk for row in rows if row.is_due_soon(at)}
        assert pks(everything.running()) == {row.pk for row in rows if row.is_running}
        assert pks(everything.unfinished()) == {row.pk for row in rows if row.is_unfinished}
        assert pks(everything.update_due()) == {row.pk for row in rows if row.is_update_due}
        counted = progress_of([(row.pk, row.path_id, row.enrolled_at) for row in rows])
        assert {pk: found[:2] for pk, found in counted.items()} == {
            row.pk: (row.lessons_done, row.lessons_total) for row in rows
        }
        assert pks(everything.filter(Enrollment.done_so_far_q())) == {
            row.pk
            for row in rows
            if row.started_at
            and row.is_running
            and not row.is_complete
            and row.lessons_done == row.lessons_total
            and any(module.status == "in-preparation" for module in self.modules)
        }
        assert pks(Completion.objects.counting()) == {c.pk for c in Completion.objects.all() if c.is_counting}
        assert pks(Lesson.objects.published()) == {lesson.pk for lesson in Lesson.objects.all() if lesson.is_published}
        assert Course.objects.ready().exists() == self.course.is_ready == self.is_ready
        for row in rows:
            lessons = list(Lesson.objects.with_state(row))
            assert sum(lesson.is_required for lesson in lessons) == row.lessons_total
            assert sum(lesson.is_required and lesson.is_complete for lesson in lessons) == row.lessons_done


EVENTS = ["add", "publish", "retire", "unpublish", "require", "prepare", "reorder", "move", "change_path", "bring_back"]
EVENTS += ["set_aside", "set_aside", "enroll", "complete", "complete", "complete_all", "complete_all", "wait"]
happenings = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 60), st.booleans()), min_size=2, max_size=14)


@settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(happenings=happenings)
def test_progress_agrees_with_the_model_whatever_happens(db, happenings):
    with transaction.atomic():
        world = World()
        world.check()
        for name, number, flag in happenings:
            getattr(world, name)(number, flag)
            world.check()
        transaction.set_rollback(True)


def test_a_lesson_added_later_is_optional_for_people_under_way():
    world = World()
    early = Enrollment.objects.get(user=world.people[0])
    world.wait(1, False)
    world.add(0, False)
    world.wait(1, False)
    world.enroll(0, False)
    late = Enrollment.objects.current().get(user=world.people[0])
    assert early.progress() == (0, 3)
    assert late.progress() == (0, 4)
    row = Lesson.objects.with_state(early).get(key="l3")
    assert not row.is_required, "it stays open to them, and is not asked"


def test_a_lesson_added_later_is_asked_of_all_if_the_editor_says_so():
    world = World()
    early = Enrollment.objects.get(user=world.people[0])
    world.wait(1, False)
    world.add(0, True)
    assert early.progress() == (0, 4)


def test_a_lesson_published_again_after_it_was_withdrawn_is_asked_of_the_same_people():
    world = World()
    early = Enrollment.objects.get(user=world.people[0])
    world.wait(1, False)
    world.unpublish(0, True)
    assert early.progress() == (0, 2)
    world.publish(0, False)
    assert early.progress() == (0, 3)


def test_redo_makes_an_update_due_and_doing_it_settles_that():
    world = World()
    world.complete_all(0, True)
    enrollment = Enrollment.objects.get(user=world.people[0])
    assert enrollment.state_at(world.now) == State.COMPLETE
    first = enrollment.completed_at
    world.wait(2, True)
    world.publish(2, True)  # 2 % 3: a redo
    enrollment = Enrollment.objects.get(pk=enrollment.pk)
    assert enrollment.state_at(world.now) == State.UPDATE_DUE
    assert enrollment.progress() == (2, 3)
    world.now += timedelta(minutes=1)
    lesson = world.fresh(2)
    outcome = progress.complete_lesson(enrollment, lesson, lesson.published_revision, READ, world.now)
    assert outcome.new
    assert not outcome.course_completed, "the course was completed before; it is not news"
    enrollment = Enrollment.objects.get(pk=enrollment.pk)
    assert enrollment.state_at(world.now) == State.COMPLETE
    assert (enrollment.completed_at, enrollment.current_at) == (first, world.now)


def test_redo_of_a_lesson_that_is_not_asked_of_somebody_makes_nothing_due_for_them():
    world = World()
    world.complete_all(0, True)
    world.wait(1, True)
    world.add(0, False)  # not asked of people under way
    world.wait(1, True)
    revision = world.lessons[3].row.add_revision(title="T", body="B")
    publishing.publish(revision, Effect.REDO, at=world.now)
    enrollment = Enrollment.objects.get(user=world.people[0])
    assert enrollment.path.redo_at == world.now
    assert enrollment.state_at(world.now) == State.COMPLETE


def test_an_optional_lesson_published_again_makes_nothing_due():
    world = World()
    world.require(2, False)
    world.complete_all(0, True)
    world.wait(1, True)
    world.publish(2, True)
    assert Enrollment.objects.get(user=world.people[0]).state_at(world.now) == State.COMPLETE


def test_due_is_the_end_of_the_day_in_the_time_zone_of_the_site():
    world = World()
    enrollment = Enrollment.objects.get(user=world.people[0])
    enrollment.due_on = START.date()
    last_minute = datetime(2026, 3, 2, 23, 59, tzinfo=ZoneInfo("Europe/Paris"))
    assert not enrollment.is_overdue(last_minute)
    assert enrollment.is_due_soon(last_minute)
    assert enrollment.is_overdue(last_minute + timedelta(minutes=1))
    far_east = last_minute.astimezone(ZoneInfo("Asia/Tokyo"))  # already tomorrow there
    assert not enrollment.is_overdue(far_east)


def test_the_database_keeps_a_completion_once():
    world = World()
    world.complete(0, True)
    kept = Completion.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Completion.objects.create(
            enrollment=kept.enrollment, lesson=kept.lesson, revision=kept.revision, redo_level=kept.redo_level, how=READ
        )
