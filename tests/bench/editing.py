"""The pages of editors at size, beside a bare page of Django's admin: 500 lessons, and a quiz of 200 questions."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client as Inside

from accounts.models import User
from courses.models import Course, Module, Objective, Path, PathStep, Skill
from quizzes.models import PoolItem, Quiz
from tests.bench.data import items, make_checks, make_lessons, make_questions, make_quiz, sign_in
from tests.bench.row import Row
from tests.bench.run import FEWER, OUR_OWN, REQUESTS, ROUNDS, STOCK, Visit, analyze, asked, in_turn, say
from tests.bench.servers import Client, Server, free_port, granian, running

STAFF = "tests.bench.bare.staff_wsgi:application"
MODULES, QUESTIONS = 20, 200
SHAPE = ["reading"] * 22 + ["story", "page", "quiz"]
BOUND, QUERIES = 3.0, 16
WARM = 4 * 11  # each connection of the two workers plans a query ten times anew (decision 8), and has for the bare page


def measure(ours: Server) -> list[Row]:
    """The processor time of both pages over that of a stock change form, and how often each asks."""
    say(f"editing: {MODULES * len(SHAPE)} lessons, {QUESTIONS} questions")
    course = make_large_course()
    quiz = make_large_quiz(course)
    analyze("default")
    pages = {
        f"outline of {MODULES * len(SHAPE)} lessons": f"/admin/courses/course/{course.pk}/home/",
        f"quiz of {QUESTIONS} questions": f"/admin/quizzes/quiz/{quiz.pk}/change/",
    }
    editor = User.objects.create(name="Ed", email="ed@bench.example.com", password="!", is_staff=True)
    editor.groups.add(Group.objects.get(name="Editors"))
    boss = User.objects.create(name="B", email="b@bench.example.com", password="!", is_staff=True, is_superuser=True)
    rows = [Row(f"{name}: queries", queries(editor, page), QUERIES) for name, page in pages.items()]
    bare_session = sign_in(boss, STOCK)
    with running(granian(STAFF, port := free_port()), port, "staff", "/admin/", bare_session) as bare:
        stick, client = Client(bare.port, bare_session), Client(ours.port, sign_in(editor, OUR_OWN))
        form = Visit(bare, lambda number: stick.get("/admin/bare/note/1/change/"), REQUESTS // 2)
        visits = {name: Visit(ours, lambda number, page=page: client.get(page), FEWER) for name, page in pages.items()}
        for visit in visits.values():
            replace(visit, requests=WARM).cost()
        found = in_turn(visits, dict.fromkeys(visits, form), ROUNDS)
        rows.append(Row("bare admin page: CPU", form.cost() * 1000, unit="ms"))
    return rows + [Row(f"{name}: CPU / bare admin page", ratio, BOUND) for name, ratio in found.items()]


def queries(editor: User, page: str) -> int:
    """How often a page asks when nothing changed since it was last shown."""
    inside = Inside(headers={"host": "127.0.0.1"})
    inside.force_login(editor)
    inside.get(page)
    return len(asked(partial(inside.get, page), 200))


@transaction.atomic
def make_large_course() -> Course:
    course = Course.objects.create(key="large", title="Large")
    skill = Skill.objects.create(course=course, key="listening", title="Listening")
    modules = Module.objects.bulk_create(
        Module(course=course, key=f"m{n}", title=f"Module {n}", position=n, status="ready")
        for n in range(1, MODULES + 1)
    )
    Objective.objects.bulk_create(
        Objective(module=module, key=f"O{module.position}", text="Say what one can do.", skill=skill)
        for module in modules
    )
    lessons = make_lessons(course, modules, [SHAPE] * MODULES)
    make_checks(course, lessons)
    for lesson in lessons:
        if lesson.kind == "quiz":
            make_quiz(course, lesson)
    path = Path.objects.create(course=course, key="full", title="Everything", is_default=True)
    asked_for = [lesson for lesson in lessons if lesson.required]
    PathStep.objects.bulk_create(PathStep(path=path, lesson=one, position=n) for n, one in enumerate(asked_for, 1))
    return course


@transaction.atomic
def make_large_quiz(course: Course) -> Quiz:
    """The first quiz of the course, filled up."""
    quiz = Quiz.objects.filter(lesson__course=course).earliest("pk")
    there, choice = quiz.pool_items.count(), [item for item in items() if item["type"] == "single"]
    bodies = {f"more-{n}": choice[n % len(choice)] for n in range(QUESTIONS - there)}
    PoolItem.objects.bulk_create(
        PoolItem(quiz=quiz, question=question, position=there + n)
        for n, question in enumerate(make_questions(course, bodies), 1)
    )
    return quiz
