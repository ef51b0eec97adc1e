"""HR opens the answers of one attempt, to settle an appeal: with a reason, for an hour, and never unseen.

Whose attempts somebody may open is for the caller: get the attempt from the people of a report.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from quizzes.models import Attempt, Inspection

WITHIN = timedelta(hours=1)  # then the reason is asked for again


def may_inspect(user: User) -> bool:
    """Whether looking at answers is for this person at all: HR."""
    return user.is_staff and user.has_perm("quizzes.add_inspection")


def refusal(attempt: Attempt, by: User) -> str:
    """Why these answers cannot be opened now, in words; empty if they can."""
    if attempt.is_open:
        return _("This attempt is still under way. Its answers can be opened once it is closed.")
    if attempt.forgotten_at:
        return _("The answers were deleted, some time after this person had left. The score stays.")
    if Attempt.objects.of(by).filter(quiz=attempt.quiz_id).open().exists():
        return _("You have an attempt at this quiz under way yourself, and here are the right answers. Close it first.")
    return ""


def current(attempt: Attempt, by: User, at: datetime | None = None) -> Inspection | None:
    """The look that this person began within the hour, if they did."""
    at = at or timezone.now()
    return attempt.inspections.filter(by=by, at__gt=at - WITHIN, at__lte=at).first()


@transaction.atomic
def begin(attempt: Attempt, by: User, reason: str, at: datetime | None = None) -> Inspection | None:
    """Note that `by` opens these answers; None where `refusal` is against it. A second click finds the first look."""
    at = at or timezone.now()
    locked = Attempt.objects.select_for_update(of=("self",)).get(pk=attempt.pk)
    if refusal(locked, by):
        return None
    if found := current(locked, by, at):
        return found
    made = Inspection.objects.create(attempt=locked, by=by, reason=reason, at=at)
    audit.record(by, made, "Opened the answers of an attempt", audit.ADDITION)
    return made
