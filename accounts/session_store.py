"""Where sessions are kept: in the database, as Django does it, with the query of every request prepared."""

from __future__ import annotations

from django.contrib.sessions.backends.db import SessionStore as Stored
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from accounts.statements import Prepared


@Prepared
def session(key: str) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key)


class SessionStore(Stored):
    """A session that has ended is none; the moment is not in the query, for it is another one each time."""

    def _get_session_from_db(self) -> Session | None:
        found: Session | None = next(iter(session(key=self.session_key or "")), None)
        if found and found.expire_date > timezone.now():
            return found
        self._session_key = None
        return None
