from __future__ import annotations

import datetime
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from coursefiles import units
from coursefiles.check import check
from coursefiles.export import export_course
from coursefiles.findings import errors
from coursefiles.load import load_course
from coursefiles.read import CourseFiles, read
from coursefiles.yamltext import Document, dump
from courses.models import Lesson
from quizzes import pool
from quizzes.models import LessonCheck, Question, Quiz
from tests.coursefiles.conftest import CourseFolder
from tests.coursefiles.test_load import LESSON, edit, everything

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=200)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.dates(datetime.date(1900, 1, 1)) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(words, values, max_size=5))
def test_what_is_dumped_is_read_back(data: dict[str, object]) -> None:
    assert yaml.safe_load(dump(data)) == data


lines = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], include_characters="\n"), max_size=300
)


@given(lines)
def test_text_is_read_back_by_our_own_reader(text: str) -> None:
    assert Document(dump({"items": [{"stem": text}]})).data == {"items": [{"stem": text}]}


def as_units(files: CourseFiles) -> dict[str, object]:
    assert files.course is not None
    assert not errors(check(files))
    found: dict[str, object] = {"course": units.course(files, files.course)}
    found |= {f"module {key}": units.module(module.data) for key, module in files.modules.items()}
    for key, lesson in files.lessons.items():
        found[f"lesson {key}"] = units.lesson(lesson)
        found |= {f"question {each.key}": units.question(each) for each in lesson.questions}
    found |= {f"image {key}": units.image(file) for key, file in files.images.items()}
    return found | {f"diagram {key}": units.diagram(file) for key, file in files.diagrams.items()}


@pytest.mark.django_db
@pytest.mark.parametrize("course", ["counter", "customer-service"])
def test_export_gives_back_what_was_loaded(folder: CourseFolder, tmp_path: Path, course: str) -> None:
    source = folder.path if course == "counter" else Path(settings.BASE_DIR) / "content" / "customer-service"
    load_course(source)
    before = everything()
    once, twice = tmp_path / "once", tmp_path / "twice"
    export_course(course, once)
    assert as_units(read(once)) == as_units(read(source))
    assert load_course(once).nothing_changed
    assert everything() == before
    export_course(course, twice)
    for file in once.rglob("*.*"):
        assert file.read_bytes() == (twice / file.relative_to(once)).read_bytes()


@pytest.mark.django_db
def test_steps_of_a_whole_module_are_written_as_the_module(folder: CourseFolder, tmp_path: Path) -> None:
    load_course(folder.path)
    export_course("counter", tmp_path / "out")
    text = (tmp_path / "out" / "course.yaml").read_text()
    assert "      - module: greeting\n      - module: closing\n" in text
    assert "      - lesson: greet-first\n        since: 2026-11-01\n" in text


@pytest.mark.django_db
def test_an_edit_on_the_site_comes_out_and_goes_in_again(folder: CourseFolder, tmp_path: Path) -> None:
    load_course(folder.path)
    edit("greet-first", "Edited here.")
    Lesson.objects.filter(key="greet-first").update(always_read=True)
    export_course("counter", folder.path)
    text = (folder.path / LESSON).read_text()
    assert text.endswith("---\nEdited here.\n")
    assert "always_read: true" in text
    assert load_course(folder.path).nothing_changed
    folder.replace(LESSON, "Edited here.", "Edited here and there.")
    load_course(folder.path)
    published = Lesson.objects.get(key="greet-first").published_revision
    assert published is not None
    assert published.body == "Edited here and there."


@pytest.mark.django_db
def test_the_command_says_what_it_wrote(folder: CourseFolder, tmp_path: Path) -> None:
    load_course(folder.path)
    out = StringIO()
    call_command("export_course", "counter", str(tmp_path / "out"), stdout=out)
    assert out.getvalue().startswith("Wrote 10 files")
    with pytest.raises(CommandError, match='There is no course "nothing"'):
        call_command("export_course", "nothing", str(tmp_path / "out"))


@pytest.mark.django_db
def test_a_question_of_two_quizzes_is_written_once_and_comes_back(folder: CourseFolder, tmp_path: Path) -> None:
    load_course(folder.path)
    quiz = Quiz.objects.get(lesson__key="quiz-greeting")
    check = Question.objects.get(lesson_checks__lesson__key="greet-first")
    pool.put_in(quiz, check)
    export_course("counter", folder.path)
    text = (folder.path / "modules/greeting/quiz-greeting.yaml").read_text()
    assert text.endswith(f"also:\n  - {check.key}\n")
    assert load_course(folder.path).nothing_changed
    folder.replace("course.yaml", "key: counter", "key: other")
    load_course(folder.path)
    asked = list(Question.objects.filter(course__key="other", pool_items__quiz__lesson__key="quiz-greeting"))
    assert len(asked) == quiz.pool_items.count()
    assert LessonCheck.objects.get(lesson__course__key="other").question in asked
