import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.models import Membership, Team, User
from courses.models import Certificate, Completion, Enrollment
from demo import answers, story
from demo.company import CAST, PLACES
from events.models import LiveSession, Registration
from learn import home
from notices import hours
from notices.models import WRITER, Heartbeat, News, Notice
from quizzes import grading
from quizzes.models import Attempt, CheckAnswer, QuestionRevision
from tests.builders import make_course

PEOPLE = [person for place in PLACES for person in place.people]


def half_ready_course():
    """Like the real one: one module ready, one in preparation."""
    course = make_course("customer-service", modules=2, readings=4, ready=False)
    course.modules.filter(key="m1").update(status="ready")
    return course


@pytest.fixture(scope="module")
def made(stage, django_db_blocker):
    """Made once for all tests of this file, which only look; taken back after them."""
    with django_db_blocker.unblock():
        stage.close()
        with transaction.atomic():
            half_ready_course()
            call_command("make_demo")
            yield
            transaction.set_rollback(True)


@pytest.fixture
def company(made, db):
    return None


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
    assert mia.may_see(ada)
    assert not mia.may_see(User.objects.get(email="otto@example.com"))
    assert hana.sees_everybody
    assert not ada.is_staff
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
    assert Attempt.objects.filter(passed=False).exists()
    assert not Attempt.objects.open().exists()
    assert CheckAnswer.objects.count() == Completion.objects.filter(how="read").count() > 50


def test_every_state_can_be_seen(company):
    states = set(Enrollment.objects.with_state().values_list("state", flat=True))
    assert {"overdue", "under-way", "not-started"} <= states
    assert Enrollment.objects.due_soon().exists()
    yesterday = story.site_day() - story.timedelta(days=1)
    assert any(story.site_day(e.enrolled_at) == yesterday for e in Enrollment.objects.all())
    assert User.objects.filter(enrollments=None, memberships__team__name="Shop Lyon").exists()


def test_two_sessions_are_coming_and_one_was(company):
    assert LiveSession.objects.coming().count() == 2
    over = LiveSession.objects.get(ends_at__lt=story.timezone.now())
    registered, came = ({row.user for row in rows} for rows in (over.seated(), over.attendances.all()))
    assert came < registered
    full = LiveSession.objects.coming().order_by("starts_at").first()
    assert Registration.objects.filter(session=full).active().count() > len(full.seated()) == full.seats
    ada = User.objects.get(email="ada@example.com")
    assert LiveSession.objects.meant_for(ada).count() == 3
    for session in LiveSession.objects.all():
        assert session.trainers.exists()
        assert all(session.is_meant_for(row.user) for row in session.registrations.all())


def test_people_were_written_to_by_the_rules(company):
    """So that what was sent, when somebody was last written to, and “New for you” have something to show."""
    now = story.timezone.now()
    sent = Notice.objects.letters().filter(sent_at__lt=now)
    assert sent.count() > 10
    moments = {}
    for person, at in sent.order_by("sent_at").values_list("recipient", "sent_at"):
        assert at - moments.get(person, at - hours.GAP) >= hours.GAP
        moments[person] = at
    assert {"asked", "reminder", "digest"} <= set(News.objects.filter(letter__in=sent).values_list("kind", flat=True))
    assert not Notice.objects.letters().filter(failed_at__isnull=False).exists()
    assert Heartbeat.objects.get(name=WRITER).at <= now
    assert any(home.news_of(person) for person in User.objects.filter(email=None))


def test_a_second_run_changes_nothing(company):
    counted = (User, Completion, Attempt, LiveSession, Notice)
    before = [model.objects.count() for model in counted]
    call_command("make_demo")
    assert [model.objects.count() for model in counted] == before


@pytest.mark.parametrize("right", [True, False])
def test_people_of_the_demo_can_answer_every_type(right):
    """Those who know get all of it right, and the others not."""
    options = [{"key": key, "text": f"Text {key}", "feedback": "So."} for key in "abc"]
    chosen = [{**options[0], "correct": True}, *options[1:]]
    matched = [{**option, "match": match} for option, match in zip(options, ("x", "y", "x"), strict=True)]
    said = {"key": "t", "text": "True", "feedback": "So.", "correct": True}
    bodies = {
        "truefalse": {"options": [said, {"key": "f", "text": "False", "feedback": "No."}]},
        "scenario": {"options": chosen, "who": "Ines", "line": "Well?"},
        "ordering": {"options": options},
        "matching": {"options": matched, "extra": ["z"]},
        "short": {"options": chosen, "otherwise": "No."},
        "rewrite": {"model": "I will.", "look_for": ["A name."]},
    }
    for type_ in grading.TYPES:
        body = {"stem": "?", **bodies.get(type_, {"options": chosen})}
        assert not grading.problems(type_, body), type_
        order = grading.steady_order(type_, body)
        form = answers.form(QuestionRevision(type=type_, body=body), order, right)
        response = grading.clean(type_, body, grading.read(type_, form), order)
        assert grading.is_complete(response)
        assert grading.is_right(type_, body, response) == (right and grading.is_graded(type_)), type_
