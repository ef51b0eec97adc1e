"""The quality bars of a course: what a script can measure of good text and fair questions.

Nothing here keeps a course from being loaded. What would embarrass its authors is an error; what is a matter of degree
is a warning. Only the commands import this room, and with it the library that counts syllables.
"""

from collections.abc import Iterator
from pathlib import Path

from coursefiles.findings import Finding
from coursefiles.quality import claims, counts, coverage, drawings, fairness, items, language, lessons, people, twins
from coursefiles.quality.originality import borrowed
from coursefiles.read import CourseFiles

BARS = [
    *(counts.found, coverage.found, lessons.found, items.found, fairness.found, twins.found),
    *(people.found, claims.found, language.found, drawings.found),
]


def below(files: CourseFiles, sources: Path | None = None) -> Iterator[Finding]:
    """Where a course stays below the bars.

    `sources` is a folder of texts that the course must not share eight words in a row with.
    """
    if files.course is None:
        return
    for bar in BARS:
        yield from bar(files)
    if sources is not None:
        yield from borrowed(files, sources)
