"""What a text becomes on a page: boxes, dialogues and drawings, and never anything that runs."""

import re
from html.parser import HTMLParser

import pytest
from django.utils.safestring import SafeString
from hypothesis import example, given, settings
from hypothesis import strategies as st

from courses import markdown, svg
from courses.markdown import clean_svg, render, render_inline

pytestmark = pytest.mark.once
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 200"><title>Two ways</title><desc>One is short.</desc>'
    '<g class="d-line"><path d="M0 0h9"/></g><text class="d-text" x="1" y="2">A &amp; B</text></svg>'
)


class Page(HTMLParser):
    """All elements of a piece of HTML, as a browser would find them, and whether they are closed in order."""

    VOID = {"br", "hr", "path"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def find(self, tag: str, name: str = "") -> list[dict[str, str | None]]:
        return [a for t, a in self.elements if t == tag and (not name or name in (a.get("class") or "").split())]


def harmless(html: str) -> Page:
    page = Page(html)
    assert not page.open
    for tag, attributes in page.elements:
        assert tag in markdown.TAGS, tag
        for name, value in attributes.items():
            assert name in {"class", *(n for names in markdown.ATTRIBUTES.values() for n in names)}, (tag, name)
            if name == "href":
                assert re.fullmatch(r"(#|/(?![/\\]))[^\\\s]*", value or ""), value
            if name == "class":
                assert set((value or "").split()) <= markdown.CLASSES[tag], value
    return page


LINKS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java%0ascript:alert(1)",
    "javascript&colon;alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A;&#x61;vascript:alert(1)",
    "&#0000106avascript:alert(1)",
    "java&Tab;script:alert(1)",
    "java&NewLine;script:alert(1)",
    "\\javascript:alert(1)",
    "javascript\\:alert(1)",
    "%6Aavascript:alert(1)",
    "\x01javascript:alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg/onload=alert(1)>",
    "DATA:text/html,x",
    "blob:https://evil.example/x",
    "file:///etc/passwd",
    "mailto:a@evil.example",
    "ftp://evil.example",
    "https://evil.example/",
    "HTTPS://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/&#x5c;evil.example/",
    "/&#47;evil.example/",
    "/&Tab;/evil.example/",
    "/%09/evil.example",
    'lesson:x" onclick="alert(1)',
    "lesson:../../admin",
    "lesson:a/b",
    "LESSON:de-escalating-anger",
    "evil.example",
    "./x",
    "?next=//evil.example",
]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(
    "shape", ["[x]({})", "[x](<{}>)", "<{}>", "![x]({})", "[x][1]\n\n[1]: {}", "**[x]({} 'title')**"]
)
def test_links_lead_to_pages_of_this_site_and_nowhere_else(link, shape):
    text = shape.format(link)
    for html in (render(text, "service"), render_inline(text)):
        page = harmless(html)
        assert not page.find("img")
        for anchor in page.find("a"):
            assert "evil" not in (anchor.get("href") or "").split("/")[1:2]
            assert "script" not in (anchor.get("href") or "").split("/")[0].lower()


HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<img/src='x'/onerror='alert(1)'>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<object data=x></object><embed src=x>",
    "<form action=//evil.example><input name=q><button>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example>",
    "<style>*{background:url(//evil.example)}</style>",
    "<p style='background:url(//evil.example)'>x</p>",
    "<div class='box' id=main onclick=alert(1)>x</div>",
    "<a href=javascript:alert(1)>x</a>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?php echo 1 ?>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "`<script>alert(1)</script>`",
    '```html" onclick=alert(1)\n<script>alert(1)</script>\n```',
    "    <script>alert(1)</script>",
    "| a | b |\n|:--|--:|\n| <img src=x onerror=alert(1)> | <b>x</b> |",
    "| a |\n|:-:|\n| x |",
    "# <img src=x onerror=alert(1)>",
    "## [x](javascript:alert(1))",
    "> <script>alert(1)</script>",
    "- <script>alert(1)</script>",
    "::: weak onclick=alert(1)\nx\n:::",
    '::: weak" onclick="alert(1)\nx\n:::',
    "::: note <script>alert(1)</script>\nx\n:::",
    '::: diagram x"><script>alert(1)</script>\n:::',
    "::: diagram ../../etc\n:::",
    "::: evil\n<script>alert(1)</script>\n:::",
    "::: weak\n<script>alert(1)</script>\n:::\n::: strong\n<script>alert(1)</script>\n:::",
    '<figure data-diagram="two-ways"></figure>',
    "**<script>**alert(1)**</script>**",
    "*<img src=x* onerror=alert(1)>",
    "<\x00script>alert(1)</script>",
    "<script\x0b>alert(1)</script>",
    "\u202e<script>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "<x onmouseover=alert(1)>move here",
    '<a\nhref="javascript:alert(1)">x</a>',
    '<https://evil.example/"onmouseover=alert(1)>',
    '[x](lesson:ok "\'><script>alert(1)</script>")',
    "[<script>alert(1)</script>](lesson:ok)",
    "![<script>alert(1)</script>](/x)",
    "\\<script>alert(1)\\</script>",
    "<textarea><script>alert(1)</script>",
    "<title></title><script>alert(1)</script>",
    "</section></main></body><script>alert(1)</script>",
    "<video><source onerror=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<template><script>alert(1)</script></template>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(text):
    for html in (render(text, "service", {"two-ways": DRAWING}), render_inline(text), render(f"a\n\n{text}\n\nb")):
        assert isinstance(html, SafeString)
        harmless(html)


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from([*HOSTILE, *LINKS, "::: weak", ":::", "::: strong", "\n"])).map("\n".join)
)
@example("\x00")
@example("\ud800")
@example("::: weak\n::: weak\n::: strong")
@example(":::: weak\n::: weak\na\n:::\n::::\n::: strong\nb\n:::")
@example("[x](http://[)")
def test_any_text_can_be_rendered(text):
    harmless(render(text, "service"))
    harmless(render_inline(text))
    assert markdown.words(text) >= 0
    assert markdown.minutes_to_read(text) >= 1
    markdown.lesson_links(text)
    markdown.diagram_keys(text)


@pytest.mark.parametrize(
    "part", ["[", "*", "`", "<", ">", "- ", "'", "::: weak\n", "a**b", "![](", "|", "&", "\\", "[a](", "> - "]
)
def test_long_nonsense_is_cut_and_ends(part):
    text = part * (200_000 // len(part))
    assert len(render(text)) < 5_000_000
    markdown.words(text)


# --- Boxes and dialogues ---------------------------------------------------------------------------------------------

PAIR = """
::: weak
**Odalys:** Two amounts, same color.

*What he hears: you can't read.*

**Guest:** *I* asked you.
:::
::: strong
**Odalys:** Let me look at both with you.
:::
"""


def test_a_weak_and_a_strong_box_stand_side_by_side():
    page = harmless(render(PAIR))
    assert len(page.find("div", "compare")) == 1
    weak, strong = page.find("section")
    assert weak == {"class": "box box-weak", "role": "group", "aria-label": "What went wrong"}
    assert strong == {"class": "box box-strong", "role": "group", "aria-label": "Better"}
    assert re.search(
        r'<div class="compare">\s*<section class="box box-weak".*</section>\s*</div>\s*$', render(PAIR), re.DOTALL
    )


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (PAIR + PAIR, 2),
        ("::: strong\na\n:::\n::: weak\nb\n:::", 0),
        ("::: weak\na\n:::\n\nBetween.\n\n::: strong\nb\n:::", 0),
        ("::: weak\na\n:::", 0),
        ("::: weak\na\n:::\n::: strong\nb\n:::\n::: strong\nc\n:::", 1),
    ],
)
def test_only_a_strong_box_right_behind_a_weak_one_is_a_pair(text, pairs):
    assert len(harmless(render(text)).find("div", "compare")) == pairs


def test_turns_and_asides_are_told_apart():
    html = render(PAIR)
    page = harmless(html)
    assert len(page.find("p", "turn")) == 3
    assert len(page.find("p", "aside")) == 1
    assert '<p class="aside"><em>What he hears' in html


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("**Ana:** Yes.", "turn"),
        ("*All of it.*", "aside"),
        ("*Two* and *three*", ""),
        ("*Only* the start", ""),
        ("Plain **bold**", ""),
        ("*a **b** c*", "aside"),
    ],
)
def test_what_a_paragraph_of_a_dialogue_is(line, kind):
    page = harmless(render(f"::: weak\n{line}\n:::"))
    assert [a.get("class") for a in page.find("p")] == ["box-title", kind or None]
    assert not harmless(render(line)).find("p", "turn"), "outside of a box it is just a paragraph"


