"""What is worth another look in one text of a lesson before it is published, by the measures of check_course."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coursefiles.boxes import broken_boxes
from coursefiles.quality import prose
from coursefiles.quality.measures import HIGHEST, LOWEST, PARAGRAPH, READING, SENTENCE
from courses import markdown
from courses.models import CompanyFact, Diagram, Image, Lesson, LessonRevision
from quizzes import checks

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
    found = [*_links(revision), *_named(revision), *_pictures(revision), *_boxes(revision), *_reading(revision)]
    return sorted(found, key=lambda problem: not problem.is_broken)


def is_emptied(revision: LessonRevision) -> bool:
    """Whether hardly anything is left of what learners see now."""
    now = revision.lesson.published_revision
    before = markdown.words(now.body) if now else 0
    return before >= ENOUGH and markdown.words(revision.body) * LITTLE_LEFT < before


def _links(revision: LessonRevision) -> Iterator[Problem]:
    keys = set(markdown.lesson_links(revision.body))
    if not keys:
        return
    lessons = Lesson.objects.filter(course=revision.lesson.course_id, key__in=keys, retired_at=None)
    known = dict(lessons.values_list("key", "published_revision"))
    for key in sorted(keys):
        if key not in known:
            yield Problem(_("The link lesson:%(key)s leads nowhere: there is no such lesson.") % {"key": key}, True)
        elif known[key] is None:
            yield Problem(_("The link lesson:%(key)s leads to a lesson that is not published yet.") % {"key": key})


def _named(revision: LessonRevision) -> Iterator[Problem]:
    diagrams, facts = set(markdown.diagram_keys(revision.body)), set(markdown.fact_keys(revision.body))
    course = revision.lesson.course_id
    if diagrams:
        diagrams -= set(Diagram.objects.filter(course=course, key__in=diagrams).values_list("key", flat=True))
    if facts:
        facts -= set(CompanyFact.objects.filter(course=course, key__in=facts).values_list("key", flat=True))
    for key in sorted(diagrams):
        yield Problem(_("There is no drawing “%(key)s”, so nothing shows in its place.") % {"key": key}, True)
    for key in sorted(facts):
        yield Problem(_("There is no company fact “%(key)s”, so nothing shows in its place.") % {"key": key}, True)


def _pictures(revision: LessonRevision) -> Iterator[Problem]:
    shown = markdown.images(revision.body)
    known = Image.objects.named(revision.lesson.course, {key for key, _alt in shown}) if shown else {}
    for key, alt in shown:
        if key not in known:
            text = _("There is no picture “%(key)s”: learners see its words only.")
            yield Problem(text % {"key": key}, True)
        elif not known[key].is_in_use:
            yield Problem(_("The picture “%(key)s” was retired. Choose another, or leave it out.") % {"key": key})
        if not alt:
            text = _("The picture “%(key)s” has no words of its own here; it takes those it was uploaded with.")
            yield Problem(text % {"key": key})


def _boxes(revision: LessonRevision) -> Iterator[Problem]:
    for line, text in broken_boxes(revision.body):
        yield Problem(_("Line %(line)d: %(text)s") % {"line": line + 1, "text": text}, True)


def _reading(revision: LessonRevision) -> Iterator[Problem]:
    lesson = revision.lesson
    if lesson.kind == Lesson.Kind.READING:
        if not revision.takeaway.strip():
            yield Problem(_("It has no takeaway: the one sentence to keep."))
        if checks.question_of(lesson) is None:
            yield Problem(_("It has no check question."))
        yield from _measure(revision)
    if lesson.kind != Lesson.Kind.QUIZ:
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
