from __future__ import annotations

import hashlib
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coursefiles.findings import CourseError
from coursefiles.load import Report, load_course
from coursefiles.stored import Stored
from coursefiles.units import hash_of
from courses import progress, publishing, search
from courses.models import CompanyFact, Completion, Course, Enrollment, Lesson, LessonRevision, Module, PathStep
from courses.models import Path as CoursePath
from quizzes import taking
from quizzes.models import Answer, Attempt, Question, Quiz
from tests.builders import enroll, make_person
from tests.coursefiles.conftest import CourseFolder

pytestmark = pytest.mark.django_db

COURSE = "course.yaml"
MODULE = "modules/greeting/module.yaml"
CLOSING = "modules/closing/module.yaml"
LESSON = "modules/greeting/greet-first.md"
QUIZ = "modules/greeting/quiz-greeting.yaml"
SILENT = LessonRevision.Effect.SILENT
PROMISE = """---
key: one-promise
kind: reading
title: One Promise
objectives: [O2.1]
---
Say when, and keep it.
"""
LAST_QUIZ = """key: quiz-closing
kind: quiz
title: "Quiz: The Last Minute"
objectives: [O2.1]
intro: One question.
draw: 1
pass: 1
items:
  - key: clo-when
    type: truefalse
    objective: O2.1
    level: recall
    stem: A promise has a time.
    options:
      - {key: t, correct: true, feedback: Then both of you know when to look.}
      - {key: f, feedback: Then the customer waits and calls again.}
"""


def everything() -> str:
    """A hash of every row of every table."""
    rows = [
        serializers.serialize("json", model._default_manager.order_by("pk"))
        for model in apps.get_models()
        if model._meta.managed
    ]
    return hashlib.sha256("".join(rows).encode()).hexdigest()


def lesson(key: str) -> Lesson:
    return Lesson.objects.select_related("published_revision", "module").get(key=key)


def edit(key: str, body: str) -> LessonRevision:
    """What an editor does in the admin."""
    old = lesson(key).draft
    assert old is not None
    fields = ("title", "takeaway", "minutes", "objectives", "sources")
    return lesson(key).add_revision(body=body, **{name: getattr(old, name) for name in fields})


def finish(folder: CourseFolder) -> None:
    """Write the module that was in preparation."""
    folder.write("modules/closing/one-promise.md", PROMISE)
    folder.write("modules/closing/quiz-closing.yaml", LAST_QUIZ)
    folder.replace(CLOSING, "status: in-preparation", "status: ready")
    text = (folder.path / CLOSING).read_text()
    folder.write(CLOSING, text.split("planned:")[0] + "lessons: [one-promise, quiz-closing]\n")


def refusal(folder: CourseFolder, **options: Any) -> str:
    before = everything()
    with pytest.raises(CourseError) as refused:
        load_course(folder.path, **options)
    assert everything() == before
    return str(refused.value)


def test_the_docs_course_is_loaded_whole(folder: CourseFolder) -> None:
    report = load_course(folder.path)
    assert report.created == {"course": 1, "diagram": 1, "image": 1, "module": 2, "lesson": 4, "question": 8}
    course = Course.objects.get(key="counter")
    assert [module.key for module in course.modules.all()] == ["greeting", "closing"]
    assert [module.is_ready for module in course.modules.all()] == [True, False]
    assert course.modules.get(key="greeting").illustration.key == "two-doors"
    first = lesson("greet-first")
    assert first.is_published
    assert first.is_sample
    assert first.required
    assert first.published_revision.sources == {"covers": ["S1-15"], "refs": ["R4"]}
    assert first.published_revision.objectives == ["O1.1"]
    assert first.check_question.question.key == "check-greet-first"
    story = lesson("the-late-bus")
    assert story.is_published
    assert not story.required
    quiz = Quiz.objects.get(lesson__key="quiz-greeting")
    assert (quiz.draw, quiz.pass_mark) == (2, 1)
    assert [item.question.key for item in quiz.pool_items.all()][:2] == ["gre-phone", "gre-silence"]
    question = Question.objects.get(key="gre-silence").published_revision
    assert [option["text"] for option in question.body["options"]] == ["True", "False"]
    assert question.reread == first
    assert question.objective.key == "O1.1"
    assert question.level == "recall"
    planned = lesson("one-promise")
    assert not planned.is_published
    assert planned.title == "One Promise"
    assert planned.draft.body == ""


