"""A small course that stays below no bar, to be broken by the tests in one place at a time."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import yaml

WORDS = """
kettle counter parcel window garden letter driver bakery ticket engine carpet pencil mirror button ladder basket
blanket candle drawer feather hammer island jacket kitchen lemon market needle orange pepper quarter ribbon saddle
tunnel velvet wagon yellow zipper anchor bottle copper dinner elbow finger glove harbor insect jungle koala lantern
meadow napkin oyster pillow rabbit shadow timber umbrella valley whistle bridge castle desert forest gravel helmet
""".split()  # noqa: SIM905  # read as text
SENTENCE = "The woman with the broken kettle comes back to your counter before you have finished the morning list. "
PARAGRAPH = SENTENCE * 4
DIALOGUE = """::: weak
**{one}:** Next, please.

**{two}:** It broke again.

**{one}:** We did not make it.
:::

::: strong
**{one}:** It broke again, and you came back. Thank you for that.

**{two}:** I nearly went elsewhere.

**{one}:** Give me one minute with it, here, where you can see me.
:::
"""
TRY = "::: try\nWrite down the first sentence you will say.\n:::\n"
DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 120">
  <title>Two doors side by side</title>
  <desc>The left door is open, and a line leads through it.</desc>
  <rect class="d-fill" x="20" y="20" width="120" height="80"/>
  <text class="d-text" x="80" y="66" font-size="16" text-anchor="middle">Open</text>
</svg>
"""


def some_words(seed: str, number: int) -> str:
    """Always the same ones for the same seed, and others for another."""
    return " ".join(random.Random(seed).sample(WORDS, number)).capitalize() + "."


def question(key: str, number: int, type_: str = "single", objective: str = "O1.1", **more: Any) -> dict[str, Any]:
    """With the right option at places that change, and as often the longest as by chance."""
    options = [
        {"key": letter, "text": some_words(f"{key}{letter}", 6), "feedback": some_words(f"{key}-{letter}", 14)}
        for letter in "abc"
    ]
    right = number % 3
    longest = right if number % 4 == 0 else (right + 1) % 3
    options[longest]["text"] += " Then wait until she has answered."
    options[right]["correct"] = True
    if type_ == "truefalse":
        options = [{"key": letter, "feedback": some_words(f"{key}-{letter}", 14)} for letter in "tf"]
        options[number % 2]["correct"] = True
    if type_ == "short":
        more = {"otherwise": some_words(f"{key}-else", 14), **more}
    stem = some_words(f"{key} stem", 14)
    return {"key": key, "type": type_, "objective": objective, "stem": stem, "options": options, **more}


def reading(number: int) -> str:
    front = {
        "key": f"reading-{number}",
        "kind": "reading",
        "title": f"Reading {number}",
        "objectives": ["O1.1", "O1.2"],
        "covers": [f"S1-0{number}"],
        "refs": ["R1"],
        "takeaway": "Look up before you look it up.",
        "check": question(f"check-{number}", number),
    }
    body = "\n\n".join(PARAGRAPH.strip() for _ in range(6))
    dialogue = DIALOGUE.format(one="Odalys", two="Mr. Brandt")
    diagram = "\n::: diagram doors\n:::\n" if number == 1 else ""
    return f"---\n{yaml.safe_dump(front)}---\n{body}\n\n{dialogue}{diagram}\n{TRY}"


