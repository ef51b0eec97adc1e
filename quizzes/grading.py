"""What a question is worth: pure functions over plain data, without models, requests or time.

A body is `{"stem": str, …}` and the parts of its type, such as `"options": [{"key", "text", "feedback", "correct"}]`.
What a person gave is read from a form, cleaned into a response, which is JSON, and graded from 0 to 1; None is no
answer.

A type of question is one entry in TYPES and two fragments: templates/quizzes/types/<type>.html is its form, and
templates/quizzes/results/<type>.html explains it afterwards. Nothing else asks which type a question has.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Body = Mapping[str, Any]
Form = Mapping[str, Sequence[str]]  # what a browser sent: each name with its values
Response = Any  # JSON; its shape is the type's own


class BadResponse(ValueError):
    """A response that the form of this question cannot have sent."""


@dataclass(frozen=True)
class QuestionType:
    """All that is particular to one type of question."""

    label: Promise
    hint: Promise  # what to do, under the stem
    parts: frozenset[str]  # of the body, beside the stem
    problems: Callable[[Body], list[str]]  # sentences that say why a body cannot be asked
    order: Callable[[Body, random.Random], list[str]]  # the keys as one attempt shows them
    shown: Callable[[Body, Sequence[str]], list[dict[str, str]]]  # what a page may have in it before closing
    read: Callable[[Form], Any]  # what was given, as the form sent it
    clean: Callable[[Body, Any], Response]  # the response, None if nothing was given; raises BadResponse
    fits: Callable[[Body, Any], bool]  # whether a stored response can be graded
    points: Callable[[Body, Any], Decimal]  # of a response that fits
    explained: Callable[[Body, Any, Sequence[str]], list[dict[str, Any]]]  # what the result shows, once closed


def type_choices() -> list[tuple[str, Promise]]:
    return [(name, type_.label) for name, type_ in TYPES.items()]


def problems(type_: str, body: Any) -> list[str]:
    """What is wrong with a body, in sentences; empty if it can be asked."""
    if type_ not in TYPES:
        return [f"There is no question type “{type_}”; the types are {', '.join(TYPES)}."]
    if not isinstance(body, Mapping) or not isinstance(body.get("stem"), str) or not body["stem"].strip():
        return ["The question has no stem."]
    if extra := {str(part) for part in body} - TYPES[type_].parts - {"stem"}:
        return [f"The question has unknown parts: {', '.join(sorted(extra))}."]
    return TYPES[type_].problems(body)


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


def _choice_problems(body: Body) -> list[str]:
    options = body.get("options")
    if not isinstance(options, Sequence) or isinstance(options, str) or len(options) < 2:
        return ["A choice needs at least two options."]
    found = []
    for number, option in enumerate(options, 1):
        if not isinstance(option, Mapping) or not _text_of(option, "key"):
            return [f"Option {number} has no key."]
        found += _option_problems(option)
    found += [f"Two options have the key {key}." for key in _repeated(option_keys(body))]
    texts = [_text_of(option, "text").casefold() for option in options]
    return found + [f"Two options say “{text}”." for text in _repeated(texts)]


def _option_problems(option: Mapping[str, Any]) -> list[str]:
    key, found = option["key"], []
    if extra := {str(part) for part in option} - {"key", "text", "feedback", "correct"}:
        found.append(f"Option {key} has unknown parts: {', '.join(sorted(extra))}.")
    if not isinstance(option.get("correct", False), bool):
        found.append(f"Option {key}: correct is either true or false.")
    return found + [f"Option {key} has no {part}." for part in ("text", "feedback") if not _text_of(option, part)]


def _single_problems(body: Body) -> list[str]:
    found = _choice_problems(body)
    if not found and len(right_keys(body)) != 1:
        found.append(f"Exactly one option must be correct; here {len(right_keys(body))} are.")
    return found


def _multiple_problems(body: Body) -> list[str]:
    found = _choice_problems(body)
    if not found and not 0 < len(right_keys(body)) < len(body["options"]):
        found.append("At least one option must be correct, and at least one must not.")
    return found


def _true_false_problems(body: Body) -> list[str]:
    found = _single_problems(body)
    if not found and option_keys(body) != ["t", "f"]:
        found.append("True or false has exactly the options t and f, in this order.")
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
    label=_("Single choice"),
    hint=_("Choose one."),
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
MULTIPLE = QuestionType(
    label=_("Multiple choice"),
    hint=_("Choose all that apply."),
    parts=frozenset({"options"}),
    problems=_multiple_problems,
    order=_mixed,
    shown=_shown_options,
    read=_read_options,
    clean=_clean_choice,
    fits=_fits_choice,
    points=_several_points,
    explained=_explained_options,
)
TRUE_FALSE = QuestionType(
    label=_("True or false"),
    hint=_("Choose one."),
    parts=frozenset({"options"}),
    problems=_true_false_problems,
    order=_as_written,
    shown=_shown_options,
    read=_read_options,
    clean=_clean_one,
    fits=_fits_one,
    points=_one_points,
    explained=_explained_options,
)

TYPES: dict[str, QuestionType] = {"single": SINGLE, "multiple": MULTIPLE, "truefalse": TRUE_FALSE}
