"""What a question is worth: pure functions over plain data, without models, requests or time.

A body is `{"stem": str, …}` and the parts of its type, such as `"options": [{"key", "text", "feedback", "correct"}]`.
What a person gave is read from a form, cleaned into a response, which is JSON, and graded from 0 to 1; None is no
answer.

A type of question is one entry in TYPES and two fragments: templates/quizzes/types/<type>.html is its form, and
templates/quizzes/results/<type>.html explains it afterwards. Nothing else of the site asks which type a question has:
what an editor's form or a course file must know of a type is in its entry too. Only the quality bars of files and the
people of the demo tell types apart.
"""

import random
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from quizzes.grading.arranging import MATCHING, ORDERING
from quizzes.grading.base import (
    OPTIONS,
    BadResponse,
    Body,
    Form,
    Problem,
    QuestionType,
    Response,
    option_keys,
    right_keys,
    unknown,
)
from quizzes.grading.choice import MULTIPLE, SCENARIO, SINGLE, TRUE_FALSE
from quizzes.grading.writing import REWRITE, SHORT

__all__ = [
    "OPTIONS",
    "TYPES",
    "BadResponse",
    "Body",
    "Form",
    "Problem",
    "QuestionType",
    "Response",
    "option_keys",
    "right_keys",
]

TYPES: dict[str, QuestionType] = {
    "single": SINGLE,
    "multiple": MULTIPLE,
    "truefalse": TRUE_FALSE,
    "scenario": SCENARIO,
    "ordering": ORDERING,
    "matching": MATCHING,
    "short": SHORT,
    "rewrite": REWRITE,
}


def type_choices() -> list[tuple[str, Promise]]:
    return [(name, type_.label) for name, type_ in TYPES.items()]


def is_alike(type_: str, other: str) -> bool:
    """Whether a question of one type can become one of the other: both have the same parts."""
    one, two = TYPES[type_], TYPES[other]
    return (one.parts, one.option_parts, one.ordered) == (two.parts, two.option_parts, two.ordered)


def problems(type_: str, body: Any) -> list[Problem]:
    """What is wrong with a body, in sentences of the reader's language; empty if it can be asked."""
    if type_ not in TYPES:
        text = _("There is no question type “%(type)s”; the types are %(known)s.")
        return [Problem(text % {"type": type_, "known": ", ".join(TYPES)})]
    if not isinstance(body, Mapping) or not isinstance(body.get("stem"), str) or not body["stem"].strip():
        return [Problem(_("The question has no stem."))]
    if extra := unknown(body, {"stem", *TYPES[type_].parts}):
        return [Problem(_("The question has unknown parts: %(parts)s.") % {"parts": extra})]
    return TYPES[type_].problems(body)


def read(type_: str, form: Form) -> Any:
    """What a person gave, out of a form that was sent; still to be cleaned."""
    return TYPES[type_].read(form)


def clean(type_: str, body: Body, given: Any, order: Sequence[str]) -> Response:
    """The response that `given` means, in a form that showed `order`; None if nothing was given. Raises BadResponse."""
    return TYPES[type_].clean(body, given, order)


def shown(type_: str, body: Body, order: Sequence[str], response: Response = None) -> dict[str, Any]:
    """What the form of the type shows, with what was given so far and without a word about what is right."""
    fits = response is not None and TYPES[type_].fits(body, response)
    return TYPES[type_].shown(body, order, response if fits else None)


def order(type_: str, body: Body, chance: random.Random) -> list[str]:
    """What one attempt shows, in its order: the keys of the options, and behind them what else is mixed."""
    return TYPES[type_].order(body, chance)


def steady_order(type_: str, body: Body) -> list[str]:
    """An order that is the same whenever this question is shown, for questions outside of attempts."""
    return order(type_, body, random.Random(str(body.get("stem"))))  # noqa: S311  # a shuffle, not a secret


def explained(type_: str, body: Body, response: Response, order: Sequence[str]) -> dict[str, Any]:
    """What was given, what is right and why. For a closed attempt only."""
    if type_ not in TYPES:
        return {"options": []}
    fits = TYPES[type_].fits(body, response)
    return TYPES[type_].explained(body, response if fits else None, order)


def is_graded(type_: str) -> bool:
    """Whether a question of this type counts towards the score."""
    return type_ in TYPES and TYPES[type_].graded


def is_complete(response: Response) -> bool:
    """Whether nothing of an answer is open: of steps each has its own place, of pairs each its partner."""
    if not isinstance(response, dict):
        return response is not None
    given = list(response.values())
    places = [place for place in given if isinstance(place, int)]
    return None not in given and len(set(places)) == len(places)


def points(type_: str, body: Body, response: Any) -> Decimal:
    """From 0 to 1, in hundredths. A malformed response is worth 0 and never raises."""
    if type_ not in TYPES or not TYPES[type_].fits(body, response):
        return Decimal(0)
    worth = TYPES[type_].points(body, response)
    return min(max(worth, Decimal(0)), Decimal(1)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def is_right(type_: str, body: Body, response: Any) -> bool:
    return points(type_, body, response) == 1


def counted(type_: str, body: Body, response: Any) -> list[str]:
    """What an analysis counts of a response: keys of options, or what was written, folded; nothing if malformed."""
    fits = type_ in TYPES and TYPES[type_].fits(body, response)
    return TYPES[type_].counted(body, response) if fits else []


def offers_same(type_: str, body: Body, other_type: str, other: Body) -> bool:
    """Whether a response to one body means the same in the other, however differently they grade it."""
    if type_ not in TYPES or type_ != other_type:
        return False
    return bool(TYPES[type_].offers(body) == TYPES[type_].offers(other))


def total(graded: Sequence[Decimal]) -> Decimal:
    return sum(graded, Decimal(0))
