from typing import Any

from django import forms
from django.utils.translation import gettext as _


class SaveForm(forms.Form):
    """What is the same in the form of every question: where to go next, and the mark for review."""

    go = forms.CharField(required=False, max_length=5, empty_value="next")
    marked = forms.BooleanField(required=False)

    def __init__(self, *args: Any, last: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.last = last

    def clean_go(self) -> str:
        go: str = self.cleaned_data["go"]
        known = go in ("next", "back", "close") or (go.isascii() and go.isdigit() and 1 <= int(go) <= self.last)
        if not known:
            raise forms.ValidationError(_("There is no such place in this quiz."))
        return go

    def position_after(self, position: int) -> int | None:
        """The question to show next; None for the page that closes, which also comes after the last question."""
        go = self.cleaned_data["go"]
        onward = {"next": position + 1, "back": max(position - 1, 1), "close": 0}.get(go)
        onward = int(go) if onward is None else onward
        return onward if 1 <= onward <= self.last else None
