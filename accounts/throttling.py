"""The count of tries at each door (sign in, reset, slip), per name and per network address."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from accounts.models import Throttle, User
from accounts.network import counted_as

WINDOW = timedelta(minutes=15)
NAME_LIMIT = 5
ADDRESS_LIMIT = 100  # a whole shop shares one address
MISS_LIMIT = 30


class Guard:
    """Counts one try at a door *before* anything is checked, so that twenty tries at once are twenty.

    It treats names that nobody has exactly like the others. `forgive` takes a try back that turned out to be right.
    """

    def __init__(self, door: str, request: HttpRequest, name: str) -> None:
        self.name_key = digest(door, "name", User.clean_sign_in_name(name))
        self.address_key = digest(door, "address", counted_as(request))

    def count(self, at: datetime | None = None) -> datetime | None:
        """Count the try. Returns the moment until which the door stays shut, or None if it is open."""
        at = at or timezone.now()
        by_name = Throttle.count(self.name_key, WINDOW, at)
        by_address = Throttle.count(self.address_key, WINDOW, at)
        shut = [by_name] * (by_name.tries > NAME_LIMIT) + [by_address] * (by_address.tries > ADDRESS_LIMIT)
        return max((row.since + WINDOW for row in shut), default=None)

    def count_name(self) -> None:
        Throttle.count(self.name_key, WINDOW)

    def forget_name(self) -> None:
        Throttle.forget(self.name_key)

    def forgive(self) -> None:
        """The try was right: the name starts anew, and the address is not charged with it."""
        self.forget_name()
        Throttle.take_back(self.address_key)


class Misses:
    """Counts, per network address, who asks for what does not exist, where right answers are free to all.

    What is right writes nothing. So the look comes before the count, and as many as ask at the same instant get an
    answer each; after that the door is shut, also for what is right, which would tell the two apart.
    """

    def __init__(self, door: str, request: HttpRequest) -> None:
        self.key = digest(door, "misses", counted_as(request))

    def shut_until(self, at: datetime | None = None) -> datetime | None:
        at = at or timezone.now()
        row = Throttle.objects.filter(key=self.key, since__gt=at - WINDOW, tries__gte=MISS_LIMIT).first()
        return row.since + WINDOW if row else None

    def count(self, at: datetime | None = None) -> None:
        Throttle.count(self.key, WINDOW, at)


def count(door: str, who: str, limit: int, at: datetime | None = None) -> datetime | None:
    """Count one more of what somebody may do so often in a while. Says until when they have to wait, if they do."""
    row = Throttle.count(digest(door, "who", who), WINDOW, at)
    return row.since + WINDOW if row.tries > limit else None


def forget(doors: Iterable[str], names: Iterable[str]) -> None:
    """Delete what was counted at these doors for these sign-in names."""
    listed = list(names)
    Throttle.forget(*(digest(door, "name", User.clean_sign_in_name(name)) for door in doors for name in listed))


def digest(*parts: str) -> str:
    return salted_hmac("accounts.throttling", "\0".join(parts), algorithm="sha256").hexdigest()


def seconds_until(until: datetime, at: datetime | None = None) -> int:
    return max(1, math.ceil((until - (at or timezone.now())).total_seconds()))


def wait_message(until: datetime, at: datetime | None = None) -> str:
    minutes = math.ceil(seconds_until(until, at) / 60)
    return ngettext(
        "There were too many tries, so this is closed for a moment. Please try again in %(count)d minute.",
        "There were too many tries, so this is closed for a while. Please try again in %(count)d minutes.",
        minutes,
    ) % {"count": minutes}
