"""What a course says of itself as plain data, whose hash tells a file's change from an edit on the site."""

import pytest

from coursefiles.load import load_course
from coursefiles.stored import Stored
from courses.models import Course
from quizzes.models import Quiz
from tests.coursefiles.conftest import CourseFolder

pytestmark = pytest.mark.django_db


def test_only_a_final_says_so_and_other_lessons_keep_their_hash(folder: CourseFolder) -> None:
    """Courses that were loaded before there were finals must not look edited."""
    load_course(folder.path)
    stored = Stored(Course.objects.get())
    assert "final" not in stored.lesson_unit("greet-first")
    assert "final" not in stored.lesson_unit("quiz-greeting")
    Quiz.objects.update(is_final=True)
    assert Stored(Course.objects.get()).lesson_unit("quiz-greeting")["final"] is True
