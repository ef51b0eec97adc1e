"""The record of who came and went: people by number, addresses by network, never a name, an address or a password."""

import logging

from django.http import HttpRequest

from accounts.models import User
from accounts.network import network_of

logger = logging.getLogger("workshop.accounts")


def record(event: str, request: HttpRequest | None, person: User | None = None, **more: object) -> None:
    """Log an event such as `sign_in` about `person`, None if nobody can tell. `more`: numbers and plain words only."""
    entry: dict[str, object] = {"event": event, "person": person.pk if person else None}
    if request is not None:
        entry["network"] = network_of(request)
    logger.info(event, extra={"event": entry | more})
