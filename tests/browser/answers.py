"""The answers to the shipped questions, read from the course files, for tests that take quizzes as a person would."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

MODULES = Path(__file__).resolve().parents[2] / "content/customer-service/modules"
WORDS = {"t": "True", "f": "False"}


def _plain(text: str) -> str:
    """Words only: what is the same in the file and, after typography, on the page."""
    return "".join(letter for letter in re.sub(r"\]\([^)]*\)", "", text).casefold() if letter.isalnum())


@cache
def _items() -> dict[str, dict[str, Any]]:
    """Every question of the course by its stem."""
    items: list[dict[str, Any]] = []
    for file in MODULES.glob("*/*.yaml"):
        items += yaml.safe_load(file.read_text()).get("items", [])
    for file in MODULES.glob("*/*.md"):
        head = yaml.safe_load(file.read_text().split("---")[1])
        items += [head["check"]] if "check" in head else []
    return {_plain(item["stem"]): item for item in items}


def item_on(page: Any) -> dict[str, Any]:
    """The question whose form is on the page."""
    stem = _plain(page.locator(".quiz-question legend").inner_text())
    assert stem in _items(), f"No question of the files asks: {stem[:200]}"
    return _items()[stem]


def fill(page: Any, right: bool = True) -> str:
    """Answer the question on the page, rightly or wrongly, and return its type."""
    item = item_on(page)
    FILL.get(item["type"], _choose)(page, item, right)
    return str(item["type"])


def _option_of(item: dict[str, Any], text: str) -> int:
    texts = [_plain(option.get("text") or WORDS[option["key"]]) for option in item["options"]]
    return texts.index(_plain(text))


def _choose(page: Any, item: dict[str, Any], right: bool) -> None:
    for label in page.locator(".quiz-option").all():
        option = item["options"][_option_of(item, label.inner_text())]
        if bool(option.get("correct")) == right:
            label.locator("input").check()
            if label.locator("input").get_attribute("type") == "radio":
                return


def _order(page: Any, item: dict[str, Any], right: bool) -> None:
    count = len(item["options"])
    for row in page.locator(".quiz-arrange li").all():
        place = _option_of(item, row.locator("label").inner_text())
        row.locator("select").select_option(str(place + 1 if right else (place + 1) % count + 1))


def _match(page: Any, item: dict[str, Any], right: bool) -> None:
    for row in page.locator(".quiz-match li").all():
        partner = item["options"][_option_of(item, row.locator("label").inner_text())]["match"]
        others = [text for text in row.locator("select option").all_inner_texts()[1:] if text != partner]
        row.locator("select").select_option(label=partner if right else others[0])


def _write(page: Any, item: dict[str, Any], right: bool) -> None:
    accepted = next(option["text"] for option in item["options"] if option.get("correct"))
    page.locator("input[name=text]").fill(accepted if right else "no idea")


def _rewrite(page: Any, item: dict[str, Any], right: bool) -> None:
    page.locator("textarea[name=text]").fill("I will do it today.")


FILL = {"ordering": _order, "matching": _match, "short": _write, "rewrite": _rewrite}
