"""From Markdown to the HTML of a page. The only sanitizer of the project, and the only place that marks text as safe.

The text comes from course files and editors: raw HTML is off, what comes out passes an allow-list again, and drawings
must be made of known shapes. Rendering is a pure function of its arguments and the language, remembered by the process.
"""

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from xml.etree import ElementTree

import nh3
from django.utils.functional import SimpleLazyObject
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

from courses import svg

BOXES = ("weak", "strong", "try", "note")
DIAGRAM = re.compile(r"^::: *diagram +([a-z0-9-]+) *$", re.MULTILINE)
FACT = re.compile(r"^::: *fact +([a-z0-9-]+) *$", re.MULTILINE)
LESSON_LINK = re.compile(r"^lesson:([a-z0-9]+(?:-[a-z0-9]+)*)$")
IMAGE = re.compile(r"^image:([a-z0-9]+(?:-[a-z0-9]+)*)$")
IMAGE_SOURCE = re.compile(r"^/courses/[a-z0-9-]+/images/[0-9a-f]{32}\.webp$")
COMPARISON = re.compile(r"^::: *weak *\n(.*?)^:::[ \t]*$\s*^::: *strong *\n(.*?)^:::[ \t]*$", re.MULTILINE | re.DOTALL)
MAX_LENGTH = 20_000  # characters; the longest lesson has 6,000


class Fact(NamedTuple):
    """What a box `fact` shows: the company's own text, or the default of the course until there is one."""

    title: str
    default: str
    own: str

    @property
    def is_own(self) -> bool:
        return bool(self.own.strip())

    @property
    def text(self) -> str:
        return self.own if self.is_own else self.default


class Picture(NamedTuple):
    """What `![…](image:key)` shows: the file's name, its size in pixels, its words if the text has none, and whose."""

    name: str
    width: int
    height: int
    alt: str
    credit: str = ""


def render(
    text: str,
    course_key: str = "",
    diagrams: Mapping[str, str] | None = None,
    facts: Mapping[str, Fact] | None = None,
    images: Mapping[str, Picture] | None = None,
    lessons_at: str = "",
) -> SafeString:
    """HTML of a lesson's body. `diagrams` maps the keys the body names to their SVG; one that is missing is left out.

    So do `facts` with the company facts it names, and `images`; of a picture that is missing, the words stay that say
    what it shows. A link `lesson:key` leads to that lesson of the course, which stands below `lessons_at` if that is
    said; without a course it is plain text.
    """
    drawn, told = tuple(sorted((diagrams or {}).items())), tuple(sorted((facts or {}).items()))
    shown = tuple(sorted((images or {}).items()))
    return _render(_bounded(text), course_key, drawn, told, shown, lessons_at, get_language())


def render_inline(text: str) -> SafeString:
    """HTML of a sentence or two, such as an option or its feedback, without a paragraph around it."""
    return _render_inline(_bounded(text))


@lru_cache(maxsize=512)
def diagram_keys(text: str) -> tuple[str, ...]:
    """The diagrams a body names, in order."""
    return tuple(DIAGRAM.findall(text))


@lru_cache(maxsize=512)
def fact_keys(text: str) -> tuple[str, ...]:
    """The company facts a body names, in order."""
    return tuple(FACT.findall(text))


@lru_cache(maxsize=512)
def images(text: str) -> tuple[tuple[str, str], ...]:
    """The pictures a body names, in order: the key, and what the text says they show."""
    tokens = _tokens(text) if "image:" in text else []
    found = [(str(token.attrGet("src")), token.content) for token in tokens if token.type == "image"]
    return tuple((match[1], alt.strip()) for src, alt in found if (match := IMAGE.match(src)))


def image_keys(text: str) -> tuple[str, ...]:
    return tuple(key for key, _alt in images(text))


def lesson_links(text: str) -> list[str]:
    """The keys of the lessons a body links to, in order."""
    hrefs = [str(token.attrGet("href") or "") for token in _tokens(text) if token.type == "link_open"]
    return [match[1] for href in hrefs if (match := LESSON_LINK.match(href))]


