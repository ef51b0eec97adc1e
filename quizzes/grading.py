"""What a question is worth: pure functions over plain data, without models, requests or time.

A body is `{"stem": str, …}` and the parts of its type, such as `"options": [{"key", "text", "feedback", "correct"}]`.
What a person gave is read from a form, cleaned into a response, which is JSON, and graded from 0 to 1; None is no
answer.

A type of question is one entry in TYPES and two fragments: templates/quizzes/types/<type>.html is its form, and
templates/quizzes/results/<type>.html explains it afterwards. Nothing else asks which type a question has: what an
editor's form or a course file must know of a type is in its entry too.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

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
    problems: Callable[[Body], list[Problem]]
    order: Callable[[Body, random.Random], list[str]]  # the keys as one attempt shows them
    shown: Callable[[Body, Sequence[str]], list[dict[str, str]]]  # what a page may have in it before closing
    read: Callable[[Form], Any]  # what was given, as the form sent it
    clean: Callable[[Body, Any], Response]  # the response, None if nothing was given; raises BadResponse
    fits: Callable[[Body, Any], bool]  # whether a stored response can be graded
    points: Callable[[Body, Any], Decimal]  # of a response that fits
    explained: Callable[[Body, Any, Sequence[str]], list[dict[str, Any]]]  # what the result shows, once closed
    words: Mapping[str, str] = field(default_factory=dict)  # keys and texts of options that no question can choose


def type_choices() -> list[tuple[str, Promise]]:
    return [(name, type_.label) for name, type_ in TYPES.items()]


def problems(type_: str, body: Any) -> list[Problem]:
    """What is wrong with a body, in sentences of the reader's language; empty if it can be asked."""
    if type_ not in TYPES:
        text = _("There is no question type “%(type)s”; the types are %(known)s.")
        return [Problem(text % {"type": type_, "known": ", ".join(TYPES)})]
    if not isinstance(body, Mapping) or not isinstance(body.get("stem"), str) or not body["stem"].strip():
        return [Problem(_("The question has no stem."))]
    if extra := _unknown(body, {"stem", *TYPES[type_].parts}):
        return [Problem(_("The question has unknown parts: %(parts)s.") % {"parts": extra})]
    return TYPES[type_].problems(body)


def _unknown(given: Mapping[str, Any], known: set[str]) -> str:
    return ", ".join(sorted({str(part) for part in given} - known))


def read(type_: str, form: Form) -> Any:
    """What a person gave, out of a form that was sent; still to be cleaned."""
    return TYPES[type_].read(form)


def clean(type_: str, body: Body, given: Any) -> Response:
    """The response that `given` means (of a choice: its keys); None if nothing was given. Raises BadResponse."""
    return TYPES[type_].clean(body, given)


def shown(type_: str, body: Body, order: Sequence[str]) -> list[dict[str, str]]:
    """The options, or what the type has, without a word about what is right."""
    return TYPES[type_].shown(body, order)


def order(type_: str, body: Body, chance: random.Random) -> list[str]:
    """The keys of the options in the order one attempt shows them in."""
    return TYPES[type_].order(body, chance)


def explained(type_: str, body: Body, response: Response, order: Sequence[str]) -> list[dict[str, Any]]:
    """The options with what was chosen, what is right and why. For a closed attempt only."""
    fits = type_ in TYPES and TYPES[type_].fits(body, response)
    return TYPES[type_].explained(body, response if fits else None, order) if type_ in TYPES else []


