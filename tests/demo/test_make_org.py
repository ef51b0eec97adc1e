from collections import Counter

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, F, Min, Q
from django.utils import timezone

from accounts.models import Membership, Team, User
from courses.models import Assignment, Certificate, Completion, Enrollment, State
from demo import org
from quizzes.models import Answer, Attempt
from tests.builders import make_course

PEOPLE = 400


def course_with_paths():
    """Two modules and a path that is only one of them, without a certificate."""
    course = make_course("customer-service", modules=2, readings=2)
    short = course.paths.create(key="first-shift", title="First shift", certificate=False)
    for position, lesson in enumerate(course.lessons.filter(module__key="m1").in_order(), 1):
        short.steps.create(lesson=lesson, position=position)
    return course


@pytest.fixture(scope="module")
def made(stage, django_db_blocker):
    """Made once for the tests of this file that only look; taken back after them."""
    with django_db_blocker.unblock():
        stage.close()
        with transaction.atomic():
            course_with_paths()
            call_command("make_org", people=PEOPLE)
            yield
            transaction.set_rollback(True)


@pytest.fixture
def company(made, db):
    return Team.objects.get(name=org.COMPANY)


def test_everybody_has_one_home_in_four_levels(company):
    assert User.objects.count() == PEOPLE
    assert Membership.objects.filter(is_home=True).count() == PEOPLE
    assert {team.depth for team in Team.objects.all()} == {1, 2, 3, 4}
    assert Membership.objects.filter(is_home=False).exists()
    assert len(set(Team.objects.values_list("name", flat=True))) == Team.objects.count()
    for team in Team.objects.exclude(pk=company.pk):
        assert team.parent is not None
    for team in Team.objects.annotate(managers=Count("memberships", filter=Q(memberships__role="manager"))):
        assert team.managers


def test_people_are_as_different_as_people_are(company):
    people = User.objects.all()
    for some in (
        people.filter(email=None),
        people.filter(staff_number=None),
        people.filter(last_login=None),
        people.filter(left_at__isnull=False),
        people.filter(enrollments=None),
    ):
        assert 0 < some.count() < PEOPLE / 2
    assert not people.filter(left_at__isnull=False, is_active=True).exists()
    for person in people:
        person.clean_fields(exclude=["password"])


def test_every_path_and_every_state_is_in_use(company):
    asked = Enrollment.objects.with_state()
    assert {e.path.key for e in asked.select_related("path")} == {"full", "first-shift"}
    assert Counter(e.state for e in asked).keys() == set(State) - {State.UPDATE_DUE}
    aside = asked.filter(state__in=[State.EXCUSED, State.PAUSED, State.WITHDRAWN])
    assert aside.count() == aside.filter(changes__by__isnull=False).distinct().count() < asked.count() / 10


def test_the_timer_finds_nobody_whom_the_organization_forgot(company):
    """But for those of the last working day, whom it has not met yet."""
    fresh = User.objects.active().filter(enrollments=None).in_teams(company)
    day = fresh.aggregate(day=Min("date_joined"))["day"]
    asked = [a for a in Assignment.objects.select_related("team", "course") if a.people_to_enroll().exists()]
    for assignment in asked:
        assert set(assignment.people_to_enroll()) <= set(fresh)
    assert day
    for enrollment in Enrollment.objects.select_related("assignment__team", "user"):
        assert enrollment.due_on == enrollment.assignment.due_day(enrollment.enrolled_at)
        assert enrollment.path_id == enrollment.assignment.path_id
        assert enrollment.user.home_team.is_under(enrollment.assignment.team)
        assert enrollment.user.date_joined <= enrollment.enrolled_at


def test_who_is_complete_has_all_of_it_and_nobody_else_has(company):
    counted = Enrollment.objects.with_progress()
    for enrollment in counted:
        assert 0 <= enrollment.lessons_done <= enrollment.lessons_total
        assert enrollment.is_complete == (enrollment.lessons_done == enrollment.lessons_total)
        assert bool(enrollment.started_at) == bool(enrollment.lessons_done)
    assert not Completion.objects.filter(at__lt=F("enrollment__enrolled_at")).exists()
    assert not Completion.objects.filter(at__gt=timezone.now()).exists()
    assert not Completion.objects.filter(enrollment__user__left_at__lt=F("at")).exists()
    assert not Completion.objects.filter(at__gt=F("enrollment__completed_at")).exists()
    assert not Completion.objects.filter(at__lt=F("enrollment__started_at")).exists()


def test_certificates_belong_to_complete_paths_that_give_one(company):
    complete = Enrollment.objects.complete()
    wanted = set(complete.filter(path__certificate=True).values_list("pk", "completed_at"))
    assert wanted
    assert set(Certificate.objects.values_list("enrollment", "issued_at")) == wanted
    assert complete.filter(path__certificate=False).exists()


def test_a_quiz_that_is_done_was_passed_with_answers(company):
    by_quiz = set(Completion.objects.filter(how="quiz").values_list("enrollment", "lesson__quiz", "at"))
    passed = set(Attempt.objects.filter(passed=True).values_list("enrollment", "quiz", "closed_at"))
    assert by_quiz == passed
    assert Attempt.objects.filter(passed=False, number=1).exists()
    assert not Attempt.objects.filter(passed=True, score__lt=F("pass_mark")).exists()
    assert not Attempt.objects.filter(passed=False, score__gte=F("pass_mark")).exists()
    attempts = Attempt.objects.annotate(asked=Count("answers")).values_list("asked", "max_score")
    assert all(asked in (0, wanted) for asked, wanted in attempts)
    assert Attempt.objects.filter(answers=None).count() < 0.9 * Attempt.objects.count()
    assert not Answer.objects.filter(response=None).exists()
    for attempt in Attempt.objects.order_by("pk")[:40]:
        assert attempt.started_at < attempt.closed_at


def test_managers_see_whom_the_tree_says(company):
    places = list(Membership.objects.select_related("team"))
    for manager in User.objects.filter(memberships__role="manager").distinct()[:25]:
        own = [place.team for place in places if place.user_id == manager.pk and place.role == "manager"]
        wanted = {place.user_id for place in places if any(place.team.is_under(team) for team in own)} - {manager.pk}
        assert set(User.objects.managed_by(manager).values_list("pk", flat=True)) == wanted


def test_a_second_run_changes_nothing(company, capsys):
    call_command("make_org", people=PEOPLE)
    assert "already" in capsys.readouterr().out
    assert User.objects.count() == PEOPLE
