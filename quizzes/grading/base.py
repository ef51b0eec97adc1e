"""What every type of question has, and the rules for options that several types share."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

OPTIONS = "options"  # the part of a problem that is about all of them
Body = Mapping[str, Any]
Form = Mapping[str, Sequence[str]]  # what a browser sent: each name with its values
Response = Any  # JSON; its shape is the type's own


class BadResponse(ValueError):
    """A response that the form of this question cannot have sent."""


@dataclass(frozen=True)
class Problem:
    """A sentence that says why a body cannot be asked, and the option and the part of it that it is about, if any."""

    text: str
    option: str = ""
    part: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class QuestionType:
    """All that is particular to one type of question."""

    label: Promise
    hint: Promise  # what to do, under the stem
    parts: frozenset[str]  # of the body, beside the stem
    option_parts: frozenset[str]  # of each option, beside its key
    problems: Callable[[Body], list[Problem]]
    order: Callable[[Body, random.Random], list[str]]  # what one attempt shows, in its order
    shown: Callable[[Body, Sequence[str], Response], dict[str, Any]]  # what a page may have in it before closing
    read: Callable[[Form], Any]  # what was given, as the form sent it
    clean: Callable[[Body, Any, Sequence[str]], Response]  # None if nothing was given; raises BadResponse
    fits: Callable[[Body, Any], bool]  # whether a stored response can be graded
    points: Callable[[Body, Any], Decimal]  # of a response that fits
    explained: Callable[[Body, Any, Sequence[str]], dict[str, Any]]  # what the result shows, once closed
    offers: Callable[[Body], Any]  # what one can answer with; where it is the same, so is what a response means
    counted: Callable[[Body, Any], list[str]]  # of a response that fits, what an analysis counts; see `tallied`
    words: Mapping[str, str] = field(default_factory=dict)  # keys and texts of options that no question can choose
    graded: bool = True  # False: carries no points
    tallied: str = "chosen"  # what that is: options "chosen", parts that were "right", texts that were "written"
    ordered: bool = False  # True: the order of the options in the body is the answer


def text_of(data: Mapping[str, Any], part: str) -> str:
    text = data.get(part)
    return text.strip() if isinstance(text, str) else ""


def repeated(values: Sequence[str]) -> list[str]:
    return sorted({value for value in values if values.count(value) > 1})


def unknown(given: Mapping[str, Any], known: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted({str(part) for part in given} - known))


def option_keys(body: Body) -> list[str]:
    return [option["key"] for option in body.get("options", [])]


def right_keys(body: Body) -> set[str]:
    return {option["key"] for option in body.get("options", []) if option.get("correct") is True}


def option_texts(body: Body) -> dict[str, str]:
    return {option["key"]: text_of(option, "text") for option in body.get("options", [])}


def option_problems(body: Body, parts: frozenset[str], least: int, too_few: str) -> list[Problem]:
    """What is wrong with the options of any type: keys and texts unique, nothing empty, nothing unknown."""
    options = body.get("options")
    if not isinstance(options, Sequence) or isinstance(options, str) or len(options) < least:
        return [Problem(too_few, part=OPTIONS)]
    found = []
    for number, option in enumerate(options, 1):
        if not isinstance(option, Mapping) or not text_of(option, "key"):
            return [Problem(_("Option %(number)d has no key.") % {"number": number})]
        found += _problems_of(option, parts)
    same_key = _("Two options have the key %(key)s.")
    found += [Problem(same_key % {"key": key}) for key in repeated(option_keys(body))]
    return found + _said_twice(options)


def _said_twice(options: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """At the later one of two options that say the same."""
    found, known = [], {""}
    for option in options:
        text = text_of(option, "text")
        if text and text.casefold() in known:
            said = _("Two options say “%(text)s”. Change one of them, or take it out.")
            found.append(Problem(said % {"text": text}, option=option["key"], part="text"))
        known.add(text.casefold())
    return found


def _problems_of(option: Mapping[str, Any], parts: frozenset[str]) -> list[Problem]:
    key = option["key"]
    said = []
    if extra := unknown(option, {"key", *parts}):
        said.append(("", _("Option %(key)s has unknown parts: %(parts)s.") % {"key": key, "parts": extra}))
    if not isinstance(option.get("correct", False), bool):
        said.append(("correct", _("Option %(key)s: correct is either true or false.") % {"key": key}))
    if not text_of(option, "text"):
        said.append(("text", _("Option %(key)s has no text. Write what it says, or take it out.") % {"key": key}))
    if not text_of(option, "feedback"):
        said.append(("feedback", _("Option %(key)s has no feedback. Say what happens next, and why.") % {"key": key}))
    return [Problem(text, option=key, part=part) for part, text in said]


def missing(body: Body, part: str, text: str) -> list[Problem]:
    return [] if text_of(body, part) else [Problem(text, part=part)]


def in_order(body: Body, order: Sequence[str]) -> list[Mapping[str, Any]]:
    """The options in an order that names them; those it does not name come last."""
    place = {key: number for number, key in enumerate(order)}
    return sorted(body["options"], key=lambda option: place.get(option["key"], len(place)))


def mixed(body: Body, chance: random.Random) -> list[str]:
    keys = option_keys(body)
    chance.shuffle(keys)
    return keys


def one_value(values: Sequence[str]) -> str:
    """The value of a field that a form sends once; "" if it was left empty."""
    if len(values) > 1:
        raise BadResponse("This part of the answer was given twice.")
    return values[0] if values else ""
