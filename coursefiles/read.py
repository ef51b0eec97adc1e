"""From a folder to plain data. Collects every problem of every file; needs no database."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from coursefiles import schema
from coursefiles.findings import CourseError, Finding
from coursefiles.yamltext import BadYaml, Document
from courses import images, markdown, svg
from courses.models.lesson import COMPLETABLE
from quizzes import drawing, grading

MAX_BYTES = 1_000_000
MAX_FILES = 2_000
NEWEST_FORMAT = 1
PICTURES = {".webp", ".png", ".jpg", ".jpeg", ".gif"}
FENCE = "---"
BESIDE = {"LICENSE.md", "README.md", "LICENSE"}  # may lie beside course.yaml and are not part of the course

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class ModuleFile:
    file: str
    data: schema.Module
    document: Document


@dataclass(frozen=True)
class LessonFile:
    """A lesson as its file says it. `body` is the Markdown, or the introduction of a quiz."""

    file: str
    module: str
    data: schema.TextLesson | schema.Quiz
    document: Document
    body: str
    body_line: int

    @property
    def required(self) -> bool:
        return self.data.kind in COMPLETABLE if self.data.required is None else self.data.required

    @property
    def questions(self) -> list[schema.Check]:
        if isinstance(self.data, schema.Quiz):
            return list(self.data.items)
        return [self.data.check] if self.data.check else []

    @property
    def asked(self) -> int:
        """How many questions somebody answers in it; in a final, on the path through every module."""
        if not isinstance(self.data, schema.Quiz):
            return len(self.questions)
        if self.data.draw is not None:
            return self.data.draw
        asked = Counter(
            (item.objective or "").partition(".")[0] for item in self.data.items if grading.is_graded(item.type)
        )
        return sum(min(drawing.of_each(len(asked)), number) for number in asked.values())

    @property
    def minutes(self) -> int:
        return markdown.minutes_to_read(self.body, self.asked)

    def question_loc(self, number: int) -> tuple[str | int, ...]:
        return ("items", number) if isinstance(self.data, schema.Quiz) else ("check",)


@dataclass(frozen=True)
class DiagramFile:
    file: str
    key: str
    module: str
    svg: str
    title: str
    alt: str


@dataclass(frozen=True)
class ImageFile:
    """A picture and its words, which lie beside it. The bytes stay in the folder."""

    file: str
    key: str
    data: schema.Image
    content_hash: str


@dataclass
class CourseFiles:
    """What a folder says, as far as it could be read, and what is wrong with the rest."""

    folder: Path
    course: schema.Course | None = None
    document: Document | None = None
    promises: schema.Promises = field(default_factory=schema.Promises)
    modules: dict[str, ModuleFile] = field(default_factory=dict)
    lessons: dict[str, LessonFile] = field(default_factory=dict)
    diagrams: dict[str, DiagramFile] = field(default_factory=dict)
    images: dict[str, ImageFile] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def add(self, file: str, line: int, text: str, level: Literal["error", "warning"] = "error") -> None:
        self.found.append(Finding(file, line, text, level))

    def broke(self, file: str, line: int, text: str) -> None:
        """Put down that a file could not be read: what names its contents is not to blame."""
        self.broken.add(file)
        self.add(file, line, text)

    @property
    def whole(self) -> schema.Course:
        """The course, of a folder in which it could be read."""
        if self.course is None:
            raise CourseError(self.found)
        return self.course

    def lessons_of(self, module: str) -> list[tuple[str, str]]:
        """Key and kind of each lesson of a module in order, those planned last."""
        if module not in self.modules:
            return []
        data = self.modules[module].data
        written = [(key, self.lessons[key].data.kind) for key in data.lessons if key in self.lessons]
        return [*written, *((planned.key, planned.kind) for planned in data.planned)]


def read(folder: Path) -> CourseFiles:
    """Read a course folder. What could not be read is in `found`; the rest is there."""
    files = CourseFiles(folder)
    if not (folder / "course.yaml").is_file():
        files.add("course.yaml", 1, "There is no course.yaml in this folder. Is it the folder of a course?")
        return files
    names = _names(files)
    document = _document(files, "course.yaml") if "course.yaml" in names else None
    if document and (text := _from_the_future(document.data)):
        files.add("course.yaml", document.line("format"), text)
        return files
    if document:
        files.document = document
        files.course = _fit(files, schema.Course, "course.yaml", document)
    for name in names:
        _read_one(files, name)
    _pair_images(files, names)
    return files


def _from_the_future(data: Any) -> str:
    """What to say of files that a newer release wrote; everything else in them would seem wrong, too."""
    found = data.get("format") if isinstance(data, dict) else None
    if not isinstance(found, int) or found <= NEWEST_FORMAT:
        return ""
    return f"These files have format {found}, and this site reads format {NEWEST_FORMAT}. Update Workshop first."


def _names(files: CourseFiles) -> list[str]:
    """The files of the folder by name, without hidden ones; links that lead out of it are refused."""
    names: list[str] = []
    root = files.folder.resolve()
    for path in _walk(files.folder):
        name = path.relative_to(files.folder).as_posix()
        if not path.resolve().is_relative_to(root) or not path.is_file():
            files.add(name, 1, "This leads out of the course folder, or nowhere. Put the file itself here.")
        elif len(names) >= MAX_FILES:
            files.add(name, 1, f"There are more than {MAX_FILES} files. A course is smaller than that.")
            break
        else:
            names.append(name)
    return names


def _walk(folder: Path) -> Iterator[Path]:
    for top, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(top) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in links)
        for name in sorted(names + links):
            if not name.startswith("."):
                yield Path(top) / name


def _read_one(files: CourseFiles, name: str) -> None:
    if name == "course.yaml" or name in BESIDE:
        return
    if name == "promises.yaml":
        document = _document(files, name)
        files.promises = (_fit(files, schema.Promises, name, document) if document else None) or files.promises
        return
    match name.split("/"):
        case ["modules", module, "module.yaml"]:
            _read_module(files, name, module)
        case ["modules", module, file] if file.endswith(".md"):
            _read_text(files, name, module)
        case ["modules", module, file] if file.endswith(".yaml"):
            _read_quiz(files, name, module)
        case ["modules", module, "diagrams", file] if file.endswith(".svg"):
            _read_diagram(files, name, module)
        case ["images", file] if file.endswith(".yaml") or Path(file).suffix in PICTURES:
            pass  # read in pairs
        case _:
            files.add(name, 1, "This file has no place in a course. Move it or delete it; see docs/content-format.md.")


def _bytes(files: CourseFiles, name: str, most: int) -> bytes | None:
    """No more than one byte above the limit."""
    try:
        with (files.folder / name).open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        files.broke(name, 1, f"The file cannot be read: {error.strerror}.")
        return None


def _text(files: CourseFiles, name: str) -> str | None:
    raw = _bytes(files, name, MAX_BYTES)
    if raw is None:
        return None
    if len(raw) > MAX_BYTES:
        files.broke(name, 1, f"The file is larger than {MAX_BYTES} bytes. Split it.")
        return None
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        files.broke(name, raw.count(b"\n", 0, error.start) + 1, "This is not UTF-8. Save the file as UTF-8.")
        return None
    if "\0" in text:
        files.broke(name, text.count("\n", 0, text.index("\0")) + 1, "There is a NUL byte. Delete it.")
        return None
    return text


def _document(files: CourseFiles, name: str, text: str | None = None, first_line: int = 1) -> Document | None:
    text = _text(files, name) if text is None else text
    if text is None:
        return None
    try:
        return Document(text, first_line)
    except BadYaml as error:
        files.broke(name, error.line, str(error))
        return None


def _fit(files: CourseFiles, model: type[M], name: str, document: Document) -> M | None:
    """The data of a file as its model, or None with what does not fit put down."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        for loc, text in schema.problems(model, document.data, error):
            files.add(name, document.line(*loc), text)
        files.broken.add(name)
        return None


