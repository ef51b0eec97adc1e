"""What a question is worth: pure functions over plain data, without models, requests or time.

A body is `{"stem": str, "options": [{"key", "text", "feedback", "correct"}, …]}`. A response is a list of option keys, or
None for no answer. Points go from 0 to 1 for one question. A new type of question is one entry in TYPES.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Body = Mapping[str, Any]
Response = Sequence[str] | None


class BadResponse(ValueError):
    """A response that the form of this question cannot have sent."""


@dataclass(frozen=True)
class QuestionType:
    """How one type of question is checked, read from a form and graded."""

    problems: Callable[[Body], list[str]]
    clean: Callable[[Body, Sequence[str]], list[str]]
    points: Callable[[Body, Sequence[str]], Decimal]


def problems(type_: str, body: Any) -> list[str]:
    """What is wrong with a body, in sentences; empty if it can be asked."""
    if type_ not in TYPES:
        return [f"There is no question type “{type_}”; the types are {', '.join(TYPES)}."]
    if not isinstance(body, Mapping) or not str(body.get("stem") or "").strip():
        return ["The question has no stem."]
    if extra := set(body) - {"stem", "options"}:
        return [f"The question has unknown parts: {', '.join(sorted(extra))}."]
    return TYPES[type_].problems(body)


def clean(type_: str, body: Body, keys: Sequence[str]) -> list[str] | None:
    """The response made of the option keys a form sent; None if it sent none. Raises BadResponse."""
    if not keys:
        return None
    if len(set(keys)) != len(keys) or not set(keys) <= set(option_keys(body)):
        raise BadResponse("The answer names an option that this question does not have, or names one twice.")
    return TYPES[type_].clean(body, keys)


def points(type_: str, body: Body, response: Any) -> Decimal:
    """From 0 to 1, in hundredths. A malformed response is worth 0 and never raises."""
    if type_ not in TYPES or not isinstance(response, Sequence) or isinstance(response, str):
        return Decimal(0)
    keys = [key for key in response if isinstance(key, str)]
    if len(keys) != len(response) or len(set(keys)) != len(keys) or not set(keys) <= set(option_keys(body)):
        return Decimal(0)
    worth = TYPES[type_].points(body, keys)
    return min(max(worth, Decimal(0)), Decimal(1)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def is_right(type_: str, body: Body, response: Any) -> bool:
    return points(type_, body, response) == 1


def total(graded: Sequence[Decimal]) -> Decimal:
    return sum(graded, Decimal(0))


def option_keys(body: Body) -> list[str]:
    return [option["key"] for option in body.get("options", [])]


def right_keys(body: Body) -> set[str]:
    return {option["key"] for option in body.get("options", []) if option.get("correct")}


# --- Choice questions ------------------------------------------------------------------------------------------------


def _choice_problems(body: Body) -> list[str]:
    options = body.get("options")
    if not isinstance(options, Sequence) or isinstance(options, str) or len(options) < 2:
        return ["A choice needs at least two options."]
    found = []
    for number, option in enumerate(options, 1):
        if not isinstance(option, Mapping) or not isinstance(option.get("key"), str) or not option["key"]:
            return [f"Option {number} has no key."]
        if extra := set(option) - {"key", "text", "feedback", "correct"}:
            found.append(f"Option {option['key']} has unknown parts: {', '.join(sorted(extra))}.")
        if not str(option.get("text") or "").strip():
            found.append(f"Option {option['key']} has no text.")
        if not str(option.get("feedback") or "").strip():
            found.append(f"Option {option['key']} has no feedback.")
    keys = option_keys(body)
    found += [f"Two options have the key {key}." for key in sorted({key for key in keys if keys.count(key) > 1})]
    texts = [str(option.get("text")).strip().casefold() for option in options]
    found += [f"Two options say “{text}”." for text in sorted({text for text in texts if texts.count(text) > 1})]
    return found


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


def _one(body: Body, keys: Sequence[str]) -> list[str]:
    if len(keys) > 1:
        raise BadResponse("This question takes one answer.")
    return list(keys)


def _several(body: Body, keys: Sequence[str]) -> list[str]:
    return [key for key in option_keys(body) if key in set(keys)]


def _single_points(body: Body, keys: Sequence[str]) -> Decimal:
    return Decimal(set(keys) == right_keys(body))


def _multiple_points(body: Body, keys: Sequence[str]) -> Decimal:
    """Each right tick earns a share and each wrong tick costs one, so that ticking everything earns nothing."""
    right = right_keys(body)
    if not right:
        return Decimal(0)
    wrong = set(option_keys(body)) - right
    chosen = set(keys)
    lost = Decimal(len(chosen & wrong)) / len(wrong) if wrong else Decimal(0)
    return Decimal(len(chosen & right)) / len(right) - lost


TYPES: dict[str, QuestionType] = {
    "single": QuestionType(_single_problems, _one, _single_points),
    "multiple": QuestionType(_multiple_problems, _several, _multiple_points),
    "truefalse": QuestionType(_true_false_problems, _one, _single_points),
}
