"""The audit list: what staff and managers did, in Django's own log of the admin, so that one list holds it all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.functions import Cast

from accounts.models import User

__all__ = ["ADDITION", "CHANGE", "DELETION", "about", "forget", "record", "record_all"]


def record(by: User, subject: models.Model, message: str, flag: int = CHANGE) -> None:
    """Note that `by` did something to `subject`; `message` is a short English sentence without people's names.

    For deeds outside the forms of the staff pages, which note themselves. In the transaction of the deed.
    """
    LogEntry.objects.log_actions(by.pk, [subject], flag, message, single_object=True)


def record_all(by: User, subjects: Sequence[models.Model], message: str, flag: int = CHANGE) -> None:
    """As `record`, for many at once: a line for each of them, written together."""
    if subjects:
        LogEntry.objects.log_actions(by.pk, subjects, flag, message)


def about(rows: models.QuerySet[Any]) -> models.QuerySet[LogEntry]:
    """The entries about these rows of one model."""
    keys = rows.order_by().annotate(audit_key=Cast("pk", models.CharField())).values("audit_key")
    kind = ContentType.objects.get_for_model(rows.model)
    return LogEntry.objects.filter(content_type=kind, object_id__in=keys)


def forget(rows: models.QuerySet[Any], instead: str) -> None:
    """Take out of the entries about these rows what names somebody; who did it and when stays."""
    about(rows).update(object_repr=instead[:200], change_message="")
