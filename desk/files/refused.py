"""The refused rows of a file as a file: to be mended in a spreadsheet and brought again."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from accounts.cells import BOM, Line, safe
from accounts.models import StagedFile, StagedRow
from desk.files.columns import TITLES, WRONG


def lines(file: StagedFile) -> Iterator[str]:
    """Line by line, with the columns the file had and one that says what is wrong, which is not read again."""
    writer = csv.writer(Line())
    yield BOM + writer.writerow([*(str(TITLES[key]) for key in file.columns), str(WRONG.title)])
    rows = file.rows.filter(outcome=StagedRow.Outcome.REFUSED).order_by("number")
    for row in rows.iterator(chunk_size=1000):
        cells = [row.cells.get(key, "") for key in file.columns]
        yield writer.writerow([safe(text) for text in [*cells, "; ".join(sentences(row))]])


def sentences(row: StagedRow) -> list[str]:
    """What is wrong with a row, or worth knowing, each with its column."""
    return [f"{TITLES[column]}: {text}" if column in TITLES else text for column, text in row.problems]
