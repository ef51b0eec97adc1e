"""Whether the parts of a course fit together, so that it can be loaded. Needs no database."""

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from coursefiles import schema
from coursefiles.boxes import broken_boxes
from coursefiles.findings import Finding
from coursefiles.read import CourseFiles, LessonFile, ModuleFile
from coursefiles.yamltext import Document
from courses import markdown, publishing
from courses.models.lesson import COMPLETABLE
from quizzes import grading


def check(files: CourseFiles) -> list[Finding]:
    """Everything that is wrong with a course, in the order of its files: what reading found, and what does not fit."""
    if files.course is not None and files.document is not None:
        _course(files, files.course, files.document)
        for module in files.modules.values():
            _module(files, files.course, module)
        for lesson in files.lessons.values():
            _lesson(files, lesson)
        _keys(files)
        _diagrams(files)
        _images(files)
    return sorted(set(files.found))


# --- The course and its modules --------------------------------------------------------------------------------------


def _course(files: CourseFiles, data: schema.Course, document: Document) -> None:
    name = "course.yaml"
    _twice(files, name, document, "modules", data.modules, "module")
    _twice(files, name, document, "skills", [skill.key for skill in data.skills], "skill")
    _facts(files, data, document)
    _twice(files, name, document, "facts", [fact.key for fact in data.facts], "company fact")
    _twice(files, name, document, "paths", [path.key for path in data.paths], "path")
    for number, key in enumerate(data.modules):
        if key not in files.modules and f"modules/{key}/module.yaml" not in files.broken:
            text = f"There is no modules/{key}/module.yaml. {_nearest(key, files.modules)}"
            files.add(name, document.line("modules", number), text)
    for key, module in files.modules.items():
        if key not in data.modules:
            files.add(module.file, 1, f'The module "{key}" is not in `modules` of course.yaml. Add it there.')
    defaults = [path for path in data.paths if path.default]
    if len(defaults) != 1:
        text = f"One path must be the default (`default: true`); here {len(defaults)} are."
        files.add(name, document.line("paths"), text)
    for number, path in enumerate(data.paths):
        _path(files, path, document, number)


def _facts(files: CourseFiles, data: schema.Course, document: Document) -> None:
    planned = {p.key for module in files.modules.values() for p in module.data.planned}
    for number, fact in enumerate(data.facts):
        line = document.line("facts", number, "text")
        for key in markdown.lesson_links(fact.text):
            if not _is_lesson(files, key, planned):
                text = f"The link lesson:{key} leads nowhere. {_nearest(key, {*files.lessons, *planned})}"
                files.add("course.yaml", line, text)
        if ":::" in fact.text:
            files.add("course.yaml", line, f'The company fact "{fact.key}" has a box in it. Write plain text.')


def _path(files: CourseFiles, path: schema.Path, document: Document, number: int) -> None:
    planned = {p.key for module in files.modules.values() for p in module.data.planned}
    seen: set[str] = set()
    for place, step in enumerate(path.steps):
        line = document.line("paths", number, "steps", place)
        here = f'path "{path.key}", step {place + 1}'
        if (step.module is None) == (step.lesson is None):
            files.add("course.yaml", line, f"{here}: name either a module or a lesson.")
        elif step.module is not None and step.since is not None:
            files.add("course.yaml", line, f"{here}: `since` belongs to a lesson. List the lessons, or remove it.")
        elif step.module is not None and step.module not in files.modules:
            if f"modules/{step.module}/module.yaml" not in files.broken:
                text = f'{here}: there is no module "{step.module}". {_nearest(step.module, files.modules)}'
                files.add("course.yaml", line, text)
        elif step.lesson is not None and not _is_lesson(files, step.lesson, planned):
            text = f'{here}: there is no lesson "{step.lesson}". {_nearest(step.lesson, {*files.lessons, *planned})}'
            files.add("course.yaml", line, text)
        elif step.lesson in files.lessons and files.lessons[step.lesson].data.kind not in COMPLETABLE:
            kind = files.lessons[step.lesson].data.kind
            files.add("course.yaml", line, f'{here}: "{step.lesson}" is a {kind}, which no path asks for. Remove it.')
        keys = [step.lesson] if step.lesson else [key for key, _kind in files.lessons_of(step.module or "")]
        if again := [key for key in keys if key in seen]:
            files.add("course.yaml", line, f'{here}: "{again[0]}" is in this path already. Name it once.')
        seen.update(keys)


def _is_lesson(files: CourseFiles, key: str, planned: Collection[str]) -> bool:
    return key in files.lessons or key in planned or any(Path(name).stem == key for name in files.broken)


