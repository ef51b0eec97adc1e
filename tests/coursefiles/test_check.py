from __future__ import annotations

import datetime
import os
from io import StringIO

import pytest
import yaml
from django.core.management import CommandError, call_command
from pydantic import ValidationError

from coursefiles import schema
from coursefiles.check import check
from coursefiles.read import read
from tests.coursefiles.conftest import CourseFolder, examples

pytestmark = pytest.mark.once
COURSE = "course.yaml"
MODULE = "modules/greeting/module.yaml"
LESSON = "modules/greeting/greet-first.md"
STORY = "modules/greeting/the-late-bus.md"
CARD = "modules/greeting/card-greeting.md"
QUIZ = "modules/greeting/quiz-greeting.yaml"
DRAWING = "modules/greeting/diagrams/two-doors.svg"


def said(folder: CourseFolder, level: str = "error") -> list[str]:
    return [str(finding) for finding in check(read(folder.path)) if finding.level == level]


def line_of(folder: CourseFolder, name: str, text: str) -> int:
    lines = (folder.path / name).read_text().split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_the_examples_of_the_docs_have_no_error(folder: CourseFolder) -> None:
    assert len(examples()) == 10
    assert said(folder) == []


# name, old, new, the changed line holds, the finding says
BROKEN = [
    (COURSE, "format: 1", "format: 2", "format", "Update Workshop first"),
    (COURSE, "title: At the Counter", "titel: At the Counter", "titel", 'unknown key "titel". Did you mean "title"?'),
    (COURSE, "sequential: true", "sequential: 1", "sequential", 'path "first-day": sequential must be true or false'),
    (COURSE, "key: limits", "key: listening", "title: Limits", 'The skill "listening" is listed 2 times.'),
    (COURSE, "- module: closing", "- module: clsing", "clsing", 'no module "clsing". Did you mean "closing"?'),
    (COURSE, "lesson: greet-first", "lesson: greet-frist", "frist", 'Did you mean "greet-first"?'),
    (COURSE, "lesson: greet-first", "lesson: the-late-bus", "since", "is a story, which no path asks for"),
    (COURSE, "- module: closing", "- {module: closing, lesson: one-promise}", "one-p", "either a module or a lesson"),
    (COURSE, "default: true", "default: false", "paths", "One path must be the default"),
    (COURSE, "sequential: true", "default: true", "paths:", "here 2 are"),
    (COURSE, "[greeting, closing]", "[greeting, closing, opening]", "opening", "There is no modules/opening/"),
    (COURSE, "[greeting, closing]", "[greeting]", "", 'The module "closing" is not in `modules`'),
    (COURSE, "since: 2026-11-01", 'since: "soon"', "soon", "must be a date"),
    (COURSE, "since: 2026-11-01", "since: 2026-13-45", "", "cannot be read"),
    (MODULE, "status: ready", "status: redy", "redy", "Write 'ready' or 'in-preparation'"),
    (MODULE, "skill: listening", "skill: listning", "listning", 'Did you mean "listening"?'),
    (MODULE, "key: O1.1", "key: first", "key: first", "An objective looks like O9.1"),
    (MODULE, "illustration: two-doors", "illustration: three-doors", "three-doors", 'no diagram "three-doors"'),
    (MODULE, "the-late-bus, ", "", "", 'The lesson "the-late-bus" is not in `lessons`'),
    (MODULE, "the-late-bus, ", "the-late-bus, the-early-bus, ", "the-early-bus", "There is no file the-early-bus.md"),
    (MODULE, "[greet-first,", "[greet-first, greet-first,", "lessons", "is listed 2 times"),
    (MODULE, "title: The First", "title: Again\ntitle: The First", "title: The First", '"title" is there twice'),
    (MODULE, "key: greeting", "key: welcome", "welcome", "Make them the same"),
    (LESSON, "objectives: [O1.1]", "objectives: [O2.1]", "objectives", 'no objective "O2.1" in this module'),
    (LESSON, "lesson:card-greeting", "lesson:card-greting", "card-greting", 'Did you mean "card-greeting"?'),
    (LESSON, "diagram two-doors", "diagram two-windows", "two-windows", 'There is no diagram "two-windows"'),
    (COURSE, "key: returns-window", "key: returns", "", '"returns-window" in course.yaml. Did you mean'),
    (LESSON, "fact returns-window", "fact  refund-limit", "fact  refund", 'no company fact "refund-limit"'),
    (LESSON, "fact returns-window", "fact", "::: fact", "Write `::: fact key`"),
    (COURSE, "    text: |", "    tekst: |", "tekst", 'fact "returns-window" has an unknown key "tekst"'),
    (COURSE, "Thirty days with", "::: try\n      Thirty days with", "    text: |", "has a box in it"),
    (COURSE, "Thirty days with", "[Thirty](lesson:thirty) days with", "    text: |", "lesson:thirty leads nowhere"),
    (COURSE, "facts:", "facts:\n  - {key: returns-window, title: T, text: T}", "  - key: returns", "is listed 2 times"),
    (LESSON, "::: try", "::: tip", "::: tip", 'There is no box "tip"'),
    (LESSON, "one word away.\n:::", "one word away.", "::: try", "is not closed"),
    (LESSON, "covers: [S1-15]", "covers: [fifteen]", "covers", "Use a code such as S1-15"),
    (LESSON, "title: Greet First", "title: 12", "title: 12", 'must be text, and here is 12. Put it in quotes'),
    (LESSON, "takeaway:", "takeawy:", "takeawy", 'Did you mean "takeaway"?'),
    (QUIZ, "key: gre-phone", "key: check-greet-first", "check-greet", 'The question "check-greet-first" is at'),
    (STORY, "kind: story", "kind: story\nrequired: true", "required", "A story cannot be required"),
    (STORY, "kind: story", "kind: story\nsample: true", "sample", "a course has one"),
    (STORY, "kind: story", "kind: story\nslug: greet-first", "slug", 'The address "greet-first" is at'),
    (STORY, "kind: story", "kind: story\ntakeaway: Wait.", "takeaway", "Only a reading has a takeaway"),
    (CARD, "1. Look up.\n2. Say good morning.", "", "", "The lesson is empty"),
    (STORY, "---\nkey", "key", "key", "A lesson begins with a line `---`"),
    (QUIZ, "draw: 2", "draw: 9", "draw", "The quiz draws 9 of 6 graded items"),
    (QUIZ, "pass: 1", "pass: 1\nalso: [gre-phon]", "also", 'no item "gre-phon" in this course. Did you'),
    (QUIZ, "pass: 1", "pass: 1\nalso: [gre-phone]", "also", 'The quiz has the item "gre-phone" already'),
    (QUIZ, "pass: 1", "pass: 3", "pass", "3 of 2 cannot be reached"),
    (QUIZ, "reread: greet-first", "reread: greet", "reread: greet", 'no lesson "greet" to reread'),
    (QUIZ, "objective: O1.1", "objective: O7.7", "O7.7", 'there is no objective "O7.7"'),
    (QUIZ, "correct: true\n        feedback: Silence", "feedback: Silence", "key: gre-silence", "Exactly one option"),
    (QUIZ, "- key: t\n", "- key: t\n        text: Yes, it does\n", "Yes, it does", "has no text of its own"),
    (QUIZ, "level: apply", "level: easy", "easy", 'item "gre-phone": level cannot be \'easy\''),
    (QUIZ, "    stem: A customer who says", "    # stem", "key: gre-silence", '"gre-silence" has no stem'),
    (DRAWING, "<svg ", '<!DOCTYPE svg [<!ENTITY a "b">]><svg ', "", "DOCTYPE"),
    (DRAWING, "<title>Two doors</title>", "<script>alert(1)</script>", "", "<script> is not allowed"),
    (DRAWING, "<title>Two doors</title>", "<title>Two</title>", "", "5 to 125 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "line", "says"), BROKEN)
def test_each_kind_of_error_is_named_with_its_line(
    folder: CourseFolder, name: str, old: str, new: str, line: str, says: str
) -> None:
    folder.replace(name, old, new)
    found = [finding for finding in said(folder) if says in finding]
    assert found, said(folder)
    if line:
        assert found[0].startswith(f"{name}:{line_of(folder, name, line)}: "), found


def test_missing_feedback_is_said_as_one_would(folder: CourseFolder) -> None:
    feedback = (
        "        feedback: She nods, because she was asked. Had you just reached for it, she would have counted.\n"
    )
    folder.replace(QUIZ, feedback, "")
    line = line_of(folder, QUIZ, "key: b")
    assert said(folder) == [
        f'{QUIZ}:{line}: item "gre-phone", option "b" has no feedback. Say what the customer would do next.'
    ]


def test_every_problem_is_named_at_once(folder: CourseFolder) -> None:
    folder.replace(QUIZ, "draw: 2", "draw: two")
    folder.replace(LESSON, "kind: reading", "kind: lesson")
    folder.replace(MODULE, "status: ready", "status: perhaps")
    assert {finding.split(":")[0] for finding in said(folder)} == {QUIZ, LESSON, MODULE}


def test_a_planned_lesson_with_a_file_is_refused(folder: CourseFolder) -> None:
    folder.replace("modules/closing/module.yaml", "key: one-promise", "key: the-late-bus")
    assert any("is planned and has a file" in finding for finding in said(folder))


ODD_YAML = [
    ("a: &x [1, 2]\nb: [*x, *x]\n", "Anchors"),
    ("a: !!python/object/apply:os.system [id]\n", "tag"),
    ("a: !!str 5\n", "tag"),
    ("<<: {key: a}\n", "A key must be a word"),
    ("[" * 500 + "]" * 500, "nested too deeply"),
    ("a: [1,\nb: 2\n", "not valid YAML"),
    ("a: 1\n---\nb: 2\n", "not valid YAML"),
    ("a: \x07\n", "control character"),
    ("? [a, b]\n: 1\n", "A key must be a word"),
    ("just words\n", "must have keys and values"),
    ("", "must have keys and values"),
]


@pytest.mark.parametrize(("text", "says"), ODD_YAML)
def test_yaml_that_is_more_than_it_looks_is_refused(folder: CourseFolder, text: str, says: str) -> None:
    for name in (COURSE, MODULE, QUIZ):
        folder.write(name, text)
    folder.write(LESSON, f"---\n{text}\n---\nText\n") if "---" not in text else None
    found = said(folder)
    assert sum(says in finding for finding in found) >= 3, found


def test_an_alias_bomb_ends_at_its_first_anchor(folder: CourseFolder) -> None:
    rows = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    folder.write(QUIZ, "\n".join(rows))
    assert any(finding.startswith(f"{QUIZ}:1: Anchors") for finding in said(folder))


def test_files_that_cannot_be_read_are_named(folder: CourseFolder) -> None:
    (folder.path / STORY).write_bytes(b"---\nkey: x\n\xff\n---\n")
    folder.write(QUIZ, "#" * 1_000_001)
    folder.write("modules/greeting/notes.txt", "?")
    found = said(folder)
    assert f"{STORY}:3: This is not UTF-8. Save the file as UTF-8." in found
    assert any(finding.startswith(f"{QUIZ}:1: The file is larger than") for finding in found)
    assert any("notes.txt:1: This file has no place" in finding for finding in found)


@pytest.mark.parametrize("name", [COURSE, STORY, "modules/secret"])
def test_links_out_of_the_folder_are_refused(folder: CourseFolder, name: str) -> None:
    outside = folder.path.parent / "outside"
    outside.mkdir()
    (folder.path / name).unlink(missing_ok=True)
    target = outside / "file"
    target.write_text("title: secret words\n")
    os.symlink(outside if name == "modules/secret" else target, folder.path / name)
    found = said(folder)
    assert any(finding.startswith(f"{name}:1: This leads out") for finding in found)
    assert "secret words" not in "".join(found)


def test_an_empty_folder_says_so(folder: CourseFolder) -> None:
    folder.delete(COURSE)
    assert said(folder) == ["course.yaml:1: There is no course.yaml in this folder. Is it the folder of a course?"]


def test_a_diagram_that_is_not_shown_is_a_warning(folder: CourseFolder) -> None:
    folder.replace(MODULE, "illustration: two-doors\n", "")
    assert not said(folder, "warning")
    folder.replace(LESSON, "::: diagram two-doors\n:::", "")
    assert ["No lesson shows this diagram" in finding for finding in said(folder, "warning")] == [True]


def test_the_command_needs_no_database_and_fails_on_errors(folder: CourseFolder) -> None:
    out = StringIO()
    call_command("check_course", str(folder.path), stdout=out)
    assert "2 modules, 4 lessons with a file, 8 questions, 1 diagrams: 0 errors" in out.getvalue()
    folder.replace(QUIZ, "draw: 2", "draw: 9")
    with pytest.raises(CommandError):
        call_command("check_course", str(folder.path), stdout=out)
    assert f"{QUIZ}:6: The quiz draws 9 of 6 graded items" in out.getvalue()


def places(data: object, loc: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else []
    return [loc] * bool(loc) + [place for key, value in inner for place in places(value, (*loc, key))]


@pytest.mark.parametrize(("name", "model"), [(COURSE, schema.Course), (MODULE, schema.Module), (QUIZ, schema.Quiz)])
@pytest.mark.parametrize(
    "odd", [None, 5, 1.5, [], [[]], {}, {"key": []}, "", "x" * 6000, True, datetime.date(2026, 1, 1)]
)
def test_any_value_of_a_wrong_type_is_said_in_words(name: str, model: type[schema.Strict], odd: object) -> None:
    text = examples()[name]
    for loc in places(yaml.safe_load(text)):
        data = yaml.safe_load(text)
        holder = data
        for step in loc[:-1]:
            holder = holder[step]
        holder[loc[-1]] = odd
        try:
            model.model_validate(data)
        except ValidationError as error:
            for _loc, said_so in schema.problems(model, data, error):
                assert said_so.endswith((".", "?")), said_so
                assert "Input should" not in said_so
