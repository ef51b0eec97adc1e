import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from courses.models import Completion
from quizzes import checks, places, pool, taking
from quizzes.admin import ordering
from quizzes.models import PoolItem, Question, QuestionRevision
from tests.builders import enroll, make_lesson, make_person, make_question

pytestmark = pytest.mark.django_db


@pytest.fixture
def question(cast):
    return Question.objects.get(key="m1-quiz-q1")


def url(question):
    return reverse("admin:quizzes_question_change", args=[question.pk])


def typed(question, options=None, **changes):
    draft = question.draft
    options = draft.body["options"] if options is None else options
    form = {"stem": draft.stem, "type": draft.type, "objective": draft.objective_id or "", "level": draft.level}
    form |= {"reread": "", "number": draft.number, "options-TOTAL_FORMS": len(options) + 1}
    form["options-INITIAL_FORMS"] = len(draft.body["options"])
    for place, option in enumerate(options):
        form |= {f"options-{place}-{part}": value for part, value in option.items() if value is not False}
    return {**form, **changes}


def test_saving_is_a_draft_until_it_is_used(cast, question, as_):
    before = question.published_revision
    page = as_(cast.ed).post(url(question), typed(question, stem="Another stem?"), follow=True).content.decode()
    question.refresh_from_db()
    assert "Saved as a draft" in page
    assert question.published_revision == before
    assert question.draft.stem == "Another stem?"
    assert question.draft.created_by == cast.ed
    as_(cast.ed).post(url(question), typed(question, publish="1"))
    question.refresh_from_db()
    assert question.published_revision.number == 2
    assert question.revisions.count() == 2


def test_unchanged_makes_no_revision(cast, question, as_):
    assert as_(cast.ed).post(url(question), typed(question, publish="1")).status_code == 302
    assert question.revisions.count() == 1


def test_options_keep_their_keys_and_new_ones_get_a_letter(cast, question, as_):
    a, b, c = question.draft.body["options"]
    new = {"text": "Fourth", "feedback": "Why not"}
    forged = {"text": "Fifth", "feedback": "Neither", "key": "zz"}
    as_(cast.ed).post(url(question), typed(question, [a, {**b, "text": "", "feedback": ""}, c, new, forged]))
    body = question.draft.body
    assert [o["key"] for o in body["options"]] == ["a", "c", "d", "e"]
    assert [o.get("correct", False) for o in body["options"]] == [True, False, False, False]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda o: [{**o[0], "feedback": ""}, *o[1:]], "Option a has no feedback."),
        (lambda o: [{**o[0], "text": ""}, *o[1:]], "Option a has no text."),
        (lambda o: [{**part, "correct": True} for part in o], "Exactly one option must be correct"),
        (lambda o: o[:1], "A choice needs at least two options."),
    ],
)
def test_what_cannot_be_asked_is_said_and_not_saved(cast, question, as_, change, said):
    page = as_(cast.ed).post(url(question), typed(question, change(question.draft.body["options"]), stem="Kept stem?"))
    assert page.status_code == 200
    assert said in page.content.decode()
    assert "Kept stem?" in page.content.decode()
    assert page.content.decode().count("Error:") == 1
    assert question.revisions.count() == 1


def test_true_or_false_has_its_own_keys(cast, as_):
    question = make_question(cast.course, "tf", type="truefalse")
    t, f = question.draft.body["options"]
    assert as_(cast.ed).post(url(question), typed(question, [{**t, "feedback": "Yes"}, f])).status_code == 302
    assert [o["key"] for o in question.draft.body["options"]] == ["t", "f"]


def test_open_attempts_keep_their_text_and_the_editor_is_told(cast, as_):
    quiz = cast.course.lessons.get(kind="quiz").quiz
    attempt = taking.start(cast.ada_enrolled, quiz)
    answer = attempt.answers.select_related("question_revision__question").first()
    question = answer.question_revision.question
    page = as_(cast.ed).post(url(question), typed(question, stem="Changed?", publish="1"), follow=True).content.decode()
    assert "1 attempt is open with this question" in page
    assert "Ada" not in page
    answer.refresh_from_db()
    assert answer.question_revision.stem != "Changed?"
    assert not Completion.objects.exists()


def test_two_editors(cast, question, as_):
    first, second = typed(question, stem="First?"), typed(question, stem="Second?")
    as_(cast.ed).post(url(question), first)
    page = as_(cast.ed).post(url(question), second).content.decode()
    assert question.draft.stem == "First?"
    assert "First?" in page
    assert "Second?" in page
    as_(cast.ed).post(url(question), {**second, "number": 2})
    assert question.draft.stem == "Second?"


