"""When a final may be tried again, and what is said to those who did not pass it.

Module quizzes can be taken as often as one likes; all of this is about finals. The final never locks for good: it waits
a day between attempts, unless HR recorded something else for this person.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Max, OuterRef, Q
from django.utils import timezone

from courses.models import Enrollment
from quizzes.models import Attempt, Quiz, RetakeChange

WAIT = timedelta(hours=24)
NAMES_WEAKEST_FROM = 2  # failed attempts
COULD_USE_HELP_FROM = 3


class TooSoon(Exception):
    """The day between two attempts at a final is not over."""

    def __init__(self, opens_at: datetime) -> None:
        super().__init__(opens_at)
        self.opens_at = opens_at


class NoneLeft(Exception):
    """HR set a limit for this person, and it is reached."""


@dataclass(frozen=True)
class Retakes:
    """What holds for one person and one final: `opens_at` is None if an attempt can start now."""

    failed: int
    passed: bool
    opens_at: datetime | None
    limit: int | None

    @property
    def none_left(self) -> bool:
        return self.limit is not None and not self.passed and self.failed >= self.limit

    @property
    def names_weakest(self) -> bool:
        return not self.passed and self.failed >= NAMES_WEAKEST_FROM


def of(enrollment: Enrollment, quiz: Quiz, at: datetime | None = None) -> Retakes:
    """The rule for this person at this moment; two queries, none for the quiz of a module."""
    at = at or timezone.now()
    if not quiz.is_final:
        return Retakes(failed=0, passed=False, opens_at=None, limit=None)
    closed = Attempt.objects.filter(enrollment=enrollment, quiz=quiz).closed()
    told = closed.aggregate(
        last=Max("closed_at"),
        failed=Count("pk", filter=~Attempt.passed_q()),
        passed=Count("pk", filter=Attempt.passed_q()),
    )
    changes = list(RetakeChange.objects.filter(enrollment=enrollment, quiz=quiz).order_by("at", "pk"))
    opens_at = told["last"] + WAIT if told["last"] else None
    for change in changes:
        if opens_at and change.may_start_at and change.at >= told["last"]:
            opens_at = min(opens_at, change.may_start_at)
    limits = [change.limit for change in changes if change.limit is not None]
    return Retakes(
        failed=told["failed"],
        passed=told["passed"] > 0,
        opens_at=opens_at if opens_at and opens_at > at else None,
        limit=(limits[-1] or None) if limits else None,
    )


def refuse(enrollment: Enrollment, quiz: Quiz, at: datetime) -> None:
    """Raise TooSoon or NoneLeft where a new attempt cannot start."""
    retakes = of(enrollment, quiz, at)
    if retakes.none_left:
        raise NoneLeft
    if retakes.opens_at:
        raise TooSoon(retakes.opens_at)


def could_use_help_q() -> Q:
    """Enrollments with three failed finals and none passed, as managers and HR may read, without a score.

    Of those whose path asks for the final and who are not complete: what people try beyond that is their own business.
    """
    finals = Attempt.objects.filter(
        enrollment=OuterRef("pk"), quiz__is_final=True, quiz__lesson__steps__path=OuterRef("path")
    ).closed()
    third = finals.filter(~Attempt.passed_q(), number__gte=COULD_USE_HELP_FROM)
    return Q(completed_at=None) & Q(Exists(third), ~Exists(finals.passed()))  # the cheapest first
