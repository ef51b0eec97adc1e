"""What a course holds, in numbers: the tables of docs/course-facts.md."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import mean

from coursefiles.quality import prose
from coursefiles.quality.asked import asked_in, finals, of_module
from coursefiles.quality.counts import counts, lessons_of, minutes_of
from coursefiles.read import CourseFiles, LessonFile
from coursefiles.units import lesson_keys
from courses import markdown

PARTS = {
    "readings": "reading lessons",
    "checks": "check questions",
    "stories": "stories",
    "job_aids": "job aids",
    "huddles": "huddle sheets",
    "final_items": "items of the final assessment",
    "diagrams": "diagrams in lessons",
}


def table(files: CourseFiles) -> str:
    """Markdown; the same folder always gives the same text."""
    course = files.whole
    parts = [
        f"# {course.title} in numbers",
        f"Made by `manage.py course_facts`; a test fails when it no longer agrees with the files. {_intro(files)}",
        "## Parts",
        _rows(["part", "how many", "words", "grade"], _parts(files)),
        "## Modules",
        _rows(
            ["module", "readings", "words", "grade", "checks", "quiz items", "types", "applied", "minutes"],
            _modules(files),
        ),
        "## Paths",
        _rows(["path", "lessons", "minutes"], _paths(files)),
        "## Questions",
        _rows(["type", "in quizzes", "in the final", "as checks"], _types(files)),
        "## Company facts",
        _rows(["fact", "title", "uses", "in"], _facts(files)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _intro(files: CourseFiles) -> str:
    minutes = sum(minutes_of(files, key) for key in files.modules)
    return (
        f"{counts(files)['words']:,} words, about {minutes / 60:.1f} hours for everything that counts; the grade is "
        "Flesch-Kincaid, of the prose outside of dialogues."
    )


def _rows(head: list[str], rows: Iterable[list[object]]) -> str:
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines]) if lines else ""


def _grades(lessons: Iterable[LessonFile]) -> str:
    grades = [grade for lesson in lessons if (grade := prose.grade(lesson.body)) is not None]
    return f"{mean(grades):.1f} ({min(grades):.1f}–{max(grades):.1f})" if grades else "–"


def _words(lessons: Iterable[LessonFile]) -> str:
    words = [markdown.words(lesson.body) for lesson in lessons]
    return f"{sum(words):,} ({min(words)}–{max(words)})" if words else "–"


def _parts(files: CourseFiles) -> Iterator[list[object]]:
    lessons, there = list(files.lessons.values()), counts(files)
    measured = {
        "readings": [lesson for lesson in lessons if lesson.data.kind == "reading"],
        "stories": [lesson for lesson in lessons if lesson.data.kind == "story"],
        "job_aids": [lesson for lesson in lessons if lesson.data.is_job_aid],
        "huddles": [lesson for lesson in lessons if lesson.data.is_huddle],
    }
    for name, noun in PARTS.items():
        some = measured.get(name, [])
        yield [noun, there[name], _words(some), _grades(some) if name == "readings" else "–"]
    pools = [len(asked_in(quiz)) for key in files.modules for quiz in of_module(files, key)]
    yield ["module quizzes", len(pools), "–", "–"]
    yield ["items of module quizzes", sum(pools), "–", "–"]
    yield ["paths", len(files.whole.paths), "–", "–"]
    yield ["company facts", len(files.whole.facts), "–", "–"]


def _modules(files: CourseFiles) -> Iterator[list[object]]:
    for key in files.whole.modules:
        if key not in files.modules:
            continue
        lessons, quizzes = lessons_of(files, key), of_module(files, key)
        readings = [lesson for lesson in lessons if lesson.data.kind == "reading"]
        items = [one for quiz in quizzes for one in asked_in(quiz)]
        applied = sum(getattr(one.data, "level", "") != "recall" for one in items)
        yield [
            *(files.modules[key].data.title, len(readings), _words(readings), _grades(readings)),
            *(sum(bool(lesson.questions) for lesson in readings), len(items), len({one.data.type for one in items})),
            f"{applied / len(items):.0%}" if items else "–",
            minutes_of(files, key),
        ]


def _paths(files: CourseFiles) -> Iterator[list[object]]:
    for path in files.whole.paths:
        lessons = [files.lessons[key] for key in lesson_keys(files, path) if key in files.lessons]
        yield [path.title, len(lessons), sum(lesson.minutes for lesson in lessons if lesson.required)]


def _types(files: CourseFiles) -> Iterator[list[object]]:
    final = finals(files)
    places = [Counter[str](), Counter[str](), Counter[str]()]
    for lesson in files.lessons.values():
        place = 1 if lesson in final else 0 if lesson.data.kind == "quiz" else 2
        places[place].update(one.data.type for one in asked_in(lesson))
    for name in sorted({name for counted in places for name in counted}):
        yield [name, *(counted[name] for counted in places)]


def _facts(files: CourseFiles) -> Iterator[list[object]]:
    for fact in files.whole.facts:
        using = [
            lesson for lesson in files.lessons.values() for key in markdown.fact_keys(lesson.body) if key == fact.key
        ]
        yield [f"`{fact.key}`", fact.title, len(using), ", ".join(Path(lesson.file).stem for lesson in using) or "–"]
