"""Whatever is sent, in whatever order: only what comes next, and in time, is recorded; what is closed never changes."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courses.models import Certificate, Completion, Enrollment
from quizzes.models import Answer, Attempt, CheckAnswer
from tests.conftest import Cast, sign_in
from tests.quizzes.taking_part import address, quiz_of
from tests.second_run import examples

READINGS = ["m1-read-1", "m1-read-2"]
QUIZ = "m1-quiz"
QUESTIONS, MARK = 3, 2


class Ada:
    """Somebody who sends anything at any time, and knows what should come of it."""

    def __init__(self, cast: Cast, client: Client) -> None:
        self.quiz, self.client = quiz_of(cast.course), sign_in(client, cast.ada)
        self.enrollment = Enrollment.objects.filter(pk=cast.ada_enrolled.pk)
        self.revisions = dict(cast.course.lessons.values_list("key", "published_revision"))
        self.paths = cast.course.paths
        self.open: dict[int, str] | None = None
        self.closed: list[dict[int, str]] = []
        self.checked: set[str] = set()
        self.done: dict[str, str] = {}
        self.is_over = self.in_order = self.is_complete = False

    def post(self, url: str, **data: Any) -> None:  # 200: the check explains itself, and nothing is kept
        assert self.client.post(url, data).status_code in (200, 302, 404, 409), url

    def start(self, number: int) -> None:
        self.post(address("start", self.quiz))
        if not self.is_over and self.open is None:
            self.open = {}

    def answer(self, number: int) -> None:
        position, option = number % QUESTIONS + 1, "aab"[number // QUESTIONS % 3]
        self.post(address("question", self.quiz, max(self.last, 1), position), option=option, go="next")
        if not self.is_over and self.open is not None:
            self.open[position] = option

    def answer_all(self, number: int) -> None:
        for position in range(QUESTIONS):
            self.answer(position + QUESTIONS * (number % 3))

    def close(self, number: int) -> None:
        self.post(address("close", self.quiz, max(self.last - number % 2, 1)))  # the last one, or the one before
        if self.is_over or self.open is None or (number % 2 and self.last > 1):
            return
        self.closed.append(self.open)
        self.open = None
        if score(self.closed[-1]) >= MARK:
            self.done.setdefault(QUIZ, "quiz")
            if len(self.closed) == 1 and score(self.closed[0]) == QUESTIONS:  # knew it before
                self.done = dict.fromkeys(READINGS, "by-quiz") | self.done

    def check(self, number: int) -> None:
        lesson = READINGS[number % 2]
        self.post(f"/courses/service/{lesson}/check/", option="abc"[number % 3])
        if not self.is_over and not self.is_locked(lesson):
            self.checked.add(lesson)

    def press_continue(self, number: int) -> None:
        lesson = READINGS[number % 2]
        self.post(f"/courses/service/{lesson}/complete/", revision=self.revisions[lesson])
        if not self.is_over and not self.is_locked(lesson) and lesson in self.checked:
            self.done.setdefault(lesson, "read")

    def read(self, number: int) -> None:
        self.check(number)
        self.press_continue(number)

    def turn_time(self, number: int) -> None:
        self.is_over = number % 3 == 0
        self.enrollment.update(closes_on=date(2020, 1, 1) if self.is_over else None)

    def order(self, number: int) -> None:
        self.in_order = number % 2 == 0
        self.paths.update(is_sequential=self.in_order)

    @property
    def last(self) -> int:
        return len(self.closed) + (self.open is not None)

    def is_locked(self, lesson: str) -> bool:
        return self.in_order and lesson == READINGS[1] and not set(READINGS) & set(self.done)

    def look(self) -> None:
        self.is_complete = self.is_complete or {*READINGS, QUIZ} == set(self.done)
        attempts = Attempt.objects.order_by("number").values_list("number", "score", "passed", "closed_at")
        assert [(number, points, passed) for number, points, passed, at in attempts if at] == [
            (number, score(given), score(given) >= MARK) for number, given in enumerate(self.closed, 1)
        ]
        assert [number for number, _points, _passed, at in attempts if not at] == [self.last] * (self.open is not None)
        given = {(number, p): option for number, row in enumerate(self.closed, 1) for p, option in row.items()}
        given |= {(self.last, p): option for p, option in (self.open or {}).items()}
        answered = Answer.objects.exclude(response=None).values_list("attempt__number", "position", "response")
        assert {(number, position): response for number, position, response in answered} == {
            where: [option] for where, option in given.items()
        }
        assert set(CheckAnswer.objects.values_list("lesson__key", flat=True)) == self.checked
        assert dict(Completion.objects.values_list("lesson__key", "how")) == self.done
        assert Certificate.objects.count() == self.is_complete
        assert self.enrollment.filter(completed_at__isnull=False).count() == self.is_complete


def score(given: dict[int, str]) -> int:
    return list(given.values()).count("a")


STEPS = ["start", "start", "answer", "answer_all", "answer_all", "close", "close", "close"]
STEPS += ["check", "press_continue", "read", "read", "turn_time", "order"]


@settings(
    max_examples=examples(15),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 17)), min_size=4, max_size=16))
def test_only_what_comes_next_is_recorded_whatever_is_sent(cast, steps):
    with transaction.atomic():
        ada = Ada(cast, Client())
        for name, number in steps:
            getattr(ada, name)(number)
            ada.look()
        transaction.set_rollback(True)
