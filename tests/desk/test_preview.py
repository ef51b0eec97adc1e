"""An editor walks through a course as a learner: the same pages, on any path, and not a row is written."""

import re

import pytest
from django.test import Client
from django.urls import get_urlconf, reverse

from courses import publishing
from courses.models import Course, Lesson, Module, Path
from quizzes.models import LessonCheck, Question, Quiz
from tests.builders import enroll, make_course, make_lesson, make_person, make_question
from tests.conftest import sign_in
from tests.test_access import domain_hash

pytestmark = pytest.mark.django_db


@pytest.fixture
def ed(cast) -> Client:
    return sign_in(Client(), cast.ed)


def at(course: Course, *parts: object) -> str:
    return reverse("admin:desk_preview_course", args=[course.key]) + "".join(f"{part}/" for part in parts)


def turned(ed: Client, course: Course, **chosen: object):
    path = chosen.pop("path", None) or course.paths.get(key="full")
    data = {"walk-path": path.pk, "walk-texts": "drafts", "do": "show", **chosen}
    return ed.post(at(course), data, follow=True)


def article(page: str) -> str:
    """What stands between header and footer, without tokens and the form for flags, with a learner's addresses."""
    inner = page.split("<article", 1)[1].split("</article>", 1)[0]
    inner = re.sub(r'<details class="flag.*?</details>', "", inner, flags=re.DOTALL)
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", inner).replace("/admin/preview/", "/courses/")


# --- The same page ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["m1-read-1", "m1-read-2", "m1-quiz"])
def test_a_published_lesson_is_the_learners_page(cast, ed, key):
    lesson = cast.course.lessons.get(key=key)
    body = "See [the other](lesson:m1-read-2).\n\n::: weak\n**Ana:** No.\n:::\n\n::: strong\n**Ana:** Yes.\n:::"
    publishing.publish(lesson.add_revision(title="T", body=body, takeaway="Keep it.", minutes=4), "silent")
    learner = sign_in(Client(), cast.ada).get(lesson.get_absolute_url()).text
    preview = ed.get(at(cast.course, key)).text
    assert article(preview).split() == article(learner).split()
    assert "Preview: nothing is recorded" in preview
    assert "Preview: nothing is recorded" not in learner
    assert reverse("admin:courses_lesson_change", args=[lesson.pk]) in preview


def test_every_link_of_a_lesson_stays_in_the_preview(cast, ed):
    lesson = cast.course.lessons.get(key="m1-read-1")
    lesson.add_revision(title="T", body="See [the other](lesson:m1-read-2).", minutes=4)
    page = ed.get(at(cast.course, "m1-read-1")).text
    assert f'href="{at(cast.course, "m1-read-2")}"' in page
    assert "/courses/service/" not in page
    assert get_urlconf() is None  # outside of a request
    learner = sign_in(Client(), cast.ada).get(lesson.get_absolute_url()).text
    assert "/admin/" not in learner


def test_outline_and_module_are_the_learners_pages(cast, ed):
    for name, args in (("outline", ["service"]), ("module", ["service", "m1"])):
        mine = sign_in(Client(), cast.ada).get(reverse(f"learn:{name}", args=args)).text
        preview = ed.get(at(cast.course, *(["module", "m1"] if name == "module" else []))).text
        main = [page.split("<main", 1)[1].split("</main>", 1)[0] for page in (mine, preview)]
        assert main[0] == main[1].replace("/admin/preview/", "/courses/")


# --- A whole walk ----------------------------------------------------------------------------------------------------


def answer_all(ed: Client, course: Course, number: int, right: bool) -> None:
    for place in range(1, 4):
        url = at(course, "m1-quiz", "quiz", number, place)
        shown = ed.get(url).context
        keys = [option["key"] for option in shown["asked"]["options"]]
        assert ed.post(url, {"option": "a" if right else keys[keys[0] == "a"], "go": "next"}).status_code == 302


