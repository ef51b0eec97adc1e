from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import network, sessions
from accounts.models import SignInSlip, Throttle, User
from accounts.throttling import WINDOW
from notices.models import Notice
from tests.builders import PASSWORD
from tests.conftest import Cast

PROFILE = "/accounts/profile/"


def enter(person: User, **more: str) -> Client:
    client = Client()
    response = client.post("/accounts/sign-in/", {"name": person.email, "password": PASSWORD, **more})
    assert response.status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get(PROFILE).status_code == 200


# --- How long --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "shared", "idle", "whole"),
    [
        ("ada", False, timedelta(days=14), timedelta(days=30)),
        ("ada", True, timedelta(minutes=15), timedelta(hours=12)),
        ("hana", False, timedelta(hours=8), timedelta(hours=24)),
        ("hana", True, timedelta(minutes=15), timedelta(hours=12)),
    ],
)
def test_a_session_ends_when_idle_and_for_good(
    cast: Cast, time_machine, who: str, shared: bool, idle: timedelta, whole: timedelta
) -> None:
    person, more = getattr(cast, who), {"shared_device": "on"} if shared else {}
    began = timezone.now()
    time_machine.move_to(began, tick=False)
    client = enter(person, **more)
    time_machine.move_to(began + idle)
    assert not is_in(client)

    time_machine.move_to(began, tick=False)
    client = enter(person, **more)
    for share in (0.9, 1.8):  # each use starts the idle time anew
        time_machine.move_to(began + idle * share, tick=False)
        assert is_in(client)

    session = client.session
    session[sessions.USED] = (began + whole - timedelta(minutes=2)).timestamp()
    session.save()
    time_machine.move_to(began + whole - timedelta(minutes=1), tick=False)
    assert is_in(client)
    time_machine.move_to(began + whole, tick=False)
    assert not is_in(client)


def test_a_session_made_elsewhere_has_limits_too(client: Client, cast: Cast, time_machine) -> None:
    client.force_login(cast.ada)
    time_machine.move_to(timezone.now() + timedelta(days=13))
    assert is_in(client)
    time_machine.move_to(timezone.now() + timedelta(days=18))
    assert not is_in(client)


def test_a_normal_request_costs_no_extra_query(cast: Cast, django_assert_num_queries) -> None:
    client = enter(cast.ada)
    with django_assert_num_queries(3):  # session, person, and the person again for the form
        client.get(PROFILE)


@pytest.mark.parametrize(
    ("path", "queries"),
    [("/accounts/password/", 3), ("/accounts/sign-in/", 2), ("/accounts/slip/", 2), ("/accounts/reset/", 2)],
)
def test_pages_cost_few_queries(cast: Cast, django_assert_max_num_queries, path: str, queries: int) -> None:
    client = enter(cast.ada)
    with django_assert_max_num_queries(queries):
        client.get(path)


def test_the_cookie_of_a_shared_device_goes_with_the_browser(cast: Cast) -> None:
    assert enter(cast.ada, shared_device="on").cookies["sessionid"]["max-age"] == ""
    assert enter(cast.ada).cookies["sessionid"]["max-age"] > 0


def test_a_shared_device_shows_the_name_and_forgets(cast: Cast) -> None:
    client = enter(cast.ada, shared_device="on")
    assert "Not Ada? Sign out" in client.get(PROFILE).content.decode()
    response = client.post("/accounts/sign-out/")
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert "ada" not in client.get("/accounts/sign-in/").content.decode().lower()


def test_a_shared_device_forgets_when_time_is_over(cast: Cast, time_machine) -> None:
    client = enter(cast.ada, shared_device="on")
    time_machine.move_to(timezone.now() + timedelta(minutes=16))
    response = client.get(PROFILE)
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    page = client.get(response["Location"]).content.decode()
    assert "You have been signed out" in page
    assert "ada" not in page.lower()


def test_what_was_sent_too_late_leads_back_to_its_page(cast: Cast, time_machine) -> None:
    client = enter(cast.ada)
    time_machine.move_to(timezone.now() + timedelta(days=15))
    response = client.post(PROFILE, {"name": "x"}, headers={"referer": "http://testserver/courses/a/?page=2"})
    page = client.get(response["Location"]).content.decode()
    assert "was not saved" in page
    back = client.post("/accounts/sign-in/", {"name": "1001", "password": PASSWORD, "next": "/courses/a/?page=2"})
    assert 'name="next" value="/courses/a/?page=2"' in page
    assert back["Location"] == "/courses/a/?page=2"


@pytest.mark.parametrize("referrer", ["https://evil.example/x", "", "javascript:x", "//evil.example", "\\"])
def test_what_was_sent_from_elsewhere_leads_home(client: Client, db: None, referrer: str) -> None:
    response = client.post("/accounts/password/", headers={"referer": referrer})
    assert response["Location"] == "/accounts/sign-in/?next=%2F&why=unsaved"


