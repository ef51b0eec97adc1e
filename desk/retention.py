"""How long what people did is kept after they left: first their answers go, then the person is erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.batches import batches_of
from accounts.models import User
from accounts.models.user import UserQuerySet
from accounts.privacy import end_sessions
from courses import flagging
from courses.models import Flag
from courses.models.renewal import add_months
from desk import privacy
from quizzes.models import Answer, CheckAnswer
from quizzes.privacy import forget_answers

BATCH = 200  # people a transaction


@dataclass
class Done:
    """What was done, or would be: answers of so many people forgotten, so many erased, so many refused."""

    forgotten: int = 0
    erased: int = 0
    administrators: int = 0


def months_before(at: datetime, months: int) -> datetime:
    """The same day of an earlier month, or its last day."""
    return datetime.combine(add_months(at.date(), -months), at.timetz())


def to_forget(at: datetime) -> UserQuerySet:
    """People who left long enough ago and still have answers; nobody if answers are kept for ever."""
    if not settings.RETAIN_ANSWERS_MONTHS:
        return User.objects.none()
    answers = Answer.objects.filter(attempt__enrollment__user=OuterRef("pk"), response__isnull=False)
    checks = CheckAnswer.objects.filter(user=OuterRef("pk"))
    flags = Flag.objects.written().filter(user=OuterRef("pk"))
    gone = User.objects.left(months_before(at, settings.RETAIN_ANSWERS_MONTHS))
    return gone.filter(Q(Exists(answers)) | Q(Exists(checks)) | Q(Exists(flags)))


def to_erase(at: datetime) -> UserQuerySet:
    """People who left long enough ago to be erased, administrators too; nobody if records are kept for ever."""
    if not settings.RETAIN_RECORD_MONTHS:
        return User.objects.none()
    return User.objects.left(months_before(at, settings.RETAIN_RECORD_MONTHS))


def retain(at: datetime | None = None, dry_run: bool = False) -> Done:
    """Do what is due, or with `dry_run` only count it. A second time finds nothing; two at once do no harm."""
    at = at or timezone.now()
    erasable = to_erase(at).filter(is_superuser=False)
    done = Done(administrators=to_erase(at).filter(is_superuser=True).count())
    if dry_run:
        done.erased, done.forgotten = erasable.count(), to_forget(at).count()
        return done
    for people in batches_of(to_forget(at), BATCH):
        with transaction.atomic():
            forget_answers(people, at)
            flagging.forget(people)
        done.forgotten += len(people)
    for people in batches_of(erasable, BATCH):
        done.erased += erase_all(people, at)
    return done


def erase_all(people: list[int], at: datetime) -> int:
    """Erase each in a transaction of their own, so that nobody waits for all. Returns how many it were."""
    end_sessions(people)
    erased = 0
    for person in User.objects.filter(pk__in=people):
        try:
            privacy.blank(person, None, at)
            erased += 1
        except privacy.Refused:  # came back, or was erased by somebody else, in this very moment
            continue
    return erased
