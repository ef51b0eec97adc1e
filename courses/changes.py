"""The verbs that change what an enrollment asks of a person: dates, excuse, pause, withdrawal.

Each takes any number of enrollments and works through them in batches. A batch is one transaction: it locks, asks
again under the lock whom the verb concerns, writes the facts, the rows and the audit list. So a double click, a retry
and two people at the same instant leave one fact. Each returns how many enrollments it changed. Whom a verb concerns
is a rule with two faces, such as `pausable_q` and `is_pausable`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.batches import batches_of
from accounts.models import User
from courses import progress
from courses.models import Enrollment, EnrollmentChange
from courses.models.enrollment import EnrollmentQuerySet, site_day

BATCH = 500
What = EnrollmentChange.What
Keep = Literal["keep"]
Facts = list[EnrollmentChange]


@dataclass(frozen=True)
class Deed:
    """Who does it, why and when."""

    by: User
    reason: str
    at: datetime

    def fact(self, enrollment: Enrollment, what: str, old: object = None, new: object = None) -> EnrollmentChange:
        return EnrollmentChange(
            enrollment=enrollment,
            what=what,
            old=_written(old),
            new=_written(new),
            reason=self.reason,
            by=self.by,
            at=self.at,
        )

    def set_dates(self, enrollment: Enrollment, due_on: date | None, closes_on: date | None) -> Facts:
        """A fact for each date that becomes another."""
        facts = []
        if due_on != enrollment.due_on:
            facts.append(self.fact(enrollment, What.DUE, enrollment.due_on, due_on))
        if closes_on != enrollment.closes_on:
            facts.append(self.fact(enrollment, What.CLOSES, enrollment.closes_on, closes_on))
        enrollment.due_on, enrollment.closes_on = due_on, closes_on
        return facts


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)


def extendable_q(at: datetime | None = None) -> Q:
    """Whose dates can be changed: there is something left to do, and the clock runs."""
    return Enrollment.unfinished_q() & Enrollment.running_q()


def is_extendable(enrollment: Enrollment, at: datetime | None = None) -> bool:
    return enrollment.is_unfinished and enrollment.is_running


def extend(
    enrollments: EnrollmentQuerySet,
    by: User,
    reason: str,
    due_on: date | Keep | None = "keep",
    closes_on: date | Keep | None = "keep",
    at: datetime | None = None,
) -> int:
    """Set another due day, another cut-off, or both; HR may set any."""
    deed = Deed(by, reason, at or timezone.now())

    def change(enrollment: Enrollment) -> Facts:
        due = enrollment.due_on if due_on == "keep" else due_on
        return deed.set_dates(enrollment, due, enrollment.closes_on if closes_on == "keep" else closes_on)

    return _change(enrollments, extendable_q(), change, deed, "Changed the due day or the cut-off", reopens=True)


def due_before(enrollments: EnrollmentQuerySet, day: date) -> EnrollmentQuerySet:
    """Whom `extend_all` reaches: nobody's due day comes earlier by it, and nobody gets one who had none."""
    return enrollments.filter(extendable_q(), due_on__lt=day)


def extend_all(enrollments: EnrollmentQuerySet, by: User, reason: str, day: date, at: datetime | None = None) -> int:
    """Give all of these until `day`; a cut-off before that day moves along to it."""
    deed = Deed(by, reason, at or timezone.now())

    def change(enrollment: Enrollment) -> Facts:
        closes = enrollment.closes_on
        return deed.set_dates(enrollment, day, max(closes, day) if closes else None)

    return _change(enrollments, extendable_q() & Q(due_on__lt=day), change, deed, "Gave more time", reopens=True)


def excusable_q(at: datetime | None = None) -> Q:
    return Enrollment.unfinished_q() & Q(excused_at=None)


def is_excusable(enrollment: Enrollment, at: datetime | None = None) -> bool:
    return enrollment.is_unfinished and enrollment.excused_at is None


def excuse(enrollments: EnrollmentQuerySet, by: User, excuse: str, note: str = "", at: datetime | None = None) -> int:
    """Ask nothing more of these people for now. `excuse`, one of EnrollmentChange.Excuse, and `note` are HR's."""
    deed = Deed(by, note, at or timezone.now())

    def change(enrollment: Enrollment) -> Facts:
        enrollment.excused_at = deed.at
        return [deed.fact(enrollment, What.EXCUSED, new=EnrollmentChange.Excuse(excuse).value)]

    return _change(enrollments, excusable_q(), change, deed, "Excused")


def excused_q(at: datetime | None = None) -> Q:
    return Q(withdrawn_at=None, excused_at__isnull=False)


def is_excused(enrollment: Enrollment, at: datetime | None = None) -> bool:
    return enrollment.withdrawn_at is None and enrollment.excused_at is not None


def ask_again(enrollments: EnrollmentQuerySet, by: User, reason: str = "", at: datetime | None = None) -> int:
    """Take an excuse back; the dates are what they were."""
    deed = Deed(by, reason, at or timezone.now())

    def change(enrollment: Enrollment) -> Facts:
        enrollment.excused_at = None
        return [deed.fact(enrollment, What.ASKED_AGAIN)]

    return _change(enrollments, excused_q(), change, deed, "No longer excused")


