import pytest

from quizzes.models import Question, Quiz
from tests.quizzes.mending import quiz_of_two


@pytest.fixture
def quiz(cast) -> Quiz:
    return quiz_of_two(cast)


@pytest.fixture
def question(quiz) -> Question:
    return Question.objects.get(key="m1-quiz-q1")
