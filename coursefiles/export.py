"""From the database to files: the same files that were loaded, in one canonical form.

What an editor changed on the site comes out with it: the newest revision of each lesson and question, published or not.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path as Folder
from typing import Any

from django.core.files.storage import default_storage

from coursefiles import schema
from coursefiles.findings import CourseError, Finding
from coursefiles.stored import Stored
from coursefiles.units import Unit, certificate
from coursefiles.yamltext import OneLine, OneLineList, dump
from courses import markdown
from courses.models import CompanyFact, Course, Image, Lesson, Path
from courses.models.enrollment import site_day
from courses.models.lesson import COMPLETABLE
from quizzes import grading


def export_course(key: str, folder: Folder) -> list[str]:
    """Write the files of a course into a folder, over those of the same names. Returns the names written.

    Raises CourseError if there is no such course. Other files of the folder stay as they are.
    """
    course = Course.objects.filter(key=key).first()
    if course is None:
        raise CourseError([Finding(str(folder), 0, f'There is no course "{key}".')])
    return write_files(Export(Stored(course)).files(), folder)


def write_files(files: Iterable[tuple[str, bytes]], folder: Folder) -> list[str]:
    """Write files by name into a folder; returns the names."""
    names = []
    for name, content in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        names.append(name)
    return names


class Export:
    """The files of a course by name, without what was retired; of each text the newest, published or not.

    With another `key` and `title` those of a copy, in which no lesson is the open sample.
    """

    def __init__(self, stored: Stored, key: str = "", title: str = "") -> None:
        self.stored, self.is_copy = stored, bool(key)
        self.key, self.title = key or stored.course.key, title or stored.course.title
        drafts = [stored.drafts[key].body for key in stored.lessons if key in stored.drafts]
        self.shown = {key for body in drafts for key in markdown.image_keys(body)}

    def files(self) -> Iterator[tuple[str, bytes]]:
        """One after the other, so that never all pictures are in memory. Raises CourseError if one is gone."""
        for name, text in self.texts().items():
            yield name, text.encode()
        for key, image in self.stored.images.items():
            if image.is_in_use or key in self.shown:
                words = {"title": image.title, "alt": image.alt, **_given(credit=image.credit)}
                yield f"images/{key}.yaml", dump(words).encode()
                yield f"images/{key}.webp", _bytes_of(image)

    def texts(self) -> dict[str, str]:
        files = {"course.yaml": dump(self.course())}
        for key in self._modules():
            files[f"modules/{key}/module.yaml"] = dump(self.module(key))
            for lesson in self.stored.lessons_of(key):
                if not self.stored.is_planned(lesson):
                    name, text = self.lesson(lesson)
                    files[f"modules/{key}/{name}"] = text
        for key, diagram in self.stored.diagrams.items():
            files[f"modules/{diagram.module_key or self._modules()[0]}/diagrams/{key}.svg"] = diagram.svg
        return files

    def _modules(self) -> list[str]:
        """Those with something in them; a module whose lessons were all retired is history."""
        lessons = {lesson.module.key for lesson in self.stored.lessons.values()}
        return [key for key in self.stored.modules if key not in lessons or self.stored.lessons_of(key)]

    def course(self) -> dict[str, Any]:
        course = self.stored.course
        return {
            **{"format": 1, "key": self.key, "title": self.title, **_given(summary=course.summary)},
            **{"language": "en-us", "modules": self._modules()},
            "skills": [OneLine(key=skill.key, title=skill.title) for skill in self.stored.skills.values()],
            **_given(facts=[self._fact(fact) for fact in self.stored.facts.values()]),
            "paths": [self._path(path) for path in self.stored.paths.values()],
        }

    def _fact(self, fact: CompanyFact) -> dict[str, Any]:
        """Without the company's own text, which belongs to the site."""
        return {"key": fact.key, "title": fact.title, **_given(group=fact.group, hint=fact.hint), "text": fact.default}

    def _path(self, path: Path) -> dict[str, Any]:
        flags = {"sequential": path.is_sequential, "default": path.is_default}
        return {
            **{"key": path.key, "title": path.title, **_given(summary=path.summary), **_given(**flags)},
            **certificate(path.certificate),
            "steps": self._steps(path),
        }

    def _steps(self, path: Path) -> list[dict[str, Any]]:
        """Steps as they are; where they are all lessons of a module in a row, the module."""
        steps = [step for step in self.stored.steps[path.key] if step.lesson.retired_at is None]
        keys, written, place = [step.lesson.key for step in steps], list[dict[str, Any]](), 0
        whole = {key: self._counted(key) for key in self._modules()}
        while place < len(steps):
            module = self.stored.lessons[keys[place]].module.key
            members = whole.get(module, [])
            if keys[place : place + len(members)] == members:
                written.append({"module": module})
                place += len(members)
            else:
                since = steps[place].since
                written.append({"lesson": keys[place], **_given(since=site_day(since) if since else None)})
                place += 1
        return written

    def _counted(self, module: str) -> list[str]:
        lessons = sorted(self.stored.lessons_of(module), key=self.stored.is_planned)  # as files list them
        return [lesson.key for lesson in lessons if lesson.kind in COMPLETABLE]

    def module(self, key: str) -> dict[str, Any]:
        unit = self.stored.module_unit(key)
        return {
            **{name: unit[name] for name in ("key", "title")},
            **_given(purpose=unit["purpose"]),
            **{"status": unit["status"], **_given(illustration=unit["illustration"])},
            "objectives": [OneLine(objective) for objective in unit["objectives"]],
            **_given(lessons=unit["lessons"], planned=[OneLine(planned) for planned in unit["planned"]]),
        }

    def lesson(self, lesson: Lesson) -> tuple[str, str]:
        """Name and text of the file of a lesson."""
        unit = self.stored.lesson_unit(lesson.key)
        if lesson.kind == Lesson.Kind.QUIZ:
            return f"{lesson.key}.yaml", dump({**self._head(lesson, unit), **self._quiz(lesson.key, unit)})
        takeaway, check = unit["takeaway"], unit["check"]
        front = {**self._head(lesson, unit), **_given(takeaway=takeaway)}
        if check:
            front["check"] = self.question(check)
        return f"{lesson.key}.md", f"---\n{dump(front)}---\n{unit['body']}\n"

    def _head(self, lesson: Lesson, unit: Unit) -> dict[str, Any]:
        lists = {name: OneLineList(unit[name]) for name in ("objectives", "covers", "refs")}
        usual = lesson.kind in COMPLETABLE
        return {
            **{"key": lesson.key, "kind": unit["kind"], "title": unit["title"]},
            **_given(slug=unit["slug"] if unit["slug"] != lesson.key else None, **lists),
            **({"required": unit["required"]} if unit["required"] != usual else {}),
            **_given(sample=unit["sample"] and not self.is_copy, always_read=unit["always_read"], redo=unit["redo"]),
        }

    def _quiz(self, lesson: str, unit: Unit) -> dict[str, Any]:
        homes = self.stored.homes
        items = [self.question(key) for key in unit["items"] if homes[key] == lesson]
        also = [key for key in unit["items"] if homes[key] != lesson]
        drawn = {"final": True} if unit.get("final") else {"draw": unit["draw"], "pass": unit["pass"]}
        return {**_given(intro=unit["body"]), **drawn, "items": items, **_given(also=also)}

    def question(self, key: str) -> dict[str, Any]:
        unit = self.stored.question_unit(key)
        given = _given(level=unit["level"], reread=unit["reread"])
        return {
            **{"key": key, "type": unit["type"], **_given(objective=unit["objective"]), **given},
            **_question(unit["body"], unit["type"]),
        }


def _bytes_of(image: Image) -> bytes:
    try:
        with default_storage.open(image.file) as file:
            content: bytes = file.read()
    except OSError as error:
        text = f'The file of the picture "{image.key}" is not among the media of the site. Replace the picture.'
        raise CourseError([Finding(f"images/{image.key}.webp", 0, text)]) from error
    return content


def _question(body: dict[str, Any], type_: str) -> dict[str, Any]:
    """The body as files say it: what stands above the options first."""
    options = [_option(option, type_) for option in body.get("options", [])]
    above: dict[str, Any] = {name: body[name] for name in ("stem", "who", "line") if name in body}
    below = {name: body[name] for name in schema.PARTS if name in body and name not in above}
    return {**above, **_given(options=options), **below}


def _option(option: dict[str, Any], type_: str) -> dict[str, Any]:
    text = {} if grading.TYPES[type_].words else {"text": option["text"]}
    said = _given(**{name: option.get(name) for name in ("match", "also", "correct")})
    return {"key": option["key"], **text, **said, "feedback": option["feedback"]}


def _given(**values: Any) -> dict[str, Any]:
    """Those that say something."""
    return {name: value for name, value in values.items() if value}
