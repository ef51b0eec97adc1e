"""Grading, by properties: whatever the question and whatever arrives."""

import json
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes import grading
from quizzes.grading import TYPES

pytestmark = pytest.mark.once

words = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=12)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


CHOICES = ("single", "multiple", "truefalse", "scenario")


def options_of(keys: list[str], **parts: list) -> list[dict]:
    said = [{part: values[number] for part, values in parts.items()} for number in range(len(keys))]
    return [{"key": key, "text": f"{n} {key}", "feedback": "Because.", **said[n]} for n, key in enumerate(keys)]


@st.composite
def choices(draw: st.DrawFn, types: tuple[str, ...] = CHOICES) -> tuple[str, dict]:
    type_ = draw(st.sampled_from(types))
    if type_ == "truefalse":
        keys, right = ["t", "f"], {draw(st.sampled_from("tf"))}
    else:
        keys = draw(st.lists(words, min_size=2, max_size=7, unique=True))
        most = len(keys) - 1 if type_ == "multiple" else 1
        right = set(draw(st.lists(st.sampled_from(keys), min_size=1, max_size=most, unique=True)))
    body = {"stem": "Which?", "options": options_of(keys, correct=[key in right for key in keys])}
    return type_, {**body, "who": "Ines", "line": "Well?"} if type_ == "scenario" else body


@st.composite
def orderings(draw: st.DrawFn) -> tuple[str, dict]:
    return "ordering", {"stem": "?", "options": options_of(draw(st.lists(words, min_size=3, max_size=6, unique=True)))}


@st.composite
def matchings(draw: st.DrawFn) -> tuple[str, dict]:
    keys = draw(st.lists(words, min_size=2, max_size=6, unique=True))
    partners = ["Effort", "Result", *draw(st.lists(st.sampled_from(["Effort", "Treatment"]), min_size=4, max_size=4))]
    body = {"stem": "?", "options": options_of(keys, match=partners[: len(keys)])}
    return "matching", {**body, "extra": ["Price"]} if draw(st.booleans()) else body


@st.composite
def shorts(draw: st.DrawFn) -> tuple[str, dict]:
    if draw(st.booleans()):
        numbers = draw(st.lists(st.integers(-999, 999), min_size=2, max_size=3, unique=True))
        options = [
            {"key": f"k{n}", "text": str(n), "feedback": "So.", "correct": i == 0} for i, n in enumerate(numbers)
        ]
        return "short", {"stem": "?", "options": options, "otherwise": "No.", "tolerance": 0}
    options = options_of(["a", "b"], correct=[True, False], also=[["warm Handover"], ["cold"]])
    return "short", {"stem": "?", "options": options, "otherwise": "No."}


def graded() -> st.SearchStrategy:
    return st.one_of(choices(), orderings(), matchings(), shorts())


def questions() -> st.SearchStrategy:
    rewrite = ("rewrite", {"stem": "?", "model": "I will.", "look_for": ["A name."]})
    return st.one_of(graded(), st.just(rewrite))


def all_right(type_: str, body: dict) -> object:
    """The response that has everything right."""
    return {
        "ordering": lambda: {key: place for place, key in enumerate(grading.option_keys(body), 1)},
        "matching": lambda: {option["key"]: option["match"] for option in body["options"]},
        "short": lambda: body["options"][0]["text"],
        "rewrite": lambda: "I will do it.",
    }.get(type_, lambda: list(grading.right_keys(body)))()


@st.composite
def answered(draw: st.DrawFn) -> tuple[str, dict, object]:
    type_, body = draw(graded())
    keys = grading.option_keys(body)
    if type_ == "ordering":
        return type_, body, {key: draw(st.none() | st.integers(1, len(keys))) for key in keys}
    if type_ == "matching":
        return type_, body, {key: draw(st.none() | st.sampled_from(["Effort", "Result", "Price"])) for key in keys}
    if type_ == "short":
        return type_, body, draw(st.sampled_from([body["options"][0]["text"], "  COLD ", "cold", "17", "x"]))
    return type_, body, draw(st.lists(st.sampled_from(keys), max_size=8, unique=True))


