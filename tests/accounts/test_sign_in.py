from __future__ import annotations

from datetime import timedelta
from unittest import mock

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import throttling
from accounts.hashers import Argon2Hasher
from accounts.models import Throttle, User
from tests.at_once import at_once
from tests.builders import PASSWORD, make_person
from tests.conftest import Cast

SIGN_IN = "/accounts/sign-in/"


def try_sign_in(client: Client, name: str, password: str = PASSWORD, **more: str):
    return client.post(SIGN_IN, {"name": name, "password": password, **more})


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


@pytest.mark.parametrize("name", ["ada@example.com", "ADA@Example.com ", "1001", " 1001"])
def test_signs_in_by_address_or_number(client: Client, cast: Cast, name: str) -> None:
    response = try_sign_in(client, name)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert who(client) == str(cast.ada.pk)


def test_letters_of_a_number_may_be_small(client: Client, db: None) -> None:
    person = make_person("Kim Ba", email=None, staff_number="KB-7")
    try_sign_in(client, "kb-7")
    assert who(client) == str(person.pk)


def test_page_can_be_pasted_into_and_filled_by_password_managers(client: Client, db: None) -> None:
    page = client.get(SIGN_IN).content.decode()
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page


def test_somebody_signed_in_goes_home(client: Client, cast: Cast) -> None:
    client.force_login(cast.ada)
    assert client.get(SIGN_IN)["Location"] == "/"


def test_the_session_gets_a_new_id_and_keeps_nothing(client: Client, cast: Cast) -> None:
    session = client.session
    session["planted"] = "x"
    session.save()
    client.cookies["sessionid"] = planted = session.session_key
    try_sign_in(client, "ada@example.com")
    assert client.session.session_key != planted
    assert "planted" not in client.session
    attacker = Client()
    attacker.cookies["sessionid"] = planted
    assert who(attacker) is None


# --- Enumeration -----------------------------------------------------------------------------------------------------


@pytest.fixture
def refused(cast: Cast) -> dict[str, str]:
    User.objects.filter(pk=cast.otto.pk).update(is_active=False)
    return {
        "unknown": "nobody@example.com",
        "wrong": "ada@example.com",
        "off": "otto@example.com",
        "number": "99",
        "empty": "no@",
    }


def test_unknown_wrong_and_switched_off_look_the_same(client: Client, refused: dict[str, str]) -> None:
    answers = set()
    for case, name in refused.items():
        password = PASSWORD if case == "off" else "not the password"
        response = Client(enforce_csrf_checks=False).post(SIGN_IN, {"name": name, "password": password})
        answers.add((response.status_code, response.content.decode().replace(name, "")))
    answers = {(status, strip_tokens(page)) for status, page in answers}
    assert len(answers) == 1
    assert "We can&#x27;t sign you in" in answers.pop()[1]


