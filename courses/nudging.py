"""A person asks that others be reminded now: what would happen to each, and the deed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import mailing
from accounts.models import User
from courses import reminding
from courses.models import Enrollment
from courses.models.enrollment import EnrollmentQuerySet, site_day
from notices.models import News, Notice


class How(models.TextChoices):
    """What a reminder does for one enrollment."""

    NOW = "now", _("goes out within ten minutes")
    LATER = "later", _("goes out when they may next be written to")
    ON_ITS_WAY = "on-its-way", _("a mail to them waits already, and will say it, too")
    ALREADY = "already", _("was reminded by the same person today: hears of it once a day")
    IN_PERSON = "in-person", _("has no e-mail address: they read it when they sign in; better tell them yourself")
    NOTHING_TO_DO = "nothing-to-do", _("has nothing to do, or is paused or excused: gets nothing")


WITH_A_MAIL = (How.NOW, How.LATER)


@dataclass(frozen=True)
class Preview:
    """One enrollment: who is reminded, how and when, and when they were last written to."""

    enrollment: int
    person: int
    name: str
    how: How
    at: datetime | None
    last_written_at: datetime | None


def preview(by: User, enrollments: EnrollmentQuerySet, at: datetime | None = None) -> list[Preview]:
    """What `remind` would do, in the order of names; five queries for any number.

    The caller chooses the enrollments through the permission of who asks.
    """
    at = at or timezone.now()
    rows = list(enrollments.select_related("user").order_by("user__name", "pk"))
    people = {row.user_id for row in rows}
    open_ones = set(reminding.undone(at, people).filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    turns = mailing.next_turns(people, at)
    last = last_written(people)
    told = set(of_today(by, at).filter(recipient__in=people).values_list("about", flat=True))
    return [
        Preview(row.pk, row.user_id, row.user.name, how, turn if how in WITH_A_MAIL else None, last.get(row.user_id))
        for row in rows
        for turn in [turns.get(row.user_id)]
        for how in [how_of(row, row.pk in open_ones, row.pk in told, turn, at)]
    ]


def how_of(row: Enrollment, is_open: bool, is_told: bool, turn: datetime | None, at: datetime) -> How:
    if not is_open:
        return How.NOTHING_TO_DO
    if is_told:
        return How.ALREADY
    if not row.user.email:
        return How.IN_PERSON
    if turn is None:
        return How.ON_ITS_WAY
    return How.NOW if turn <= at else How.LATER


def of_today(by: User, at: datetime) -> models.QuerySet[News]:
    """The reminders that `by` asked for on this day."""
    return News.objects.filter(kind=News.Kind.NUDGE, by=by, edition=f"{site_day(at)}:{by.pk}")


def last_written(people: Collection[int]) -> dict[int, datetime]:
    """When each was last sent a letter."""
    sent = Notice.objects.letters().filter(Q(sent_at__isnull=False), recipient__in=people)
    found = sent.order_by().values("recipient").annotate(last=Max("sent_at"))
    return {row["recipient"]: row["last"] for row in found if row["recipient"] and row["last"]}


def remind(by: User, enrollments: EnrollmentQuerySet, at: datetime | None = None) -> int:
    """Have these people reminded in the name of `by`, with their next letter; return how many were not yet today.

    Once a day for each enrollment and asker, so that a second click does nothing. A letter that waits takes it along.
    """
    at = at or timezone.now()
    wanted = enrollments.filter(pk__in=reminding.undone(at).values("pk"))
    rows = [
        News(recipient_id=person, kind=News.Kind.NUDGE, about=pk, edition=f"{site_day(at)}:{by.pk}", by=by, at=at)
        for pk, person in wanted.values_list("pk", "user_id")
    ]
    mine = of_today(by, at)
    before = mine.count()
    News.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return mine.count() - before
