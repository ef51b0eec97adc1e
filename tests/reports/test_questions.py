"""Question analysis: what is counted, what is kept silent, what is worth a look, and how often it asks."""

import pytest
from django.urls import reverse
from django.utils import timezone

from quizzes import taking
from quizzes.models import Answer, Attempt, Question, Quiz
from reports import questions
from tests.builders import enroll, make_person, make_quiz
from tests.quizzes.mending import mend, quiz_of_two, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def quiz(cast) -> Quiz:
    return quiz_of_two(cast)


@pytest.fixture
def question(quiz) -> Question:
    return Question.objects.get(key="m1-quiz-q1")


def answered(quiz, question, *responses):
    """So many first attempts, closed, with these responses to the question."""
    for response in responses:
        enrollment = enroll(make_person(f"P{Attempt.objects.count()}"), quiz.lesson.course)
        at = timezone.now()
        attempt = Attempt.objects.create(
            enrollment=enrollment, quiz=quiz, number=1, max_score=1, closed_at=at, score=0, pass_mark=1, passed=False
        )
        Answer.objects.create(
            attempt=attempt, question_revision=question.published_revision, position=1, response=response
        )


def of_type(question, type_, **body) -> Question:
    question.publish(question.add_revision(type=type_, body={"stem": "What?", **body}))
    return question


def parts(question) -> list[tuple]:
    return [(p.text, p.count, p.share, p.is_right) for p in questions.item_of(question).parts]


def test_only_first_attempts_that_are_closed_count(cast, quiz, question):
    take(cast.ada_enrolled, quiz, q1=["b"])
    take(cast.ada_enrolled, quiz)  # her second
    take(cast.otto_enrolled, quiz, close=False)
    assert questions.item_of(question).answered == 1
    again = enroll(cast.ada, cast.course, cycle=2)
    taking.close(taking.start(again, quiz))  # nothing answered
    assert questions.item_of(question).answered == 1


def test_the_newest_attempts_at_each_quiz_count(quiz, question, monkeypatch):
    """However often one quiz is taken, another keeps its answers."""
    monkeypatch.setattr(questions, "NEWEST", 12)
    rare = make_quiz(quiz.lesson.module, "other")
    other = Question.objects.get(key="other-q1")
    answered(rare, other, ["b"])
    answered(quiz, question, *[["a"]] * 3, *[["b"]] * 10)
    assert dict(questions.item_of(question).tally) == {"a": 2, "b": 10}
    assert questions.item_of(other).answered == 1
    assert {item.question: item.answered for item in questions.items_of(quiz.lesson.course)}[question] == 12


def test_under_ten_answers_nothing_is_said(quiz, question, cast, as_):
    answered(quiz, question, *[["a"]] * 9)
    item = questions.item_of(question)
    assert (item.answered, item.parts, item.worries) == (9, [], [])
    page = as_(cast.ed).get(reverse("reports:question", args=[cast.course.key, question.key])).text
    assert "9 answers so far; shown from 10" in page
    assert "%" not in page.split("<main")[1].split("shown from 10")[1].split("</main>")[0]
    answered(quiz, question, ["b"])
    item = questions.item_of(question)
    assert (item.share, item.right) == (90, 9)
    assert parts(question) == [
        ("Option a of m1-quiz-q1", 9, 90, True),
        ("Option b of m1-quiz-q1", 1, 10, False),
        ("Option c of m1-quiz-q1", 0, 0, False),
    ]


@pytest.mark.parametrize(
    ("responses", "said"),
    [
        ([["a"]] * 19 + [["b"]], ["Too easy: 95% right"]),
        ([["a"]] * 18 + [["b"]] * 2, []),
        ([["a"]] * 8 + [["b"]] * 12, ["Too hard: 40% right"]),
        ([["a"]] * 15 + [["b"]] * 14, []),
        ([["a"]] * 15 + [["b"]] * 15, ["Nobody picks “Option c of m1-quiz-q1”"]),
        ([["a"]] * 9, []),
    ],
)
def test_what_to_look_at(quiz, question, responses, said):
    answered(quiz, question, *responses)
    assert questions.item_of(question).worries == said


def test_the_key_in_use_grades_what_offered_the_same(quiz, question):
    answered(quiz, question, *[["a"]] * 4, *[["b"]] * 8)
    assert questions.item_of(question).right == 4
    mend(question, "b")
    assert questions.item_of(question).right == 8
    mend(question, "b", c="Something new")
    item = questions.item_of(question)
    assert (item.answered, item.elsewhere) == (0, 12)
    assert item.edited_at == question.draft.created_at


