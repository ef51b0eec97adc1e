from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from notices import sending
from notices.models import Notice
from tests.accounts.test_sessions import enter, is_in
from tests.builders import PASSWORD, make_person
from tests.conftest import Cast

RESET = "/accounts/reset/"
NEW = "a fine new phrase 9"


def ask(client: Client, name: str, **extra: str):
    return client.post(RESET, {"name": name}, **extra)


def link_in(notice: Notice) -> str:
    found = re.search(r"https?://\S+", notice.body)
    assert found
    return found.group()


def path_of(notice: Notice) -> str:
    return "/" + link_in(notice).split("/", 3)[3]


def follow(client: Client, path: str, new: str = NEW):
    """Open the link and send the form behind it."""
    response = client.get(path)
    if response.status_code != 302:
        return response
    return client.post(response["Location"], {"new_password1": new, "new_password2": new})


@pytest.mark.parametrize("name", ["ada@example.com", "1001", "ADA@EXAMPLE.COM"])
def test_the_link_sets_a_new_password(client: Client, cast: Cast, name: str) -> None:
    session = enter(cast.ada)
    assert ask(client, name)["Location"] == "/accounts/reset/sent/"
    notice = Notice.objects.get()
    assert (notice.kind, notice.address, notice.recipient) == ("secret", "ada@example.com", cast.ada)
    assert follow(client, path_of(notice))["Location"] == "/accounts/sign-in/"
    assert not is_in(session)
    assert client.post("/accounts/sign-in/", {"name": name, "password": PASSWORD}).status_code == 200
    assert client.post("/accounts/sign-in/", {"name": name, "password": NEW}).status_code == 302


def test_the_link_works_once(client: Client, cast: Cast) -> None:
    ask(client, "1001")
    path = path_of(Notice.objects.get())
    follow(client, path)
    response = follow(Client(), path, "yet another phrase 9")
    assert "no longer works" in response.content.decode()
    cast.ada.refresh_from_db()
    assert cast.ada.check_password(NEW)


def test_the_link_works_for_an_hour(client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(client, "1001")
    path, now = path_of(Notice.objects.get()), datetime.now()
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda generator: now + timedelta(minutes=59))
    assert client.get(path).status_code == 302
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda generator: now + timedelta(minutes=61))
    assert "no longer works" in client.get(path).content.decode()


def test_the_token_leaves_the_address_and_no_cache_keeps_the_page(client: Client, cast: Cast) -> None:
    ask(client, "1001")
    path = path_of(Notice.objects.get())
    response = client.get(path)
    assert path.rsplit("/", 2)[1] not in response["Location"]
    page = client.get(response["Location"])
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"


def test_the_link_has_the_configured_host(client: Client, cast: Cast, settings) -> None:
    settings.BASE_URL = "https://workshop.example.org"
    settings.ALLOWED_HOSTS = ["*"]
    settings.PROXY_COUNT = 1
    ask(client, "1001", HTTP_HOST="evil.example", HTTP_X_FORWARDED_HOST="evil.example")
    body = Notice.objects.get().body
    assert link_in(Notice.objects.get()).startswith("https://workshop.example.org/accounts/reset/")
    assert "evil" not in body


def test_a_forged_host_is_refused(client: Client, cast: Cast) -> None:
    assert ask(client, "1001", HTTP_HOST="evil.example").status_code == 400
    assert not Notice.objects.exists()


def test_the_answer_and_the_work_are_the_same_for_everybody(
    client: Client, cast: Cast, django_assert_num_queries
) -> None:
    User.objects.filter(pk=cast.otto.pk).update(is_active=False)
    make_person("Nora", email=None, staff_number="77")
    answers = set()
    for name in ("ada@example.com", "nobody@example.com", "otto@example.com", "77", "78", "x"):
        with django_assert_num_queries(4):  # two counts, the person, and one row written
            response = ask(client, name)
        answers.add((response.status_code, response["Location"]))
    assert answers == {(302, "/accounts/reset/sent/")}
    assert list(Notice.objects.values_list("address", flat=True)) == ["ada@example.com"]
    assert "If we know you" in client.get("/accounts/reset/sent/").content.decode()


