"""Everything that is kept about a person, as one file they can read and a program can read; and who took it."""

from __future__ import annotations

import json
import zipfile
from datetime import date, datetime
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import FileResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from accounts import privacy as of_accounts
from accounts.models import User
from courses import privacy as of_courses
from courses.models.enrollment import site_day
from events import privacy as of_events
from notices import privacy as of_notices
from notices.privacy import Section
from quizzes import privacy as of_quizzes

WIDEST = 9  # columns that fit on a sheet of paper


def export(person: User) -> list[Section]:
    """What every room keeps about a person. Nothing about anybody else but the names of who did something."""
    about = [room.rows_about(person) for room in (of_accounts, of_courses, of_quizzes, of_events)]
    return [
        *of_accounts.export(person),
        *of_courses.export(person),
        *of_quizzes.export(person),
        *of_events.export(person),
        *of_notices.export(person),
        of_accounts.audit_section(*(rows for room in about for rows in room)),
    ]


def as_json(person: User, sections: list[Section], at: datetime) -> str:
    data: dict[str, Any] = {"format": 1, "site": settings.BASE_URL, "made_at": at, "person": person.name}
    data |= {section.key: section.rows for section in sections}
    return json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)


def as_page(person: User, sections: list[Section], at: datetime) -> str:
    context = {
        "person": person,
        "sections": [shown(section) for section in sections],
        "at": in_words(at),
        "site": settings.SITE_NAME,
    }
    context |= {"zone": timezone.get_current_timezone_name(), "language": settings.LANGUAGE_CODE}
    return render_to_string("learn/own_data.html", context)


def shown(section: Section) -> dict[str, Any]:
    """A section for the page: rows of words; those too wide for paper also row by row, each value with its label."""
    labels = list(section.columns.values())
    rows = [[in_words(value) for value in row.values()] for row in section.rows]
    tall = [list(zip(labels, row, strict=True)) for row in rows] if len(labels) > WIDEST else []
    return {"key": section.key, "title": section.title, "columns": labels, "rows": rows, "tall": tall}


def in_words(value: Any) -> str:
    """A value as somebody reads it in a table."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, dict):
        return "; ".join(f"{key}: {text}" for key, text in value.items())
    return number_format(value) if isinstance(value, float | int) else str(value)


def packed(person: User, at: datetime) -> BytesIO:
    """The ZIP file, at its beginning: `data.json` for programs, `data.html` for people. One person's, so in memory."""
    sections, file = export(person), BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", as_json(person, sections, at))
        archive.writestr("data.html", as_page(person, sections, at))
    file.seek(0)
    return file


def download(person: User, at: datetime | None = None) -> FileResponse:
    """The answer to a request for somebody's data; whoever makes it has asked whether the reader may."""
    at = at or timezone.now()
    name = f"workshop-data-{site_day(at).isoformat()}.zip"  # no name: downloads lie around on shared devices
    response = FileResponse(packed(person, at), as_attachment=True, filename=name, content_type="application/zip")
    response["Cache-Control"] = "no-store, private"
    return response
