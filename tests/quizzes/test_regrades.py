"""A wrong key is mended: who gains by it, what stays, and that it happens once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from courses import publishing
from courses.models import Completion, Enrollment, LessonRevision
from quizzes import grading, regrading, results, retakes, taking
from quizzes.models import Attempt, Question, Quiz, Regrade
from tests.builders import enroll, make_course
from tests.quizzes.mending import mend, take

pytestmark = pytest.mark.django_db


def counts(question) -> list[tuple[int, int, int]]:
    return [(e.revision.number, e.change.attempts, e.change.passes) for e in regrading.earlier(question)]


def test_it_helps_whom_the_wrong_key_failed_and_nobody_else(cast, quiz, question):
    helped = take(cast.ada_enrolled, quiz, q1=["b"])
    hurt = take(cast.otto_enrolled, quiz)
    assert (helped.passed, hurt.passed) == (False, True)
    mend(question)
    assert counts(question) == [(1, 1, 1)]
    at = timezone.now()
    change = regrading.regrade(question, [1], by=cast.ed, reason="Key was wrong", at=at)
    assert (change.attempts, change.passes) == (1, 1)
    fact = Regrade.objects.get()
    assert (fact.points_before, fact.points_after, fact.score_before, fact.score_after) == (0, 1, 1, 2)
    assert (fact.by, fact.reason, fact.attempt, fact.passed) == (cast.ed, "Key was wrong", helped, True)
    helped = Attempt.objects.get(pk=helped.pk)
    assert (helped.score, helped.pass_mark, helped.passed) == (1, 2, False)  # of the day
    assert helped.is_passed
    assert list(Attempt.objects.passed()) == list(Attempt.objects.order_by("pk")) == [helped, hurt]
    done = Completion.objects.get(enrollment=cast.ada_enrolled, lesson=quiz.lesson)
    assert (done.at, done.how) == (at, "quiz")


def test_a_second_time_changes_nothing(cast, quiz, question):
    take(cast.ada_enrolled, quiz, q1=["b"])
    mend(question)
    for attempts in (1, 0, 0):
        assert regrading.regrade(question, [1], by=cast.ed, reason="Mended").attempts == attempts
    assert counts(question) == []
    assert Regrade.objects.count() == 1
    mend(question, "c")  # mended again, wrongly: what was given is not taken back
    regrading.regrade(question, [1, 2], by=cast.ed, reason="Mended again")
    assert Regrade.objects.count() == 1


def test_the_database_refuses_what_does_not_help_and_what_is_there_twice(cast, quiz, question):
    attempt = take(cast.ada_enrolled, quiz, q1=["b"])
    mend(question)
    regrading.regrade(question, [1], by=cast.ed, reason="Mended")
    fact = Regrade.objects.get()
    for worse in ({"points_after": 0}, {}):
        copy = Regrade(**{f.attname: getattr(fact, f.attname) for f in Regrade._meta.fields if f.name != "id"} | worse)
        with pytest.raises(IntegrityError), transaction.atomic():
            copy.save()
    assert attempt.regrades.count() == 1


def test_an_open_attempt_keeps_its_revision_and_is_regraded_once_closed(cast, quiz, question):
    attempt = take(cast.ada_enrolled, quiz, close=False, q1=["b"])
    mend(question)
    assert counts(question) == []
    assert regrading.open_with_other(question) == 1
    regrading.regrade(question, [1], by=cast.ed, reason="Mended")
    assert taking.close(attempt).passed is False
    assert regrading.open_with_other(question) == 0
    assert regrading.regrade(question, [1], by=cast.ed, reason="Mended").passes == 1


def test_two_mended_questions_add_up(cast, quiz, question):
    attempt = take(cast.ada_enrolled, quiz, q1=["b"], q2=["b"])
    other = Question.objects.get(key="m1-quiz-q2")
    mend(question)
    mend(other)
    assert regrading.regrade(question, [1], by=cast.ed, reason="One").passes == 0
    assert not Completion.objects.exists()
    assert regrading.regrade(other, [1], by=cast.ed, reason="Two").passes == 1
    attempt = Attempt.objects.get(pk=attempt.pk)
    assert (attempt.score, attempt.score_now, attempt.is_passed) == (0, 2, True)
    assert Completion.objects.filter(lesson=quiz.lesson).count() == 1


def test_what_people_could_choose_from_must_be_the_same(cast, quiz, question):
    take(cast.ada_enrolled, quiz, q1=["b"])
    mend(question, b="Something else")
    assert counts(question) == []
    mend(question, b="Option b of m1-quiz-q1", stem="Another stem?")
    (found,) = regrading.earlier(question)
    assert not found.has_same_words


def test_the_first_attempt_that_comes_to_seven_of_eight_credits_the_readings(cast, quiz, question):
    take(cast.ada_enrolled, quiz, q1=["b"])
    mend(question)
    regrading.regrade(question, [1], by=cast.ed, reason="Mended")
    assert Completion.objects.filter(enrollment=cast.ada_enrolled, how="by-quiz").count() == 2
    cast.ada_enrolled.refresh_from_db()
    assert cast.ada_enrolled.completed_at


def test_past_the_cut_off_and_after_a_redo_the_pass_is_a_fact_and_no_more(cast, quiz, question):
    take(cast.ada_enrolled, quiz, q1=["b"])
    take(cast.otto_enrolled, quiz, q1=["b"])
    Enrollment.objects.filter(pk=cast.ada_enrolled.pk).update(closes_on=timezone.localdate() - timedelta(days=2))
    newer = quiz.lesson.add_revision(title="Quiz", body="Anew", minutes=3)
    publishing.publish(newer, LessonRevision.Effect.REDO)
    mend(question)
    assert regrading.regrade(question, [1], by=cast.ed, reason="Mended").passes == 2
    assert Attempt.objects.passed().count() == 2
    assert not Completion.objects.exists()


def test_earlier_cycles_are_left_alone(cast, quiz, question):
    take(cast.ada_enrolled, quiz, q1=["b"])
    enroll(cast.ada, cast.course, cycle=2)
    mend(question)
    assert counts(question) == []


def test_a_final_counts_a_regraded_pass(cast, quiz, question):
    final = make_course("other", readings=0).lessons.get().quiz
    Quiz.objects.filter(pk=final.pk).update(is_final=True)
    final.refresh_from_db()
    ada = enroll(cast.ada, final.lesson.course)
    now = timezone.now()
    wrong = Question.objects.filter(pool_items__quiz=final)
    for days in (9, 6, 3):
        at = now - timedelta(days=days)
        attempt = taking.start(ada, final, at)
        for answer in attempt.answers.all():
            taking.save_answer(attempt, answer.position, ["b"], False, at)
        taking.close(attempt, at)
    assert retakes.of(ada, final).failed == 3
    assert Enrollment.objects.filter(retakes.could_use_help_q()).get() == ada
    assert not results.of(Attempt.objects.get(pk=attempt.pk), cast.ada).questions
    for question in wrong:
        mend(question)
        regrading.regrade(question, [1], by=cast.ed, reason="All were wrong")
    rule = retakes.of(ada, final)
    assert rule.passed
    assert rule.failed == 0
    assert not Enrollment.objects.filter(retakes.could_use_help_q()).exists()
    result = results.of(Attempt.objects.get(pk=attempt.pk), cast.ada)
    assert result.ever_passed
    assert {question.state for question in result.questions} == {"right"}


@pytest.mark.parametrize("type_", grading.TYPES)
def test_each_type_says_what_it_offers(type_):
    option = {"key": "a", "text": "A", "feedback": "f", "match": "x"}
    body = {
        "stem": "s",
        "options": [option, {**option, "key": "b", "text": "B"}],
        "extra": ["y"],
        "who": "A",
        "line": "B",
    }
    other = {**body, "options": [{**option, "correct": True, "feedback": "g"}, {**body["options"][1]}]}
    assert grading.offers_same(type_, body, type_, other)
    assert not grading.offers_same(type_, body, "multiple" if type_ == "single" else "single", body)
    assert not grading.offers_same("nonsense", body, "nonsense", body)