ABC = [{"key": key, "text": f"Text {key}", "feedback": "F", "match": f"M{key}"} for key in "abc"]
STEPS = [{k: v for k, v in option.items() if k != "match"} for option in ABC]


@pytest.mark.parametrize(
    ("type_", "body", "responses", "share", "expected"),
    [
        (
            "ordering",
            {"options": STEPS},
            [{"a": 1, "b": 2, "c": 3}] * 5 + [{"a": 1, "b": 3, "c": 2}] * 5,
            50,
            [("Text a", 10, 100, None), ("Text b", 5, 50, None), ("Text c", 5, 50, None)],
        ),
        (
            "matching",
            {"options": ABC},
            [{"a": "Ma", "b": "Ma", "c": None}] * 10,
            0,
            [("Text a", 10, 100, None), ("Text b", 0, 0, None), ("Text c", 0, 0, None)],
        ),
        (
            "short",
            {"options": [{"key": "a", "text": "24 h", "feedback": "F", "correct": True}], "otherwise": "O"},
            [" 24 H. "] * 4 + ["24 h"] * 4 + ["12 h"] * 3 + ["Ada Moreau"],
            67,
            [("24 h", 8, 67, True), ("12 h", 3, 25, False)],  # what one person wrote is not shown
        ),
        ("rewrite", {"model": "M", "look_for": ["L"]}, ["Mine", "Yours"] * 5, 0, []),
    ],
)
def test_each_type_has_its_count(quiz, question, type_, body, responses, share, expected):
    of_type(question, type_, **body)
    answered(quiz, question, *responses)
    item = questions.item_of(question)
    assert (item.answered, item.share) == (len(responses), share)
    assert parts(question) == expected


def test_at_most_ten_written_answers(quiz, question):
    options = [{"key": "a", "text": "right", "feedback": "F", "correct": True}]
    of_type(question, "short", options=options, otherwise="O")
    answered(quiz, question, *[f"word {n // 2}" for n in range(24)])
    assert len(parts(question)) == 10


def test_the_pages_name_no_person(cast, quiz, question, as_):
    answered(quiz, question, *[["a"]] * 19, ["b"])
    for who in (cast.ed, cast.hana):
        for page in (
            reverse("reports:analyses"),
            reverse("reports:analysis", args=[cast.course.key]),
            reverse("reports:question", args=[cast.course.key, question.key]),
        ):
            text = as_(who).get(page).text.split("<main")[1].split("</main>")[0]
            assert "P1" not in text
            assert "Ada" not in text
    page = as_(cast.ed).get(reverse("reports:analysis", args=[cast.course.key])).text
    assert "Too easy: 95% right" in page
    assert "0 answers so far; shown from 10" in page  # the other question


@pytest.mark.parametrize("who", ["ada", "mia", "olga"])
def test_only_editors_and_hr(cast, quiz, question, as_, who):
    for page in ("/reports/questions/", "/reports/questions/service/", "/reports/questions/nothing/there/"):
        assert as_(getattr(cast, who)).get(page).status_code == 403


def test_what_is_not_there_is_not_found(cast, question, as_):
    never = Question.objects.create(course=cast.course, key="never")
    for page in ("nothing/", f"nothing/{question.key}/", "service/nothing/", f"service/{never.key}/"):
        assert as_(cast.ed).get(f"/reports/questions/{page}").status_code == 404


def test_the_pages_ask_as_often_whatever_there_is(cast, quiz, question, as_, django_assert_max_num_queries):
    for number in range(5):
        answered(quiz, question, *[["a"]] * 6, ["b"])
        mend(question, "ab"[number % 2])
    ed = as_(cast.ed)
    for page, most in (("service/", 10), (f"service/{question.key}/", 10)):
        with django_assert_max_num_queries(most):
            assert ed.get(f"/reports/questions/{page}").status_code == 200


def test_the_desk_leads_there(cast, quiz, question, as_):
    ed = as_(cast.ed)
    assert "/reports/questions/" in ed.get("/admin/").text
    assert "/reports/questions/" in as_(cast.hana).get("/admin/").text
    of_question = f"/reports/questions/service/{question.key}/"
    assert of_question in ed.get(question.get_absolute_url()).text
    assert "/reports/questions/service/" in ed.get(reverse("admin:quizzes_quiz_change", args=[quiz.pk])).text
    assert question.get_absolute_url() in ed.get(of_question).text
    assert question.get_absolute_url() not in as_(cast.hana).get(of_question).text
