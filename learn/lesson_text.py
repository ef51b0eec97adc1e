"""The text of a lesson as HTML, with the drawings, the company facts and the pictures it names."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet, Value
from django.utils.safestring import SafeString

from accounts.statements import Prepared
from courses import markdown
from courses.models import CompanyFact, Course, Diagram, Image

FEW = 3  # hardly a lesson names more drawings, or more company facts
Part = tuple[str, str, str, str, str]


def html_of(course: Course, body: str, has_pictures: bool = True) -> SafeString:
    """One query if the text names a drawing or a company fact, one if it names a picture, none if neither.

    Without pictures, what each of them shows stands in its place.
    """
    parts = parts_of(course, markdown.diagram_keys(body), markdown.fact_keys(body))
    drawings = {key: svg for kind, key, _title, svg, _own in parts if kind == "diagram"}
    facts = {key: markdown.Fact(title, default, own) for kind, key, title, default, own in parts if kind == "fact"}
    pictures = pictures_of(course, markdown.image_keys(body)) if has_pictures else {}
    return markdown.render(body, course.key, drawings, facts, pictures, course.get_absolute_url())


def pictures_of(course: Course, keys: Sequence[str]) -> dict[str, markdown.Picture]:
    if not keys:
        return {}
    found = Image.objects.named(course, keys)
    return {
        key: markdown.Picture(image.name, image.width, image.height, image.alt, image.credit)
        for key, image in found.items()
    }


def parts_of(course: Course, diagrams: Sequence[str], facts: Sequence[str]) -> list[Part]:
    """What a text names, of this course: kind, key, title, the text from the course files, the company's own."""
    if not diagrams and not facts:
        return []
    if len(diagrams) > FEW or len(facts) > FEW:
        drawn = Diagram.objects.filter(course=course, key__in=diagrams)
        told = CompanyFact.objects.filter(course=course, key__in=facts)
        return list(columns(drawn, told))
    a, b, c = [*diagrams, "", "", ""][:FEW]
    d, e, f = [*facts, "", "", ""][:FEW]
    return few_parts(course=course.pk, a=a, b=b, c=c, also=course.pk, d=d, e=e, f=f)


@Prepared
def few_parts(course: int, a: str, b: str, c: str, also: int, d: str, e: str, f: str) -> QuerySet[Diagram, Part]:
    drawn = Diagram.objects.filter(Q(key=a) | Q(key=b) | Q(key=c), course=course)
    return columns(drawn, CompanyFact.objects.filter(Q(key=d) | Q(key=e) | Q(key=f), course=also))


def columns(drawn: QuerySet[Diagram], told: QuerySet[CompanyFact]) -> QuerySet[Diagram, Part]:
    drawings = drawn.order_by().values_list(Value("diagram"), "key", "title", "svg", Value(""))
    return drawings.union(told.order_by().values_list(Value("fact"), "key", "title", "default", "text"), all=True)
