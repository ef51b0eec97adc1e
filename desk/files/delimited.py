"""Delimited text: UTF-8, UTF-16 or Windows-1252, with commas, semicolons or tabs."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

from django.utils.translation import gettext as _

from desk.files.refusal import NotReadable

DELIMITERS = ",;\t"
CHUNK = 1 << 16
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f]")
SEP = re.compile(r"sep=(.)\s*$", re.IGNORECASE)  # Excel's own hint, before the headings


def records(file: IO[bytes], known: Callable[[list[str]], int]) -> Iterator[tuple[int, list[str]]]:
    """Each row with its number. `known` says how many cells of a row are headings, which tells the delimiter."""
    text = io.TextIOWrapper(io.BufferedReader(Unclosed(file)), encoding=encoding_of(file), newline="")
    first = heading(text)
    text.seek(0)
    delimiter = delimiter_of(first, known)
    reader = csv.reader(plain_lines(text), delimiter=delimiter, strict=True)
    number = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise broken(number + 1, reader.line_num) from error
        number += 1
        if not (number == 1 and SEP.match(delimiter.join(cells))):
            yield number, cells


class Unclosed(io.RawIOBase):
    """A file for TextIOWrapper, which closes what it was given when it goes."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)


def encoding_of(file: IO[bytes]) -> str:
    """By its mark, or else the first one in which all of the file makes sense."""
    start = file.read(4096)
    file.seek(0)
    marked = next((name for mark, name in BOMS.items() if start.startswith(mark)), None)
    candidates = [marked] if marked else unmarked(start)
    for name in candidates:
        if is_in(file, name):
            return name
    raise NotReadable(
        _("The file is damaged, or it is not text: it makes no sense as %(names)s.") % {"names": ", ".join(candidates)},
        mend=_("Save it as “CSV UTF-8” or as XLSX and bring that file."),
    )


def unmarked(start: bytes) -> list[str]:
    """UTF-16 without its mark has a zero in every second byte of plain letters."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > len(start) // 8:
        return ["utf-16-be" if even > odd else "utf-16-le"]
    return ["utf-8", "windows-1252"]


def is_in(file: IO[bytes], name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    finally:
        file.seek(0)
    return True


def heading(text: Iterable[str]) -> str:
    """The first line that says something."""
    for line in text:
        if line.strip() and not SEP.match(line):
            return line
    return ""


def delimiter_of(line: str, known: Callable[[list[str]], int]) -> str:
    def worth(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([line], delimiter=delimiter), [])
        return known([cell.strip() for cell in cells]), len(cells)

    return max(DELIMITERS, key=worth)


def plain_lines(text: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(text, 1):
        if found := CONTROL.search(line):
            raise NotReadable(
                _("There is a byte that no text has (%(code)s).") % {"code": f"0x{ord(found[0]):02X}"},
                where=_("line %(number)d") % {"number": number},
                mend=_("The file is damaged or not CSV. Save it again from your spreadsheet."),
            )
        yield line


def broken(number: int, line: int) -> NotReadable:
    return NotReadable(
        _('The quotes (") do not match, or a cell is endless.'),
        where=_("row %(number)d, up to line %(line)d") % {"number": number, "line": line},
        mend=_("Close the quote, and double one that belongs to a text."),
    )