def first_comparison(text: str, turns: int = 2) -> tuple[list[SafeString], list[SafeString]] | None:
    """The first turns of the first weak box and of the strong box behind it, each as HTML; None without such a pair."""
    if not (pair := COMPARISON.search(text[:MAX_LENGTH])):
        return None
    weak, strong = ([turn for turn in re.split(r"\n\s*\n", box.strip()) if turn[:2] == "**"] for box in pair.groups())
    return [render_inline(turn) for turn in weak[:turns]], [render_inline(turn) for turn in strong[:turns]]


def plain(text: str) -> str:
    """The words one reads, dialogues included, with a line for each paragraph.

    What stands in drawings is not in it, nor are the lines to write on.
    """
    tokens = MARKDOWN.parse(re.sub("_{3,}", "", _bounded(text)), {"course": "", "keep": True})
    lines = [_line(token.children or []) if token.type == "inline" else token.content.strip() for token in tokens]
    return "\n".join(line for line in lines if line)


def _line(inline: list[Token]) -> str:
    """Breaks become spaces; the emphasis around a word has no content of its own."""
    return "".join(token.content or " " * token.type.endswith("break") for token in inline).strip()


def words(text: str) -> int:
    """How many words one reads."""
    return len(re.findall(r"\w+(?:[’'-]+\w+)*", re.sub(r"^:::.*$", "", text, flags=re.MULTILINE)))


def minutes_to_read(text: str, items: int = 0) -> int:
    """Minutes, rounded up: 200 words each, plus what the items, the exercises and the dialogues take."""
    boxes = re.findall(r"^::: *(weak|strong|try)\b", text, flags=re.MULTILINE)
    tries = boxes.count("try")
    return max(1, math.ceil(words(text) / 200 + 0.75 * items + 1.5 * tries + 0.5 * (len(boxes) - tries)))


def _bounded(text: str) -> str:
    """What can be rendered in good time and written as UTF-8."""
    return text[:MAX_LENGTH].encode("utf-8", "replace").decode()


# --- Markdown --------------------------------------------------------------------------------------------------------

TAGS = {
    *("p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "hr", "br", "strong", "em", "a", "code", "pre"),
    *("table", "thead", "tbody", "tr", "th", "td", "div", "section", "span", "figure", "img"),
}
CLASSES = {
    "div": {"compare", "table"},
    "section": {"box", "box-weak", "box-strong", "box-try", "box-note", "box-fact"},
    "p": {"box-title", "turn", "aside", "fact-default"},
    "span": {"icon-weak", "icon-strong", "credit"},
    "td": {"start", "center", "end"},
    "th": {"start", "center", "end"},
}
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),
    "a": {"href"},
    "ol": {"start"},
    "figure": {"data-diagram"},
    "section": {"role", "aria-label"},
    "div": {"tabindex", "role", "aria-label"},
    "span": {"aria-hidden"},
    "th": {"scope"},
    "img": {"src", "alt", "width", "height", "loading", "decoding"},
}


@lru_cache(maxsize=512)
def _render(
    text: str,
    course_key: str,
    diagrams: tuple[tuple[str, str], ...],
    facts: tuple[tuple[str, Fact], ...],
    images: tuple[tuple[str, Picture], ...],
    lessons_at: str,
    language: str | None,
) -> SafeString:
    env = {"course": course_key, "lessons": lessons_at or f"/courses/{course_key}/"}
    html = MARKDOWN.render(text, {**env, "facts": dict(facts), "images": dict(images)})
    return mark_safe(_put_diagrams(_clean(html), dict(diagrams)))  # noqa: S308  # passed the allow-list


@lru_cache(maxsize=4096)
def _render_inline(text: str) -> SafeString:
    return mark_safe(_clean(MARKDOWN.renderInline(text, {"course": ""})))  # noqa: S308  # passed the allow-list


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_own_pictures,
        allowed_classes=CLASSES,
        url_schemes=set(),
        link_rel=None,
        strip_comments=True,
    )


def _own_pictures(tag: str, attribute: str, value: str) -> str | None:
    """No picture is loaded but those of a course."""
    return None if tag == "img" and attribute == "src" and not IMAGE_SOURCE.match(value) else value


def _tokens(text: str) -> Iterable[Token]:
    for token in MARKDOWN.parse(text[:MAX_LENGTH], {"course": "", "keep": True}):
        yield token
        yield from token.children or []