def test_each_box_says_what_it_is_and_its_sign_is_not_read_out():
    for name, title in {"weak": "What went wrong", "strong": "Better", "try": "Try it", "note": "Note"}.items():
        page = harmless(render(f"::: {name}\nText.\n:::"))
        assert page.find("section", f"box-{name}") == [
            {"class": f"box box-{name}", "role": "group", "aria-label": title}
        ]
        assert all(sign["aria-hidden"] == "true" for sign in page.find("span"))


def test_a_box_that_is_not_closed_ends_with_the_text():
    page = harmless(render("::: try\nWrite it down."))
    assert page.find("section", "box-try")


def test_tables_scroll_by_themselves_and_align_by_class():
    page = harmless(render("| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |"))
    assert page.find("div", "table") == [{"class": "table", "tabindex": "0", "role": "group", "aria-label": "Table"}]
    assert [a["class"] for a in page.find("td")] == ["start", "center", "end"]
    assert all(a["scope"] == "col" for a in page.find("th"))


def test_the_empty_corner_of_a_table_heads_nothing():
    page = harmless(render("| | b |\n|---|---|\n| a | 1 |"))
    assert len(page.find("th")) == 1
    assert len(page.find("td")) == 3


# --- Links, counts, the memory ---------------------------------------------------------------------------------------


def test_links_to_lessons_lead_there():
    text = "[Limits](lesson:setting-your-limits) and [here](#top)"
    assert '<a href="/courses/service/setting-your-limits/">Limits</a>' in render(text, "service")
    assert '<a href="#top">here</a>' in render(text, "service")
    assert "<a>Limits</a>" in render(text), "without a course there is nowhere to lead to"
    assert markdown.lesson_links(text + "\n\n- [x](lesson:a-2)") == ["setting-your-limits", "a-2"]


def test_words_and_minutes():
    text = "Don't say “no”.\n\n::: weak\nNo.\n:::\n\n::: try\nWrite.\n:::\n"
    assert markdown.words(text) == 5
    assert markdown.minutes_to_read(text) == 3  # 2.025: a dialogue is half a minute, an exercise a minute and a half
    assert markdown.minutes_to_read("word " * 401) == 3
    assert markdown.minutes_to_read("word", items=8) == 7
    assert markdown.minutes_to_read("") == 1


def test_the_same_text_is_rendered_once_and_a_different_language_anew():
    markdown._render.cache_clear()
    assert render("Text **once**.") is render("Text **once**.")
    assert markdown._render.cache_info().hits == 1
    from django.utils import translation

    with translation.override("de"):
        render("Text **once**.")
    assert markdown._render.cache_info().misses == 2


# --- Drawings --------------------------------------------------------------------------------------------------------


def test_a_drawing_is_put_in_by_name_once():
    text = "Look:\n\n::: diagram two-ways\n:::\n\n::: diagram two-ways\n:::\n\n::: diagram missing\n:::\n"
    html = render(text, "service", {"two-ways": DRAWING, "unused": DRAWING})
    assert html.count("<svg") == html.count('<figure class="diagram">') == 1, "ids are unique in a page"
    assert "missing" not in html
    assert "<figure data" not in html
    assert markdown.diagram_keys(text) == ("two-ways", "two-ways", "missing")


def test_a_drawing_has_a_name_and_a_description():
    svg = clean_svg(DRAWING, "two-ways")
    assert 'role="img"' in svg
    assert 'aria-labelledby="diagram-two-ways-title"' in svg
    assert 'aria-describedby="diagram-two-ways-desc"' in svg
    assert '<title id="diagram-two-ways-title">Two ways</title>' in svg
    assert "A &amp; B" in svg


def test_a_drawing_that_is_no_longer_allowed_is_left_out():
    bad = DRAWING.replace("<g ", "<g onclick='alert(1)' ")
    assert render("a\n\n::: diagram bad\n:::\n", "service", {"bad": bad}) == "<p>a</p>\n\n"


def drawing(inside: str = "", attributes: str = "", before: str = "") -> str:
    return (
        f'{before}<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" {attributes}>'
        f"<title>T</title><desc>D</desc>{inside}</svg>"
    )


