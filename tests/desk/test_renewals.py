"""HR's page for asking again after a time: it says whom it touches first, then acts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from django.utils.formats import date_format

from courses import renewals
from courses.models import Certificate, Enrollment, Path, Renewal
from courses.models.enrollment import site_day
from tests.builders import enroll, make_course
from tests.learn.certified import finish

pytestmark = pytest.mark.django_db

ADD = "/admin/courses/renewal/add/"
LIST = "/admin/courses/renewal/"


@pytest.fixture
def path(cast):
    return cast.course.paths.get()


@pytest.fixture
def refresher(cast):
    refresher = Path.objects.create(course=cast.course, key="refresher", title="Refresher", position=1)
    refresher.steps.create(lesson=cast.course.lessons.first(), position=1)
    return refresher


def form(asked, **changes):
    return {"path": asked.pk, "months": 12, "what": "refresher", "anchor": "person", "month": "", **changes}


def certify(enrollment, days):
    at = timezone.now() - timedelta(days=days)
    Enrollment.objects.filter(pk=enrollment.pk).update(enrolled_at=at)
    enrollment.refresh_from_db()
    return finish(enrollment).certificate


def test_it_is_off_and_a_task_leads_to_it(cast, as_):
    assert LIST in as_(cast.hana).get("/admin/").text
    assert "For all others once is enough" in as_(cast.hana).get(LIST).text
    assert not Renewal.objects.exists()


def test_turning_it_on_says_first_how_many_people_it_touches(cast, as_, path, refresher):
    certificate = certify(cast.ada_enrolled, 900)
    page = as_(cast.hana).post(ADD, form(path)).text
    assert "This touches 1 person now." in page
    opens = site_day() + timedelta(days=30)
    assert f"The first are asked again on {date_format(opens)}" in page
    assert "1 certificate that has no end date gets one, 60 days from today at the earliest." in page
    assert not Renewal.objects.exists()
    for _click in range(2):
        as_(cast.hana).post(ADD, form(path, confirmed="1"))
    assert Renewal.objects.get().months == 12
    certificate.refresh_from_db()
    assert certificate.expires_on == site_day() + timedelta(days=60)
    assert LogEntry.objects.get().get_change_message() == "Turned on; 1 certificates got their last day"
    assert "12 months" in as_(cast.hana).get(LIST).text


def test_a_path_nobody_completed_yet(cast, as_, path, refresher):
    assert "Nobody has completed this path yet." in as_(cast.hana).post(ADD, form(path)).text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"months": "2"}, "greater than or equal to 3"),
        ({"months": "121"}, "less than or equal to 120"),
        ({"months": ""}, "This field is required"),
        ({"anchor": "month"}, "Choose the month at whose end everybody renews."),
        ({"month": "6"}, "Leave the month empty"),
        ({"month": "13"}, "Select a valid choice"),
        ({"what": "sleep"}, "Select a valid choice"),
        ({"path": "9" * 40}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_an_error_at_its_field(cast, as_, path, refresher, changes, says):
    page = as_(cast.hana).post(ADD, form(path, confirmed="1", **changes))
    assert page.status_code == 200
    assert "Error:" in page.text
    assert says in page.text
    assert not Renewal.objects.exists()


def test_a_course_without_a_refresher_cannot_ask_for_it(cast, as_, path):
    page = as_(cast.hana).post(ADD, form(path, confirmed="1")).text
    assert "“Course service” has no path with the key “refresher”. Add one to its files, or ask for the same" in page
    as_(cast.hana).post(ADD, form(path, what="full", confirmed="1"))
    assert Renewal.objects.get().what == "full"


def test_the_refresher_itself_and_a_path_that_has_one_are_not_offered_twice(cast, as_, path, refresher):
    page = as_(cast.hana).get(ADD).text
    assert "Course service: Everything" in page
    assert "Course service: Refresher" not in page
    Renewal.objects.create(path=path, months=12)
    page = as_(cast.hana).post(ADD, form(path)).text
    assert "already exists" in page
    assert Renewal.objects.count() == 1


def test_changing_it_touches_certificates_to_come(cast, as_, path, refresher):
    certificate = certify(cast.ada_enrolled, 10)
    renewal = Renewal(path=path, months=12)
    renewals.turn_on(renewal)
    certificate.refresh_from_db()
    before = certificate.expires_on
    url = f"{LIST}{renewal.pk}/change/"
    assert "Turn it off" in as_(cast.hana).get(url).text
    page = as_(cast.hana).post(url, form(path, months=24)).text
    assert "This touches 1 person who completed the path." in page
    assert "keep the day that is on them" in page
    renewal.refresh_from_db()
    assert renewal.months == 12
    as_(cast.hana).post(url, form(path, months=24, confirmed="1"))
    renewal.refresh_from_db()
    certificate.refresh_from_db()
    assert (renewal.months, certificate.expires_on) == (24, before)


def test_another_path_cannot_be_smuggled_into_a_change(cast, as_, path, refresher):
    renewal = Renewal.objects.create(path=path, months=12)
    other = make_course("other").paths.get()
    as_(cast.hana).post(f"{LIST}{renewal.pk}/change/", form(other, what="full", confirmed="1"))
    renewal.refresh_from_db()
    assert renewal.path == path


def test_turning_it_off_says_what_happens_to_days_on_paper(cast, as_, path, refresher):
    certificate = certify(cast.ada_enrolled, 10)
    renewal = Renewal(path=path, months=12)
    renewals.turn_on(renewal)
    enroll(cast.otto, cast.course, "refresher", cycle=2)
    url = f"{LIST}{renewal.pk}/delete/"
    page = as_(cast.hana).get(url).text
    assert "1 certificate that has not expired never will. A day printed on paper stays on the paper" in page
    assert "1 person who was asked again already stays asked." in page
    assert Renewal.objects.exists()
    as_(cast.hana).post(url)
    assert not Renewal.objects.exists()
    certificate.refresh_from_db()
    assert certificate.expires_on is None
    assert LogEntry.objects.latest("pk").get_change_message() == "Turned off; 1 certificates hold for ever"
    assert as_(cast.hana).post(url).status_code == 404


def test_pages_cost_a_constant_number_of_queries(cast, as_, path, refresher, django_assert_max_num_queries):
    renewals.turn_on(Renewal(path=path, months=12))
    for number in range(5):
        other = make_course(f"more-{number}").paths.get()
        renewals.turn_on(Renewal(path=other, months=12, what="full"))
    assert Certificate.objects.count() == 0
    hana = as_(cast.hana)
    with django_assert_max_num_queries(8):
        hana.get(LIST)
    with django_assert_max_num_queries(8):
        hana.get(ADD)
