"""The parts of a question as fields of a form: what `grading` keeps as lists and numbers, as a person types it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from quizzes.grading.writing import number_in

Part = Callable[[], forms.Field]
ONE_LINE = ("who", "match")


class LinesField(forms.CharField):
    """A list of texts, a line each; an empty field is no list."""

    widget = forms.Textarea

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3}), **more)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(" ".join(str(line).split()) for line in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        lines = (" ".join(line.split()) for line in super().clean(value).splitlines())
        return [line for line in lines if line]


class NumberField(forms.CharField):
    """A number as people write it. What is none stays as it was typed, and `grading` says so."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        number = number_in(text)
        if number is None:
            return text
        return int(number) if number == int(number) else float(number)


def text(longest: int, rows: int, **more: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows > 1 else forms.TextInput()
    return forms.CharField(required=False, max_length=longest, widget=widget, **more)


# By the name in the body, in the order of the form: those above the options, and those below.
ABOVE: dict[str, Part] = {
    "who": lambda: text(100, 1, label=_("Who speaks"), help_text=_("“A customer at the counter”, for example.")),
    "line": lambda: text(5000, 3, label=_("What they say")),
    "model": lambda: text(5000, 5, label=_("Our version"), help_text=_("Shown afterwards, beside the person’s own.")),
    "look_for": lambda: LinesField(
        label=_("What a good version has"), help_text=_("A line each. People rate their own version by them.")
    ),
}
BELOW: dict[str, Part] = {
    "extra": lambda: LinesField(
        label=_("Partners that fit nothing"), help_text=_("A line each; they make guessing harder.")
    ),
    "tolerance": lambda: NumberField(
        label=_("How far a number may be off"),
        required=False,
        max_length=20,
        help_text=_("0 or more makes this a question for a number. Empty: the answer is words."),
    ),
    "otherwise": lambda: text(5000, 3, label=_("What somebody reads who wrote anything else")),
}
OF_OPTION: dict[str, Part] = {
    "text": lambda: text(2000, 2, label=_("Text")),
    "feedback": lambda: text(
        2000,
        3,
        label=_("Feedback"),
        help_text=_("What the customer likely does next, and why another choice works better."),
    ),
    "match": lambda: text(200, 1, label=_("Its partner"), help_text=_("Several may share one.")),
    "also": lambda: LinesField(
        label=_("Further spellings"), help_text=_("A line each. Capitals, spaces and marks around never matter.")
    ),
    "correct": lambda: forms.BooleanField(label=_("Correct"), required=False),
}


def unix(value: str) -> str:
    return value.strip().replace("\r\n", "\n").replace("\r", "\n")


def plain(name: str, value: Any) -> Any:
    """A part in one spelling, for comparing what was stored with what a form sent."""
    if isinstance(value, list):
        return [" ".join(str(line).split()) for line in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return str(Decimal(str(value)).normalize())
    return " ".join(str(value).split()) if name in ONE_LINE else unix(str(value or ""))
