"""The line of a session: seats, waiting, moving up; and the letters about it."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from events import changing, registering, reminding
from events.models import Registration, SessionChange
from notices import sending
from notices.models import Notice
from tests.builders import make_live_session, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(cast):
    return make_live_session(teams=[cast.company], seats=1, place="Room 4")


def subjects():
    return list(Notice.objects.order_by("pk").values_list("recipient__name", "subject"))


def test_registering_twice_is_registering_once(cast, session):
    first = registering.register(session, cast.ada)
    assert registering.register(session, cast.ada) == first
    assert Registration.objects.count() == 1
    assert first.is_seated
    assert not Notice.objects.exists()  # the page has said it


def test_the_first_who_waits_moves_up_and_is_told_once(cast, session):
    mia, otto = make_member(cast.lyon, "Zoe Lin", time_zone="America/New_York"), cast.otto
    for person in (cast.ada, mia, otto):
        registering.register(session, person)
    assert [row.user for row in session.seated()] == [cast.ada]
    assert registering.cancel(session, cast.ada)
    assert not registering.cancel(session, cast.ada)
    assert [row.user for row in session.seated()] == [mia]
    assert subjects() == [("Zoe Lin", "You have a seat: Calm on the phone")]
    letter = Notice.objects.get()
    assert "Room 4" in letter.body
    assert "(America/New_York)" in letter.body
    assert "There: " in letter.body
    assert letter.expires_at == session.ends_at


def test_who_waits_and_cancels_moves_nobody(cast, session):
    registering.register(session, cast.ada)
    registering.register(session, cast.otto)
    registering.cancel(session, cast.otto)
    assert not Notice.objects.exists()


def test_who_registers_again_stands_at_the_end(cast, session):
    for person in (cast.ada, cast.otto):
        registering.register(session, person)
    registering.cancel(session, cast.ada)
    assert not registering.register(session, cast.ada).is_seated
    assert Registration.objects.filter(user=cast.ada).count() == 2


@pytest.mark.parametrize("when", ["begun", "cancelled"])
def test_the_line_is_closed_once_it_begins_or_is_called_off(cast, session, when):
    registering.register(session, cast.ada)
    at = session.starts_at if when == "begun" else None
    if when == "cancelled":
        changing.cancel(session, cast.hana)
    for verb in (registering.register, registering.cancel):
        with pytest.raises(registering.Closed):
            verb(session, cast.otto, at)
    assert Registration.objects.active().count() == 1


# --- Changing


def edited(session, **changes):
    for name, value in changes.items():
        setattr(session, name, value)
    return session


def test_a_session_that_is_moved_tells_everybody_once(cast, session):
    for person in (cast.ada, cast.otto):
        registering.register(session, person)
    later = session.starts_at + timedelta(hours=2)
    for _twice in range(2):
        changing.save(edited(session, starts_at=later, ends_at=later + timedelta(hours=1)), [], [], cast.hana)
    assert subjects() == [
        ("Ada Moreau", "Changed: Calm on the phone"),
        ("Otto Lind", "Changed: Calm on the phone"),
    ]
    seated, waiting = Notice.objects.order_by("pk")
    assert "Room 4" in seated.body
    assert "Room 4" not in waiting.body  # who waits does not learn where
    assert "meet.example.com" not in waiting.body
    assert SessionChange.objects.get().what == "time"


def test_words_may_change_without_a_mail(cast, session):
    registering.register(session, cast.ada)
    effect = changing.save(edited(session, title="Calm, second part"), [], [], cast.hana)
    assert not effect
    assert not Notice.objects.exists()
    assert SessionChange.objects.get().what == "details"


def test_fewer_seats_and_more_seats_tell_those_they_touch(cast, session):
    changing.save(edited(session, seats=2), [], [], cast.hana)
    for person in (cast.ada, cast.otto, cast.mia):
        registering.register(session, person)
    assert changing.touched(session, edited(type(session).objects.get(), seats=1)).loses_seat == 1
    changing.save(edited(session, seats=1), [], [], cast.hana)
    assert subjects() == [("Otto Lind", "Now on the waiting list: Calm on the phone")]
    assert changing.save(edited(session, seats=None), [], [], cast.hana).gains_seat == 2
    assert {row.user for row in session.seated()} == {cast.ada, cast.otto, cast.mia}
    assert len(subjects()) == 3


def test_a_session_that_is_over_can_be_mended_without_a_mail(cast):
    past = make_live_session(at=timezone.now() - timedelta(days=3), seats=1)
    Registration.objects.create(session=past, user=cast.ada)
    assert not changing.save(edited(past, place="Room 5"), [], [], cast.hana)
    assert not Notice.objects.exists()


def test_calling_off_tells_everybody_once_and_takes_reminders_back(cast, session):
    registering.register(session, cast.ada)
    registering.register(session, cast.otto)
    reminding.remind(session.starts_at - timedelta(hours=20))
    assert changing.cancel(session, cast.hana) == 2
    assert changing.cancel(session, cast.hana) == 0
    assert [s for _n, s in subjects()][1:] == ["Cancelled: Calm on the phone"] * 2
    assert not Notice.objects.waiting(session.starts_at).filter(key__startswith="session-reminder").exists()
    assert Registration.objects.active().count() == 2


# --- Reminders


def test_reminders_are_written_once_however_often_the_timer_runs(cast, capsys):
    session = make_live_session(at=timezone.now() + timedelta(hours=2), teams=[cast.company], seats=1)
    registering.register(session, cast.ada)
    registering.register(session, cast.otto)  # waits
    for _twice in range(2):
        call_command("remind_sessions")
        assert "1 with a seat are reminded" in capsys.readouterr().out
    assert subjects() == [("Ada Moreau", "Coming up: Calm on the phone")]
    letter = Notice.objects.get()
    assert letter.expires_at == session.starts_at
    assert letter.not_before <= session.starts_at - timedelta(hours=1)


def test_only_what_begins_by_the_end_of_tomorrow_is_reminded_of(cast):
    now = timezone.now()
    for days in (-1, 3):
        session = make_live_session(at=now + timedelta(days=days), teams=[cast.company])
        Registration.objects.create(session=session, user=cast.ada)
    assert reminding.remind(now) == 0
    assert reminding.remind(now + timedelta(days=2)) == 1


def test_who_cancels_is_not_reminded_and_who_comes_back_is(cast, session):
    registering.register(session, cast.ada)
    at = session.starts_at - timedelta(hours=10)
    reminding.remind(at)
    registering.cancel(session, cast.ada, at)
    assert sending.send_waiting(session.starts_at - timedelta(hours=2)) == 0
    registering.register(session, cast.ada, at)
    reminding.remind(at)
    assert sending.send_waiting(session.starts_at - timedelta(minutes=30)) == 1


def test_a_session_that_moved_is_reminded_of_anew(cast, session):
    registering.register(session, cast.ada)
    reminding.remind(session.starts_at - timedelta(hours=20))
    later = session.starts_at + timedelta(days=7)
    changing.save(edited(session, starts_at=later, ends_at=later + timedelta(hours=1)), [], [], cast.hana)
    reminding.remind(later - timedelta(hours=20))
    assert [s.split(":")[0] for _n, s in subjects()] == ["Coming up", "Changed", "Coming up"]
    assert Notice.objects.waiting(later - timedelta(hours=2)).filter(subject__startswith="Coming").count() == 1


def test_people_who_left_keep_no_seat_and_get_no_reminder(cast, session):
    registering.register(session, cast.ada)
    registering.register(session, cast.otto)
    cast.ada.leave()
    reminding.remind(session.starts_at - timedelta(hours=20))
    assert [name for name, _s in subjects()] == ["Otto Lind"]