def test_paths_take_readings_and_quizzes_also_planned(folder: CourseFolder) -> None:
    load_course(folder.path)
    steps = PathStep.objects.filter(path__key="full")
    assert [step.lesson.key for step in steps] == ["greet-first", "quiz-greeting", "one-promise", "quiz-closing"]
    assert all(step.since is None for step in steps)
    (only,) = PathStep.objects.filter(path__key="first-day")
    assert timezone.localtime(only.since, timezone.get_default_timezone()).isoformat()[:16] == "2026-11-01T00:00"
    assert only.path.is_sequential
    assert not only.path.certificate
    assert not only.path.is_default


def test_whether_a_path_gives_a_certificate_follows_the_file(folder: CourseFolder) -> None:
    load_course(folder.path)
    path = CoursePath.objects.get(key="first-day")
    assert not path.certificate
    before = Course.objects.get().source_hash
    folder.replace("course.yaml", "    certificate: false\n", "")
    load_course(folder.path)
    path.refresh_from_db()
    assert path.certificate
    assert "certificate" not in str(Stored(Course.objects.get()).course_unit())  # as it was hashed before the word
    assert Course.objects.get().source_hash != before


def test_a_second_load_writes_nothing(folder: CourseFolder) -> None:
    load_course(folder.path)
    before = everything()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        report = load_course(folder.path)
    assert report.nothing_changed
    assert report.lines()[0].startswith("Nothing changed: 1 course")
    assert everything() == before
    verbs = {query["sql"].split()[0] for query in queries}
    assert not verbs & {"INSERT", "UPDATE", "DELETE"}
    assert len(queries) <= 25


def test_queries_do_not_grow_with_the_course_when_nothing_changed(folder: CourseFolder) -> None:
    load_course(folder.path)
    with CaptureQueriesContext(connection) as small:
        load_course(folder.path)
    finish(folder)
    load_course(folder.path)
    with CaptureQueriesContext(connection) as large:
        load_course(folder.path)
    assert len(large) == len(small)


def test_reformatting_is_no_change(folder: CourseFolder) -> None:
    load_course(folder.path)
    folder.replace(
        QUIZ, "intro: Two situations. You need one.", "# a remark\nintro: >-\n  Two situations.\n  You need one."
    )
    assert load_course(folder.path).nothing_changed
    assert LessonRevision.objects.filter(lesson__key="quiz-greeting").count() == 1


def test_a_changed_lesson_gets_a_revision_silently(folder: CourseFolder) -> None:
    load_course(folder.path)
    folder.replace(LESSON, "The door opens", "The door opens again")
    report = load_course(folder.path)
    assert report.changed == {"lesson": 1}
    assert not report.created
    published = lesson("greet-first").published_revision
    assert published.number == 2
    assert published.effect == SILENT
    assert published.redo_level == 0
    assert "opens again" in published.body


def test_redo_raises_the_level_once(folder: CourseFolder) -> None:
    load_course(folder.path)
    folder.replace(LESSON, "sample: true", "sample: true\nredo: 2")
    load_course(folder.path)
    assert lesson("greet-first").published_revision.redo_level == 2
    assert lesson("greet-first").published_revision.effect == LessonRevision.Effect.REDO
    folder.replace(LESSON, "The door opens", "The door opens again")
    load_course(folder.path)
    published = lesson("greet-first").published_revision
    assert (published.number, published.redo_level, published.effect) == (3, 2, SILENT)


def test_a_redo_in_the_files_of_a_new_site_is_where_it_starts(folder: CourseFolder) -> None:
    folder.replace(LESSON, "sample: true", "sample: true\nredo: 3")
    load_course(folder.path)
    published = lesson("greet-first").published_revision
    assert (published.redo_level, published.effect) == (3, SILENT)


def test_an_edit_on_the_site_stays_while_the_file_does(folder: CourseFolder) -> None:
    load_course(folder.path)
    publishing.publish(edit("greet-first", "Edited here."), SILENT)
    before = everything()
    report = load_course(folder.path)
    assert everything() == before
    assert report.left_alone == [LESSON]


