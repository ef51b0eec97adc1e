"""Questions that are answered by choosing: of one or several options, true or false, a reply to a customer's line."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from quizzes.grading.base import (
    OPTIONS,
    BadResponse,
    Body,
    Form,
    Problem,
    QuestionType,
    Response,
    in_order,
    missing,
    mixed,
    option_keys,
    option_problems,
    option_texts,
    right_keys,
)

OPTION_PARTS = frozenset({"text", "feedback", "correct"})


def _option_problems(body: Body) -> list[Problem]:
    return option_problems(body, OPTION_PARTS, 2, _("A choice needs at least two options."))


def _single_problems(body: Body) -> list[Problem]:
    if found := _option_problems(body):
        return found
    if (right := len(right_keys(body))) != 1:
        text = ngettext(
            "Exactly one option must be correct; here %(n)d is. Mark the best one, and no other.",
            "Exactly one option must be correct; here %(n)d are. Mark the best one, and no other.",
            right,
        )
        found.append(Problem(text % {"n": right}, part=OPTIONS))
    return found


def _multiple_problems(body: Body) -> list[Problem]:
    found = _option_problems(body)
    if not found and not 0 < len(right_keys(body)) < len(body["options"]):
        found.append(Problem(_("At least one option must be correct, and at least one must not."), part=OPTIONS))
    return found


def _true_false_problems(body: Body) -> list[Problem]:
    found = _single_problems(body)
    if not found and option_keys(body) != list(TRUE_FALSE.words):
        found.append(Problem(_("True or false has exactly the options t and f, in this order.")))
    return found


def _scenario_problems(body: Body) -> list[Problem]:
    found = missing(body, "who", _("The scenario does not say who speaks."))
    return found + missing(body, "line", _("The scenario has no line of the customer.")) + _single_problems(body)


def _as_written(body: Body, chance: random.Random) -> list[str]:
    return option_keys(body)


def _shown(body: Body, order: Sequence[str], response: Response) -> dict[str, Any]:
    chosen = set(response or [])
    return {
        "options": [
            {"key": option["key"], "text": option["text"], "chosen": option["key"] in chosen}
            for option in in_order(body, order)
        ]
    }


def _shown_scenario(body: Body, order: Sequence[str], response: Response) -> dict[str, Any]:
    return {"who": body["who"], "line": body["line"], **_shown(body, order, response)}


def _explained(body: Body, response: Response, order: Sequence[str]) -> dict[str, Any]:
    chosen = set(response or [])
    return {
        "options": [
            {
                "text": option["text"],
                "feedback": option["feedback"],
                "chosen": option["key"] in chosen,
                "right": option.get("correct") is True,
            }
            for option in in_order(body, order)
        ]
    }


def _explained_scenario(body: Body, response: Response, order: Sequence[str]) -> dict[str, Any]:
    return {"who": body["who"], "line": body["line"], **_explained(body, response, order)}


def _read(form: Form) -> list[str]:
    return list(form.get("option", []))


def _fits_several(body: Body, response: Any) -> bool:
    if not isinstance(response, Sequence) or isinstance(response, str) or not response:
        return False
    if not all(isinstance(key, str) for key in response):
        return False
    return len(set(response)) == len(response) and set(response) <= set(option_keys(body))


def _fits_one(body: Body, response: Any) -> bool:
    return _fits_several(body, response) and len(response) == 1


def _clean_several(body: Body, given: Any, order: Sequence[str]) -> list[str] | None:
    if not given:
        return None
    if not _fits_several(body, given):
        raise BadResponse("The answer names an option that this question does not have, or names one twice.")
    return [key for key in option_keys(body) if key in set(given)]


def _clean_one(body: Body, given: Any, order: Sequence[str]) -> list[str] | None:
    keys = _clean_several(body, given, order)
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


def _chosen(body: Body, response: Sequence[str]) -> list[str]:
    return list(response)


SINGLE = QuestionType(
    label=gettext_lazy("Single choice"),
    hint=gettext_lazy("Choose one."),
    parts=frozenset({"options"}),
    option_parts=OPTION_PARTS,
    problems=_single_problems,
    order=mixed,
    shown=_shown,
    read=_read,
    clean=_clean_one,
    fits=_fits_one,
    points=_one_points,
    explained=_explained,
    offers=option_texts,
    counted=_chosen,
)
MULTIPLE = replace(
    SINGLE,
    label=gettext_lazy("Multiple choice"),
    hint=gettext_lazy("Choose all that apply."),
    problems=_multiple_problems,
    clean=_clean_several,
    fits=_fits_several,
    points=_several_points,
)
TRUE_FALSE = replace(
    SINGLE,
    label=gettext_lazy("True or false"),
    problems=_true_false_problems,
    order=_as_written,
    words={"t": "True", "f": "False"},  # in the language of the course, like every other option
)
SCENARIO = replace(
    SINGLE,
    label=gettext_lazy("A customer’s line"),
    hint=gettext_lazy("Choose what you would say."),
    parts=frozenset({"options", "who", "line"}),
    problems=_scenario_problems,
    shown=_shown_scenario,
    explained=_explained_scenario,
)
