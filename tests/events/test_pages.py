"""The pages of live sessions: what each person sees of them, and never the place or the link too early."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events import attendance, changing, coming, privacy, registering
from events.models import Attendance, LiveSession, Registration
from tests.builders import enroll, make_course, make_live_session, make_member
from tests.conftest import sign_in

pytestmark = pytest.mark.django_db
SECRETS = ("meet.example.com", "Room 4")


def page(client, url="/"):
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode().replace("\xa0", " ")


@pytest.fixture
def session(cast):
    return make_live_session(
        teams=[cast.company], seats=1, place="Room 4", text="**Bring** a call.", trainers=[cast.pia]
    )


def of(session, name=""):
    return f"/sessions/{session.pk}/{name}"


# --- The first pages


def test_strangers_see_title_and_time_of_what_is_open_to_everybody_and_no_more(client, cast, session):
    shown = make_live_session("Open evening", is_public=True, place="Room 4", text="Secret agenda.")
    make_live_session("Open, but off", is_public=True, cancelled_at=timezone.now())
    make_live_session("Open, but begun", is_public=True, at=timezone.now() - timedelta(minutes=1))
    html = page(client)
    assert "Open evening" in html
    assert of(shown) in html
    assert "Calm on the phone" not in html
    assert "Open, but" not in html
    assert "Secret agenda" not in html
    assert not [secret for secret in SECRETS if secret in html]
    assert client.get(of(shown))["Location"].startswith("/accounts/sign-in/")


def test_my_learning_shows_the_next_three_that_are_mine(cast, session):
    client = sign_in(Client(), cast.ada)
    for day in (2, 3, 4):
        make_live_session(f"Day {day}", at=timezone.now() + timedelta(days=day), teams=[cast.lyon])
    make_live_session("Elsewhere", teams=[cast.paris])
    html = page(client)
    assert "Calm on the phone" in html
    assert "0 of 1 seats are taken" in html
    assert "Day 3" in html
    assert "Day 4" not in html
    assert "See all live sessions" in html
    assert "Elsewhere" not in html
    assert not [secret for secret in SECRETS if secret in html]
    assert "Day 4" in page(client, "/sessions/")
    registering.register(session, cast.ada)
    assert "You have a seat" in page(client)
    assert "All seats are taken" in page(sign_in(Client(), cast.otto))
    changing.cancel(session, cast.hana)
    assert "Cancelled" in page(client)
    assert "Calm on the phone" not in page(sign_in(Client(), cast.otto))


def test_a_session_of_two_weeks_is_shown_until_it_ends(cast):
    now = timezone.now()
    at = now - timedelta(days=14) + timedelta(minutes=5)
    long = make_live_session("Two weeks", at=at, ends_at=at + timedelta(days=14), teams=[cast.lyon])
    assert [shown.session for shown in coming.of(cast.ada, now)] == [long]
    assert coming.of(cast.ada, long.ends_at + timedelta(seconds=1)) == []
    assert coming.public(now) == []


def test_my_learning_costs_one_query_more_however_many_there_are(cast):
    client = sign_in(Client(), cast.ada)
    page(client)
    with CaptureQueriesContext(connection) as before:
        page(client)
    asked = [query["sql"] for query in before if "events_livesession" in query["sql"]]
    assert len(asked) == 1
    for n in range(5):
        made = make_live_session(teams=[cast.lyon], course=cast.course, seats=n + 1, trainers=[cast.pia])
        registering.register(made, cast.ada)
    with CaptureQueriesContext(connection) as after:
        page(client)
    assert len(after) == len(before)


def test_a_lesson_asks_nothing_about_sessions(cast, session):
    client = sign_in(Client(), cast.ada)
    with CaptureQueriesContext(connection) as queries:
        page(client, "/courses/service/m1-read-1/")
    assert not [query["sql"] for query in queries if "events_" in query["sql"]]


def test_times_are_told_in_the_zone_of_the_reader_and_of_the_place(cast):
    shown = make_live_session(
        at=datetime(2027, 3, 15, 13, 0, tzinfo=UTC), teams=[cast.company], time_zone="Europe/Paris"
    )
    html = page(sign_in(Client(), cast.ada), of(shown))
    assert "Monday, March 15, 2027, 2 p.m. to 3 p.m. (Europe/Paris)" in html
    assert "There:" not in html
    cast.ada.time_zone = "America/New_York"  # by then in summer time, and Paris is not: five hours, not six
    cast.ada.save()
    html = page(sign_in(Client(), cast.ada), of(shown))
    assert "Monday, March 15, 2027, 9 a.m. to 10 a.m. (America/New_York)" in html
    assert "There: Monday, March 15, 2027, 2 p.m. to 3 p.m. (Europe/Paris)" in html


@pytest.mark.parametrize(
    ("zone", "at", "says"),
    [
        ("Europe/Paris", datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "2:30 a.m. UTC+2 to 2:30 a.m. UTC+1"),
        ("America/New_York", datetime(2027, 11, 7, 5, 30, tzinfo=UTC), "1:30 a.m. UTC-4 to 1:30 a.m. UTC-5"),
        ("Europe/Paris", datetime(2027, 3, 28, 0, 30, tzinfo=UTC), "1:30 a.m. to 3:30 a.m."),
        ("America/New_York", datetime(2027, 3, 14, 6, 30, tzinfo=UTC), "1:30 a.m. to 3:30 a.m."),
    ],
)
def test_the_nights_of_the_change_are_said_so_that_one_can_tell(cast, zone, at, says):
    cast.ada.time_zone = zone
    cast.ada.save()
    assert says in page(sign_in(Client(), cast.ada), of(make_live_session(at=at, teams=[cast.lyon])))


def test_days_apart_are_both_said(cast):
    at = datetime(2027, 6, 1, 8, 0, tzinfo=UTC)
    shown = make_live_session(at=at, ends_at=at + timedelta(days=2), teams=[cast.lyon])
    html = page(sign_in(Client(), cast.ada), of(shown))
    assert "Tuesday, June 1, 2027, 10 a.m. to Thursday, June 3, 2027, 10 a.m. (Europe/Paris)" in html


# --- Registering


def test_registering_and_cancelling_and_what_one_may_know(cast, session):
    ada, otto = (sign_in(Client(), person) for person in (cast.ada, cast.otto))
    html = page(ada, of(session))
    assert "Register for this session" in html
    assert "Bring" in html
    assert "once you have a seat" in html
    assert not [secret for secret in SECRETS if secret in html]
    assert ada.get(of(session, "calendar.ics")).status_code == 404
    for _twice in range(2):
        assert "You have a seat" in ada.post(of(session, "register/"), follow=True).content.decode()
    html = page(ada, of(session))
    assert all(secret in html for secret in SECRETS)
    assert b"meet.example.com" in ada.get(of(session, "calendar.ics")).content
    assert "waiting list" in page(otto, of(session))
    html = otto.post(of(session, "register/"), follow=True).content.decode()
    assert "You are number 1 on the waiting list" in html
    assert not [secret for secret in SECRETS if secret in html]
    assert otto.get(of(session, "calendar.ics")).status_code == 404
    for _twice in range(2):
        ada.post(of(session, "cancel/"), follow=True)
    assert "You have a seat" in page(otto, of(session))
    assert "Put me on the waiting list" in page(ada, of(session))
    assert not [secret for secret in SECRETS if secret in page(ada, of(session))]
    assert Registration.objects.active().count() == 1


def test_reading_the_addresses_of_verbs_changes_nothing(cast, session):
    ada = sign_in(Client(), cast.ada)
    assert ada.get(of(session, "register/"))["Location"] == of(session)
    registering.register(session, cast.ada)
    assert ada.get(of(session, "cancel/"))["Location"] == of(session)
    assert Registration.objects.active().count() == 1


def test_too_late_is_said_kindly(cast):
    begun = make_live_session(at=timezone.now() - timedelta(minutes=5), teams=[cast.lyon])
    ada = sign_in(Client(), cast.ada)
    assert "too late to register" in ada.post(of(begun, "register/"), follow=True).content.decode()
    assert "nothing left to cancel" in ada.post(of(begun, "cancel/"), follow=True).content.decode()
    assert not Registration.objects.exists()


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//evil.example.com"])
def test_a_link_that_came_past_the_form_is_only_text(cast, link):
    shown = make_live_session(teams=[cast.lyon])
    registering.register(shown, cast.ada)
    LiveSession.objects.update(link=link)
    html = page(sign_in(Client(), cast.ada), of(shown))
    assert link in html
    assert f'href="{link}' not in html


def test_text_and_title_cannot_bring_a_script(cast):
    shown = make_live_session(
        "<script>x</script>", teams=[cast.lyon], text="<script>alert(1)</script>[a](javascript:x)"
    )
    html = page(sign_in(Client(), cast.ada), of(shown))
    assert "<script>x" not in html
    assert "<script>alert" not in html
    assert 'href="javascript:' not in html


# --- Attendance


@pytest.fixture
def begun(cast):
    shown = make_live_session(
        at=timezone.now() - timedelta(minutes=5), teams=[cast.company], seats=1, trainers=[cast.pia]
    )
    for person in (cast.ada, cast.otto):
        Registration.objects.create(session=shown, user=person)
    return shown


def test_a_trainer_without_a_staff_role_ticks_and_corrects(cast, begun):
    pia = sign_in(Client(), cast.pia)
    html = page(pia, of(begun, "attendance/"))
    assert "Ada Moreau" in html
    assert "Lyon" in html
    assert "1 person has a seat, 1 is waiting" in html
    both = {"came": [cast.ada.pk, cast.otto.pk]}
    for said in ("It is noted", "noted already"):
        assert said in pia.post(of(begun, "attendance/"), both, follow=True).content.decode()
    assert Attendance.objects.counting().count() == 2
    assert {row.by for row in Attendance.objects.all()} == {cast.pia}
    assert page(pia, of(begun, "attendance/")).count(" checked") == 2
    pia.post(of(begun, "attendance/"), {"came": [cast.ada.pk], "was": [cast.ada.pk, cast.otto.pk]})
    taken_back = Attendance.objects.get(user=cast.otto)
    assert taken_back.withdrawn_by == cast.pia
    assert [row.user for row in Attendance.objects.counting()] == [cast.ada]
    pia.post(of(begun, "attendance/"), {"came": [cast.otto.pk]})  # and there after all
    assert Attendance.objects.counting().count() == 2
    assert Attendance.objects.count() == 3
    assert LogEntry.objects.filter(user=cast.pia).count() == 3
    assert not LogEntry.objects.filter(change_message__contains="Ada").exists()


def test_the_list_is_on_paper_too(cast, begun):
    """Paper shows no forms, so the table stands outside of the one that its boxes belong to."""
    html = page(sign_in(Client(), cast.pia), of(begun, "attendance/"))
    form = html[html.index('id="ticks"') :]
    assert html.index("</table>") < html.index('id="ticks"')
    assert "Ada Moreau" not in form
    assert len(re.findall(r'name="came"[^>]* form="ticks"', html)) == 2


def test_two_trainers_at_once_do_not_undo_each_other(cast, begun):
    pia = sign_in(Client(), cast.pia)
    attendance.tick(begun, [cast.ada.pk], [], cast.hana)
    pia.post(of(begun, "attendance/"), {"came": [cast.otto.pk]})  # her page was made before Hana saved
    assert Attendance.objects.counting().count() == 2


@pytest.mark.parametrize("junk", [["x"], ["-1"], ["9" * 40], [""], ["0"]])
def test_only_people_of_the_session_can_be_ticked(cast, begun, junk):
    pia = sign_in(Client(), cast.pia)
    pia.post(of(begun, "attendance/"), {"came": [*junk, str(cast.mia.pk)], "was": junk})
    assert not Attendance.objects.exists()


def test_nobody_came_before_it_began(cast, session):
    registering.register(session, cast.ada)
    pia = sign_in(Client(), cast.pia)
    assert " disabled" in page(pia, of(session, "attendance/"))
    said = pia.post(of(session, "attendance/"), {"came": [cast.ada.pk]}, follow=True).content.decode()
    assert "Nothing was noted" in said
    assert not Attendance.objects.exists()


def test_the_one_who_was_there_sees_that_it_is_noted(cast, begun):
    attendance.tick(begun, [cast.ada.pk], [], cast.pia)
    LiveSession.objects.update(ends_at=timezone.now())
    assert "You were there" in page(sign_in(Client(), cast.ada), of(begun))
    assert "You were there" in page(sign_in(Client(), cast.ada), "/sessions/")
    assert "You were there" not in page(sign_in(Client(), cast.otto), of(begun))


def test_the_file_says_the_same_and_starts_no_formula(cast, begun):
    evil = make_member(cast.lyon, "=HYPERLINK(1)", email="evil@example.com")
    Registration.objects.create(session=begun, user=evil)
    attendance.tick(begun, [cast.ada.pk], [], cast.pia)
    response = sign_in(Client(), cast.pia).get(of(begun, "participants.csv"))
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[0] for row in rows] == ["Person", "'=HYPERLINK(1)", "Ada Moreau", "Otto Lind", "3 rows"]
    ada, otto = rows[2], rows[3]
    assert ada[1:] == [
        "Lyon",
        begun.registrations.first().registered_at.astimezone(begun.zone).date().isoformat(),
        "Seat",
        "yes",
    ]
    assert otto[3:] == ["Waiting list", ""]


def test_a_long_list_comes_in_pages_that_can_be_sent(cast, begun, monkeypatch):
    monkeypatch.setattr("events.participants.SIZE", 1)
    pia = sign_in(Client(), cast.pia)
    assert "Ada Moreau" in page(pia, of(begun, "attendance/"))
    second = page(pia, of(begun, "attendance/?page=2"))
    assert "Otto Lind" in second
    assert "Ada Moreau" not in second
    for odd in ("0", "-1", "x", "9" * 40, "99"):
        assert pia.get(of(begun, f"attendance/?page={odd}")).status_code == 200
    sent = pia.post(of(begun, "attendance/?page=2"), {"came": [cast.otto.pk]})
    assert sent["Location"].endswith("?page=2")


@pytest.mark.parametrize("name", ["", "attendance/", "participants.csv", "../"])
def test_pages_cost_the_same_however_many_there_are(cast, begun, name):
    pia = sign_in(Client(), cast.pia)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            response = pia.get(of(begun, name).replace(f"{begun.pk}/../", ""))
            b"".join(response)
        assert response.status_code == 200
        return len(queries)

    cost()
    before = cost()
    for n in range(5):
        person = make_member(cast.lyon, f"Person{n} X")
        Registration.objects.create(session=begun, user=person)
        attendance.tick(begun, [person.pk], [], cast.pia)
        make_live_session(teams=[cast.company], trainers=[cast.pia])
    assert cost() == before <= 7


def test_what_people_came_to_in_one_query(cast, begun, django_assert_num_queries):
    attendance.tick(begun, [cast.ada.pk], [], cast.pia)
    earlier = make_live_session("Earlier", at=begun.starts_at - timedelta(days=3))
    Attendance.objects.create(session=earlier, user=cast.ada, by=cast.pia)
    gone = Attendance.objects.create(session=earlier, user=cast.otto, by=cast.pia)
    gone.withdrawn_at, gone.withdrawn_by = timezone.now(), cast.pia
    gone.save()
    with django_assert_num_queries(1):
        found = attendance.of([cast.ada, cast.otto])
    assert [one.title for one in found[cast.ada.pk]] == ["Calm on the phone", "Earlier"]
    assert cast.otto.pk not in found


# --- A person's data


def test_a_person_takes_their_data_along(cast, begun):
    attendance.tick(begun, [cast.ada.pk], [], cast.pia)
    parts = {part.key: part.rows for part in privacy.export(cast.ada)}
    assert parts["session_registrations"][0]["session"] == begun.title
    assert parts["attendances"][0]["by"] == cast.pia.name
    assert privacy.export(cast.pia)[2].rows[0]["session"] == begun.title


def test_erasing_somebody_frees_their_seat_and_keeps_the_count(cast, begun, session):
    attendance.tick(begun, [cast.ada.pk], [], cast.pia)
    registering.register(session, cast.ada)
    privacy.erase(cast.ada, timezone.now())
    privacy.erase(cast.pia, timezone.now())
    assert not Registration.objects.active().filter(session=session).exists()
    assert Attendance.objects.counting().count() == 1
    assert not session.trainers.exists()


def test_a_course_that_is_left_keeps_its_sessions_for_who_registered(cast):
    course = make_course("other")
    enrolled = enroll(cast.ada, course)
    shown = make_live_session(course=course)
    registering.register(shown, cast.ada)
    enrolled.withdrawn_at = timezone.now()
    enrolled.save()
    ada = sign_in(Client(), cast.ada)
    assert "I cannot come" in page(ada, of(shown))
    gone = ada.post(of(shown, "cancel/"))
    assert gone["Location"] == "/sessions/"
    assert LiveSession.objects.visible_to(cast.ada).exists()
