"""How long a lesson is, how it is built, and how hard it is to read."""

import re
from collections.abc import Iterator
from statistics import median

from coursefiles import schema
from coursefiles.findings import Finding
from coursefiles.quality import prose
from coursefiles.quality.measures import (
    HIGHEST,
    HUDDLE,
    JOB_AID,
    LONGEST,
    LOWEST,
    MARGIN,
    PARAGRAPH,
    READING,
    SENTENCE,
    STORY,
    TAKEAWAY,
    TURNS,
)
from coursefiles.read import CourseFiles, LessonFile
from courses import markdown


def found(files: CourseFiles) -> Iterator[Finding]:
    for lesson in files.lessons.values():
        yield from _length(lesson)
        yield from _long_passages(lesson)
        if isinstance(lesson.data, schema.TextLesson) and lesson.data.kind == "reading":
            yield from _structure(lesson, lesson.data)
            yield from _grade(lesson)
    yield from _outliers([lesson for lesson in files.lessons.values() if lesson.data.kind == "reading"])


def _warn(lesson: LessonFile, text: str, line: int | None = None) -> Finding:
    return Finding(lesson.file, lesson.body_line if line is None else line, text, "warning")


def _length(lesson: LessonFile) -> Iterator[Finding]:
    count, kind = markdown.words(lesson.body), lesson.data.kind
    if kind == "reading" and count not in READING:
        yield _warn(lesson, f"The text has {count} words; a reading has {READING[0]} to {READING[-1]}.")
    if kind == "story" and count not in STORY:
        yield _warn(lesson, f"The text has {count} words; a story has {STORY[0]} to {STORY[-1]}.")
    if lesson.data.is_job_aid and count > JOB_AID:
        yield _warn(lesson, f"The job aid has {count} words; {JOB_AID} fit on its page.")
    if lesson.data.is_huddle and count > HUDDLE:
        yield _warn(lesson, f"The huddle sheet has {count} words; {HUDDLE} fit on its page.")


def _outliers(readings: list[LessonFile]) -> Iterator[Finding]:
    counted = {lesson.data.key: markdown.words(lesson.body) for lesson in readings}
    most = LONGEST * median(counted.values()) if len(counted) > 3 else float("inf")
    for lesson in readings:
        if counted[lesson.data.key] > most:
            text = (
                f"With {counted[lesson.data.key]} words this is more than {LONGEST} times the usual reading. Split it."
            )
            yield _warn(lesson, text)


def _long_passages(lesson: LessonFile) -> Iterator[Finding]:
    for paragraph in prose.paragraphs(lesson.body) if lesson.data.kind != "quiz" else []:
        line = lesson.body_line + paragraph.line
        if paragraph.words > PARAGRAPH:
            yield _warn(lesson, f"This paragraph has {paragraph.words} words; {PARAGRAPH} are the most.", line)
        for sentence in paragraph.sentences:
            words = len(prose.WORD.findall(sentence))
            if words > SENTENCE:
                start = " ".join(sentence.split()[:5])
                yield _warn(lesson, f"The sentence “{start} …” has {words} words; {SENTENCE} are the most.", line)


def _structure(lesson: LessonFile, data: schema.TextLesson) -> Iterator[Finding]:
    words = markdown.words(data.takeaway)
    if not words:
        yield _warn(lesson, "The reading has no takeaway. Write the one sentence to keep.", lesson.document.line())
    if words > TAKEAWAY:
        text = f"The takeaway has {words} words; it should have {TAKEAWAY} or fewer."
        yield _warn(lesson, text, lesson.document.line("takeaway"))
    if data.check is None:
        yield _warn(lesson, "The reading asks nothing. Give it a check question.", lesson.document.line())
    if re.match(r"#|:::|\||[-*+] |\d+\. ", lesson.body):
        yield _warn(lesson, "The reading begins with a heading, a box or a list. Begin with a moment, in a sentence.")
    for name in ("weak", "strong"):
        if not re.search(rf"^::: *{name} *$", lesson.body, re.MULTILINE):
            yield _warn(lesson, f"There is no `::: {name}` dialogue. A reading shows both sides.")
    turns = sum(map(_turns, re.findall(r"^::: *(?:weak|strong) *\n(.*?)^:::", lesson.body, re.MULTILINE | re.DOTALL)))
    if turns < TURNS:
        yield _warn(lesson, f"Its dialogues have {turns} turns; together they should have {TURNS} or more.")
    if not re.search(r"^::: *try *$", lesson.body, re.MULTILINE):
        yield _warn(lesson, "There is nothing to try. Add a `::: try` box.")


def _turns(box: str) -> int:
    return len(re.findall(r"^\*\*[^*\n]+\*\*", box, re.MULTILINE))


def _grade(lesson: LessonFile) -> Iterator[Finding]:
    grade = prose.grade(lesson.body)
    if grade is None or LOWEST <= round(grade, 1) <= HIGHEST:
        return
    far = not LOWEST - MARGIN <= round(grade, 1) <= HIGHEST + MARGIN
    how = "harder" if grade > HIGHEST else "easier"
    text = f"The prose reads at grade {grade:.1f}, {how} than {LOWEST:.0f} to {HIGHEST:.0f}."
    hint = "Shorten sentences." if grade > HIGHEST else "Join what belongs together."
    yield Finding(lesson.file, lesson.body_line, f"{text} {hint}", "error" if far else "warning")
