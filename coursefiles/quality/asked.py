"""The questions of a course, each with its place."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from coursefiles import schema
from coursefiles.findings import Finding
from coursefiles.read import CourseFiles, LessonFile
from quizzes import grading

ONE_RIGHT = (
    "single",
    "scenario",
)  # shown as a list in which one is right, so its place and its length can give it away


@dataclass(frozen=True)
class Asked:
    lesson: LessonFile
    data: schema.Check
    loc: tuple[str | int, ...]

    @cached_property
    def right(self) -> list[schema.Option]:
        return [option for option in self.data.options if option.correct]

    @cached_property
    def wrong(self) -> list[schema.Option]:
        return [option for option in self.data.options if not option.correct]

    @property
    def is_graded(self) -> bool:
        return grading.is_graded(self.data.type)

    @property
    def situation(self) -> str:
        """All that is said before the answers."""
        return " ".join(filter(None, (self.data.stem, self.data.line)))

    def warn(self, text: str, *loc: str | int) -> Finding:
        line = self.lesson.document.line(*self.loc, *loc)
        return Finding(self.lesson.file, line, f'item "{self.data.key}": {text}', "warning")


def asked_in(lesson: LessonFile) -> list[Asked]:
    return [Asked(lesson, data, lesson.question_loc(number)) for number, data in enumerate(lesson.questions)]


def asked(lessons: Iterable[LessonFile]) -> list[Asked]:
    return [one for lesson in lessons for one in asked_in(lesson)]


def quizzes(files: CourseFiles) -> list[LessonFile]:
    return [lesson for lesson in files.lessons.values() if isinstance(lesson.data, schema.Quiz)]


def finals(files: CourseFiles) -> list[LessonFile]:
    return [quiz for quiz in quizzes(files) if isinstance(quiz.data, schema.Quiz) and quiz.data.final]


def of_module(files: CourseFiles, key: str) -> list[LessonFile]:
    """The quizzes of a module, without a final that lies in it."""
    return [quiz for quiz in quizzes(files) if quiz.module == key and quiz not in finals(files)]


def ready(files: CourseFiles) -> list[str]:
    """The modules that are complete, so far as their files could be read."""
    broken = {name.split("/")[1] for name in files.broken if name.startswith("modules/")}
    return [key for key, module in files.modules.items() if module.data.status == "ready" and key not in broken]


def is_whole(files: CourseFiles) -> bool:
    """Whether nothing of the course is still to be written."""
    return files.course is not None and ready(files) == list(files.modules)
