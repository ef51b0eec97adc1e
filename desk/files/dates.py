"""Days as people write them in files: 2025-04-03, or 03.04.2025 with the day first, and nothing ambiguous."""

from __future__ import annotations

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]\d{1,2}:\d\d.*)?$", re.ASCII)  # a spreadsheet adds the time
DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})$", re.ASCII)
SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{2}|\d{4})$", re.ASCII)
OLDEST = 1950


def day_of(text: str, today: date) -> date:
    """The day that is meant, today at the latest. Raises ValidationError with what is wrong."""
    if found := ISO.match(text):
        year, month, day = map(int, found.groups())
    elif found := DOTTED.match(text):
        day, month, year = map(int, found.groups())
    else:
        raise ValidationError(_unknown(text))
    try:
        meant = date(year, month, day)
    except ValueError as error:
        raise ValidationError(_("“%(text)s” is no day that a calendar has.") % {"text": text}) from error
    if meant > today:
        raise ValidationError(_("“%(text)s” is in the future.") % {"text": text})
    if meant.year < OLDEST:
        raise ValidationError(_("“%(text)s” is before %(year)d. Is the year right?") % {"text": text, "year": OLDEST})
    return meant


def _unknown(text: str) -> str:
    write = _("Write 2025-04-03, or 03.04.2025 with the day first.")
    found = SLASHED.match(text)
    if found and max(int(found[1]), int(found[2])) <= 12:
        return _("“%(text)s” can be two different days.") % {"text": text} + " " + write
    if not text:
        return _("There is no day.") + " " + write
    return _("“%(text)s” is no day in a form that is read here.") % {"text": text} + " " + write
