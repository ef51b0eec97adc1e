"""Fewer mails at one click, without a sign-in, and telling nobody who has an account."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import mailing
from accounts.models import User
from tests.builders import make_person

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def ada(db: None) -> User:
    return make_person("Ada Moreau")


@pytest.fixture
def strict() -> Client:
    return Client(enforce_csrf_checks=True)


def page_of(person: User) -> str:
    return mailing.unsubscribe_link(person).removeprefix("http://127.0.0.1:8000")


def switches(person: User) -> set[bool]:
    person.refresh_from_db()
    return {person.mail_reminders, person.mail_news, person.mail_digest}


def test_looking_changes_nothing_and_shows_a_button(strict: Client, ada: User) -> None:
    response = strict.get(page_of(ada))
    assert "Yes, write me less" in response.content.decode()
    assert switches(ada) == {True}


def test_a_mail_program_needs_no_token_and_no_session(strict: Client, ada: User) -> None:
    for _twice in range(2):
        response = strict.post(page_of(ada), ONE_CLICK)
        assert (response.status_code, "Set-Cookie" in response) == (200, False)
    assert switches(ada) == {False}


def test_the_button_needs_its_token(strict: Client, ada: User) -> None:
    assert strict.post(page_of(ada), {"anything": "else"}).status_code == 403
    assert switches(ada) == {True}
    page = strict.get(page_of(ada))
    token = page.context["csrf_token"]
    assert strict.post(page_of(ada), {"csrfmiddlewaretoken": str(token)}).status_code == 200
    assert switches(ada) == {False}


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_learns_who_has_an_account(client: Client, ada: User, method: str) -> None:
    gone = make_person("Oscar Gone")
    link = page_of(gone)
    gone.leave()
    there = getattr(client, method)(page_of(ada), ONE_CLICK if method == "post" else None)
    left = getattr(client, method)(link, ONE_CLICK if method == "post" else None)
    User.objects.filter(pk=gone.pk).delete()
    never = getattr(client, method)(link, ONE_CLICK if method == "post" else None)
    bodies = [response.content.decode().split("<main")[1].split("<form")[0] for response in (there, left, never)]
    assert bodies[0] == bodies[1] == bodies[2]
    assert {response.status_code for response in (there, left, never)} == {200}


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: "1", lambda t: t.replace(":", "0:", 1), lambda t: "x:y"]
)
def test_a_link_that_is_not_ours_does_nothing(client: Client, ada: User, change) -> None:
    address = page_of(ada).rstrip("/").rsplit("/", 1)
    broken = f"{address[0]}/{change(address[1])}/"
    assert client.get(broken).status_code == 404
    response = client.post(broken, ONE_CLICK)
    assert (response.status_code, "This link is not whole" in response.content.decode()) == (404, True)
    assert switches(ada) == {True}


def test_the_token_opens_no_other_door(client: Client, ada: User) -> None:
    token = page_of(ada).rstrip("/").rsplit("/", 1)[1]
    client.get(page_of(ada))
    assert client.get("/accounts/profile/").status_code == 302
    assert client.get(f"/accounts/reset/{ada.pk}/{token}/").status_code in (200, 302, 404)
    assert "_auth_user_id" not in client.session


def test_links_outlive_a_change_of_the_key(client: Client, ada: User, settings) -> None:
    link = page_of(ada)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-" + "k3y" * 20
    assert mailing.unsubscriber(link.rstrip("/").rsplit("/", 1)[1]) is not None


def test_it_can_be_taken_back_in_the_profile(client: Client, ada: User) -> None:
    mailing.unsubscribe(ada.pk)
    client.force_login(ada)
    form = client.get("/accounts/profile/").context["form"]
    assert "mail_digest" not in form.fields  # she manages nobody
    data = {"name": ada.name, "language": "en-us", "time_zone": "UTC", "theme": "system", "mail_reminders": "on"}
    assert client.post("/accounts/profile/", data).status_code == 302
    ada.refresh_from_db()
    assert (ada.mail_reminders, ada.mail_news, ada.mail_digest) == (True, False, False)


def test_without_an_address_there_is_nothing_to_switch(client: Client, db: None) -> None:
    paper = make_person("Petra Paper", email=None, staff_number="77")
    client.force_login(paper)
    form = client.get("/accounts/profile/").context["form"]
    assert not [name for name in form.fields if name.startswith("mail_")]
    data = {"name": "Petra P", "language": "en-us", "time_zone": "UTC", "theme": "system"}
    assert client.post("/accounts/profile/", data).status_code == 302
    assert switches(paper) == {True}
