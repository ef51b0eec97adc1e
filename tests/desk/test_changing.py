"""HR's pages for extend, excuse, pause, withdraw: of one person, and of all that a filter finds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry

from courses.models import Enrollment, EnrollmentChange
from courses.models.enrollment import site_day
from tests.builders import enroll, make_member

LIST = "/admin/courses/enrollment/"
TODAY = site_day()
FORMS = {
    "excuse": {"excuse": "absence", "reason": ""},
    "ask-again": {"reason": ""},
    "pause": {"reason": "Opening in Nice"},
    "resume": {"reason": ""},
    "withdraw": {"reason": "Left sales"},
    "reinstate": {"reason": ""},
}
PAIRS = [
    ("excuse", "ask-again", "excused_at"),
    ("pause", "resume", "paused_at"),
    ("withdraw", "reinstate", "withdrawn_at"),
]


def place(enrollment, verb="") -> str:
    return f"{LIST}{enrollment.pk}/do/{verb}/" if verb else f"{LIST}{enrollment.pk}/change/"


@pytest.mark.parametrize(("verb", "back", "field"), PAIRS)
def test_a_verb_and_its_way_back(cast, as_, verb, back, field):
    hana, ada = as_(cast.hana), cast.ada_enrolled
    assert f'href="{place(ada, verb)}"' in hana.get(place(ada)).text
    assert hana.get(place(ada, back)).status_code == 302, "there is nothing to take back yet"
    assert "desk" not in hana.get(place(ada, verb)).text
    for _click in range(2):
        answer = hana.post(place(ada, verb), FORMS[verb], follow=True)
        assert answer.redirect_chain == [(place(ada), 302)]
    ada.refresh_from_db()
    assert getattr(ada, field)
    assert EnrollmentChange.objects.count() == LogEntry.objects.filter(object_id=str(ada.pk)).count() == 1
    page = hana.get(place(ada)).text
    assert f'href="{place(ada, back)}"' in page
    assert "Save the dates" not in page
    hana.post(place(ada, back), FORMS[back])
    ada.refresh_from_db()
    assert getattr(ada, field) is None
    assert "Save the dates" in hana.get(place(ada)).text


def test_dates_of_somebody_set_aside_cannot_be_changed_by_a_forged_form(cast, as_):
    hana, ada = as_(cast.hana), cast.ada_enrolled
    hana.post(place(ada, "pause"), FORMS["pause"])
    hana.post(place(ada), {"due_on": "2031-05-06", "closes_on": "", "reason": "R"})
    ada.refresh_from_db()
    assert ada.due_on is None


@pytest.mark.parametrize(
    "wrong",
    [("excuse", {}), ("excuse", {"excuse": "made-up"}), ("excuse", {"excuse": "other"}), ("pause", {"reason": ""}),
     ("withdraw", {"reason": " "})],
)  # fmt: skip
def test_what_is_missing_is_said(cast, as_, wrong):
    verb, data = wrong
    page = as_(cast.hana).post(place(cast.ada_enrolled, verb), data)
    assert page.status_code == 200
    assert "Error:" in page.text
    assert not EnrollmentChange.objects.exists()


def test_the_page_of_a_resume_says_where_the_days_move(cast, as_):
    hana, ada = as_(cast.hana), cast.ada_enrolled
    Enrollment.objects.filter(pk=ada.pk).update(
        due_on=TODAY, paused_at=ada.enrolled_at - timedelta(days=3), closes_on=TODAY + timedelta(days=1)
    )
    page = hana.get(place(ada, "resume")).text
    assert "stood still for 3 days" in page
    assert "The due day moves from" in page
    assert "The cut-off moves from" in page


def test_the_history_reads_as_words(cast, as_):
    hana, ada = as_(cast.hana), cast.ada_enrolled
    hana.post(place(ada), {"due_on": "2031-05-06", "closes_on": "2031-06-06", "reason": "Parental leave"})
    hana.post(place(ada, "excuse"), FORMS["excuse"])
    page = hana.get(place(ada)).text
    for words in ("May 6, 2031", "June 6, 2031", "Parental leave", "Long absence", "Hana Sato"):
        assert words in page


def test_the_cut_off_cannot_come_before_the_due_day(cast, as_):
    page = as_(cast.hana).post(
        place(cast.ada_enrolled), {"due_on": "2031-05-06", "closes_on": "2031-05-05", "reason": "R"}
    )
    assert "The cut-off cannot come before the due day." in page.text
    assert not EnrollmentChange.objects.exists()


# --- Many at once ---


@pytest.fixture
def shop(cast):
    """Five late people in Lyon, one of them excused; Ada there without a due day; Otto late in Paris."""
    late = {"due_on": TODAY - timedelta(days=3)}
    crew = [enroll(make_member(cast.lyon, f"P{n} X", email=f"p{n}@example.com"), cast.course, **late) for n in range(5)]
    Enrollment.objects.filter(pk=crew[0].pk).update(excused_at=crew[0].enrolled_at)
    Enrollment.objects.filter(pk=cast.otto_enrolled.pk).update(**late)
    return crew


def test_a_team_is_excused_after_a_page_with_the_number(cast, as_, shop):
    hana, address = as_(cast.hana), f"{LIST}do/excuse/?team={cast.lyon.pk}"
    assert address.replace("&", "&amp;") in hana.get(LIST, {"team": cast.lyon.pk}).text
    assert "Excuse 6 people" in hana.get(address).text
    page = hana.post(address, FORMS["excuse"])
    assert "This touches 5 people." in page.text
    assert "1 of those chosen is left out" in page.text
    assert not EnrollmentChange.objects.exists()
    for _click in range(2):
        hana.post(address, {**FORMS["excuse"], "confirmed": "1"})
    assert EnrollmentChange.objects.filter(what="excused").count() == 5
    assert Enrollment.objects.filter(excused_at=None).get() == cast.otto_enrolled


def test_more_time_for_all_who_are_late(cast, as_, shop):
    hana, address = as_(cast.hana), f"{LIST}do/extend/?state=overdue"
    Enrollment.objects.filter(pk=shop[1].pk).update(closes_on=TODAY)
    day = TODAY + timedelta(days=9)
    page = hana.post(address, {"day": day.isoformat(), "reason": "Flood"})
    assert "This touches 5 people." in page.text
    assert "The cut-off of 1 person moves along." in page.text
    hana.post(address, {"day": day.isoformat(), "reason": "Flood", "confirmed": "1"})
    assert Enrollment.objects.filter(due_on=day).count() == 5
    assert (
        "Nothing is left to change"
        in hana.post(address, {"day": day.isoformat(), "reason": "Flood", "confirmed": "1"}, follow=True).text
    )
    assert "Error:" in hana.post(address, {"day": "2001-01-01", "reason": "R"}).text


@pytest.mark.parametrize(
    "query",
    ["", "?state=nonsense", "?team=x", "?p=1", "?who=everybody", "?q=%20", '?q=""', "?state=overdue&team=999999"],
)
def test_without_a_filter_nobody_is_touched(cast, as_, shop, query):
    answer = as_(cast.hana).post(f"{LIST}do/pause/{query}", {"reason": "R", "confirmed": "1"})
    assert answer.status_code in (302, 400)
    assert not EnrollmentChange.objects.exists()


def test_other_verbs_are_not_for_many(cast, as_):
    for verb in ("withdraw", "delete", "nonsense"):
        assert as_(cast.hana).get(f"{LIST}do/{verb}/?team={cast.lyon.pk}").status_code == 404
        if verb != "withdraw":
            assert as_(cast.hana).get(place(cast.ada_enrolled, verb)).status_code == 404


def test_a_name_is_a_filter_too(cast, as_, shop):
    hana = as_(cast.hana)
    assert "Pause the clock for 1 person" in hana.get(f"{LIST}do/pause/?q=ada").text
    hana.post(f"{LIST}do/pause/?q=ada", {"reason": "R", "confirmed": "1"})
    assert EnrollmentChange.objects.get().enrollment == cast.ada_enrolled


def test_the_pages_cost_as_much_with_more_people(cast, as_, shop, django_assert_max_num_queries):
    hana = as_(cast.hana)
    for number in range(20):
        person = make_member(cast.lyon, f"Q{number} X", email=f"q{number}@example.com")
        enroll(person, cast.course, due_on=TODAY)
    with django_assert_max_num_queries(9):
        hana.get(LIST, {"team": cast.lyon.pk})
    with django_assert_max_num_queries(14):
        assert "Pause the clock for 26 people" in hana.get(f"{LIST}do/pause/?team={cast.lyon.pk}").text
    with django_assert_max_num_queries(26):
        hana.post(f"{LIST}do/pause/?team={cast.lyon.pk}", {"reason": "R", "confirmed": "1"})
    assert EnrollmentChange.objects.count() == 25
    with django_assert_max_num_queries(10):
        hana.get(place(cast.ada_enrolled))


def test_only_hr_may(cast, as_):
    for person in (cast.ed, cast.olga, cast.mia, cast.ada):
        assert as_(person).post(place(cast.ada_enrolled, "excuse"), FORMS["excuse"]).status_code == 403
        assert as_(person).post(f"{LIST}do/excuse/?q=ada", {**FORMS["excuse"], "confirmed": "1"}).status_code == 403
    assert not EnrollmentChange.objects.exists()
