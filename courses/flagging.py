"""Readers flag what is unclear or out of date; editors resolve it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from courses.models import Flag, LessonRevision


@transaction.atomic
def flag(
    user: User,
    revision: LessonRevision,
    kind: Flag.Kind,
    comment: str = "",
    may_ask: bool = False,
    at: datetime | None = None,
) -> Flag:
    """Note it, once for each kind; of two clicks, the second finds the row of the first.

    Another comment on the same text takes the place of the first, and opens again what was resolved.
    """
    at = at or timezone.now()
    given = {"comment": comment, "may_ask": may_ask, "at": at}
    row, is_new = Flag.objects.get_or_create(user=user, revision=revision, kind=kind, defaults=given)
    if is_new:
        return row
    row = Flag.objects.select_for_update().get(pk=row.pk)
    if comment and comment != row.comment:
        row.comment = comment
        row.at, row.resolved_at, row.resolved_by, row.note = at, None, None, ""
    row.may_ask = may_ask
    row.save()
    return row


@transaction.atomic
def resolve(flag: Flag, by: User, note: str = "", at: datetime | None = None) -> bool:
    """Say that it is dealt with; False if somebody did before, whose note stays."""
    open_ = Flag.objects.open().filter(pk=flag.pk)
    if not open_.update(resolved_at=at or timezone.now(), resolved_by=by, note=note):
        return False
    audit.record(by, flag, "Resolved")
    return True


@transaction.atomic
def reopen(flag: Flag, by: User) -> bool:
    """Take the answer back; False if it is open already."""
    if not Flag.objects.resolved().filter(pk=flag.pk).update(resolved_at=None, resolved_by=None, note=""):
        return False
    audit.record(by, flag, "Opened again")
    return True


def forget(people: list[int]) -> int:
    """Take out what these people wrote, and what was written about it; that something was flagged stays."""
    return Flag.objects.written().filter(user__in=people).update(comment="", note="", may_ask=False)