@given(questions())
def test_a_well_made_question_has_no_problems(question):
    assert grading.problems(*question) == []


@given(answered())
def test_points_lie_between_nothing_and_one_in_hundredths(case):
    points = grading.points(*case)
    assert 0 <= points <= 1
    assert points == points.quantize(Decimal("0.01"))


@given(answered(), st.randoms(use_true_random=False))
def test_neither_the_order_of_options_nor_of_answers_matters(case, chance):
    type_, body, response = case
    if type_ == "ordering":  # its options are the right order
        options = body["options"]
    else:
        options = list(body["options"])
        chance.shuffle(options)
    pieces = list(response.items() if isinstance(response, dict) else response)
    if not isinstance(response, str):
        chance.shuffle(pieces)
    mixed = response if isinstance(response, str) else dict(pieces) if isinstance(response, dict) else pieces
    assert grading.points(type_, body, response) == grading.points(type_, {**body, "options": options}, mixed)


@given(graded())
def test_all_correct_is_one_and_nothing_is_nothing(question):
    assert grading.points(*question, all_right(*question)) == 1
    assert grading.is_right(*question, all_right(*question))
    for nothing in (None, [], {}, ""):
        assert grading.points(*question, nothing) == 0


@given(graded(), st.data())
def test_what_is_not_all_right_is_less_than_one(question, data):
    type_, body = question
    response = all_right(type_, body)
    if isinstance(response, dict):
        response[data.draw(st.sampled_from(sorted(response)))] = data.draw(st.sampled_from([None, 99, "Elsewhere"]))
    elif isinstance(response, list):
        response = [key for key in grading.option_keys(body) if key not in response][:1]
    else:
        response = "something else"
    assert grading.points(type_, body, response) < 1


@given(choices())
def test_ticking_everything_earns_nothing(question):
    assert grading.points(*question, grading.option_keys(question[1])) == 0


@given(orderings())
def test_one_place_for_every_step_earns_nothing(question):
    assert grading.points(*question, dict.fromkeys(grading.option_keys(question[1]), 1)) == 0


@given(questions(), anything)
def test_a_malformed_response_is_worth_nothing_and_never_raises(question, response):
    type_, body = question
    points = grading.points(type_, body, response)
    assert 0 <= points <= 1
    assert TYPES[type_].fits(body, response) or points == 0
    assert grading.explained(type_, body, response, grading.steady_order(type_, body))
    assert grading.shown(type_, body, grading.steady_order(type_, body), response)
    assert grading.is_complete(response) in (True, False)


@given(anything)
def test_an_unknown_type_is_worth_nothing(response):
    assert grading.points("nonsense", {"stem": "?"}, response) == 0


@given(questions(), anything)
def test_hostile_input_is_cleaned_or_refused(question, given_):
    order = grading.steady_order(*question)
    try:
        response = grading.clean(*question, given_, order)
    except grading.BadResponse:
        return
    assert response is None or TYPES[question[0]].fits(question[1], response)


FIELDS = st.sampled_from(["option", "text", "place-1", "place-2", "place-9", "place-", "match-1", "match-2", "match-x"])
VALUES = st.sampled_from(["", "1", "2", "7", "a", "t", "\x00", "²", "-1", "9" * 40]) | words


@given(questions(), st.dictionaries(FIELDS, st.lists(VALUES, max_size=3), max_size=5))
def test_whatever_a_form_sends_is_read_and_then_graded_or_refused(question, form):
    type_, body = question
    try:
        response = grading.clean(type_, body, grading.read(type_, form), grading.steady_order(type_, body))
    except grading.BadResponse:
        return
    assert response is None or TYPES[type_].fits(body, response)
    assert json.loads(json.dumps(response)) == response


