"""What course files may say. Unknown keys are refused and nothing is converted; problems are said in plain words."""

import difflib
import re
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from courses.models.course import KEY, OBJECTIVE
from quizzes import grading

Key = Annotated[str, StringConstraints(pattern=KEY, max_length=50)]
LessonKey = Annotated[str, StringConstraints(pattern=KEY, max_length=80)]
ItemKey = Annotated[str, StringConstraints(pattern=KEY, max_length=100)]
ObjectiveKey = Annotated[str, StringConstraints(pattern=OBJECTIVE, max_length=20)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]+(-[0-9]+[a-z]?)?$", max_length=20)]

KindOfText = Literal["reading", "story", "page"]
Kind = Literal["reading", "story", "page", "quiz"]


def known_type(name: str) -> str:
    if name not in grading.TYPES:
        raise PydanticCustomError("literal_error", "unknown", {"expected": TYPES})
    return name


TYPES = " or ".join([", ".join([*grading.TYPES][:-1]), [*grading.TYPES][-1]])


class Strict(BaseModel):
    # Built when a file is first read: a twentieth of what each start of the site would cost.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


# --- course.yaml -----------------------------------------------------------------------------------------------------


class Skill(Strict):
    key: Key
    title: Short


class Fact(Strict):
    """What a company decides for itself; `text` holds until it wrote its own."""

    key: Key
    title: Short
    text: Prose
    group: Short = ""
    hint: Sentence = ""


class Step(Strict):
    module: Key | None = None
    lesson: LessonKey | None = None
    since: date | None = None


class Path(Strict):
    key: Key
    title: Line
    summary: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""
    sequential: bool = False
    default: bool = False
    certificate: bool = True
    steps: list[Step] = Field(max_length=500)


class Course(Strict):
    format: Literal[1]
    key: Key
    title: Line
    summary: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""
    language: Literal["en-us"] = "en-us"
    modules: list[Key] = Field(max_length=100)
    skills: list[Skill] = Field(max_length=100)
    facts: list[Fact] = Field(default=[], max_length=100)
    paths: list[Path] = Field(min_length=1, max_length=50)


class Counts(Strict):
    """How many of each there are: exactly, or with `final_items`, `diagrams` and `words` at least."""

    modules: int | None = None
    readings: int | None = None
    checks: int | None = None
    stories: int | None = None
    job_aids: int | None = None
    huddles: int | None = None
    final_items: int | None = None
    diagrams: int | None = None
    words: int | None = None


class Promises(Strict):
    """promises.yaml, which lies beside the course: what check_course holds this course to besides the general bars."""

    counts: Counts = Counts()
    sources: list[Code] = []
    references: list[Code] = []
    names_not_used: list[Short] = []


# --- images/<key>.yaml -----------------------------------------------------------------------------------------------


class Image(Strict):
    """The words of the picture that lies beside it."""

    title: Short
    alt: Sentence
    credit: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""


# --- module.yaml -----------------------------------------------------------------------------------------------------


class Objective(Strict):
    key: ObjectiveKey
    text: Sentence
    skill: Key


class Planned(Strict):
    key: LessonKey
    title: Line
    kind: Kind


class Module(Strict):
    key: Key
    title: Line
    purpose: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = ""
    status: Literal["ready", "in-preparation"]
    illustration: LessonKey | None = None
    objectives: list[Objective] = Field(max_length=20)
    lessons: list[LessonKey] = Field(default=[], max_length=100)
    planned: list[Planned] = Field(default=[], max_length=100)


# --- Questions -------------------------------------------------------------------------------------------------------


class Option(Strict):
    key: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$", max_length=20)]
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""
    match: Line | None = None
    also: list[Line] = Field(default=[], max_length=20)
    correct: bool = False
    feedback: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


PARTS = ("who", "line", "extra", "tolerance", "otherwise", "model", "look_for")  # of a body, beside its options


