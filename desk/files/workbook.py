"""The first sheet of an XLSX file. Sizes are checked before anything is unpacked; no formula is evaluated."""

from __future__ import annotations

import datetime as dt
import tempfile
import zipfile
from array import array
from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse
from django.utils.translation import gettext as _
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.escape import unescape
from openpyxl.worksheet._reader import FORMULA_TAG, INLINE_STRING, ROW_TAG, VALUE_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from desk.files.refusal import NotReadable

UNPACKED = 200_000_000  # bytes, of all parts together
PART = 5_000_000  # of each part that is read as a whole
PARTS = 1000
IN_A_ROW = 5000  # elements
IN_MEMORY = 4_000_000
STRING, TEXT, PHONETIC = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("si", "t", "rPh"))


def records(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Each row that is there, with its number."""
    try:
        yield from _records(file)
    except (NotReadable, GeneratorExit):
        raise
    except Exception as error:  # what openpyxl says of a file made to break it can be anything
        raise NotReadable(
            _("The XLSX file is damaged."), mend=_("Open it in your spreadsheet and save it again, or save it as CSV.")
        ) from error


def _records(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    with zipfile.ZipFile(file) as archive:
        check_sizes(archive)
    reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    reader.read_manifest()
    reader.read_workbook()
    apply_stylesheet(reader.archive, reader.wb)
    part = first_sheet(reader)
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as kept, reader.archive.open(part) as sheet:
        book = reader.wb
        parser = Sheet(sheet, Strings(reader, kept), True, book.epoch, book._date_formats, book._timedelta_formats)
        yield from parser.records()


def check_sizes(archive: zipfile.ZipFile) -> None:
    """By what the archive says of itself: `zipfile` never unpacks more of a part than that."""
    parts = archive.infolist()
    if "xl/workbook.xml" not in archive.namelist():
        raise NotReadable(_("This is an archive (ZIP, ODS, DOCX …) and not XLSX."), mend=_("Save it as CSV or XLSX."))
    whole = [part for part in parts if not part.filename.startswith(("xl/worksheets/", "xl/sharedStrings"))]
    whole = [part for part in whole if part.filename.endswith((".xml", ".rels"))]
    if (
        len(parts) > PARTS
        or sum(part.file_size for part in parts) > UNPACKED
        or any(part.file_size > PART for part in whole)
    ):
        raise NotReadable(
            _("Unpacked, the XLSX file would be far larger than a list of people is."),
            mend=_("Copy the rows into a new workbook, or save them as CSV."),
        )


def first_sheet(reader: ExcelReader) -> str:
    for _sheet, relation in reader.parser.find_sheets():
        if relation.target in reader.valid_files and "worksheet" in relation.Type:
            return str(relation.target)
    raise NotReadable(_("There is no sheet in the XLSX file."), mend=_("Put the rows on its first sheet."))


def elements(source: IO[bytes], wanted: str) -> Iterator[Element]:
    """Each element of a kind, as it is closed. Everything else is forgotten at once."""
    inside = size = 0
    above: list[Element] = []
    for event, element in iterparse(source, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            above.append(element)
            inside += element.tag == wanted
            size = size + 1 if inside else 0
            if size > IN_A_ROW:
                raise NotReadable(_("A row of the sheet has thousands of cells."), mend=_("Delete what is not needed."))
            continue
        above.pop()
        if element.tag == wanted:
            inside, size = inside - 1, 0
            yield element
        if not inside and above:
            above[-1].clear()


class Strings:
    """The shared strings of a workbook by number; the texts are in `file`, which is on the disk if there are many."""

    def __init__(self, reader: ExcelReader, file: IO[bytes]) -> None:
        self.file, self.ends = file, array("Q", [0])
        kind = reader.package.find(SHARED_STRINGS)
        if kind is None:
            return
        with reader.archive.open(kind.PartName[1:]) as source:
            for element in elements(source, STRING):
                self.ends.append(self.ends[-1] + self.file.write(text_in(element).encode()))

    def __getitem__(self, number: int) -> str:
        start, end = self.ends[number], self.ends[number + 1]
        self.file.seek(start)
        return self.file.read(end - start).decode()


def text_in(element: Element | None) -> str:
    """All text of a string, without how it is pronounced."""
    if element is None or element.tag == PHONETIC:
        return ""
    if element.tag == TEXT:
        return str(unescape(element.text or ""))
    return "".join(text_in(child) for child in element)


class Sheet(WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
    """Rows of a sheet as texts; the values that were last calculated stand for formulas."""

    def records(self) -> Iterator[tuple[int, list[str]]]:
        for element in elements(self.source, ROW_TAG):
            number, cells = self.parse_row(element)
            self.row_dimensions.clear()
            texts: list[str] = []
            for cell in cells:
                if cell["column"] > IN_A_ROW:
                    continue
                texts.extend([""] * (cell["column"] - len(texts)))
                texts[cell["column"] - 1] = as_text(cell["value"])
            yield number, texts

    def parse_cell(self, element: Element) -> dict[str, Any]:
        kind, value, inline = element.get("t"), element.findtext(VALUE_TAG), element.find(INLINE_STRING)
        if element.find(FORMULA_TAG) is not None and not value and kind != "str" and inline is None:
            raise self.refused(element, _("The cell has a formula that was never calculated."))
        if kind == "e":
            raise self.refused(element, _("The cell shows an error (%(error)s).") % {"error": value})
        if inline is not None:
            element.remove(inline)
        found: dict[str, Any] = super().parse_cell(element)
        if found["data_type"] == "e":
            raise self.refused(element, _("The cell is no date that a calendar has."))
        return found if inline is None else {**found, "value": text_in(inline)}

    @staticmethod
    def refused(element: Element, what: str) -> NotReadable:
        return NotReadable(
            what,
            where=_("cell %(cell)s") % {"cell": element.get("r", "?")},
            mend=_("Open the file in your spreadsheet, put the value itself there, and save it."),
        )


def as_text(value: Any) -> str:
    """Numbers without a needless .0, dates as 2031-12-24, yes and no."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