@given(questions(), st.integers())
def test_what_a_page_shows_has_no_word_of_the_answer(question, seed):
    """Two bodies that differ in nothing but the key show the same; of an order and of pairs no key is shown at all."""
    type_, body = question
    shown = grading.shown(type_, body, grading.order(type_, body, Random(seed)))
    told = json.dumps(shown)
    assert "Because." not in told
    assert '"correct":' not in told  # as a part; the word may well stand in a text
    assert "look_for" not in shown
    assert "model" not in shown
    if type_ in CHOICES:
        assert {part for option in shown["options"] for part in option} == {"key", "text", "chosen"}
        assert sorted(o["key"] for o in shown["options"]) == sorted(grading.option_keys(body))
    for option in shown["options"] if type_ in ("ordering", "matching") else []:
        assert set(option) <= {"text", "place", "given"}


@given(orderings(), st.integers())
def test_steps_are_never_shown_in_the_right_order(question, seed):
    assert grading.order(*question, Random(seed)) != grading.option_keys(question[1])


@given(st.one_of(orderings(), matchings()), st.integers(), st.data())
def test_a_form_that_is_sent_shows_again_what_was_chosen(question, seed, data):
    type_, body = question
    order = grading.order(type_, body, Random(seed))
    name = "place" if type_ == "ordering" else "match"
    count = len(grading.option_keys(body))
    form = {f"{name}-{n}": [str(data.draw(st.integers(1, 2)))] for n in range(1, count + 1)}
    response = grading.clean(type_, body, grading.read(type_, form), order)
    shown = grading.shown(type_, body, order, response)
    if type_ == "ordering":
        assert [[str(option["place"])] for option in shown["options"]] == list(form.values())
    else:
        number = {text: str(n) for n, text in shown["partners"]}
        assert [[number[option["given"]]] for option in shown["options"]] == list(form.values())


@pytest.mark.parametrize(
    ("response", "complete"),
    [
        (None, False),
        (["a"], True),
        ("text", True),
        ({"a": 1, "b": None}, False),
        ({"a": 1, "b": 1}, False),
        ({"a": 2, "b": 1}, True),
        ({"a": "Effort", "b": "Effort"}, True),
    ],
)
def test_half_an_answer_is_not_complete(response, complete):
    assert grading.is_complete(response) is complete


@pytest.mark.parametrize(
    ("text", "points"),
    [("Warm handover", 1), ("  warm   HANDOVER. ", 1), ("“warm handover”", 1), ("a", 0), ("cold", 0), ("", 0)],
)
def test_capitals_spacing_and_marks_do_not_matter(text, points):
    options = options_of(["a", "b"], correct=[True, False], also=[["warm handover"], ["cold"]])
    assert grading.points("short", {"stem": "?", "options": options, "otherwise": "No."}, text) == points


@pytest.mark.parametrize(
    ("text", "points"),
    [("12.5", 1), ("12,5", 1), (" 12.9 % ", 1), ("$12", 1), ("13.01", 0), ("−12.5", 0), ("1e1", 0), ("twelve", 0)],
)
def test_numbers_may_be_off_by_the_tolerance(text, points):
    options = [{"key": "a", "text": "12.5", "feedback": "So.", "correct": True}]
    body = {"stem": "?", "options": options, "otherwise": "No.", "tolerance": 0.5}
    assert grading.points("short", body, text) == points
    thousand = {**body, "options": [{**options[0], "text": "1,250"}], "tolerance": 0}
    assert grading.points("short", thousand, "1250") == 1


def test_a_rewrite_is_shown_beside_ours_and_earns_nothing():
    body = {"stem": "?", "model": "I will.", "look_for": ["A name."]}
    assert grading.points("rewrite", body, "I will.") == 0
    assert not grading.is_graded("rewrite")
    assert grading.explained("rewrite", body, "Mine", []) == {
        "text": "Mine",
        "model": "I will.",
        "look_for": ["A name."],
    }


@pytest.mark.parametrize("text", ["x" * 4001, "a\x00b", "\ud800"])
def test_a_text_that_is_too_long_or_no_text_is_refused(text):
    with pytest.raises(grading.BadResponse):
        grading.clean("rewrite", {"stem": "?", "model": "I.", "look_for": ["x"]}, [text], [])