def test_a_new_question_for_a_quiz(cast, as_):
    quiz = cast.course.lessons.get(kind="quiz").quiz
    add = reverse("admin:quizzes_question_add") + f"?quiz={quiz.pk}"
    options = [{"text": "Yes", "feedback": "Right", "correct": "on"}, {"text": "No", "feedback": "Wrong"}]
    form = {"key": "brand-new", "stem": "New?", "type": "single", "level": "recall", "objective": "", "reread": ""}
    form |= {"options-TOTAL_FORMS": 2, "options-INITIAL_FORMS": 0, "number": 0, "publish": "1"}
    for place, option in enumerate(options):
        form |= {f"options-{place}-{part}": value for part, value in option.items()}
    assert as_(cast.ed).post(add, form).status_code == 302
    made = Question.objects.get(key="brand-new")
    assert quiz.pool().filter(pk=made.pk).exists()
    assert as_(cast.ed).post(add, form).status_code == 200  # the key is taken: said, not stored twice
    assert Question.objects.filter(key="brand-new").count() == 1


def test_a_new_question_becomes_the_check_of_a_reading_which_has_one_only(cast, as_):
    lesson = make_lesson(cast.course.modules.get(), "unchecked", position=30)
    ed, add = as_(cast.ed), reverse("admin:quizzes_question_add")
    change = reverse("admin:courses_lesson_change", args=[lesson.pk])
    assert f"{add}?lesson={lesson.pk}" in ed.get(change).text
    form = {"stem": "What comes first?", "type": "single", "level": "", "objective": "", "reread": "", "number": 0}
    form |= {"options-TOTAL_FORMS": 2, "options-INITIAL_FORMS": 0, "publish": "1"}
    form |= {"options-0-text": "Yes", "options-0-feedback": "Right", "options-0-correct": "on"}
    form |= {"options-1-text": "No", "options-1-feedback": "Wrong"}
    assert ed.post(f"{add}?lesson={lesson.pk}", form).status_code == 302
    made = Question.objects.get(key="what-comes-first")  # made from its words
    assert checks.question_of(lesson) == made.published_revision
    assert f"{add}?lesson={lesson.pk}" not in ed.get(change).text
    assert "Where is it asked?" in ed.post(f"{add}?lesson={lesson.pk}", {**form, "key": "second"}).text
    with pytest.raises(places.Taken), transaction.atomic():
        places.Place(lesson, lesson.key).put(make_question(cast.course, "second"))
    made.set_retired(True)
    assert ed.post(f"{add}?lesson={lesson.pk}", {**form, "key": "third"}).status_code == 302
    assert checks.question_of(lesson).question.key == "third"


def test_a_question_without_a_place_is_not_made(cast, as_, django_assert_max_num_queries):
    for number in range(12):
        make_lesson(cast.course.modules.get(), f"more-{number}", position=30 + number)
    ed, add = as_(cast.ed), reverse("admin:quizzes_question_add")
    ed.get(add)
    with django_assert_max_num_queries(9):
        page = ed.get(add).text
    assert "?quiz=" in page
    assert page.count("?lesson=") >= 12
    before = Question.objects.count()
    assert ed.post(f"{add}?type=single", {"key": "lost", "stem": "?"}).status_code == 200
    assert Question.objects.count() == before


@pytest.mark.parametrize("bad", ["9" * 40, "x", "-1"])
def test_forged_values_are_form_errors(cast, question, as_, bad):
    ed = as_(cast.ed)
    for name in ("objective", "reread", "type", "level", "number", "options-TOTAL_FORMS", "options-INITIAL_FORMS"):
        answer = ed.post(url(question), typed(question, stem="Changed?", **{name: bad}))
        assert answer.status_code < 500, name
    assert ed.get(f"/admin/quizzes/question/{bad}/change/").status_code == 404
    assert ed.get(reverse("admin:quizzes_question_add"), {"quiz": bad}).status_code == 200


def test_a_retired_question_leaves_new_draws_only(cast, question, as_):
    ed, place = as_(cast.ed), reverse("admin:quizzes_question_retire", args=[question.pk])
    quiz = cast.course.lessons.get(kind="quiz").quiz
    PoolItem.objects.get_or_create(quiz=quiz, question=question, defaults={"position": 90})
    assert "New attempts do not draw it anymore" in ed.get(place).content.decode()
    assert quiz.pool().filter(pk=question.pk).exists()
    for _ in range(2):  # a double click
        ed.post(place, {"to": "retired"})
    assert not quiz.pool().filter(pk=question.pk).exists()
    assert question.revisions.exists()
    assert "This question is retired" in ed.get(url(question)).content.decode()
    ed.post(place, {"to": "in-use"})
    assert quiz.pool().filter(pk=question.pk).exists()


def test_quiz_page_lists_and_saves_two_numbers(cast, as_):
    quiz = cast.course.lessons.get(kind="quiz").quiz
    place = reverse("admin:quizzes_quiz_change", args=[quiz.pk])
    page = as_(cast.ed).get(place).content.decode()
    assert "Stem of m1-quiz-q1?" in page
    assert "In use" in page
    as_(cast.ed).post(place, {"draw": 4, "pass_mark": 3, "lesson": 99})
    quiz.refresh_from_db()
    assert (quiz.draw, quiz.pass_mark) == (4, 3)
    assert "Error:" in as_(cast.ed).post(place, {"draw": 2, "pass_mark": 3}).content.decode()