def page(key: str, kind: str, words: int, **front: Any) -> str:
    head = yaml.safe_dump({"key": key, "kind": kind, "title": f"Page {key}", **front})
    text = "\n\n".join([PARAGRAPH.strip()] * (words // 72))
    return f"---\n{head}---\n{text}\n"


def quiz(key: str, items: list[dict[str, Any]], **more: Any) -> str:
    return yaml.safe_dump(
        {"key": key, "kind": "quiz", "title": f"Quiz {key}", "objectives": [], "intro": "Go.", "items": items, **more}
    )


def module_items() -> list[dict[str, Any]]:
    kinds = ["single"] * 12 + ["short", "short", "truefalse", "truefalse"]
    return [
        question(
            f"one-{number}", number, type_, f"O1.{number % 2 + 1}", level="apply" if number % 3 else "recall",
            reread="reading-1",
        )
        for number, type_ in enumerate(kinds)
    ]  # fmt: skip


def final_items() -> list[dict[str, Any]]:
    return [
        question(f"fin-{number}", number, "single", f"O{number % 2 + 1}.1", level="apply", reread="reading-1")
        for number in range(9)
    ] + [question("fin-9", 0, "single", "O1.2", level="apply"), question("fin-10", 1, "single", "O2.2", level="judge")]


def files() -> dict[str, str]:
    """The files of the course by name. Module one is ready, module two is, too, in the same words."""
    course = {
        "format": 1,
        "key": "sound",
        "title": "A Sound Course",
        "modules": ["one", "two"],
        "skills": [{"key": "listening", "title": "Listening"}],
        "paths": [{"key": "full", "title": "All", "default": True, "steps": [{"module": "one"}, {"module": "two"}]}],
        "facts": [{"key": "greeting", "title": "How we open", "text": "Good morning."}],
    }
    promises = {
        "counts": {"modules": 2, "readings": 8, "stories": 2, "final_items": 10, "words": 4000},
        "sources": [f"S1-0{number}" for number in range(1, 9)],
        "references": ["R1"],
        "names_not_used": ["Gibbs"],
    }
    found = {"course.yaml": yaml.safe_dump(course), "promises.yaml": yaml.safe_dump(promises)}
    found |= _module("one", 1)
    found |= _module("two", 2)
    found["modules/one/diagrams/doors.svg"] = DRAWING
    return found


def _module(key: str, number: int) -> dict[str, str]:
    readings = [4 * (number - 1) + place for place in range(1, 5)]
    final = [] if number == 1 else ["final"]
    keys = [*(f"reading-{n}" for n in readings), f"story-{key}", f"quiz-{key}", f"job-aid-{key}", f"huddle-{key}"]
    module = {
        "key": key,
        "title": f"Module {key}",
        "purpose": "Begin well.",
        "status": "ready",
        "objectives": [
            {"key": f"O{number}.1", "text": "Open a contact.", "skill": "listening"},
            {"key": f"O{number}.2", "text": "Close a contact.", "skill": "listening"},
        ],
        "lessons": [*keys, *final],
    }
    base = f"modules/{key}"
    found = {f"{base}/module.yaml": yaml.safe_dump(module)}
    items = module_items() if number == 1 else [_moved(item) for item in module_items()]
    for n in readings:
        text = reading(n)
        if number == 2:
            text = text.replace("O1.", "O2.").replace("Odalys", "Farouk").replace("Brandt", "Okafor")
        found[f"{base}/reading-{n}.md"] = text
    found[f"{base}/story-{key}.md"] = page(f"story-{key}", "story", 216, objectives=[f"O{number}.1"])
    found[f"{base}/job-aid-{key}.md"] = page(f"job-aid-{key}", "page", 150)
    found[f"{base}/huddle-{key}.md"] = page(f"huddle-{key}", "page", 150)
    objectives = [f"O{number}.1"]
    found[f"{base}/quiz-{key}.yaml"] = quiz(f"quiz-{key}", items, objectives=objectives, draw=8, **{"pass": 6})
    if final:
        found[f"{base}/final.yaml"] = quiz("final", final_items(), objectives=objectives, final=True)
    return found


def _moved(item: dict[str, Any]) -> dict[str, Any]:
    """The same kind of question, of module two."""
    number = int(item["key"].partition("-")[2])
    more = {"level": item["level"], "reread": "reading-5"}
    return question(f"two-{number}", number, item["type"], item["objective"].replace("O1", "O2"), **more)


def write(folder: Path) -> None:
    for name, text in files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
