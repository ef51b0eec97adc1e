"""The right answers of the shipped quiz, read from the course files, for tests that take it as a person would."""

from functools import cache
from pathlib import Path

import yaml

RECOVERING = Path(__file__).resolve().parents[2] / "content/customer-service/modules/recovering"


def _plain(text: str) -> str:
    """Words only: what is the same in the file and, after typography, on the page."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


@cache
def _right() -> dict[str, set[str]]:
    quiz = yaml.safe_load((RECOVERING / "quiz-recovering.yaml").read_text())
    right = {}
    for item in quiz["items"]:
        texts = {"t": "True", "f": "False"}
        right[_plain(item["stem"])] = {
            _plain(option.get("text") or texts[option["key"]]) for option in item["options"] if option.get("correct")
        }
    return right


def is_right(page_text: str, option: str) -> bool:
    """Whether an option, as shown, is right for the question whose stem stands in the page's text."""
    shown = _plain(page_text)
    stem = max((stem for stem in _right() if stem in shown), key=len, default=None)
    assert stem is not None, f"No question of the file is on this page: {page_text[:300]}"
    return any(text == _plain(option) for text in _right()[stem])