def test_a_whole_walk_writes_no_row(cast, ed):
    """Lessons, checks, a quiz failed and passed, the end of the course: and each table is as it was."""
    course = cast.course
    before = domain_hash()
    assert "Continue: Lesson m1-read-1" in ed.get(at(course)).text
    for key in ("m1-read-1", "m1-read-2"):
        page = ed.get(at(course, key)).text
        assert f"Feedback a of check-{key}" not in page
        assert "answer the check question" in ed.post(at(course, key, "complete"), follow=True).text
        assert "Give your answer first" in ed.post(at(course, key, "check"), {}).text
        assert f"Feedback a of check-{key}" in ed.post(at(course, key, "check"), {"option": "a"}, follow=True).text
        onward = ed.post(at(course, key, "complete"), follow=True)
    assert onward.redirect_chain[-1][0] == at(course, "m1-quiz")
    assert "3 questions. You need 2." in onward.text
    ed.post(at(course, "m1-quiz", "quiz"))
    answer_all(ed, course, 1, right=False)
    assert "Feedback" not in ed.get(at(course, "m1-quiz", "quiz", 1, "close")).text
    result = ed.post(at(course, "m1-quiz", "quiz", 1, "close"), follow=True).text
    assert "Not yet: 0 of 3" in result
    assert "Feedback a of m1-quiz-q" in result
    ed.post(at(course, "m1-quiz", "quiz"))
    answer_all(ed, course, 2, right=True)
    result = ed.post(at(course, "m1-quiz", "quiz", 2, "close"), follow=True).text
    assert "Passed: 3 of 3" in result
    assert "Attempt 1" in result  # among the others
    assert "You did all of it" in ed.get(at(course, "module", "m1")).text
    assert "3 of 3 lessons" in ed.get(at(course)).text
    assert domain_hash() == before
    ed.post(at(course), {"do": "again"})
    assert "0 of 3 lessons" in ed.get(at(course)).text


def test_the_walk_of_one_editor_is_nobody_elses(cast, ed):
    ed.post(at(cast.course, "m1-read-1", "check"), {"option": "a"})
    ed.post(at(cast.course, "m1-read-1", "complete"))
    assert "1 of 3 lessons" in ed.get(at(cast.course)).text
    assert "0 of 3 lessons" in sign_in(Client(), cast.ed).get(at(cast.course)).text


def test_a_first_attempt_passed_well_counts_the_readings(cast, ed):
    ed.post(at(cast.course, "m1-quiz", "quiz"))
    answer_all(ed, cast.course, 1, right=True)
    ed.post(at(cast.course, "m1-quiz", "quiz", 1, "close"))
    assert "Complete, by quiz" in ed.get(at(cast.course)).text


# --- Drafts, paths, order --------------------------------------------------------------------------------------------


@pytest.fixture
def unfinished(cast) -> Course:
    """Beside what is published: a draft of a text and of a question, a lesson and a module nobody sees yet."""
    course = cast.course
    course.lessons.get(key="m1-read-1").add_revision(title="Draft title", body="Draft text", minutes=2)
    new = make_lesson(course.modules.get(), "only-draft", position=3, publish=False)
    check = Question.objects.create(course=course, key="only-draft-check")
    options = [{"key": k, "text": k, "feedback": f"F {k}", "correct": k == "a"} for k in "ab"]
    check.add_revision(body={"stem": "Draft stem?", "options": options})
    LessonCheck.objects.create(lesson=new, question=check)
    second = Module.objects.create(course=course, key="m2", title="Module 2", position=2)
    make_lesson(second, "of-m2", publish=False)
    course.paths.get(key="full").steps.create(lesson=new, position=9)
    return course


def test_drafts_are_shown_as_if_they_were_published(unfinished, ed):
    page = ed.get(at(unfinished)).text
    for words in ("Draft title", "Lesson only-draft", "Lesson of-m2"):
        assert words in page
    assert "In preparation" not in page
    assert "Draft text" in ed.get(at(unfinished, "m1-read-1")).text
    assert "Draft stem?" in ed.get(at(unfinished, "only-draft")).text
    assert "F b" in ed.post(at(unfinished, "only-draft", "check"), {"option": "b"}, follow=True).text


def test_or_only_what_is_published(unfinished, ed):
    page = turned(ed, unfinished, **{"walk-texts": "published", "lesson": "only-draft"}).text
    assert "“Lesson only-draft” is not published" in page
    assert "In preparation" in page
    assert "Draft title" not in page
    assert "Text of m1-read-1" in ed.get(at(unfinished, "m1-read-1")).text
    assert ed.get(at(unfinished, "only-draft")).status_code == 404


