"""One letter for each person whose turn it is: merged, once, in working hours, and true when it goes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from accounts import mailing as letters
from accounts.models import Membership, Team, User
from courses import nudging, progress, reminding
from courses.models import Certificate, Completion, Enrollment
from desk import mailing
from notices import hours, sending
from notices.models import Heartbeat, News, Notice
from tests.at_once import at_once
from tests.builders import enroll, make_course, make_member
from tests.conftest import Cast
from tests.notices.writing import paris, subjects, tick

DUE = date(2026, 12, 8)  # a Tuesday
LONG_AGO = paris("2026-09-01 10:00")
TUESDAY = paris("2026-12-08 10:00")


@pytest.fixture
def due(cast: Cast) -> Enrollment:
    User.objects.update(time_zone="Europe/Paris", mail_digest=False)
    Enrollment.objects.update(enrolled_at=LONG_AGO, started_at=LONG_AGO)
    Enrollment.objects.filter(pk=cast.ada_enrolled.pk).update(due_on=DUE)
    cast.ada_enrolled.refresh_from_db()
    return cast.ada_enrolled


def finish(enrollment: Enrollment, at: datetime) -> None:
    for lesson in enrollment.course.lessons.in_order().select_related("published_revision"):
        progress.complete_lesson(enrollment, lesson, lesson.published_revision, Completion.How.READ, at=at)


# --- When ------------------------------------------------------------------------------------------------------------


def test_once_and_not_again(cast: Cast, due: Enrollment) -> None:
    assert tick(TUESDAY) == ["“Everything” is due today"]
    assert [tick(TUESDAY + timedelta(minutes=10 * n)) for n in range(1, 40)] == [[]] * 39
    assert (News.objects.count(), Notice.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("moment", "next_one"),
    [
        ("2026-12-08 08:59", "2026-12-08 09:00"),
        ("2026-12-08 17:00", "2026-12-09 09:00"),
        ("2026-12-11 17:00", "2026-12-14 09:00"),  # Friday evening
        ("2026-12-12 12:00", "2026-12-14 09:00"),
        ("2026-12-13 23:59", "2026-12-14 09:00"),
        ("2026-12-14 09:00", "2026-12-14 09:00"),
        ("2027-03-27 12:00", "2027-03-29 09:00"),  # the clocks change on Sunday
    ],
)
def test_working_hours(moment: str, next_one: str) -> None:
    assert hours.next_open(paris(moment), "Europe/Paris") == paris(next_one)
    assert hours.is_open(paris(moment), "Europe/Paris") == (moment == next_one)


def test_working_hours_are_those_of_the_reader(cast: Cast, due: Enrollment) -> None:
    User.objects.filter(pk=cast.ada.pk).update(time_zone="America/New_York")
    assert tick(TUESDAY) == []  # four in the morning
    assert len(tick(paris("2026-12-08 15:00"))) == 1


def test_a_zone_nobody_knows_is_that_of_the_site(cast: Cast, due: Enrollment) -> None:
    User.objects.filter(pk=cast.ada.pk).update(time_zone="Mars/Olympus")
    assert len(tick(TUESDAY)) == 1


def test_three_days_lie_between_two_letters(cast: Cast, due: Enrollment) -> None:
    assert len(tick(TUESDAY)) == 1
    enroll(cast.ada, make_course("other"), at=TUESDAY + timedelta(hours=1))
    hours = [timedelta(hours=n) for n in range(2, 5 * 24, 3)]
    around = [timedelta(days=3, minutes=n) for n in (-15, -1, 0, 1, 15)]
    found = [after for after in sorted([*hours, *around]) if tick(TUESDAY + after)]
    assert found == [timedelta(days=3)]


def test_a_letter_on_its_way_is_the_only_one(cast: Cast, due: Enrollment) -> None:
    mailing.write_due(TUESDAY)  # and the mail server is away
    enroll(cast.ada, make_course("other"), at=TUESDAY)
    assert mailing.write_due(TUESDAY + timedelta(hours=1)) == 0
    assert Notice.objects.count() == 1
    assert sending.send_waiting(TUESDAY + timedelta(hours=2)) == 1
    [sent] = mail.outbox
    assert sent.subject == "“Everything” is due today, and 1 more"  # what came meanwhile went along
    assert News.objects.filter(letter__isnull=False).count() == 2


def test_in_batches_the_most_urgent_first(cast: Cast, due: Enrollment, settings) -> None:
    settings.LETTERS_AN_HOUR = 12  # two in ten minutes
    for number in range(5):
        enroll(make_member(cast.lyon, f"New{number} X", time_zone="Europe/Paris"), cast.course, at=TUESDAY)
    assert tick(TUESDAY)[0] == "“Everything” is due today"
    assert [len(tick(TUESDAY + timedelta(minutes=10 * n))) for n in (0, 1, 2, 3)] == [0, 2, 2, 0]


# --- What ------------------------------------------------------------------------------------------------------------


def test_all_there_is_to_say_is_one_letter(cast: Cast, due: Enrollment) -> None:
    other = enroll(cast.ada, make_course("other"), at=LONG_AGO, started_at=LONG_AGO)
    finish(other, paris("2026-12-07 18:00"))
    nudging.remind(cast.mia, Enrollment.objects.filter(pk=due.pk), TUESDAY)
    [subject] = tick(TUESDAY)
    assert subject == "Mia Duval reminds you of “Everything”, and 1 more"
    assert {row.kind for row in News.objects.told()} == {"nudge", "reminder", "certificate"}
    body = mail.outbox[0].body
    assert body.count("“Everything” of “Course service”") == 1  # once, though there are two reasons
    assert "certificate" in body


def test_the_letter_has_two_faces_and_a_way_out(cast: Cast, due: Enrollment) -> None:
    User.objects.filter(pk=cast.ada.pk).update(name="Ada <b>Moreau</b>")
    tick(TUESDAY)
    [sent] = mail.outbox
    html = sent.alternatives[0].content
    assert sent.alternatives[0].mimetype == "text/html"
    assert "http://127.0.0.1:8000/courses/service/" in sent.body
    assert 'href="http://127.0.0.1:8000/courses/service/"' in html
    assert "<b>" not in html
    assert '<html lang="en-us">' in html
    assert not [word for word in ("<img", "<style", "style=", "<script", " src=") if word in html]
    link = letters.unsubscribe_link(cast.ada)
    assert sent.extra_headers["List-Unsubscribe"] == f"<{link}>"
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in sent.body
    assert link in html


# --- True when it goes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fact", ["excused_at", "paused_at", "withdrawn_at", "complete", "inactive", "no address"])
def test_what_is_no_longer_so_is_not_sent(cast: Cast, due: Enrollment, fact: str) -> None:
    mailing.write_due(TUESDAY)
    later = TUESDAY + timedelta(minutes=1)
    if fact == "inactive":
        cast.ada.leave(later)
    elif fact == "no address":
        User.objects.filter(pk=cast.ada.pk).update(email=None)
    elif fact == "complete":
        finish(due, later)
        Certificate.objects.all().delete()
    else:
        Enrollment.objects.filter(pk=due.pk).update(**{fact: later})
    assert sending.send_waiting(later) == 0
    notice = Notice.objects.get()
    assert mail.outbox == []
    assert notice.failed_at if fact == "inactive" else notice.withdrawn_at
    if fact != "inactive":
        assert not News.objects.exists()
        assert not notice.is_unsent


def test_a_reminder_that_completed_while_it_waited_becomes_the_certificate(cast: Cast, due: Enrollment) -> None:
    mailing.write_due(TUESDAY)
    finish(due, TUESDAY + timedelta(minutes=1))
    sending.send_waiting(TUESDAY + timedelta(minutes=2))
    assert [message.subject for message in mail.outbox] == ["Your certificate for “Course service”"]
    assert [row.kind for row in News.objects.told()] == ["certificate"]


def test_a_letter_that_waited_for_days_says_what_holds_now(cast: Cast, due: Enrollment) -> None:
    mailing.write_due(TUESDAY)
    sending.send_waiting(paris("2026-12-16 10:00"))
    assert [message.subject for message in mail.outbox] == ["“Everything” was due on Tuesday, December 8"]
    assert News.objects.get().edition == "2026-12-08+7"


def test_a_letter_goes_to_the_address_of_the_moment(cast: Cast, due: Enrollment) -> None:
    mailing.write_due(TUESDAY)
    User.objects.filter(pk=cast.ada.pk).update(email="ada.moreau@example.com")
    sending.send_waiting(TUESDAY)
    assert mail.outbox[0].to == ["ada.moreau@example.com"]


def test_outside_working_hours_a_letter_waits_without_a_try(cast: Cast, due: Enrollment) -> None:
    mailing.write_due(paris("2026-12-08 16:59"))
    assert sending.send_waiting(paris("2026-12-08 17:00")) == 0
    notice = Notice.objects.get()
    assert (notice.tries, notice.not_before) == (0, paris("2026-12-09 09:00"))
    assert sending.send_waiting(paris("2026-12-09 09:00")) == 1


def test_a_request_to_remind_outlives_a_letter_that_was_taken_back(cast: Cast, due: Enrollment) -> None:
    nudging.remind(cast.mia, Enrollment.objects.filter(pk=due.pk), TUESDAY)
    mailing.write_due(TUESDAY)
    Enrollment.objects.filter(pk=due.pk).update(paused_at=TUESDAY)
    sending.send_waiting(TUESDAY)
    assert mail.outbox == []
    Enrollment.objects.filter(pk=due.pk).update(paused_at=None)
    assert tick(TUESDAY + timedelta(hours=1)) == ["Mia Duval reminds you of “Everything”"]


def test_secrets_and_the_account_wait_for_nothing(cast: Cast, due: Enrollment) -> None:
    tick(TUESDAY)
    fields = {"recipient": cast.ada, "address": cast.ada.email, "subject": "s", "not_before": LONG_AGO}
    for kind in ("secret", "plain"):
        Notice.objects.create(key=kind, kind=kind, **fields)
    assert sending.send_waiting(paris("2026-12-08 23:00")) == 2


def test_who_asked_for_a_link_does_not_wait_behind_letters(cast: Cast, due: Enrollment) -> None:
    mailing.write_due(TUESDAY)
    fields = {"recipient": cast.ada, "address": cast.ada.email, "not_before": TUESDAY + timedelta(minutes=1)}
    Notice.objects.create(key="s", kind="secret", subject="Your link", **fields)
    sending.send_waiting(TUESDAY + timedelta(minutes=1))
    assert [message.subject for message in mail.outbox] == ["Your link", "“Everything” is due today"]


# --- People without an address ---------------------------------------------------------------------------------------


def test_who_has_no_address_reads_it_at_sign_in_once(client: Client, cast: Cast, due: Enrollment, time_machine) -> None:
    time_machine.move_to(TUESDAY, tick=False)
    User.objects.filter(pk=cast.ada.pk).update(email=None)
    client.force_login(User.objects.get(pk=cast.ada.pk))
    assert tick(TUESDAY) == []
    page = client.get("/")
    assert "“Everything” of “Course service” is due today" in page.content.decode()
    keys = page.context["news"].keys
    nudging.remind(cast.mia, Enrollment.objects.filter(pk=due.pk), TUESDAY)  # after the page was read
    for _twice in range(2):
        assert client.post("/my/news/", {"news": keys}).status_code == 302
    left = [one.title for one in client.get("/").context["news"].words]
    assert left == ["Mia Duval reminds you of “Everything”"]
    assert News.objects.get(kind="reminder").seen_at == TUESDAY


def test_who_has_an_address_sees_no_panel(client: Client, cast: Cast, due: Enrollment, time_machine) -> None:
    time_machine.move_to(TUESDAY, tick=False)
    client.force_login(cast.ada)
    assert client.get("/").context["news"].words == []
    client.post("/my/news/", {"news": [f"reminder:{due.pk}:2026-12-08+0", "x", ""]})
    assert not News.objects.exists()


# --- One that fails keeps no other ---


def test_a_letter_that_cannot_be_written_or_sent_keeps_no_other(
    cast: Cast, due: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll(cast.mia, cast.course, at=TUESDAY)
    true_text, broken = letters.text_of, {cast.ada.pk}

    def text_of(reader: User, pieces: list) -> letters.Text:
        if reader.pk in broken:
            raise AttributeError("a bug")
        return true_text(reader, pieces)

    monkeypatch.setattr(letters, "text_of", text_of)
    assert mailing.write_due(TUESDAY) == 1  # Mia's
    broken.clear()
    assert mailing.write_due(TUESDAY) == 1
    broken.add(cast.mia.pk)
    assert sending.send_waiting(TUESDAY) == 1
    assert [message.to for message in mail.outbox] == [[cast.ada.email]]
    waiting = Notice.objects.unsent().get()
    assert (waiting.recipient, waiting.tries, waiting.error) == (cast.mia, 1, "AttributeError: a bug")
    broken.clear()
    assert sending.send_waiting(TUESDAY + timedelta(minutes=1)) == 1


# --- At once ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_four_writers_write_each_letter_once(cast: Cast, due: Enrollment) -> None:
    for number in range(6):
        enroll(make_member(cast.lyon, f"New{number} X", time_zone="Europe/Paris"), cast.course, at=TUESDAY)
    written = at_once(*[lambda: mailing.write_due(TUESDAY)] * 4)
    assert sum(written) == Notice.objects.count() == News.objects.count() == 7
    assert Notice.objects.values("recipient").distinct().count() == 7


@pytest.mark.django_db(transaction=True)
def test_a_person_has_one_letter_at_a_time_whoever_asks(cast: Cast, due: Enrollment) -> None:
    """Two writers with different news for the same person."""
    other = enroll(cast.ada, make_course("other"), at=TUESDAY)
    pieces = reminding.pieces(TUESDAY, [cast.ada.pk])
    halves = [[p for p in pieces if p.about == due.pk], [p for p in pieces if p.about == other.pk]]
    at_once(*[lambda half=half: letters.write({cast.ada.pk: half}, TUESDAY) for half in halves])
    assert (Notice.objects.count(), News.objects.count()) == (1, 1)


def test_the_command_says_what_it_wrote_and_that_it_lives(cast: Cast, capsys) -> None:
    call_command("write_notices")
    assert capsys.readouterr().out.startswith("Wrote ")
    assert Heartbeat.objects.filter(name="writer").exists()


def test_everybody_hears_in_time_of_all(cast: Cast, due: Enrollment) -> None:
    for day in range(40):
        tick(paris("2026-11-25 09:30") + timedelta(days=day))
    assert subjects(cast.ada) == [
        "“Everything” is due on Tuesday, December 8",
        "“Everything” is due today",
        "“Everything” was due on Tuesday, December 8",
        "“Everything” was due on Tuesday, December 8",
        "“Everything” was due on Tuesday, December 8",
    ]


@pytest.mark.parametrize(("people", "is_shown"), [(50, False), (51, True)])
def test_asking_many_first_shows_how_many_mails_go_and_what_they_say(
    client: Client, cast: Cast, due: Enrollment, people: int, is_shown: bool
) -> None:
    team = Team.add("Lille", cast.company)
    many = [User(name=f"P{n}", email=f"p{n}@example.com", staff_number=f"P{n}") for n in range(people)]
    many.append(User(name="Paper", staff_number="PAPER"))
    for person in User.objects.bulk_create(many):
        Membership.objects.create(team=team, user=person, is_home=True)
    client.force_login(cast.hana)
    data = {"team": team.pk, "path": cast.course.paths.get().pk, "due_days": 30}
    page = client.post("/admin/courses/assignment/add/", data).content.decode()
    assert f"{people} of them get a mail about it" in page
    assert "1 has no e-mail address" in page
    assert ("batches of 200 every ten minutes" in page) is is_shown
    assert ("Please take “Everything” by" in page) is is_shown
    assert not Enrollment.objects.filter(user__name="P1").exists()
