"""Drawings say in words what they show, show something besides words, and can be read on a phone."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from coursefiles.findings import Finding
from coursefiles.read import CourseFiles, DiagramFile
from courses import svg

PHONE = 288  # px that a lesson leaves for a drawing on a phone 360 px wide
SMALLEST = 12  # px
USUAL = 16.0  # the size of text that says none
SHAPES = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
NOT_A_TITLE = re.compile(r"^(?:image|picture|photo|drawing|diagram|icon) of\b|\.(?:svg|png|jpe?g)$", re.IGNORECASE)


def found(files: CourseFiles) -> Iterator[Finding]:
    for diagram in files.diagrams.values():
        yield from _drawing(diagram)


def _drawing(diagram: DiagramFile) -> Iterator[Finding]:
    def warn(text: str) -> Finding:
        return Finding(diagram.file, 1, text, "warning")

    root = svg.read(diagram.svg)
    if match := NOT_A_TITLE.search(diagram.title):
        yield warn(f"The title has “{match[0]}”. Say only what it shows.")
    if not any(_tag(element) in SHAPES for element in root.iter()):
        yield warn("The drawing is text alone. Write it as text.")
    smallest = min(_sizes(root, USUAL), default=USUAL)
    width = float(root.get("viewBox", "0 0 360 0").split()[2])
    if smallest * PHONE / width < SMALLEST:
        least = SMALLEST * width / PHONE
        yield warn(f"Its smallest text has {smallest:g} units; to be read on a phone it needs {least:.0f}.")


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _sizes(element: ElementTree.Element, inherited: float) -> Iterator[float]:
    size = float(re.sub(r"[^\d.]", "", element.get("font-size", "")) or inherited)
    if _tag(element) in ("text", "tspan") and (element.text or "").strip():
        yield size
    for child in element:
        yield from _sizes(child, size)
