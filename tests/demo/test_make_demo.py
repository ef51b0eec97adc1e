import pytest
from django.core.management import CommandError, call_command

from accounts.models import Membership, Team, User
from courses.models import Certificate, Completion, Enrollment
from demo import story
from demo.company import CAST, PLACES
from quizzes.models import Attempt, CheckAnswer
from tests.builders import make_course

PEOPLE = [person for place in PLACES for person in place.people]


@pytest.fixture
def course(db):
    """Like the real one: one module ready, one in preparation."""
    course = make_course("customer-service", modules=2, readings=4, ready=False)
    course.modules.filter(key="m1").update(status="ready")
    return course


@pytest.fixture
def company(course):
    call_command("make_demo")
    return course


def test_everybody_is_there_with_one_home_and_a_sign_in_name(company):
    assert User.objects.count() == len(PEOPLE) == len({person.name for person in PEOPLE})
    assert 55 <= len(PEOPLE) <= 75
    assert Membership.objects.filter(is_home=True).count() == len(PEOPLE)
    assert Team.objects.count() == len(PLACES)


def test_the_cast_can_sign_in_and_has_its_roles(company, settings):
    for address, _who in CAST:
        assert User.objects.get(email=address).check_password(settings.DEMO_PASSWORD), address
    ada, mia, hana = (User.objects.get(email=f"{name}@example.com") for name in ("ada", "mia", "hana"))
    assert User.objects.by_sign_in_name("1001") == ada
    assert mia.may_see(ada) and not mia.may_see(User.objects.get(email="otto@example.com"))
    assert hana.sees_everybody and not ada.is_staff
    assert list(User.objects.get(email="ed@example.com").groups.values_list("name", flat=True)) == ["Editors"]
    assert list(User.objects.get(email="olga@example.com").groups.values_list("name", flat=True)) == ["Operators"]


def test_ada_is_under_way_and_due_in_two_weeks(company):
    enrollment = Enrollment.objects.get(user__email="ada@example.com")
    done, total = enrollment.progress()
    assert (done, total) == (3, 5)
    assert enrollment.state_at() == "under-way"
    assert enrollment.due_on == story.site_day() + story.timedelta(days=14)


def test_facts_agree_with_each_other(company):
    assert not Certificate.objects.exists()  # a module is in preparation
    for enrollment in Enrollment.objects.with_progress().select_related("user"):
        completions = list(enrollment.completions.all())
        assert len(completions) == enrollment.lessons_done <= enrollment.lessons_total
        assert (enrollment.started_at is not None) == bool(completions)
        assert all(enrollment.enrolled_at <= completion.at <= story.timezone.now() for completion in completions)
    assert Completion.objects.filter(how="quiz").count() == Attempt.objects.filter(passed=True).count() > 10
    assert Attempt.objects.filter(passed=False).exists() and not Attempt.objects.open().exists()
    assert CheckAnswer.objects.count() == Completion.objects.filter(how="read").count() > 50


def test_every_state_can_be_seen(company):
    states = set(Enrollment.objects.with_state().values_list("state", flat=True))
    assert {"overdue", "under-way", "not-started"} <= states
    assert Enrollment.objects.due_soon().exists()
    yesterday = story.site_day() - story.timedelta(days=1)
    assert any(story.site_day(e.enrolled_at) == yesterday for e in Enrollment.objects.all())
    assert User.objects.filter(enrollments=None, memberships__team__name="Shop Lyon").exists()


def test_a_second_run_changes_nothing(company):
    before = (User.objects.count(), Completion.objects.count(), Attempt.objects.count())
    call_command("make_demo")
    assert (User.objects.count(), Completion.objects.count(), Attempt.objects.count()) == before


def test_half_a_company_is_never_left(course, monkeypatch):
    monkeypatch.setattr(story, "_play", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        call_command("make_demo")
    assert not User.objects.exists() and not Team.objects.exists()


def test_refused_outside_the_demo(course, settings):
    settings.DEMO = settings.DEBUG = False
    for command in ("make_demo", "demo_people"):
        with pytest.raises(CommandError):
            call_command(command)
    assert not User.objects.exists()


def test_says_to_load_the_course_first(db):
    with pytest.raises(CommandError, match="load_course"):
        call_command("make_demo")


def test_says_who_can_sign_in(settings, capsys):
    call_command("demo_people")
    said = capsys.readouterr().out
    assert settings.DEMO_PASSWORD in said and all(address in said for address, _who in CAST)