def points(type_: str, body: Body, response: Any) -> Decimal:
    """From 0 to 1, in hundredths. A malformed response is worth 0 and never raises."""
    if type_ not in TYPES or not TYPES[type_].fits(body, response):
        return Decimal(0)
    worth = TYPES[type_].points(body, response)
    return min(max(worth, Decimal(0)), Decimal(1)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def is_right(type_: str, body: Body, response: Any) -> bool:
    return points(type_, body, response) == 1


def total(graded: Sequence[Decimal]) -> Decimal:
    return sum(graded, Decimal(0))


def option_keys(body: Body) -> list[str]:
    return [option["key"] for option in body.get("options", [])]


def right_keys(body: Body) -> set[str]:
    return {option["key"] for option in body.get("options", []) if option.get("correct") is True}


# --- Choice questions ------------------------------------------------------------------------------------------------


def _text_of(option: Mapping[str, Any], part: str) -> str:
    text = option.get(part)
    return text.strip() if isinstance(text, str) else ""


def _repeated(values: Sequence[str]) -> list[str]:
    return sorted({value for value in values if values.count(value) > 1})


def _choice_problems(body: Body) -> list[Problem]:
    options = body.get("options")
    if not isinstance(options, Sequence) or isinstance(options, str) or len(options) < 2:
        return [Problem(_("A choice needs at least two options."))]
    found = []
    for number, option in enumerate(options, 1):
        if not isinstance(option, Mapping) or not _text_of(option, "key"):
            return [Problem(_("Option %(number)d has no key.") % {"number": number})]
        found += _option_problems(option)
    same_key, same_text = _("Two options have the key %(key)s."), _("Two options say “%(text)s”.")
    found += [Problem(same_key % {"key": key}) for key in _repeated(option_keys(body))]
    texts = [_text_of(option, "text").casefold() for option in options]
    return found + [Problem(same_text % {"text": text}) for text in _repeated(texts)]


def _option_problems(option: Mapping[str, Any]) -> list[Problem]:
    key = option["key"]
    said = []
    if extra := _unknown(option, {"key", "text", "feedback", "correct"}):
        said.append(("", _("Option %(key)s has unknown parts: %(parts)s.") % {"key": key, "parts": extra}))
    if not isinstance(option.get("correct", False), bool):
        said.append(("correct", _("Option %(key)s: correct is either true or false.") % {"key": key}))
    if not _text_of(option, "text"):
        said.append(("text", _("Option %(key)s has no text.") % {"key": key}))
    if not _text_of(option, "feedback"):
        said.append(("feedback", _("Option %(key)s has no feedback.") % {"key": key}))
    return [Problem(text, option=key, part=part) for part, text in said]


def _single_problems(body: Body) -> list[Problem]:
    if found := _choice_problems(body):
        return found
    if (right := len(right_keys(body))) != 1:
        text = ngettext(
            "Exactly one option must be correct; here %(n)d is.",
            "Exactly one option must be correct; here %(n)d are.",
            right,
        )
        found.append(Problem(text % {"n": right}))
    return found


def _multiple_problems(body: Body) -> list[Problem]:
    found = _choice_problems(body)
    if not found and not 0 < len(right_keys(body)) < len(body["options"]):
        found.append(Problem(_("At least one option must be correct, and at least one must not.")))
    return found


def _true_false_problems(body: Body) -> list[Problem]:
    found = _single_problems(body)
    if not found and option_keys(body) != list(TRUE_FALSE.words):
        found.append(Problem(_("True or false has exactly the options t and f, in this order.")))
    return found


def _as_written(body: Body, chance: random.Random) -> list[str]:
    return option_keys(body)


def _mixed(body: Body, chance: random.Random) -> list[str]:
    keys = option_keys(body)
    chance.shuffle(keys)
    return keys


def _in_order(body: Body, order: Sequence[str]) -> list[Mapping[str, Any]]:
    """The options in an order that names them; those it does not name come last."""
    place = {key: number for number, key in enumerate(order)}
    return sorted(body["options"], key=lambda option: place.get(option["key"], len(place)))


def _shown_options(body: Body, order: Sequence[str]) -> list[dict[str, str]]:
    return [{"key": option["key"], "text": option["text"]} for option in _in_order(body, order)]


def _explained_options(body: Body, response: Response, order: Sequence[str]) -> list[dict[str, Any]]:
    chosen = set(response or [])
    return [
        {
            "text": option["text"],
            "feedback": option["feedback"],
            "chosen": option["key"] in chosen,
            "right": option.get("correct") is True,
        }
        for option in _in_order(body, order)
    ]


def _read_options(form: Form) -> list[str]:
    return list(form.get("option", []))


def _fits_choice(body: Body, response: Any) -> bool:
    if not isinstance(response, Sequence) or isinstance(response, str) or not response:
        return False
    if not all(isinstance(key, str) for key in response):
        return False
    return len(set(response)) == len(response) and set(response) <= set(option_keys(body))


def _fits_one(body: Body, response: Any) -> bool:
    return _fits_choice(body, response) and len(response) == 1


def _clean_choice(body: Body, given: Any) -> list[str] | None:
    if not given:
        return None
    if not _fits_choice(body, given):
        raise BadResponse("The answer names an option that this question does not have, or names one twice.")
    return [key for key in option_keys(body) if key in set(given)]


def _clean_one(body: Body, given: Any) -> list[str] | None:
    keys = _clean_choice(body, given)
    if keys and len(keys) > 1:
        raise BadResponse("This question takes one answer.")
    return keys


def _one_points(body: Body, keys: Sequence[str]) -> Decimal:
    return Decimal(set(keys) == right_keys(body))


def _several_points(body: Body, keys: Sequence[str]) -> Decimal:
    """Each right tick earns a share and each wrong tick costs one, so that ticking everything earns nothing."""
    right = right_keys(body)
    wrong = set(option_keys(body)) - right
    if not right:
        return Decimal(0)
    chosen = set(keys)
    lost = Decimal(len(chosen & wrong)) / len(wrong) if wrong else Decimal(0)
    return Decimal(len(chosen & right)) / len(right) - lost


SINGLE = QuestionType(
    label=gettext_lazy("Single choice"),
    hint=gettext_lazy("Choose one."),
    parts=frozenset({"options"}),
    problems=_single_problems,
    order=_mixed,
    shown=_shown_options,
    read=_read_options,
    clean=_clean_one,
    fits=_fits_one,
    points=_one_points,
    explained=_explained_options,
)
MULTIPLE = replace(
    SINGLE,
    label=gettext_lazy("Multiple choice"),
    hint=gettext_lazy("Choose all that apply."),
    problems=_multiple_problems,
    clean=_clean_choice,
    fits=_fits_choice,
    points=_several_points,
)
TRUE_FALSE = replace(
    SINGLE,
    label=gettext_lazy("True or false"),
    problems=_true_false_problems,
    order=_as_written,
    words={"t": "True", "f": "False"},  # in the language of the course, like every other option
)

TYPES: dict[str, QuestionType] = {"single": SINGLE, "multiple": MULTIPLE, "truefalse": TRUE_FALSE}
