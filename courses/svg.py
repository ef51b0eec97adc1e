"""Drawings from course files: read, and refused if there is more in them than known shapes. markdown.py shows them."""

import re
from xml.etree import ElementTree

from defusedxml.ElementTree import fromstring

TAG = "{http://www.w3.org/2000/svg}"  # before each name, as ElementTree has it
SHAPES = {
    "svg",
    "g",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "title",
    "desc",
}
ATTRIBUTES = {
    *(
        "viewBox",
        "class",
        "d",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "width",
        "height",
        "points",
    ),
    *("transform", "text-anchor", "font-size", "font-weight", "dx", "dy", "dominant-baseline", "stroke-width"),
    *("stroke-linecap", "stroke-linejoin", "stroke-dasharray"),
}
CLASSES = {
    *("d-line", "d-fill", "d-accent", "d-accent-line", "d-good", "d-warn", "d-bad", "d-text", "d-text-inv", "d-muted"),
    "d-soft",
}


MAX_DEPTH = 20


class BadDrawing(ValueError):
    """An SVG that has more in it than shapes, or lacks its title; the text says what and how to mend it."""


def read(source: str) -> ElementTree.Element:
    """The drawing, if it is made of nothing but known shapes. Raises BadDrawing."""
    plain = re.sub(r"^\s*<\?xml\s[^<>]*\?>", "", re.sub(r"<!--.*?-->", "", source, flags=re.DOTALL))
    if "<!" in plain or "<?" in plain:
        raise BadDrawing("The drawing has a DOCTYPE, an entity or a processing instruction. Remove it.")
    try:
        root: ElementTree.Element = fromstring(plain)
    except (ElementTree.ParseError, ValueError) as error:
        raise BadDrawing(f"The drawing is not well-formed XML: {error}.") from error
    if _depth(root) > MAX_DEPTH:
        raise BadDrawing(f"The drawing has groups in groups, more than {MAX_DEPTH} deep. Make it simpler.")
    for element in root.iter():
        tag = str(element.tag).removeprefix(TAG)
        if tag not in SHAPES or not str(element.tag).startswith(TAG):
            raise BadDrawing(f"<{tag}> is not allowed in a drawing; it may have {', '.join(sorted(SHAPES))}.")
        if extra := set(element.attrib) - ATTRIBUTES:
            raise BadDrawing(
                f"<{tag}> has {', '.join(sorted(extra))}, which a drawing may not have. Colors are set by class."
            )
        if unknown := set(element.get("class", "").split()) - CLASSES:
            raise BadDrawing(
                f"<{tag}> has the class {', '.join(sorted(unknown))}; known are {', '.join(sorted(CLASSES))}."
            )
    if root.tag != f"{TAG}svg" or not root.get("viewBox"):
        raise BadDrawing("The drawing must be an <svg> with a viewBox.")
    if not text_of(root, "title") or not text_of(root, "desc"):
        raise BadDrawing(
            "The drawing needs a <title> and a <desc> that say what it shows, for people who do not see it."
        )
    return root


def _depth(root: ElementTree.Element) -> int:
    depth, level = 0, [root]
    while level:
        depth, level = depth + 1, [child for element in level for child in element]
    return depth


def text_of(root: ElementTree.Element, tag: str) -> str:
    return " ".join((root.findtext(f"{TAG}{tag}") or "").split())