class Check(Strict):
    """The question in the text of a lesson."""

    key: ItemKey
    type: Annotated[str, AfterValidator(known_type)]
    objective: ObjectiveKey | None = None
    level: Literal["recall", "apply", "judge"] | None = None
    reread: LessonKey | None = None
    stem: Prose
    who: Short | None = None
    line: Prose | None = None
    options: list[Option] = Field(default=[], max_length=12)
    extra: list[Line] = Field(default=[], max_length=6)
    tolerance: Annotated[int | float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None = None
    otherwise: Prose | None = None
    model: Prose | None = None
    look_for: list[Line] = Field(default=[], max_length=6)

    def body(self) -> dict[str, Any]:
        """The question as `quizzes.grading` knows it, which says whether its parts fit its type."""
        said = {name: value for name in PARTS if (value := getattr(self, name)) not in (None, [])}
        options = [self._option(option) for option in self.options]
        return {"stem": self.stem, **({"options": options} if options else {}), **said}

    def _option(self, option: Option) -> dict[str, Any]:
        """Options that are the type's own get its words."""
        text = option.text or grading.TYPES[self.type].words.get(option.key, "")
        said = {name: value for name in ("match", "also", "correct") if (value := getattr(option, name))}
        return {"key": option.key, "text": text, "feedback": option.feedback, **said}


class Item(Check):
    """A question of a quiz."""


# --- Lessons ---------------------------------------------------------------------------------------------------------


# The two kinds of sheets to print are told by the beginning of their keys.
JOB_AID, HUDDLE = "job-aid-", "huddle-"


class Lesson(Strict):
    """What readings, stories, pages and quizzes have in common."""

    key: LessonKey
    title: Line
    slug: LessonKey | None = None
    objectives: list[ObjectiveKey] = Field(default=[], max_length=20)
    covers: list[Code] = Field(default=[], max_length=200)
    refs: list[Code] = Field(default=[], max_length=100)
    required: bool | None = None
    sample: bool = False
    always_read: bool = False
    redo: int = Field(default=0, ge=0, le=1000)

    @property
    def is_job_aid(self) -> bool:
        return self.key.startswith(JOB_AID)

    @property
    def is_huddle(self) -> bool:
        return self.key.startswith(HUDDLE)


class TextLesson(Lesson):
    """The front matter of a Markdown file."""

    kind: KindOfText
    takeaway: Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)] = ""
    check: Check | None = None


class Quiz(Lesson):
    kind: Literal["quiz"]
    intro: Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000)] = ""
    final: bool = False
    draw: int | None = Field(default=None, ge=1, le=100)
    pass_mark: int | None = Field(default=None, ge=1, le=100, alias="pass")
    items: list[Item] = Field(max_length=500)
    also: list[ItemKey] = Field(default=[], max_length=500)

    @property
    def pool(self) -> list[str]:
        """The keys of all questions that attempts are drawn from, those of other lessons last."""
        return [*(item.key for item in self.items), *self.also]


# --- Problems in words -----------------------------------------------------------------------------------------------

HINTS = {
    "feedback": "Say what the customer would do next.",
    "stem": "Write the situation and the question.",
    "objective": "Name the objective it asks about, such as O9.1.",
    "level": "Write recall, apply or judge.",
    "takeaway": "Write the one sentence to keep.",
    "alt": "Say what one would say about the picture on the phone.",
    "status": "Write ready or in-preparation.",
    "kind": "Write reading, story, page or quiz.",
    "type": f"Write {TYPES}.",
    "otherwise": "Say what somebody reads who wrote anything else.",
    "model": "Write the answer that people compare theirs with.",
    "key": "Give it a key of small letters and digits, joined by hyphens.",
    "draw": "Say how many questions an attempt draws.",
    "pass": "Say how many right answers pass.",
    "format": "Write `format: 1`.",
}
NOUNS = {
    **{"options": "option", "items": "item", "skills": "skill", "paths": "path", "objectives": "objective"},
    "facts": "fact",
    **{"planned": "planned lesson", "steps": "step", "check": "check"},
}


