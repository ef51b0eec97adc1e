import pytest

from courses.models import Enrollment, State
from quizzes import checks, taking


def test_the_whole_path_to_a_certificate(cast):
    e = cast.ada_enrolled
    assert e.progress() == (0, 3)
    one, two, quiz = cast.course.lessons.in_order()
    with pytest.raises(checks.CheckUnanswered):
        checks.complete_reading(e, one, one.published_revision)
    for lesson in (one, two):
        checks.save(cast.ada, lesson, ["b"])
        assert checks.complete_reading(e, lesson, lesson.published_revision).new
        assert not checks.complete_reading(e, lesson, lesson.published_revision).new
    assert e.progress() == (2, 3)
    attempt = taking.start(e, quiz.quiz)
    assert taking.start(e, quiz.quiz) == attempt
    for answer in attempt.answers.all():
        taking.save_answer(attempt, answer.position, ["a"], False)
    closed = taking.close(attempt)
    assert closed.passed
    assert closed.score == 3
    e.refresh_from_db()
    assert e.progress() == (3, 3)
    assert e.completed_at
    assert e.certificate.name == "Ada Moreau"
    assert e.state_at() == State.COMPLETE
    assert Enrollment.objects.with_state().get(pk=e.pk).state == State.COMPLETE
    states = cast.course.lessons.with_state(e)
    assert all(row.is_complete and row.is_required and not row.is_changed for row in states)


def test_manager_sees_own_team_only(cast):
    from accounts.models import User

    assert set(User.objects.managed_by(cast.mia)) == {cast.ada}
    assert set(User.objects.managed_by(cast.ada)) == set()
    assert cast.otto in User.objects.managed_by(cast.hana)
