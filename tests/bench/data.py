"""A course of 12 modules and 62 lessons with the text of the written module, and thousands of people on it, in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path as File
from random import Random
from typing import Any
from unittest.mock import patch

import yaml
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts.models import Membership, Team, User
from courses import markdown, search
from courses.models import (
    Course,
    Diagram,
    Enrollment,
    Lesson,
    LessonRevision,
    Module,
    Objective,
    Path,
    PathStep,
    Skill,
)
from courses.search import words_in
from quizzes.models import LessonCheck, PoolItem, Question, QuestionRevision, Quiz
from tests.bench.bare.models import Note

WRITTEN = File(__file__).resolve().parents[2] / "content" / "customer-service" / "modules" / "recovering"
FULL = ["reading"] * 6 + ["story", "quiz", "page", "page"]  # the written module, the ninth
SHORT = ["reading"] * 3 + ["quiz"]
USUAL = ["reading"] * 4 + ["quiz"]
SHAPE = [USUAL] * 8 + [FULL] + [SHORT] * 3  # 62 lessons
TEAM = 20  # people of a shop, its manager not counted
REGION = 20  # shops of a region
LEARNERS, CROWD = 20, 40  # the first 20 people are in the middle of module 9, the next 20 have not begun
TEXTS = 500  # of a library
CSRF = "b" * 32

COMPLETIONS = """
    INSERT INTO courses_completion (enrollment_id, lesson_id, revision_id, redo_level, how, at)
    SELECT e.id, l.id, l.published_revision_id, 0, 'read', e.started_at
    FROM courses_enrollment e
    JOIN courses_pathstep s ON s.path_id = e.path_id
    JOIN courses_lesson l ON l.id = s.lesson_id
    WHERE e.user_id > %s AND l.required AND e.started_at IS NOT NULL
      AND (e.completed_at IS NOT NULL OR s.position <= CASE WHEN e.user_id <= %s THEN 42 ELSE e.user_id * 37 %% 60 END)
"""
CHECK_ANSWERS = """
    INSERT INTO quizzes_checkanswer (user_id, lesson_id, question_revision_id, response, at)
    SELECT e.user_id, k.lesson_id, q.published_revision_id, '["a"]', e.enrolled_at
    FROM courses_enrollment e
    JOIN courses_lesson l ON l.course_id = e.course_id
    JOIN quizzes_lessoncheck k ON k.lesson_id = l.id
    JOIN quizzes_question q ON q.id = k.question_id
    WHERE e.user_id > %s AND (e.user_id <= %s OR l.position < 3)
"""
ATTEMPTS = """
    INSERT INTO quizzes_attempt
        (enrollment_id, quiz_id, number, started_at, closed_at, score, pass_mark, max_score, passed)
    SELECT e.id, z.id, 1, e.started_at, e.started_at, 7, 6, 8, %s
    FROM courses_enrollment e
    JOIN courses_lesson l ON l.course_id = e.course_id
    JOIN quizzes_quiz z ON z.lesson_id = l.id
    WHERE e.user_id > %s AND e.started_at IS NOT NULL AND l.key = 'm1-5'
"""
ANSWERS = """
    INSERT INTO quizzes_answer (attempt_id, question_revision_id, position, option_order, response, saved_at, marked)
    SELECT a.id, q.published_revision_id, p.position, '["a", "b", "c"]', '["a"]', a.started_at, %s
    FROM quizzes_attempt a
    JOIN courses_enrollment e ON e.id = a.enrollment_id
    JOIN quizzes_poolitem p ON p.quiz_id = a.quiz_id AND p.position <= 8
    JOIN quizzes_question q ON q.id = p.question_id
    WHERE e.user_id > %s
