"""What a manager is told once a week. 2026-12-07 is a Monday."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Team, User
from courses.models import Enrollment
from desk import mailing
from notices import sending
from notices.models import News, Notice
from reports import digest
from tests.builders import enroll, make_member
from tests.conftest import Cast, with_role
from tests.notices.writing import paris, tick

MONDAY = paris("2026-12-07 09:30")
LONG_AGO = paris("2026-09-01 10:00")


@pytest.fixture
def late(cast: Cast) -> Cast:
    """Ada of Lyon is late since a week, and had her reminders; Otto of Paris has nothing due."""
    User.objects.update(time_zone="Europe/Paris")
    Enrollment.objects.update(enrolled_at=LONG_AGO, started_at=LONG_AGO)
    Enrollment.objects.filter(pk=cast.ada_enrolled.pk).update(due_on=date(2026, 10, 1))
    return cast


def digests() -> list[str]:
    return [message.to[0] for message in mail.outbox]


def test_once_a_week_and_to_nobody_with_nothing_to_hear(late: Cast) -> None:
    assert tick(MONDAY) == ["Lyon this week"]
    for hour in range(1, 24 * 7):
        tick(MONDAY + timedelta(hours=hour))
    assert digests() == ["mia@example.com"]  # not Pia: in Paris all is well
    tick(MONDAY + timedelta(days=7))
    assert digests() == ["mia@example.com"] * 2
    body = mail.outbox[0].body
    assert "Lyon: 0 of 1 complete. 1 overdue" in body
    assert "Ada Moreau: Everything, due Thursday, October 1" in body
    assert "http://127.0.0.1:8000/reports/" in body


def test_one_however_many_teams(late: Cast) -> None:
    Membership.objects.create(team=late.paris, user=late.mia, role="manager")
    Enrollment.objects.filter(pk=late.otto_enrolled.pk).update(due_on=date(2026, 10, 1))
    tick(MONDAY)
    assert sorted(digests()) == ["mia@example.com", "pia@example.com"]
    [mine] = [message for message in mail.outbox if message.to == ["mia@example.com"]]
    assert "Otto Lind" in mine.body
    assert "Ada Moreau" in mine.body
    [hers] = [message for message in mail.outbox if message.to == ["pia@example.com"]]
    assert "Ada Moreau" not in hers.body


def test_it_holds_only_whom_the_manager_may_see(late: Cast) -> None:
    above = make_member(late.company, "Carla Chief", role="manager", time_zone="Europe/Paris")
    Enrollment.objects.filter(pk=late.otto_enrolled.pk).update(due_on=date(2026, 10, 1))
    late.ada.leave(MONDAY)
    tick(MONDAY)
    assert sorted(digests()) == ["carla@example.com", "pia@example.com"]
    assert not [message for message in mail.outbox if "Ada" in message.body]
    assert above.mail_digest


def test_hr_hears_of_the_team_they_manage_alone(late: Cast) -> None:
    with_role(late.mia, "HR")
    Enrollment.objects.filter(pk=late.otto_enrolled.pk).update(due_on=date(2026, 10, 1))
    tick(MONDAY)
    [mine] = [message for message in mail.outbox if message.to == ["mia@example.com"]]
    assert "Otto" not in mine.body


def test_people_without_mail_are_to_be_told_in_person(late: Cast) -> None:
    paper = make_member(late.lyon, "Petra Paper", email=None, staff_number="77")
    bounce = make_member(late.lyon, "Bob Bounce")
    for person in (paper, bounce):
        enroll(person, late.course, at=MONDAY)
    Notice.objects.create(
        key="x", kind="letter", recipient=bounce, address=bounce.email, subject="s", failed_at=MONDAY, has_bounced=True
    )
    Enrollment.objects.filter(pk=late.ada_enrolled.pk).update(due_on=None)
    mailing.write_due(MONDAY)
    told = Notice.objects.get(recipient=late.mia).body.split("tell in person")[1]
    assert "- Bob Bounce\n- Petra Paper" in told
    assert Notice.objects.filter(recipient=bounce, sent_at=None, failed_at=None).exists()  # it may work again


def test_whoever_switched_it_off_has_none(late: Cast) -> None:
    User.objects.filter(pk=late.mia.pk).update(mail_digest=False)
    assert tick(MONDAY) == []


def test_with_news_of_ones_own_it_is_one_letter(late: Cast) -> None:
    enroll(late.mia, late.course, at=MONDAY)
    assert tick(MONDAY) == ["Please take “Everything”, and 1 more"]
    assert {row.kind for row in News.objects.filter(recipient=late.mia)} == {"asked", "digest"}


def test_a_digest_that_waited_is_of_the_moment_it_goes(late: Cast) -> None:
    mailing.write_due(MONDAY)
    Enrollment.objects.filter(pk=late.ada_enrolled.pk).update(due_on=None)
    assert sending.send_waiting(MONDAY) == 0
    assert Notice.objects.get().withdrawn_at
    assert not News.objects.exists()


def test_many_names_are_counted(late: Cast) -> None:
    for number in range(20):
        person = make_member(late.lyon, f"Person{number:02d} X", mail_reminders=False)
        enroll(person, late.course, at=LONG_AGO, started_at=LONG_AGO, due_on=date(2026, 10, 1))
    tick(MONDAY)
    body = mail.outbox[0].body
    assert "21 overdue" in body
    assert body.count("due Thursday, October 1") == digest.LISTED
    assert f"- and {21 - digest.LISTED} more" in body


def test_finding_managers_costs_the_same_for_any_number(late: Cast) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert digest.managers_to_tell(MONDAY, set())
        return len(queries)

    one = count()
    for number in range(5):
        team = Team.add(f"Team {number}", late.company)
        make_member(team, f"Manager{number} X", role="manager")
        enroll(make_member(team, f"Member{number} X"), late.course, at=LONG_AGO, due_on=date(2026, 10, 1))
    assert count() == one
    assert len(digest.managers_to_tell(MONDAY, set())) == 6