def test_a_stranger_is_sent_to_sign_in_and_back(client: Client, db: None) -> None:
    assert client.get(PROFILE + "?a=1")["Location"] == "/accounts/sign-in/?next=%2Faccounts%2Fprofile%2F%3Fa%3D1"


# --- How it ends -----------------------------------------------------------------------------------------------------


def test_signing_out_kills_the_session_id(cast: Cast) -> None:
    client = enter(cast.ada)
    stolen = Client()
    stolen.cookies["sessionid"] = client.cookies["sessionid"].value
    assert is_in(stolen)
    assert client.get("/accounts/sign-out/").status_code == 405
    assert is_in(stolen)
    client.post("/accounts/sign-out/")
    assert not is_in(client)
    assert not is_in(stolen)


def test_signing_out_twice_is_fine(client: Client, db: None) -> None:
    assert client.post("/accounts/sign-out/")["Location"] == "/"


def test_signing_out_everywhere_is_everywhere(cast: Cast) -> None:
    phone, terminal, other = enter(cast.ada), enter(cast.ada), enter(cast.mia)
    response = phone.post("/accounts/sign-out/everywhere/", follow=True)
    assert [str(message) for message in response.context["messages"]] == [
        "You are signed out here and on all other devices."
    ]
    assert [is_in(client) for client in (phone, terminal, other)] == [False, False, True]


def test_somebody_switched_off_is_out_with_the_next_request_and_for_good(cast: Cast) -> None:
    client = enter(cast.ada)
    User.objects.filter(pk=cast.ada.pk).update(is_active=False)
    assert not is_in(client)
    User.objects.filter(pk=cast.ada.pk).update(is_active=True)
    assert not is_in(client)


