"""The quality bars of the curriculum that need no library and no database. Warnings, except for broken boxes."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from coursefiles import schema
from coursefiles.findings import Finding
from coursefiles.read import CourseFiles, LessonFile
from courses import markdown
from courses.models.course import KEY

READING = range(450, 901)  # words
STORY = range(200, 351)
TAKEAWAY = 40
FEEDBACK = range(12, 61)
STEM = 60
POOL = 14
ITEMS_PER_OBJECTIVE = 2
RUN = 8  # words in a row that no text shares with its sources

RESIDUE = re.compile(r"lorem ipsum|\b(?:TODO|TBD|XXX|FIXME)\b|\{\{|\}\}|\bas an ai\b", re.IGNORECASE)
VAGUE = re.compile(r"^(?:be aware|understand|know|learn|appreciate)\b", re.IGNORECASE)
BOXES = {*markdown.BOXES, "diagram", "fact"}


def warnings(files: CourseFiles) -> list[Finding]:
    """Where a course stays below the bars."""
    found = [finding for lesson in files.lessons.values() for finding in _lesson(lesson)]
    for module in files.modules.values():
        for number, objective in enumerate(module.data.objectives):
            if match := VAGUE.match(objective.text):
                text = f'objective "{objective.key}" begins with "{match[0]}". Say what one can be seen doing.'
                found.append(Finding(module.file, module.document.line("objectives", number), text, "warning"))
    return found + list(_pools(files)) + list(_residue(files))


def _lesson(lesson: LessonFile) -> Iterator[Finding]:
    count, line = markdown.words(lesson.body), lesson.body_line
    if lesson.data.kind == "reading" and count not in READING:
        yield _warn(lesson, line, f"The text has {count} words; a reading has {READING[0]} to {READING[-1]}.")
    if lesson.data.kind == "story" and count not in STORY:
        yield _warn(lesson, line, f"The text has {count} words; a story has {STORY[0]} to {STORY[-1]}.")
    if isinstance(lesson.data, schema.TextLesson) and lesson.data.kind == "reading":
        yield from _reading(lesson, lesson.data)
    for number, question in enumerate(lesson.questions):
        yield from _question(lesson, question, lesson.question_loc(number))


def _reading(lesson: LessonFile, data: schema.TextLesson) -> Iterator[Finding]:
    words = markdown.words(data.takeaway)
    if not words:
        yield _warn(lesson, lesson.document.line(), "The reading has no takeaway. Write the one sentence to keep.")
    if words > TAKEAWAY:
        line = lesson.document.line("takeaway")
        yield _warn(lesson, line, f"The takeaway has {words} words; it should have {TAKEAWAY} or fewer.")
    for name in ("weak", "strong"):
        if not re.search(rf"^::: *{name} *$", lesson.body, re.MULTILINE):
            yield _warn(lesson, lesson.body_line, f"There is no `::: {name}` dialogue. A reading shows both sides.")


def _question(lesson: LessonFile, data: schema.Check, loc: tuple[str | int, ...]) -> Iterator[Finding]:
    stem = markdown.words(data.stem)
    if stem > STEM:
        line = lesson.document.line(*loc, "stem")
        yield _warn(lesson, line, f'item "{data.key}": the stem has {stem} words; it should have {STEM} or fewer.')
    for number, option in enumerate(data.options):
        words = markdown.words(option.feedback)
        if words not in FEEDBACK:
            line = lesson.document.line(*loc, "options", number, "feedback")
            text = f"the feedback has {words} words; it should have {FEEDBACK[0]} to {FEEDBACK[-1]}."
            yield _warn(lesson, line, f'item "{data.key}", option "{option.key}": {text}')


def _warn(lesson: LessonFile, line: int, text: str) -> Finding:
    return Finding(lesson.file, line, text, "warning")


def _pools(files: CourseFiles) -> Iterator[Finding]:
    """What a module that is ready must have to ask about."""
    quizzes = [lesson for lesson in files.lessons.values() if isinstance(lesson.data, schema.Quiz)]
    asked = Counter(question.objective for quiz in quizzes for question in quiz.questions)
    for key, module in files.modules.items():
        if module.data.status != "ready":
            continue
        unread = any(Path(name).parent.name == key and name.endswith(".yaml") for name in files.broken)
        for number, objective in enumerate([] if unread else module.data.objectives):
            line = module.document.line("objectives", number)
            if not asked[objective.key]:
                text = f'objective "{objective.key}" has no item in any quiz. Write {ITEMS_PER_OBJECTIVE} or more.'
                yield Finding(module.file, line, text)
            elif asked[objective.key] < ITEMS_PER_OBJECTIVE:
                text = f'objective "{objective.key}" has one item; it should have {ITEMS_PER_OBJECTIVE} or more.'
                yield Finding(module.file, line, text, "warning")
        size = sum(len(quiz.questions) for quiz in quizzes if quiz.module == key)
        if size < POOL and not unread:
            text = f"The quiz pool of this module has {size} items; it should have {POOL} or more."
            yield Finding(module.file, module.document.line("status"), text, "warning")


def _residue(files: CourseFiles) -> Iterator[Finding]:
    for name, text in _texts(files):
        for number, line in enumerate(text.split("\n"), 1):
            if match := RESIDUE.search(line):
                yield Finding(name, number, f'"{match[0]}" looks like a leftover. Finish it or delete it.', "warning")


def _texts(files: CourseFiles) -> Iterator[tuple[str, str]]:
    """Every file of the course that could be read, as it lies on disk."""
    names = ["course.yaml", *(module.file for module in files.modules.values())]
    names += [lesson.file for lesson in files.lessons.values()] + [file.file for file in files.diagrams.values()]
    for name in names:
        if name not in files.broken:
            yield name, (files.folder / name).read_text(encoding="utf-8-sig")


# --- Boxes -----------------------------------------------------------------------------------------------------------


def broken_boxes(body: str) -> Iterator[tuple[int, str]]:
    """Lines of a body, counted from 0, where a box has an unknown name, is not closed, or closes nothing."""
    opened: tuple[int, str] | None = None
    for number, line in enumerate(body.split("\n")):
        match = re.match(r"^(:{3,})\s*(\S*)\s*(.*)$", line)
        if match is None:
            continue
        if not match[2]:
            if opened is None:
                yield number, "This `:::` closes no box. Remove it."
            opened = None
        elif match[2] in ("diagram", "fact") and not re.fullmatch(KEY, match[3].strip()):
            yield number, f"Write `::: {match[2]} key`, with the key in small letters."
            opened = number, match[2]
        elif match[2] not in BOXES:
            yield number, f'There is no box "{match[2]}". There are {", ".join(sorted(BOXES))}.'
        elif opened is not None:
            yield opened[0], f'The box "{opened[1]}" is not closed before the next. Write `:::` behind its text.'
            opened = number, match[2]
        else:
            opened = number, match[2]
    if opened is not None:
        yield opened[0], f'The box "{opened[1]}" is not closed. Write `:::` behind its text.'


# --- Originality -----------------------------------------------------------------------------------------------------


def borrowed(files: CourseFiles, sources: Path) -> Iterator[Finding]:
    """Where the course shares a run of words with a text of the folder `sources`."""
    runs: dict[tuple[str, ...], str] = {}
    for path in sorted(path for path in sources.rglob("*") if path.is_file()):
        words = [word for word, _line in _words(path.read_text(encoding="utf-8", errors="replace"))]
        for start in range(len(words) - RUN + 1):
            runs.setdefault(tuple(words[start : start + RUN]), path.name)
    for name, text in _texts(files):
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
