"""What is different between two texts of a lesson, side by side: line by line, and word by word within a line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from django.utils.translation import gettext as _

from courses.models import LessonRevision

CONTEXT_LINES = 2
ALIKE = 0.4  # of two lines at the same place; below that, one went and another came
MANY = 1500  # of lines or words; beyond, those that come often are no landmarks, or comparing takes minutes

Piece = tuple[str, bool]  # a part of a line, and whether it differs


@dataclass(frozen=True)
class Row:
    """One line before and after. `kind`: same, gone, new, changed or skipped."""

    kind: str
    before: list[Piece] = field(default_factory=list)
    after: list[Piece] = field(default_factory=list)


def differences(before: LessonRevision | None, after: LessonRevision) -> list[Row]:
    """The lines that differ with those around them; nothing if the two say the same."""
    return list(rows(lines_of(before) if before else [], lines_of(after)))


def rows(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    groups = list(matcher(old, new).get_grouped_opcodes(CONTEXT_LINES))
    for group in groups:
        if group[0][1] or group[0][3]:
            yield Row("skipped")
        for tag, start, end, new_start, new_end in group:
            if tag == "equal":
                yield from (Row("same", [(line, False)], [(line, False)]) for line in old[start:end])
            else:
                yield from changed(old[start:end], new[new_start:new_end])
    if groups and groups[-1][-1][2] < len(old):
        yield Row("skipped")


def changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    """Lines that were replaced, each beside the one that took its place."""
    for before, after in zip_longest(old, new):
        if before is None:
            yield Row("new", after=[(after, True)])
        elif after is None:
            yield Row("gone", before=[(before, True)])
        else:
            yield from beside(before, after)


def beside(before: str, after: str) -> Iterator[Row]:
    old, new = words_of(before), words_of(after)
    found = matcher(old, new)
    if found.ratio() < ALIKE:
        yield Row("gone", before=[(before, True)])
        yield Row("new", after=[(after, True)])
        return
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, start, end, new_start, new_end in found.get_opcodes():
        left.append(("".join(old[start:end]), tag != "equal"))
        right.append(("".join(new[new_start:new_end]), tag != "equal"))
    yield Row("changed", [piece for piece in left if piece[0]], [piece for piece in right if piece[0]])


def matcher(old: Sequence[str], new: Sequence[str]) -> difflib.SequenceMatcher[str]:
    return difflib.SequenceMatcher(None, old, new, autojunk=max(len(old), len(new)) > MANY)


def words_of(line: str) -> list[str]:
    """Words and what stands between them; joined, they are the line again."""
    return re.findall(r"\w+|\s+|[^\w\s]", line)


def lines_of(revision: LessonRevision) -> list[str]:
    head = [_("Title: %(title)s") % {"title": revision.title}, *revision.body.split("\n")]
    return [*head, _("Takeaway: %(text)s") % {"text": revision.takeaway}] if revision.takeaway else head
