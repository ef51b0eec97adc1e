"""Letters over a real connection to a mail server that bounces, hangs and breaks off. 2026-12-08 is a Tuesday."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from courses.models import Enrollment
from desk import mailing
from notices import sending
from notices.models import Heartbeat, News, Notice
from tests.builders import enroll, make_member
from tests.conftest import Cast
from tests.notices.smtp import MailServer
from tests.notices.writing import paris

TUESDAY = paris("2026-12-08 10:00")
LONG_AGO = paris("2026-09-01 10:00")


@pytest.fixture
def due(cast: Cast) -> Enrollment:
    User.objects.update(time_zone="Europe/Paris", mail_digest=False)
    Enrollment.objects.update(enrolled_at=LONG_AGO, started_at=LONG_AGO)
    Enrollment.objects.filter(pk=cast.ada_enrolled.pk).update(due_on=date(2026, 12, 8))
    cast.ada_enrolled.refresh_from_db()
    return cast.ada_enrolled


def test_a_letter_is_two_texts_with_a_button(cast: Cast, due: Enrollment, server: MailServer) -> None:
    mailing.write_due(TUESDAY)
    assert sending.send_waiting(TUESDAY) == 1
    [letter] = server.accepted
    assert [part.get_content_type() for part in letter.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["List-Unsubscribe"].strip().startswith("<http://127.0.0.1:8000/accounts/mail/")


def test_a_secret_has_no_button(cast: Cast, server: MailServer) -> None:
    Notice.objects.create(key="s", kind="secret", recipient=cast.ada, address=cast.ada.email, subject="s", body="b")
    sending.send_waiting()
    assert server.accepted[0]["List-Unsubscribe"] is None


def test_an_address_that_bounces_is_given_up_at_once_and_shown(
    cast: Cast, due: Enrollment, server: MailServer, client: Client
) -> None:
    server.unknown["ada@example.com"] = "550 5.1.1 No such person here"
    mailing.write_due(TUESDAY)
    assert sending.send_waiting(TUESDAY) == 0
    notice = Notice.objects.get()
    assert (notice.tries, notice.has_bounced, notice.failed_at) == (1, True, TUESDAY)
    assert "No such person here" in notice.error
    assert mailing.write_due(TUESDAY + timedelta(minutes=10)) == 0  # not the same again
    assert cast.ada.is_unreachable()
    assert set(User.objects.unreachable().filter(email__isnull=False)) == {cast.ada}
    client.force_login(cast.hana)
    assert "Address bounces" in client.get(f"/admin/accounts/user/{cast.ada.pk}/change/").content.decode()
    found = client.get("/admin/accounts/user/?active=bounces").context["cl"].result_list
    assert [person.pk for person in found] == [cast.ada.pk]
    server.unknown.clear()
    mailing.write_due(TUESDAY + timedelta(days=7))
    assert sending.send_waiting(TUESDAY + timedelta(days=7)) == 1  # the next reminder arrives
    assert not cast.ada.is_unreachable()
    assert not User.objects.unreachable().filter(email__isnull=False).exists()


def test_another_address_is_no_longer_out_of_reach(cast: Cast, due: Enrollment, server: MailServer) -> None:
    server.unknown["ada@example.com"] = "550 No"
    mailing.write_due(TUESDAY)
    sending.send_waiting(TUESDAY)
    cast.ada.refresh_from_db()
    cast.ada.change_email("moreau@example.com")
    assert not cast.ada.is_unreachable()
    assert not User.objects.unreachable().filter(pk=cast.ada.pk).exists()


def test_a_refusal_for_now_is_no_bounce(cast: Cast, due: Enrollment, server: MailServer) -> None:
    server.unknown["ada@example.com"] = "450 Mailbox full"
    mailing.write_due(TUESDAY)
    assert sending.send_waiting(TUESDAY) == 0
    notice = Notice.objects.get()
    assert (notice.has_bounced, notice.is_unsent, notice.tries) == (False, True, 1)
    server.unknown.clear()
    assert sending.send_waiting(TUESDAY + timedelta(minutes=1)) == 1


def test_a_server_that_hangs_ends_the_round_and_loses_nothing(
    cast: Cast, due: Enrollment, server: MailServer, settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    for number in range(3):
        enroll(make_member(cast.lyon, f"New{number} X", time_zone="Europe/Paris"), cast.course, at=TUESDAY)
    mailing.write_due(TUESDAY)
    server.silent.set()
    assert sending.send_waiting(TUESDAY) == 0
    assert sum(Notice.objects.values_list("tries", flat=True)) == 1  # one message paid for it, not all
    assert Heartbeat.objects.get(name="sender").at == TUESDAY
    server.silent.clear()
    assert sending.send_waiting(TUESDAY) == 3
    assert sending.send_waiting(TUESDAY + timedelta(minutes=5)) == 1
    assert set(Counter(server.recipients).values()) == {1}


def test_a_server_that_hangs_for_a_day_makes_nobody_give_up(cast: Cast, due: Enrollment, server: MailServer) -> None:
    mailing.write_due(TUESDAY)
    notice = Notice.objects.get()
    for tries in range(1, 30):
        notice.tries = tries
        sending.put_off(notice, TimeoutError("timed out"), TUESDAY)
        assert notice.is_unsent
    notice.tries = sending.MAX_BREAKS
    sending.put_off(notice, TimeoutError("timed out"), TUESDAY)
    assert notice.failed_at


def test_a_server_that_breaks_off_half_way_loses_and_doubles_nothing(
    cast: Cast, due: Enrollment, server: MailServer
) -> None:
    people = [make_member(cast.lyon, f"New{number} X", time_zone="Europe/Paris") for number in range(8)]
    for person in people:
        enroll(person, cast.course, at=TUESDAY)
    mailing.write_due(TUESDAY)
    seen: Counter[str] = Counter()

    def every_third_breaks(recipient: str, count: int) -> str | None:
        seen[recipient] += 1
        return None if sum(seen.values()) % 3 == 0 else "250 OK"

    server.verdict = every_third_breaks
    for minutes in (0, 2, 6, 14, 30, 62):
        at = TUESDAY + timedelta(minutes=minutes)
        mailing.write_due(at)
        sending.send_waiting(at)
    assert sorted(server.recipients) == sorted([cast.ada.email, *(person.email for person in people)])
    assert not Notice.objects.unsent().exists()
    assert News.objects.filter(letter__sent_at__isnull=False).count() == 9


# --- On the staff pages ----------------------------------------------------------------------------------------------


def test_operators_see_that_a_letter_went_and_hr_what_it_said(cast: Cast, due: Enrollment, client: Client) -> None:
    mailing.write_due(TUESDAY)
    pk = Notice.objects.get().pk
    words, token = "“Everything” is due today", "/accounts/mail/"
    for person, sees in ((cast.olga, False), (cast.hana, True)):
        client.force_login(person)
        for page in ("/admin/notices/notice/", f"/admin/notices/notice/{pk}/change/"):
            text = client.get(page).content.decode()
            assert (words in text) is sees
            assert ("Reminder" in text) is not sees or sees
        assert f"{token}{cast.ada.pk}:" not in text


def test_why_a_notice_waits(cast: Cast, due: Enrollment, client: Client, time_machine) -> None:
    time_machine.move_to(TUESDAY, tick=False)
    mailing.write_due(TUESDAY)
    notice = Notice.objects.get()
    client.force_login(cast.olga)

    def why() -> str:
        return client.get(f"/admin/notices/notice/{notice.pk}/change/").content.decode()

    assert "The sender does not run." in why()
    Heartbeat.beat("sender", TUESDAY)
    assert "The sender takes it next" in why()
    sending.put_off(sending.claim(notice.pk, TUESDAY), ConnectionError("gone"), TUESDAY)
    assert "Tried once; again at" in why()
    assert "ConnectionError: gone" in why()


@pytest.mark.parametrize(
    ("chosen", "keys"),
    [
        ("waiting", {"waiting"}),
        ("later", {"later"}),
        ("sent", {"sent"}),
        ("given-up", {"failed", "bounced"}),
        ("bounced", {"bounced"}),
        ("withdrawn", {"withdrawn"}),
        ("nonsense", {"waiting", "later", "sent", "failed", "bounced", "withdrawn"}),
    ],
)
def test_the_list_by_what_became_of_it(cast: Cast, client: Client, chosen: str, keys: set[str]) -> None:
    now = timezone.now()
    facts: dict[str, dict] = {
        "waiting": {},
        "later": {"not_before": now + timedelta(days=1)},
        "sent": {"sent_at": now},
        "failed": {"failed_at": now},
        "bounced": {"failed_at": now, "has_bounced": True},
        "withdrawn": {"withdrawn_at": now},
    }
    for key, fact in facts.items():
        Notice.objects.create(key=key, kind="plain", address=f"{key}@example.com", subject=key, **fact)
    client.force_login(cast.olga)
    found = client.get(f"/admin/notices/notice/?delivery={chosen}").context["cl"].result_list
    assert {notice.key for notice in found} == keys


def test_the_list_costs_the_same_for_any_number(cast: Cast, due: Enrollment, client: Client) -> None:
    client.force_login(cast.olga)
    mailing.write_due(TUESDAY)
    client.get("/admin/notices/notice/")

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/notices/notice/")
        return len(queries)

    one = count()
    for number in range(6):
        enroll(make_member(cast.lyon, f"New{number} X", time_zone="Europe/Paris"), cast.course, at=TUESDAY)
    mailing.write_due(TUESDAY)
    assert (Notice.objects.count(), count()) == (7, one)


@pytest.mark.parametrize(
    ("name", "minutes", "words"), [("sender", 3, "no mail goes out"), ("writer", 61, "no reminders")]
)
def test_what_stands_still_is_red_on_the_first_staff_page(
    cast: Cast, client: Client, name: str, minutes: int, words: str
) -> None:
    now = timezone.now()
    for one in ("sender", "writer"):
        Heartbeat.beat(one, now)
    client.force_login(cast.olga)
    assert 'role="alert"' not in client.get("/admin/").content.decode()
    Heartbeat.beat(name, now - timedelta(minutes=minutes))
    page = client.get("/admin/").content.decode()
    assert words in page
    assert "Silent" in client.get("/admin/sender/").content.decode()
    assert client.get("/readyz").status_code == (503 if name == "sender" else 200)
    client.force_login(cast.hana)
    assert words not in client.get("/admin/").content.decode()