def test_a_new_password_ends_the_other_sessions(cast: Cast) -> None:
    here, there = enter(cast.ada), enter(cast.ada)
    before = here.session.session_key
    new = "another fine phrase 9"
    response = here.post("/accounts/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert response["Location"] == PROFILE
    assert [is_in(here), is_in(there)] == [True, False]
    assert here.session.session_key != before
    cast.ada.refresh_from_db()
    assert cast.ada.check_password(new)


@pytest.mark.parametrize("new", ["short", "password", "12345678", "ada moreau", "ada@example.com", "x" * 129])
def test_weak_passwords_are_refused(cast: Cast, new: str) -> None:
    client = enter(cast.ada)
    response = client.post(
        "/accounts/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )
    assert response.status_code == 200
    cast.ada.refresh_from_db()
    assert cast.ada.check_password(PASSWORD)


@pytest.mark.parametrize(
    "new", ["long enough words " * 7, "nocapitalsnodigits", "Zażółć gęślą jaźń", " leading space 7"]
)
def test_long_and_plain_passwords_are_fine(cast: Cast, new: str) -> None:
    client = enter(cast.ada)
    client.post("/accounts/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    cast.ada.refresh_from_db()
    assert cast.ada.check_password(new)


def test_guesses_at_the_old_password_share_the_count_of_the_sign_in_form(cast: Cast) -> None:
    client = enter(cast.ada)
    wrong = {"old_password": "guess", "new_password1": "a fine phrase 9", "new_password2": "a fine phrase 9"}
    for _try in range(5):
        assert client.post("/accounts/password/", wrong).status_code == 200
    response = client.post("/accounts/password/", wrong | {"old_password": PASSWORD})
    assert response.status_code == 429
    assert Client().post("/accounts/sign-in/", {"name": "ada@example.com", "password": PASSWORD}).status_code == 429


def test_changing_the_password_leaves_other_columns_alone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client, hashed = enter(cast.ada), User.set_password

    def meanwhile(person: User, password: str) -> None:
        User.objects.filter(pk=cast.ada.pk).update(is_active=False)
        hashed(person, password)

    monkeypatch.setattr(User, "set_password", meanwhile)
    new = {"new_password1": "a fine phrase 9", "new_password2": "a fine phrase 9"}
    client.post("/accounts/password/", {"old_password": PASSWORD} | new)
    assert not User.objects.get(pk=cast.ada.pk).is_active


# --- Profile ---------------------------------------------------------------------------------------------------------


def test_profile_changes_what_it_shows_and_nothing_else(cast: Cast) -> None:
    client = enter(cast.ada)
    page = client.get(PROFILE).content.decode()
    assert "So far there is one language." in page
    form = {"name": "Ada M.", "language": "en-us", "time_zone": "Asia/Tokyo", "theme": "dark"}
    response = client.post(PROFILE, form | {"is_staff": "on", "email": "x@y.example", "is_superuser": "1"})
    assert response["Location"] == PROFILE
    ada = User.objects.get(pk=cast.ada.pk)
    assert (ada.name, ada.time_zone, ada.theme) == ("Ada M.", "Asia/Tokyo", "dark")
    assert (ada.is_staff, ada.is_superuser, ada.email) == (False, False, "ada@example.com")
    assert 'data-theme="dark"' in client.get(PROFILE).content.decode()


@pytest.mark.parametrize(
    "bad", [{"time_zone": "Mars/Base"}, {"theme": "pink"}, {"name": ""}, {"name": "a\x00"}, {"language": "xx"}]
)
def test_profile_refuses_what_it_does_not_offer(cast: Cast, bad: dict[str, str]) -> None:
    form = {"name": "Ada", "language": "en-us", "time_zone": "Asia/Tokyo", "theme": "dark"} | bad
    assert enter(cast.ada).post(PROFILE, form).status_code == 200
    assert User.objects.get(pk=cast.ada.pk).name == "Ada Moreau"


def test_a_time_zone_this_machine_does_not_know_is_no_trouble(cast: Cast) -> None:
    client = enter(cast.ada)
    User.objects.filter(pk=cast.ada.pk).update(time_zone="Europe/Atlantis")
    assert is_in(client)


# --- Where from ------------------------------------------------------------------------------------------------------


def arriving(remote: str, forwarded: str = "") -> HttpRequest:
    return RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "counted"),
    [
        (0, "10.0.0.1", "6.6.6.6", "10.0.0.1/32"),
        (1, "10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9/32"),
        (2, "10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9/32"),
        (1, "10.0.0.1", "", "10.0.0.1/32"),
        (1, "10.0.0.1", "nonsense", "10.0.0.1/32"),
        (0, "2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        (0, "::ffff:10.0.0.1", "", "10.0.0.1/32"),
        (0, "", "", "unknown"),
    ],
)
def test_who_is_counted(settings, proxies: int, remote: str, forwarded: str, counted: str) -> None:
    settings.PROXY_COUNT = proxies
    assert network.counted_as(arriving(remote, forwarded)) == counted


def test_logs_keep_the_network_only(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "workshop.accounts")
    client = Client(REMOTE_ADDR="203.0.113.77")
    client.post("/accounts/sign-in/", {"name": "ada@example.com", "password": "secret-guess"})
    client.post("/accounts/sign-in/", {"name": "ada@example.com", "password": PASSWORD})
    client.post("/accounts/sign-out/")
    events = [record.event for record in caplog.records if record.name == "workshop.accounts"]
    assert [event["event"] for event in events] == ["sign_in_failed", "sign_in", "sign_out"]
    assert {event["network"] for event in events} == {"203.0.113.0/24"}
    assert [event["person"] for event in events] == [cast.ada.pk] * 3
    written = caplog.text + str(events)
    for secret in ("ada@", "Moreau", "secret-guess", PASSWORD, "113.77"):
        assert secret not in written


# --- Tidying ---------------------------------------------------------------------------------------------------------


def test_tidy_deletes_what_has_served_its_time(cast: Cast) -> None:
    now = timezone.now()
    enter(cast.ada)
    Throttle.count("old", WINDOW, now - timedelta(days=2))
    Throttle.count("new", WINDOW, now)
    SignInSlip.print_for(cast.ada, None, now - timedelta(days=40))
    new, _code = SignInSlip.print_for(cast.otto, None, now)
    Session.objects.create(session_key="gone", session_data="", expire_date=now - timedelta(days=1))
    for key, days in (("old", 40), ("fresh", 1)):
        Notice.objects.create(
            key=key, kind="secret", address="a@example.com", subject="s", expires_at=now - timedelta(days=days)
        )
    for _twice in range(2):
        call_command("tidy", verbosity=0)
    assert set(Throttle.objects.values_list("key", flat=True)) >= {"new"}
    assert not Throttle.objects.filter(key="old").exists()
    assert list(SignInSlip.objects.all()) == [new]
    assert not Session.objects.filter(session_key="gone").exists()
    assert Session.objects.count() == 1
    assert list(Notice.objects.values_list("key", flat=True)) == ["fresh"]


# --- A new secret key ------------------------------------------------------------------------------------------------


def test_a_new_secret_key_signs_nobody_out_and_revives_nobody(cast: Cast, settings) -> None:
    stays, left = enter(cast.ada), enter(cast.otto)
    cast.otto.sign_out_everywhere()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-" * 6
    assert is_in(stays)
    assert not is_in(left)


def test_signing_out_everywhere_is_logged(cast: Cast, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "workshop.accounts")
    client.force_login(cast.ada)
    client.post("/accounts/sign-out/everywhere/")
    events = [record.event for record in caplog.records if record.name == "workshop.accounts"]
    assert ("sign_out_everywhere", cast.ada.pk) in [(event["event"], event["person"]) for event in events]
