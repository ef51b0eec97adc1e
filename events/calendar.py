"""A session as a file for calendars (RFC 5545). One UID for its life; a change raises SEQUENCE, so that calendars take
the newer one, and a cancelled session says so."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _

from courses import markdown
from events.models import LiveSession

FOLD = 75  # octets in a line
UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def ics(session: LiveSession) -> bytes:
    """The file, for somebody who may know the place and the link."""
    changes = session.changes.aggregate(last=Max("at"))
    stamp = max(filter(None, [changes["last"], session.created_at]))
    address = settings.BASE_URL + session.get_absolute_url()
    description = "\n\n".join(part for part in (markdown.plain(session.text), session.link, address) if part)
    properties: list[tuple[str, str]] = [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", f"-//{text('Workshop')}//{settings.VERSION}//EN"),
        ("METHOD", "PUBLISH"),
        ("BEGIN", "VEVENT"),
        ("UID", uid(session)),
        ("SEQUENCE", str(session.changes.count())),
        ("STATUS", "CANCELLED" if session.is_cancelled else "CONFIRMED"),
        ("DTSTAMP", moment(stamp)),
        ("CREATED", moment(session.created_at)),
        ("LAST-MODIFIED", moment(stamp)),
        ("DTSTART", moment(session.starts_at)),
        ("DTEND", moment(session.ends_at)),
        ("SUMMARY", text(title(session))),
        ("DESCRIPTION", text(description)),
        ("LOCATION", text(session.place or session.link)),
        ("URL", UNWRITABLE.sub("", address)),
        ("END", "VEVENT"),
        ("END", "VCALENDAR"),
    ]
    return b"".join(folded(f"{name}:{value}") for name, value in properties)


def title(session: LiveSession) -> str:
    """Some calendars show no status, so a cancelled one says it in its title."""
    return _("Cancelled: %(title)s") % {"title": session.title} if session.is_cancelled else session.title


def uid(session: LiveSession) -> str:
    host = settings.BASE_URL.split("//")[-1].split(":")[0] or "localhost"
    return f"live-session-{session.pk}@{host}"


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def text(value: Any) -> str:
    """A TEXT value: what has a meaning in the format is escaped, what cannot stand in it is left out."""
    lines = str(value).replace("\r\n", "\n").replace("\r", "\n")
    escaped = UNWRITABLE.sub("", lines).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\n", "\\n")


def folded(line: str) -> bytes:
    """A content line with CRLF, in pieces of at most 75 octets that never cut a letter in two."""
    pieces, piece, room = [], b"", FOLD
    for letter in line:
        octets = letter.encode("utf-8", "replace")
        if len(piece) + len(octets) > room:
            pieces.append(piece)
            piece, room = b"", FOLD - 1  # the space in front of a further piece counts
        piece += octets
    return b"\r\n ".join([*pieces, piece]) + b"\r\n"
