"""What a file may look like, and what is refused with what, where and how to mend it."""

from __future__ import annotations

import datetime as dt
import io
import random
import re
import tracemalloc
import zipfile

import openpyxl
import pytest
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from desk.files import delimited, reading, workbook
from desk.files.reading import Column, NotReadable, read

pytestmark = pytest.mark.once
COLUMNS = [
    Column("number", "Staff number", ("personnel no",)),
    Column("name", "Name", ("full name",)),
    Column("team", "Home team"),
    Column("wrong", "What is wrong", ignored=True),
]
TEXT = "Staff number;Name;Home team\n1001;Zoë Ångström;Shops / Lyon\n1002;Élodie;Shops / Köln\n"


def rows(data: bytes, needed=(("number",),)):
    return [(row.number, row.cells) for row in read(io.BytesIO(data), COLUMNS, needed).rows]


def refusal(data: bytes, needed=(("number",),)) -> NotReadable:
    with pytest.raises(NotReadable) as refused:
        rows(data, needed)
    assert refused.value.what
    assert refused.value.mend
    return refused.value


SHEET = "xl/worksheets/sheet1.xml"
NAMED = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED_STRINGS}"/>'.encode()
WANTED = [
    (2, {"number": "1001", "name": "Zoë Ångström", "team": "Shops / Lyon"}),
    (3, {"number": "1002", "name": "Élodie", "team": "Shops / Köln"}),
]


def xlsx(lines) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for line in lines:
        book.active.append(line)
    book.save(out)
    return shared(out.getvalue())


def shared(data: bytes) -> bytes:
    """The same workbook with its texts in the table of shared strings, where Excel puts them and openpyxl does not."""
    texts: list[str] = []

    def number(found: re.Match[str]) -> str:
        texts.append(f"<si>{found[2]}</si>")
        return f'{found[1]} t="s"><v>{len(texts) - 1}</v></c>'

    def sheet(part: bytes) -> bytes:
        return re.sub(r'(<c [^>]*?) t="inlineStr"><is>(.*?)</is></c>', number, part.decode(), flags=re.DOTALL).encode()

    data = changed(data, SHEET, sheet)
    table = f'<sst xmlns="{SHEET_MAIN_NS}">{"".join(texts)}</sst>'
    out = io.BytesIO(
        changed(data, "[Content_Types].xml", lambda part: part.replace(b"<Override ", NAMED + b"<Override ", 1))
    )
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", table)
    return out.getvalue()


