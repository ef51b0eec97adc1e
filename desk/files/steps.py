"""A staged file in steps, each a transaction for a few hundred rows: first judge, then bring in.

A step may be repeated, and any number of people or processes may take one at the same time: the row of the file is
locked, and each takes the next rows that are not done.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import StagedFile, StagedRow, User
from courses import asking
from desk.files.applying import apply
from desk.files.judging import Judge
from desk.files.staging import rewrite

logger = logging.getLogger("workshop.desk")

AT_ONCE = 1000
Outcome = StagedRow.Outcome
TO_DO = (Outcome.CREATED, Outcome.CHANGED, Outcome.MOVED)


@dataclass(frozen=True)
class Progress:
    done: int
    total: int

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


def judge(file: StagedFile, at: datetime | None = None) -> bool:
    """Judge the next rows; return whether there are more to judge."""
    with transaction.atomic():
        file = locked(file)
        if file.judged_at is not None:
            return False
        rows = list(file.rows.filter(outcome=Outcome.NOT_JUDGED).order_by("number")[:AT_ONCE])
        if not rows:
            finish_judging(file, at or timezone.now())
            return False
        teams: set[str] = set()
        for verdict in Judge(file).verdicts(rows):
            verdict.write_on_row()
            teams.update([] if verdict.problems else verdict.new_teams())
        rewrite(rows, ["outcome", "problems", "person"])
        if teams:
            file.options["new_teams"] = sorted(teams.union(file.options.get("new_teams", [])))
            file.save(update_fields=["options"])
        return True


def locked(file: StagedFile) -> StagedFile:
    return StagedFile.objects.select_for_update(of=("self",)).select_related("by").get(pk=file.pk)


def finish_judging(file: StagedFile, at: datetime) -> None:
    refuse_one_person_twice(file)
    file.judged_at = at
    file.save(update_fields=["judged_at"])


def refuse_one_person_twice(file: StagedFile) -> None:
    """Two rows may name one person in two ways, one by number and one by address."""
    people = file.rows.filter(person__isnull=False).order_by().values("person")
    twice = people.annotate(n=Count("pk")).filter(n__gt=1).values("person")
    rows = list(file.rows.filter(person__in=twice).order_by("number"))
    numbers: dict[int | None, list[int]] = {}
    for row in rows:
        numbers.setdefault(row.person_id, []).append(row.number)
    for row in rows:
        others = [str(number) for number in numbers[row.person_id] if number != row.number]
        row.outcome = Outcome.REFUSED
        row.problems = [["", same_person(others)]]
    rewrite(rows, ["outcome", "problems"])


def same_person(others: list[str]) -> str:
    return _("This is the same person as in row %(rows)s.") % {"rows": ", ".join(others[:5])}


@transaction.atomic
def approve(file: StagedFile, by: User) -> bool:
    """Let the bringing in begin; whoever says so is the one it is done by. False if it is over or not judged yet."""
    file = locked(file)
    if file.judged_at is None or file.applied_at is not None:
        return False
    if not file.options.get("approved"):
        file.options["approved"], file.by = True, by
        file.save(update_fields=["options", "by"])
    return True


def bring_in(file: StagedFile, at: datetime | None = None) -> bool:
    """Bring in the people of the next rows; return whether there are more. The last time enrolls whom teams were
    asked for, and notes in the audit list what was done."""
    at = at or timezone.now()
    with transaction.atomic():
        file = locked(file)
        if file.judged_at is None or file.applied_at is not None:
            return False
        rows = list(waiting(file).order_by("number")[:AT_ONCE])
        apply(Judge(file), rows, at)
    if rows:
        return True
    asking.enroll_due(at)
    finish(file, at)
    return False


def waiting(file: StagedFile) -> QuerySet[StagedRow]:
    return file.rows.filter(outcome__in=TO_DO, applied_at=None)


@transaction.atomic
def finish(file: StagedFile, at: datetime) -> None:
    file = locked(file)
    if file.applied_at is not None:
        return
    file.applied_at = at
    file.save(update_fields=["applied_at"])
    counts = file.counts()
    message = "Brought in: " + ", ".join(f"{counts[one]} {one}" for one in Outcome.values if one) + "."
    if file.by:
        audit.record(file.by, file, message)
    logger.info("file %s: %s", file.pk, message, extra={"event": {"file": file.pk, "by": file.by_id, **counts}})


def progress(file: StagedFile) -> Progress:
    """How far the judging is, or the bringing in; one query."""
    judged = Count("pk", filter=~Q(outcome=Outcome.NOT_JUDGED))
    to_do = Count("pk", filter=Q(outcome__in=TO_DO) | Q(applied_at__isnull=False))
    done = Count("pk", filter=Q(applied_at__isnull=False))
    found = file.rows.aggregate(judged=judged, to_do=to_do, done=done, all=Count("pk"))
    if file.judged_at is None:
        return Progress(found["judged"], found["all"])
    return Progress(found["done"], found["to_do"])
