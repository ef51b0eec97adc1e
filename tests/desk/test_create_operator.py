from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from tests.builders import PASSWORD
from tests.conftest import Cast

SLIP, CHOOSE = "/accounts/slip/", "/accounts/slip/password/"


def test_the_first_operator_comes_from_a_command(client: Client, db: None) -> None:
    out = StringIO()
    call_command("create_operator", "--name", "Olga Novak", "--email", "Olga@example.com", stdout=out)
    olga = User.objects.get()
    assert (olga.email, olga.is_staff, olga.is_superuser) == ("olga@example.com", True, False)
    assert [group.name for group in olga.groups.all()] == ["Operators"]
    found = re.search(r"([A-Z2-9]{4} ){2}[A-Z2-9]{4}", out.getvalue())
    assert found
    assert client.post(SLIP, {"name": "olga@example.com", "code": found.group()})["Location"] == CHOOSE


def test_a_command_makes_hr_with_a_password(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt: PASSWORD)
    call_command(
        "create_operator", "--name=Hana", "--staff-number=h-1", "--role=HR", "--ask-password", stdout=StringIO()
    )
    hana = User.objects.get()
    assert hana.has_perm("accounts.print_slips")
    assert client.post("/accounts/sign-in/", {"name": "H-1", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("options", [["--email", "nonsense"], [], ["--email", "ada@example.com"]])
def test_a_command_refuses_what_makes_no_sense(cast: Cast, options: list[str]) -> None:
    before = User.objects.count()
    with pytest.raises(CommandError):
        call_command("create_operator", "--name", "X", *options, stdout=StringIO())
    assert User.objects.count() == before


def test_a_command_refuses_a_weak_password(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt: "password")
    with pytest.raises(CommandError, match="common"):
        call_command("create_operator", "--name=X", "--email=x@example.com", "--ask-password")
    assert not User.objects.exists()