@pytest.mark.parametrize("look_alike", ["\u212aim@example.com", "k\u0131m@example.com", "kim@example\u3002com"])
def test_a_look_alike_address_gets_no_mail(client: Client, db: None, look_alike: str) -> None:
    make_person("Kim Lee", email="kim@example.com")
    ask(client, look_alike)
    assert not Notice.objects.exists()


def test_asking_too_often_is_refused_for_known_and_unknown(client: Client, cast: Cast) -> None:
    for name in ("ada@example.com", "nobody@example.com"):
        for _try in range(5):
            assert ask(client, name).status_code == 302
        assert ask(client, name).status_code == 429
    assert Notice.objects.count() <= 2


def test_reset_opens_a_shut_door(client: Client, cast: Cast) -> None:
    for _try in range(6):
        client.post("/accounts/sign-in/", {"name": "ada@example.com", "password": "x"})
    ask(client, "ada@example.com")
    follow(client, path_of(Notice.objects.get()))
    assert client.post("/accounts/sign-in/", {"name": "ada@example.com", "password": NEW}).status_code == 302


def test_a_link_of_somebody_switched_off_since_is_dead(client: Client, cast: Cast) -> None:
    ask(client, "1001")
    path = path_of(Notice.objects.get())
    User.objects.filter(pk=cast.ada.pk).update(is_active=False)
    assert "no longer works" in client.get(path).content.decode()


@pytest.mark.parametrize(
    "path", ["x/y/", "MQ/set-password/", "%F0%9F/a-b/", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5/a-b/"]
)
def test_odd_links_are_dead_links(client: Client, cast: Cast, path: str) -> None:
    assert "no longer works" in client.get(RESET + path).content.decode()


# --- Another address -------------------------------------------------------------------------------------------------


def test_another_address_replaces_the_old_one_everywhere(client: Client, cast: Cast) -> None:
    session = enter(cast.ada)
    ask(client, "ada@example.com")
    old_link = path_of(Notice.objects.get())
    cast.ada.change_email("  Ada.Moreau@Example.com ")
    assert cast.ada.email == "ada.moreau@example.com"
    assert not is_in(session)
    assert "no longer works" in client.get(old_link).content.decode()
    assert client.post("/accounts/sign-in/", {"name": "ada@example.com", "password": PASSWORD}).status_code == 200
    ask(client, "ada@example.com")
    news = Notice.objects.exclude(kind="secret").get()
    assert (news.address, news.kind) == ("ada@example.com", "plain")
    assert Notice.objects.filter(kind="secret").count() == 1
    enter(cast.ada)


def test_a_link_still_waiting_is_not_sent_to_the_old_address(client: Client, cast: Cast, mailoutbox) -> None:
    ask(client, "ada@example.com")
    cast.ada.change_email("new@example.com")
    sending.send_waiting()
    assert [mail.subject for mail in mailoutbox] == ["Your address at Workshop was changed"]
    secret = Notice.objects.get(kind="secret")
    assert (secret.body, secret.sent_at) == ("", None)
    assert secret.failed_at


def test_the_same_address_is_no_news(cast: Cast) -> None:
    session = enter(cast.ada)
    cast.ada.change_email("ADA@example.com")
    assert is_in(session)
    assert not Notice.objects.exists()


@pytest.mark.parametrize("bad", ["otto@example.com", "OTTO@example.com", "no address"])
def test_an_address_must_be_one_and_free(cast: Cast, bad: str) -> None:
    with pytest.raises(ValidationError):
        cast.ada.change_email(bad)
    assert User.objects.get(pk=cast.ada.pk).email == "ada@example.com"


def test_the_last_sign_in_name_stays(cast: Cast) -> None:
    cast.ada.change_email(None)
    assert User.objects.get(pk=cast.ada.pk).email is None
    with pytest.raises(ValidationError):
        cast.otto.change_email(None)
