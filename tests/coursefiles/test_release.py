"""A new release against a course that was edited: ours, theirs, base; keep, take or merge, and nothing is lost."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from coursefiles.findings import CourseError
from coursefiles.load import Report, load_course
from coursefiles.plan import Decision, Plan, State, lines_of, plan_of
from coursefiles.read import read
from coursefiles.units import parts_of
from courses import publishing
from courses.models import Course, Lesson, LoadedUnit, Module, PublishRequest, Skill
from quizzes.models import Question
from tests.builders import SILENT, enroll, make_person
from tests.coursefiles.conftest import CourseFolder
from tests.coursefiles.test_load import CLOSING, COURSE, LESSON, MODULE, QUIZ, edit, lesson

pytestmark = pytest.mark.django_db

STORY = "modules/greeting/the-late-bus.md"
TEXT = "The bus was late, so everybody came at once."
GREET, FIRST = ("lesson", "greet-first"), "The door opens, and you are in the middle of a list."
NOD = "Greet the whole line with a nod."


def plan(folder: CourseFolder) -> Plan:
    return plan_of("counter", parts_of(read(folder.path)))


def states(folder: CourseFolder) -> dict[tuple[str, str], State]:
    return {entry.part.place: entry.state for entry in plan(folder).entries if entry.state is not State.SAME}


def decide(folder: CourseFolder, place: tuple[str, str], decision: str, **options: object) -> Report:
    return load_course(folder.path, decisions={place: Decision(decision)}, **options)  # type: ignore[arg-type]


def rewrite(body_of: str, old: str, new: str) -> None:
    """What an editor does on the site: change the text and publish it."""
    body = lesson(body_of).draft.body
    assert old in body
    publishing.publish(edit(body_of, body.replace(old, new)), SILENT)


@pytest.fixture
def loaded(folder: CourseFolder) -> CourseFolder:
    load_course(folder.path)
    return folder


@pytest.fixture
def both(loaded: CourseFolder) -> CourseFolder:
    """The first paragraph was changed on the site, and the last in the files."""
    rewrite("greet-first", FIRST, "The bell rings.")
    loaded.replace(LESSON, "Follow the house.", "Follow your house.")
    return loaded


def test_the_plan_tells_who_changed_what(both: CourseFolder) -> None:
    rewrite("the-late-bus", TEXT, "Edited.")
    both.replace(QUIZ, "Two situations.", "Three situations.")
    both.write("modules/greeting/new-page.md", "---\nkey: new-page\nkind: page\ntitle: New\n---\nNew.\n")
    both.replace(MODULE, "card-greeting]", "card-greeting, new-page]")
    assert states(both) == {
        GREET: State.BOTH,
        ("lesson", "the-late-bus"): State.EDITED,
        ("lesson", "quiz-greeting"): State.CHANGED,
        ("lesson", "new-page"): State.NEW,
        ("module", "greeting"): State.CHANGED,
    }
    entry = next(entry for entry in plan(both).entries if entry.part.place == GREET)
    assert (FIRST in entry.base["body"], FIRST in entry.now["body"], FIRST in entry.part.unit["body"]) == (
        *(True, False, True),
    )


def test_without_a_decision_it_is_refused_by_name(both: CourseFolder) -> None:
    with pytest.raises(CourseError, match=r"greet-first\.md:1: This lesson was edited on the site"):
        load_course(both.path)


def test_keep_leaves_learners_what_they_see_and_is_asked_once(both: CourseFolder) -> None:
    before = lesson("greet-first").published_revision
    decide(both, GREET, "keep")
    assert lesson("greet-first").published_revision == before
    assert lesson("greet-first").revisions.count() == 2
    assert states(both) == {GREET: State.EDITED}
    both.replace(LESSON, "Follow your house.", "Follow her house.")
    assert states(both) == {GREET: State.BOTH}


def test_take_replaces_and_ours_stays_in_the_history(both: CourseFolder) -> None:
    editor = make_person("Ed Itor")
    decide(both, GREET, "take", by=editor)
    now = lesson("greet-first").published_revision
    assert now.body.startswith(FIRST)
    assert (now.created_by, now.published_by) == (editor, editor)
    assert lesson("greet-first").revisions.filter(body__contains="The bell rings.").exists()
    assert not states(both)


def test_merge_joins_and_publishes_silently(both: CourseFolder) -> None:
    decide(both, GREET, "merge")
    now = lesson("greet-first").published_revision
    assert now.body.startswith("The bell rings.")
    assert "Follow your house." in now.body
    assert now.effect == SILENT
    assert states(both) == {GREET: State.EDITED}
    both.replace(LESSON, "Follow your house.", "Follow her house.")
    decide(both, GREET, "merge")
    merged = lesson("greet-first").published_revision.body
    assert "The bell rings." in merged
    assert "Follow her house." in merged


def test_a_conflict_waits_in_the_draft_and_never_reaches_learners(loaded: CourseFolder) -> None:
    rewrite("greet-first", NOD, "Wave.")
    before = lesson("greet-first").published_revision
    loaded.replace(LESSON, NOD, "Greet them all.")
    report = decide(loaded, GREET, "merge")
    assert report.to_mend == ["Greet First"]
    assert lesson("greet-first").published_revision == before
    draft = lesson("greet-first").draft
    assert "<<<<<<< here\nWave." in draft.body
    assert ">>>>>>> in the files" in draft.body
    with pytest.raises(ValidationError, match="has places to mend"):
        publishing.publish(draft, SILENT)


def test_a_lesson_of_an_earlier_release_is_merged_by_its_revision(both: CourseFolder) -> None:
    LoadedUnit.objects.all().delete()
    decide(both, GREET, "merge")
    assert "Follow your house." in lesson("greet-first").published_revision.body
    assert lesson("greet-first").published_revision.body.startswith("The bell rings.")


def test_settings_are_merged_too(both: CourseFolder) -> None:
    Lesson.objects.filter(key="greet-first").update(always_read=True)
    both.replace(LESSON, "sample: true", "slug: first-of-all")
    decide(both, GREET, "merge")
    found = lesson("greet-first")
    assert (found.always_read, found.is_sample, found.slug) == (True, False, "first-of-all")


def reword(key: str, option: int, text: str) -> None:
    question = Question.objects.get(key=key)
    draft = question.draft
    body = {**draft.body, "options": [dict(each) for each in draft.body["options"]]}
    body["options"][option]["feedback"] = text
    fields = {name: getattr(draft, name) for name in ("type", "objective", "level", "reread")}
    question.publish(question.add_revision(body=body, **fields))


@pytest.mark.parametrize(("option", "mergeable"), [(1, True), (0, False)])
def test_questions_are_merged_option_by_option(loaded: CourseFolder, option: int, mergeable: bool) -> None:
    place = ("question", "gre-phone")
    reword("gre-phone", option, "Said on the site, in so many words.")
    loaded.replace(QUIZ, "She goes on unpacking and relaxes", "She unpacks the rest and relaxes")
    entry = next(entry for entry in plan(loaded).entries if entry.part.place == place)
    assert (Decision.MERGE in entry.decisions) == mergeable
    if mergeable:
        decide(loaded, place, "merge")
        options = Question.objects.get(key="gre-phone").published_revision.body["options"]
        assert options[0]["feedback"].startswith("She unpacks the rest")
        assert options[1]["feedback"] == "Said on the site, in so many words."
    else:
        with pytest.raises(CourseError, match="This cannot be merged"):
            decide(loaded, place, "merge")
        decide(loaded, place, "take")
        assert Question.objects.get(key="gre-phone").revisions.count() == 3


def test_modules_and_the_course_are_merged_part_by_part(loaded: CourseFolder) -> None:
    Module.objects.filter(key="greeting").update(title="The First Minutes")
    Course.objects.update(title="Our Counter")
    loaded.replace(MODULE, "Begin so that the rest is easier.", "Begin well.")
    loaded.replace(COURSE, "For everybody.", "For all of us.")
    decisions = {("module", "greeting"): Decision.MERGE, ("course", "counter"): Decision.MERGE}
    load_course(loaded.path, decisions=decisions)
    module, course = Module.objects.get(key="greeting"), Course.objects.get()
    assert (module.title, module.purpose) == ("The First Minutes", "Begin well.")
    assert (course.title, course.paths.get(key="full").summary) == ("Our Counter", "For all of us.")
    assert [step.lesson.key for step in course.paths.get(key="first-day").steps.all()] == ["greet-first"]


def test_what_is_new_comes_in_where_the_rest_is_kept(loaded: CourseFolder) -> None:
    Course.objects.update(title="Our Counter")
    Module.objects.filter(key="closing").update(title="Ours")
    loaded.replace(COURSE, "modules: [greeting, closing]", "modules: [greeting, closing, third]")
    loaded.replace(COURSE, "skills:\n", "skills:\n  - {key: endings, title: Endings}\n")
    objective = '  - {key: O3.1, text: "Wave.", skill: endings}'
    loaded.write(
        "modules/third/module.yaml", f"key: third\ntitle: T\nstatus: in-preparation\nobjectives:\n{objective}\n"
    )
    loaded.replace(CLOSING, "planned:\n", '  - {key: O2.2, text: "Say bye.", skill: endings}\nplanned:\n')
    keep = {("course", "counter"): Decision.KEEP, ("module", "closing"): Decision.KEEP}
    load_course(loaded.path, decisions=keep)
    assert Skill.objects.filter(key="endings").exists()
    assert Module.objects.get(key="closing").objectives.count() == 2
    assert Course.objects.get().title == "Our Counter"
    assert [module.key for module in Module.objects.order_by("position")] == ["greeting", "closing", "third"]


def test_a_change_of_the_files_can_be_kept_out(loaded: CourseFolder) -> None:
    loaded.replace(STORY, TEXT, "Another text.")
    decide(loaded, ("lesson", "the-late-bus"), "keep")
    assert TEXT in lesson("the-late-bus").published_revision.body
    assert states(loaded) == {("lesson", "the-late-bus"): State.EDITED}


@pytest.mark.parametrize("people", [1, 2])
def test_a_redo_for_many_waits_for_a_second_person(loaded: CourseFolder, monkeypatch, people: int) -> None:
    monkeypatch.setattr("courses.second_person.ALONE", 1)
    course, first = Course.objects.get(), lesson("greet-first")
    for number in range(people):
        enrolled = enroll(make_person(f"P{number} Q", email=f"p{number}@example.com"), course)
        enrolled.completions.create(lesson=first, revision=first.published_revision, redo_level=0)
    loaded.replace(LESSON, "sample: true", "sample: true\nredo: 1")
    loaded.replace(LESSON, NOD, "Wave.")
    report = load_course(loaded.path, by=make_person("Ed Itor"))
    request = PublishRequest.objects.waiting().first()
    assert bool(request) == (people > 1) == bool(report.asked)
    assert ("Wave." in lesson("greet-first").published_revision.body) == (people == 1)
    if request:
        assert (request.effect, request.people) == ("redo", 2)
        assert not states(loaded).get(GREET) or states(loaded)[GREET] is State.EDITED
        Lesson.objects.get(key="greet-first")
        publishing.publish(request.revision, publishing.LessonRevision.Effect.REDO)
        assert lesson("greet-first").published_revision.redo_level == 1
        assert not states(loaded)


def test_the_operator_asks_nobody(loaded: CourseFolder, monkeypatch) -> None:
    monkeypatch.setattr("courses.second_person.is_needed", lambda *args: True)
    loaded.replace(LESSON, "sample: true", "sample: true\nredo: 1")
    load_course(loaded.path)
    assert lesson("greet-first").published_revision.redo_level == 1


def test_what_the_site_made_in_the_way_is_said(loaded: CourseFolder) -> None:
    Lesson.objects.create(
        course=Course.objects.get(), module=Module.objects.first(), key="ours", slug="new-page", kind="page",
        position=9, required=False,
    )  # fmt: skip
    loaded.write("modules/greeting/new-page.md", "---\nkey: new-page\nkind: page\ntitle: New\n---\nNew.\n")
    loaded.replace(MODULE, "card-greeting]", "card-greeting, new-page]")
    with pytest.raises(CourseError, match="Something that was made on the site stands in the way"):
        load_course(loaded.path)


def test_marks_of_a_merge_in_a_file_are_refused(loaded: CourseFolder) -> None:
    loaded.replace(LESSON, NOD, f"<<<<<<< mine\n{NOD}\n=======\nWave.\n>>>>>>> theirs\n")
    with pytest.raises(CourseError, match=r"greet-first\.md:48: A merge left its marks here"):
        load_course(loaded.path)


def test_files_of_a_newer_format_say_only_that(loaded: CourseFolder) -> None:
    loaded.replace(COURSE, "format: 1", "format: 2\nnew_key: 1")
    with pytest.raises(CourseError) as refused:
        load_course(loaded.path)
    assert str(refused.value) == (
        "course.yaml:1: These files have format 2, and this site reads format 1. Update Workshop first."
    )


def test_only_what_differs_is_shown_as_different(both: CourseFolder) -> None:
    entry = next(entry for entry in plan(both).entries if entry.part.place == GREET)
    here, file = set(lines_of(entry.now)), set(lines_of(entry.part.unit))
    assert {line[:14] for line in here ^ file} == {"The bell rings", FIRST[:14], "Some shops gre"}
