"""How long a session lives, and the one way in and out.

The session remembers when it began and when it was last used; the server ends it, whatever the browser's cookie says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.auth import login, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from accounts.log import record
from accounts.models import User

BEGAN, USED, SHARED = "began", "used", "shared_device"


@dataclass(frozen=True)
class Limits:
    """After how long without use, and after how long in all, a session ends."""

    idle: timedelta
    whole: timedelta

    @property
    def step(self) -> timedelta:
        """How much use may pass before it is written down: a fifteenth of the idle time, so that pages stay cheap."""
        return self.idle / 15


SHARED_DEVICE = Limits(idle=timedelta(minutes=15), whole=timedelta(hours=12))
STAFF = Limits(idle=timedelta(hours=8), whole=timedelta(hours=24))
EVERYBODY = Limits(idle=timedelta(days=14), whole=timedelta(days=30))


def limits_of(request: HttpRequest) -> Limits:
    if request.session.get(SHARED):
        return SHARED_DEVICE
    return STAFF if isinstance(request.user, User) and request.user.is_staff else EVERYBODY


def signed_in(request: HttpRequest) -> User:
    """Whose request it is, on a page that is not open to strangers: `SignInRequired` lets nobody else come this far."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def begin(request: HttpRequest, person: User, *, shared_device: bool = False, door: str = "password") -> None:
    """Sign this person in, with a new session id and nothing left of the session before."""
    request.session.flush()
    login(request, person)
    now = timezone.now().timestamp()
    request.session.update({BEGAN: now, USED: now, SHARED: shared_device})
    if shared_device:
        request.session.set_expiry(0)  # the cookie goes when the browser closes
    record("sign_in", request, person, door=door, shared_device=shared_device)


def end(request: HttpRequest) -> None:
    if isinstance(request.user, User):
        record("sign_out", request, request.user)
    logout(request)


def is_over(request: HttpRequest, at: datetime | None = None) -> bool:
    """Whether the session of this signed-in person was idle, or lived, for too long."""
    at, limits = at or timezone.now(), limits_of(request)
    return at - moment(request, USED) >= limits.idle or at - moment(request, BEGAN) >= limits.whole


def mark_used(request: HttpRequest, at: datetime | None = None) -> None:
    """Remember that the session is in use; writes only once in a while."""
    at = at or timezone.now()
    if at - moment(request, USED) >= limits_of(request).step:
        request.session[BEGAN] = moment(request, BEGAN).timestamp()
        request.session[USED] = at.timestamp()


def moment(request: HttpRequest, name: str) -> datetime:
    """`BEGAN` or `USED`; in a session that does not know, the person's last sign-in."""
    seconds = request.session.get(name)
    if isinstance(seconds, float | int):
        return datetime.fromtimestamp(seconds, UTC)
    return getattr(request.user, "last_login", None) or datetime.fromtimestamp(0, UTC)