def _put_diagrams(html: str, diagrams: dict[str, str]) -> str:
    """Each drawing once, for its ids are unique in the page; none that is missing or no longer allowed."""

    def put(match: re.Match[str]) -> str:
        try:
            return f'<figure class="diagram">{clean_svg(diagrams.pop(match[1]), match[1])}</figure>'
        except (KeyError, svg.BadDrawing):
            return ""

    return re.sub(r'<figure data-diagram="([^"]*)"></figure>', put, html)


def _arrange(state: StateCore) -> None:
    """Name the turns of a dialogue, put weak beside strong, point links at lessons and turn alignment into classes."""
    _wrap_pairs(state.tokens)
    inside = 0
    for number, token in enumerate(state.tokens):
        inside += {"container_weak_open": 1, "container_strong_open": 1}.get(token.type, 0)
        inside -= {"container_weak_close": 1, "container_strong_close": 1}.get(token.type, 0)
        if token.type == "paragraph_open" and inside:
            kind = _kind_of_turn(state.tokens[number + 1].children or [])
            if kind:
                token.attrSet("class", kind)
        if token.type in ("td_open", "th_open"):
            style = str(token.attrs.pop("style", ""))
            sides = {"left": "start", "center": "center", "right": "end"}
            if side := sides.get(style.removeprefix("text-align:")):
                token.attrSet("class", side)
            if token.type == "th_open" and state.tokens[number + 1].content:
                token.attrSet("scope", "col")
            elif token.type == "th_open":  # the corner of a table heads nothing
                token.tag = state.tokens[number + 2].tag = "td"
        if not state.env.get("keep"):
            for child in token.children or []:
                if child.type == "link_open":
                    _point(child, state.env, str(child.attrGet("href") or ""))


def _point(link: Token, env: Any, href: str) -> None:
    """A link that names a lesson leads to it, if the course is known; one that names a picture leads nowhere."""
    match = LESSON_LINK.match(href)
    if match and env["course"]:
        link.attrSet("href", f"{env['lessons']}{match[1]}/")
    elif match or IMAGE.match(href):
        del link.attrs["href"]


def _kind_of_turn(children: list[Token]) -> str:
    """A paragraph that begins with a name in bold is somebody's turn, one that is all emphasis is an aside."""
    top = [child.type for child in children if child.level == 0 and (child.type != "text" or child.content)]
    if top[:1] == ["strong_open"]:
        return "turn"
    return "aside" if top == ["em_open", "em_close"] else ""


def _wrap_pairs(tokens: list[Token]) -> None:
    """Put a weak box and the strong box right behind it into one block, to be set side by side."""
    number = 0
    while number < len(tokens) - 1:
        if tokens[number].type == "container_weak_close" and tokens[number + 1].type == "container_strong_open":
            level = tokens[number].level
            start = max(n for n in range(number) if _is(tokens[n], "container_weak_open", level))
            end = next(n for n in range(number, len(tokens)) if _is(tokens[n], "container_strong_close", level))
            tokens.insert(end + 1, Token("compare_close", "div", -1, block=True))
            tokens.insert(start, Token("compare_open", "div", 1, block=True, attrs={"class": "compare"}))
            number += 1  # the insertion moved this very pair up by one; it is not to be wrapped again
        number += 1


def _is(token: Token, type_: str, level: int) -> bool:
    return token.type == type_ and token.level == level


def _box_title(name: str) -> str:
    return {"weak": _("What went wrong"), "strong": _("Better"), "try": _("Try it"), "note": _("Note")}[name]


def _box_start(name: str) -> str:
    """A named group: a screen reader says where the box begins and ends, and no heading breaks the order of the page.

    Not a landmark (a plain section with a name is one): a lesson has ten boxes.
    """
    title = escape(_box_title(name))
    icon = f'<span class="icon-{name}" aria-hidden="true"></span>' if name in ("weak", "strong") else ""
    return (
        f'<section class="box box-{name}" role="group" aria-label="{title}">\n<p class="box-title">{icon}{title}</p>\n'
    )


