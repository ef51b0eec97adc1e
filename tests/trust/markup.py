"""What a validator of HTML would find first: elements not closed or not allowed there, ids that are none or two."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
INTERACTIVE = {"a", "button", "details", "embed", "iframe", "label", "select", "textarea"}
NOT_IN_P = {
    *("address", "article", "aside", "blockquote", "details", "dialog", "div", "dl", "fieldset", "figure", "footer"),
    *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section"),
    *("table", "ul"),
}
ONLY_IN = {
    "li": {"ul", "ol", "menu"},
    "dt": {"dl", "div"},
    "dd": {"dl", "div"},
    "tr": {"thead", "tbody", "tfoot"},
    "td": {"tr"},
    "th": {"tr"},
    "option": {"select", "optgroup", "datalist"},
    "legend": {"fieldset"},
    "summary": {"details"},
    "figcaption": {"figure"},
}
REFERS = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "form", "list")


class Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []
        self.ids: Counter[str] = Counter()
        self.referred: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attrs]
        self.found += [f"<{tag}>: {name} twice" for name, n in Counter(names).items() if n > 1]
        given = dict(attrs)
        if "id" in given:
            self.ids[given["id"] or ""] += 1
        self.referred += [(f"{tag} {name}", one) for name in REFERS for one in (given.get(name) or "").split()]
        parent = self.open[-1] if self.open else ""
        if tag in ONLY_IN and parent not in ONLY_IN[tag]:
            self.found.append(f"<{tag}> in <{parent}>")
        if parent in ("ul", "ol") and tag not in ("li", "script", "template"):
            self.found.append(f"<{tag}> in <{parent}>")
        if tag in NOT_IN_P and "p" in self.open:
            self.found.append(f"<{tag}> in <p>")
        if tag in INTERACTIVE - {"label"} and {"a", "button"} & {*self.open}:
            self.found.append(f"<{tag}> in a link or button")
        if tag == "form" and "form" in self.open:
            self.found.append("<form> in <form>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.found.append(f"</{tag}> while {self.open[-3:]} are open")
        while tag in self.open and self.open.pop() != tag:
            pass

    def close(self) -> None:
        super().close()
        self.found += [f"<{tag}> is not closed" for tag in self.open]
        self.found += [f"id {name!r} {n} times" for name, n in self.ids.items() if n > 1]
        self.found += [f"{where}: no id {name!r}" for where, name in self.referred if name not in self.ids]


def faults(page: str) -> list[str]:
    """What is wrong with the markup of a page, once each."""
    markup = Markup()
    markup.feed(page)
    markup.close()
    return sorted(set(markup.found))
