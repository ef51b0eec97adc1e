"""A file of rows, CSV or XLSX, as rows of text: what comes from a person's computer, taken as it comes.

Nothing is kept in memory but a row. What cannot be read is refused with a sentence on what, where and how to mend it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from desk.files import delimited
from desk.files.refusal import NotReadable

__all__ = ["Column", "NotReadable", "Row", "Table", "read"]

ROWS = 200_000
WIDTH = 200  # columns of a row; nobody's list of people has more
OLD_EXCEL, ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
OTHERS = {b"%PDF": "PDF", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"\x1f\x8b": "gzip"}


@dataclass(frozen=True)
class Column:
    """A column that a file may have. `spellings` are further headings it is known by; case, spaces, hyphens and
    underscores do not matter. `key` is how the rows call it."""

    key: str
    title: Any
    spellings: tuple[str, ...] = ()
    help: Any = ""
    ignored: bool = False  # may be there, and is not read

    def names(self) -> set[str]:
        return {folded(name) for name in (self.key, str(self.title), *self.spellings)}


class Row(NamedTuple):
    """A row by its number in a spreadsheet; the heading is 1, if the file begins with it. `problem` is what is wrong
    with the row as such."""

    number: int
    cells: dict[str, str]
    problem: str = ""


class Table(NamedTuple):
    """`columns` are the keys of those found, in the order of the file. `rows` raises NotReadable as it goes on."""

    columns: list[str]
    rows: Iterator[Row]


def folded(heading: str) -> str:
    return re.sub(r"[\s_\-‐-―./]+", "", heading).casefold()


def read(file: IO[bytes], columns: Sequence[Column], needed: Iterable[Iterable[str]] = ()) -> Table:
    """The rows of an open file that can be wound back, by the keys of the columns it has; empty rows are left out.

    Of each group in `needed` one column has to be there. Raises NotReadable, for what is wrong further down while the
    rows are taken.
    """
    check_size(file)
    records = kind_of(file)(file, lambda cells: len(Heading.guess(cells, columns)))
    for number, cells in records:
        if any(cells):
            found = Heading(number, cells, columns).match(needed)
            return Table([key for key in found if key], counted(rows_of(records, found)))
    raise NotReadable(
        _("The file is empty."), mend=_("Save it again with a row of headings and a row for each person.")
    )


def check_size(file: IO[bytes]) -> None:
    most = settings.FILE_MAX_MB
    size = file.seek(0, 2)
    file.seek(0)
    if size > most * 1_000_000:
        raise NotReadable(
            _("The file has %(size)d MB; %(most)d MB is the most.") % {"size": size // 1_000_000, "most": most},
            mend=_("Split it into several files, or take out columns that are not needed."),
        )


Records = Iterator[tuple[int, list[str]]]


def kind_of(file: IO[bytes]) -> Callable[[IO[bytes], Callable[[list[str]], int]], Records]:
    """The reader for what is in the file, whatever its name says."""
    start = file.read(512)
    file.seek(0)
    if start.startswith(ZIP):
        from desk.files.workbook import records  # noqa: PLC0415  # with openpyxl: a tenth of every cold start

        return lambda opened, known: records(opened)
    mend = _("Save it as CSV or as XLSX and bring that file.")
    if start.startswith(OLD_EXCEL):
        raise NotReadable(_("This is an old Excel file (XLS), or one with a password."), mend=mend)
    for magic, name in OTHERS.items():
        if start.startswith(magic):
            raise NotReadable(_("This is a %(kind)s file.") % {"kind": name}, mend=mend)
    if re.match(rb"(\xef\xbb\xbf)?\s*<(\?xml|!doctype|html|table)", start, re.IGNORECASE):
        raise NotReadable(_("This is a web page or XML, even if it is named otherwise."), mend=mend)
    return delimited.records


class Heading:
    """The first row, matched to the columns that are known."""

    def __init__(self, number: int, cells: list[str], columns: Sequence[Column]) -> None:
        self.number, self.columns = number, columns
        self.cells = [cell.strip() for cell in cells]
        while self.cells and not self.cells[-1]:
            self.cells.pop()

    @staticmethod
    def guess(cells: Iterable[str], columns: Sequence[Column]) -> dict[str, Column]:
        """Which of these cells are headings that are known."""
        known = {name: column for column in columns for name in column.names()}
        return {cell: known[folded(cell)] for cell in cells if folded(cell) in known}

    def match(self, needed: Iterable[Iterable[str]]) -> list[str]:
        """The key for each place; empty for one that is not read."""
        known = self.guess(self.cells, self.columns)
        self.refuse_unknown([cell or _("(empty)") for cell in self.cells if cell not in known])
        matched = [known[cell] for cell in self.cells]
        self.refuse_double(matched)
        keys = ["" if column.ignored else column.key for column in matched]
        for group in needed:
            if not set(group) & set(keys):
                self.refuse_missing(group)
        return keys

    def refuse_unknown(self, unknown: list[str]) -> None:
        if unknown:
            self.refuse(_("No column is known by the heading %(found)s.") % {"found": ", ".join(unknown[:10])})

    def refuse_double(self, matched: list[Column]) -> None:
        twice = sorted({str(column.title) for column in matched if matched.count(column) > 1})
        if twice:
            self.refuse(_("The column %(found)s is there twice.") % {"found": ", ".join(twice)})

    def refuse_missing(self, group: Iterable[str]) -> None:
        wanted = [str(column.title) for column in self.columns if column.key in set(group)]
        self.refuse(_("There is no column %(wanted)s.") % {"wanted": _(" or ").join(wanted)})

    def refuse(self, what: str) -> None:
        found = ", ".join(self.cells[:20])[:300]
        expected = ", ".join(str(column.title) for column in self.columns if not column.ignored)
        raise NotReadable(
            what,
            where=_("row %(number)d") % {"number": self.number},
            mend=_("The first row must hold headings. Found: %(found)s. Known: %(expected)s.")
            % {"found": found, "expected": expected},
        )


def rows_of(records: Records, keys: list[str]) -> Iterator[Row]:
    for number, cells in records:
        texts = [cell.strip() for cell in cells]
        if not any(texts):
            continue
        named = {key: text for key, text in zip(keys, texts, strict=False) if key}
        problem = _(
            "The row has more cells than there are headings. Is a separator in a text without quotes around it?"
        )
        yield Row(number, {key: named.get(key, "") for key in keys if key}, problem if any(texts[len(keys) :]) else "")


def counted(rows: Iterator[Row]) -> Iterator[Row]:
    """The same rows; none and too many are refused."""
    count = 0
    for row in rows:
        count += 1
        if count > ROWS:
            raise NotReadable(
                _("The file has more than %(most)s rows.") % {"most": f"{ROWS:,}"},
                where=_("row %(number)d") % {"number": row.number},
                mend=_("Split it into several files."),
            )
        yield row
    if not count:
        raise NotReadable(
            _("There are headings, and no row below them."), mend=_("Put a row for each person below the headings.")
        )
