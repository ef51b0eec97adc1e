"""HR and the final: sooner, or with a limit; always with a reason, and never undone."""

import pytest
from django.urls import reverse

from quizzes import retakes, taking
from quizzes.models import Quiz, RetakeChange

pytestmark = pytest.mark.django_db

ADD = "/admin/quizzes/retakechange/add/"


@pytest.fixture
def final(cast):
    quiz = Quiz.objects.get()
    quiz.is_final = True
    quiz.save()
    taking.close(taking.start(cast.ada_enrolled, quiz))
    return quiz


def sent(final, **data):
    return {"person": "1001", "quiz": final.pk, "reason": "Was ill", "limit": "", **data}


def test_hr_lets_somebody_try_again_at_once(cast, final, as_):
    assert retakes.of(cast.ada_enrolled, final).opens_at
    response = as_(cast.hana).post(ADD, sent(final, person=" ADA@example.com ", now="on"), follow=True)
    assert response.status_code == 200
    fact = RetakeChange.objects.get()
    assert (fact.enrollment, fact.by, fact.reason) == (cast.ada_enrolled, cast.hana, "Was ill")
    assert "May try again now" in response.text
    assert taking.start(cast.ada_enrolled, final).number == 2


def test_a_limit_that_is_reached_is_said(cast, final, as_):
    response = as_(cast.hana).post(ADD, sent(final, limit="1"), follow=True)
    assert "no attempt left" in response.text
    assert "1 attempts in all" in response.text
    with pytest.raises(retakes.NoneLeft):
        taking.start(cast.ada_enrolled, final)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({}, "Say what changes"),
        ({"now": "on", "person": "nobody@example.com"}, "Nobody with this address or number"),
        ({"now": "on", "reason": ""}, "This field is required"),
        ({"limit": "-1"}, "greater than or equal to 0"),
        ({"now": "on", "quiz": "99999"}, "valid choice"),
    ],
)
def test_what_is_missing_is_said_and_nothing_saved(cast, final, as_, data, word):
    response = as_(cast.hana).post(ADD, sent(final, **data))
    assert response.status_code == 200
    assert word in response.text
    assert not RetakeChange.objects.exists()


def test_only_hr_may(cast, final, as_):
    for person in (cast.ed, cast.olga, cast.mia, cast.ada):
        assert as_(person).post(ADD, sent(final, now="on")).status_code == 403
    assert not RetakeChange.objects.exists()


def test_the_task_is_on_hrs_list(cast, final, as_):
    assert reverse("admin:quizzes_retakechange_changelist") in as_(cast.hana).get("/admin/").text
