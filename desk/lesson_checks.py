"""What is worth another look in one text of a lesson before it is published, by the measures of check_course."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from coursefiles.boxes import broken_boxes
from coursefiles.quality import prose
from coursefiles.quality.measures import HIGHEST, LOWEST, PARAGRAPH, READING, SENTENCE
from courses import markdown
from courses.models import Course, Lesson, LessonRevision, Objective
from quizzes.models import Question

LITTLE_LEFT = 10  # times shorter than what is published
ENOUGH = 50  # words that are published; of fewer, a tenth says nothing


@dataclass(frozen=True)
class Problem:
    """`is_broken`: learners would meet something that does not work; otherwise it is worth a thought."""

    text: str
    is_broken: bool = False


@dataclass(frozen=True)
class Figures:
    """How much there is to read in a text, and how hard that is; no grade for too little of it."""

    words: int
    minutes: int
    grade: float | None

    @property
    def said(self) -> str:
        parts = [
            ngettext("%(n)d word", "%(n)d words", self.words) % {"n": self.words},
            ngettext("%(n)d minute", "%(n)d minutes", self.minutes) % {"n": self.minutes},
        ]
        if self.grade is not None:
            parts.append(_("reads at grade %(grade).1f") % {"grade": self.grade})
        return " · ".join(parts)


def figures(revision: LessonRevision) -> Figures:
    return Figures(markdown.words(revision.body), revision.minutes, prose.grade(revision.body))


def problems(revision: LessonRevision) -> list[Problem]:
    """What does not work first, then what is worth a thought. A few queries, however long the text."""
    found = [*mistakes(revision, Known.of(revision.lesson.course)), *_style(revision)]
    return sorted(found, key=lambda problem: not problem.is_broken)


@dataclass(frozen=True)
class Known:
    """What there is in a course that a text can name, asked for once however many texts are checked."""

    lessons: dict[str, bool]  # whether it is published
    diagrams: set[str]
    facts: set[str]
    images: dict[str, bool]  # whether it is in use
    objectives: set[tuple[int, str]]  # with the module
    checked: set[int]  # the readings that have a check question

    @classmethod
    def of(cls, course: Course) -> Known:
        """Six queries."""
        lessons = course.lessons.filter(retired_at=None).values_list("key", "published_revision")
        images: dict[str, bool] = {}
        for key, retired_at in course.images.order_by().values_list("key", "retired_at"):
            images[key] = images.get(key, False) or retired_at is None
        asked = Question.objects.published().filter(course=course, lesson_checks__isnull=False)
        return cls(
            lessons={key: revision is not None for key, revision in lessons},
            diagrams=set(course.diagrams.values_list("key", flat=True)),
            facts=set(course.facts.values_list("key", flat=True)),
            images=images,
            objectives=set(Objective.objects.filter(module__course=course).values_list("module", "key")),
            checked=set(asked.values_list("lesson_checks__lesson", flat=True)),
        )


class Named(NamedTuple):
    """What a text names, in its order, and the boxes in it that are broken."""

    links: tuple[str, ...]
    diagrams: tuple[str, ...]
    facts: tuple[str, ...]
    images: tuple[tuple[str, str], ...]
    boxes: tuple[tuple[int, str], ...]


@lru_cache(maxsize=1024)
def named_in(body: str, language: str) -> Named:
    """Remembered, since it takes long, and the outline of a course asks for every text; `language` is that of boxes."""
    return Named(
        links=tuple(markdown.lesson_links(body)),
        diagrams=markdown.diagram_keys(body),
        facts=markdown.fact_keys(body),
        images=markdown.images(body),
        boxes=tuple(broken_boxes(body)),
    )


def mistakes(revision: LessonRevision, known: Known) -> Iterator[Problem]:
    """What does not work in a text, or is missing from it; not how it is written. No query."""
    named = named_in(revision.body, get_language() or "")
    yield from _links(named, known)
    yield from _things(named, known)
    yield from _pictures(named, known)
    for line, text in named.boxes:
        yield Problem(_("Line %(line)d: %(text)s") % {"line": line + 1, "text": text}, True)
    for key in revision.objectives:
        if (revision.lesson.module_id, key) not in known.objectives:
            text = _("It names the objective %(key)s, which its module does not have.")
            yield Problem(text % {"key": key})
    if revision.lesson.kind == Lesson.Kind.READING:
        if not revision.takeaway.strip():
            yield Problem(_("It has no takeaway: the one sentence to keep."))
        if revision.lesson_id not in known.checked:
            yield Problem(_("It has no check question."))


def is_emptied(revision: LessonRevision) -> bool:
    """Whether hardly anything is left of what learners see now."""
    now = revision.lesson.published_revision
    before = markdown.words(now.body) if now else 0
    return before >= ENOUGH and markdown.words(revision.body) * LITTLE_LEFT < before


def _links(named: Named, known: Known) -> Iterator[Problem]:
    for key in sorted(set(named.links)):
        if key not in known.lessons:
            yield Problem(_("The link lesson:%(key)s leads nowhere: there is no such lesson.") % {"key": key}, True)
        elif not known.lessons[key]:
            yield Problem(_("The link lesson:%(key)s leads to a lesson that is not published yet.") % {"key": key})


def _things(named: Named, known: Known) -> Iterator[Problem]:
    for key in sorted(set(named.diagrams) - known.diagrams):
        yield Problem(_("There is no drawing “%(key)s”, so nothing shows in its place.") % {"key": key}, True)
    for key in sorted(set(named.facts) - known.facts):
        yield Problem(_("There is no company fact “%(key)s”, so nothing shows in its place.") % {"key": key}, True)


def _pictures(named: Named, known: Known) -> Iterator[Problem]:
    for key, alt in named.images:
        if key not in known.images:
            text = _("There is no picture “%(key)s”: learners see its words only.")
            yield Problem(text % {"key": key}, True)
        elif not known.images[key]:
            yield Problem(_("The picture “%(key)s” was retired. Choose another, or leave it out.") % {"key": key})
        if not alt:
            text = _("The picture “%(key)s” has no words of its own here; it takes those it was uploaded with.")
            yield Problem(text % {"key": key})


def _style(revision: LessonRevision) -> Iterator[Problem]:
    if revision.lesson.kind == Lesson.Kind.READING:
        yield from _measure(revision)
    if revision.lesson.kind != Lesson.Kind.QUIZ:
        yield from _long(revision.body)


def _measure(revision: LessonRevision) -> Iterator[Problem]:
    words, grade = markdown.words(revision.body), prose.grade(revision.body)
    if words not in READING:
        text = _("It has %(n)d words; a reading usually has %(least)d to %(most)d.")
        yield Problem(text % {"n": words, "least": READING[0], "most": READING[-1]})
    if grade is not None and not LOWEST <= round(grade, 1) <= HIGHEST:
        text = _("It reads at grade %(grade).1f; %(low)d to %(high)d suits most people.")
        hint = _("Shorten sentences.") if grade > HIGHEST else _("Join what belongs together.")
        yield Problem(f"{text % {'grade': grade, 'low': LOWEST, 'high': HIGHEST}} {hint}")
    if not re.search(r"^::: *(weak|strong)\b", revision.body, re.MULTILINE):
        yield Problem(_("It shows no dialogue."))


def _long(body: str) -> Iterator[Problem]:
    for paragraph in prose.paragraphs(body):
        start = " ".join(paragraph.text.split()[:5])
        if paragraph.words > PARAGRAPH:
            text = _("The paragraph “%(start)s …” has %(n)d words; %(most)d are the most.")
            yield Problem(text % {"start": start, "n": paragraph.words, "most": PARAGRAPH})
        for sentence in paragraph.sentences:
            words = len(prose.WORD.findall(sentence))
            if words > SENTENCE:
                text = _("The sentence “%(start)s …” has %(n)d words; %(most)d are the most.")
                start = " ".join(sentence.split()[:5])
                yield Problem(text % {"start": start, "n": words, "most": SENTENCE})
