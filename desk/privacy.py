"""Erasing a person: each room blanks what it keeps, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts import privacy as of_accounts
from accounts.models import User
from courses import privacy as of_courses
from courses.models import Certificate
from events import privacy as of_events
from learn import pdf
from notices import privacy as of_notices
from notices.models import Notice
from quizzes import privacy as of_quizzes
from quizzes.models import Attempt, CheckAnswer

# The mails last: once they are nobody's, the audit list cannot tell any more that an entry is about one of theirs.
ROOMS: list[Callable[[User, datetime], None]] = [
    of_events.erase,
    of_quizzes.erase,
    of_courses.erase,
    of_accounts.erase,
    of_notices.erase,
]


class Refused(Exception):
    """This person cannot be erased; the text says why and what to do."""


def refusal(person: User, by: User | None) -> str:
    """Why `by` (None: a command) cannot erase this person, in a sentence; empty if they can."""
    if person.erased_at:
        return _("This person was erased already.")
    if by is not None and person.pk == by.pk:
        return _("You cannot erase yourself. Ask a colleague to do it.")
    if person.is_superuser:
        return _("Administrators cannot be erased. Their rights have to be taken from them first.")
    if person.is_active:
        return _("This person is active. Take the tick from “Active” first: whoever is erased has left.")
    return ""


@transaction.atomic
def erase(person: User, by: User | None, at: datetime | None = None) -> None:
    """Erase a person for good. Raises Refused, with the reason, if `by` (None: a command) cannot do that."""
    blank(person, by, at)
    of_accounts.end_sessions({person.pk})


@transaction.atomic
def blank(person: User, by: User | None, at: datetime | None = None) -> None:
    """As `erase`, for who erases many: all but their sessions, which are found by reading every one there is."""
    at = at or timezone.now()
    person = User.objects.select_for_update().get(pk=person.pk)
    if why := refusal(person, by):
        raise Refused(why)
    certificates = list(Certificate.objects.filter(enrollment__user=person))
    for erase_in_room in ROOMS:
        erase_in_room(person, at)
    if by is not None:
        audit.record(by, person, "Erased", audit.DELETION)
    # Before, so that no file outlives a process that dies right after; and after, for one that was made meanwhile.
    forget_files(certificates)
    transaction.on_commit(lambda: forget_files(certificates))


def forget_files(certificates: list[Certificate]) -> None:
    for certificate in certificates:
        pdf.forget(certificate)


@dataclass(frozen=True)
class Held:
    """How much there is about a person, for the page that asks before erasing."""

    enrollments: int
    completions: int
    attempts: int
    checks: int
    certificates: int
    mails: int
    teams: int

    @classmethod
    def of(cls, person: User) -> Held:
        certificates = Certificate.objects.filter(enrollment__user=person)
        return cls(
            enrollments=person.enrollments.count(),
            completions=sum(enrollment.completions.count() for enrollment in person.enrollments.all()),
            attempts=Attempt.objects.of(person).count(),
            checks=CheckAnswer.objects.filter(user=person).count(),
            certificates=certificates.valid().count(),
            mails=Notice.objects.filter(recipient=person).count(),
            teams=person.memberships.count(),
        )