def _module(files: CourseFiles, course: schema.Course, module: ModuleFile) -> None:
    data, document, name = module.data, module.document, module.file
    skills = [skill.key for skill in course.skills]
    for number, objective in enumerate(data.objectives):
        if objective.skill not in skills:
            text = f'objective "{objective.key}": there is no skill "{objective.skill}". '
            files.add(name, document.line("objectives", number), text + _nearest(objective.skill, skills))
    if data.illustration and not _has_diagram(files, data.key, data.illustration):
        text = f'There is no diagram "{data.illustration}". Put its SVG into diagrams/, or remove `illustration`.'
        files.add(name, document.line("illustration"), text)
    if data.status == "ready" and not data.lessons:
        files.add(
            name, document.line("status"), "A module that is ready needs lessons. Write in-preparation until then."
        )
    _named(files, module)
    _planned(files, module)


def _named(files: CourseFiles, module: ModuleFile) -> None:
    """Lessons in the list without a file, and files that are not in the list."""
    data, name = module.data, module.file
    _twice(files, name, module.document, "lessons", data.lessons, "lesson")
    for number, key in enumerate(data.lessons):
        lesson = files.lessons.get(key)
        if lesson is None and not files.broken & {f"modules/{data.key}/{key}{end}" for end in (".md", ".yaml")}:
            text = f"There is no file {key}.md or {key}.yaml here. Write it, or list the lesson under `planned`."
            files.add(name, module.document.line("lessons", number), text)
        elif lesson and lesson.module != data.key:
            text = f'The file of "{key}" is {lesson.file}. Move it into modules/{data.key}/.'
            files.add(name, module.document.line("lessons", number), text)
    for key, lesson in files.lessons.items():
        if lesson.module == data.key and key not in data.lessons:
            files.add(
                lesson.file, 1, f'The lesson "{key}" is not in `lessons` of {name}. Add it there, or delete this.'
            )


def _planned(files: CourseFiles, module: ModuleFile) -> None:
    for number, planned in enumerate(module.data.planned):
        line = module.document.line("planned", number)
        if planned.key in files.lessons:
            text = (
                f'"{planned.key}" is planned and has a file, {files.lessons[planned.key].file}. Move it to `lessons`.'
            )
            files.add(module.file, line, text)


# --- Lessons and questions -------------------------------------------------------------------------------------------


def _lesson(files: CourseFiles, lesson: LessonFile) -> None:
    data, document, name = lesson.data, lesson.document, lesson.file
    if lesson.module not in files.modules and f"modules/{lesson.module}/module.yaml" not in files.broken:
        files.add(name, 1, f"There is no modules/{lesson.module}/module.yaml. Write it, or move this file.")
    module = files.modules.get(lesson.module)
    known = [objective.key for objective in module.data.objectives] if module else []
    for number, key in enumerate(data.objectives if module else []):
        if key not in known:
            text = f'There is no objective "{key}" in this module; it has {", ".join(known)}.'
            files.add(name, document.line("objectives", number), text)
    if not data.objectives and data.kind != "page":
        files.add(name, document.line("objectives"), "Name the objectives that this lesson serves.", "warning")
    if lesson.required and data.kind not in COMPLETABLE:
        text = f"A {data.kind} cannot be required: there is nothing to complete in it. Remove `required`."
        files.add(name, document.line("required"), text)
    _body(files, lesson)
    _boxes(files, lesson)
    for number, question in enumerate(lesson.questions):
        _question(files, lesson, question, lesson.question_loc(number))
    if isinstance(data, schema.Quiz):
        _quiz(files, data, document, name)
    elif data.kind != "reading" and (data.check or data.takeaway):
        extra = "check" if data.check else "takeaway"
        files.add(name, document.line(extra), f"Only a reading has a {extra}. Remove it, or write `kind: reading`.")


def _body(files: CourseFiles, lesson: LessonFile) -> None:
    if not lesson.body.strip() and lesson.data.kind != "quiz":
        files.add(lesson.file, lesson.body_line, "The lesson is empty. Write it, or list it under `planned`.")
    if len(lesson.body) > markdown.MAX_LENGTH:
        files.add(lesson.file, lesson.body_line, f"The text is longer than {markdown.MAX_LENGTH} characters. Split it.")
        return
    if mark := publishing.CONFLICT.search(lesson.body):
        text = "A merge left its marks here. Choose one side, and delete the lines with <<<<<<<, ======= and >>>>>>>."
        files.add(lesson.file, lesson.body_line + lesson.body.count("\n", 0, mark.start()), text)
    planned = {p.key for module in files.modules.values() for p in module.data.planned}
    for key in markdown.lesson_links(lesson.body):
        if not _is_lesson(files, key, planned):
            text = f"The link lesson:{key} leads nowhere. {_nearest(key, {*files.lessons, *planned})}"
            files.add(lesson.file, _line_of(lesson, f"lesson:{key}"), text)


