"""Teams that are asked to take a path: who is enrolled, when, and who is not."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from accounts.models import Membership
from courses.models import Assignment, Enrollment
from courses.models.enrollment import site_day
from tests.builders import make_course, make_member

AT = datetime.fromisoformat("2026-03-31T23:30:00+00:00")


@pytest.fixture
def assignment(cast) -> Assignment:
    course = make_course("phone", modules=1, readings=1)
    return Assignment.objects.create(team=cast.company, course=course, path=course.paths.get(), due_days=10)


def test_everybody_below_is_enrolled_once(cast, assignment):
    asked = {cast.ada, cast.mia, cast.otto, cast.pia}
    assert assignment.enroll_due(AT) == 4
    assert {enrollment.user for enrollment in assignment.enrollments.all()} == asked
    assert assignment.enroll_due(AT) == 0
    late = make_member(cast.paris, "Lou Late")
    Membership.objects.create(team=cast.lyon, user=late)
    assert assignment.enroll_due(AT) == 1


def test_the_due_day_is_counted_on_the_sites_clock(assignment, settings):
    settings.TIME_ZONE = "Europe/Paris"
    assignment.enroll_due(AT)  # in Paris it is half past one on the first of April
    assert site_day(AT) == date(2026, 4, 1)
    assert {enrollment.due_on for enrollment in assignment.enrollments.all()} == {date(2026, 4, 11)}


def test_people_who_are_switched_off_are_left_out(cast, assignment):
    cast.ada.is_active = False
    cast.ada.save()
    assignment.enroll_due(AT)
    assert not assignment.enrollments.filter(user=cast.ada).exists()


def test_who_was_ever_enrolled_is_not_enrolled_again(cast, assignment):
    own = Enrollment.objects.create(user=cast.ada, course=assignment.course, path=assignment.path, cycle=2)
    assignment.enroll_due(AT)
    assert list(cast.ada.enrollments.filter(course=assignment.course)) == [own]


def test_batches_lose_nobody_and_cost_the_same_however_many(cast, assignment, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("courses.models.assignment.BATCH", 3)
    for number in range(6):
        make_member(cast.lyon, f"P{number} X", email=f"p{number}@example.com")
    with django_assert_num_queries(2 + 4 * 2 + 1):  # two counts; four batches of three or fewer; the end
        assert assignment.enroll_due(AT) == 10
    assert assignment.enroll_due(AT) == 0


def test_who_left_is_not_asked(cast, assignment):
    cast.ada.leave()
    assignment.enroll_due(AT)
    assert not assignment.enrollments.filter(user=cast.ada).exists()


def test_nobody_is_enrolled_past_the_cut_off(assignment):
    assignment.closes_on = site_day(AT)
    assert assignment.is_open(AT)
    assert assignment.enroll_due(AT) == 4
    assignment.enrollments.all().delete()
    assignment.closes_on = date(2026, 3, 30)
    assert assignment.enroll_due(AT) == 0
    assert not assignment.enrollments.exists()
