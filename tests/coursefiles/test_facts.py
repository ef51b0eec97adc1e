"""The table of what a course holds: true, the same each time, and in docs/ as the files are now."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from coursefiles.facts import table
from coursefiles.load import load_course
from coursefiles.read import read
from courses.markdown import minutes_to_read
from courses.models import Lesson
from desk.lessons import items_of
from tests.coursefiles import sound
from tests.coursefiles.conftest import CourseFolder


def printed(folder: Path) -> str:
    out = StringIO()
    call_command("course_facts", str(folder), stdout=out)
    return out.getvalue()


def test_it_counts_what_there_is(tmp_path: Path) -> None:
    sound.write(tmp_path)
    text = printed(tmp_path)
    assert "| reading lessons | 8 | 3," in text
    assert "| check questions | 8 |" in text
    assert "| items of the final assessment | 11 |" in text
    assert "| items of module quizzes | 32 |" in text
    assert "| single | 24 | 11 | 8 |" in text
    assert "| Module one | 4 | " in text
    assert "| `greeting` | How we open | 0 | – |" in text
    assert text == table(read(tmp_path))


def test_it_says_where_a_company_fact_is_used(folder: CourseFolder) -> None:
    assert "| `returns-window` | How long things can come back | 1 | greet-first |" in printed(folder.path)


def test_minutes_are_those_that_learners_see(tmp_path: Path) -> None:
    """500 words, a check, something to try and two dialogues are 6 minutes; 8 questions of a quiz are 7."""
    sound.write(tmp_path)
    files = read(tmp_path)
    assert files.lessons["reading-2"].minutes == 6
    assert files.lessons["quiz-one"].minutes == 7
    assert printed(tmp_path).count("| 31 |") >= 1


@pytest.mark.django_db
def test_files_and_site_compute_the_same_minutes(tmp_path: Path) -> None:
    """An editor who saves a lesson as it is does not change how long it is said to take."""
    sound.write(tmp_path)
    load_course(tmp_path)
    for key, file in read(tmp_path).lessons.items():
        lesson = Lesson.objects.select_related("published_revision").get(key=key)
        assert file.asked == items_of(lesson), key
        assert lesson.published_revision is not None
        assert lesson.published_revision.minutes == file.minutes == minutes_to_read(file.body, items_of(lesson)), key


def test_a_folder_without_a_course_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no course\.yaml"):
        printed(tmp_path)


def test_the_page_in_the_docs_is_of_the_files_as_they_are() -> None:
    """If this fails, run `make facts` and commit docs/course-facts.md."""
    base = Path(settings.BASE_DIR)
    assert printed(base / "content" / "customer-service") == (base / "docs" / "course-facts.md").read_text()
