"""The verbs beneath the pages: draw, start, save, close."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from django.utils import timezone

from courses import progress, publishing
from courses.models import Certificate, Completion, Enrollment, LessonRevision, Objective
from quizzes import drawing, grading, taking
from quizzes.models import Answer, Attempt, Question, Quiz
from tests.builders import make_course, make_question, make_quiz
from tests.quizzes.taking_part import quiz_of


@pytest.fixture
def quiz(cast) -> Quiz:
    return quiz_of(cast.course)


@pytest.fixture
def wide(cast) -> Quiz:
    """Twelve questions over four objectives, of which eight are drawn."""
    module = cast.course.modules.get()
    quiz = make_quiz(module, "wide", pool=0, draw=8, mark=6)
    for number in range(4):
        objective = Objective.objects.create(
            module=module, key=f"W{number}", text="Do", skill=cast.course.skills.get(), position=number
        )
        for item in range(3):
            quiz.pool_items.create(question=make_question(cast.course, f"w{number}-{item}", objective))
    return quiz


def finish(attempt: Attempt, right: bool = True) -> Attempt:
    for answer in attempt.answers.all():
        taking.save_answer(attempt, answer.position, ["a" if right else "c"], False)
    return taking.close(attempt)


def test_the_draw_is_even_over_objectives(cast, wide):
    for seed in range(20):
        drawn = drawing.draw(wide, cast.ada_enrolled, Random(seed))
        assert len({revision.question_id for revision in drawn}) == 8
        assert set(Counter(revision.objective_id for revision in drawn).values()) == {2}


def test_the_draw_takes_what_there_is(cast, wide):
    wide.draw = 50
    assert len(drawing.draw(wide, cast.ada_enrolled)) == 12


def test_a_retry_prefers_what_was_not_seen(cast, wide):
    first = taking.start(cast.ada_enrolled, wide)
    seen = set(first.answers.values_list("question_revision__question", flat=True))
    finish(first, right=False)
    second = taking.start(cast.ada_enrolled, wide)
    drawn = set(second.answers.values_list("question_revision__question", flat=True))
    unseen = set(wide.pool().values_list("pk", flat=True)) - seen
    assert len(unseen) == 4
    assert unseen <= drawn


def test_where_not_every_objective_fits_the_fresh_ones_come_first(cast, wide):
    wide.draw, wide.pass_mark = 2, 1
    wide.save()
    finish(taking.start(cast.ada_enrolled, wide), right=False)
    second = finish(taking.start(cast.ada_enrolled, wide), right=False)
    seen = Answer.objects.filter(attempt__quiz=wide).values_list("question_revision__objective", flat=True)
    assert len(set(seen)) == len(seen) == 4, second


def test_what_others_saw_does_not_matter(cast, wide):
    finish(taking.start(cast.otto_enrolled, wide))
    assert drawing._times_seen(wide, cast.ada_enrolled) == {}


def test_options_are_mixed_once_for_an_attempt(cast, quiz):
    attempt = taking.start(cast.ada_enrolled, quiz)
    for answer in attempt.answers.all():
        assert sorted(answer.option_order) == ["a", "b", "c"]
    orders = [a.option_order for a in attempt.answers.all()]
    assert orders == [a.option_order for a in taking.start(cast.ada_enrolled, quiz).answers.all()]


def test_true_comes_before_false(cast, quiz):
    quiz.pool_items.all().delete()
    quiz.pool_items.create(question=make_question(cast.course, "tf", type="truefalse"))
    assert taking.start(cast.ada_enrolled, quiz).answers.get().option_order == ["t", "f"]


def test_edits_do_not_reach_an_open_attempt(cast, quiz):
    attempt = taking.start(cast.ada_enrolled, quiz)
    answer = attempt.answers.select_related("question_revision__question").first()
    question, old = answer.question_revision.question, answer.question_revision
    body = {"stem": "New", "options": [{**o, "correct": o["key"] == "c"} for o in old.body["options"]]}
    question.publish(question.add_revision(type="single", body=body))
    assert finish(attempt).score == attempt.max_score
    answer.refresh_from_db()
    assert answer.question_revision == old
    later = drawing.draw(quiz, cast.otto_enrolled, Random(1)) + drawing.draw(quiz, cast.otto_enrolled, Random(2))
    assert old not in later


def test_a_retired_question_vanishes_from_new_draws_only(cast, quiz):
    attempt = taking.start(cast.ada_enrolled, quiz)
    question = attempt.answers.first().question_revision.question
    Question.objects.filter(pk=question.pk).update(retired_at=timezone.now())
    assert taking.start(cast.ada_enrolled, quiz) == attempt
    assert finish(attempt).score == attempt.max_score
    for seed in range(20):
        assert question not in [r.question for r in drawing.draw(quiz, cast.otto_enrolled, Random(seed))]


def test_the_mark_of_the_day_stays(cast, quiz):
    closed = finish(taking.start(cast.ada_enrolled, quiz))
    Quiz.objects.filter(pk=quiz.pk).update(pass_mark=3)
    again = taking.close(closed, timezone.now() + timedelta(days=1))
    assert (again.score, again.pass_mark, again.passed) == (Decimal(3), 2, True)
    assert again.closed_at == closed.closed_at


def test_a_pool_smaller_than_the_mark_is_passed_with_all_of_it(cast):
    small = make_quiz(cast.course.modules.get(), "small", pool=2, draw=6, mark=5)
    assert finish(taking.start(cast.ada_enrolled, small)).passed
    assert Attempt.objects.get().pass_mark == 2
    assert not finish(taking.start(cast.otto_enrolled, small), right=False).passed


def test_numbers_go_on_after_the_highest(cast, quiz):
    finish(taking.start(cast.ada_enrolled, quiz), right=False)
    finish(taking.start(cast.ada_enrolled, quiz), right=False)
    Attempt.objects.get(number=1).delete()
    assert taking.start(cast.ada_enrolled, quiz).number == 3


def test_the_first_attempt_starts_the_enrollment(cast, quiz):
    taking.start(cast.ada_enrolled, quiz)
    cast.ada_enrolled.refresh_from_db()
    started = cast.ada_enrolled.started_at
    assert started
    finish(taking.start(cast.ada_enrolled, quiz), right=False)
    taking.start(cast.ada_enrolled, quiz)
    cast.ada_enrolled.refresh_from_db()
    assert cast.ada_enrolled.started_at == started


def test_a_pass_completes_and_a_redo_is_done_by_passing_again(cast, quiz):
    finish(taking.start(cast.ada_enrolled, quiz), right=False)
    assert not Completion.objects.exists()
    finish(taking.start(cast.ada_enrolled, quiz))
    finish(taking.start(cast.ada_enrolled, quiz))
    assert Completion.objects.filter(lesson=quiz.lesson).count() == 1
    revision = quiz.lesson.add_revision(title="Quiz anew", body="")
    publishing.publish(revision, LessonRevision.Effect.REDO)
    assert Completion.objects.counting().count() == 0
    finish(taking.start(cast.ada_enrolled, quiz))
    assert Completion.objects.counting().get().redo_level == 1


def test_a_refused_answer_changes_nothing(cast, quiz):
    attempt = taking.start(cast.ada_enrolled, quiz)
    taking.save_answer(attempt, 1, ["b"], True)
    with pytest.raises(grading.BadResponse):
        taking.save_answer(attempt, 1, ["x"], False)
    with pytest.raises(Answer.DoesNotExist):
        taking.save_answer(attempt, 99, ["a"], False)
    answer = attempt.answers.get(position=1)
    assert (answer.response, answer.marked) == (["b"], True)
    taking.close(attempt)
    with pytest.raises(taking.AlreadyClosed):
        taking.save_answer(attempt, 1, ["a"], False)


class Torn(Exception):
    pass


@pytest.mark.parametrize(
    "step",
    [
        "courses.progress.complete_lesson",
        "courses.progress._mark_complete",
        "courses.models.Completion.objects.bulk_create",
        "courses.models.Certificate.objects.bulk_create",
    ],
)
def test_closing_is_all_or_nothing(cast, monkeypatch, step):
    course = make_course("small", readings=0)
    enrollment = Enrollment.objects.create(user=cast.ada, course=course, path=course.paths.get())
    attempt = taking.start(enrollment, quiz_of(course))
    for answer in attempt.answers.all():
        taking.save_answer(attempt, answer.position, ["a"], False)

    def tear(*args, **kwargs):
        raise Torn

    with monkeypatch.context() as patch:
        patch.setattr(step, tear)
        with pytest.raises(Torn):
            taking.close(attempt)
    attempt.refresh_from_db()
    enrollment.refresh_from_db()
    assert attempt.is_open
    assert attempt.score is None
    assert enrollment.completed_at is None
    assert not Completion.objects.exists()
    assert not Certificate.objects.exists()
    assert taking.close(attempt).passed
    enrollment.refresh_from_db()
    assert enrollment.completed_at
    assert Certificate.objects.get().enrollment == enrollment


def test_starting_is_all_or_nothing(cast, quiz, monkeypatch):
    def tear(*args, **kwargs):
        raise Torn

    for step in ("quizzes.models.Answer.objects.bulk_create", "courses.progress.mark_started"):
        with monkeypatch.context() as patch:
            patch.setattr(step, tear)
            with pytest.raises(Torn):
                taking.start(cast.ada_enrolled, quiz)
        assert not Attempt.objects.exists()


def test_an_attempt_past_the_cut_off_is_not_closed_whatever_its_score(cast, quiz):
    attempt = taking.start(cast.ada_enrolled, quiz)
    cast.ada_enrolled.closes_on = timezone.localdate().replace(year=2020)
    cast.ada_enrolled.save()
    with pytest.raises(progress.Closed):
        taking.close(attempt)
    assert Attempt.objects.get().is_open
