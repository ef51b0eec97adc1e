"""What an editor can put into a lesson, with the Markdown that does it: links, drawings, company facts, pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils.translation import gettext as _

from courses.admin.content import add_titles, with_editing_state
from courses.models import CompanyFact, Course, Diagram, Image, Lesson


class Part(NamedTuple):
    """`markdown` puts it in; `image` is the address of a picture to show beside it."""

    title: str
    about: str
    markdown: str
    image: str = ""


@dataclass
class Group:
    key: str
    title: str
    empty: str
    parts: list[Part] = field(default_factory=list)


def parts_of(course: Course) -> list[Group]:
    """All there is in a course, in a fixed number of queries."""
    return [
        Group("lesson", _("Links to lessons"), _("This course has no lessons yet."), links(course)),
        Group(
            "diagram", _("Drawings"), _("This course has no drawings. They come with the course files."), drawn(course)
        ),
        Group(
            "fact",
            _("Company facts"),
            _("This course has no company facts yet. Add one on the page “What holds at your company”."),
            told(course),
        ),
        Group("image", _("Pictures"), _("This course has no pictures yet. Upload one."), shown(course)),
    ]


def links(course: Course) -> list[Part]:
    lessons = list(with_editing_state(Lesson.objects.filter(course=course, retired_at=None).in_order()))
    add_titles(lessons)
    return [
        Part(lesson.draft_title, lesson.module.title, f"[{in_brackets(lesson.draft_title)}](lesson:{lesson.key})")
        for lesson in lessons
    ]


def in_brackets(text: str) -> str:
    """As the words of a link, which end at a bracket."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def drawn(course: Course) -> list[Part]:
    diagrams = Diagram.objects.filter(course=course).order_by("title")
    return [Part(one.title, one.alt, f"::: diagram {one.key}\n:::") for one in diagrams]


def told(course: Course) -> list[Part]:
    facts = CompanyFact.objects.filter(course=course).order_by("position")
    return [Part(fact.title, fact.shown.text, f"::: fact {fact.key}\n:::") for fact in facts]


def shown(course: Course) -> list[Part]:
    images = Image.objects.in_use().filter(course=course).select_related("course").order_by("title")
    return [Part(image.title, image.alt, image_markdown(image), image.get_absolute_url()) for image in images]


def image_markdown(image: Image) -> str:
    return f"![{in_brackets(image.alt)}](image:{image.key})"