def problems(model: type[BaseModel], data: Any, error: ValidationError) -> list[tuple[tuple[str | int, ...], str]]:
    """Where in the data, and what is wrong there and how to mend it, for each thing that does not fit the model."""
    return [(detail["loc"], _say(model, data, detail)) for detail in error.errors(include_url=False)]


def _say(model: type[BaseModel], data: Any, detail: ErrorDetails) -> str:
    loc, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    name = str(loc[-1]) if loc else "the file"
    hint = HINTS.get(name, "")
    who = _subject(data, loc[:-1])
    if kind == "missing":
        return f"{who} has no {name}. {hint or 'Add it.'}"
    if kind == "extra_forbidden":
        return f'{who} has an unknown key "{name}". {_nearest(name, known_keys(model, loc[:-1]))}'
    what = f"{who}: {name}" if not isinstance(loc[-1] if loc else "", int) else f"{_subject(data, loc)}"
    says = {
        "string_type": f'must be text, and here is {_shown(detail["input"])}. Put it in quotes: "{detail["input"]}".',
        "int_type": f"must be a whole number, not {_shown(detail['input'])}.",
        "bool_type": f"must be true or false, not {_shown(detail['input'])}.",
        "date_type": f"must be a date such as 2026-11-01, not {_shown(detail['input'])}.",
        "list_type": "must be a list, with a line `- …` for each entry.",
        "model_type": "must have keys and values.",
        "literal_error": f"cannot be {_shown(detail['input'])}. Write {context.get('expected')}.",
        "string_pattern_mismatch": f"cannot be {_shown(detail['input'])}. {_pattern_hint(context.get('pattern'))}",
        "string_too_long": f"is too long; {context.get('max_length')} characters are the most.",
        "string_too_short": f"is empty. {hint or 'Write it, or remove the key.'}",
        "too_short": f"has too few entries; it needs {context.get('min_length')} or more.",
        "too_long": f"has too many entries; {context.get('max_length')} are the most.",
        "greater_than_equal": f"must be {context.get('ge')} or more.",
        "less_than_equal": f"must be {context.get('le')} or less.",
    }
    return f"{what} {says.get(kind, detail['msg'])}".strip()


def _pattern_hint(pattern: Any) -> str:
    if pattern == OBJECTIVE:
        return "An objective looks like O9.1."
    if pattern == KEY:
        return "Use small letters and digits, joined by hyphens."
    return "Use a code such as S1-15 or R4." if str(pattern).startswith("^[A-Z]") else "Use small letters and digits."


def _shown(value: Any) -> str:
    text = "nothing" if value is None else f"a list of {len(value)}" if isinstance(value, list) else repr(value)
    return text if len(text) < 60 else f"{text[:57]}…"


def _subject(data: Any, loc: tuple[str | int, ...]) -> str:
    """Who a problem is about: `item "rec-first-sentence", option "b"`."""
    parts: list[str] = []
    here: Any = data
    noun = ""
    for step in loc:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            here = None
        noun = NOUNS.get(str(step), str(step)) if isinstance(step, str) else noun
        if isinstance(step, int) or step == "check":
            key = here.get("key") if isinstance(here, dict) else here if isinstance(here, str) else None
            number = f" {step + 1}" if isinstance(step, int) else ""
            parts.append(f'{noun} "{key}"' if isinstance(key, str) else f"{noun}{number}")
    if loc and isinstance(loc[-1], str) and loc[-1] != "check":
        parts.append(noun)
    return ", ".join(parts) or "The file"


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{close[0]}"?'
    return f"Remove it; known keys are {', '.join(known)}."


def known_keys(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at a place of a file."""
    for step in loc:
        if isinstance(step, str):
            field = next((f for n, f in model.model_fields.items() if (f.alias or n) == step), None)
            inner = _model_in(field.annotation) if field else None
            if inner is None:
                return []
            model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def is_key(text: str) -> bool:
    return re.fullmatch(KEY, text) is not None
