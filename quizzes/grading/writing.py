"""Questions that are answered in writing: a word or a number that is compared, a rewrite that one rates oneself."""

import random
import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quizzes.grading.base import (
    BadResponse,
    Body,
    Form,
    Problem,
    QuestionType,
    Response,
    missing,
    one_value,
    option_problems,
    right_keys,
    text_of,
)

SHORT_PARTS = frozenset({"text", "feedback", "correct", "also"})
LONGEST_SHORT = 200  # characters
LONGEST_REWRITE = 4000

_BREAKS = str.maketrans("\v\f\u2028", "\n\n\n")  # which word processors put between lines
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_AROUND = " .,;:!?\"'“”‘’«»()"


def folded(text: str) -> str:
    """What two answers must share to be the same: not capitals, spacing, width or the marks around them."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("‐", "-").replace("–", "-")
    return " ".join(plain.split()).strip(_AROUND)


def number_in(text: str) -> Decimal | None:
    """The number somebody typed: 1,234.5 or 12,5 or 35 % or $5; None if it is none."""
    plain = "".join(unicodedata.normalize("NFKC", text).replace("−", "-").split()).strip("$€£%").rstrip(".")
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    plain = plain.replace(",", ".")
    if not re.fullmatch(r"[-+]?(\d{1,15}(\.\d{1,15})?|\.\d{1,15})", plain):
        return None
    return Decimal(plain)


def tolerance(body: Body) -> Decimal | None:
    """How far a number may be off; None if the answer is words."""
    value = body.get("tolerance")
    if value is None or isinstance(value, bool):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _accepts(option: Mapping[str, Any], text: str, within: Decimal | None) -> bool:
    spellings = [option["text"], *option.get("also", [])]
    if within is None:
        return folded(text) in {folded(spelling) for spelling in spellings}
    given = number_in(text)
    meant = [number_in(spelling) for spelling in spellings]
    return given is not None and any(n is not None and abs(n - given) <= within for n in meant)


def _met(body: Body, text: str) -> Mapping[str, Any] | None:
    """The option an answer comes to; right ones first, since a tolerance may touch a wrong one."""
    options = sorted(body["options"], key=lambda option: option.get("correct") is not True)
    within = tolerance(body)
    return next((option for option in options if _accepts(option, text, within)), None)


def _short_problems(body: Body) -> list[Problem]:
    found = option_problems(body, SHORT_PARTS, 1, _("There must be at least one accepted answer."))
    if found:
        return found
    found = missing(body, "otherwise", _("Say what somebody reads who wrote none of these."))
    if not right_keys(body):
        found.append(Problem(_("At least one option must be correct.")))
    if "tolerance" in body and ((within := tolerance(body)) is None or not within.is_finite() or within < 0):
        found.append(Problem(_("The tolerance must be a number of 0 or more."), part="tolerance"))
    for option in body["options"]:
        found += _spelling_problems(option, "tolerance" in body)
    return found


def _spelling_problems(option: Mapping[str, Any], is_number: bool) -> list[Problem]:
    key, also = option["key"], option.get("also", [])
    if not isinstance(also, list) or not all(isinstance(text, str) and text.strip() for text in also):
        text = _("Option %(key)s: the further spellings must be a list of texts.")
        return [Problem(text % {"key": key}, option=key, part="also")]
    spellings = [option["text"], *also]
    if is_number and any(number_in(spelling) is None for spelling in spellings):
        text = _("Option %(key)s must be a number, since there is a tolerance.")
        return [Problem(text % {"key": key}, option=key, part="text")]
    if not is_number and any(not folded(spelling) for spelling in spellings):
        return [Problem(_("Option %(key)s has no letters or digits.") % {"key": key}, option=key, part="text")]
    return []


def _no_order(body: Body, chance: random.Random) -> list[str]:
    return []


def _read(form: Form) -> Sequence[str]:
    return form.get("text", [])


def _clean_text(given: Any, longest: int) -> str | None:
    if not isinstance(given, Sequence) or isinstance(given, str) or not all(isinstance(text, str) for text in given):
        raise BadResponse("The answer is not a text.")
    text = one_value(given).replace("\r\n", "\n").translate(_BREAKS).strip()
    if len(text) > longest:
        raise BadResponse("The answer is too long.")
    if _CONTROL.search(text):
        raise BadResponse("The answer has characters in it that no keyboard types.")
    return text or None


def _clean_short(body: Body, given: Any, order: Sequence[str]) -> str | None:
    return _clean_text(given, LONGEST_SHORT) if given else None


def _clean_rewrite(body: Body, given: Any, order: Sequence[str]) -> str | None:
    return _clean_text(given, LONGEST_REWRITE) if given else None


def _fits(body: Body, response: Any) -> bool:
    return isinstance(response, str) and bool(response.strip())


def _short_points(body: Body, text: str) -> Decimal:
    met = _met(body, text)
    return Decimal(met is not None and met.get("correct") is True)


def _shown_short(body: Body, order: Sequence[str], response: Response) -> dict[str, Any]:
    return {"text": response or "", "longest": LONGEST_SHORT, "is_number": "tolerance" in body}


def _explained_short(body: Body, response: Response, order: Sequence[str]) -> dict[str, Any]:
    met = _met(body, response) if response else None
    right = [option for option in body["options"] if option.get("correct") is True]
    return {
        "text": response or "",
        "right": met is not None and met.get("correct") is True,
        "feedback": met["feedback"] if met else body["otherwise"],
        "accepted": [{"text": option["text"], "feedback": option["feedback"]} for option in right],
    }


def _anything(body: Body) -> None:
    """What one can write does not depend on the options."""


def _written(body: Body, response: str) -> list[str]:
    return [folded(response)]


def _nothing(body: Body, response: str) -> list[str]:
    return []


def _rewrite_problems(body: Body) -> list[Problem]:
    found = missing(body, "model", _("The rewrite has no model answer."))
    lines = body.get("look_for")
    if not isinstance(lines, list) or not lines or not all(isinstance(line, str) and line.strip() for line in lines):
        found.append(Problem(_("Say in “look_for” what a good rewrite has, a line each."), part="look_for"))
    return found


def _no_points(body: Body, text: str) -> Decimal:
    return Decimal(0)


def _shown_rewrite(body: Body, order: Sequence[str], response: Response) -> dict[str, Any]:
    return {"text": response or "", "longest": LONGEST_REWRITE}


def _explained_rewrite(body: Body, response: Response, order: Sequence[str]) -> dict[str, Any]:
    return {"text": response or "", "model": text_of(body, "model"), "look_for": list(body.get("look_for", []))}


SHORT = QuestionType(
    label=gettext_lazy("Short text or number"),
    hint=gettext_lazy("Type your answer. Capitals and spaces do not matter."),
    parts=frozenset({"options", "otherwise", "tolerance"}),
    option_parts=SHORT_PARTS,
    problems=_short_problems,
    order=_no_order,
    shown=_shown_short,
    read=_read,
    clean=_clean_short,
    fits=_fits,
    points=_short_points,
    explained=_explained_short,
    offers=_anything,
    counted=_written,
    tallied="written",
)
REWRITE = QuestionType(
    label=gettext_lazy("Rewrite, compared with ours"),
    hint=gettext_lazy("Write your own version. It earns no points; afterwards you see ours and compare."),
    parts=frozenset({"model", "look_for"}),
    option_parts=frozenset(),
    problems=_rewrite_problems,
    order=_no_order,
    shown=_shown_rewrite,
    read=_read,
    clean=_clean_rewrite,
    fits=_fits,
    points=_no_points,
    explained=_explained_rewrite,
    offers=_anything,
    counted=_nothing,
    tallied="",
    graded=False,
)
