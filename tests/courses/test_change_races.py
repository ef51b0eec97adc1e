"""Changes of an enrollment at the same instant, with real transactions on either database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Membership, Team
from courses import changes, more_time
from courses.models import Assignment, Enrollment, EnrollmentChange
from courses.models.enrollment import site_day
from tests.at_once import at_once
from tests.builders import enroll, make_course, make_member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lyon():
    return Team.add("Lyon")


@pytest.fixture
def ada(lyon) -> Enrollment:
    return enroll(make_member(lyon, "Ada Race"), make_course("race"), due_on=site_day())


def test_of_many_clicks_at_one_instant_one_counts(lyon, ada):
    hana = make_member(lyon, "Hana Race", role="manager")
    whom = Enrollment.objects.filter(pk=ada.pk)
    day = site_day() + timedelta(days=20)
    for verb in (
        lambda: changes.extend(whom, hana, "R", day),
        lambda: changes.pause(whom, hana, "R"),
        lambda: changes.resume(whom, hana),
        lambda: changes.excuse(whom, hana, "role"),
        lambda: changes.ask_again(whom, hana),
        lambda: changes.withdraw(whom, hana, "R"),
        lambda: changes.reinstate(whom, hana),
    ):
        assert sorted(at_once(*[verb] * 5)) == [0, 0, 0, 0, 1]
    assert EnrollmentChange.objects.count() == 7


def test_of_two_managers_at_one_instant_one_gives_more_time(lyon, ada):
    managers = [make_member(lyon, f"Boss{n} Race", role="manager") for n in range(4)]
    day = site_day()
    gifts = [
        lambda by=by, n=n: more_time.give(ada, by, day + timedelta(days=n), "R") for n, by in enumerate(managers, 3)
    ]
    assert sorted(at_once(*gifts)) == [False, False, False, True]
    change = EnrollmentChange.objects.get()
    ada.refresh_from_db()
    assert ada.due_on.isoformat() == change.new


def test_two_timers_at_one_instant_enroll_everybody_once(lyon, ada, monkeypatch):
    monkeypatch.setattr("courses.models.assignment.BATCH", 2)
    people = [make_member(lyon, f"P{n} Race", email=f"p{n}@example.com") for n in range(5)]
    path = ada.course.paths.get()
    assignment = Assignment.objects.create(team=lyon, course=ada.course, path=path, due_days=9)
    results = at_once(assignment.enroll_due, assignment.enroll_due)
    assert not [result for result in results if isinstance(result, Exception)]
    assert assignment.enrollments.count() == len(people)
    assert Enrollment.objects.count() == Membership.objects.count()
