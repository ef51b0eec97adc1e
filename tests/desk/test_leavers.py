"""HR says that somebody left, or is back, by the tick at "Active"; and finds who left."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import SignInSlip, User
from tests.desk.test_people import typed

pytestmark = pytest.mark.django_db

LEFT = datetime(2026, 10, 5, 12, tzinfo=UTC)


def change(as_, by, person, **changes):
    form = typed(person, **changes)
    if form["is_active"] is None:
        del form["is_active"]
    response = as_(by).post(f"/admin/accounts/user/{person.pk}/change/", form)
    person.refresh_from_db()
    return response


def test_taking_the_tick_lets_somebody_leave_and_setting_it_brings_them_back(cast, as_):
    browser = Client()
    browser.force_login(cast.ada)
    SignInSlip.print_for(cast.ada, by=None)
    assert change(as_, cast.hana, cast.ada, is_active=None).status_code == 302
    assert not cast.ada.is_active
    first = cast.ada.left_at
    assert first
    assert not cast.ada.slips.valid().exists()
    assert browser.get("/accounts/profile/").status_code == 302
    change(as_, cast.hana, cast.ada, is_active=None, name="Ada M.")
    assert (cast.ada.name, cast.ada.left_at) == ("Ada M.", first)
    change(as_, cast.hana, cast.ada)
    assert (cast.ada.is_active, cast.ada.left_at) == (True, None)


def test_an_address_can_change_with_it(cast, as_):
    change(as_, cast.hana, cast.ada, is_active=None, email="gone@example.com")
    assert (cast.ada.email, cast.ada.is_active) == ("gone@example.com", False)
    change(as_, cast.hana, cast.ada, email="ada@example.com")
    assert (cast.ada.email, cast.ada.is_active, cast.ada.left_at) == ("ada@example.com", True, None)


def test_filters_tell_who_left_from_who_is_switched_off(cast, as_):
    cast.ada.leave(LEFT)
    User.objects.filter(pk=cast.otto.pk).update(is_active=False)
    left = as_(cast.hana).get("/admin/accounts/user/", {"active": "left"}).content.decode()
    assert "Left Oct. 5, 2026" in left
    assert "Otto Lind" not in left
    off = as_(cast.hana).get("/admin/accounts/user/", {"active": "no"}).content.decode()
    assert "Otto Lind" in off
    assert "Ada Moreau" not in off
    here = as_(cast.hana).get("/admin/accounts/user/", {"active": "yes"}).content.decode()
    assert "Mia Duval" in here
    assert "Ada Moreau" not in here


def test_the_page_of_somebody_who_left_says_when(cast, as_):
    cast.ada.leave(LEFT)
    page = as_(cast.hana).get(f"/admin/accounts/user/{cast.ada.pk}/change/").content.decode()
    assert "Left on Oct. 5, 2026" in page
    assert f"/admin/accounts/user/{cast.ada.pk}/erase/" in page


def test_who_left_in_queries_and_on_the_person_agree(cast):
    cast.ada.leave(LEFT)
    User.objects.filter(pk=cast.otto.pk).update(is_active=False)
    assert set(User.objects.left()) == {cast.ada}
    assert set(User.objects.left(before=LEFT)) == {cast.ada}
    assert set(User.objects.left(before=LEFT.replace(month=9))) == set()
    assert cast.ada in User.objects.active_or_left()
    assert cast.otto not in User.objects.active_or_left()
