"""Questions that are answered by arranging: steps into their order, texts to their partners.

The form speaks of what it shows by its place on the page, never by its key: keys stand in the right order in the body.
A response names each key, with None for what is still open, so that half an answer is kept, too.
"""

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quizzes.grading.base import (
    OPTIONS,
    BadResponse,
    Body,
    Form,
    Problem,
    QuestionType,
    Response,
    in_order,
    one_value,
    option_keys,
    option_problems,
    option_texts,
    repeated,
    text_of,
)

ORDERING_PARTS = frozenset({"text", "feedback"})
MATCHING_PARTS = frozenset({"text", "feedback", "match"})


def _read(name: str) -> Any:
    """A reader of the fields `name-1`, `name-2` and so on."""

    def read(form: Form) -> dict[str, Sequence[str]]:
        prefix = f"{name}-"
        return {field[len(prefix) :]: values for field, values in form.items() if field.startswith(prefix)}

    return read


def _numbers(body: Body, given: Any, order: Sequence[str], most: int) -> dict[str, int | None]:
    """For each key the number that was given to it, None for none. Raises BadResponse for anything else."""
    shown = list(order[: len(option_keys(body))])
    if not isinstance(given, dict) or set(given) - {str(place) for place in range(1, len(shown) + 1)}:
        raise BadResponse("The answer speaks of a part that this question does not have.")
    numbers: dict[str, int | None] = {}
    for place, key in enumerate(shown, 1):
        value = one_value(given.get(str(place), []))
        if value and not (value.isascii() and value.isdigit() and len(value) < 4 and 1 <= int(value) <= most):
            raise BadResponse("The answer names a place that this question does not have.")
        numbers[key] = int(value) if value else None
    return {key: numbers.get(key) for key in option_keys(body)}


def _fits_keys(body: Body, response: Any) -> bool:
    return isinstance(response, dict) and bool(response) and set(response) <= set(option_keys(body))


def _share(right: int, body: Body) -> Decimal:
    return Decimal(right) / len(body["options"]) if body["options"] else Decimal(0)


# --- Ordering: the body has its options in the right order -----------------------------------------------------------


def _ordering_problems(body: Body) -> list[Problem]:
    return option_problems(body, ORDERING_PARTS, 3, _("An order needs at least three steps."))


def _out_of_order(body: Body, chance: random.Random) -> list[str]:
    """Mixed, and not by chance in the right order already."""
    keys = option_keys(body)
    chance.shuffle(keys)
    return keys if keys != option_keys(body) else [*keys[1:], keys[0]]


def _shown_steps(body: Body, order: Sequence[str], response: Response) -> dict[str, Any]:
    given = response or {}
    steps = [{"text": option["text"], "place": given.get(option["key"])} for option in in_order(body, order)]
    return {"options": steps, "places": list(range(1, len(steps) + 1))}


def _clean_ordering(body: Body, given: Any, order: Sequence[str]) -> dict[str, int | None] | None:
    if not given:
        return None
    numbers = _numbers(body, given, order, len(option_keys(body)))
    return numbers if any(numbers.values()) else None


def _fits_ordering(body: Body, response: Any) -> bool:
    return _fits_keys(body, response) and all(
        place is None or (isinstance(place, int) and not isinstance(place, bool)) for place in response.values()
    )


def _ordering_points(body: Body, response: dict[str, int | None]) -> Decimal:
    """The share of steps in their right place."""
    return _share(len(_right_steps(body, response)), body)


def _right_steps(body: Body, response: dict[str, int | None]) -> list[str]:
    """The steps in their right place; of two steps in one place neither is."""
    taken = [place for place in response.values() if place is not None]
    steps = enumerate(option_keys(body), 1)
    return [key for place, key in steps if response.get(key) == place and taken.count(place) == 1]


def _explained_steps(body: Body, response: Response, order: Sequence[str]) -> dict[str, Any]:
    given = response or {}
    right = _right_steps(body, given)
    return {
        "options": [
            {
                "text": option["text"],
                "feedback": option["feedback"],
                "given": given.get(option["key"]),
                "right": option["key"] in right,
            }
            for option in body["options"]
        ]
    }


# --- Matching: each option has its partner; several may share one ----------------------------------------------------