def test_lists_do_not_grow(cast, as_, django_assert_max_num_queries):
    quiz = cast.course.lessons.get(kind="quiz").quiz
    for number in range(15):
        question = make_question(cast.course, f"more-{number}", objective=cast.course.modules.get().objectives.get())
        quiz.pool_items.create(question=question, position=20 + number)
    ed = as_(cast.ed)
    for page, most in {
        reverse("admin:quizzes_quiz_change", args=[quiz.pk]): 8,
        reverse("admin:quizzes_question_changelist"): 8,
    }.items():
        with django_assert_max_num_queries(most):
            assert ed.get(page).status_code == 200


def test_the_analysis_stands_beside_the_question(cast, question, as_):
    ed, quiz = as_(cast.ed), cast.course.lessons.get(kind="quiz").quiz
    assert "0 answers so far; shown from 10" in ed.get(url(question)).text
    quiz.pool_items.exclude(question=question).delete()
    for number in range(10):
        attempt = taking.start(enroll(make_person(f"P{number} Q"), cast.course), quiz)
        taking.save_answer(attempt, 1, ["a"] if number < 4 else ["c"], marked=False)
        taking.close(attempt)
    page = ed.get(url(question)).text
    assert "40% right, of 10 first answers." in page
    assert "Too hard: 40% right" in page
    assert "60% (6)" in page
    assert f'href="{question.get_analysis_url()}"' in page


# --- The pool of a quiz ----------------------------------------------------------------------------------------------


@pytest.fixture
def quiz(cast):
    return cast.course.lessons.get(kind="quiz").quiz


def order(quiz):
    return [key[-1] for key in quiz.pool_items.order_by("position").values_list("question__key", flat=True)]


def moved(ed, quiz, **data):
    return ed.post(reverse("admin:quizzes_quiz_order", args=[quiz.pk]), data, follow=True).text


def test_what_is_remembered_of_the_pool_is_what_there_is_to_see(cast, quiz, as_):
    def shown():
        page = ed.get(reverse("admin:quizzes_quiz_change", args=[quiz.pk])).text
        return page[page.index("<tbody>") : page.index("</tbody>")]

    ed, second = as_(cast.ed), Question.objects.get(key="m1-quiz-q2")
    newest = QuestionRevision.objects.filter(question=second)
    found = [shown()]
    for change in (
        lambda: quiz.pool_items.filter(question=second).update(position=0),
        lambda: newest.update(level="judge"),
        lambda: newest.update(body={**second.published_revision.body, "stem": "Other <b> \ue000?"}),
        lambda: newest.update(objective=None),
        lambda: Question.objects.filter(pk=second.pk).update(published_revision=None),
        lambda: Question.objects.filter(pk=second.pk).update(retired_at=timezone.now()),
        lambda: quiz.pool_items.filter(question=second).delete(),
    ):
        change()
        found.append(shown())
        ordering._pool.cache_clear()
        assert shown() == found[-1]
    assert len(set(found)) == len(found)


def test_questions_are_moved_by_buttons_and_by_numbers(cast, quiz, as_):
    ed, second = as_(cast.ed), Question.objects.get(key="m1-quiz-q2")
    page = ed.get(reverse("admin:quizzes_quiz_change", args=[quiz.pk])).text
    assert f'value="{second.pk} 1"' in page
    assert f'value="{second.pk} 3"' in page
    for _ in range(2):  # a double click moves once
        moved(ed, quiz, move=f"{second.pk} 1")
    assert order(quiz) == ["2", "1", "3", "4"]
    assert list(quiz.pool_items.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4]
    shown = pool.stamp(quiz)
    moved(ed, quiz, number=1, place=99, shown=shown)
    assert order(quiz) == ["1", "3", "4", "2"]
    assert "The order changed since you opened the page" in moved(ed, quiz, number=1, place=99, shown=shown)
    assert order(quiz) == ["1", "3", "4", "2"]
    assert LogEntry.objects.filter(change_message__startswith="Moved question").count() == 2


def test_what_cannot_be_moved_is_said(cast, quiz, as_):
    ed, shown = as_(cast.ed), pool.stamp(quiz)
    for data in (
        {},
        {"move": "x"},
        {"move": "1 \0"},
        {"move": "9" * 40},
        {"move": "987654 1"},
        {"number": "9" * 40, "place": "-1"},
    ):
        assert "Nothing was moved." in moved(ed, quiz, **data, shown=shown), data
    assert "The list ends at 4." in moved(ed, quiz, number=7, place=1, shown=shown)
    assert order(quiz) == ["1", "2", "3", "4"]


def test_the_pool_says_what_is_worth_another_look(cast, quiz, question, as_):
    ed, place = as_(cast.ed), reverse("admin:quizzes_quiz_change", args=[quiz.pk])
    assert "It names no objective" not in ed.get(place).text
    question.add_revision(body={**question.draft.body, "stem": "word " * 61})
    page = ed.get(place).text
    for words in ("The question has 61 words; 60 are the most.", "It names no objective.", "It has no level."):
        assert words in page
    broken = question.draft
    broken.body["options"][0]["feedback"] = ""
    QuestionRevision.objects.filter(pk=broken.pk).update(body=broken.body)  # by a release with other rules, say
    assert "Option a has no feedback" in ed.get(place).text
