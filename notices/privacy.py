"""What the outbox keeps about a person, out and away; and the shape in which every room hands out what it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from notices.models import News, Notice


@dataclass(frozen=True)
class Section:
    """A part of somebody's data: rows of plain values by column, and how title and columns are called on a page."""

    key: str
    title: str
    columns: dict[str, str]
    rows: list[dict[str, Any]]


def section(key: str, title: str, columns: dict[str, str], rows: Any) -> Section:
    """A section of tuples, one value for each column."""
    return Section(key, title, columns, [dict(zip(columns, row, strict=True)) for row in rows])


def export(person: Any) -> list[Section]:
    """The mails written to a person. Of one with a secret link the text stays out: whoever has it could sign in."""
    columns = {
        "written_at": _("Written"),
        "sent_at": _("Sent"),
        "address": _("To"),
        "subject": _("Subject"),
        "text": _("Text"),
        "failed_at": _("Given up"),
        "error": _("Why"),
    }
    rows = [
        (
            notice.created_at,
            notice.sent_at,
            notice.address,
            notice.subject,
            _("Not shown: it has a secret link in it.") if notice.kind == Notice.Kind.SECRET else notice.body,
            notice.failed_at,
            notice.error,
        )
        for notice in Notice.objects.filter(recipient=person).order_by("created_at", "pk")
    ]
    return [section("mails", _("Mails"), columns, rows), news(person)]


def news(person: Any) -> Section:
    """What the person was told, in a mail or on the screen."""
    columns = {"what": _("What"), "about": _("About"), "at": _("When"), "by": _("Who"), "read_at": _("Read")}
    found = News.objects.filter(recipient=person).select_related("by").order_by("at", "pk")
    rows = [(told.get_kind_display(), told.edition, told.at, told.by and told.by.name, told.seen_at) for told in found]
    return section("news", _("News"), columns, rows)


def erase(person: Any, at: datetime) -> None:
    """Leave of each mail that there was one, and when; what waits is not sent any more."""
    notices = Notice.objects.filter(recipient=person)
    notices.filter(sent_at=None, failed_at=None).update(failed_at=at)
    notices.update(recipient=None, address="", subject="", body="", html="", unsubscribe_url="", error="")
    News.objects.filter(recipient=person).delete()
