"""What there is in a course and in each of its modules, and how long that takes."""

import re
from collections.abc import Iterator

from coursefiles import schema
from coursefiles.findings import Finding
from coursefiles.quality.asked import asked_in, finals, is_whole, of_module, ready
from coursefiles.read import CourseFiles, LessonFile
from courses import markdown

READINGS = range(4, 8)  # a module
OBJECTIVES = range(2, 7)
MINUTES = range(20, 61)
AT_LEAST = ("final_items", "diagrams", "words")
NOUNS = {"job_aids": "job aids", "final_items": "items of the final", "checks": "check questions"}


TYPED = re.compile(r"\b(?:[\w½-]+ ){1,5}(?:hours?|minutes?)\b", re.IGNORECASE)


def found(files: CourseFiles) -> Iterator[Finding]:
    yield from _typed(files)
    for key in ready(files):
        yield from _module(files, key)
    if is_whole(files):
        yield from _promised(files)


def lessons_of(files: CourseFiles, key: str) -> list[LessonFile]:
    """The lessons of a module that are written, in order."""
    return [files.lessons[lesson] for lesson, _kind in files.lessons_of(key) if lesson in files.lessons]


def minutes_of(files: CourseFiles, key: str) -> int:
    """What a module takes, as its page says: the lessons that count."""
    return sum(lesson.minutes for lesson in lessons_of(files, key) if lesson.required)


def counts(files: CourseFiles) -> dict[str, int]:
    """How many of each thing that a course can promise there are."""
    lessons = list(files.lessons.values())
    pictures = {key for lesson in lessons for key in markdown.diagram_keys(lesson.body)}
    readings = [lesson for lesson in lessons if lesson.data.kind == "reading"]
    return {
        "modules": len(files.modules),
        "readings": len(readings),
        "checks": sum(bool(lesson.questions) for lesson in readings),
        "stories": sum(lesson.data.kind == "story" for lesson in lessons),
        "job_aids": sum(lesson.data.is_job_aid for lesson in lessons),
        "huddles": sum(lesson.data.is_huddle for lesson in lessons),
        "final_items": sum(len(final.questions) for final in finals(files)),
        "diagrams": len(pictures),
        "words": sum(markdown.words(lesson.body) for lesson in lessons),
    }


def _promised(files: CourseFiles) -> Iterator[Finding]:
    there = counts(files)
    for name, promised in files.promises.counts.model_dump().items():
        least = name in AT_LEAST
        if promised is None or there[name] == promised or (least and there[name] > promised):
            continue
        noun = NOUNS.get(name, name)
        text = f"The course has {there[name]} {noun} and promises {promised}{' or more' if least else ''}."
        yield Finding("promises.yaml", 1, text)


def _typed(files: CourseFiles) -> Iterator[Finding]:
    """How long something takes is computed, so that it stays true."""
    if files.course is None or files.document is None:
        return
    places: list[tuple[tuple[str | int, ...], str]] = [(("summary",), files.course.summary)]
    places += [(("paths", number, "summary"), path.summary) for number, path in enumerate(files.course.paths)]
    for loc, text in places:
        if match := TYPED.search(text):
            said = f"“{match[0]}” is typed, and times are computed (course_facts prints them). Leave it out."
            yield Finding("course.yaml", files.document.line(*loc), said, "warning")


def _module(files: CourseFiles, key: str) -> Iterator[Finding]:
    module, lessons = files.modules[key], lessons_of(files, key)

    def warn(text: str, *loc: str) -> Finding:
        return Finding(module.file, module.document.line(*loc), text, "warning")

    readings = sum(lesson.data.kind == "reading" for lesson in lessons)
    if readings not in READINGS:
        yield warn(f"The module has {readings} readings; it should have {READINGS[0]} to {READINGS[-1]}.", "lessons")
    objectives = len(module.data.objectives)
    if objectives not in OBJECTIVES:
        text = f"The module has {objectives} objectives; it should have {OBJECTIVES[0]} to {OBJECTIVES[-1]}."
        yield warn(text, "objectives")
    if not any(lesson.data.kind == "story" for lesson in lessons):
        yield warn("The module has no story.", "lessons")
    for name in (schema.JOB_AID, schema.HUDDLE):
        if not any(lesson.data.key.startswith(name) for lesson in lessons):
            yield warn(f"The module has no page whose key begins with {name}.", "lessons")
    if not any(asked_in(quiz) for quiz in of_module(files, key)):
        yield warn("The module has no quiz of its own.", "lessons")
    minutes = minutes_of(files, key)
    if minutes not in MINUTES:
        yield warn(f"The module takes {minutes} minutes; it should take {MINUTES[0]} to {MINUTES[-1]}.", "lessons")