def strip_tokens(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_every_failure_costs_one_hash_and_the_same_queries(
    client: Client, refused: dict[str, str], django_assert_num_queries
) -> None:
    for name in refused.values():
        with counted_hashes() as hashes, django_assert_num_queries(4):
            assert try_sign_in(client, name, "not the password").status_code == 200
        assert hashes.count == 1, name


class counted_hashes:
    """Counts how often Argon2 works."""

    def __enter__(self):
        self.count = 0
        encode, verify = Argon2Hasher.encode, Argon2Hasher.verify

        def count(method):
            def counting(hasher, *args):
                self.count += 1
                return method(hasher, *args)

            return counting

        self.patches = [
            mock.patch.object(Argon2Hasher, "encode", count(encode)),
            mock.patch.object(Argon2Hasher, "verify", count(verify)),
        ]
        for patch in self.patches:
            patch.start()
        return self

    def __exit__(self, *exc: object) -> None:
        for patch in self.patches:
            patch.stop()


def test_somebody_without_a_password_costs_a_hash_too(client: Client, db: None) -> None:
    User.objects.create_user(name="New", email="new@example.com")
    with counted_hashes() as hashes:
        assert try_sign_in(client, "new@example.com", "guess").status_code == 200
    assert hashes.count == 1


@pytest.mark.parametrize(
    "look_alike",
    [
        "mi\u212ba@example.com",
        "\u212aim@example.com",
        "k\u0131m@example.com",
        "ki\uff4d@example.com",
        "\uff4bim@example.com",
    ],
)
def test_a_look_alike_letter_is_another_letter(db: None, look_alike: str) -> None:
    make_person("Kim Lee", email="kim@example.com")
    assert User.objects.by_sign_in_name(look_alike) is None


def test_a_look_alike_number_is_another_number(db: None) -> None:
    make_person("Kim Lee", email=None, staff_number="S1")
    assert User.objects.by_sign_in_name("\u017f1") is None  # long s, whose upper case is S
    assert User.objects.by_sign_in_name("s1") is not None


# --- Where to afterwards ---------------------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example",
    "http://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "https:evil.example",
    "http:///evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "/courses/\\..\\evil.example",
    "\x00//evil.example",
    "\u2028//evil.example",
    "  //evil.example",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_next_leads_nowhere_else(client: Client, cast: Cast, url: str) -> None:
    assert try_sign_in(client, "ada@example.com", next=url)["Location"] == "/"


def test_next_leads_back_even_after_an_error(client: Client, cast: Cast) -> None:
    asked = "/courses/service/?page=2"
    page = client.get(SIGN_IN, {"next": asked}).content.decode()
    assert f'name="next" value="{asked}"' in page
    page = try_sign_in(client, "ada@example.com", "wrong", next=asked).content.decode()
    assert f'name="next" value="{asked}"' in page
    assert 'value="ada@example.com"' in page
    assert "<title>Error:" in page
    assert try_sign_in(client, "ada@example.com", next=asked)["Location"] == asked


# --- Too many tries --------------------------------------------------------------------------------------------------


def lock(client: Client, name: str) -> None:
    for _try in range(throttling.NAME_LIMIT):
        assert try_sign_in(client, name, "wrong").status_code == 200


def test_after_five_the_right_password_is_refused_too(client: Client, cast: Cast, time_machine) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    lock(client, "ada@example.com")
    with counted_hashes() as hashes:
        response = try_sign_in(client, "ADA@example.com")
    assert (response.status_code, hashes.count, who(client)) == (429, 0, None)
    assert "15 minutes" in response.content.decode()
    assert response["Retry-After"] == "900"
    time_machine.shift(timedelta(minutes=15, seconds=1))
    assert try_sign_in(client, "ada@example.com").status_code == 302


def test_an_unknown_name_is_locked_with_the_same_page(client: Client, cast: Cast) -> None:
    pages = []
    for name in ("ada@example.com", "nobody@example.com"):
        lock(client, name)
        response = try_sign_in(client, name)
        pages.append((response.status_code, strip_tokens(response.content.decode()).replace(name, "")))
    assert pages[0] == pages[1]
    assert pages[0][0] == 429


def test_signing_in_starts_the_count_anew(client: Client, cast: Cast) -> None:
    for _round in range(3):
        for _try in range(throttling.NAME_LIMIT - 1):
            try_sign_in(client, "ada@example.com", "wrong")
        assert try_sign_in(client, "ada@example.com").status_code == 302
        client.logout()


def test_one_address_gets_a_hundred_tries(client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "ADDRESS_LIMIT", 8)
    for number in range(8):
        assert try_sign_in(client, f"nobody{number}@example.com", "x").status_code == 200
    assert try_sign_in(client, "ada@example.com").status_code == 429
    assert client.post(SIGN_IN, {"name": "1001", "password": PASSWORD}, REMOTE_ADDR="10.0.0.9").status_code == 302


def test_people_who_sign_in_do_not_use_up_their_address(client: Client, cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr(throttling, "ADDRESS_LIMIT", 2)
    for _person in range(5):
        assert try_sign_in(client, "ada@example.com").status_code == 302
        client.logout()


def test_no_name_or_address_is_kept(client: Client, cast: Cast) -> None:
    try_sign_in(client, "ada@example.com", "wrong")
    keys = " ".join(Throttle.objects.values_list("key", flat=True))
    assert len(keys.split()) == 2
    assert "ada" not in keys
    assert "127" not in keys


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_twenty() -> None:
    make_person("Ada Moreau")
    statuses = at_once(*[lambda: try_sign_in(Client(), "ada@example.com", "wrong").status_code] * 20)
    assert sorted(statuses) == [200] * 5 + [429] * 15
    assert try_sign_in(Client(), "ada@example.com").status_code == 429
    assert sorted(Throttle.objects.values_list("tries", flat=True)) == [21, 21]


def test_admin_has_no_door_of_its_own(client: Client, cast: Cast) -> None:
    for name in ("username", "name"):
        response = client.post("/admin/login/?next=/admin/", {name: "hana@example.com", "password": PASSWORD})
        assert who(client) is None
        assert response.status_code in (302, 404, 405)
    assert client.get("/admin/")["Location"].startswith(SIGN_IN)


# --- Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad", ["\x00", "a\x00b@example.com", "9" * 40, "x" * 5000, "'; --", "\ud83d\ude00", "@", "@@", ""]
)
def test_odd_names_are_refused_kindly(client: Client, db: None, bad: str) -> None:
    bad = bad.encode("utf-16", "surrogatepass").decode("utf-16")
    for path in (SIGN_IN, reverse("accounts:reset"), reverse("accounts:slip")):
        response = client.post(path, {"name": bad, "password": "x\x00y", "code": bad, "next": bad, "why": bad})
        assert response.status_code in (200, 302)
        assert client.get(path, {"next": bad.replace("\x00", ""), "why": "x"}).status_code == 200


def test_the_page_needs_no_query(client: Client, db: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        client.get(SIGN_IN)


def test_demo_signs_in_the_cast_and_nobody_else(client: Client, cast: Cast, settings) -> None:
    path = reverse("accounts:demo_sign_in")
    for somebody in ("otto", "olga", "", "ada@example.com"):
        assert client.post(path, {"who": somebody}).status_code == 404
    assert client.get(path).status_code == 405
    assert client.post(path, {"who": "mia"})["Location"] == "/"
    assert who(client) == str(cast.mia.pk)
    settings.DEMO = False
    assert Client().post(path, {"who": "mia"}).status_code == 404
