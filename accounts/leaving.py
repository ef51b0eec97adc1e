"""Many people leave at once, as `User.leave` lets one."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import SignInSlip, User
from accounts.models.user import UserQuerySet


@transaction.atomic
def leave(people: UserQuerySet, at: datetime | None = None) -> int:
    """Note that all of these left: no sign-in, no mail, no report, from the next request on. Returns how many did now.

    Said twice it keeps the first moment. History is kept.
    """
    at = at or timezone.now()
    leaving = list(people.filter(left_at=None).values_list("pk", flat=True))
    here = User.objects.filter(pk__in=leaving, left_at=None)
    count = here.update(is_active=False, left_at=at, session_epoch=F("session_epoch") + 1)
    SignInSlip.objects.filter(user__in=leaving).end(at)
    return count
