"""Rows of long lists as HTML. A template takes longer over one than the database, so each process remembers them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import get_script_prefix
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

MARK = "\ue000"  # for private use, so no text has it


def surroundings() -> tuple[str | None, ...]:
    """What a text depends on beside what is shown in it; whatever remembers one is known by it."""
    return get_language(), timezone.get_current_timezone_name(), get_script_prefix()


class Rows:
    """Makes rows by one template: `row` in it is a named tuple, all that is shown of one, and nothing that can change.

    `around` are texts that are the same for all of them, such as addresses.
    """

    def __init__(self, template: str, **around: str) -> None:
        self.template, self.around = template, tuple(around.items())
        self.surroundings = surroundings()

    def __call__(self, row: tuple[Any, ...]) -> SafeString:
        return _drawn(self.template, row, self.around, self.surroundings)


@lru_cache(maxsize=4096)
def _drawn(template: str, row: tuple[Any, ...], around: tuple[tuple[str, str], ...], surroundings: Any) -> SafeString:
    return render_to_string(template, {"row": row, **dict(around)})


def gap(name: str) -> str:
    """What stands in the context of a template where each row has a text of its own."""
    return f"{MARK}{name}{MARK}"


def fill(response: TemplateResponse, name: str, text: bytes) -> None:
    """Put a long text, safe HTML, into the gap of a page once that is rendered.

    On its way through the blocks of the templates it would be copied a dozen times, and encoded each time.
    """

    def put(rendered: TemplateResponse) -> None:
        before, _gap, after = rendered.content.rpartition(gap(name).encode())
        rendered.content = b"".join([before, text, after])

    response.add_post_render_callback(put)


class Gaps:
    """Makes rows that are hardly ever the same: their template is rendered once, and each row fills the gaps in it."""

    def __init__(self, template: str, context: dict[str, Any]) -> None:
        pieces = render_to_string(template, context).replace("{", "{{").replace("}", "}}").split(MARK)
        pieces[1::2] = [f"{{{name}}}" for name in pieces[1::2]]
        self.form = "".join(pieces)

    def filled(self, **texts: str) -> SafeString:
        """With the text of each gap by its name, escaped unless it is safe."""
        return format_html(self.form, **texts)


class Variants:
    """Makes rows by one template in which a part may be missing: `row` in it is what is shown of one, texts by name.

    It is rendered once for each set of names that have a text, and remembered, since it holds no text of any row.
    """

    def __init__(self, template: str, **around: str) -> None:
        self.template, self.around = template, tuple(around.items())
        self.words = get_language()

    def filled(self, texts: Mapping[str, str]) -> SafeString:
        """As the template would print it; what is empty is as good as missing."""
        present = tuple([name for name, text in texts.items() if text])
        return _gaps(self.template, present, self.around, self.words).filled(**texts)


@lru_cache(maxsize=256)
def _gaps(template: str, names: tuple[str, ...], around: tuple[tuple[str, str], ...], language: str | None) -> Gaps:
    return Gaps(template, {"row": {name: gap(name) for name in names}, **dict(around)})
