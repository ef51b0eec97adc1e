"""Lists of people as CSV: cells that no spreadsheet takes for a formula, and a file written line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice

from django.utils.translation import gettext as _

CSV = "text/csv; charset=utf-8"
BOM = "\ufeff"  # without it a spreadsheet takes UTF-8 for something else
CHUNK = 1000  # lines that are sent at a time
RISKY = frozenset("=+-@\t\r\n")  # what a formula can begin with
Cell = str | int | date | None  # None for what there is not


class Line:
    """A file for csv.writer that hands each line straight back."""

    def write(self, line: str) -> str:
        return line


def safe(text: str) -> str:
    """Text as a cell that no spreadsheet takes for a formula; an apostrophe in front says that it is text."""
    return f"'{text}" if text[:1] in RISKY else text


def as_csv(lines: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """A file of these lines, many at a time, the first one before the second is asked for; days as in 2026-11-22.

    Who gets it should see that it is cut off where something goes wrong on the way: its last line then says so.
    """
    lines, file = iter(lines), io.StringIO(newline="")
    writer = csv.writer(file)
    file.write(BOM)
    size = 1
    try:
        while chunk := list(islice(lines, size)):
            writer.writerows(  # few cells are worth a call
                [safe(cell) if type(cell) is str and cell[:1] in RISKY else cell for cell in line] for line in chunk
            )
            yield file.getvalue()
            file.seek(0)
            file.truncate()
            size = CHUNK
    except Exception:
        writer.writerow([_("Something went wrong here, so the rest of this file is missing. Please get it again.")])
        yield file.getvalue()
        raise