def test_a_quiz_draws_drafts_too(cast, ed):
    quiz = Quiz.objects.get(lesson__key="m1-quiz")
    quiz.pool_items.exclude(question__key="m1-quiz-q1").delete()
    question = Question.objects.get(key="m1-quiz-q1")
    question.add_revision(body={**question.draft.body, "stem": "Draft stem?"})
    ed.post(at(cast.course, "m1-quiz", "quiz"))
    assert "Draft stem?" in ed.get(at(cast.course, "m1-quiz", "quiz", 1, 1)).text
    turned(ed, cast.course, **{"walk-texts": "published", "do": "show"})
    ed.post(at(cast.course), {"do": "again"})
    ed.post(at(cast.course, "m1-quiz", "quiz"))
    assert "Stem of m1-quiz-q1" in ed.get(at(cast.course, "m1-quiz", "quiz", 1, 1)).text


def test_a_path_in_order_locks_and_the_editor_can_skip(cast, ed):
    path = Path.objects.create(course=cast.course, key="short", title="Short one", is_sequential=True)
    for position, key in enumerate(("m1-read-2", "m1-read-1"), 1):
        path.steps.create(lesson=cast.course.lessons.get(key=key), position=position)
    page = turned(ed, cast.course, path=path, lesson="m1-read-1")
    assert page.redirect_chain[-1][0] == at(cast.course, "m1-read-1")
    assert "“Lesson m1-read-2” comes first" in page.text
    assert "Not in your path" not in page.text
    for door in ("check", "complete"):
        ed.post(at(cast.course, "m1-read-1", door), {"option": "a"})
    assert "0 of 2 lessons" in ed.get(at(cast.course)).text
    page = ed.post(at(cast.course), {"do": "skip", "lesson": "m1-read-1"}, follow=True).text
    assert "Text of m1-read-1" in page
    assert "1 of 2 lessons" in ed.get(at(cast.course)).text


def test_a_lesson_opens_from_its_editor_whatever_it_waits_for(cast, ed):
    cast.course.paths.update(is_sequential=True)
    lesson = cast.course.lessons.get(key="m1-read-2")
    page = ed.get(reverse("admin:courses_lesson_preview", args=[lesson.pk])).text
    assert "Text of m1-read-2" in page
    assert "comes first" in ed.get(at(cast.course, "m1-read-2")).text


def test_a_final_asks_about_the_modules_of_the_path(cast, ed):
    course = make_course("two", modules=2, readings=1)
    final = make_lesson(course.modules.get(key="m2"), "final", position=20, kind="quiz")
    quiz = Quiz.objects.create(lesson=final, is_final=True)
    for module in course.modules.all():
        for number in range(4):
            question = make_question(course, f"{module.key}-f{number}", module.objectives.get())
            quiz.pool_items.create(question=question, position=number)
    page = ed.get(at(course, "final")).text
    learner = make_person("New Comer")
    enroll(learner, course)
    theirs = sign_in(Client(), learner).get(final.get_absolute_url()).text
    assert article(page).split() == article(theirs).split()
    assert "6 questions. You need 5." in page
    ed.post(at(course, "final", "quiz"))
    assert "Every question, explained" not in ed.post(at(course, "final", "quiz", 1, "close"), follow=True).text
    ed.post(at(course, "final", "quiz"))  # an editor need not wait a day
    assert ed.get(at(course, "final", "quiz", 2, 1)).status_code == 200


def test_a_course_without_paths_is_walked_from_end_to_end(cast, ed):
    course = make_course("fresh", readings=1, quiz=False)
    course.paths.get().steps.all().delete()
    course.paths.get().delete()
    assert "0 of 1 lesson" in ed.get(at(course)).text


