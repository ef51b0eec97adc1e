"""What is there twice: questions that ask the same, and titles that say the same."""

import re
from collections import defaultdict
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import combinations

from coursefiles.findings import Finding
from coursefiles.quality.asked import Asked, asked
from coursefiles.read import CourseFiles

ALIKE = 0.85
SHARED = 0.5  # of their words: two texts with less in common are not nearly the same


def found(files: CourseFiles) -> Iterator[Finding]:
    yield from _questions(asked(files.lessons.values()))
    yield from _titles(files)


def _questions(items: list[Asked]) -> Iterator[Finding]:
    texts = [" ".join(one.situation.lower().split()) for one in items]
    words = [set(re.findall(r"\w+", text)) for text in texts]
    for one, other in combinations(range(len(items)), 2):
        common = len(words[one] & words[other])
        if 2 * common < SHARED * (len(words[one]) + len(words[other])):
            continue
        ratio = SequenceMatcher(None, texts[one], texts[other], autojunk=False).ratio()
        if ratio > ALIKE:
            twin = items[one]
            place = f"{twin.lesson.file}:{twin.lesson.document.line(*twin.loc, 'stem')}"
            text = f'the stem is nearly that of "{twin.data.key}" ({place}). Ask in another situation.'
            yield items[other].warn(text, "stem")


def _titles(files: CourseFiles) -> Iterator[Finding]:
    places: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for module in files.modules.values():
        places[module.data.title.casefold()].append((module.file, module.document.line("title"), module.data.title))
    for lesson in files.lessons.values():
        places[lesson.data.title.casefold()].append((lesson.file, lesson.document.line("title"), lesson.data.title))
    for same in places.values():
        for file, line, title in same[1:]:
            text = f"“{title}” is the title of {same[0][0]} too. Give each its own."
            yield Finding(file, line, text, "warning")