def test_an_edit_on_the_site_is_not_overwritten_without_force(folder: CourseFolder) -> None:
    load_course(folder.path)
    publishing.publish(edit("greet-first", "Edited here."), SILENT)
    folder.replace(LESSON, "The door opens", "The door opens again")
    assert "greet-first.md:1: This lesson was edited on the site since it was loaded. Run export_course" in refusal(
        folder
    )
    load_course(folder.path, force=True)
    assert "opens again" in lesson("greet-first").published_revision.body


def test_an_edited_question_is_refused_by_name(folder: CourseFolder) -> None:
    load_course(folder.path)
    question = Question.objects.get(key="gre-phone")
    body = json.loads(json.dumps(question.draft.body))
    body["stem"] = "Edited here?"
    question.publish(
        question.add_revision(type="multiple", objective=question.draft.objective, level="apply", body=body)
    )
    folder.replace(QUIZ, "unpacks a kettle", "unpacks a lamp")
    assert f"{QUIZ}:9: The question “gre-phone” was edited on the site" in refusal(folder)
    folder.replace(QUIZ, "unpacks a lamp", "unpacks a kettle")
    folder.replace(QUIZ, "A customer who says nothing", "A person who says nothing")
    load_course(folder.path)
    assert Question.objects.get(key="gre-phone").published_revision.stem == "Edited here?"
    assert Question.objects.get(key="gre-silence").published_revision.stem.startswith("A person")


@pytest.mark.parametrize("name", [COURSE, MODULE])
def test_edited_titles_are_refused(folder: CourseFolder, name: str) -> None:
    load_course(folder.path)
    Course.objects.update(title="Edited") if name == COURSE else Module.objects.filter(key="greeting").update(
        title="Edited"
    )
    assert load_course(folder.path).left_alone == [name]
    folder.replace(name, "title: ", "title: New ")
    assert f"{name}:1: This" in refusal(folder)


def test_an_attempt_under_way_keeps_its_questions(folder: CourseFolder) -> None:
    load_course(folder.path)
    ada = enroll(make_person("Ada"), Course.objects.get())
    attempt = taking.start(ada, Quiz.objects.get(lesson__key="quiz-greeting"))
    asked = set(attempt.answers.values_list("question_revision", flat=True))
    folder.replace(QUIZ, "unpacks a kettle", "unpacks a lamp")
    assert load_course(folder.path).changed == {"question": 1}
    assert set(attempt.answers.values_list("question_revision", flat=True)) == asked
    assert "lamp" in Question.objects.get(key="gre-phone").published_revision.stem


def test_moving_a_lesson_keeps_what_people_did(folder: CourseFolder) -> None:
    finish(folder)
    load_course(folder.path)
    ada = enroll(make_person("Ada"), Course.objects.get())
    moved = lesson("one-promise")
    progress.complete_lesson(ada, moved, moved.published_revision, Completion.How.READ)
    folder.write("modules/greeting/one-promise.md", PROMISE.replace("O2.1", "O1.1"))
    folder.delete("modules/closing/one-promise.md")
    folder.replace(CLOSING, "[one-promise, ", "[")
    folder.replace(MODULE, "[greet-first, ", "[one-promise, greet-first, ")
    load_course(folder.path)
    assert lesson("one-promise").module.key == "greeting"
    assert [each.key for each in Course.objects.get().lessons.in_order()][:2] == ["one-promise", "greet-first"]
    assert Enrollment.objects.with_progress().get().lessons_done == 1
    assert PathStep.objects.get(path__key="full", lesson=moved).position == 1


