"""Here, but not in the file: people who may have left. Nobody leaves by not being in it; somebody has to say so."""

from __future__ import annotations

from django.db.models import Q

from accounts import leaving
from accounts.models import StagedFile, User
from accounts.models.user import UserQuerySet
from desk.files.columns import KEYS, cell


def missing(file: StagedFile) -> UserQuerySet:
    """Active people with a kind of key that the file has, whom no row is about, also no refused one."""
    if file.judged_at is None or not file.rows.exists():  # its rows were tidied away: then everybody would be missing
        return User.objects.none()
    keys = [key for key in KEYS if key in file.columns]
    people = User.objects.active().filter(Q(*((f"{key}__isnull", False) for key in keys), _connector=Q.OR))
    for key in keys:
        values = file.rows.order_by().annotate(value=cell(key)).filter(value__gt="")
        people = people.exclude(Q(**{f"{key}__in": values.values("value")}) & Q(**{f"{key}__isnull": False}))
    return people.exclude(pk__in=file.rows.filter(person__isnull=False).order_by().values("person")).order_by(
        "name", "pk"
    )


def may_leave(file: StagedFile, by: User | None) -> UserQuerySet:
    """Of these, who is marked by one press: nobody with staff rights, no administrator, and not oneself."""
    people = missing(file).filter(is_staff=False, is_superuser=False)
    return people.exclude(pk=by.pk) if by else people


def mark_as_leavers(file: StagedFile, by: User | None) -> int:
    return leaving.leave(may_leave(file, by))
