"""What learners read of changes of what is asked of them: who moved the due day, excuse, pause, withdrawal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from courses import changes, more_time
from courses.models import Enrollment
from courses.models.enrollment import site_day
from tests.conftest import sign_in

HOME = "/"


@pytest.fixture
def ada(client, cast):
    Enrollment.objects.update(due_on=site_day() + timedelta(days=2))
    cast.ada_enrolled.refresh_from_db()
    return sign_in(client, cast.ada)


@pytest.fixture
def whom(cast):
    return Enrollment.objects.filter(pk=cast.ada_enrolled.pk)


@pytest.fixture
def pages(ada, cast):
    def read() -> str:
        return ada.get(HOME).text + ada.get(cast.course.get_absolute_url()).text

    return read


def test_who_gave_more_time_and_why(cast, pages):
    assert "gave more time" not in pages()
    more_time.give(cast.ada_enrolled, cast.mia, site_day() + timedelta(days=9), "Inventory week")
    found = pages()
    assert found.count("Mia Duval gave more time on") == 2
    assert found.count("“Inventory week”") == 2


def test_a_day_that_hr_moved_back_is_not_called_more_time(cast, pages, whom):
    changes.extend(whom, cast.hana, "Audit", site_day())
    found = pages()
    assert found.count("Hana Sato changed it on") == 2
    assert "gave more time" not in found


def test_an_excuse_is_said_with_its_word_and_without_the_note(cast, pages, whom):
    changes.excuse(whom, cast.hana, "absence", "Secret note")
    found = pages()
    assert found.count("You are excused since") == 2
    assert found.count("(Long absence)") == 2
    assert "Secret note" not in found
    assert ">Due" not in found.replace(">Due soon", "")


def test_a_pause_is_said_and_what_came_of_it(cast, pages, whom):
    changes.pause(whom, cast.hana, "Secret reason", timezone.now() - timedelta(days=4))
    found = pages()
    assert found.count("the clock stands still") == 2
    assert "Secret reason" not in found
    assert "Start:" in found, "one may go on"
    changes.resume(whom, cast.hana)
    assert pages().count("moved by the days of your pause") == 2


def test_a_withdrawn_course_is_no_task_and_can_still_be_read(cast, ada, pages, whom):
    changes.withdraw(whom, cast.hana, "Secret reason")
    found = pages()
    assert "Nothing to do here any more" in found
    assert found.count("you are no longer asked to take it") == 2
    assert "Start:" not in found
    assert "Secret reason" not in found
    lesson = cast.course.lessons.filter(kind="reading").first()
    page = ada.get(lesson.get_absolute_url()).text
    assert "You are no longer asked to take this course." in page
    assert "closed on" not in page
    ada.post(f"{lesson.get_absolute_url()}complete/", {"revision": lesson.published_revision_id})
    assert not cast.ada_enrolled.completions.exists()


def test_what_the_manager_sees_says_the_same(cast, ada, whom):
    for verb, word in ((changes.pause, "Paused"), (changes.withdraw, "Withdrawn")):
        verb(whom, cast.hana, "Secret reason")
        page = ada.get("/my/what-my-manager-sees/").text
        assert word in page
        assert "Secret reason" not in page


def test_it_costs_one_query_and_only_where_there_is_something_to_tell(cast, ada, django_assert_max_num_queries):
    ada.get(HOME)
    with django_assert_max_num_queries(8):  # one of them for live sessions
        ada.get(HOME)
    more_time.give(cast.ada_enrolled, cast.mia, site_day() + timedelta(days=9), "R")
    with django_assert_max_num_queries(9):
        ada.get(HOME)