def _read_module(files: CourseFiles, name: str, folder: str) -> None:
    document = _document(files, name)
    data = _fit(files, schema.Module, name, document) if document else None
    if document is None or data is None:
        return
    if data.key != folder:
        files.add(name, document.line("key"), f'The key is "{data.key}" and the folder "{folder}". Make them the same.')
    files.modules[data.key] = ModuleFile(name, data, document)


def _read_text(files: CourseFiles, name: str, module: str) -> None:
    text = _text(files, name)
    if text is None:
        return
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE or FENCE not in [line.rstrip() for line in lines[1:]]:
        files.broke(name, 1, "A lesson begins with a line `---`, its front matter, and another line `---`.")
        return None
    end = next(number for number, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE)
    document = _document(files, name, "\n".join(lines[1:end]), first_line=2)
    data = _fit(files, schema.TextLesson, name, document) if document else None
    if document is None or data is None:
        return
    body = "\n".join(lines[end + 1 :])
    blank = len(body) - len(body.lstrip("\n"))
    _keep(files, LessonFile(name, module, data, document, body.strip("\n").rstrip(), end + 2 + blank))


def _read_quiz(files: CourseFiles, name: str, module: str) -> None:
    document = _document(files, name)
    data = _fit(files, schema.Quiz, name, document) if document else None
    if document is not None and data is not None:
        _keep(files, LessonFile(name, module, data, document, data.intro, document.line("intro")))


