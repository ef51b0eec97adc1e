"""The outline of a course, and putting things somewhere else: what editors see, and that nothing is lost."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from courses import order, progress, publishing
from courses.models import Completion, Course, Flag, Lesson, LessonRevision, Module, Skill
from desk import course_checks, outline
from tests.builders import enroll, make_course, make_lesson, make_person

pytestmark = pytest.mark.django_db
READ = Completion.How.READ


def address(name, *args):
    return reverse(f"admin:courses_{name}", args=args)


@pytest.fixture
def ed(cast, as_):
    return as_(cast.ed)


@pytest.fixture
def course(cast):
    return cast.course


@pytest.fixture
def module(course):
    return course.modules.get()


def home(ed, course):
    return ed.get(address("course_home", course.pk)).content.decode()


def keys(course):
    return list(course.lessons.filter(retired_at=None).in_order().values_list("key", flat=True))


def stamp(course):
    return order.Order.of(course).stamp


def go(ed, course, *words, seen=None):
    sent = {"go": " ".join(map(str, words)), "order": stamp(course) if seen is None else seen}
    return ed.post(address("course_order", course.pk), sent)


def page_after(ed, response):
    return ed.get(response["Location"]).content.decode()


# --- What is to be seen ----------------------------------------------------------------------------------------------


def test_the_outline_says_where_each_lesson_stands(cast, ed, course, module):
    read = course.lessons.get(key="m1-read-1")
    read.add_revision(title="Changed", body="x", by=cast.ed)
    make_lesson(module, "unwritten", position=5, publish=False)
    make_lesson(module, "away", position=6)
    publishing.unpublish(Lesson.objects.get(key="away"))
    publishing.retire(course.lessons.get(key="m1-read-2"))
    page = home(ed, course)
    for word in ("Draft changes", "Not published", "Hidden", "Retired", "Published"):
        assert f"<span>{word}</span>" in page
    assert "Ed Okoye" in page
    row = page.partition(f'id="lesson-{read.pk}"')[2].partition("<li id")[0]
    for name in ("change", "preview", "revisions", "publish", "move", "do/unpublish"):
        assert f'href="/admin/courses/lesson/{read.pk}/{name}/"' in row
    assert f'href="/admin/quizzes/quiz/{course.lessons.get(kind="quiz").quiz.pk}/change/"' in page
    assert "3 lessons have a draft that learners do not see yet." in page


def test_the_outline_shows_what_the_checks_find(ed, course, module):
    assert "to look at" not in home(ed, course)
    lesson = course.lessons.get(key="m1-read-1")
    body = "![](image:nowhere)\n\n[a](lesson:gone)\n\n::: fact none\n:::"
    lesson.add_revision(title="Changed", body=body, objectives=["O9.9"])
    make_lesson(module, "alone", position=7)
    objective = module.objectives.create(key="O1.2", text="Do more.", skill=course.skills.get(), position=2)
    quiz = course.lessons.get(kind="quiz").quiz
    for item in quiz.pool_items.all()[:2]:
        item.question.set_retired(True)
    page = home(ed, course)
    for words in (
        "There is no picture “nowhere”",
        "has no words of its own here",
        "The link lesson:gone leads nowhere",
        "There is no company fact “none”",
        "It names the objective O9.9, which its module does not have.",
        "It has no takeaway",
        "No path has it, so nobody is asked to take it.",
        "It draws 3 questions and has 2.",
        f"No quiz of a module asks about the objective {objective.key}.",
    ):
        assert words in page, words
    assert "3 things do not work." in page


def test_an_option_without_feedback_is_found_at_its_lesson(ed, course):
    question = course.questions.get(key="m1-quiz-q1")
    revision = question.draft
    revision.body["options"][0]["feedback"] = ""
    revision.pk, revision.number = None, 2
    revision.save()  # as an earlier release let it in
    quiz = course.lessons.get(kind="quiz")
    row = home(ed, course).partition(f'id="lesson-{quiz.pk}"')[2].partition("<li id")[0]
    assert "Question “m1-quiz-q1”:" in row


@pytest.mark.parametrize(
    "change",
    [
        lambda course: course.facts.create(key="returns", title="R", default="D"),
        lambda course: course.lessons.filter(key="m1-read-2").update(key="other"),
        lambda course: course.questions.get(key="check-m1-read-1").set_retired(True),
        lambda course: course.paths.get().steps.first().delete(),
        lambda course: course.lessons.get(kind="quiz").quiz.pool_items.all().delete(),
        lambda course: course.modules.get().objectives.create(key="O1.2", text="T", skill=course.skills.get()),
        lambda course: course.lessons.get(key="m1-read-1").add_revision(title="T", body="[a](lesson:gone)"),
    ],
)
def test_what_the_checks_found_is_not_remembered_when_anything_changed(ed, course, change):
    course.lessons.get(key="m1-read-1").add_revision(
        title="T", body="::: fact returns\n:::\n[b](lesson:m1-read-2)", takeaway="K"
    )
    before = home(ed, course)
    assert problems(home(ed, course)) == problems(before)
    change(course)
    assert problems(home(ed, course)) != problems(before)


def problems(page):
    return re.findall(r"<li>(?:<strong>[^<]*</strong> )?([^<]+)</li>", page)


def test_the_outline_asks_equally_often_however_long_it_is(ed, course, django_assert_max_num_queries):
    def ask(most):
        course_checks._checked.cache_clear()
        outline._outline.cache_clear()
        with django_assert_max_num_queries(most) as asked:
            assert ed.get(address("course_home", course.pk)).status_code == 200
        return len(asked)

    few = ask(30)
    for number in range(2, 6):
        module = Module.objects.create(course=course, key=f"x{number}", title="X", position=number)
        for place in range(4):
            make_lesson(module, f"x{number}-{place}", position=place)
    assert ask(30) == few
    with django_assert_max_num_queries(11):  # nothing changed since
        home(ed, course)


def test_what_is_remembered_of_the_outline_is_what_there_is_to_see(ed, cast, course, module):
    """Whatever the outline shows is part of what it is remembered by: made anew, it is the same."""
    lesson = make_lesson(module, "another", position=9)
    changes = [
        lambda: Course.objects.update(title="Other"),
        lambda: Module.objects.update(title="Other"),
        lambda: Module.objects.update(status="in-preparation"),
        lambda: Lesson.objects.filter(pk=lesson.pk).update(position=0),
        lambda: Lesson.objects.filter(pk=lesson.pk).update(required=False),
        lambda: Lesson.objects.filter(pk=lesson.pk).update(published_revision=None),
        lambda: LessonRevision.objects.filter(lesson=lesson).update(title="“Ä” <b>\ue000</b>"),
        lambda: LessonRevision.objects.filter(lesson=lesson).update(created_by=make_person("Nora")),
        lambda: LessonRevision.objects.filter(lesson=lesson).update(created_at=datetime(2020, 1, 2, tzinfo=UTC)),
        lambda: lesson.course.paths.get(key="full").steps.all().delete(),
        lambda: Lesson.objects.filter(pk=lesson.pk).update(retired_at=timezone.now()),
        lambda: Flag.objects.create(user=cast.ada, revision=lesson.published_revision, kind="unclear"),
    ]
    shown = [shown_of(ed, course)]
    for change in changes:
        change()
        shown.append(shown_of(ed, course))
        outline._outline.cache_clear()
        assert shown_of(ed, course) == shown[-1]
    assert len(set(shown)) == len(shown)


def shown_of(ed, course):
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", home(ed, course))


# --- Put somewhere else ----------------------------------------------------------------------------------------------


def test_a_lesson_goes_up_and_down_and_the_focus_stays_with_it(ed, course, module):
    lesson = course.lessons.get(key="m1-read-1")
    there = go(ed, course, "lesson", lesson.pk, module.pk, 2)
    assert keys(course) == ["m1-read-2", "m1-read-1", "m1-quiz"]
    assert there["Location"].endswith(f"#up-lesson-{lesson.pk}")
    page = page_after(ed, there)
    assert "“Lesson m1-read-1” is at place 2 of “Module 1” now." in page
    assert f'id="up-lesson-{lesson.pk}"' in page
    back = go(ed, course, "lesson", lesson.pk, module.pk, 1)
    assert back["Location"].endswith(f"#down-lesson-{lesson.pk}")
    assert keys(course) == ["m1-read-1", "m1-read-2", "m1-quiz"]
    assert LogEntry.objects.filter(change_message="Moved to place 1 of module m1").count() == 1


def test_a_module_goes_up(ed, course, module):
    other = Module.objects.create(course=course, key="m2", title="Module 2", position=2)
    there = go(ed, course, "module", other.pk, 1)
    assert list(course.modules.order_by("position").values_list("key", flat=True)) == ["m2", "m1"]
    assert "“Module 2” is module 1 now." in page_after(ed, there)


def test_an_order_that_somebody_changed_meanwhile_is_shown_and_kept(ed, course, module):
    first, _second, third = course.lessons.in_order()
    seen = stamp(course)
    go(ed, course, "lesson", third.pk, module.pk, 1)
    refused = go(ed, course, "lesson", first.pk, module.pk, 3, seen=seen)
    assert "nothing was moved" in page_after(ed, refused)
    assert keys(course) == ["m1-quiz", "m1-read-1", "m1-read-2"]
    other = Module.objects.create(course=course, key="m2", title="M2", position=2)
    go(ed, course, "module", other.pk, 1, seen=seen)  # the list of modules is not as it was seen
    assert module.position == 1


def test_what_changed_in_another_module_is_in_nobodys_way(ed, course, module):
    other = make_other(course)
    seen = stamp(course)
    go(ed, course, "lesson", other.lessons.last().pk, other.pk, 1)
    go(ed, course, "lesson", course.lessons.get(key="m1-quiz").pk, module.pk, 1, seen=seen)
    assert keys(course)[0] == "m1-quiz"


def test_a_second_click_changes_nothing_and_does_not_scold(ed, course, module):
    lesson, seen = course.lessons.get(key="m1-read-1"), stamp(course)
    for _click in range(2):
        there = go(ed, course, "lesson", lesson.pk, module.pk, 3, seen=seen)
    assert "is at place 3" in page_after(ed, there)
    assert keys(course) == ["m1-read-2", "m1-quiz", "m1-read-1"]
    assert LogEntry.objects.filter(change_message__startswith="Moved").count() == 1


@pytest.mark.parametrize(
    "sent", ["", "x", "lesson", "lesson 1", "lesson x 1 1", f"lesson 1 1 {'9' * 40}", "module -1 1"]
)
def test_nonsense_moves_nothing(ed, course, sent):
    make_course("other")
    before = keys(course)
    assert go(ed, course, sent).status_code == 302
    assert go(ed, course, *sent.split()[:1], 999_999, 1, 1).status_code == 302
    assert keys(course) == before


def test_a_lesson_does_not_go_into_another_course(ed, course):
    other, lesson = make_course("other"), course.lessons.get(key="m1-read-1")
    go(ed, course, "lesson", lesson.pk, other.modules.get().pk, 1)
    go(ed, other, "lesson", lesson.pk, other.modules.get().pk, 1)
    form = {"module": other.modules.get().pk, "place": 1, "order": stamp(course)}
    assert ed.post(address("lesson_move", lesson.pk), form).status_code == 200
    lesson.refresh_from_db()
    assert lesson.module == course.modules.get()


def make_other(course, ready=True, lessons=2):
    status = Module.Status.READY if ready else Module.Status.IN_PREPARATION
    module = Module.objects.create(course=course, key="m2", title="Module 2", position=2, status=status)
    for place in range(1, lessons + 1):
        make_lesson(module, f"m2-read-{place}", position=place)
    return module


def test_a_lesson_goes_to_another_module_and_everything_stays_with_it(cast, ed, course):
    other = make_other(course)
    lesson = course.lessons.select_related("course").get(key="m1-read-1")
    progress.complete_lesson(cast.ada_enrolled, lesson, lesson.published_revision, READ)
    before = lesson.get_absolute_url(), cast.ada_enrolled.progress()
    ed.post(address("lesson_move", lesson.pk), {"module": other.pk, "place": "", "order": stamp(course)})
    lesson.refresh_from_db()
    assert (lesson.module, lesson.position) == (other, 3)
    assert (lesson.get_absolute_url(), cast.ada_enrolled.progress()) == before


def test_the_form_of_a_move_tells_of_a_change_meanwhile(ed, course, module):
    first, _second, third = course.lessons.in_order()
    seen = stamp(course)
    go(ed, course, "lesson", third.pk, module.pk, 1)
    there = ed.post(address("lesson_move", first.pk), {"module": module.pk, "place": 3, "order": seen})
    assert "nothing was moved" in page_after(ed, there)


def test_a_move_that_learners_notice_says_so_first(cast, ed, course):
    other = make_other(course, ready=False)
    lesson = course.lessons.get(key="m1-read-1")
    dropped = go(ed, course, "lesson", lesson.pk, other.pk, 1)
    assert dropped["Location"] == f"{address('lesson_move', lesson.pk)}?module={other.pk}&place=1"
    form = {"module": other.pk, "place": 1, "order": stamp(course)}
    page = ed.post(address("lesson_move", lesson.pk), form).content.decode()
    assert "learners do not see the lesson until it is opened" in page
    assert "2 people are asked to take it." in page
    lesson.refresh_from_db()
    assert lesson.module.key == "m1"
    ed.post(address("lesson_move", lesson.pk), {**form, "confirmed": "1"})
    assert cast.ada_enrolled.progress() == (0, 2)


@pytest.mark.parametrize("ask", [False, True])
def test_a_lesson_that_appears_is_optional_for_people_under_way_unless_asked(cast, ed, course, module, ask):
    other = make_other(course, ready=False, lessons=0)
    lesson = make_lesson(other, "written")
    course.paths.get().steps.create(lesson=lesson, position=9)
    form = {"module": module.pk, "place": 1, "order": stamp(course), "confirmed": "1"}
    ed.post(address("lesson_move", lesson.pk), {**form, **({"ask_people_under_way": "on"} if ask else {})})
    assert cast.ada_enrolled.progress() == (0, 3 + ask)
    assert enroll(make_person("Late"), course).progress() == (0, 4)


# --- Away and back ---------------------------------------------------------------------------------------------------


def test_a_retired_lesson_comes_back_hidden_and_then_as_it_was(cast, ed, course):
    lesson = course.lessons.get(key="m1-read-1")
    progress.complete_lesson(cast.ada_enrolled, lesson, lesson.published_revision, READ)
    ed.post(address("lesson_do", lesson.pk, "retire"))
    assert cast.ada_enrolled.progress() == (0, 2)
    assert "1 retired lesson" in home(ed, course)
    page = ed.get(address("lesson_do", lesson.pk, "bring-back")).content.decode()
    assert "Completed it: 1. Under way, with it ahead: 0. Not started: 1." in page
    for _click in range(2):
        ed.post(address("lesson_do", lesson.pk, "bring-back"))
    lesson.refresh_from_db()
    assert (lesson.retired_at, lesson.published_revision) == (None, None)
    assert keys(course)[-1] == lesson.key
    ed.post(address("lesson_publish", lesson.pk), {"revision": lesson.draft.pk, "effect": "silent"})
    assert cast.ada_enrolled.progress() == (1, 3)


def test_the_page_of_an_act_says_whom_it_reaches(cast, ed, course):
    lesson = course.lessons.get(key="m1-read-1")
    progress.complete_lesson(cast.ada_enrolled, lesson, lesson.published_revision, READ)
    for verb in ("unpublish", "make-optional", "retire"):
        page = ed.get(address("lesson_do", lesson.pk, verb)).content.decode()
        assert "Completed it: 1. Under way, with it ahead: 0. Not started: 1." in page
        assert "Nobody completes the course by that." in page


# --- What a form does not let one break ------------------------------------------------------------------------------


def test_the_form_of_a_lesson_moves_nothing_and_keeps_a_known_address(ed, course, module):
    other, lesson = make_other(course), course.lessons.get(key="m1-read-1")
    form = {"title": "T", "body": "B", "takeaway": "K", "number": 1}
    sent = {"module": other.pk, "position": 9, "slug": "new-address", "key": "new", "kind": "story"}
    ed.post(address("lesson_change", lesson.pk), {**form, **sent})
    lesson.refresh_from_db()
    assert (lesson.module, lesson.position, lesson.slug) == (module, 1, "m1-read-1")
    assert (lesson.key, lesson.kind, lesson.draft.title) == ("m1-read-1", "reading", "T")


def test_new_modules_and_lessons_are_last_and_get_their_key_from_the_title(ed, course):
    ed.post(address("module_add"), {"course": course.pk, "title": "On the phone!", "purpose": ""})
    module = course.modules.get(key="on-the-phone")
    assert (module.position, module.status) == (2, "in-preparation")
    for kind in Lesson.Kind:
        form = {"title": f"A {kind.label}", "body": "", "takeaway": "", "module": module.pk, "kind": kind.value}
        ed.post(address("lesson_add"), form)
    made = list(module.lessons.in_order().values_list("key", "kind", "position"))
    assert made == [("a-reading", "reading", 1), ("a-story", "story", 2), ("a-quiz", "quiz", 3), ("a-page", "page", 4)]
    page = ed.post(address("lesson_add"), {"title": "!!!", "body": "", "module": module.pk, "kind": "page"})
    assert "this title has no letters" in page.content.decode()


def test_a_new_objective_has_the_next_code_and_is_none_while_it_says_nothing(cast, as_):
    module = Module.objects.create(course=cast.course, key="m7", title="M", position=7)
    change, ed = reverse("admin:courses_module_change", args=[module.pk]), as_(cast.ed)
    skill = Skill.objects.create(course=cast.course, key="asking", title="Asking", position=1)
    code = f"O{module.position}.1"
    assert f'value="{code}"' in ed.get(change).text
    form = {"title": "M", "objectives-TOTAL_FORMS": 1, "objectives-INITIAL_FORMS": 0, "objectives-0-position": 1}
    form |= {"objectives-0-key": code, "objectives-0-module": module.pk}
    assert ed.post(change, form).status_code == 302
    assert not module.objectives.exists()
    ed.post(change, {**form, "objectives-0-text": "Ask first", "objectives-0-skill": skill.pk})
    assert module.objectives.get().key == code
    assert f'value="O{module.position}.2"' in ed.get(change).text
