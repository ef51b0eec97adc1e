"""A manager gives more time: once, two weeks at most, never past the cut-off, and only to their own people."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.models import Membership, User
from courses import changes, more_time, progress
from courses.models import Completion, Enrollment, EnrollmentChange
from courses.models.enrollment import site_day
from tests.builders import enroll, make_member
from tests.reports.test_pages import text_of

TODAY = site_day()


@pytest.fixture
def ada(cast) -> Enrollment:
    Enrollment.objects.update(due_on=TODAY + timedelta(days=2))
    cast.ada_enrolled.refresh_from_db()
    return cast.ada_enrolled


def url(enrollment) -> str:
    return reverse("reports:more_time", args=[enrollment.pk])


def ask(days=5, **changed):
    return {"until": (TODAY + timedelta(days=days)).isoformat(), "reason": "Inventory week", **changed}


def test_the_page_says_the_rule_and_the_last_day_and_gives_time_once(cast, ada, as_):
    mia = as_(cast.mia)
    page = mia.get(url(ada))
    assert "You can move the due day once, by up to 14 days." in page.text
    assert f'max="{(TODAY + timedelta(days=16)).isoformat()}"' in page.text
    for _click in range(2):
        answer = mia.post(url(ada), ask(16), follow=True)
        assert answer.status_code == 200
    ada.refresh_from_db()
    assert ada.due_on == TODAY + timedelta(days=16)
    change = EnrollmentChange.objects.get()
    assert (change.what, change.by, change.reason) == ("more-time", cast.mia, "Inventory week")
    assert LogEntry.objects.filter(user=cast.mia, change_message="Gave more time").count() == 1
    assert "that can be done once" in mia.get(url(ada)).text
    assert "Inventory week" in mia.get(url(ada)).text
    assert 'name="until"' not in mia.get(url(ada)).text


@pytest.mark.parametrize(
    "wrong",
    [{"days": 17}, {"days": 2}, {"days": -1}, {"until": "31/02/2026"}, {"until": ""}, {"reason": ""}, {"reason": " "}],
)
def test_what_cannot_be_is_said_and_keeps_what_was_typed(cast, ada, as_, wrong):
    page = as_(cast.mia).post(url(ada), ask(**wrong))
    assert page.status_code == 200
    assert "Error:" in page.text
    if "reason" not in wrong:
        assert "Inventory week" in page.text
    assert not EnrollmentChange.objects.exists()


def test_the_cut_off_is_the_last_day(cast, ada, as_):
    Enrollment.objects.filter(pk=ada.pk).update(closes_on=TODAY + timedelta(days=4))
    page = as_(cast.mia).get(url(ada))
    assert "not past the day on which the course closes" in page.text
    assert "Error:" in as_(cast.mia).post(url(ada), ask(5)).text
    as_(cast.mia).post(url(ada), ask(4))
    ada.refresh_from_db()
    assert ada.due_on == ada.closes_on


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"due_on": None}, "no due day"),
        ({"due_on": TODAY - timedelta(days=15)}, "more than 14 days ago"),
        ({"due_on": TODAY, "closes_on": TODAY}, "Only HR can move that"),
        ({"due_on": TODAY - timedelta(days=3), "closes_on": TODAY - timedelta(days=1)}, "has closed for them"),
    ],
)
def test_where_it_cannot_be_done_a_page_says_why(cast, ada, as_, fields, words):
    Enrollment.objects.filter(pk=ada.pk).update(**fields)
    page = as_(cast.mia).get(url(ada))
    assert words in page.text
    assert as_(cast.mia).post(url(ada), ask(3)).status_code == 200
    assert not EnrollmentChange.objects.exists()
    assert url(ada) not in as_(cast.mia).get("/reports/").text


def test_who_is_paused_or_complete_needs_none(cast, ada, as_):
    changes.pause(Enrollment.objects.filter(pk=ada.pk), cast.hana, "Secret reason")
    page = as_(cast.mia).get(url(ada)).text
    assert "no day is running out" in page
    assert "Secret reason" not in page
    changes.resume(Enrollment.objects.filter(pk=ada.pk), cast.hana)
    for lesson in cast.course.lessons.published().in_order():
        progress.complete_lesson(ada, lesson, lesson.published_revision, Completion.How.READ)
    assert "They have completed the course" in as_(cast.mia).get(url(ada)).text


def test_the_row_of_the_report_leads_there_while_it_is_possible(cast, ada, as_):
    assert f'href="{url(ada)}"' in as_(cast.mia).get("/reports/").text
    more_time.give(ada, cast.mia, TODAY + timedelta(days=9), "R")
    assert f'href="{url(ada)}"' not in as_(cast.mia).get("/reports/").text


def test_hr_is_sent_to_the_page_without_limits(cast, ada, as_):
    answer = as_(cast.hana).get(url(ada))
    assert answer["Location"] == reverse("admin:courses_enrollment_change", args=[ada.pk])


def test_a_right_that_is_lost_is_lost_at_once_and_the_manager_above_has_it(cast, ada, as_):
    mia = as_(cast.mia)
    Membership.objects.filter(user=cast.mia).update(role="member")
    assert mia.post(url(ada), ask()).status_code == 404
    zoe = make_member(cast.company, "Zoe Above", role="manager")
    assert as_(zoe).get(url(ada)).status_code == 200


def test_nobody_gives_time_to_themselves_or_in_an_earlier_cycle(cast, ada, as_):
    own = enroll(cast.mia, cast.course, due_on=TODAY)
    assert as_(cast.mia).post(url(own), ask()).status_code == 404
    enroll(cast.ada, cast.course, cycle=2, due_on=TODAY)
    assert as_(cast.mia).post(url(ada), ask()).status_code == 404
    User.objects.filter(pk=cast.ada.pk).update(is_active=False)
    assert as_(cast.mia).get(url(cast.ada.enrollments.get(cycle=2))).status_code == 404


def test_a_new_cycle_has_its_own_more_time(cast, ada):
    assert more_time.give(ada, cast.mia, TODAY + timedelta(days=9), "R")
    again = enroll(cast.ada, cast.course, cycle=2, due_on=TODAY)
    assert not more_time.give(ada, cast.mia, TODAY + timedelta(days=12), "R")
    assert more_time.give(again, cast.mia, TODAY + timedelta(days=12), "R")


def test_a_managers_page_shows_excused_and_not_why(cast, ada, as_):
    changes.excuse(Enrollment.objects.filter(pk=ada.pk), cast.hana, "absence", "Secret note")
    mia = as_(cast.mia)
    for page in (mia.get("/reports/").text, mia.get(url(ada)).text):
        assert "Excused" in page
        assert "Secret note" not in page
        assert "Long absence" not in page
    assert "Lyon: nothing is asked of anybody now. 1 excused." in text_of(mia.get("/reports/"))
    assert "not counted among those asked" in mia.get("/reports/").text
    assert "Excused" in b"".join(mia.get("/reports/team.csv").streaming_content).decode()


def test_the_page_costs_as_much_with_many_people(cast, ada, as_, django_assert_max_num_queries):
    mia = as_(cast.mia)
    for number in range(12):
        enroll(make_member(cast.lyon, f"P{number} X", email=f"p{number}@example.com"), cast.course, due_on=TODAY)
    with django_assert_max_num_queries(9):
        mia.get(url(ada))
