"""Whether something other than the matter gives an answer away: its place, its length, its words."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from statistics import mean

from coursefiles.findings import Finding
from coursefiles.quality.asked import ONE_RIGHT, Asked, asked, asked_in, quizzes
from coursefiles.read import CourseFiles

ENOUGH = 20  # questions; of fewer, shares say little
PLACE = 0.07  # how far the share of a place may be from an even one
IN_A_ROW = 3
LONGEST = 0.10  # how much more often than by chance the right answer may be the longest
LENGTHS = (0.85, 1.15)
ABSOLUTE = re.compile(r"\b(?:always|never|every time|under no circumstances|no matter what)\b", re.IGNORECASE)
TWICE = 2


def found(files: CourseFiles) -> Iterator[Finding]:
    listed = [one for one in asked(files.lessons.values()) if one.data.type in ONE_RIGHT and len(one.right) == 1]
    for size in sorted({len(one.data.options) for one in listed}):
        alike = [one for one in listed if len(one.data.options) == size]
        if len(alike) >= ENOUGH:
            yield from _places(alike, size)
            yield from _longest(alike, size)
    for quiz in quizzes(files):
        yield from _runs([one for one in asked_in(quiz) if one.data.type in ONE_RIGHT and len(one.right) == 1])
    both = [one for one in asked(files.lessons.values()) if one.data.type in (*ONE_RIGHT, "multiple")]
    if len(both) >= ENOUGH:
        yield from _lengths(both)
        yield from _absolutes(both)


def _of_course(text: str) -> Finding:
    return Finding("course.yaml", 1, text, "warning")


def _place(one: Asked) -> int:
    return one.data.options.index(one.right[0])


def _places(alike: list[Asked], size: int) -> Iterator[Finding]:
    counted = Counter(map(_place, alike))
    for place in range(size):
        share = counted[place] / len(alike)
        if abs(share - 1 / size) > PLACE:
            text = f"Of {len(alike)} questions with {size} options, {share:.0%} have the right one at place {place + 1}"
            yield _of_course(f"{text}; it should be about {1 / size:.0%}. Move some.")


def _runs(items: list[Asked]) -> Iterator[Finding]:
    for place, run in groupby(items, _place):
        row = list(run)
        if len(row) > IN_A_ROW:
            text = f"this is the {len(row)}th in a row whose right option stands at place {place + 1}. Move some."
            yield row[-1].warn(text)


def _longest(alike: list[Asked], size: int) -> Iterator[Finding]:
    telling = [one for one in alike if len(one.right[0].text) > max(len(option.text) for option in one.wrong)]
    if len(telling) > (1 / size + LONGEST) * len(alike):
        where = Counter(one.lesson.data.key for one in telling).most_common(3)
        most = ", ".join(f"{key} ({number})" for key, number in where)
        text = f"In {len(telling)} of {len(alike)} questions with {size} options the right one is the longest"
        yield _of_course(f"{text}; by chance it would be {len(alike) / size:.0f}. Most in {most}.")


def _lengths(items: list[Asked]) -> Iterator[Finding]:
    right = mean(len(option.text) for one in items for option in one.right)
    ratio = right / mean(len(option.text) for one in items for option in one.wrong)
    if not LENGTHS[0] <= ratio <= LENGTHS[1]:
        text = f"Right options are {ratio:.2f} times as long as wrong ones; it should be {LENGTHS[0]} to {LENGTHS[1]}."
        yield _of_course(text)


def _absolutes(items: list[Asked]) -> Iterator[Finding]:
    """“Always” and “never” are what wrong options say, as every test-taker knows."""
    right = [option.text for one in items for option in one.right]
    wrong = [option.text for one in items for option in one.wrong]
    shares = [sum(bool(ABSOLUTE.search(text)) for text in texts) / len(texts) for texts in (right, wrong)]
    number = round(shares[1] * len(wrong))
    if number >= IN_A_ROW and shares[1] > TWICE * shares[0]:
        text = f"“Always”, “never” and the like stand in {shares[1]:.1%} of the wrong options and in {shares[0]:.1%}"
        where = ", ".join(one.data.key for one in items if any(ABSOLUTE.search(option.text) for option in one.wrong))
        yield _of_course(f"{text} of the right ones; it should be less than twice as often. See {where}.")
