"""The next sessions, as the first pages and the list show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import DateTimeField, Q, Value
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.statements import Prepared
from events import words
from events.models import LONGEST, LiveSession, LiveSessionQuerySet

FEW = 3  # on the first pages
LISTED = 50  # on the list, of those that are over


@dataclass(frozen=True)
class Shown:
    """A session as one person sees it: with their place in the line, if they stand in it."""

    session: LiveSession
    taken: int
    registration: int | None
    before: int
    came: bool

    @classmethod
    def of(cls, rows: Iterable[LiveSession]) -> list[Shown]:
        """Of sessions with the annotations of `with_place_of`."""
        return [cls(row, row.taken, row.registration, row.before, row.came) for row in rows]  # type: ignore[attr-defined]

    @property
    def is_registered(self) -> bool:
        return self.registration is not None

    @property
    def has_seat(self) -> bool:
        return self.is_registered and self.session.has_room_after(self.before)

    @property
    def is_full(self) -> bool:
        return not self.session.has_room_after(self.taken)

    @property
    def number_waiting(self) -> int:
        """The person's number on the waiting list, from 1."""
        return self.before - (self.session.seats or 0) + 1

    @cached_property
    def when(self) -> str:
        return words.when(self.session)

    @cached_property
    def when_there(self) -> str:
        return words.when_there(self.session)

    @property
    def seats(self) -> str:
        return words.seats(self.session, self.taken)

    @property
    def state(self) -> tuple[str, str]:
        """The chip: which one, and its words; empty for a session one may still register for."""
        if self.session.is_cancelled:
            return "cancelled", _("Cancelled")
        if self.has_seat:
            return "done-so-far", _("You have a seat")
        if self.is_registered:
            return "under-way", _("You are number %(n)d on the waiting list") % {"n": self.number_waiting}
        return ("locked", _("All seats are taken")) if self.is_full else ("", "")


def concerning(user: int) -> LiveSessionQuerySet:
    """The sessions that concern a person, with their place: those on, and of the cancelled ones their own."""
    own = LiveSession.objects.with_place_of(user).filter(LiveSession.concerning_q(user))
    return own.filter(Q(cancelled_at=None) | Q(registration__isnull=False)).defer("text")


@Prepared
def next_of(user: int, at: str, earliest: str) -> LiveSessionQuerySet:
    """What the first page shows. Two moments as `spelled`: now, and when what is not over began at the earliest.

    By the second the database begins in its index, in the order asked for, and stops after a few.
    """
    on = concerning(user).filter(starts_at__gt=instant(earliest), ends_at__gt=instant(at))
    return on.order_by("starts_at", "pk")[:FEW]


@Prepared
def next_public(at: str) -> LiveSessionQuerySet:
    soon = LiveSession.objects.filter(is_public=True, cancelled_at=None, starts_at__gt=instant(at))
    return soon.defer("text", "place", "link").order_by("starts_at", "pk")[:FEW]


def spelled(at: datetime) -> str:
    """A moment as both databases read it; seconds are enough."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}+00:00"


def instant(at: str) -> Cast:
    return Cast(Value(at), DateTimeField())


def of(user: User | AnonymousUser, at: datetime | None = None) -> list[Shown]:
    """The next few sessions that concern a person; one query."""
    at = at or timezone.now()
    if not user.is_authenticated:
        return []
    return Shown.of(next_of(user=user.pk, at=spelled(at), earliest=spelled(at - LONGEST)))


def public(at: datetime | None = None) -> Sequence[LiveSession]:
    """The next ones that are open to everybody; one query. Place and link are not even fetched."""
    return next_public(at=spelled(at or timezone.now()))


def listed(user: User, at: datetime | None = None) -> dict[str, list[Shown]]:
    """All that are coming, and the last that are over and that the person was registered for or led; two queries."""
    at = at or timezone.now()
    soon = concerning(user.pk).filter(ends_at__gt=at).order_by("starts_at", "pk")
    led = Q(pk__in=LiveSession.trainers.through.objects.filter(user=user).values("livesession"))
    over = LiveSession.objects.with_place_of(user.pk).filter(ends_at__lte=at, cancelled_at=None)
    over = over.filter(Q(registration__isnull=False) | led).defer("text").order_by("-starts_at", "-pk")[:LISTED]
    return {"coming": Shown.of(soon), "over": Shown.of(over)}