@given(anything, st.sampled_from([*sorted(TYPES), "nonsense"]))
def test_problems_of_any_body_are_sentences(body, type_):
    assert grading.problems(type_, body)


@given(questions(), anything)
def test_problems_of_any_options_are_sentences(question, options):
    found = grading.problems(question[0], {"stem": "?", "options": options})
    assert all(isinstance(problem.text, str) for problem in found)


def option(key="a", **parts):
    return {"key": key, "text": f"Text {key}", "feedback": "Because.", **parts}


@pytest.mark.parametrize(
    ("type_", "options", "word"),
    [
        ("single", [option("a")], "at least two"),
        ("single", [option("a"), option("b")], "Exactly one"),
        ("single", [option("a", correct=True), option("b", correct=True)], "Exactly one"),
        ("single", [option("a", correct=True), option("a", text="Other")], "Two options have the key a"),
        ("single", [option("a", correct=True), option("b", text="text A ")], "Two options say"),
        ("single", [option("a", correct=True), option("b", feedback=" ")], "no feedback"),
        ("single", [option("a", correct=True), option("b", text=None)], "no text"),
        ("single", [option("a", correct="yes"), option("b")], "either true or false"),
        ("single", [option("a", correct=True), option("b", color="red")], "unknown parts: color"),
        ("single", [option("a", correct=True), {"text": "x"}], "Option 2 has no key"),
        ("multiple", [option("a", correct=True), option("b", correct=True)], "at least one must not"),
        ("multiple", [option("a"), option("b")], "At least one option"),
        ("truefalse", [option("f"), option("t", correct=True)], "in this order"),
    ],
)
def test_what_is_wrong_is_said(type_, options, word):
    found = grading.problems(type_, {"stem": "Which?", "options": options})
    assert any(word in problem.text for problem in found), found


def parts_of(body: dict) -> dict:
    return {part: value for part, value in body.items() if part != "stem"}


@pytest.mark.parametrize(
    ("type_", "body", "word"),
    [
        ("scenario", {"options": [option("a", correct=True), option("b")], "who": "Ines"}, "no line"),
        ("scenario", {"options": [option("a", correct=True), option("b")], "line": "Well?"}, "who speaks"),
        ("ordering", {"options": [option("a"), option("b")]}, "at least three"),
        ("ordering", {"options": [option("a"), option("b"), option("c", correct=True)]}, "unknown parts"),
        ("matching", {"options": [option("a", match="x"), option("b")]}, "no partner"),
        ("matching", {"options": [option("a", match="x"), option("b", match="x")]}, "two different"),
        ("matching", {"options": [option("a", match="x"), option("b", match="y")], "extra": ["x"]}, "there twice"),
        ("matching", {"options": [option("a", match="x"), option("b", match="y")], "extra": "z"}, "list of texts"),
        ("short", {"options": [option("a", correct=True)]}, "none of these"),
        ("short", {"options": [option("a")], "otherwise": "No."}, "At least one option"),
        ("short", {"options": [option("a", correct=True)], "otherwise": "No.", "tolerance": 1}, "must be a number"),
        ("short", {"options": [option("a", correct=True)], "otherwise": "No.", "tolerance": -1}, "0 or more"),
        ("short", {"options": [option("a", correct=True, also="x")], "otherwise": "No."}, "list of texts"),
        ("rewrite", {"look_for": ["A name."]}, "no model"),
        ("rewrite", {"model": "I will."}, "look_for"),
    ],
)
def test_what_is_wrong_with_each_type_is_said(type_, body, word):
    found = grading.problems(type_, {"stem": "Which?", **body})
    assert any(word in problem.text for problem in found), found


def test_partial_credit_of_several():
    keys = "abcd"
    body = {"stem": "?", "options": [option(k, correct=k in "abc") for k in keys]}
    assert grading.points("multiple", body, ["a"]) == Decimal("0.33")
    assert grading.points("multiple", body, ["a", "b"]) == Decimal("0.67")
    assert grading.points("multiple", body, ["a", "b", "d"]) == 0
    assert grading.points("multiple", body, ["a", "a"]) == 0
