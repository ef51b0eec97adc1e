"""Grading, by properties: whatever the question and whatever arrives."""

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes import grading
from quizzes.grading import TYPES

words = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=12)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, dict]:
    type_ = draw(st.sampled_from(sorted(TYPES)))
    if type_ == "truefalse":
        keys, right = ["t", "f"], {draw(st.sampled_from("tf"))}
    else:
        keys = draw(st.lists(words, min_size=2, max_size=7, unique=True))
        most = 1 if type_ == "single" else len(keys) - 1
        right = set(draw(st.lists(st.sampled_from(keys), min_size=1, max_size=most, unique=True)))
    options = [
        {"key": key, "text": f"{number} {key}", "feedback": "Because.", "correct": key in right}
        for number, key in enumerate(keys)
    ]
    return type_, {"stem": "Which?", "options": options}


@st.composite
def answered(draw: st.DrawFn) -> tuple[str, dict, list[str]]:
    type_, body = draw(questions())
    keys = st.sampled_from(grading.option_keys(body))
    return type_, body, draw(st.lists(keys, max_size=8, unique=True))


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
    options, mixed = list(body["options"]), list(response)
    chance.shuffle(options)
    chance.shuffle(mixed)
    assert grading.points(type_, body, response) == grading.points(type_, {**body, "options": options}, mixed)


@given(questions())
def test_all_correct_is_one_and_nothing_is_nothing(question):
    type_, body = question
    assert grading.points(type_, body, list(grading.right_keys(body))) == 1
    assert grading.is_right(type_, body, list(grading.right_keys(body)))
    assert grading.points(type_, body, None) == grading.points(type_, body, []) == 0


@given(questions())
def test_ticking_everything_earns_nothing(question):
    assert grading.points(*question, grading.option_keys(question[1])) == 0


@given(questions(), anything)
def test_a_malformed_response_is_worth_nothing_and_never_raises(question, response):
    type_, body = question
    keys = grading.option_keys(body)
    well_formed = isinstance(response, list) and response and all(r in keys for r in response)
    points = grading.points(type_, body, response)
    assert 0 <= points <= 1
    assert well_formed or points == 0
    assert well_formed or not any(option.get("chosen") for option in grading.explained(type_, body, response, keys))


@given(anything)
def test_an_unknown_type_is_worth_nothing(response):
    assert grading.points("nonsense", {"stem": "?"}, response) == 0


@given(questions(), st.lists(words | st.just("\x00"), max_size=5))
def test_what_is_cleaned_can_be_graded_and_the_rest_is_refused(question, keys):
    type_, body = question
    try:
        response = grading.clean(type_, body, keys)
    except grading.BadResponse:
        return
    assert response is None or TYPES[type_].fits(body, response)


@given(questions(), anything)
def test_hostile_input_is_cleaned_or_refused(question, given_):
    try:
        response = grading.clean(*question, given_)
    except grading.BadResponse:
        return
    assert response is None or TYPES[question[0]].fits(question[1], response)


@given(questions(), st.integers())
def test_what_a_page_shows_has_every_option_and_no_word_of_the_answer(question, seed):
    type_, body = question
    order = grading.order(type_, body, Random(seed))
    shown = grading.shown(type_, body, order)
    assert [option["key"] for option in shown] == order
    assert sorted(order) == sorted(grading.option_keys(body))
    assert {part for option in shown for part in option} == {"key", "text"}


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


def test_partial_credit_of_several():
    keys = "abcd"
    body = {"stem": "?", "options": [option(k, correct=k in "abc") for k in keys]}
    assert grading.points("multiple", body, ["a"]) == Decimal("0.33")
    assert grading.points("multiple", body, ["a", "b"]) == Decimal("0.67")
    assert grading.points("multiple", body, ["a", "b", "d"]) == 0
    assert grading.points("multiple", body, ["a", "a"]) == 0
