"""Each bar of quality, with a course that stays below it in one place and is sound in all others."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command

from coursefiles.check import check
from coursefiles.findings import Finding
from coursefiles.quality import prose
from coursefiles.quality.bars import below
from coursefiles.read import read
from tests.coursefiles import sound
from tests.coursefiles.conftest import CourseFolder

pytestmark = pytest.mark.once
COURSE = "course.yaml"
PROMISES = "promises.yaml"
MODULE = "modules/one/module.yaml"
READING = "modules/one/reading-1.md"
STORY = "modules/one/story-one.md"
JOB_AID = "modules/one/job-aid-one.md"
QUIZ = "modules/one/quiz-one.yaml"
FINAL = "modules/two/final.yaml"
DRAWING = "modules/one/diagrams/doors.svg"


class Sound(CourseFolder):
    def __init__(self, path: Path) -> None:
        self.path = path
        sound.write(path)

    def found(self) -> list[Finding]:
        files = read(self.path)
        assert [str(one) for one in check(files) if one.level == "error"] == []
        return list(below(files))

    def edit(self, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the data of a YAML file, or of the head of a Markdown file."""
        text = (self.path / name).read_text()
        head, rest = (text, "") if name.endswith(".yaml") else text[4:].split("---\n", 1)
        data = yaml.safe_load(head)
        change(data)
        self.write(name, yaml.safe_dump(data) if name.endswith(".yaml") else f"---\n{yaml.safe_dump(data)}---\n{rest}")

    def items(self, change: Callable[[dict[str, Any]], None], name: str = QUIZ) -> None:
        self.edit(name, lambda data: [change(item) for item in data["items"]] and None)


@pytest.fixture
def course(tmp_path: Path) -> Sound:
    return Sound(tmp_path / "sound")


def test_a_sound_course_stays_below_no_bar(course: Sound) -> None:
    assert [str(finding) for finding in course.found()] == []


# file, old text, new text, level, what the finding says
TEXTS = [
    (READING, sound.PARAGRAPH.strip() + "\n\n", "", "warning", "a reading has 450 to 900"),
    (READING, sound.TRY, (sound.PARAGRAPH + "\n\n") * 7 + sound.TRY, "warning", "a reading has 450 to 900"),
    (READING, sound.TRY, (sound.PARAGRAPH + "\n\n") * 7 + sound.TRY, "warning", "times the usual reading"),
    (STORY, sound.PARAGRAPH.strip(), "", "warning", "a story has 200 to 350"),
    (JOB_AID, sound.SENTENCE, (sound.SENTENCE + "\n\n") * 15, "warning", "250 fit on its page"),
    ("modules/one/huddle-one.md", sound.SENTENCE, sound.SENTENCE * 18, "warning", "300 fit on its page"),
    (READING, "The woman with", "The woman with the red coat and the dog " * 3, "warning", "35 are the most"),
    (READING, sound.SENTENCE, sound.SENTENCE * 3, "warning", "This paragraph has 108 words"),
    (READING, "\n---\n", "\n---\n## First\n\n", "warning", "begins with a heading, a box or a list"),
    (READING, "::: weak", "::: note", "warning", "There is no `::: weak` dialogue"),
    (READING, "**Mr. Brandt:** I nearly", "Mr. Brandt: I nearly", "warning", "have 5 turns; together"),
    (READING, "::: try", "::: note", "warning", "There is nothing to try"),
    (READING, "takeaway: Look", "takeaway: " + "and look " * 20, "warning", "The takeaway has"),
    (READING, "Write down", "TODO Write down", "error", "“TODO” looks like a leftover"),
    (QUIZ, "intro: Go.", "intro: As an AI, go.", "error", "“As an AI” looks like a leftover"),
    (COURSE, "Good morning.", "Good morning, [name].", "error", "“[name]” looks like a leftover"),
    (READING, "Write down", "Apologise and write down", "warning", "“Apologise” is British spelling"),
    (QUIZ, "intro: Go.", "intro: Colour and grey.", "warning", "“grey” is British spelling"),
    (READING, "Write down", "Write it down!! Write down", "warning", "“!!” shouts"),
    (QUIZ, "intro: Go.", "intro: Go now!! Or not.", "warning", "“!!” shouts"),
    (COURSE, "title: All", "title: All\n  summary: Everything, in about six hours.", "warning", "hours” is typed"),
    (READING, "Write down", "![A door](door.png) Write down", "error", "A text shows only pictures from images/"),
    (READING, "Write down", "[Write](https://example.com) down", "error", "The link to “https://example.com”"),
    (READING, "Write down", "See www.example.com and write down", "error", "an address outside of the course"),
    (READING, "Write down", "[Write](#there) down", "error", "The link to “#there” would not work"),
    (STORY, "The woman", "Researchers say so. The woman", "warning", "“Researchers” makes a claim"),
    (STORY, "The woman", "For 80 % it holds. The woman", "warning", "“0 %” makes a claim"),
    (READING, "The woman", "A customer tells twenty people. The woman", "error", "a figure that nobody measured"),
    (READING, "The woman", "It is five times more expensive. The woman", "error", "a figure that nobody measured"),
    (READING, "Odalys", "Farouk", "warning", "Farouk is somebody in"),
    (STORY, "The woman", "Then Farouk came. The woman", "warning", "is somebody in"),
    (JOB_AID, "The woman", "Ask Mr. Okafor. The woman", "warning", "Okafor is somebody in modules/"),
    (STORY, "The woman", "Gibbs looked up. The woman", "error", "Gibbs is a name that this course does not use"),
    (READING, "title: Reading 1", "title: reading 2", "warning", "is the title of modules/one/reading-1.md too"),
    (MODULE, "Open a contact", "Understand a contact", "error", "begins with “understand”"),
    (MODULE, "Open a contact", "Consider a contact", "warning", "begins with “consider”, which is not in the list"),
    (READING, "S1-01", "S9-01", "error", "There is no S9-01 in promises.yaml"),
    (READING, "S1-01", "S1-02", "error", "No lesson covers S1-01"),
    (READING, "R1", "R99", "error", "There is no R99 in promises.yaml"),
    (PROMISES, "modules: 2", "modules: 12", "error", "The course has 2 modules and promises 12."),
    (PROMISES, "final_items: 10", "final_items: 60", "error", "11 items of the final and promises 60 or more"),
    (DRAWING, "Two doors side by side", "Image of doors", "warning", "The title has “Image of”"),
    (DRAWING, "Two doors side by side", "two-doors.svg", "warning", "The title has “.svg”"),
    (DRAWING, 'font-size="16"', 'font-size="11"', "warning", "smallest text has 11 units; to be read on a phone"),
    (DRAWING, '<rect class="d-fill" x="20" y="20" width="120" height="80"/>', "", "warning", "is text alone"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "level", "says"), TEXTS)
