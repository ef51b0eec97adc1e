from __future__ import annotations

import html
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, SignInSlip, User
from accounts.models.slip import grouped
from accounts.qr import qr_path
from tests.accounts.test_sessions import enter, is_in
from tests.builders import make_member, make_person
from tests.conftest import Cast, with_role

SLIP, CHOOSE = "/accounts/slip/", "/accounts/slip/password/"
NEW = {"new_password1": "a fine new phrase 9", "new_password2": "a fine new phrase 9"}


def print_slip(by: User, person: User):
    client = Client()
    client.force_login(by)
    return client.post(f"/accounts/slips/{person.pk}/")


def code_on(response) -> str:
    found = re.search(r'class="slip-code">([A-Z0-9 ]+)<', response.content.decode())
    assert found
    return found.group(1)


def show(client: Client, name: str, code: str):
    return client.post(SLIP, {"name": name, "code": code})


# --- Who prints for whom ---------------------------------------------------------------------------------------------


def test_who_prints_for_whom(cast: Cast) -> None:
    root = User.objects.create_superuser(name="Root", email="root@example.com")
    staff_in_lyon = with_role(make_member(cast.lyon, "Lea Staff"), "Editors")
    above = make_member(cast.company, "Rana Above", role="manager")
    Membership.objects.create(team=cast.lyon, user=above)  # Mia sees her, and must not become her
    second = User.objects.create_superuser(name="Second Root", email="second@example.com")
    everybody = [*vars(cast).values(), root, second, staff_in_lyon, above]
    people = [person for person in everybody if isinstance(person, User)]
    allowed = {
        "ada": set(),
        "stranger": set(),
        "mia": {"Ada Moreau"},
        "pia": {"Otto Lind"},
        "ed": set(),
        "olga": set(),
        "hana": {"Ada Moreau", "Mia Duval", "Otto Lind", "Pia Sand", "Stranger Danger", "Rana Above"},
        "rana": {"Ada Moreau", "Mia Duval", "Otto Lind", "Pia Sand"},
        "root": {person.name for person in people} - {"Root", "Second Root"},
    }
    for who, names in allowed.items():
        by = {"root": root, "rana": above}.get(who) or getattr(cast, who)
        assert set(User.objects.slip_printable_by(by).values_list("name", flat=True)) == names, who
        for person in people:
            assert by.may_print_slip_for(person) == (person.name in names)
        for person in (cast.ada, cast.otto, root):
            assert print_slip(by, person).status_code == (200 if person.name in names else 404)


def test_nobody_prints_for_somebody_switched_off_or_missing(cast: Cast) -> None:
    User.objects.filter(pk=cast.ada.pk).update(is_active=False)
    assert print_slip(cast.mia, cast.ada).status_code == 404
    client = enter(cast.hana)
    assert client.post("/accounts/slips/999999/").status_code == 404
    assert client.post(f"/accounts/slips/{'9' * 40}/").status_code == 404
    assert client.get(f"/accounts/slips/{cast.otto.pk}/").status_code == 405


def test_a_stranger_prints_nothing(client: Client, cast: Cast) -> None:
    assert "/accounts/sign-in/" in client.post(f"/accounts/slips/{cast.ada.pk}/")["Location"]
    assert not SignInSlip.objects.exists()


def test_the_slip_says_what_is_needed_once(cast: Cast, settings) -> None:
    settings.BASE_URL = "https://workshop.example.org"
    response = print_slip(cast.mia, cast.ada)
    page = html.unescape(response.content.decode())
    assert "no-store" in response["Cache-Control"]
    for words in ("Ada Moreau", "1001", "ada@example.com", "https://workshop.example.org/accounts/slip/", "<path"):
        assert words in page
    slip, code = SignInSlip.objects.get(), code_on(response)
    assert (slip.user, slip.printed_by) == (cast.ada, cast.mia)
    assert code.replace(" ", "") not in (slip.digest, str(slip))
    assert re.fullmatch(r"[A-Z2-9]{4} [A-Z2-9]{4} [A-Z2-9]{4}", code)


def test_the_picture_is_a_path_and_nothing_else() -> None:
    path, size = qr_path('https://workshop.example.org/accounts/slip/#name="><script>')
    assert re.fullmatch(r"(M\d+ \d+h(\d+)v1h-\2z)+", path)
    assert size > 20


# --- Using it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["1001", "ada@example.com"])
def test_a_slip_gives_a_password_and_signs_in(client: Client, cast: Cast, name: str) -> None:
    older = enter(cast.ada)
    code = code_on(print_slip(cast.mia, cast.ada))
    assert show(client, name, code.lower().replace(" ", "-"))["Location"] == CHOOSE
    assert "Welcome, Ada" in client.get(CHOOSE).content.decode()
    assert SignInSlip.objects.valid().count() == 1  # not used up before there is a password
    assert client.post(CHOOSE, NEW | {"shared_device": "on"})["Location"] == "/"
    assert is_in(client)
    assert client.session["shared_device"]
    assert not is_in(older)
    assert not SignInSlip.objects.valid().exists()
    cast.ada.refresh_from_db()
    assert cast.ada.check_password(NEW["new_password1"])


