"""Who speaks in a course: nobody in two modules, and nobody out of the texts it was planned from."""

import re
from collections.abc import Iterator

from coursefiles.findings import Finding
from coursefiles.quality.asked import asked_in, finals
from coursefiles.quality.language import texts
from coursefiles.read import CourseFiles, LessonFile

SPEAKER = re.compile(r"^\*\*([^*\n]+?)(?::\*\*|\*\*:)")
POLITE = re.compile(r"\b(?:Mr|Mrs|Ms|Mx|Dr|Miss)\.? ([A-Z][\w’'-]+)")
NAME = re.compile(r"^[A-ZÀ-ÞĀ-Ž][\w’'-]+$")
PARTS = """
You Caller Customer Agent Manager Guest Colleague Supervisor Driver Nurse Patient Visitor Man Woman Voice Clerk
Cashier Guard Security Member Reader Client Buyer Tenant Passenger Parent Mother Father Chef Waiter Server Host
Receptionist Technician Operator Neighbor Stranger Boss Trainer Teammate Coworker Assistant Team Lead Reply Chat
Mail Email Subject Message Note Post Review Sign Screen Robot Bot They Them Both Everybody Nobody Somebody Later
First Second Third One Two Three Then Now Today Monday Tuesday Wednesday Thursday Friday Saturday Sunday
"""
ROLES = set(PARTS.split())
TITLES = ("Mr", "Mrs", "Ms", "Mx", "Dr", "Miss")


def found(files: CourseFiles) -> Iterator[Finding]:
    yield from _twice(files)
    yield from _not_used(files)


def speakers(lesson: LessonFile) -> dict[str, int]:
    """Who speaks in a lesson or is addressed by name, each by one word, with the line of the first time."""
    found: dict[str, int] = {}
    for line, text in _lines(lesson):
        for match in [*SPEAKER.finditer(text), *POLITE.finditer(text)]:
            for word in match[1].replace(".", "").split():
                if NAME.match(word) and word not in ROLES and word not in TITLES:
                    found.setdefault(re.sub(r"[’']s$", "", word), line)
    return found


def _lines(lesson: LessonFile) -> Iterator[tuple[int, str]]:
    yield from enumerate(lesson.body.split("\n"), lesson.body_line)
    for one in asked_in(lesson):
        line = lesson.document.line(*one.loc)
        yield line, f"**{one.data.who}:**" if one.data.who else ""
        yield line, " ".join([one.situation, *(f"{option.text} {option.feedback}" for option in one.data.options)])


def _twice(files: CourseFiles) -> Iterator[Finding]:
    final = finals(files)
    lessons = [lesson for lesson in files.lessons.values() if lesson not in final]
    homes: dict[str, LessonFile] = {}
    for lesson in lessons:
        for name in speakers(lesson):
            homes.setdefault(name, lesson)
    if not homes:
        return
    mentioned = re.compile(rf"(?:(?<=[a-z,;] )|(?<=\*\*)|(?<=[rs]\. ))({'|'.join(map(re.escape, homes))})\b")
    for module in files.modules:
        told: set[str] = set()
        for lesson in (lesson for lesson in lessons if lesson.module == module):
            for line, text in _lines(lesson):
                for name in mentioned.findall(text):
                    if homes[name].module != module and name not in told:
                        told.add(name)
                        where = homes[name].file
                        text_of = f"{name} is somebody in {where} already. Give this person another name."
                        yield Finding(lesson.file, line, text_of, "warning")


def _not_used(files: CourseFiles) -> Iterator[Finding]:
    refused = files.promises.names_not_used
    if not refused:
        return
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, refused))})\b")
    for name, text in texts(files):
        for number, line in enumerate(text.split("\n"), 1):
            if match := pattern.search(line):
                yield Finding(name, number, f"{match[0]} is a name that this course does not use.")