def test_a_text_below_a_bar_is_found(course: Sound, name: str, old: str, new: str, level: str, says: str) -> None:
    course.replace(name, old, new)
    found = [finding for finding in course.found() if says in finding.text]
    assert found, course.found()
    assert found[0].level == level
    if name.endswith(".md") and level == "error" and "covers" not in says:
        lines = (course.path / name).read_text().split("\n")
        assert found[0].file == name
        assert any(word in lines[found[0].line - 1] for word in new.split())


def drop(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.pop(key) and None


def without(*keys: str) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.update(lessons=[key for key in data["lessons"] if key not in keys])


# the file that is changed, how, level, what the finding says
DATA = [
    (READING, drop("takeaway"), "warning", "has no takeaway"),
    (READING, drop("check"), "warning", "asks nothing"),
    (READING, lambda d: d["check"].update(stem="kettle " * 61), "warning", "the stem has 61 words"),
    (READING, lambda d: d["check"].update(stem="The counter needs a"), "warning", "ends in “a” or “an”"),
    (READING, lambda d: d["check"]["options"][2].update(text="All of the above"), "warning", "“All of the above” asks"),
    (READING, lambda d: d["check"]["options"][0].update(feedback="He waits."), "warning", "feedback has 2 words"),
    (READING, lambda d: d["check"]["options"][0].update(feedback="Right! " + "He waits. " * 8), "warning", "a verdict"),
    (QUIZ, lambda d: d["items"][12].update(otherwise="No."), "warning", "otherwise: the feedback has 1 words"),
    (QUIZ, lambda d: d.update(items=d["items"][3:]), "warning", "The pool has 13 items"),
    (QUIZ, lambda d: d.update(items=[i for i in d["items"] if i["objective"] == "O1.1"]), "error", "O1.2\" has no"),
    (QUIZ, lambda d: d.update(items=[i for i in d["items"] if i["objective"] == "O1.1" or i["key"] == "one-1"]),
     "warning", 'objective "O1.2" has one item'),
    (QUIZ, lambda d: d.update(items=d["items"][:12]), "warning", "asks in 1 ways (single)"),
    (FINAL, lambda d: d.update(items=d["items"][:10]), "warning", 'objective "O2.2" has no item in the final'),
    (FINAL, lambda d: [i.update(level="recall") for i in d["items"][:5]], "warning", "6 of 11 items apply or judge"),
    (QUIZ, lambda d: [i.update(level="recall") for i in d["items"]], "warning", "0 of 16 items apply or judge"),
    (QUIZ, lambda d: d["items"][5].update(stem=d["items"][0]["stem"].replace(".", " now.")), "warning", 'of "one-0"'),
    (QUIZ, lambda d: d["items"].extend(sound.question(f"tf-{n}", 0, "truefalse", level="apply") for n in range(9)),
     "warning", "quiz items are true or false"),
    (QUIZ, lambda d: d["items"].extend(sound.question(f"tf-{n}", 0, "truefalse", level="apply") for n in range(9)),
     "warning", "statements 11 are true"),
    (QUIZ, lambda d: d.update(items=sorted(d["items"], key=lambda i: [bool(o.get("correct")) for o in i["options"]])),
     "warning", "in a row whose right option stands at place 3"),
    (MODULE, without("story-one"), "warning", "has no story"),
    (MODULE, without("job-aid-one"), "warning", "no page whose key begins with job-aid-"),
    (MODULE, without("huddle-one"), "warning", "no page whose key begins with huddle-"),
    (MODULE, without("reading-4"), "warning", "has 3 readings"),
    (MODULE, without("reading-2", "reading-3", "reading-4"), "warning", "takes 13 minutes"),
    (MODULE, lambda d: d["objectives"].pop(), "warning", "has 1 objectives"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "level", "says"), DATA)
def test_a_course_below_a_bar_is_found(
    course: Sound, name: str, change: Callable[[dict[str, Any]], None], level: str, says: str
) -> None:
    course.edit(name, change)
    found = [finding for finding in below(read(course.path)) if says in finding.text]
    assert [finding.level for finding in found[:1]] == [level], list(below(read(course.path)))


def test_a_module_without_a_quiz_is_found(course: Sound) -> None:
    course.delete(QUIZ)
    said = {finding.text: finding.level for finding in below(read(course.path))}
    assert said["The module has no quiz of its own."] == "warning"
    assert said['objective "O1.1" has no item in the quiz of its module. Write 2 or more.'] == "error"


def test_an_objective_that_no_reading_serves_is_found(course: Sound) -> None:
    for number in range(1, 5):
        course.edit(f"modules/one/reading-{number}.md", lambda data: data.update(objectives=["O1.1"]))
    assert [finding.text for finding in course.found()] == ['objective "O1.2" is taught by no reading.']


def put_right(place: int) -> Callable[[dict[str, Any]], None]:
    def change(item: dict[str, Any]) -> None:
        if item["type"] == "single":
            right = next(option for option in item["options"] if option.get("correct"))
            item["options"].remove(right)
            item["options"].insert(place, right)

    return change


def test_the_right_option_stands_at_each_place_as_often(course: Sound) -> None:
    course.items(put_right(1))
    said = [finding.text for finding in course.found()]
    assert any(re.search(r"Of 43 questions with 3 options, \d\d% have the right one at place 2", text) for text in said)


def lengthen(of_right: bool, by: str) -> Callable[[dict[str, Any]], None]:
    def change(item: dict[str, Any]) -> None:
        for option in item["options"]:
            if bool(option.get("correct")) == of_right and "text" in option:
                option["text"] += by

    return change


def test_the_longest_option_is_not_the_right_one_more_often_than_by_chance(course: Sound) -> None:
    course.items(lengthen(True, " And then she waited until the whole story had been told to her twice."))
    said = [finding.text for finding in course.found()]
    assert any("questions with 3 options the right one is the longest" in text for text in said)
    assert any("times as long as wrong ones" in text for text in said)


def test_absolute_words_do_not_mark_the_wrong_options(course: Sound) -> None:
    course.items(lengthen(False, " Always."))
    assert any("“Always”, “never” and the like stand in" in finding.text for finding in course.found())
    course.items(lengthen(True, " Never."))
    assert not any("and the like stand in" in finding.text for finding in course.found())


def test_a_module_in_preparation_owes_nothing_yet(course: Sound) -> None:
    course.edit(MODULE, lambda data: data.update(status="in-preparation"))
    course.edit(MODULE, without("story-one"))
    course.edit(PROMISES, lambda data: data["counts"].update(stories=20))
    assert not [
        finding for finding in below(read(course.path)) if "story" in finding.text or "promises" in finding.text
    ]


def test_a_person_may_shout_and_the_course_may_not(course: Sound) -> None:
    course.replace(READING, "Write down", 'She wrote "stay patient!!" and **DO NOT TOUCH!!!** there. Write down')
    assert course.found() == []


# --- How hard it is to read ------------------------------------------------------------------------------------------

HARD = "Organizational responsibilities necessitate considerable communicative flexibility regarding clientele. "
EASY = "He saw the cat. She saw the dog. It was red. "


@pytest.mark.parametrize(
    ("text", "level"), [(HARD * 20, "error"), (EASY * 60, "error"), (sound.SENTENCE * 20, None), (EASY * 7, None)]
)
def test_prose_is_neither_too_hard_nor_too_easy(course: Sound, text: str, level: str | None) -> None:
    head = (course.path / READING).read_text().split("---\n", 2)[1]
    course.write(READING, f"---\n{head}---\n{text}\n\n::: diagram doors\n:::\n")
    found = [finding.level for finding in course.found() if "The prose reads at grade" in finding.text]
    assert found == ([level] if level else [])


def test_within_half_a_grade_it_is_a_warning(course: Sound, monkeypatch: pytest.MonkeyPatch) -> None:
    for grade, level in [(5.4, "error"), (5.5, "warning"), (6.0, None), (9.0, None), (9.5, "warning"), (9.6, "error")]:
        monkeypatch.setattr(prose, "grade", lambda body, grade=grade: grade)
        found = {finding.level for finding in course.found() if "The prose reads at grade" in finding.text}
        assert found == ({level} if level else set()), grade


def test_the_grade_is_that_of_the_formula() -> None:
    """Kincaid's: 0.39 × words a sentence + 11.8 × syllables a word − 15.59."""
    text = "The water in the kettle was never hot. " * 20
    assert prose.grade(text) == pytest.approx(0.39 * 8 + 11.8 * 11 / 8 - 15.59)


@pytest.mark.parametrize(
    ("word", "number"),
    [("kettle", 2), ("every", 2), ("don’t", 1), ("apologize", 4), ("store", 1), ("customer", 3), ("12", 1)],
)
def test_syllables_are_counted_as_one_says_them(word: str, number: int) -> None:
    assert prose.syllables(word) == number


def test_prose_is_what_stands_outside_of_dialogues_headings_and_tables() -> None:
    body = (
        "## A heading\n\nFirst *words* of\na paragraph. Mr. Osei waits.\n\n::: weak\n**Ines:** Next.\n:::\n\n"
        "| a | b |\n|---|---|\n\n1. Look **up**.\n2. [Say](lesson:x) it.\n\n::: note\nAn aside.\n:::\n"
    )
    said = [(one.line, one.text) for one in prose.paragraphs(body)]
    assert said == [
        (2, "First words of a paragraph. Mr. Osei waits."),
        (12, "Look up."),
        (13, "Say it."),
        (16, "An aside."),
    ]
    assert prose.paragraphs(body)[0].sentences == ["First words of a paragraph.", "Mr Osei waits."]


# --- Originality and the command -------------------------------------------------------------------------------------


def test_words_shared_with_a_source_are_found(course: Sound) -> None:
    sources = course.path.parent / "sources"
    sources.mkdir()
    (sources / "seed.txt").write_text("They said: WRITE DOWN the first sentence, you will say… and left.")
    found = [str(finding) for finding in below(read(course.path), sources)]
    lines = (course.path / READING).read_text().split("\n")
    line = next(number for number, text in enumerate(lines, 1) if "Write down" in text)
    assert found[0] == (
        f'{READING}:{line}: "write down the first sentence you will say" stands in seed.txt too. Say it your own way.'
    )
    assert len(found) == 8


def test_the_command_prints_the_bars_and_fails_on_errors(course: Sound) -> None:
    out = StringIO()
    call_command("check_course", str(course.path), stdout=out)
    assert out.getvalue() == "2 modules, 17 lessons with a file, 51 questions, 1 diagrams: 0 errors, 0 warnings.\n"
    course.replace(STORY, "The woman", "Gibbs said: grey. The woman")
    with pytest.raises(CommandError):
        call_command("check_course", str(course.path), stdout=out)
    assert f"{STORY}:8: Gibbs is a name" in out.getvalue()
    assert f"{STORY}:8: warning: “grey”" in out.getvalue()


def test_a_slip_in_the_promises_is_named(course: Sound) -> None:
    course.replace(PROMISES, "counts:", "count:")
    assert [one.text for one in read(course.path).found] == [
        'The file has an unknown key "count". Did you mean "counts"?'
    ]


def test_our_own_course_is_checked_in_seconds_and_holds() -> None:
    """No error and at most ten warnings; and 20 seconds, where a rule that is slow would show first."""
    start = monotonic()
    files = read(Path(settings.BASE_DIR) / "content" / "customer-service")
    found = [*check(files), *below(files)]
    assert monotonic() - start < 20
    assert [str(finding) for finding in found if finding.level == "error"] == []
    assert len(found) <= 10, "\n".join(map(str, found))