def test_a_slip_works_once(client: Client, cast: Cast) -> None:
    code = code_on(print_slip(cast.mia, cast.ada))
    other = Client()
    show(client, "1001", code)
    show(other, "1001", code)
    client.post(CHOOSE, NEW)
    assert other.post(CHOOSE, dict.fromkeys(NEW, "another phrase 77"))["Location"] == SLIP
    assert not is_in(other)
    assert show(Client(), "1001", code).status_code == 200
    cast.ada.refresh_from_db()
    assert cast.ada.check_password(NEW["new_password1"])


def test_a_slip_works_for_a_week(client: Client, cast: Cast, time_machine) -> None:
    code = code_on(print_slip(cast.mia, cast.ada))
    time_machine.move_to(timezone.now() + timedelta(days=7, seconds=1))
    assert show(client, "1001", code).status_code == 200


def test_a_new_slip_ends_the_one_before(client: Client, cast: Cast) -> None:
    first = code_on(print_slip(cast.mia, cast.ada))
    second = code_on(print_slip(cast.hana, cast.ada))
    assert show(client, "1001", first).status_code == 200
    assert show(client, "1001", second).status_code == 302


def test_a_weak_password_leaves_the_slip_as_it_is(client: Client, cast: Cast) -> None:
    show(client, "1001", code_on(print_slip(cast.mia, cast.ada)))
    assert client.post(CHOOSE, {"new_password1": "1001", "new_password2": "1001"}).status_code == 200
    assert SignInSlip.objects.valid().exists()
    assert client.post(CHOOSE, NEW).status_code == 302


def test_a_code_is_for_one_person(client: Client, cast: Cast) -> None:
    code = code_on(print_slip(cast.mia, cast.ada))
    assert show(client, "otto@example.com", code).status_code == 200
    assert client.get(CHOOSE)["Location"] == SLIP
    assert client.post(CHOOSE, NEW)["Location"] == SLIP


def test_somebody_switched_off_uses_no_slip(client: Client, cast: Cast) -> None:
    code = code_on(print_slip(cast.mia, cast.ada))
    show(client, "1001", code)
    User.objects.filter(pk=cast.ada.pk).update(is_active=False)
    assert client.post(CHOOSE, NEW)["Location"] == SLIP
    assert show(Client(), "1001", code).status_code == 200


def test_the_step_to_the_password_does_not_wait_for_ever(client: Client, cast: Cast, time_machine) -> None:
    show(client, "1001", code_on(print_slip(cast.mia, cast.ada)))
    time_machine.move_to(timezone.now() + timedelta(minutes=16))
    assert client.post(CHOOSE, NEW)["Location"] == SLIP


def test_wrong_codes_are_counted_and_cost_the_same_work(client: Client, cast: Cast, django_assert_num_queries) -> None:
    code = code_on(print_slip(cast.mia, cast.ada))
    for name in ("1001", "nobody@example.com"):
        pages = set()
        for _try in range(5):
            with django_assert_num_queries(4):  # two counts, two looks
                response = show(client, name, "WRONG")
            assert response.status_code == 200
        assert show(client, name, code).status_code == 429
        pages.add(response.content.decode().replace(name, ""))
    assert SignInSlip.objects.valid().exists()


def test_events_are_logged_without_the_code(client: Client, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "workshop.accounts")
    code = code_on(print_slip(cast.mia, cast.ada))
    show(client, "1001", code)
    client.post(CHOOSE, NEW)
    events = [record.event for record in caplog.records if record.name == "workshop.accounts"]
    assert [event["event"] for event in events] == ["slip_printed", "slip_used", "sign_in"]
    assert (events[0]["person"], events[0]["by"]) == (cast.ada.pk, cast.mia.pk)
    assert code not in str(events) + caplog.text


def test_of_two_who_redeem_one_slip_the_first_wins(cast: Cast) -> None:
    """Both saw it valid a moment ago; only the database can tell them apart."""
    slip, _code = SignInSlip.print_for(cast.ada, by=cast.mia)
    first, second = SignInSlip.objects.get(pk=slip.pk), SignInSlip.objects.get(pk=slip.pk)
    assert first.redeem("a fine new phrase 9")
    assert not second.redeem("another fine phrase 3")
    assert User.objects.get(pk=cast.ada.pk).check_password("a fine new phrase 9")


def test_a_slip_ends_when_a_password_is_set_by_another_door(cast: Cast) -> None:
    slip, _code = SignInSlip.print_for(cast.ada, by=cast.mia)
    cast.ada.name = "Ada M."
    cast.ada.save()
    assert SignInSlip.objects.valid().get() == slip
    cast.ada.set_password("another fine phrase 3")
    cast.ada.save(update_fields=["password"])
    assert not SignInSlip.objects.valid().exists()


# --- Commands --------------------------------------------------------------------------------------------------------


def test_a_command_lets_a_superuser_back_in(client: Client, db: None) -> None:
    User.objects.create_superuser(name="Root", email="root@example.com")
    out = StringIO()
    call_command("print_slip", "root@example.com", stdout=out)
    found = re.search(r"([A-Z2-9]{4} ){2}[A-Z2-9]{4}", out.getvalue())
    assert found
    assert show(client, "root@example.com", found.group()).status_code == 302
    with pytest.raises(CommandError):
        call_command("print_slip", "nobody@example.com")


def test_groups_of_four() -> None:
    assert grouped("ABCDEFGHJKMN") == "ABCD EFGH JKMN"


def test_make_person_needs_a_name_to_sign_in_with(db: None) -> None:
    with pytest.raises(Exception, match="sign"):
        make_person("Nobody", email=None)
