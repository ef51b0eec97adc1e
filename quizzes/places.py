"""Where a new question is asked: in the pool of a quiz, or as the one check question of a reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from accounts.numbers import row_number
from courses.models import Course, Lesson
from courses.models.lesson import newest_title
from quizzes import pool
from quizzes.models import LessonCheck, Question, Quiz


class Taken(Exception):
    """The reading has a check question by now; it asks one only."""


class Place(NamedTuple):
    """A reading, or a lesson with its quiz; `title` is its newest, as editors know it."""

    lesson: Lesson
    title: str
    quiz: Quiz | None = None

    @classmethod
    def of_quiz(cls, quiz: Any) -> Place:
        """One of `quizzes()`."""
        return cls(quiz.lesson, quiz.draft_title or quiz.lesson.key, quiz)

    @classmethod
    def of_reading(cls, reading: Any) -> Place:
        """One of `readings_without_check()`."""
        return cls(reading, reading.draft_title or reading.key)

    @classmethod
    def named(cls, given: Mapping[str, str]) -> Place | None:
        """What an address names by `quiz` or `lesson`, if it is there and a question can be added to it."""
        if quiz := quizzes().filter(pk=row_number(given.get("quiz", ""))).first():
            return cls.of_quiz(quiz)
        if reading := readings_without_check().filter(pk=row_number(given.get("lesson", ""))).first():
            return cls.of_reading(reading)
        return None

    @property
    def course(self) -> Course:
        return self.lesson.course

    @property
    def query(self) -> str:
        """How an address names it."""
        return f"quiz={self.quiz.pk}" if self.quiz else f"lesson={self.lesson.pk}"

    def put(self, question: Question) -> None:
        """Ask it here, in the transaction that made it. Raises Taken."""
        if self.quiz:
            pool.put_in(self.quiz, question)
            return
        Lesson.objects.select_for_update().get(pk=self.lesson.pk)
        if not readings_without_check().filter(pk=self.lesson.pk).exists():
            raise Taken
        LessonCheck.objects.update_or_create(lesson=self.lesson, defaults={"question": question})


def every_place() -> list[Place]:
    """Where a question can be added, in the order of the courses."""
    found = [*map(Place.of_quiz, quizzes()), *map(Place.of_reading, readings_without_check())]
    return sorted(found, key=_in_courses)


def _in_courses(place: Place) -> tuple[str, int, int, int]:
    lesson = place.lesson
    return lesson.course.title, lesson.course.pk, lesson.module.position, lesson.position


def quizzes() -> QuerySet[Quiz]:
    """Those a question can be added to."""
    kept = Quiz.objects.filter(lesson__retired_at=None).select_related("lesson__course", "lesson__module")
    return kept.annotate(draft_title=newest_title("lesson"))


def readings_without_check() -> QuerySet[Lesson]:
    """Readings that ask nothing, or whose question is retired."""
    asks_nothing = Q(check_question=None) | Q(check_question__question__retired_at__isnull=False)
    readings = Lesson.objects.filter(asks_nothing, kind=Lesson.Kind.READING, retired_at=None)
    return readings.select_related("course", "module").annotate(draft_title=newest_title("pk"))