def partners(body: Body) -> list[str]:
    """What can stand on the right, each once."""
    return list(dict.fromkeys([*(option["match"] for option in body["options"]), *body.get("extra", [])]))


def _matching_problems(body: Body) -> list[Problem]:
    found = option_problems(body, MATCHING_PARTS, 2, _("There must be at least two texts to match."))
    if found:
        return found
    lonely = _("Option %(key)s has no partner.")
    found += [
        Problem(lonely % {"key": option["key"]}, option=option["key"], part="match")
        for option in body["options"]
        if not text_of(option, "match")
    ]
    extra = body.get("extra", [])
    if not isinstance(extra, list) or not all(isinstance(text, str) and text.strip() for text in extra):
        return [*found, Problem(_("The extra partners must be a list of texts."), part="extra")]
    matches = {text_of(option, "match") for option in body["options"]}
    if not found and len(matches) < 2:
        found.append(Problem(_("There must be at least two different partners."), part=OPTIONS))
    if twice := [*repeated(extra), *sorted(matches & {text.strip() for text in extra})]:
        found.append(Problem(_("The partner “%(text)s” is there twice.") % {"text": twice[0]}, part="extra"))
    return found


def _mixed_sides(body: Body, chance: random.Random) -> list[str]:
    left, right = option_keys(body), partners(body)
    chance.shuffle(left)
    chance.shuffle(right)
    return [*left, *right]


def _right_side(body: Body, order: Sequence[str]) -> list[str]:
    """The partners in the order shown, with those that the order does not name behind."""
    named = [text for text in order[len(option_keys(body)) :] if text in partners(body)]
    return list(dict.fromkeys([*named, *partners(body)]))


def _shown_sides(body: Body, order: Sequence[str], response: Response) -> dict[str, Any]:
    given, right = response or {}, _right_side(body, order)
    return {
        "options": [{"text": option["text"], "given": given.get(option["key"])} for option in in_order(body, order)],
        "partners": list(enumerate(right, 1)),
    }


def _clean_matching(body: Body, given: Any, order: Sequence[str]) -> dict[str, str | None] | None:
    if not given:
        return None
    right = _right_side(body, order)
    numbers = _numbers(body, given, order, len(right))
    return {key: right[n - 1] if n else None for key, n in numbers.items()} if any(numbers.values()) else None


def _fits_matching(body: Body, response: Any) -> bool:
    return _fits_keys(body, response) and all(text is None or isinstance(text, str) for text in response.values())


def _matching_points(body: Body, response: dict[str, str | None]) -> Decimal:
    return _share(len(_right_pairs(body, response)), body)


def _right_pairs(body: Body, response: dict[str, str | None]) -> list[str]:
    return [option["key"] for option in body["options"] if response.get(option["key"]) == option["match"]]


def _sides(body: Body) -> tuple[dict[str, str], set[str]]:
    return option_texts(body), set(partners(body))


def _explained_pairs(body: Body, response: Response, order: Sequence[str]) -> dict[str, Any]:
    given = response or {}
    return {
        "options": [
            {
                "text": option["text"],
                "feedback": option["feedback"],
                "match": option["match"],
                "given": given.get(option["key"]),
                "right": given.get(option["key"]) == option["match"],
            }
            for option in in_order(body, order)
        ]
    }


ORDERING = QuestionType(
    label=gettext_lazy("Put in order"),
    hint=gettext_lazy("Give each step its place."),
    parts=frozenset({"options"}),
    option_parts=ORDERING_PARTS,
    problems=_ordering_problems,
    order=_out_of_order,
    shown=_shown_steps,
    read=_read("place"),
    clean=_clean_ordering,
    fits=_fits_ordering,
    points=_ordering_points,
    explained=_explained_steps,
    offers=option_texts,
    counted=_right_steps,
    tallied="right",
    ordered=True,
)
MATCHING = QuestionType(
    label=gettext_lazy("Match"),
    hint=gettext_lazy("Choose a partner for each; one may fit more than once, or not at all."),
    parts=frozenset({"options", "extra"}),
    option_parts=MATCHING_PARTS,
    problems=_matching_problems,
    order=_mixed_sides,
    shown=_shown_sides,
    read=_read("match"),
    clean=_clean_matching,
    fits=_fits_matching,
    points=_matching_points,
    explained=_explained_pairs,
    offers=_sides,
    counted=_right_pairs,
    tallied="right",
)