def pausable_q(at: datetime | None = None) -> Q:
    """Who is past the cut-off has no clock left to stop."""
    return extendable_q(at) & Enrollment.open_q(at)


def is_pausable(enrollment: Enrollment, at: datetime | None = None) -> bool:
    return is_extendable(enrollment, at) and enrollment.is_open(at)


def pause(enrollments: EnrollmentQuerySet, by: User, reason: str, at: datetime | None = None) -> int:
    """Stop the clock: nobody is due, late or shut out until `resume`. Whoever wants to may go on learning."""
    deed = Deed(by, reason, at or timezone.now())

    def change(enrollment: Enrollment) -> Facts:
        enrollment.paused_at = deed.at
        return [deed.fact(enrollment, What.PAUSED)]

    return _change(enrollments, pausable_q(deed.at), change, deed, "Paused")


def paused_q(at: datetime | None = None) -> Q:
    return Q(withdrawn_at=None, paused_at__isnull=False)


def is_paused(enrollment: Enrollment, at: datetime | None = None) -> bool:
    return enrollment.withdrawn_at is None and enrollment.paused_at is not None


def days_paused(enrollment: Enrollment, at: datetime | None = None) -> int:
    """Whole days on the site's calendar from the pause until a moment; none for who is not paused."""
    return (site_day(at) - site_day(enrollment.paused_at)).days if enrollment.paused_at else 0


def resume(enrollments: EnrollmentQuerySet, by: User, reason: str = "", at: datetime | None = None) -> int:
    """Let the clock run again: the dates move by the days of the pause, as facts of their own."""
    deed = Deed(by, reason, at or timezone.now())

    def change(enrollment: Enrollment) -> Facts:
        days = max(days_paused(enrollment, deed.at), 0)
        enrollment.paused_at = None
        due_on, closes_on = later(enrollment.due_on, days), later(enrollment.closes_on, days)
        return [deed.fact(enrollment, What.RESUMED, new=days), *deed.set_dates(enrollment, due_on, closes_on)]

    return _change(enrollments, paused_q(), change, deed, "Resumed")


def later(day: date | None, days: int) -> date | None:
    """The day so many days on; no day stays no day."""
    return day + timedelta(days=days) if day else None


def withdrawable_q(at: datetime | None = None) -> Q:
    return Enrollment.unfinished_q()


def is_withdrawable(enrollment: Enrollment, at: datetime | None = None) -> bool:
    return enrollment.is_unfinished


def withdraw(enrollments: EnrollmentQuerySet, by: User, reason: str, at: datetime | None = None) -> int:
    """Take the request back: nothing is asked or recorded any more, and what was done stays."""
    deed = Deed(by, reason, at or timezone.now())

    def change(enrollment: Enrollment) -> Facts:
        enrollment.withdrawn_at = deed.at
        return [deed.fact(enrollment, What.WITHDRAWN)]

    return _change(enrollments, withdrawable_q(), change, deed, "Withdrawn")


def withdrawn_q(at: datetime | None = None) -> Q:
    return Q(withdrawn_at__isnull=False)


def is_withdrawn(enrollment: Enrollment, at: datetime | None = None) -> bool:
    return enrollment.withdrawn_at is not None


def reinstate(enrollments: EnrollmentQuerySet, by: User, reason: str = "", at: datetime | None = None) -> int:
    """Take a withdrawal back; dates, excuse and pause are what they were."""
    deed = Deed(by, reason, at or timezone.now())

    def change(enrollment: Enrollment) -> Facts:
        enrollment.withdrawn_at = None
        return [deed.fact(enrollment, What.REINSTATED)]

    return _change(enrollments, withdrawn_q(), change, deed, "Reinstated", reopens=True)


def _change(
    enrollments: EnrollmentQuerySet,
    whom: Q,
    change: Callable[[Enrollment], Facts],
    deed: Deed,
    message: str,
    reopens: bool = False,
) -> int:
    """`change` sets the new values on a row and returns the facts of it, none if it stays as it is.

    `reopens` says that something may be recorded again in what was closed: who has done everything is complete then.
    """
    changed = 0
    for batch in batches_of(enrollments, BATCH):
        with transaction.atomic():
            rows = _change_batch(batch, whom, change)
            audit.record_all(deed.by, rows, message)
            if reopens:
                progress.settle_these([row.pk for row in rows], deed.at)
        changed += len(rows)
    return changed


def _change_batch(batch: list[int], whom: Q, change: Callable[[Enrollment], Facts]) -> list[Enrollment]:
    """The rows that were changed."""
    rows = Enrollment.objects.filter(whom, pk__in=batch).select_related("user", "path").order_by("pk")
    facts: Facts = []
    changed: list[Enrollment] = []
    for row in rows.select_for_update(of=("self",)):
        if found := change(row):
            facts += found
            changed.append(row)
    _write(changed)
    EnrollmentChange.objects.bulk_create(facts)
    return changed


def _write(rows: list[Enrollment]) -> None:
    """One update for all that get the same values, which is mostly all of them."""
    same: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in rows:
        same[tuple(getattr(row, name) for name in CHANGED)].append(row.pk)
    for values, pks in same.items():
        Enrollment.objects.filter(pk__in=pks).update(**dict(zip(CHANGED, values, strict=True)))


CHANGED = ("due_on", "closes_on", "excused_at", "paused_at", "withdrawn_at")
