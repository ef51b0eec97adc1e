"""Each question by itself, and the mix of questions in each quiz."""

import re
from collections.abc import Iterator

from coursefiles.findings import Finding
from coursefiles.quality.asked import Asked, asked, asked_in, finals, of_module, quizzes, ready
from coursefiles.read import CourseFiles, LessonFile
from courses import markdown

FEEDBACK = range(12, 61)  # words
STEM = 60
POOL = 14
TYPES = 3
TRUEFALSE = 0.15  # of all items
APPLIED = 0.5
APPLIED_IN_FINAL = 2 / 3
VERDICT = re.compile(r"(?:that is |that's )?(?:correct|incorrect|right|wrong|true|false)\b\s*[.!:]", re.IGNORECASE)
OF_THE_ABOVE = re.compile(
    r"\b(?:all|none|both|neither) of (?:the|these) (?:above|other|options|answers)", re.IGNORECASE
)
OPEN_ARTICLE = re.compile(r"\b(?:a|an)\s*[:…_.]*$", re.IGNORECASE)


def found(files: CourseFiles) -> Iterator[Finding]:
    for one in asked(files.lessons.values()):
        yield from _stem(one)
        yield from _feedback(one)
    for key in ready(files):
        for quiz in of_module(files, key):
            yield from _mix(quiz)
    for final in finals(files):
        yield from _applied(final, APPLIED_IN_FINAL)
    yield from _truefalse(files)


def _stem(one: Asked) -> Iterator[Finding]:
    words = markdown.words(one.data.stem)
    if words > STEM:
        yield one.warn(f"the stem has {words} words; it should have {STEM} or fewer.", "stem")
    if one.data.type not in ("ordering", "matching") and OPEN_ARTICLE.search(one.data.stem.strip()):
        yield one.warn("the stem ends in “a” or “an”, which not every option fits.", "stem")
    for number, option in enumerate(one.data.options):
        if match := OF_THE_ABOVE.search(option.text):
            yield one.warn(f"“{match[0]}” asks about the list, not the matter. Write an answer.", "options", number)


def _feedback(one: Asked) -> Iterator[Finding]:
    said: list[tuple[str, str, tuple[str | int, ...]]] = [
        (f'option "{option.key}": the feedback', option.feedback, ("options", number, "feedback"))
        for number, option in enumerate(one.data.options)
    ]
    if one.data.otherwise:
        said.append(("otherwise: the feedback", one.data.otherwise, ("otherwise",)))
    for what, text, place in said:
        words = markdown.words(text)
        if words not in FEEDBACK:
            yield one.warn(f"{what} has {words} words; it should have {FEEDBACK[0]} to {FEEDBACK[-1]}.", *place)
        if VERDICT.match(text):
            yield one.warn(f"{what} begins with a verdict, which the page gives. Say what happens next.", *place)


def _mix(quiz: LessonFile) -> Iterator[Finding]:
    items = [one for one in asked_in(quiz) if one.is_graded]
    types = {one.data.type for one in items}
    line = quiz.document.line("items")
    if len(items) < POOL:
        yield Finding(quiz.file, line, f"The pool has {len(items)} items; it should have {POOL} or more.", "warning")
    if len(types) < TYPES:
        text = f"The quiz asks in {len(types)} ways ({', '.join(sorted(types))}); it should in {TYPES} or more."
        yield Finding(quiz.file, line, text, "warning")
    yield from _applied(quiz, APPLIED)


def _applied(quiz: LessonFile, least: float) -> Iterator[Finding]:
    items = [one for one in asked_in(quiz) if one.is_graded]
    applied = sum(getattr(one.data, "level", "") != "recall" for one in items)
    if applied < least * len(items):
        text = f"{applied} of {len(items)} items apply or judge; it should be {least:.0%} or more."
        yield Finding(quiz.file, quiz.document.line("items"), text, "warning")


def _truefalse(files: CourseFiles) -> Iterator[Finding]:
    items = asked(quizzes(files))
    claims = [one for one in items if one.data.type == "truefalse"]
    true = sum(bool(one.right) and one.right[0].key == "t" for one in claims)
    if len(items) >= POOL and len(claims) > TRUEFALSE * len(items):
        text = f"{len(claims)} of {len(items)} quiz items are true or false; it should be {TRUEFALSE:.0%} or fewer."
        yield Finding("course.yaml", 1, text, "warning")
    if abs(2 * true - len(claims)) > max(2, 0.2 * len(claims)):
        text = f"Of {len(claims)} statements {true} are true; it should be about half."
        yield Finding("course.yaml", 1, text, "warning")
