"""The audit list: what staff and managers did, in Django's own log of the admin, so that one list holds it all."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db import models

from accounts.models import User

__all__ = ["ADDITION", "CHANGE", "DELETION", "record", "record_all"]


def record(by: User, subject: models.Model, message: str, flag: int = CHANGE) -> None:
    """Note that `by` did something to `subject`; `message` is a short English sentence without people's names.

    For deeds outside the forms of the staff pages, which note themselves. In the transaction of the deed.
    """
    LogEntry.objects.log_actions(by.pk, [subject], flag, message, single_object=True)


def record_all(by: User, subjects: Sequence[models.Model], message: str, flag: int = CHANGE) -> None:
    """As `record`, for many at once: a line for each of them, written together."""
    if subjects:
        LogEntry.objects.log_actions(by.pk, subjects, flag, message)
