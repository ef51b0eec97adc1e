"""The line of a session: seats, waiting, moving up; and the letters about it."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts import mailing
from accounts.models import User
from events import changing, registering, reminding
from events.models import LiveSession, Registration, SessionChange
from learn import home
from notices import sending
from notices.models import Notice
from reports import digest
from tests.builders import make_live_session, make_member
from tests.notices.writing import PARIS, paris

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


@pytest.mark.parametrize(
    ("night", "reminded"),
    [
        ("2026-12-03", {"Fri"}),  # a Thursday
        ("2026-12-04", {"Fri", "Sat", "Sun", "Mon"}),  # for who registered since the night before, today's as well
        ("2026-12-05", {"Sat", "Sun", "Mon"}),
        ("2026-12-07", {"Mon", "Tue"}),
    ],
)
def test_reminders_are_of_the_next_working_day_and_the_weekend_before_it(cast, night, reminded):
    User.objects.update(time_zone="Europe/Paris")
    for day in range(4, 9):
        session = make_live_session(f"{paris(f'2026-12-0{day} 14:00'):%a}", at=paris(f"2026-12-0{day} 14:00"))
        registering.register(session, cast.ada, at=paris("2026-12-01 10:00"))
    reminding.remind(paris(f"{night} 02:30"))
    assert {name.split(": ")[1] for _who, name in subjects()} == reminded


@pytest.mark.parametrize(
    ("starts", "goes"),
    [
        ("2026-12-04 14:00", "2026-12-03 09:00"),
        ("2026-12-07 08:00", "2026-12-04 09:00"),  # of Monday, on Friday
    ],
)
def test_a_reminder_goes_in_a_working_hour_before_the_day(cast, starts, goes):
    User.objects.update(time_zone="Europe/Paris")
    session = make_live_session(at=paris(starts))
    registering.register(session, cast.ada, at=paris("2026-12-01 10:00"))
    for day in range(1, 7):
        reminding.remind(paris(f"2026-12-0{day} 02:30"))
    assert Notice.objects.get().not_before == paris(goes)


@pytest.mark.parametrize("day", ["2026-10-25", "2027-03-28"])
def test_the_night_clocks_change_moves_no_reminder(cast, day):
    """A session on the Monday after; the reminder at nine on the Friday before, as clocks in Paris show it."""
    User.objects.update(time_zone="Europe/Paris")
    starts = paris(f"{day} 12:00") + timedelta(days=1)
    session = make_live_session(at=starts)
    registering.register(session, cast.ada, at=starts - timedelta(days=9))
    friday = starts - timedelta(days=3)
    reminding.remind(friday.replace(hour=1))
    letter = Notice.objects.get()
    assert letter.not_before.astimezone(PARIS).strftime("%a %H:%M") == "Fri 09:00"
    assert "noon to" in letter.body


def test_news_waits_three_days_after_a_mail_about_a_session(cast, session):
    now = paris("2026-12-08 10:00")
    registering.register(session, cast.ada)
    reminding.remind(session.starts_at - timedelta(hours=20))
    Notice.objects.update(sent_at=now - timedelta(days=1))
    assert mailing.next_turns([cast.ada.pk], now)[cast.ada.pk] == paris("2026-12-10 10:00")


def test_news_waits_for_a_mail_about_a_session_that_goes_this_morning(cast, session):
    night, nine = paris("2026-12-08 02:00"), paris("2026-12-08 09:00")
    registering.register(session, cast.ada)
    reminding.remind(session.starts_at - timedelta(hours=20))
    Notice.objects.update(not_before=nine)
    turns = [mailing.next_turns([cast.ada.pk], at)[cast.ada.pk] for at in (night, nine, paris("2026-12-08 10:00"))]
    assert turns == [paris("2026-12-11 09:00"), paris("2026-12-11 09:00"), paris("2026-12-11 10:00")]


# --- Without an address


def test_who_has_no_address_reads_it_and_is_told_in_person(cast, session):
    User.objects.filter(pk=cast.ada.pk).update(email=None, staff_number="77")
    cast.ada.refresh_from_db()
    registering.register(session, cast.ada)
    reminding.remind(session.starts_at - timedelta(hours=20))
    for days in (7, 14):
        later = session.starts_at + timedelta(days=days)
        changing.save(
            edited(session, starts_at=later, ends_at=later + timedelta(hours=1)), [cast.company], [], cast.hana
        )
    assert not Notice.objects.exists()
    now = timezone.now()
    pieces = home.news_of(cast.ada, now)
    assert digest.unreachable(pieces, now) == {cast.ada.pk}
    panel = home.panel_of(cast.ada)
    assert panel.words[0].text.startswith("Changed: Calm on the phone. This session was changed.")
    assert len([one for one in panel.words if "Calm" in one.title]) == 1  # of two moves the last
    home.got_it(cast.ada, panel.keys)
    assert not {piece.kind for piece in home.news_of(cast.ada)} & {"session"}
    changing.cancel(LiveSession.objects.get(), cast.hana)
    assert "does not take place" in home.panel_of(cast.ada).words[0].text
    over = home.news_of(cast.ada, session.starts_at + timedelta(days=15))
    assert not {piece.kind for piece in over} & {"session"}


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