def _make_box(name: str):  # type: ignore[no-untyped-def]  # the shape is the plugin's
    def box(self: RendererProtocol, tokens: list[Token], index: int, options: object, env: object) -> str:
        return _box_start(name) if tokens[index].nesting == 1 else "</section>\n"

    return box


def _diagram(self: RendererProtocol, tokens: list[Token], index: int, options: object, env: object) -> str:
    if tokens[index].nesting != 1:
        return ""
    key = tokens[index].info.strip().removeprefix("diagram").strip()
    return f'<figure data-diagram="{escape(key)}"></figure>\n'


def _fact(self: RendererProtocol, tokens: list[Token], index: int, options: object, env: dict[str, Any]) -> str:
    """The box with a company fact; nothing for one that is not known, and none inside of another."""
    key = tokens[index].info.strip().removeprefix("fact").strip()
    fact: Fact | None = env.get("facts", {}).get(key)
    if tokens[index].nesting != 1 or fact is None:
        return ""
    heading, waiting = _("At your company"), _("Until your company writes its own:")
    until = "" if fact.is_own else f'<p class="fact-default">{escape(waiting)}</p>\n'
    return (
        f'<section class="box box-fact" role="group" aria-label="{escape(heading)}: {escape(fact.title)}">\n'
        f'<p class="box-title">{escape(heading)}</p>\n{until}'
        f"{MARKDOWN.render(_bounded(fact.text), {'course': env['course']})}</section>\n"
    )


def _image(self: RendererProtocol, tokens: list[Token], index: int, options: object, env: dict[str, Any]) -> str:
    """A picture of the course; of anything else, what the text says that it shows."""
    match = IMAGE.match(str(tokens[index].attrGet("src") or ""))
    picture: Picture | None = env.get("images", {}).get(match[1]) if match else None
    alt = escape(tokens[index].content.strip() or (picture.alt if picture else ""))
    if picture is None:
        return alt
    credit = f'<span class="credit">{escape(picture.credit)}</span>' if picture.credit else ""
    return (
        f'<img src="/courses/{escape(env["course"])}/images/{escape(picture.name)}.webp" alt="{alt}" '
        f'width="{picture.width:d}" height="{picture.height:d}" loading="lazy" decoding="async">{credit}'
    )


def _table(self: RendererProtocol, tokens: list[Token], index: int, options: object, env: object) -> str:
    """A table may be wider than a phone: it scrolls by itself, and by keyboard."""
    if tokens[index].nesting == 1:
        return f'<div class="table" tabindex="0" role="group" aria-label="{escape(_("Table"))}"><table>\n'
    return "</table></div>\n"


def _make() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": True}).enable(
        ["table", "replacements", "smartquotes"]
    )
    markdown.disable(["html_block", "html_inline"])
    for name in BOXES:
        container_plugin(markdown, name, render=_make_box(name))
    container_plugin(markdown, "diagram", render=_diagram)
    container_plugin(markdown, "fact", render=_fact)
    markdown.add_render_rule("image", _image)
    markdown.add_render_rule("table_open", _table)
    markdown.add_render_rule("table_close", _table)
    markdown.core.ruler.push("arrange", _arrange)
    markdown.validateLink = _is_allowed  # type: ignore[method-assign]
    return markdown


def _is_allowed(url: str) -> bool:
    """A lesson or picture of the course, a place of this page, or a page of this site."""
    own = re.match(r"^(#|/(?![/\\]))[^\\\s]*$", url)
    return bool(LESSON_LINK.match(url) or IMAGE.match(url) or own)


MARKDOWN: MarkdownIt = SimpleLazyObject(_make)  # type: ignore[assignment]

# --- Drawings --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def clean_svg(source: str, key: str) -> SafeString:
    """The drawing as it goes into a page, named by its title and described by its desc. Raises svg.BadDrawing."""
    root = svg.read(source)
    for element in root.iter():
        element.tag = str(element.tag).removeprefix(svg.TAG)
        if element.tag in ("title", "desc") and element in list(root):
            element.set("id", f"diagram-{key}-{element.tag}")
    root.set("role", "img")
    root.set("aria-labelledby", f"diagram-{key}-title")
    root.set("aria-describedby", f"diagram-{key}-desc")
    return mark_safe(ElementTree.tostring(root, encoding="unicode"))  # noqa: S308  # nothing but known shapes
