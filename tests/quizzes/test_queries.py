"""How often a page asks the database: the same for a small quiz and a large one, for one attempt and for many."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import Lesson, Objective
from quizzes import taking
from quizzes.models import Quiz
from tests.builders import make_lesson, make_question, make_quiz
from tests.conftest import sign_in
from tests.quizzes.taking_part import JSON, address, answer_all, quiz_of, started

QUESTION, SAVE, CLOSE_PAGE, CLOSE, RESULT, START = 5, 7, 4, 22, 8, 16


@pytest.fixture
def large(cast) -> Quiz:
    """Forty questions in the pool, each with an objective and a lesson to reread of its own; 24 are drawn."""
    module = cast.course.modules.get()
    quiz = make_quiz(module, "large", pool=0, draw=24, mark=1, position=90)
    for number in range(40):
        objective = Objective.objects.create(
            module=module, key=f"L{number}", text="Do", skill=cast.course.skills.get(), position=number
        )
        lesson = make_lesson(module, f"reread-{number}", position=100 + number)
        quiz.pool_items.create(question=make_question(cast.course, f"l-{number}", objective, reread=lesson))
    return quiz


def counted(act) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def counts(client, quiz: Quiz) -> dict[str, int]:
    """What each step of one attempt costs; the last step leaves it closed."""
    found = {"start": counted(lambda: client.post(address("start", quiz)))}
    attempt = started(client, quiz)
    url = address("question", quiz, attempt.number, 1)
    found["question"] = counted(lambda: client.get(url))
    found["save"] = counted(lambda: client.post(url, {"option": "a", "go": "next"}))
    found["save by script"] = counted(lambda: client.post(url, {"option": "c"}, **JSON))
    answer_all(client, quiz, attempt, right=2)
    found["close page"] = counted(lambda: client.get(address("close", quiz, attempt.number)))
    found["close"] = counted(lambda: client.post(address("close", quiz, attempt.number)))
    found["result"] = counted(lambda: client.get(address("attempt", quiz, attempt.number)))
    return found


def test_the_size_of_the_quiz_and_of_its_history_does_not_matter(cast, client, large):
    sign_in(client, cast.ada)
    Quiz.objects.filter(pk=large.pk).update(draw=4)
    small = counts(client, large)
    Quiz.objects.filter(pk=large.pk).update(draw=24)
    first = counts(client, large)
    for _attempt in range(3):
        taking.close(taking.start(cast.ada_enrolled, large))
    later = counts(client, large)
    assert small == first | {"start": small["start"]}
    assert later == first
    assert small["close"] <= CLOSE
    assert first["question"] <= QUESTION
    assert first["save"] <= SAVE
    assert first["save by script"] <= SAVE
    assert first["close page"] <= CLOSE_PAGE
    assert first["result"] <= RESULT
    assert first["start"] <= START


def test_closing_a_large_quiz_asks_as_often_as_closing_a_small_one(cast, large):
    Lesson.objects.filter(kind="reading").update(always_read=True)  # so that neither completes the course

    def passed(quiz: Quiz) -> int:
        attempt = taking.start(cast.otto_enrolled, quiz)
        for answer in attempt.answers.all():
            taking.save_answer(attempt, answer.position, ["a"], False)
        return counted(lambda: taking.close(attempt))

    assert passed(large) == passed(quiz_of(cast.course))