def test_what_left_the_files_is_reported_and_retired_only_when_asked(folder: CourseFolder) -> None:
    load_course(folder.path)
    ada = enroll(make_person("Ada"), Course.objects.get())
    attempt = taking.start(ada, Quiz.objects.get(lesson__key="quiz-greeting"))
    text = (folder.path / QUIZ).read_text()
    before, _, after = text.partition("  - key: gre-silence")
    folder.write(QUIZ, before + after[after.index("  - key: gre-coat") :])
    folder.delete("modules/greeting/the-late-bus.md")
    folder.replace(MODULE, "the-late-bus, ", "")
    report = load_course(folder.path)
    assert set(report.missing) == {"lesson the-late-bus", "question gre-silence"}
    assert not report.retired
    assert lesson("the-late-bus").is_published
    assert Quiz.objects.get(lesson__key="quiz-greeting").pool().count() == 7
    assert load_course(folder.path).nothing_changed
    report = load_course(folder.path, retire=True)
    assert set(report.retired) == {"lesson the-late-bus", "question gre-silence"}
    assert not report.missing
    assert not lesson("the-late-bus").is_published
    assert Quiz.objects.get(lesson__key="quiz-greeting").pool().count() == 6
    assert attempt.answers.count() == 3
    folder.write(QUIZ, text)
    load_course(folder.path)
    assert Quiz.objects.get(lesson__key="quiz-greeting").pool().count() == 7


def test_a_lesson_is_found_as_long_as_it_has_a_file(folder: CourseFolder) -> None:
    editor = make_person("Ed Okoye", is_staff=True, is_superuser=True)
    story, module = folder.path / "modules/greeting/the-late-bus.md", folder.path / MODULE
    files = {file: file.read_text() for file in (story, module)}

    def found() -> list[str]:
        return [hit.lesson.key for hit in search.find(editor, "late bus").hits]

    load_course(folder.path)
    assert "the-late-bus" in found()
    folder.replace(MODULE, "the-late-bus, ", "")
    story.unlink()
    load_course(folder.path, retire=True)
    assert "the-late-bus" not in found()
    for file, text in files.items():
        file.write_text(text)
    load_course(folder.path)
    assert "the-late-bus" in found()


def test_an_error_in_the_last_file_leaves_nothing(folder: CourseFolder) -> None:
    folder.replace(QUIZ, "draw: 2", "draw: 9")
    assert "The quiz draws 9" in refusal(folder)
    assert not Course.objects.exists()