"""


@dataclass(frozen=True)
class Text:
    """A written lesson: the heading of its file, and its body."""

    head: dict[str, Any]
    body: str


@cache
def texts() -> dict[str, list[Text]]:
    """The written lessons by kind."""
    found: dict[str, list[Text]] = {}
    for key in yaml.safe_load((WRITTEN / "module.yaml").read_text())["lessons"]:
        file = WRITTEN / f"{key}.md"
        if file.exists():
            _nothing, head, body = file.read_text().split("---\n", 2)
            text = Text(yaml.safe_load(head), body)
            found.setdefault(text.head["kind"], []).append(text)
    return found


@cache
def items() -> list[dict[str, Any]]:
    return list(yaml.safe_load((WRITTEN / "quiz-recovering.yaml").read_text())["items"])


# --- Courses ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def make_course(key: str) -> Course:
    course = Course.objects.create(key=key, title=f"Course {key}", summary="For everybody who serves people.")
    skill = Skill.objects.create(course=course, key="listening", title="Listening")
    modules = Module.objects.bulk_create(
        Module(course=course, key=f"m{n}", title=f"Module {n}", position=n, status="ready", purpose="Words " * 12)
        for n in range(1, len(SHAPE) + 1)
    )
    Objective.objects.bulk_create(
        Objective(module=module, key=f"O{module.position}.{n}", text="Say what one can do.", skill=skill, position=n)
        for module in modules
        for n in range(4)
    )
    Diagram.objects.bulk_create(
        Diagram(course=course, key=file.stem, title=file.stem, alt="What it shows.", svg=file.read_text())
        for file in WRITTEN.glob("diagrams/*.svg")
    )
    lessons = make_lessons(course, modules)
    make_checks(course, lessons)
    for lesson in lessons:
        if lesson.kind == "quiz":
            make_quiz(course, lesson)
    for path in Path.objects.bulk_create(
        [
            Path(course=course, key="full", title="Everything", is_default=True),
            Path(course=course, key="phone", title="Phone"),
        ]
    ):
        steps = (PathStep(path=path, lesson=lesson, position=n) for n, lesson in enumerate(lessons, 1))
        PathStep.objects.bulk_create(steps)
    return course


def make_lessons(course: Course, modules: list[Module], shapes: Sequence[Sequence[str]] = SHAPE) -> list[Lesson]:
    lessons = Lesson.objects.bulk_create(
        Lesson(
            course=course,
            module=module,
            key=f"m{module.position}-{n}",
            slug=f"lesson-{module.position}-{n}",
            kind=kind,
            position=n,
            required=kind in ("reading", "quiz"),
        )
        for module, shape in zip(modules, shapes, strict=True)
        for n, kind in enumerate(shape, 1)
    )
    revisions = LessonRevision.objects.bulk_create(revision_of(lesson) for lesson in lessons)
    publish(lessons, revisions)
    return lessons


def publish(lessons: Sequence[Lesson], revisions: Sequence[LessonRevision]) -> None:
    """Each lesson its only revision; in one query, where `bulk_update` takes longer than all else."""
    for lesson, revision in zip(lessons, revisions, strict=True):
        lesson.published_revision = revision
    own = LessonRevision.objects.filter(lesson=OuterRef("pk")).values("pk")[:1]
    Lesson.objects.filter(course=lessons[0].course_id).update(published_revision=Subquery(own))


@contextmanager
def in_bulk() -> Iterator[None]:
    """A transaction in which the database does not look up what each of half a million rows refers to.

    A PostgreSQL that is not ours to command looks all the same.
    """
    with connection.constraint_checks_disabled(), transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
                if cursor.fetchone() == (True,):
                    cursor.execute("SET LOCAL session_replication_role = replica")
        yield


@transaction.atomic
def make_library(world: World, number: int) -> None:
    """A course of so many readings for the first people, to search in: each 600 words of the written ones.

    A text is that of several, and is made plain once: for each it would take longer than all that is measured.
    """
    course = Course.objects.create(key="library", title="Library")
    path = Path.objects.create(course=course, key="full", title="Everything", is_default=True)
    module = Module.objects.create(course=course, key="shelf", title="Shelf", position=1, status="ready")
    spoken = [word for text in texts()["reading"] for word in markdown.plain(text.body).split()]
    chance = Random(7)
    bodies = [" ".join(chance.choices(spoken, k=600)) for _text in range(TEXTS)]
    lessons = Lesson.objects.bulk_create(
        Lesson(course=course, module=module, key=f"l{n}", slug=f"lesson-{n}", position=n) for n in range(number)
    )
    revisions = LessonRevision.objects.bulk_create(
        LessonRevision(lesson=lesson, number=1, title=" ".join(chance.choices(spoken, k=5)), body=bodies[n % TEXTS])
        for n, lesson in enumerate(lessons)
    )
    publish(lessons, revisions)
    with patch.multiple(markdown, plain=cache(markdown.plain)), patch.multiple(search, words_in=cache(words_of)):
        search.rebuild()
    now = timezone.now()
    people = [world.person(n) for n in range(LEARNERS)]
    Enrollment.objects.bulk_create(Enrollment(user=u, course=course, path=path, enrolled_at=now) for u in people)


def words_of(text: str) -> list[tuple[int, int, str]]:
    return list(words_in(text))


def revision_of(lesson: Lesson) -> LessonRevision:
    written = texts().get(lesson.kind, [])
    text = written[lesson.position % len(written)] if written else None
    return LessonRevision(
        lesson=lesson,
        number=1,
        title=text.head["title"] if text else f"Quiz of {lesson.key}",
        body=text.body if text else "Eight situations, drawn from a larger set.",
        takeaway=text.head.get("takeaway", "") if text else "",
        minutes=5,
        published_at=timezone.now(),
    )


def make_questions(course: Course, bodies: dict[str, dict[str, Any]]) -> list[Question]:
    """Published questions by key, from items with choices as the course files write them."""
    questions = Question.objects.bulk_create(Question(course=course, key=key) for key in bodies)
    revisions = QuestionRevision.objects.bulk_create(
        QuestionRevision(
            question=question,
            number=1,
            type=item["type"],
            level="apply",
            body={
                **{name: item[name] for name in ("stem", "who", "line") if name in item},
                "options": [{"text": option["key"], **option} for option in item["options"]],
            },
        )
        for question, item in zip(questions, bodies.values(), strict=True)
    )
    for question, revision in zip(questions, revisions, strict=True):
        question.published_revision = revision
    own = QuestionRevision.objects.filter(question=OuterRef("pk")).values("pk")[:1]
    Question.objects.filter(course=course, published_revision=None).update(published_revision=Subquery(own))
    return questions


def make_checks(course: Course, lessons: list[Lesson]) -> None:
    readings = [lesson for lesson in lessons if lesson.kind == "reading"]
    written = texts()["reading"]
    bodies = {f"check-{lesson.key}": written[lesson.position % len(written)].head["check"] for lesson in readings}
    questions = make_questions(course, bodies)
    LessonCheck.objects.bulk_create(
        LessonCheck(lesson=lesson, question=question) for lesson, question in zip(readings, questions, strict=True)
    )


def make_quiz(course: Course, lesson: Lesson) -> None:
    quiz = Quiz.objects.create(lesson=lesson, draw=8, pass_mark=6)
    choice = [item for item in items() if item["type"] in ("single", "multiple", "scenario")]
    questions = make_questions(course, {f"{lesson.key}-{item['key']}": item for item in choice})
    PoolItem.objects.bulk_create(
        PoolItem(quiz=quiz, question=question, position=n) for n, question in enumerate(questions, 1)
    )


# --- People ----------------------------------------------------------------------------------------------------------


@dataclass
class World:
    """Who is in the data, by their place in it; people have ids without gaps, as they come."""

    course: Course
    people: int = 0
    first_id: int = 0

    def person(self, number: int) -> User:
        return User.objects.get(email=f"p{number}@bench.example.com")

    def manager(self, shop: int) -> User:
        return User.objects.get(email=f"m{shop}@bench.example.com")

    def hr(self) -> User:
        return User.objects.get(email="hr@bench.example.com")


def make_world(people: int) -> World:
    """One course and so many people."""
    Note.objects.bulk_create(Note(pk=n, text=f"Note {n} " + "x" * 40) for n in range(1, 11))
    world = World(make_course("service"))
    Team.objects.create(name="Company", path="0001")
    hr = User.objects.create(name="Hana", email="hr@bench.example.com", password="!", is_staff=True)
    hr.groups.add(Group.objects.get(name="HR"))
    grow(world, people)
    return world


@in_bulk()
def grow(world: World, people: int, courses: int = 0) -> None:
    """Add people until there are so many, and so many other courses as large as the first."""
    for number in range(courses):
        make_course(f"other-{number}")
    shops = range(world.people // TEAM, people // TEAM)
    regions = sorted({shop // REGION for shop in shops})
    known = set(Team.objects.values_list("path", flat=True))
    new = [Team(name=f"Region {r}", path=f"0001{r + 1:04d}") for r in regions if f"0001{r + 1:04d}" not in known]
    Team.objects.bulk_create(new)
    teams = Team.objects.bulk_create(
        Team(name=f"Shop {s}", path=f"0001{s // REGION + 1:04d}{s % REGION + 1:04d}") for s in shops
    )
    numbers = range(world.people, people)
    persons = User.objects.bulk_create(person(f"Ada Number{n}", f"p{n}") for n in numbers)
    managers = User.objects.bulk_create(person(f"Mia Shop{s}", f"m{s}") for s in shops)
    Membership.objects.bulk_create(
        Membership(team=teams[place // TEAM], user=user, is_home=True) for place, user in enumerate(persons)
    )
    Membership.objects.bulk_create(
        Membership(team=team, user=user, is_home=True, role="manager")
        for team, user in zip(teams, managers, strict=True)
    )
    world.first_id = world.first_id or persons[0].pk
    path = world.course.paths.get(key="full")
    now = timezone.now()
    Enrollment.objects.bulk_create(
        enrollment(world.course, path, user, number, now)
        for number, user in zip(numbers, persons, strict=True)
        if number % 20 != 19 or number < CROWD
    )
    before, learners, crowd = persons[0].pk - 1, world.first_id + LEARNERS - 1, world.first_id + CROWD - 1
    with connection.cursor() as cursor:
        cursor.execute(COMPLETIONS, [before, learners])
        cursor.execute(CHECK_ANSWERS, [before, crowd])
        cursor.execute(ATTEMPTS, [True, before])
        cursor.execute(ANSWERS, [False, before])
    world.people = people


def person(name: str, address: str) -> User:
    return User(name=name, email=f"{address}@bench.example.com", password="!none")


def enrollment(course: Course, path: Path, user: User, number: int, now: datetime) -> Enrollment:
    """Three in ten are complete, six under way, some of them overdue, and one has not begun."""
    begun = number < LEARNERS or (number >= CROWD and number % 10 != 7)
    complete = now - timedelta(days=number % 40) if number >= CROWD and number % 10 in (0, 3, 6) else None
    return Enrollment(
        user=user,
        course=course,
        path=path,
        enrolled_at=now - timedelta(days=90),
        started_at=now - timedelta(days=number % 50 + 41) if begun else None,
        completed_at=complete,
        current_at=complete,
        due_on=(now + timedelta(days=number % 60 - 15)).date(),
    )


def sign_in(user: User, backend: str) -> str:
    """A session of this person, as signing in makes it; returns its key."""
    now = timezone.now()
    values = {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: backend, HASH_SESSION_KEY: user.get_session_auth_hash()}
    store = SessionStore()
    key = store._get_new_session_key()
    encoded = store.encode({**values, "began": now.timestamp(), "used": now.timestamp(), "shared_device": False})
    Session.objects.create(session_key=key, session_data=encoded, expire_date=now + timedelta(days=1))
    return key
