"""HR plans, moves and calls off: what the form refuses, and what it says before it tells anybody."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from events import registering
from events.models import LiveSession, SessionChange
from notices.models import Notice
from tests.builders import make_live_session, make_member
from tests.conftest import sign_in

pytestmark = pytest.mark.django_db
LIST, ADD = "/admin/events/livesession/", "/admin/events/livesession/add/"


@pytest.fixture
def hana(cast):
    return sign_in(Client(), cast.hana)


def typed(**changes):
    form = {
        "title": "Calm on the phone",
        "text": "**Bring** a call.",
        "starts": "2027-12-01T10:00",
        "ends": "2027-12-01T11:30",
        "time_zone": "Europe/Paris",
        "place": "",
        "link": "https://meet.example.com/calm",
        "seats": "12",
        "is_public": "on",
    }
    form |= changes
    return {name: value for name, value in form.items() if value is not None}


def change_of(session):
    return f"{LIST}{session.pk}/change/"


def errors(response):
    assert response.status_code == 200
    form = response.context["form"]
    assert form.errors, "nothing was refused"
    return form.errors


def test_a_session_is_planned_in_its_own_zone(cast, hana):
    fields = {"teams": [cast.lyon.pk, cast.paris.pk], "trainers": "pia@example.com, 1001", "course": cast.course.pk}
    response = hana.post(ADD, typed(time_zone="America/New_York", **fields))
    session = LiveSession.objects.get()
    assert response["Location"] == change_of(session)
    assert session.starts_at == datetime(2027, 12, 1, 15, 0, tzinfo=UTC)
    assert session.ends_at == datetime(2027, 12, 1, 16, 30, tzinfo=UTC)
    assert set(session.teams.all()) == {cast.lyon, cast.paris}
    assert set(session.trainers.all()) == {cast.pia, cast.ada}
    assert session.created_by == cast.hana
    page = hana.get(change_of(session)).content.decode()
    assert 'value="2027-12-01T10:00"' in page
    assert "pia@example.com" in page
    assert LogEntry.objects.filter(user=cast.hana).count() == 1


def test_of_too_many_teams_some_are_typed(cast, hana, monkeypatch):
    monkeypatch.setattr("accounts.teams.SHORT_LIST", 2)
    hana.post(ADD, typed(teams="lyon\n\nShops / Paris"))
    session = LiveSession.objects.get()
    assert set(session.teams.all()) == {cast.lyon, cast.paris}
    page = hana.get(change_of(session)).content.decode()
    assert "Shops / Lyon\nShops / Paris</textarea>" in page
    for wrong, says in (
        ("Lyon\nRome", "No team has “Rome”"),
        ("o", "Shops; Shops / Lyon"),
        ("\n" * 9 + "x\n" * 51, "50"),
    ):
        assert says in " ".join(errors(hana.post(change_of(session), typed(teams=wrong)))["teams"])
    assert session.teams.count() == 2


def test_a_new_session_is_meant_in_the_zone_of_the_site(cast, hana):
    assert '<option value="Europe/Paris" selected>' in hana.get(ADD).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"title": ""}, "title", "required"),
        ({"starts": "soon"}, "starts", "such as 2026-12-01 10:00"),
        ({"starts": "0001-01-01T00:00"}, "starts", "2000 to 2100"),
        ({"ends": "9999-12-31T23:59"}, "ends", "2000 to 2100"),
        ({"ends": "2027-12-01T10:00"}, "ends", "after the start"),
        ({"ends": "2027-12-15T10:01"}, "ends", "14 days at most"),
        ({"starts": "2020-12-01T10:00", "ends": "2020-12-01T11:00"}, "starts", "This time is over"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "valid choice"),
        ({"link": ""}, "place", "place or a link"),
        ({"link": "javascript:alert(1)"}, "link", "valid URL"),
        ({"link": "ftp://files.example.com/"}, "link", "https://"),
        ({"seats": "0"}, "seats", "greater than or equal to 1"),
        ({"seats": "9" * 40}, "seats", "less than or equal"),
        ({"is_public": None}, "__all__", "for whom"),
        ({"teams": ["9" * 40]}, "teams", "not one of the available choices"),
        ({"course": "9" * 40}, "course", "not one of the available choices"),
        ({"trainers": "nobody@example.com"}, "trainers", "nobody@example.com"),
        ({"trainers": ", ".join(f"p{n}@example.com" for n in range(21))}, "trainers", "20 trainers at most"),
    ],
)
def test_bad_input_says_what_is_wrong_and_keeps_the_rest(cast, hana, wrong, field, says):
    response = hana.post(ADD, typed(**wrong))
    assert says in " ".join(errors(response)[field])
    assert response.content.decode().count("Error:") == 1
    assert "**Bring** a call." in response.content.decode()
    assert not LiveSession.objects.exists()


# --- The two nights of the year, in two zones


@pytest.mark.parametrize(
    ("zone", "skipped", "earlier", "later"),
    [
        ("Europe/Paris", "2027-03-28T02:30", "1:30 a.m.", "3:30 a.m."),
        ("America/New_York", "2027-03-14T02:30", "1:30 a.m.", "3:30 a.m."),
    ],
)
def test_an_hour_that_is_left_out_is_refused_with_what_lies_around(cast, hana, zone, skipped, earlier, later):
    ends = skipped.replace("T02", "T05")
    said = " ".join(errors(hana.post(ADD, typed(time_zone=zone, starts=skipped, ends=ends)))["starts"])
    assert zone in said
    assert earlier in said
    assert later in said


@pytest.mark.parametrize(
    ("zone", "twice", "first", "second"),
    [
        ("Europe/Paris", "2027-10-31T02:30", (0, 30), (1, 30)),
        ("America/New_York", "2027-11-07T01:30", (5, 30), (6, 30)),
    ],
)
def test_an_hour_that_comes_twice_asks_which(cast, hana, zone, twice, first, second):
    day = datetime.fromisoformat(twice)
    form = typed(time_zone=zone, starts=twice, ends=f"{day:%Y-%m-%d}T09:00")
    page = hana.post(ADD, form)
    assert list(errors(page)) == ["starts_which"]
    html = page.content.decode()
    assert 'type="radio"' in html
    assert "UTC+2" in html or "UTC-4" in html
    assert not LiveSession.objects.exists()
    for which, hour in (("first", first), ("second", second)):
        hana.post(ADD, form | {"starts_which": which})
        session = LiveSession.objects.latest("pk")
        assert session.starts_at == datetime(day.year, day.month, day.day, *hour, tzinfo=UTC)
        again = hana.get(change_of(session)).content.decode()
        assert f'value="{which}"' in again
        assert not SessionChange.objects.exists()
        hana.post(change_of(session), form | {"starts_which": which})  # saved as it is: nothing moves
        assert not SessionChange.objects.exists()


def test_the_end_may_lie_in_the_hour_that_comes_twice(cast, hana):
    form = typed(starts="2027-10-31T02:15", ends="2027-10-31T02:45", starts_which="first", ends_which="second")
    hana.post(ADD, form)
    session = LiveSession.objects.get()
    assert session.ends_at - session.starts_at == timedelta(hours=1, minutes=30)
    said = errors(hana.post(ADD, form | {"starts_which": "second", "ends_which": "first"}))
    assert "after the start" in said["ends"][0]


# --- Changing and calling off


@pytest.fixture
def session(cast):
    at = datetime(2027, 12, 1, 9, tzinfo=UTC)
    made = make_live_session(at=at, is_public=True, time_zone="Europe/Paris", seats=12, text="**Bring** a call.")
    made.ends_at = at + timedelta(minutes=90)
    made.save()
    for person in (cast.ada, cast.otto):
        registering.register(made, person)
    return made


def test_moving_first_says_how_many_it_touches(cast, hana, session):
    form = typed(starts="2027-12-02T10:00", ends="2027-12-02T11:30", teams=[cast.lyon.pk, cast.paris.pk])
    page = hana.post(change_of(session), form)
    html = page.content.decode()
    assert "2 people have registered and get a mail" in html
    assert "Tell 2 people and save" in html
    assert "Before: Wednesday, December 1, 2027" in html
    assert "Now: Thursday, December 2, 2027" in html
    assert not Notice.objects.exists()
    assert not SessionChange.objects.exists()
    sent = page.context["hidden"]
    again = {name: [value for key, value in sent if key == name] for name, _value in sent}
    for _twice in range(2):  # a double click
        assert hana.post(change_of(session), again)["Location"] == change_of(session)
    session.refresh_from_db()
    assert session.starts_at == datetime(2027, 12, 2, 9, tzinfo=UTC)
    assert set(session.teams.all()) == {cast.lyon, cast.paris}
    assert session.text == "**Bring** a call."
    assert Notice.objects.count() == 2
    assert SessionChange.objects.count() == 1


def test_words_are_saved_at_once(cast, hana, session):
    hana.post(change_of(session), typed(title="Calm, part two"))
    session.refresh_from_db()
    assert session.title == "Calm, part two"
    assert not Notice.objects.exists()


def test_fewer_seats_say_who_loses_one(cast, hana, session):
    html = hana.post(change_of(session), typed(seats="1")).content.decode()
    assert "1 person loses a seat" in html
    hana.post(change_of(session), typed(seats="1", confirmed="1"))
    assert Notice.objects.get().recipient == cast.otto


def test_calling_off_first_says_how_many_it_touches(cast, hana, session):
    address = f"{LIST}{session.pk}/cancel/"
    assert "2 people have registered and get a mail" in hana.get(address).content.decode()
    assert not LiveSession.objects.get().is_cancelled
    for _twice in range(2):
        hana.post(address)
    assert LiveSession.objects.get().is_cancelled
    assert Notice.objects.count() == 2
    assert "called off on" in hana.get(change_of(session)).content.decode()
    hana.post(change_of(session), typed(title="Changed all the same"))
    assert LiveSession.objects.get().title == "Calm on the phone"


def test_a_session_that_was_may_keep_its_time(cast, hana):
    past = make_live_session(at=timezone.now() - timedelta(days=3), is_public=True, time_zone="UTC")
    past.starts_at, past.ends_at = (one.replace(second=0, microsecond=0) for one in (past.starts_at, past.ends_at))
    past.save()
    times = {"starts": f"{past.starts_at:%Y-%m-%dT%H:%M}", "ends": f"{past.ends_at:%Y-%m-%dT%H:%M}"}
    hana.post(change_of(past), typed(time_zone="UTC", place="Room 5", **times))
    assert LiveSession.objects.get().place == "Room 5"


def test_the_list_costs_the_same_however_many_there_are(cast, hana, django_assert_max_num_queries):
    def grow(n):
        for _number in range(n):
            session = make_live_session(teams=[cast.lyon], course=cast.course, seats=3)
            registering.register(session, make_member(cast.lyon, f"Person{LiveSession.objects.count()} X"))

    grow(1)
    hana.get(LIST)
    with django_assert_max_num_queries(8):
        html = hana.get(LIST).content.decode()
    assert "1 of 3 seats are taken" in html
    grow(6)
    with django_assert_max_num_queries(8):
        hana.get(LIST + "?state=coming&q=calm")
    for state in ("over", "cancelled", "nonsense"):
        assert hana.get(f"{LIST}?state={state}").status_code == 200
