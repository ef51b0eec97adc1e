"""Small true things for tests: a course of a given shape, people in teams, enrollments. Content is made, not loaded."""

from __future__ import annotations

import io
import zlib
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from PIL import Image as Pillow

from accounts.models import Membership, Team, User
from courses import images, publishing
from courses.models import Course, Enrollment, Image, Lesson, LessonRevision, Module, Objective, Path, Skill
from events.models import LiveSession
from quizzes.models import LessonCheck, Question, Quiz

PASSWORD = "correct horse 7 battery"
SILENT = LessonRevision.Effect.SILENT


def make_person(name: str, **fields: Any) -> User:
    fields.setdefault("email", f"{name.split()[0].lower()}@example.com")
    return User.objects.create_user(name=name, password=PASSWORD, **fields)


def make_member(team: Team, name: str, role: str = "member", home: bool = True, **fields: Any) -> User:
    person = make_person(name, **fields)
    Membership.objects.create(team=team, user=person, role=role, is_home=home)
    return person


def make_course(
    key: str = "service", modules: int = 1, readings: int = 2, quiz: bool = True, ready: bool = True
) -> Course:
    """A course. Its modules have readings (`m1-read-1`), each with a check, and a quiz (`m1-quiz`); `full` has all."""
    course = Course.objects.create(key=key, title=f"Course {key}")
    skill = Skill.objects.create(course=course, key="listening", title="Listening")
    path = Path.objects.create(course=course, key="full", title="Everything", is_default=True)
    for number in range(1, modules + 1):
        module = Module.objects.create(course=course, key=f"m{number}", title=f"Module {number}", position=number)
        objective = Objective.objects.create(module=module, key=f"O{number}.1", text="Do it.", skill=skill)
        for place in range(1, readings + 1):
            lesson = make_lesson(module, f"m{number}-read-{place}", position=place)
            LessonCheck.objects.create(lesson=lesson, question=make_question(course, f"check-{lesson.key}", objective))
        if quiz:
            make_quiz(module, f"m{number}-quiz", objective, position=readings + 1)
        if ready:  # without the verb, which looks for people whom that completes: there are none yet
            module.status = Module.Status.READY
            module.save(update_fields=["status"])
    for position, lesson in enumerate(course.lessons.in_order(), 1):
        path.steps.create(lesson=lesson, position=position)
    return course


def make_lesson(
    module: Module, key: str, position: int = 1, kind: str = "reading", publish: bool = True, **fields: Any
) -> Lesson:
    fields.setdefault("required", kind in ("reading", "quiz"))
    lesson = Lesson.objects.create(
        course=module.course, module=module, key=key, slug=key, kind=kind, position=position, **fields
    )
    revision = lesson.add_revision(title=f"Lesson {key}", body=f"Text of {key}.", takeaway="Remember it.", minutes=3)
    if publish:
        publishing.publish(revision, SILENT)
        lesson.refresh_from_db()
    return lesson


def make_question(
    course: Course, key: str, objective: Objective | None = None, type: str = "single", **fields: Any
) -> Question:
    """A published question. Its option `a` is right (in `multiple` also `b`); each option's feedback names its key."""
    keys = ["t", "f"] if type == "truefalse" else ["a", "b", "c"]
    right = {"single": ["a"], "multiple": ["a", "b"], "truefalse": ["t"]}[type]
    options = [
        {
            "key": k,
            "text": f"Option {k} of {key}",
            "feedback": f"Feedback {k} of {key}",
            **({"correct": True} if k in right else {}),
        }
        for k in keys
    ]
    question = Question.objects.create(course=course, key=key)
    body = {"stem": f"Stem of {key}?", "options": options}
    question.publish(question.add_revision(type=type, objective=objective, level="apply", body=body, **fields))
    return question


def make_quiz(
    module: Module,
    key: str,
    objective: Objective | None = None,
    position: int = 9,
    pool: int = 4,
    draw: int = 3,
    mark: int = 2,
) -> Quiz:
    lesson = make_lesson(module, key, position=position, kind="quiz")
    quiz = Quiz.objects.create(lesson=lesson, draw=draw, pass_mark=mark)
    for number in range(1, pool + 1):
        question = make_question(module.course, f"{key}-q{number}", objective)
        quiz.pool_items.create(question=question, position=number)
    return quiz


def picture(width: int = 64, height: int = 48, kind: str = "PNG", color: str = "teal", **options: Any) -> bytes:
    """A file with a picture of one color in it."""
    file = io.BytesIO()
    Pillow.new("RGB", (width, height), color).save(file, kind, **options)
    return file.getvalue()


def make_image(course: Course, key: str = "counter", **fields: Any) -> Image:
    """A picture with its file."""
    image = Image(course=course, key=key, title=f"Picture {key}", alt=f"What {key} shows", **fields)
    images.store(image, images.read_image(picture(color=f"#{zlib.crc32(key.encode()) & 0xFFFFFF:06x}")))
    image.save()
    return image


def enroll(person: User, course: Course, path: str = "full", at: datetime | None = None, **fields: Any) -> Enrollment:
    return Enrollment.objects.create(
        user=person, course=course, path=course.paths.get(key=path), enrolled_at=at or timezone.now(), **fields
    )


def make_live_session(title: str = "Calm on the phone", at: datetime | None = None, **fields: Any) -> LiveSession:
    """A session of an hour, tomorrow in three hours unless said otherwise; `teams` and `trainers` may be given."""
    at = at or timezone.now() + timedelta(days=1, hours=3)
    many = {name: fields.pop(name, ()) for name in ("teams", "trainers")}
    fields.setdefault("link", "https://meet.example.com/calm")
    fields.setdefault("ends_at", at + timedelta(hours=1))
    session = LiveSession.objects.create(title=title, starts_at=at, **fields)
    for name, values in many.items():
        getattr(session, name).set(values)
    return session