def changed(data: bytes, part: str, change) -> bytes:
    """The same archive with one part rewritten."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_and_separator_reads_alike(encoding, delimiter, end):
    text = TEXT.replace(";", delimiter).replace("\n", end)
    assert rows(text.encode(encoding)) == WANTED


def test_big_endian_with_a_mark():
    assert rows(b"\xfe\xff" + TEXT.encode("utf-16-be")) == WANTED


def test_headings_in_other_spellings_and_any_order():
    text = "FULL_NAME, home-team ,Personnel No\nZoë Ångström,Shops / Lyon,1001\n"
    assert rows(text.encode()) == [(2, WANTED[0][1])]


def test_quoted_line_breaks_separators_quotes_and_a_hint_for_excel():
    text = 'sep=;\r\n\r\nStaff number;Name\r\n7;"Anna\r\n""Ann"" ; Berg"\r\n\r\n8;Bo\r\n'
    assert rows(text.encode()) == [
        (4, {"number": "7", "name": 'Anna\r\n"Ann" ; Berg'}),
        (6, {"number": "8", "name": "Bo"}),
    ]


def test_short_rows_are_filled_and_long_ones_have_a_problem():
    found = list(read(io.BytesIO(b"Staff number,Name\n1\n2,B,\n3,C,D\n"), COLUMNS).rows)
    assert [row.cells["name"] for row in found] == ["", "B", "C"]
    assert [bool(row.problem) for row in found] == [False, False, True]


def test_the_column_of_problems_is_left_out_when_a_mended_file_comes_back():
    found = read(io.BytesIO(b"Staff number,What is wrong,Name\n1,No such team,A\n"), COLUMNS)
    assert found.columns == ["number", "name"]
    assert next(found.rows).cells == {"number": "1", "name": "A"}


def test_a_workbook_reads_like_text():
    data = xlsx([["Staff number", "Name", "Home team"], [1001, "Zoë Ångström", "Shops / Lyon"], [], [1002.0, "Élodie"]])
    assert rows(data) == [WANTED[0], (4, {"number": "1002", "name": "Élodie", "team": ""})]


def test_numbers_dates_and_truths_of_a_workbook_as_text():
    cells = [1001.0, 12.5, dt.date(2031, 2, 3), dt.datetime(2031, 2, 3, 4, 5), True, 10**14, "007", None]
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(cells)
    book.save(out)
    (_number, texts), *_rest = workbook.records(io.BytesIO(out.getvalue()))
    assert texts[:7] == ["1001", "12.5", "2031-02-03", "2031-02-03 04:05:00", "yes", str(10**14), "007"]


def test_many_shared_strings_go_to_a_file_and_come_back(monkeypatch):
    monkeypatch.setattr(workbook, "IN_MEMORY", 100)
    lines = [[str(number), f"Ñame {number % 7}"] for number in range(300)]
    found = rows(xlsx([["Staff number", "Name"], *lines]))
    assert [list(cells.values()) for _number, cells in found] == lines


def test_strings_in_parts_and_in_the_cell():
    def inline(sheet):
        start = sheet.index(b"<sheetData>") + len(b"<sheetData>")
        row = (
            '<row r="1"><c r="A1" t="inlineStr"><is><t>Staff number</t></is></c>'
            '<c r="B1" t="inlineStr"><is><r><t>Na</t></r><r><t>me</t></r><rPh><t>x</t></rPh></is></c></row>'
            '<row r="3"><c r="A3" t="str"><f>1+1</f><v>1001</v></c><c r="B3" t="str"><f>""</f><v></v></c></row>'
        )
        return sheet[:start] + row.encode() + sheet[sheet.index(b"</sheetData>") :]

    assert rows(changed(xlsx([["x"]]), SHEET, inline)) == [(3, {"number": "1001", "name": ""})]


# --- Refused ---


def test_a_formula_nobody_calculated_is_refused_with_its_place():
    assert "cell B3" in refusal(xlsx([["Staff number", "Name"], [1, "A"], [2, "=A1&A2"]])).where


def test_an_error_and_a_day_no_calendar_has():
    def with_cell(cell):
        return lambda sheet: sheet.replace(b"</sheetData>", cell + b"</sheetData>")

    data = xlsx([["Staff number", "Name"], [1, dt.date(2031, 1, 1)]])
    error = with_cell(b'<row r="3"><c r="B3" t="e"><v>#N/A</v></c></row>')
    assert "#N/A" in refusal(changed(data, SHEET, error)).what


OTHERS = {
    "pdf": b"%PDF-1.7\n...",
    "png": b"\x89PNG\r\n\x1a\n....",
    "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "html": b"<html><table><tr><td>Staff number</td></tr></table></html>",
    "xml": b"\xef\xbb\xbf<?xml version='1.0'?><a/>",
    "empty": b"",
    "blank": b"\n \n;;\n",
    "nothing below": b"Staff number;Name\n;\n",
    "noise": random.Random(7).randbytes(5000),  # for a test
    "half of UTF-16": TEXT.encode("utf-16")[:-1],
    "a zip": b"PK\x03\x04 and then nothing",
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_list_is_refused(name):
    refusal(OTHERS[name])


def test_another_archive_is_refused_by_what_it_is():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    assert "not XLSX" in refusal(out.getvalue()).what


def test_a_zero_byte_is_refused_with_its_line():
    assert refusal(b"Staff number;Name\n1;A\n2;B\0\n").where == "line 3"


def test_quotes_that_do_not_match_are_refused_with_the_row():
    assert refusal(b'Staff number;Name\n1;A\n2;"B\n3;C\n').where == "row 3, up to line 4"
    assert refusal(b'Staff number;Name\n1;"A" Berg\n').where == "row 2, up to line 2"


def test_wrong_headings_are_refused_with_those_found_and_those_known():
    unknown = refusal(b"Staff number;Shoe size\n1;44\n")
    assert unknown.where == "row 1"
    assert "Shoe size" in unknown.what
    assert "Home team" in unknown.mend
    assert "(empty)" in refusal(b"Staff number;;Name\n1;;A\n").what
    assert "Name is there twice" in refusal(b"Staff number;Name;Full name\n1;A;B\n").what
    assert "Staff number or Name" in refusal(b"Home team\nShops\n", [("number", "name")]).what
    assert "What is wrong" not in unknown.mend


def test_too_large_and_too_many(settings, monkeypatch):
    monkeypatch.setattr(reading, "ROWS", 2)
    assert rows(TEXT.encode()) == WANTED
    assert refusal((TEXT + "1003;C;\n").encode()).where == "row 4"
    settings.FILE_MAX_MB = 0
    assert "0 MB is the most" in refusal(TEXT.encode()).what


def test_a_bomb_is_refused_before_it_is_unpacked():
    bomb = changed(xlsx([["Staff number"], [1]]), SHEET, lambda sheet: sheet + b" " * (workbook.UNPACKED + 1))
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    assert "far larger" in refusal(bomb).what
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000
    styles = changed(xlsx([["Staff number"], [1]]), "xl/styles.xml", lambda part: part + b" " * (workbook.PART + 1))
    assert "far larger" in refusal(styles).what


def test_a_bomb_that_lies_about_its_size_unpacks_no_more_than_it_says():
    data = bytearray(changed(xlsx([["Staff number"], [1]]), SHEET, lambda sheet: sheet + b" " * 50_000_000))
    place = data.rindex(SHEET.encode()) - 46  # in the directory at the end
    assert data[place : place + 4] == b"PK\x01\x02"
    data[place + 24 : place + 28] = (900).to_bytes(4, "little")
    tracemalloc.start()
    refusal(bytes(data))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_too_many_parts_and_too_wide_rows():
    out = io.BytesIO(xlsx([["Staff number"], [1]]))
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(workbook.PARTS):
            archive.writestr(f"xl/media/{number}.png", b"")
    assert "far larger" in refusal(out.getvalue()).what
    wide = changed(
        xlsx([["Staff number"]]),
        SHEET,
        lambda s: s.replace(b"</sheetData>", b"<row>" + b"<c/>" * 9000 + b"</row></sheetData>"),
    )
    assert "thousands of cells" in refusal(wide).what


@pytest.mark.parametrize(
    "part", [SHEET, "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "[Content_Types].xml"]
)
def test_entities_and_broken_parts_are_refused(part):
    data = xlsx([["Staff number", "Name"], [1, "A"]])
    laughs = b'<!DOCTYPE a [<!ENTITY l "ha"><!ENTITY m "&l;&l;"><!ENTITY f SYSTEM "file:///etc/passwd">]><a>&m;&f;</a>'
    for broken in (
        laughs,
        b"<a",
        b"",
        b"<worksheet><sheetData><row r='x'><c r='A'><v>y</v></c></row></sheetData></worksheet>",
    ):
        refusal(changed(data, part, lambda old, broken=broken: broken))


def test_rubbish_between_rows_takes_no_memory():
    junk = b"<x><y/></x>" * 200_000
    data = changed(
        xlsx([["Staff number"], [1]]), SHEET, lambda sheet: sheet.replace(b"<sheetData>", b"<sheetData>" + junk)
    )
    tracemalloc.start()
    assert rows(data) == [(2, {"number": "1"})]
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000


def test_memory_does_not_grow_with_the_rows():
    def peak(count):
        text = io.BytesIO(("Staff number,Name\n" + "".join(f"{n},Name {n}\n" for n in range(count))).encode())
        tracemalloc.start()
        for _row in read(text, COLUMNS).rows:
            pass
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(20_000) < peak(2_000) + 300_000


def test_the_file_stays_open():
    file = io.BytesIO(TEXT.encode())
    list(read(file, COLUMNS).rows)
    assert not file.closed
    assert delimited.encoding_of(file) == "utf-8"
