"""What was done in another system: credited, counted, marked, without a certificate of ours."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from courses import earlier, progress, publishing, renewals
from courses.counting import progress_of
from courses.models import Certificate, Completion, Credit, Enrollment, LessonRevision, Module, Renewal, State
from courses.models.enrollment import site_day
from tests.builders import enroll, make_course, make_person
from tests.conftest import sign_in

pytestmark = pytest.mark.django_db

DAY = date(2025, 4, 3)
SOURCE = "Old academy, list of 2025"


@pytest.fixture
def course(db):
    return make_course(readings=3, quiz=False)


@pytest.fixture
def ada(db):
    return make_person("Ada Moreau")


@pytest.fixture
def hana(db):
    return make_person("Hana Sato")


def lessons(course, *numbers):
    return list(course.lessons.filter(key__in=[f"m1-read-{number}" for number in numbers]))


def read(enrollment, number, at=None):
    lesson = enrollment.course.lessons.select_related("published_revision").get(key=f"m1-read-{number}")
    return progress.complete_lesson(enrollment, lesson, lesson.published_revision, Completion.How.READ, at)


def counted(enrollment):
    return progress_of([(enrollment.pk, enrollment.path_id, enrollment.enrolled_at)])[enrollment.pk]


def redo(lesson, at=None):
    revision = lesson.add_revision(title="New", body="New", minutes=3)
    publishing.publish(revision, LessonRevision.Effect.REDO, at=at)


def test_a_whole_course_is_complete_as_of_that_day_without_a_certificate(course, ada, hana):
    assert earlier.would_credit(ada, course, None, DAY)
    assert earlier.credit(ada, course, None, DAY, SOURCE, hana)
    enrollment = Enrollment.objects.get(user=ada)
    days = {site_day(at) for at in (enrollment.enrolled_at, enrollment.started_at, enrollment.completed_at)}
    assert days | {site_day(enrollment.current_at)} == {DAY}
    assert (enrollment.path.key, enrollment.assignment, enrollment.state_at()) == ("full", None, State.COMPLETE)
    assert counted(enrollment) == (3, 3, 0, 3)
    credit = Credit.objects.get()
    assert (credit.done_on, credit.source, credit.by, credit.is_course) == (DAY, SOURCE, hana, True)
    assert credit.completions.count() == 3
    progress.settle(course)
    assert not Certificate.objects.exists()


def test_the_same_again_changes_nothing(course, ada, hana):
    for what in (lessons(course, 1, 2), None, lessons(course, 1), None):
        earlier.credit(ada, course, what, DAY, SOURCE, hana)
    before = list(Enrollment.objects.values()), list(Completion.objects.values()), Credit.objects.count()
    for what in (lessons(course, 1, 2), None):
        assert not earlier.would_credit(ada, course, what, DAY)
        assert not earlier.credit(ada, course, what, DAY, SOURCE, hana)
    assert before == (list(Enrollment.objects.values()), list(Completion.objects.values()), 2)


def test_credited_lessons_and_the_rest_done_here_earn_our_certificate(course, ada, hana):
    assert earlier.credit(ada, course, lessons(course, 1, 2), DAY, SOURCE, hana)
    enrollment = Enrollment.objects.get(user=ada)
    assert enrollment.completed_at is None
    assert counted(enrollment) == (2, 3, 0, 2)
    assert read(enrollment, 3).course_completed
    assert Certificate.objects.filter(enrollment=enrollment).exists()


def test_what_a_credit_completes_has_no_certificate_then_or_later(course, ada, hana):
    at = timezone.now()
    enrollment = enroll(ada, course, at=at - timedelta(days=9))
    read(enrollment, 1, at - timedelta(days=3))
    earlier.credit(ada, course, lessons(course, 2, 3), DAY, SOURCE, hana)
    enrollment.refresh_from_db()
    assert enrollment.completed_at == enrollment.current_at == at - timedelta(days=3)
    progress.settle(course)
    assert not Certificate.objects.exists()


def test_settling_what_was_all_done_elsewhere_gives_no_certificate(course, ada, hana):
    earlier.credit(ada, course, lessons(course, 1, 2), DAY, SOURCE, hana)
    publishing.retire(course.lessons.get(key="m1-read-3"))
    assert Enrollment.objects.get(user=ada).is_complete
    assert not Certificate.objects.exists()


def test_who_is_complete_stays_as_they_are(course, ada, hana):
    enrollment = enroll(ada, course)
    for number in (1, 2, 3):
        read(enrollment, number)
    before = Enrollment.objects.values().get()
    for what in (None, lessons(course, 1)):
        assert not earlier.credit(ada, course, what, DAY, SOURCE, hana)
    assert Enrollment.objects.values().get() == before
    assert not Credit.objects.exists()
    assert Certificate.objects.count() == 1


def test_a_redo_since_that_day_is_still_to_be_done(course, ada, hana):
    redo(course.lessons.get(key="m1-read-1"))
    earlier.credit(ada, course, None, DAY, SOURCE, hana)
    enrollment = Enrollment.objects.get(user=ada)
    assert enrollment.state_at() == State.UPDATE_DUE
    assert Enrollment.objects.update_due().get() == enrollment
    assert enrollment.progress() == (2, 3)
    assert not read(enrollment, 1).course_completed
    enrollment.refresh_from_db()
    assert enrollment.state_at() == State.COMPLETE
    assert site_day(enrollment.completed_at) == DAY
    assert not Certificate.objects.exists()


def test_done_elsewhere_after_a_redo_counts_for_it(course, ada, hana):
    enrollment = enroll(ada, course)
    for number in (1, 2, 3):
        read(enrollment, number)
    redo(course.lessons.get(key="m1-read-1"))
    assert earlier.credit(ada, course, lessons(course, 1), site_day(), SOURCE, hana)
    enrollment = Enrollment.objects.get(pk=enrollment.pk)
    assert enrollment.state_at() == State.COMPLETE
    assert enrollment.progress() == (3, 3)


def test_it_counts_in_the_cycle_of_its_day(course, ada, hana):
    now = timezone.now()
    first = enroll(ada, course, at=now - timedelta(days=400))
    second = enroll(ada, course, cycle=2, at=now - timedelta(days=20))
    earlier.credit(ada, course, lessons(course, 1), DAY, SOURCE, hana)
    assert (first.progress(), second.progress()) == ((1, 3), (0, 3))
    earlier.credit(ada, course, lessons(course, 1), site_day() - timedelta(days=2), SOURCE, hana)
    assert second.progress() == (1, 3)


def test_a_course_that_is_not_ready_is_not_credited_whole(course, ada, hana):
    publishing.set_status(course.modules.get(), Module.Status.IN_PREPARATION)
    for verb in (lambda: earlier.would_credit(ada, course, None, DAY), lambda: credit_all(ada, course, hana)):
        with pytest.raises(progress.NotReady):
            verb()
    assert not Enrollment.objects.exists(), "nothing is half done"


def credit_all(ada, course, hana):
    return earlier.credit(ada, course, None, DAY, SOURCE, hana)


def test_a_course_without_a_default_path_enrolls_nobody(course, ada, hana):
    course.paths.update(is_default=False)
    with pytest.raises(earlier.NoPath):
        credit_all(ada, course, hana)


def test_a_day_past_the_cut_off_is_refused(course, ada, hana):
    enrollment = enroll(ada, course, closes_on=DAY)
    with pytest.raises(progress.Closed):
        earlier.credit(ada, course, None, DAY + timedelta(days=1), SOURCE, hana)
    assert earlier.credit(ada, course, None, DAY, SOURCE, hana)
    enrollment.refresh_from_db()
    assert enrollment.is_complete


def test_who_did_it_elsewhere_is_asked_again_too(course, ada, hana):
    credit_all(ada, course, hana)
    renewals.turn_on(Renewal(path=course.paths.get(), months=12, what="full"))
    at = timezone.now()
    assert renewals.open_cycles(at) == 1
    assert Enrollment.objects.get(user=ada, cycle=2).due_on == site_day(at) + timedelta(days=30)


def test_the_page_and_the_reports_say_that_it_is_credited(cast, client):
    readings = list(cast.course.lessons.filter(kind="reading"))
    earlier.credit(cast.ada, cast.course, readings, DAY, SOURCE, cast.hana)
    sign_in(client, cast.ada)
    assert client.get("/courses/service/").text.count("Complete, credited") == 2
    assert "Credited, done April 3, 2025" in client.get("/courses/service/m1-read-1/").text
    assert "2 credited" in client.get("/my/what-my-manager-sees/").text
    sign_in(client, cast.mia)
    assert "Everything · 2 credited" in client.get("/reports/").text
    lines = b"".join(client.get("/reports/team.csv").streaming_content).decode().splitlines()
    column = lines[0].split(",").index("Lessons credited")
    assert lines[1].split(",")[column] == "2"


def test_the_moment_of_a_day_is_never_in_the_future(course, ada, hana):
    at = datetime.combine(site_day(), datetime.min.time(), timezone.get_default_timezone())
    earlier.credit(ada, course, None, site_day(at), SOURCE, hana, at)
    assert Enrollment.objects.get(user=ada).completed_at == at