# --- Every type of question ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", ["ordering", "matching", "short", "rewrite"])
def test_questions_of_each_kind_are_asked_and_explained(cast, ed, type_):
    steps = [{"key": k, "text": f"Step {k}", "feedback": f"Because {k}"} for k in "abc"]
    body = {
        "ordering": {"options": steps},
        "matching": {"options": [{**step, "match": f"Of {step['key']}"} for step in steps]},
        "short": {"options": [{**steps[0], "text": "24", "correct": True}], "otherwise": "Think of a day."},
        "rewrite": {"model": "Ours.", "look_for": ["A date"]},
    }[type_]
    quiz = Quiz.objects.get(lesson__key="m1-quiz")
    quiz.pool_items.exclude(question__key="m1-quiz-q1").delete()
    question = Question.objects.create(course=cast.course, key="other")
    question.publish(question.add_revision(type=type_, body={"stem": "Other?", **body}))
    quiz.pool_items.create(question=question, position=5)
    before = domain_hash()
    ed.post(at(cast.course, "m1-quiz", "quiz"))
    for place in (1, 2):
        url = at(cast.course, "m1-quiz", "quiz", 1, place)
        data = {"option": "a", "place-1": "1", "match-1": "1", "text": "24", "go": "next"}
        ed.post(url, data, headers={"Accept": "application/json"})
    result = ed.post(at(cast.course, "m1-quiz", "quiz", 1, "close"), follow=True).text
    assert {"rewrite": "Ours.", "short": "24"}.get(type_, "Because b") in result
    assert domain_hash() == before


# --- Bad input, and who may ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "data", "status"),
    [
        ("m1-quiz/quiz/1/1/", {"option": "zz"}, 400),
        ("m1-quiz/quiz/1/1/", {"option": "a", "go": "nowhere"}, 400),
        ("m1-quiz/quiz/1/99/", {"option": "a"}, 404),
        ("m1-quiz/quiz/9/1/", {"option": "a"}, 404),
        ("m1-read-1/check/", {"option": "zz\0"}, 200),
        ("m1-quiz/check/", {"option": "a"}, 404),
        ("", {"walk-path": "9" * 40}, 302),
        ("", {"walk-path": "x\0", "walk-texts": "\0", "lesson": "\0"}, 302),
        ("", {"do": "skip", "lesson": "nothing"}, 302),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(cast, ed, url, data, status):
    ed.post(at(cast.course, "m1-quiz", "quiz"))
    before = dict(ed.session)
    assert ed.post(at(cast.course) + url, data).status_code == status
    after = dict(ed.session)
    assert after["preview"] == before["preview"]


def test_a_closed_attempt_takes_no_answer(cast, ed):
    ed.post(at(cast.course, "m1-quiz", "quiz"))
    ed.post(at(cast.course, "m1-quiz", "quiz", 1, "close"))
    refused = ed.post(at(cast.course, "m1-quiz", "quiz", 1, 1), {"option": "a"})
    assert refused.status_code == 409
    assert at(cast.course, "m1-quiz", "quiz", 1) in refused.text


def test_what_goes_away_meanwhile_breaks_no_walk(cast, ed):
    path = Path.objects.create(course=cast.course, key="other", title="Other")
    turned(ed, cast.course, path=path)
    ed.post(at(cast.course, "m1-read-1", "check"), {"option": "a"})
    ed.post(at(cast.course, "m1-quiz", "quiz"))
    path.delete()
    publishing.retire(cast.course.lessons.get(key="m1-read-1"))
    assert ed.get(at(cast.course)).status_code == 200
    assert ed.get(at(cast.course, "m1-read-1")).status_code == 404
    assert ed.get(at(cast.course, "m1-quiz")).status_code == 200


@pytest.mark.parametrize("who", ["ada", "mia", "hana", "olga", "stranger"])
def test_others_have_no_preview(cast, who):
    client = sign_in(Client(), getattr(cast, who))
    for url in (
        at(cast.course),
        at(cast.course, "m1-read-1"),
        at(cast.course, "m1-quiz", "quiz", 1),
        at(Course(key="x")),
    ):
        assert client.get(url).status_code == 403
        assert client.post(url).status_code == 403


def test_the_outline_asks_as_often_for_many_lessons(cast, ed, django_assert_max_num_queries):
    for number in range(12):
        make_lesson(cast.course.modules.get(), f"more-{number}", position=20 + number)
    assert Lesson.objects.count() > 12
    with django_assert_max_num_queries(12):
        ed.get(at(cast.course))
    with django_assert_max_num_queries(12):
        ed.get(at(cast.course, "m1-read-1"))
