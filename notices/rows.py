"""Rows of long lists as HTML. A template takes longer over one than the database, so each process remembers them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language


class Rows:
    """Makes rows by one template: `row` in it is a named tuple, all that is shown of one, and nothing that can change.

    `around` are texts that are the same for all of them, such as addresses.
    """

    def __init__(self, template: str, **around: str) -> None:
        self.template, self.around = template, tuple(around.items())
        self.words = get_language(), timezone.get_current_timezone_name()  # what else a text depends on

    def __call__(self, row: tuple[Any, ...]) -> SafeString:
        return _drawn(self.template, row, self.around, self.words)


@lru_cache(maxsize=4096)
def _drawn(template: str, row: tuple[Any, ...], around: tuple[tuple[str, str], ...], words: Any) -> SafeString:
    return render_to_string(template, {"row": row, **dict(around)})
