"""Fifty people answer at once, and the power goes: every answer that was acknowledged is there, each once."""

import threading
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import pytest
from django.test import Client

from courses.models import Objective
from quizzes import taking
from quizzes.models import Answer, Attempt
from tests.builders import enroll, make_course, make_person, make_quiz
from tests.config.outside import post, running, until

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE, QUESTIONS = 50, 4
LETTERS = "abc"


@dataclass
class Saver:
    """Somebody who answers one question after the other, and then changes each answer; tries again until told."""

    session: str
    attempt: Attempt
    addresses: dict[int, str]  # by position; the threads of savers ask the database nothing
    acknowledged: dict[int, str] = field(default_factory=dict)  # the letter, by position
    sent: dict[int, str] = field(default_factory=dict)
    statuses: Counter = field(default_factory=Counter)

    def answer(self, port: int, stop: threading.Event) -> None:
        for turn in range(2):
            for position in range(1, QUESTIONS + 1):
                letter = LETTERS[(self.attempt.pk + position + turn) % 3]
                while self.acknowledged.get(position) != letter and not stop.is_set():
                    self.save(port, position, letter, stop)

    def save(self, port: int, position: int, letter: str, stop: threading.Event) -> None:
        self.sent[position] = letter
        try:
            status, _goes_to = post(port, self.addresses[position], self.session, option=letter, go="next")
        except (OSError, HTTPException):
            stop.wait(0.05)  # nobody there
            return
        self.statuses[status] += 1
        if status == 302:
            self.acknowledged[position] = letter


@pytest.fixture
def savers() -> list[Saver]:
    course = make_course(readings=1, quiz=False)
    quiz = make_quiz(course.modules.get(), "rush", Objective.objects.get(), pool=QUESTIONS, draw=QUESTIONS)
    return [make_saver(course, quiz, number) for number in range(PEOPLE)]


def make_saver(course, quiz, number: int) -> Saver:
    person = make_person("Saver", email=f"saver{number}@example.com")
    browser = Client()
    browser.force_login(person)
    attempt = taking.start(enroll(person, course), quiz)
    addresses = {position: attempt.get_question_url(position) for position in range(1, QUESTIONS + 1)}
    return Saver(browser.session.session_key, attempt, addresses)


def stored() -> dict[tuple[int, int], str]:
    rows = list(Answer.objects.values_list("attempt", "position", "response"))
    assert len(rows) == len({row[:2] for row in rows}) == PEOPLE * QUESTIONS
    return {(attempt, position): response[0] for attempt, position, response in rows if response}


def saved(savers: list[Saver]) -> int:
    return sum(len(saver.acknowledged) for saver in savers)


def test_a_crowd_answers_and_the_server_is_killed(savers: list[Saver], tmp_path: Path) -> None:
    stop = threading.Event()
    with ExitStack() as sites:
        site = sites.enter_context(running(tmp_path))
        threads = [threading.Thread(target=saver.answer, args=(site.port, stop)) for saver in savers]
        for thread in threads:
            thread.start()
        try:
            until(lambda: saved(savers) >= PEOPLE * QUESTIONS // 2)
            known = {(s.attempt.pk, p): letter for s in savers for p, letter in list(s.acknowledged.items())}
            site.kill()
            found = stored()
            later = {(s.attempt.pk, p): letter for s in savers for p, letter in list(s.sent.items())}
            for place, letter in known.items():
                assert found[place] in (letter, later[place]), place  # what was on its way may have arrived
            sites.enter_context(running(tmp_path, port=site.port))
            until(lambda: not any(thread.is_alive() for thread in threads), seconds=120)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert stored() == {(s.attempt.pk, p): letter for s in savers for p, letter in s.acknowledged.items()}
    assert saved(savers) == PEOPLE * QUESTIONS
    assert {status for saver in savers for status in saver.statuses} <= {302, 503}
    assert Attempt.objects.open().count() == PEOPLE  # nothing closed by itself
    assert not any("locked" in log.read_text() for log in tmp_path.glob("serve-*.log"))
