"""What there is to read in a lesson, and how hard it is to read.

Prose is what stands outside of dialogues: no weak or strong box, no heading, no table. An entry of a list is a
paragraph.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import syllapy  # type: ignore[import-untyped]

TITLES = re.compile(r"\b(Mr|Mrs|Ms|Dr|St|No|vs|e\.g|i\.e|a\.m|p\.m)\.")
END = re.compile(r"(?<=[.!?])[\"”’)]*\s+")
WORD = re.compile(r"[^\W_]+(?:[’'.,:-]+[^\W_]+)*")
ENTRY = re.compile(r"^\s*(?:\d+\.|[-*+])\s+")


@dataclass(frozen=True)
class Paragraph:
    """Words without markup, and the line they begin on, counted from 0 in the body."""

    line: int
    text: str

    @property
    def words(self) -> int:
        return len(WORD.findall(self.text))

    @property
    def sentences(self) -> list[str]:
        return [part for part in END.split(TITLES.sub(r"\1", self.text)) if WORD.search(part)]


def paragraphs(body: str) -> list[Paragraph]:
    """The prose of a body."""
    return [Paragraph(line, plain(text)) for line, text in _blocks(body) if WORD.search(text)]


def plain(text: str) -> str:
    """Text as one reads it: without markup, on one line."""
    text = re.sub(r"\]\([^)]*\)", "", text)
    return " ".join(re.sub(r"[*_`\[\]>]", "", text).split())


def _blocks(body: str) -> Iterator[tuple[int, str]]:
    start, gathered, inside = 0, list[str](), ""
    for number, line in enumerate([*body.split("\n"), ""]):
        box = re.match(r"^:::+\s*(\S*)", line)
        inside = box[1] if box else inside
        over = box or not line.strip() or line.startswith(("#", "|"))
        if (over or ENTRY.match(line)) and gathered:
            yield start, " ".join(gathered)
            gathered = []
        if not over and inside not in ("weak", "strong"):
            start = start if gathered else number
            gathered.append(ENTRY.sub("", line))


def grade(body: str) -> float | None:
    """The Flesch-Kincaid grade of the prose; None for too little of it to tell."""
    sentences = [WORD.findall(sentence) for paragraph in paragraphs(body) for sentence in paragraph.sentences]
    words = [word for sentence in sentences for word in sentence]
    if len(words) < ENOUGH:
        return None
    whole = sum(len(sentence) > 2 for sentence in sentences) or 1
    return 0.39 * len(words) / whole + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


ENOUGH = 100  # words; of fewer, one long name moves the grade by a year


@cache
def syllables(word: str) -> int:
    """A number written in digits is read as one."""
    return syllapy.count(word.replace("’", "").replace("'", "")) or 1
