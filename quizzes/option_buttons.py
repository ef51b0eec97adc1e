"""The buttons beside the options of a question: add one, take one out, move one. Nothing is saved by them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "options"
MOST = 12
LAST = 100  # the place of a step that has none yet

Row = dict[str, Any]


@dataclass(frozen=True)
class Pressed:
    """A button: `do` is add, up, down or remove, `at` the option it belongs to, from 0."""

    do: str
    at: int = 0

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Pressed | None:
        """The button that sent this form; None for those that save or try it."""
        found = re.fullmatch(r"(add)|(up|down|remove) (\d{1,2})", str(data.get("option", "")), re.ASCII)
        if found is None:
            return None
        return cls(found[1] or found[2], int(found[3] or 0))

    def on(self, rows: list[Row], ordered: bool) -> tuple[list[Row], int, str]:
        """The options after it, the one to go on with, and with what of it. Where the order counts, by their places."""
        rows = by_place(rows) if ordered else list(rows)
        at, focus = self._move(rows)
        return numbered(rows) if ordered else rows, at, focus

    def _move(self, rows: list[Row]) -> tuple[int, str]:
        if self.do == "add" and len(rows) < MOST:
            rows.append({})
            return len(rows) - 1, "text"
        if self.do == "remove" and self.at < len(rows):
            del rows[self.at]
            return self.at, "remove"
        to = self.at + {"up": -1, "down": 1}.get(self.do, 0)
        if max(self.at, to) >= len(rows) or to < 0:
            return min(self.at, len(rows) - 1), ""
        rows[self.at], rows[to] = rows[to], rows[self.at]
        at_the_end = to == (0 if self.do == "up" else len(rows) - 1)
        return to, {"up": "down", "down": "up"}[self.do] if at_the_end else self.do


def rows_typed(data: Mapping[str, Any], names: Iterable[str]) -> list[Row]:
    """What stands in the forms of the options, as it was typed."""
    total = str(data.get(f"{PREFIX}-TOTAL_FORMS", ""))
    count = int(total) if re.fullmatch(r"\d{1,2}", total, re.ASCII) else 0
    names = list(names)
    return [
        {name: data[f"{PREFIX}-{n}-{name}"] for name in names if f"{PREFIX}-{n}-{name}" in data}
        for n in range(min(count, MOST))
    ]


def is_blank(row: Row) -> bool:
    return not any(str(row.get(name) or "").strip() for name in ("text", "feedback", "match"))


def by_place(rows: list[Row]) -> list[Row]:
    """In the order their numbers say; those that have none, and those still blank, last."""

    def place(row: Row) -> int:
        said = str(row.get("place") or "")
        is_number = bool(re.fullmatch(r"\d{1,2}", said, re.ASCII)) and not is_blank(row)
        return int(said) if is_number else LAST

    return sorted(rows, key=place)


def numbered(rows: list[Row]) -> list[Row]:
    return [{**row, "place": "" if is_blank(row) else place} for place, row in enumerate(rows, 1)]
