"""The three-way merge, as data and as lines; knows nothing of courses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursefiles.merge import BETWEEN, HERE, THERE, merge, merge_lines, with_markers

lines = st.lists(st.sampled_from(["a", "b", "c", "d", ""]), max_size=12)
scalars = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["x", "y", "x\ny", "x\nz\ny"])
data = st.recursive(
    scalars,
    lambda inner: (
        st.lists(st.sampled_from("klm"), max_size=3, unique=True)
        | st.dictionaries(st.sampled_from("klm"), inner, max_size=3)
        | st.lists(
            st.fixed_dictionaries({"key": st.sampled_from("klm"), "v": inner}), max_size=3, unique_by=lambda d: d["key"]
        )
    ),
    max_leaves=8,
)


@given(lines, lines)
def test_lines_that_one_side_changed_are_that_side(base: list[str], side: list[str]) -> None:
    assert with_markers(merge_lines(base, side, base)) == side
    assert with_markers(merge_lines(base, base, side)) == side
    assert with_markers(merge_lines(base, side, side)) == side


@given(lines, lines, lines)
def test_no_line_of_either_side_is_lost_and_none_is_made_up(
    base: list[str], ours: list[str], theirs: list[str]
) -> None:
    chunks = merge_lines(base, ours, theirs)
    mirrored = merge_lines(base, theirs, ours)
    assert [chunk.theirs is None for chunk in chunks] == [chunk.theirs is None for chunk in mirrored]
    mine = [line for chunk in chunks for line in chunk.ours]
    other = [line for chunk in chunks for line in (chunk.ours if chunk.theirs is None else chunk.theirs)]
    for side, got in ((ours, mine), (theirs, other)):
        for line in set(side) - set(base):
            assert got.count(line) >= 1
    assert set(mine) | set(other) <= set(ours) | set(theirs)


@given(data, data)
def test_data_that_one_side_changed_is_that_side(base: Any, side: Any) -> None:
    for merged in (merge(base, side, base), merge(base, base, side), merge(base, side, side)):
        assert merged.value == side
        assert not merged.conflicts


@given(data, data, data)
def test_any_three_merge_the_same_from_both_sides(base: Any, ours: Any, theirs: Any) -> None:
    one, other = merge(base, ours, theirs), merge(base, theirs, ours)
    assert sorted(one.conflicts) == sorted(other.conflicts)


def test_changes_at_different_places_are_joined() -> None:
    base = "one\n\ntwo\n\nthree\n\nfour"
    assert merge(base, base.replace("one", "1"), base.replace("four", "4")).value == "1\n\ntwo\n\nthree\n\n4"
    assert merge(base, base.replace("two\n\n", ""), base + "\nfive").value == "one\n\nthree\n\nfour\nfive"


def test_both_sides_of_a_conflict_stand_between_marks() -> None:
    merged = merge({"body": "a\nb\nc"}, {"body": "a\nB\nc"}, {"body": "a\nbb\nc"}, marked=[("body",)])
    assert merged.value == {"body": "\n".join(["a", HERE, "B", BETWEEN, "bb", THERE, "c"])}
    assert merged.conflicts == [("body",)]
    assert merge({"body": "a\nb"}, {"body": "a\nB"}, {"body": "a\nbb"}).value == {"body": "a\nB"}


OPTION_A, OPTION_B = {"key": "a", "text": "One"}, {"key": "b", "text": "Two"}


@pytest.mark.parametrize(
    ("ours", "theirs", "wanted", "conflicts"),
    [
        ([OPTION_A, {**OPTION_B, "text": "2"}], [{**OPTION_A, "text": "1"}, OPTION_B], ["1", "2"], []),
        ([OPTION_A], [{**OPTION_A, "text": "1"}, OPTION_B], ["1"], []),
        ([OPTION_A], [OPTION_A, {**OPTION_B, "text": "2"}], ["One"], [("b",)]),
        ([OPTION_A, {**OPTION_B, "text": "2"}], [OPTION_A], ["One"], [("b",)]),
        ([OPTION_B, OPTION_A], [OPTION_A, OPTION_B, {"key": "c", "text": "3"}], ["Two", "One"], [()]),
        ([{**OPTION_A, "text": "x"}, OPTION_B], [{**OPTION_A, "text": "y"}, OPTION_B], ["x", "Two"], [("a", "text")]),
    ],
)
def test_things_with_keys_are_merged_one_by_one(ours: Any, theirs: Any, wanted: Any, conflicts: Any) -> None:
    merged = merge([OPTION_A, OPTION_B], ours, theirs)
    assert [entry["text"] for entry in merged.value] == wanted
    assert merged.conflicts == conflicts


def test_a_long_text_of_the_same_lines_takes_no_minutes() -> None:
    base = "\n" * 9000
    assert merge(base, base + "a", "b" + base).value
