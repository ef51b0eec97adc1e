"""Lists of people as XLSX, written while they are sent.

openpyxl makes the workbook around the rows, and the rows are written here: at 7 µs each instead of 144, and straight
into the archive that is being sent, so that memory does not grow with them (docs/performance.md, decision 26).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from accounts.cells import CHUNK, Cell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET = "xl/worksheets/sheet1.xml"
ROWS = re.compile(r"<sheetData>.*</sheetData>|<sheetData ?/>", re.DOTALL)
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # in XML
DAY_ZERO = date(1899, 12, 30).toordinal()  # days are numbers, counted from here
FAST = 1  # of the levels of compression
NOTHING = "<c/>"


class Sent(io.RawIOBase):
    """The file the archive is written to; what was written since is taken from it and sent."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, piece: Any) -> int:
        self.pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        taken, self.pieces = b"".join(self.pieces), []
        return taken


class Sheet:
    """The workbook around the rows, and how cells are written in it: a day as a number that is shown as a day.

    A text is said to be one, so that no spreadsheet takes it for a formula.
    """

    def __init__(self, title: str, columns: Sequence[Cell]) -> None:
        # Here and not above: it would be a tenth of every cold start, and few requests write a workbook.
        from openpyxl import Workbook  # noqa: PLC0415
        from openpyxl.styles import Font  # noqa: PLC0415
        from openpyxl.utils import get_column_letter  # noqa: PLC0415

        book = Workbook()
        sheet = book.worksheets[0]
        sheet.title, sheet.freeze_panes = title[:31], "A2"
        for number, heading in enumerate(columns, 1):
            sheet.column_dimensions[get_column_letter(number)].width = max(12, len(str(heading)) + 2)
        sheet["A1"].font, sheet["A2"].number_format = Font(bold=True), "yyyy-mm-dd"
        self.bold, day = sheet["A1"].style_id, sheet["A2"].style_id
        self.day = lru_cache(lambda on: f'<c s="{day}"><v>{on.toordinal() - DAY_ZERO}</v></c>')
        self.text = lru_cache(maxsize=CHUNK)(text)
        file = io.BytesIO()
        book.save(file)
        with ZipFile(file) as parts:
            self.parts = {name: parts.read(name) for name in parts.namelist()}
        around = re.sub(r"<dimension [^>]*/>", "", self.parts.pop(SHEET).decode())
        self.above, self.below = ROWS.split(around)

    def heading(self, columns: Sequence[Cell]) -> str:
        return f"<row>{''.join(text(str(cell), self.bold) for cell in columns)}</row>"

    def cell(self, value: Cell) -> str:
        if value is None or value == "":
            return NOTHING
        if isinstance(value, str):
            return self.text(value)
        return self.day(value) if isinstance(value, date) else f"<c><v>{value}</v></c>"

    def rows(self, lines: Iterable[Sequence[Cell]]) -> str:
        cell = self.cell
        return "".join([f"<row>{''.join([cell(value) for value in line])}</row>" for line in lines])


def text(value: str, style: int = 0) -> str:
    written = escape(UNWRITABLE.sub("", value))
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{written}</t></is></c>'


def as_xlsx(lines: Iterable[Sequence[Cell]], title: str) -> Iterator[bytes]:
    """A file of these lines, the first of them a heading. Its beginning comes before the second line is asked for.

    An archive has its table of contents at the end, so a file that is cut off does not open.
    """
    lines, sent = iter(lines), Sent()
    columns = next(lines)
    sheet = Sheet(title, columns)
    archive = ZipFile(sent, "w", ZIP_DEFLATED, compresslevel=FAST)
    for name, content in sheet.parts.items():
        archive.writestr(name, content)
    with archive.open(SHEET, "w") as entry:
        entry.write(f"{sheet.above}<sheetData>{sheet.heading(columns)}".encode())
        yield sent.take()
        while chunk := list(islice(lines, CHUNK)):
            entry.write(sheet.rows(chunk).encode())
            yield sent.take()
        entry.write(f"</sheetData>{sheet.below}".encode())
    archive.close()
    yield sent.take()
