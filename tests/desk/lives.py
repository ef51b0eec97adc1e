"""A person with something in every table that can be about them, and a word of its own in every free text of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test import Client
from django.utils import timezone

from accounts import throttling
from accounts.models import SignInSlip, StagedFile, Throttle, User
from courses.models import Certificate, Completion, Credit, Enrollment, EnrollmentChange, ExtraStep, Flag
from events.models import Attendance, Registration
from notices.models import News, Notice
from quizzes.models import Answer, Attempt, CheckAnswer, Inspection, Question, Regrade, RetakeChange
from tests.builders import enroll, make_live_session, make_member
from tests.conftest import Cast

# Each model with rows about a person, and the way from the row to the person.
ABOUT: dict[str, str] = {
    "accounts.User": "pk",
    "accounts.Membership": "user",
    "accounts.SignInSlip": "user",
    "accounts.StagedRow": "person",
    "courses.Enrollment": "user",
    "courses.EnrollmentChange": "enrollment__user",
    "courses.Completion": "enrollment__user",
    "courses.Certificate": "enrollment__user",
    "courses.Credit": "enrollment__user",
    "courses.ExtraStep": "enrollment__user",
    "courses.Flag": "user",
    "events.Registration": "user",
    "events.Attendance": "user",
    "notices.Notice": "recipient",
    "notices.News": "recipient",
    "quizzes.Attempt": "enrollment__user",
    "quizzes.Answer": "attempt__enrollment__user",
    "quizzes.CheckAnswer": "user",
    "quizzes.Regrade": "attempt__enrollment__user",
    "quizzes.Inspection": "attempt__enrollment__user",
    "quizzes.RetakeChange": "enrollment__user",
    "admin.LogEntry": "",  # by content type and number, see `rows_of`
}

# Texts in these models that are about nobody: keys of rows, codes, digests, what is chosen from a list of ours.
NO_FREE_TEXT = {
    "accounts.User.password",
    "accounts.User.language",
    "accounts.User.time_zone",
    "accounts.SignInSlip.digest",
    "courses.Certificate.code",
    "courses.Certificate.course_title",
    "notices.Notice.key",
    "quizzes.Answer.option_order",
    "admin.LogEntry.object_id",
}


def written_question(course: Any) -> Question:
    """A question whose answer is a text of the person."""
    question, _made = Question.objects.get_or_create(course=course, key="in-your-words")
    if question.published_revision is None:
        options = [{"key": "a", "text": "Sorry", "feedback": "Yes.", "correct": True}]
        body = {"stem": "What do you say first?", "options": options, "otherwise": "Rather sorry."}
        question.publish(question.add_revision(type="short", objective=None, level="recall", body=body))
    return question


def live(cast: Cast, word: str) -> User:
    """A person with rows everywhere whose texts all have `word` in them; `word` is letters and digits."""
    name = marker(word, "accounts.User", "name")
    person = make_member(cast.lyon, name, email=f"{word.lower()}@example.com", staff_number=f"{word}7")
    User.objects.filter(pk=person.pk).update(external_id=f"{word}-ext")
    person.refresh_from_db()
    Client().force_login(person)
    SignInSlip.print_for(person, by=cast.hana)
    Throttle.objects.create(
        key=throttling.digest("sign_in", "name", person.sign_in_name), since=person.date_joined, tries=1
    )
    stage(cast, person)
    learn(cast, enroll(person, cast.course))
    come(cast, person)
    for kind in Notice.Kind.values:
        Notice.objects.create(key=f"{kind}:{person.pk}", kind=kind, recipient=person, address=person.email)
    News.objects.create(recipient=person, kind="nudge", about=1, by=cast.hana)
    for label in ABOUT:
        for row in rows_of(label, person) if label != "admin.LogEntry" else ():
            note(cast, row)
    for label in ABOUT:
        mark(label, person, word)
    person.refresh_from_db()
    return person


def stage(cast: Cast, person: User) -> None:
    """A row that was matched, and two that were refused: by number, and by the name alone."""
    file = StagedFile.objects.create(kind="people", name="people.csv", by=cast.hana)
    file.rows.create(number=1, cells={"name": person.name}, outcome="changed", person=person)
    file.rows.create(number=2, cells={"email": person.email.upper()}, outcome="refused")
    file.rows.create(number=3, cells={"name": person.name}, outcome="refused")


def learn(cast: Cast, enrollment: Enrollment) -> None:
    lesson = cast.course.lessons.filter(kind="reading").select_related("published_revision").first()
    quiz = cast.course.lessons.get(kind="quiz").quiz
    revision = written_question(cast.course).published_revision
    choice = quiz.pool_items.first().question.published_revision
    credit = Credit.objects.create(enrollment=enrollment, done_on="2025-01-01", source="x", by=cast.hana)
    Completion.objects.create(
        enrollment=enrollment,
        lesson=lesson,
        revision=lesson.published_revision,
        redo_level=0,
        how="credited",
        credit=credit,
    )
    ExtraStep.objects.create(enrollment=enrollment, lesson=lesson)
    Flag.objects.create(
        user=enrollment.user,
        revision=lesson.published_revision,
        kind="other",
        may_ask=True,
        resolved_at=timezone.now(),
        resolved_by=cast.hana,
    )
    EnrollmentChange.objects.create(enrollment=enrollment, what="excused", by=cast.hana)
    RetakeChange.objects.create(enrollment=enrollment, quiz=quiz, limit=3, by=cast.hana)
    Certificate.objects.create(enrollment=enrollment, course_title="Course service")
    closed = {"closed_at": enrollment.enrolled_at, "score": 1, "pass_mark": 2, "passed": False}
    for number, more in ((1, closed), (2, {})):
        attempt = Attempt.objects.create(enrollment=enrollment, quiz=quiz, number=number, max_score=2, **more)
        attempt.answers.create(question_revision=revision, position=1, response="x")
        attempt.answers.create(question_revision=choice, position=2, response=["b"], option_order=["a", "b", "c"])
    Inspection.objects.create(attempt=enrollment.attempts.first(), by=cast.hana)
    CheckAnswer.objects.create(user=enrollment.user, lesson=lesson, question_revision=revision, response="x")
    Regrade.objects.create(
        attempt=enrollment.attempts.first(),
        answer=Answer.objects.filter(attempt__enrollment=enrollment).first(),
        question_revision=revision,
        points_before=0,
        points_after=1,
        score_before=1,
        score_after=2,
        passed=True,
        by=cast.hana,
    )


def come(cast: Cast, person: User) -> None:
    """A session they came to and led, and one to come."""
    past = make_live_session(at=timezone.now() - timedelta(days=3), course=cast.course, trainers=[person])
    Attendance.objects.create(session=past, user=person, by=cast.hana)
    for session in (past, make_live_session(course=cast.course)):
        Registration.objects.create(session=session, user=person)


def note(cast: Cast, row: models.Model) -> None:
    """An entry of the audit list about this row."""
    LogEntry.objects.create(
        user=cast.hana,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr="",
        action_flag=2,
    )


def rows_of(label: str, person: User) -> Any:
    if label != "admin.LogEntry":
        return apps.get_model(label)._default_manager.filter(**{ABOUT[label]: person.pk}).order_by("pk")
    about = models.Q(pk__in=[])
    for other in ABOUT:
        if other != label:
            keys = [str(row.pk) for row in rows_of(other, person)]
            about |= models.Q(content_type=ContentType.objects.get_for_model(apps.get_model(other)), object_id__in=keys)
    return LogEntry.objects.filter(about).order_by("pk")


def free_texts(label: str) -> list[models.Field]:
    """The columns of a model in which people write what they like."""
    kinds = (models.CharField, models.TextField, models.JSONField)
    fields = [field for field in apps.get_model(label)._meta.concrete_fields if isinstance(field, kinds)]
    return [field for field in fields if not field.choices and f"{label}.{field.name}" not in NO_FREE_TEXT]


def marker(word: str, label: str, field: str) -> str:
    return f"{word}X{label.replace('.', '')}X{field.replace('_', '')}"


def mark(label: str, person: User, word: str) -> None:
    """Write a marker into each free text of each row; what a number or a list of choices is stays."""
    if label == "accounts.User":
        return
    for row in rows_of(label, person):
        for field in free_texts(label):
            text = marker(word, label, field.name)
            value: Any = {"name": text} if field.name == "cells" else text
            if field.name == "problems":
                value = [["name", text]]
            if label == "quizzes.Answer" and isinstance(row.response, list):
                continue
            if isinstance(field, models.EmailField):
                value = f"{text}@example.com"
            type(row)._default_manager.filter(pk=row.pk).update(**{field.name: value})
