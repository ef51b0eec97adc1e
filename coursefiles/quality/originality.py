"""No text of the course shares a run of words with the texts it was planned from."""

import re
from collections.abc import Iterator
from pathlib import Path

from coursefiles.findings import Finding
from coursefiles.quality.language import texts
from coursefiles.read import CourseFiles

RUN = 8  # words in a row


def borrowed(files: CourseFiles, sources: Path) -> Iterator[Finding]:
    """Where the course shares a run of words with a text of the folder `sources`."""
    runs: dict[tuple[str, ...], str] = {}
    for path in sorted(path for path in sources.rglob("*") if path.is_file()):
        words = [word for word, _line in _words(path.read_text(encoding="utf-8", errors="replace"))]
        for start in range(len(words) - RUN + 1):
            runs.setdefault(tuple(words[start : start + RUN]), path.name)
    for name, text in texts(files):
        words_here = _words(text)
        last = -RUN
        for start in range(len(words_here) - RUN + 1):
            run = tuple(word for word, _line in words_here[start : start + RUN])
            if run in runs and start - last >= RUN:
                last = start
                shared = " ".join(run)
                yield Finding(name, words_here[start][1], f'"{shared}" stands in {runs[run]} too. Say it your own way.')


def _words(text: str) -> list[tuple[str, int]]:
    """Words in small letters without punctuation, each with its line."""
    lines = enumerate(text.lower().replace("’", "'").split("\n"), 1)
    return [
        (word.replace("'", ""), number) for number, line in lines for word in re.findall(r"[a-z0-9']*[a-z0-9]", line)
    ]