def _boxes(files: CourseFiles, lesson: LessonFile) -> None:
    for key in markdown.diagram_keys(lesson.body):
        if not _has_diagram(files, lesson.module, key):
            text = f'There is no diagram "{key}". {_nearest(key, files.diagrams)}'
            files.add(lesson.file, _line_of_box(lesson, "diagram", key), text)
    facts = [fact.key for fact in files.whole.facts]
    for key in markdown.fact_keys(lesson.body):
        if key not in facts:
            text = f'There is no company fact "{key}" in course.yaml. {_nearest(key, facts)}'
            files.add(lesson.file, _line_of_box(lesson, "fact", key), text)
    for key in sorted(set(markdown.image_keys(lesson.body)) - files.images.keys()):
        text = f'The picture "{key}" is not in images/. Put it there, or upload it on the site under this key.'
        files.add(lesson.file, _line_of(lesson, f"image:{key}"), text, "warning")
    for line, text in broken_boxes(lesson.body):
        files.add(lesson.file, lesson.body_line + line, text)


def _line_of(lesson: LessonFile, text: str) -> int:
    before = lesson.body.partition(text)[0]
    return lesson.body_line + before.count("\n")


def _line_of_box(lesson: LessonFile, *words: str) -> int:
    lines = lesson.body.split("\n")
    return lesson.body_line + next(n for n, line in enumerate(lines) if line.replace(":::", "").split() == [*words])


def _question(files: CourseFiles, lesson: LessonFile, data: schema.Check, loc: tuple[str | int, ...]) -> None:
    document, name = lesson.document, lesson.file
    known = {objective.key for module in files.modules.values() for objective in module.data.objectives}
    if data.objective is None:
        text = f'item "{data.key}" names no objective, so nobody sees what it is about.'
        files.add(name, document.line(*loc), text, "warning")
    elif data.objective not in known and not any(file.endswith("module.yaml") for file in files.broken):
        text = f'item "{data.key}": there is no objective "{data.objective}". {_nearest(data.objective, known)}'
        files.add(name, document.line(*loc, "objective"), text)
    if isinstance(data, schema.Item) and data.level is None:
        text = f'item "{data.key}" has no level. {schema.HINTS["level"]}'
        files.add(name, document.line(*loc), text, "warning")
    if data.reread and not _is_lesson(files, data.reread, ()):
        text = (
            f'item "{data.key}": there is no lesson "{data.reread}" to reread. {_nearest(data.reread, files.lessons)}'
        )
        files.add(name, document.line(*loc, "reread"), text)
    for number, option in enumerate(data.options):
        if grading.TYPES[data.type].words and option.text:
            text = f'item "{data.key}", option "{option.key}": in {data.type} it has no text of its own. Remove it.'
            files.add(name, document.line(*loc, "options", number, "text"), text)
    feedbacks = [option.feedback for option in data.options]
    for number, option in enumerate(data.options):
        if option.feedback in feedbacks[:number]:
            text = (
                f'item "{data.key}", option "{option.key}" has the feedback of another option. Say what follows here.'
            )
            files.add(name, document.line(*loc, "options", number, "feedback"), text)
    for problem in grading.problems(data.type, data.body()):
        files.add(name, document.line(*loc), f'item "{data.key}": {problem}')


def _quiz(files: CourseFiles, data: schema.Quiz, document: Document, name: str) -> None:
    if data.final:
        if data.draw is not None or data.pass_mark is not None:
            files.add(name, document.line("final"), "A final draws and passes by the path. Remove `draw` and `pass`.")
        list(_pool_of(files, data, document, name))
        return
    if data.draw is None or data.pass_mark is None:
        part = "draw" if data.draw is None else "pass"
        files.add(name, document.line(), f"The file has no {part}. {schema.HINTS[part]}")
        return
    graded = sum(map(grading.is_graded, _pool_of(files, data, document, name)))
    if data.draw > graded:
        text = f"The quiz draws {data.draw} of {graded} graded items. Write more, or draw fewer."
        files.add(name, document.line("draw"), text)
    if data.pass_mark > data.draw:
        text = f"{data.pass_mark} of {data.draw} cannot be reached. Lower `pass`, or draw more."
        files.add(name, document.line("pass"), text)


