"""The same write at the same instant, with real transactions: on either database what is true stays true."""

import pytest

from courses.models import Certificate, Completion
from quizzes import regrading, taking
from quizzes.models import Answer, Attempt, Quiz
from tests.at_once import at_once
from tests.builders import enroll, make_course, make_person
from tests.quizzes.mending import mend

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def quiz(transactional_db) -> Quiz:
    course = make_course("race", readings=0)
    return Quiz.objects.get(lesson__course=course)


def test_of_many_starts_one_attempt_comes(quiz):
    enrollment = enroll(make_person("Ada Race"), quiz.lesson.course)
    results = at_once(*[lambda: taking.start(enrollment, quiz)] * 8)
    assert {result.pk for result in results} == {Attempt.objects.get().pk}
    assert Answer.objects.count() == quiz.draw


def test_of_many_closes_one_grades(quiz):
    enrollment = enroll(make_person("Ada Race"), quiz.lesson.course)
    attempt = taking.start(enrollment, quiz)
    for answer in attempt.answers.all():
        taking.save_answer(attempt, answer.position, ["a"], False)
    results = at_once(*[lambda: taking.close(attempt)] * 8)
    assert len({(result.score, result.closed_at) for result in results}) == 1
    assert Completion.objects.count() == Certificate.objects.count() == 1


def test_a_save_against_a_close_is_graded_or_refused(quiz):
    """An acknowledged answer is in the score; one that came too late is refused, and the stored row agrees."""
    enrollment = enroll(make_person("Ada Race"), quiz.lesson.course)
    for _round in range(6):
        attempt = taking.start(enrollment, quiz)
        saves = [lambda p=p, a=attempt: taking.save_answer(a, p, ["a"], False) for p in range(1, quiz.draw + 1)]
        *saved, closed = at_once(*saves, lambda a=attempt: taking.close(a), refused=taking.AlreadyClosed)
        kept = [result for result in saved if isinstance(result, Answer)]
        assert closed.score == len(kept) == attempt.answers.exclude(response=None).count()
        assert not Attempt.objects.open().exists()


def test_many_people_save_at_once_and_nothing_is_lost(quiz):
    people = [make_person(f"Person{n} Race") for n in range(10)]
    attempts = [taking.start(enroll(person, quiz.lesson.course), quiz) for person in people]

    def all_answers(attempt: Attempt) -> int:
        return [taking.save_answer(attempt, p, ["b"], False) for p in range(1, quiz.draw + 1)][-1].position

    results = at_once(*[lambda a=attempt: all_answers(a) for attempt in attempts])
    assert results == [quiz.draw] * len(people)
    assert Answer.objects.filter(response=["b"]).count() == quiz.draw * len(people)


def test_a_start_against_a_close_leaves_at_most_one_open(quiz):
    enrollment = enroll(make_person("Ada Race"), quiz.lesson.course)
    for _round in range(4):
        attempt = taking.start(enrollment, quiz)
        started, closed = at_once(lambda: taking.start(enrollment, quiz), lambda a=attempt: taking.close(a))
        assert isinstance(started, Attempt)
        assert not closed.is_open
        assert Attempt.objects.open().count() <= 1


def test_regrades_at_the_same_instant_count_once(quiz):
    person = make_person("Ada Race")
    enrollment = enroll(person, quiz.lesson.course)
    attempt = taking.start(enrollment, quiz)
    for answer in attempt.answers.all():
        taking.save_answer(attempt, answer.position, ["b"], False)
    taking.close(attempt)
    questions = [answer.question_revision.question for answer in attempt.answers.all()]
    for question in questions:
        mend(question)
    results = at_once(
        *[lambda q=question: regrading.regrade(q, [1], by=person, reason="Mended") for question in questions * 3]
    )
    attempt = Attempt.objects.get(pk=attempt.pk)
    assert attempt.regrades.count() == attempt.score_now == len(questions)
    assert sum(result.passes for result in results) == 1
    assert Completion.objects.filter(lesson=quiz.lesson).count() == 1
