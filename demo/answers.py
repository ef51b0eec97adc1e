"""What people of the demo answer: for each type of question, the form of somebody who knows and of one who does not."""

from collections.abc import Callable
from typing import Any

from quizzes import grading
from quizzes.models import QuestionRevision

Body = dict[str, Any]


def form(revision: QuestionRevision, order: list[str], right: bool) -> grading.Form:
    """What a browser would send for a question shown in this order, answered rightly or wrongly."""
    return FORMS.get(revision.type, _choice)(revision.body, order, right)


def _choice(body: Body, order: list[str], right: bool) -> grading.Form:
    good = sorted(grading.right_keys(body))
    return {"option": good if right else [key for key in order if key not in good][:1]}


def _ordering(body: Body, order: list[str], right: bool) -> grading.Form:
    keys = grading.option_keys(body)
    places = {key: place for place, key in enumerate(keys if right else [keys[-1], *keys[:-1]], 1)}
    return {f"place-{number}": [str(places[key])] for number, key in enumerate(order, 1)}


def _matching(body: Body, order: list[str], right: bool) -> grading.Form:
    keys, partners = order[: len(body["options"])], order[len(body["options"]) :]
    match = {option["key"]: option["match"] for option in body["options"]}
    wrong = {key: next(text for text in partners if text != match[key]) for key in keys}
    chosen = match if right else wrong
    return {f"match-{number}": [str(partners.index(chosen[key]) + 1)] for number, key in enumerate(keys, 1)}


def _short(body: Body, order: list[str], right: bool) -> grading.Form:
    return {"text": [next(o["text"] for o in body["options"] if o.get("correct")) if right else "no idea"]}


def _rewrite(body: Body, order: list[str], right: bool) -> grading.Form:
    return {"text": [body["model"]]}


FORMS: dict[str, Callable[[Body, list[str], bool], grading.Form]] = {
    "ordering": _ordering,
    "matching": _matching,
    "short": _short,
    "rewrite": _rewrite,
}