BAD = [
    drawing("<script>alert(1)</script>"),
    drawing("<SCRIPT>alert(1)</SCRIPT>"),
    drawing("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject>"),
    drawing("<style>*{fill:red}</style>"),
    drawing("<image x='0' href='x.png'/>"),
    drawing("<use href='#x'/>"),
    drawing("<a href='javascript:alert(1)'><text>x</text></a>"),
    drawing("<animate attributeName='x'/>"),
    drawing("<set attributeName='onclick' to='alert(1)'/>"),
    drawing("<g onclick='alert(1)'/>"),
    drawing("<g style='fill:red'/>"),
    drawing("<rect fill='red'/>"),
    drawing("<path href='x'/>"),
    drawing("<path xmlns:xlink='http://www.w3.org/1999/xlink' xlink:href='javascript:alert(1)'/>"),
    drawing("<path xml:base='//evil.example'/>"),
    drawing("<x:script xmlns:x='http://www.w3.org/2000/svg'>alert(1)</x:script>"),
    drawing("<p xmlns='http://www.w3.org/1999/xhtml'>x</p>"),
    drawing("<g xmlns='urn:other'/>"),
    drawing("<g class='evil'/>"),
    drawing("<g id='main'/>"),
    drawing(attributes="onload='alert(1)'"),
    drawing(before="<!DOCTYPE svg [<!ENTITY a 'x'>]>"),
    drawing("&a;", before="<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"),
    drawing(
        "&lol3;",
        before="<!DOCTYPE svg [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;'><!ENTITY lol3 '&lol2;&lol2;'>]>",
    ),
    drawing("<![CDATA[<script>alert(1)</script>]]>"),
    drawing(before="<?xml-stylesheet href='//evil.example/x.css'?>"),
    drawing("<?php echo 1 ?>"),
    drawing("<g>" * 30 + "</g>" * 30),
    drawing("\x00"),
    drawing("\ud800"),
    drawing("<g>"),
    "",
    "not a drawing",
    "<svg viewBox='0 0 9 9'><title>T</title><desc>D</desc></svg>",
    "<svg xmlns='http://www.w3.org/2000/svg'><title>T</title><desc>D</desc></svg>",
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><desc>D</desc></svg>",
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><title>T</title></svg>",
    "<g xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><title>T</title><desc>D</desc></g>",
]


@pytest.mark.parametrize("source", BAD)
def test_a_drawing_is_made_of_known_shapes_or_refused(source):
    with pytest.raises(svg.BadDrawing):
        svg.read(source)


@pytest.mark.parametrize("before", ["", "<?xml version='1.0' encoding='UTF-8'?>\n", "<!-- drawn by hand -->"])
def test_what_drawing_programs_write_is_accepted(before):
    clean_svg(drawing("<g class='d-line d-soft'><path d='M0 0h9'/></g><!-- a comment -->", before=before), "x")


FACT = {"returns": markdown.Fact("Returns & more", "Thirty days.", "")}


def test_a_company_fact_is_a_named_box_and_says_whether_it_is_the_default():
    html = render("::: fact returns\n:::\n", facts=FACT)
    box = harmless(html).find("section", "box-fact")
    assert box == [{"class": "box box-fact", "role": "group", "aria-label": "At your company: Returns & more"}]
    assert "Until your company writes its own:" in html
    assert "<p>Thirty days.</p>" in html
    own = render("::: fact returns\n:::\n", facts={"returns": FACT["returns"]._replace(own="Sixty.")})
    assert "<p>Sixty.</p>" in own
    assert "Thirty" not in own
    assert "Until" not in own


def test_the_same_text_with_another_fact_is_another_page():
    """Rendering is remembered: what it depends on is in its key."""
    texts = [render("::: fact a\n:::\n", facts={"a": markdown.Fact("A", "d", own)}) for own in ("one", "two", "one")]
    assert texts[0] == texts[2] != texts[1]


@pytest.mark.parametrize("link", LINKS[:3])
def test_what_a_company_writes_is_as_harmless_as_a_lesson(link):
    own = f"<script>alert(1)</script> [x]({link})\n\n::: fact a\n:::\n\n::: try\nno end"
    page = harmless(render("Before\n\n::: fact a\n:::\n\nAfter", facts={"a": markdown.Fact("A", "d", own)}))
    assert len(page.find("section", "box-fact")) == 1, "a fact shows no fact"


def test_it_finds_the_facts_a_body_names():
    text = "::: fact one\n:::\n\n::: fact   two-three  \n:::\n\n::: fact\n:::\n\n::: fact BAD\n:::\n"
    assert markdown.fact_keys(text) == ("one", "two-three")
