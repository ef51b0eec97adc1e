from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from accounts.models import User
from notices import outbox, sending
from notices.management.commands.send_notices import Command
from notices.models import Heartbeat, Notice
from tests.at_once import at_once
from tests.builders import make_person
from tests.notices.smtp import MailServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ada(db: None) -> User:
    return make_person("Ada Moreau")


def write(person: User | None, key: str = "k", **fields: object) -> Notice:
    fields = {"address": "ada@example.com", "subject": f"About {key}", "body": f"Text of {key}"} | fields
    outbox.write(key, recipient=person, **fields)  # type: ignore[arg-type]
    return Notice.objects.get(key=key)


# --- Writing ---------------------------------------------------------------------------------------------------------


def test_the_same_news_is_written_once(ada: User) -> None:
    write(ada)
    write(ada, body="again")
    assert Notice.objects.get().body == "Text of k"


def test_what_is_rolled_back_is_not_written(ada: User) -> None:
    with transaction.atomic():
        write(ada)
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


def test_a_subject_is_one_line(ada: User, server: MailServer) -> None:
    write(ada, subject="Hello\r\nBcc: evil@example.com\n" + "x" * 300)
    sending.send_waiting()
    assert server.recipients == ["ada@example.com"]
    assert server.accepted[0]["Bcc"] is None


# --- Sending ---------------------------------------------------------------------------------------------------------


def test_a_message_goes_out_once(ada: User, server: MailServer) -> None:
    notice = write(ada)
    assert [sending.send_waiting(), sending.send_waiting()] == [1, 0]
    mail = server.accepted[0]
    assert (mail["To"], mail["Subject"]) == ("ada@example.com", "About k")
    assert mail.get_payload().strip() == "Text of k"
    assert mail["Message-ID"] == f"<notice-{notice.pk}@127.0.0.1>"
    notice.refresh_from_db()
    assert (notice.sent_at is not None, notice.body, notice.tries) == (True, "Text of k", 1)


def test_a_secret_is_forgotten_once_sent(ada: User, server: MailServer) -> None:
    write(ada, kind="secret")
    sending.send_waiting()
    assert "Text of k" in server.accepted[0].as_string()
    assert Notice.objects.get().body == ""


def test_a_secret_that_came_too_late_is_forgotten_and_not_sent(ada: User, server: MailServer) -> None:
    write(ada, "secret", kind="secret", expires_at=timezone.now())
    write(ada, "plain", expires_at=timezone.now())
    sending.send_waiting()
    assert server.accepted == []
    found = dict(Notice.objects.values_list("key", "body"))
    assert found == {"secret": "", "plain": "Text of plain"}
    assert set(Notice.objects.values_list("error", flat=True)) == {"expired"}


def test_nothing_goes_to_somebody_switched_off(ada: User, server: MailServer) -> None:
    write(ada, kind="secret")
    User.objects.filter(pk=ada.pk).update(is_active=False)
    sending.send_waiting()
    notice = Notice.objects.get()
    assert (server.accepted, notice.body, notice.sent_at) == ([], "", None)
    assert notice.failed_at


def test_not_before_its_time(ada: User, server: MailServer) -> None:
    later = timezone.now() + timedelta(days=1)
    write(ada, not_before=later)
    assert sending.send_waiting() == 0
    assert sending.send_waiting(at=later) == 1


def test_a_refused_message_waits_and_keeps_no_other(ada: User, server: MailServer) -> None:
    for key in "abc":
        write(ada, key, address=f"{key}@example.com")
    server.verdict = lambda recipient, count: "451 Later" if recipient.startswith("b@") else "250 OK"
    now = timezone.now()
    assert sending.send_waiting(now) == 2
    assert server.recipients == ["a@example.com", "c@example.com"]
    waiting = Notice.objects.get(key="b")
    assert (waiting.sent_at, waiting.failed_at, waiting.tries) == (None, None, 1)
    assert "451" in waiting.error
    server.verdict = lambda recipient, count: "250 OK"
    assert sending.send_waiting(now) == 0
    assert sending.send_waiting(now + timedelta(minutes=1)) == 1
    assert server.recipients[-1] == "b@example.com"


