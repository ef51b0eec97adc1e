"""Which questions a quiz asks: one of another quiz put in, one taken out, and what each page says first."""

import pytest
from django.urls import reverse

from quizzes import pool, taking
from quizzes.models import LessonCheck, PoolItem, Question
from tests.builders import enroll, make_course, make_person, make_question

pytestmark = pytest.mark.django_db


@pytest.fixture
def quiz(cast):
    return cast.course.lessons.get(key="m1-quiz").quiz


@pytest.fixture
def ed(cast, as_):
    return as_(cast.ed)


def address(name, quiz, *more):
    return reverse(f"admin:quizzes_quiz_{name}", args=[quiz.pk, *more])


def keys(quiz):
    return list(quiz.pool_items.order_by("position", "pk").values_list("question__key", flat=True))


def text(response):
    return response.content.decode()


def test_a_question_of_the_course_is_put_in_as_the_last(cast, ed, quiz):
    check = Question.objects.get(key="check-m1-read-1")
    page = text(ed.get(address("put_in", quiz)))
    assert "Stem of check-m1-read-1?" in page
    assert "asked in Lesson m1-read-1" in page
    assert "Stem of m1-quiz-q1?" not in page  # it is in already
    for _twice in range(2):
        there = ed.post(address("put_in", quiz), {"question": check.pk})
        assert there["Location"].endswith(f"#question-{check.pk}")
    assert keys(quiz) == ["m1-quiz-q1", "m1-quiz-q2", "m1-quiz-q3", "m1-quiz-q4", "check-m1-read-1"]
    assert LessonCheck.objects.filter(question=check).exists()


def test_what_cannot_be_asked_there_is_not_put_in(ed, quiz):
    foreign = Question.objects.filter(course=make_course("other")).first()
    retired = make_question(quiz.lesson.course, "gone")
    retired.set_retired(True)
    before = keys(quiz)
    for chosen in (foreign.pk, retired.pk, "", "x", "9" * 30, "-1", "\x00"):
        page = text(ed.post(address("put_in", quiz), {"question": chosen}, follow=True))
        assert "Nothing was put in" in page
    assert keys(quiz) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("check-m1-read-2", "1 question"),
        ("Feedback b of check-m1-read-1", "1 question"),
        ("no such words", "No question has these words"),
    ],
)
def test_questions_are_searched_by_words(ed, quiz, words, said):
    assert said in text(ed.get(address("put_in", quiz), {"q": words}))


def test_the_list_takes_the_same_queries_however_long(ed, quiz, django_assert_num_queries):
    ed.get(address("put_in", quiz))
    with django_assert_num_queries(9) as few:
        ed.get(address("put_in", quiz))
    for number in range(5):
        make_question(quiz.lesson.course, f"more-{number}")
    with django_assert_num_queries(len(few)):
        ed.get(address("put_in", quiz))


def test_a_question_is_taken_out_after_a_page_that_says_what_that_does(cast, ed, quiz):
    question = Question.objects.get(key="m1-quiz-q2")
    taking.start(enroll(make_person("Zoe Reader"), cast.course), quiz)
    page = text(ed.get(address("take_out", quiz, question.pk)))
    assert "then has 3 questions to draw from, and draws 3" in page
    assert "asked nowhere then" in page
    assert keys(quiz)[1] == "m1-quiz-q2"  # looking does nothing
    for _twice in range(2):
        assert ed.post(address("take_out", quiz, question.pk)).status_code == 302
    assert keys(quiz) == ["m1-quiz-q1", "m1-quiz-q3", "m1-quiz-q4"]
    assert Question.objects.filter(pk=question.pk, retired_at=None).exists()
    listed = text(ed.get(reverse("admin:quizzes_question_changelist"), {"state": "nowhere"}))
    assert "Stem of m1-quiz-q2?" in listed
    assert "Stem of m1-quiz-q1?" not in listed


def test_a_new_question_comes_after_a_gap(quiz):
    pool.take_out(quiz, Question.objects.get(key="m1-quiz-q2"))
    pool.put_in(quiz, make_question(quiz.lesson.course, "new"))
    assert keys(quiz)[-1] == "new"
    assert PoolItem.objects.get(question__key="new").position == 5


def test_taking_out_the_last_says_that_nobody_can_take_the_quiz(ed, quiz):
    for item in quiz.pool_items.exclude(question__key="m1-quiz-q1"):
        pool.take_out(quiz, item.question)
    last = Question.objects.get(key="m1-quiz-q1")
    assert "nobody can take it" in text(ed.get(address("take_out", quiz, last.pk)))


def test_a_check_leads_back_to_its_reading(cast, ed):
    check = Question.objects.get(key="check-m1-read-1")
    page = text(ed.get(reverse("admin:quizzes_question_change", args=[check.pk])))
    lesson = cast.course.lessons.get(key="m1-read-1")
    trail = page[page.index('class="trail"') : page.index("<h1")]
    assert reverse("admin:courses_lesson_change", args=[lesson.pk]) in trail