def test_a_failure_while_writing_leaves_nothing(folder: CourseFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(publishing, "publish", fail)
    with pytest.raises(OSError, match="disk full"):
        load_course(folder.path)
    assert not Course.objects.exists()
    assert not Lesson.objects.exists()
    assert not Question.objects.exists()


def test_a_module_becoming_ready_is_asked_of_everybody(folder: CourseFolder) -> None:
    load_course(folder.path)
    finish(folder)
    load_course(folder.path)
    assert Course.objects.get().is_ready
    assert not PathStep.objects.filter(path__key="full", since__isnull=False).exists()


def test_a_lesson_that_joins_a_ready_module_is_new_to_people_under_way(folder: CourseFolder) -> None:
    finish(folder)
    load_course(folder.path)
    folder.write("modules/closing/two-words.md", PROMISE.replace("one-promise", "two-words"))
    folder.replace(CLOSING, "[one-promise, ", "[one-promise, two-words, ")
    load_course(folder.path)
    assert PathStep.objects.get(path__key="full", lesson__key="two-words").since is not None
    assert PathStep.objects.get(path__key="full", lesson__key="one-promise").since is None
    before = everything()
    assert load_course(folder.path).nothing_changed
    assert everything() == before


def test_a_published_lesson_that_joins_a_path_is_new_to_people_under_way(folder: CourseFolder) -> None:
    finish(folder)
    load_course(folder.path)
    folder.replace(COURSE, "since: 2026-11-01}", "since: 2026-11-01}\n      - lesson: one-promise")
    load_course(folder.path)
    assert PathStep.objects.get(path__key="first-day", lesson__key="one-promise").since is not None


def test_people_are_settled_when_less_is_asked(folder: CourseFolder) -> None:
    finish(folder)
    load_course(folder.path)
    ada = enroll(make_person("Ada"), Course.objects.get())
    for each in Lesson.objects.filter(required=True).exclude(key="one-promise"):
        progress.complete_lesson(ada, each, each.published_revision, Completion.How.READ)
    folder.replace("modules/closing/one-promise.md", "kind: reading", "kind: reading\nrequired: false")
    report = load_course(folder.path)
    assert report.completed == 1
    assert Enrollment.objects.get().completed_at is not None


def test_addresses_and_the_sample_can_be_swapped(folder: CourseFolder) -> None:
    load_course(folder.path)
    folder.replace(LESSON, "sample: true", "slug: the-late-bus")
    folder.replace("modules/greeting/the-late-bus.md", "kind: story", "kind: story\nslug: greet-first\nsample: true")
    load_course(folder.path)
    assert (lesson("greet-first").slug, lesson("the-late-bus").slug) == ("the-late-bus", "greet-first")
    assert lesson("the-late-bus").is_sample
    assert not lesson("greet-first").is_sample


def test_the_kind_of_a_published_lesson_stays(folder: CourseFolder) -> None:
    load_course(folder.path)
    folder.replace("modules/greeting/the-late-bus.md", "kind: story", "kind: page")
    assert "its kind cannot change" in refusal(folder)


def test_a_dry_run_changes_nothing(folder: CourseFolder) -> None:
    before = everything()
    report = load_course(folder.path, dry_run=True)
    assert report.created["lesson"] == 4
    assert everything() == before


def test_the_command_reports_and_refuses(folder: CourseFolder) -> None:
    out = StringIO()
    call_command("load_course", str(folder.path), stdout=out)
    assert out.getvalue().startswith("Created: 1 course, 1 diagram, 1 image, 2 modules, 4 lessons, 8 questions.")
    assert re.search(r"It took [0-9.]+ seconds\.", out.getvalue())
    folder.replace(QUIZ, "draw: 2", "draw: 9")
    with pytest.raises(CommandError, match=r"quiz-greeting.yaml:6: The quiz draws 9[^$]*Nothing was loaded: 1 to mend"):
        call_command("load_course", str(folder.path))


def test_the_workshop_itself_loads_without_an_error() -> None:
    folder = Path(settings.BASE_DIR) / "content" / "customer-service"
    report: Report = load_course(folder)
    assert report.created["module"] == 12
    assert not Attempt.objects.exists()
    assert not Answer.objects.exists()


def returns() -> CompanyFact:
    return CompanyFact.objects.get(key="returns-window")


def test_company_facts_are_loaded_and_the_own_text_is_never_touched(folder: CourseFolder) -> None:
    load_course(folder.path)
    assert returns().default.startswith("Thirty days with the receipt.")
    CompanyFact.objects.update(text="Sixty days.")
    assert load_course(folder.path).nothing_changed
    folder.replace(COURSE, "Thirty days", "Forty days")
    folder.replace(COURSE, "How long things", "How long all things")
    assert load_course(folder.path).changed["course"] == 1
    assert (returns().text, returns().title) == ("Sixty days.", "How long all things can come back")
    assert returns().default.startswith("Forty days")
    load_course(folder.path, force=True)
    assert returns().text == "Sixty days."


def test_a_fact_that_left_the_files_goes_only_if_the_company_wrote_nothing(folder: CourseFolder) -> None:
    load_course(folder.path)
    CompanyFact.objects.update(text="Sixty days.")
    folder.replace(COURSE, "key: returns-window", "key: refund-limit")
    folder.replace(LESSON, "fact returns-window", "fact refund-limit")
    assert load_course(folder.path).missing == ["company fact returns-window"]
    load_course(folder.path, retire=True)
    assert {fact.key for fact in CompanyFact.objects.all()} == {"returns-window", "refund-limit"}
    CompanyFact.objects.update(text="")
    load_course(folder.path, retire=True)
    assert [fact.key for fact in CompanyFact.objects.all()] == ["refund-limit"]


def test_a_course_loaded_before_there_were_facts_can_get_some(folder: CourseFolder) -> None:
    """What an earlier release put down as loaded still counts, so nothing looks edited: its units had no facts."""
    text = (folder.path / COURSE).read_text()
    without = text[: text.index("facts:")] + text[text.index("paths:") :]
    lesson = (folder.path / LESSON).read_text()
    folder.write(COURSE, without)
    folder.replace(LESSON, "::: fact returns-window\n:::\n", "")
    load_course(folder.path)
    assert "facts" not in Stored(Course.objects.get()).course_unit()
    assert Course.objects.get().source_hash == hash_of(Stored(Course.objects.get()).course_unit())
    folder.write(COURSE, text)
    folder.write(LESSON, lesson)
    load_course(folder.path)
    assert returns().position == 1
