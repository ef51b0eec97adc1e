from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from desk import retention
from notices.models import Heartbeat
from quizzes.models import Answer, Attempt, CheckAnswer
from tests.builders import PASSWORD, make_person
from tests.desk.lives import live

LEFT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def retain(*options: str) -> str:
    said = io.StringIO()
    call_command("retain", *options, stdout=said)
    return said.getvalue()


@pytest.fixture
def ada(cast) -> User:
    """Somebody with answers, who left on the last of January."""
    person = live(cast, "ADAQ")
    person.leave(LEFT)
    return person


def answers_of(person: User) -> int:
    given = Answer.objects.filter(attempt__enrollment__user=person, response__isnull=False).count()
    return given + CheckAnswer.objects.filter(user=person).count()


@pytest.mark.parametrize(
    ("at", "months", "day"),
    [
        (datetime(2027, 1, 31), 12, datetime(2026, 1, 31)),
        (datetime(2026, 3, 31), 1, datetime(2026, 2, 28)),
        (datetime(2028, 3, 30), 1, datetime(2028, 2, 29)),
        (datetime(2026, 1, 15), 36, datetime(2023, 1, 15)),
        (datetime(2026, 12, 31), 12, datetime(2025, 12, 31)),
        (datetime(2026, 12, 1), 11, datetime(2026, 1, 1)),
    ],
)
def test_months_before(at, months, day):
    assert retention.months_before(at, months) == day


def test_answers_go_after_a_year_and_the_record_after_three(ada):
    had = answers_of(ada)
    assert had > 3
    with time_machine.travel(LEFT.replace(year=2027) - timedelta(minutes=1), tick=False):
        assert retain() == "Answers of 0 people forgotten; 0 people erased.\n"
    assert answers_of(ada) == had
    with time_machine.travel(LEFT.replace(year=2027), tick=False):
        assert retain("--dry-run") == "Answers of 1 people would be forgotten; 0 people would be erased.\n"
        assert answers_of(ada) == had
        assert retain() == "Answers of 1 people forgotten; 0 people erased.\n"
        assert retain() == "Answers of 0 people forgotten; 0 people erased.\n"
    assert answers_of(ada) == 0
    assert Attempt.objects.of(ada).exclude(score=None).count() == 1
    assert User.objects.get(pk=ada.pk).name == ada.name
    with time_machine.travel(LEFT.replace(year=2029), tick=False):
        assert retain("--dry-run") == "Answers of 0 people would be forgotten; 1 people would be erased.\n"
        assert User.objects.get(pk=ada.pk).erased_at is None
        assert retain() == "Answers of 0 people forgotten; 1 people erased.\n"
        assert retain() == "Answers of 0 people forgotten; 0 people erased.\n"
    erased = User.objects.get(pk=ada.pk)
    assert (erased.name, erased.left_at) == ("Erased person", LEFT)
    assert erased.erased_at.year == 2029


def test_zero_keeps_for_ever(ada, settings):
    settings.RETAIN_ANSWERS_MONTHS = settings.RETAIN_RECORD_MONTHS = 0
    with time_machine.travel(LEFT.replace(year=2099), tick=False):
        assert retain() == "Answers of 0 people forgotten; 0 people erased.\n"


def test_people_who_are_here_came_back_or_are_only_switched_off_lose_nothing(cast, ada):
    ada.come_back()
    otto = live(cast, "OTTOQ")
    User.objects.filter(pk=otto.pk).update(is_active=False)
    had = answers_of(ada), answers_of(otto)
    with time_machine.travel(LEFT.replace(year=2099), tick=False):
        assert retain() == "Answers of 0 people forgotten; 0 people erased.\n"
    assert (answers_of(ada), answers_of(otto)) == had


def test_administrators_are_named_by_number_and_left_alone(db):
    boss = User.objects.create_superuser(name="Root", email="root@example.com", password=PASSWORD)
    boss.leave(LEFT)
    with time_machine.travel(LEFT.replace(year=2030), tick=False):
        assert "1 administrators left alone" in retain()
    assert User.objects.get(pk=boss.pk).name == "Root"


def test_more_people_than_a_batch_are_all_done(db, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for n in range(5):
        make_person(f"Leaver{n} One").leave(LEFT)
    done = retention.retain(LEFT.replace(year=2030))
    assert (done.forgotten, done.erased) == (0, 5)
    assert retention.retain(LEFT.replace(year=2030)).erased == 0


def test_what_the_result_page_says_of_forgotten_answers(client, cast, ada):
    retention.retain(LEFT.replace(year=2028))
    ada = User.objects.get(pk=ada.pk)
    ada.come_back()
    client.force_login(ada)
    quiz = cast.course.lessons.get(kind="quiz")
    page = client.get(f"/courses/{cast.course.key}/{quiz.slug}/quiz/1/").content.decode()
    assert "Your answers were deleted on" in page
    assert "unanswered" not in page.lower()
    assert "2 of 2" in page  # the score, as a regrade left it


@pytest.mark.parametrize("name", ["retain", "tidy", "enroll_due"])
def test_nightly_work_says_that_it_was_done(db, name):
    call_command(name, stdout=io.StringIO())
    assert timezone.now() - Heartbeat.objects.get(name=name).at < timedelta(minutes=5)


def test_a_dry_run_is_no_nightly_work(db):
    retain("--dry-run")
    assert not Heartbeat.objects.filter(name="retain").exists()