def _keep(files: CourseFiles, lesson: LessonFile) -> None:
    key, stem = lesson.data.key, Path(lesson.file).stem
    line = lesson.document.line("key")
    if key != stem:
        files.add(lesson.file, line, f'The key is "{key}" and the file "{stem}". Make them the same.')
    if key in files.lessons:
        files.add(
            lesson.file, line, f'The lesson key "{key}" is used in {files.lessons[key].file} too. Choose another.'
        )
    else:
        files.lessons[key] = lesson


def _read_diagram(files: CourseFiles, name: str, module: str) -> None:
    text = _text(files, name)
    if text is None:
        return
    key = Path(name).stem
    if not schema.is_key(key):
        files.broke(name, 1, "The name must be small letters and digits, joined by hyphens.")
        return None
    try:
        root = svg.read(text)
    except svg.BadDrawing as error:
        files.broke(name, 1, str(error))
        return None
    if key in files.diagrams:
        files.broke(name, 1, f'The diagram key "{key}" is used in {files.diagrams[key].file} too. Choose another.')
        return None
    title, alt = svg.text_of(root, "title"), svg.text_of(root, "desc")
    files.diagrams[key] = DiagramFile(name, key, module, text.strip() + "\n", title, alt)


# --- Pictures --------------------------------------------------------------------------------------------------------


def _pair_images(files: CourseFiles, names: list[str]) -> None:
    """Each picture with the words beside it; one without the other is refused."""
    found = [Path(name) for name in names if name.startswith("images/") and name.count("/") == 1]
    words = {path.stem: path.as_posix() for path in found if path.suffix == ".yaml"}
    pictures: dict[str, str] = {}
    for path in found:
        name, key = path.as_posix(), path.stem
        if path.suffix not in PICTURES:
            continue
        if not schema.is_key(key) or len(key) > 80:
            files.broke(name, 1, "The name must be small letters and digits, joined by hyphens; 80 at most.")
        elif key in pictures:
            files.broke(name, 1, f"{pictures[key]} has this key already. Choose another, or delete one.")
        elif key not in words:
            files.broke(name, 1, f"Its words are missing. Write images/{key}.yaml with `title` and `alt`.")
        else:
            pictures[key] = name
            _read_image(files, key, name, words[key])
    for key in words.keys() - {path.stem for path in found if path.suffix in PICTURES}:
        files.broke(words[key], 1, f"There is no picture to it. Put images/{key}.webp (or .png, .jpg, .gif) beside it.")


def _read_image(files: CourseFiles, key: str, name: str, words: str) -> None:
    document = _document(files, words)
    data = _fit(files, schema.Image, words, document) if document else None
    raw = _bytes(files, name, images.LARGEST_FILE)
    if raw is None:
        return
    try:
        images.refuse_bad(raw)
    except images.BadImage as error:
        files.broke(name, 1, str(error))
        return
    content_hash = hashlib.sha256(raw).hexdigest()
    twin = next((image.file for image in files.images.values() if image.content_hash == content_hash), "")
    if twin:
        files.broke(name, 1, f"This is the very picture of {twin}. Keep one, and name it in both places.")
    elif data is not None:
        files.images[key] = ImageFile(name, key, data, content_hash)