def _pool_of(files: CourseFiles, data: schema.Quiz, document: Document, name: str) -> Iterator[str]:
    """The types of what a quiz asks. A question that it shares stands in one file; the others name it in `also`."""
    if not data.items and not data.also:
        files.add(name, document.line("items"), "The quiz has no items. Write one, or name questions in `also`.")
    own = {item.key for item in data.items}
    known = {each.key: each for lesson in files.lessons.values() for each in lesson.questions} if data.also else {}
    yield from (item.type for item in data.items)
    for number, key in enumerate(data.also):
        if key in own or key in data.also[:number]:
            files.add(name, document.line("also", number), f'The quiz has the item "{key}" already. Remove it here.')
        elif key in known:
            yield known[key].type
        elif not files.broken:
            text = f'There is no item "{key}" in this course. {_nearest(key, known)}'
            files.add(name, document.line("also", number), text)


# --- Across files ----------------------------------------------------------------------------------------------------


def _keys(files: CourseFiles) -> None:
    """Keys and addresses that must be one of a kind in the whole course."""
    lessons = list(files.lessons.values())
    _unique(files, "question", _question_places(lessons))
    objectives = [
        (objective.key, module.file, module.document.line("objectives", number))
        for module in files.modules.values()
        for number, objective in enumerate(module.data.objectives)
    ]
    _unique(files, "objective", objectives)
    planned = [
        (planned.key, module.file, module.document.line("planned", number))
        for module in files.modules.values()
        for number, planned in enumerate(module.data.planned)
    ]
    _unique(files, "planned lesson", planned)
    slugs = [(lesson.data.slug or lesson.data.key, lesson.file, lesson.document.line("slug")) for lesson in lessons]
    _unique(files, "address", [*slugs, *planned])
    samples = [(lesson.file, lesson.document.line("sample")) for lesson in lessons if lesson.data.sample]
    for file, line in samples[1:]:
        files.add(file, line, f"The open sample is {samples[0][0]}; a course has one. Remove `sample` here or there.")


def _question_places(lessons: Iterable[LessonFile]) -> Iterator[tuple[str, str, int]]:
    for lesson in lessons:
        for number, question in enumerate(lesson.questions):
            yield question.key, lesson.file, lesson.document.line(*lesson.question_loc(number), "key")


def _unique(files: CourseFiles, noun: str, places: Iterable[tuple[str, str, int]]) -> None:
    first: dict[str, tuple[str, int]] = {}
    for key, file, line in places:
        if key in first and first[key] != (file, line):
            text = f'The {noun} "{key}" is at {first[key][0]}:{first[key][1]} already. Choose another key.'
            files.add(file, line, text)
        first.setdefault(key, (file, line))


def _diagrams(files: CourseFiles) -> None:
    used = {key for lesson in files.lessons.values() for key in markdown.diagram_keys(lesson.body)}
    used |= {module.data.illustration for module in files.modules.values() if module.data.illustration}
    for key, diagram in files.diagrams.items():
        if key not in used:
            text = f"No lesson shows this diagram. Put `::: diagram {key}` and `:::` where it belongs."
            files.add(diagram.file, 1, text, "warning")
        if not 5 <= len(diagram.title) <= 125:
            files.add(diagram.file, 1, "The <title> of a diagram has 5 to 125 characters. Put the rest into <desc>.")


def _images(files: CourseFiles) -> None:
    used = {key for lesson in files.lessons.values() for key in markdown.image_keys(lesson.body)}
    for key, image in files.images.items():
        if key not in used:
            text = f"No lesson shows this picture. Put `![words](image:{key})` where it belongs."
            files.add(image.file, 1, text, "warning")


def _has_diagram(files: CourseFiles, module: str, key: str) -> bool:
    return key in files.diagrams or f"modules/{module}/diagrams/{key}.svg" in files.broken


# --- Words -----------------------------------------------------------------------------------------------------------


def _twice(files: CourseFiles, file: str, document: Document, where: str, keys: Sequence[str], noun: str) -> None:
    for key, count in Counter(keys).items():
        if count > 1:
            last = len(keys) - 1 - list(reversed(keys)).index(key)
            files.add(file, document.line(where, last), f'The {noun} "{key}" is listed {count} times. Keep one.')


def _nearest(key: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(key, list(known), n=1)
    return f'Did you mean "{close[0]}"?' if close else "Check the spelling."