def test_a_connection_that_breaks_half_way_loses_and_doubles_nothing(ada: User, server: MailServer) -> None:
    for number in range(6):
        write(ada, f"n{number}", address=f"n{number}@example.com")
    broken: list[int] = []

    def break_once(recipient: str, count: int) -> str | None:
        if count == 3 and not broken:
            broken.append(count)
            return None
        return "250 OK"

    server.verdict = break_once
    now = timezone.now()
    assert sending.send_waiting(now) == 5
    assert sending.send_waiting(now + timedelta(minutes=2)) == 1
    assert sorted(server.recipients) == [f"n{number}@example.com" for number in range(6)]


def test_pauses_grow_and_then_it_gives_up(ada: User, server: MailServer) -> None:
    write(ada, kind="secret")
    server.verdict = lambda recipient, count: "550 No such person"
    at, pauses = timezone.now(), []
    while Notice.objects.filter(failed_at=None).exists():
        sending.send_waiting(at)
        notice = Notice.objects.get()
        pauses.append((notice.not_before - at).total_seconds() / 60)
        at = max(notice.not_before, at + timedelta(minutes=1))
    assert pauses[: sending.MAX_TRIES - 1] == [1, 2, 4, 8, 16, 32, 64, 128, 240]
    assert (notice.tries, notice.body, notice.sent_at) == (sending.MAX_TRIES, "", None)


def test_a_server_that_is_away_costs_no_try(ada: User, settings) -> None:
    with MailServer() as gone:
        port = gone.port
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    write(ada)
    assert sending.send_waiting() == 0
    notice = Notice.objects.get()
    assert (notice.tries, notice.failed_at) == (0, None)
    assert Heartbeat.objects.filter(name="sender").exists()


def test_a_sender_that_died_is_made_up_for(ada: User, server: MailServer) -> None:
    notice, now = write(ada), timezone.now()
    assert sending.claim(notice.pk, now)  # and then its process is killed
    assert sending.send_waiting(now + sending.CLAIM / 2) == 0
    assert sending.send_waiting(now + sending.CLAIM) == 1


def test_between_two_messages_it_can_be_stopped(ada: User, server: MailServer) -> None:
    for number in range(3):
        write(ada, f"n{number}")
    assert sending.send_waiting(stopping=lambda: len(server.accepted) >= 1) == 1
    assert Notice.objects.waiting().count() == 2


@pytest.mark.django_db(transaction=True)
def test_four_senders_send_each_message_once(server: MailServer) -> None:
    ada = make_person("Ada Moreau")
    for number in range(12):
        write(ada, f"n{number}", address=f"n{number}@example.com")
    at_once(*[sending.send_waiting] * 4)
    assert sorted(server.recipients) == sorted(f"n{number}@example.com" for number in range(12))
    assert Notice.objects.exclude(sent_at=None).count() == 12


# --- Commands --------------------------------------------------------------------------------------------------------


def test_the_loop_survives_a_database_that_is_away(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**options: object) -> int:
        raise OperationalError("gone")

    monkeypatch.setattr(sending, "send_waiting", away)
    monkeypatch.setattr(connection, "close", lambda: None)  # it holds the test's transaction
    monkeypatch.setattr("notices.management.commands.send_notices.close_old_connections", lambda: None)
    assert Command().round(threading.Event()) is False


def test_one_round_by_hand(ada: User, server: MailServer) -> None:
    write(ada)
    out = StringIO()
    call_command("send_notices", stdout=out)
    assert out.getvalue() == "1 sent\n"


def test_sigterm_ends_the_loop(tmp_path: Path) -> None:
    # a database of its own, whatever the tests run on
    environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "DEMO")}
    environment |= {"DATA_DIR": str(tmp_path), "DEBUG": "1", "PYTHONUNBUFFERED": "1"}
    run = [sys.executable, "manage.py"]
    subprocess.run([*run, "migrate", "-v0"], cwd=ROOT, env=environment, check=True, timeout=120)
    loop = [*run, "send_notices", "--loop", "0.1"]
    with subprocess.Popen(loop, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "The notice sender runs.\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def test_a_test_mail_is_sent_at_once(db: None, server: MailServer) -> None:
    out = StringIO()
    call_command("send_test_mail", "olga@example.com", stdout=out)
    assert server.recipients == ["olga@example.com"]
    assert "Sent to olga@example.com" in out.getvalue()


def test_a_test_mail_says_what_went_wrong(db: None, server: MailServer) -> None:
    server.verdict = lambda recipient, count: "554 Not from you"
    with pytest.raises(CommandError, match="Not from you"):
        call_command("send_test_mail", "olga@example.com")
