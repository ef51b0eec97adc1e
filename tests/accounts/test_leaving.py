from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import SignInSlip, User
from tests.conftest import sign_in


def test_who_leaves_is_out_with_the_next_request_and_keeps_the_first_day(client, cast):
    sign_in(client, cast.ada)
    SignInSlip.print_for(cast.ada, by=None)
    before = timezone.now() - timedelta(days=3)
    cast.ada.leave(before)
    cast.ada.leave()
    cast.ada.refresh_from_db()
    assert (cast.ada.is_active, cast.ada.left_at) == (False, before)
    assert client.get(reverse("accounts:profile")).status_code == 302
    assert not cast.ada.slips.valid().exists()
    assert cast.ada.enrollments.exists()
    assert cast.ada.memberships.exists()


def test_who_comes_back_has_their_history(cast):
    cast.ada.leave()
    cast.ada.come_back()
    cast.ada.refresh_from_db()
    assert cast.ada.is_active
    assert cast.ada.left_at is None
    assert User.objects.managed_by(cast.mia).filter(pk=cast.ada.pk).exists()


def test_nobody_who_was_erased_comes_back(cast):
    cast.ada.email = cast.ada.staff_number = None
    cast.ada.is_active, cast.ada.erased_at = False, timezone.now()
    cast.ada.save()
    with pytest.raises(ValueError, match="erased"):
        cast.ada.come_back()


@pytest.mark.parametrize("wrong", [{"left_at": timezone.now()}, {"erased_at": timezone.now()}])
def test_the_database_refuses_active_people_who_are_gone(cast, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=cast.ada.pk).update(**wrong)
