"""Three-way merge of plain data: what was changed on the site, and what a new release changed, from one base.

Texts of several lines and lists are merged line by line, mappings and lists of things with keys part by part. What
both changed at the same place is a conflict. Knows nothing of courses and needs no database.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

MANY = 1500  # of lines; beyond, those that come often are no landmarks, or comparing takes minutes
HERE, BETWEEN, THERE = "<<<<<<< here", "=======", ">>>>>>> in the files"
NOTHING = object()  # stands where one side has no such part

Place = tuple[str, ...]


@dataclass(frozen=True)
class Chunk:
    """Lines that follow one another: agreed on (`theirs` is None), or ours and theirs at the same place."""

    ours: list[str]
    theirs: list[str] | None = None


@dataclass
class Merged:
    """`conflicts` are the places of which `value` has ours only, or in the body of a lesson both between markers."""

    value: Any
    conflicts: list[Place] = field(default_factory=list)


# --- Lines -----------------------------------------------------------------------------------------------------------


def merge_lines(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[Chunk]:
    """The merge in the manner of diff3; no two chunks that are agreed on follow one another without reason."""
    chunks: list[Chunk] = []
    at_base = at_ours = at_theirs = 0
    for start, end, in_ours, in_theirs in _anchors(base, ours, theirs):
        chunks += _between(base[at_base:start], ours[at_ours:in_ours], theirs[at_theirs:in_theirs])
        if end > start:
            chunks.append(Chunk(list(base[start:end])))
        at_base, at_ours, at_theirs = end, in_ours + end - start, in_theirs + end - start
    return chunks


def _between(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[Chunk]:
    """What stands between two places where all three agree."""
    if list(ours) == list(theirs) or list(theirs) == list(base):
        return [Chunk(list(ours))] if ours else []
    if list(ours) == list(base):
        return [Chunk(list(theirs))] if theirs else []
    return [Chunk(list(ours), list(theirs))]


def _anchors(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Stretches of the base that both sides still have: start and end there, and where they begin in each side."""
    left, right = _blocks(base, ours), _blocks(base, theirs)
    one = other = 0
    while one < len(left) and other < len(right):
        base_one, in_ours, length_one = left[one]
        base_other, in_theirs, length_other = right[other]
        start = max(base_one, base_other)
        end = min(base_one + length_one, base_other + length_other)
        if start < end:
            yield start, end, in_ours + start - base_one, in_theirs + start - base_other
        if base_one + length_one < base_other + length_other:
            one += 1
        else:
            other += 1
    yield len(base), len(base), len(ours), len(theirs)


def _blocks(base: Sequence[str], side: Sequence[str]) -> list[difflib.Match]:
    many = max(len(base), len(side)) > MANY
    return difflib.SequenceMatcher(None, base, side, autojunk=many).get_matching_blocks()[:-1]


def with_markers(chunks: Sequence[Chunk]) -> list[str]:
    """The lines, with both sides of a conflict between markers, for somebody to mend."""
    lines: list[str] = []
    for chunk in chunks:
        lines += chunk.ours if chunk.theirs is None else [HERE, *chunk.ours, BETWEEN, *chunk.theirs, THERE]
    return lines


# --- Data ------------------------------------------------------------------------------------------------------------


def merge(base: Any, ours: Any, theirs: Any, place: Place = (), marked: Sequence[Place] = ()) -> Merged:
    """Ours and theirs in one. Where both changed the same, ours stays and the place is a conflict.

    `marked` are places of texts that get both sides, between markers.
    """
    if ours == theirs or theirs == base:
        return Merged(ours)
    if ours == base:
        return Merged(theirs)
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return _merge_mappings(base if isinstance(base, dict) else {}, ours, theirs, place, marked)
    if _are_keyed(ours) and _are_keyed(theirs):
        return _merge_keyed(base if _are_keyed(base) else [], ours, theirs, place, marked)
    if all(_are_words(side) for side in (base, ours, theirs)):
        return _merge_words(base, ours, theirs, place)
    if all(isinstance(side, str) for side in (base, ours, theirs)) and "\n" in f"{ours}{theirs}":
        return _merge_texts(base, ours, theirs, place, place in marked)
    return Merged(ours, [place])


def _merge_mappings(
    base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], place: Place, marked: Sequence[Place]
) -> Merged:
    merged = Merged({})
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        part = merge(*_three(base, ours, theirs, name), place=(*place, name), marked=marked)
        merged.conflicts += part.conflicts
        if part.value is not NOTHING:
            merged.value[name] = part.value
    return merged


def _merge_keyed(
    base: list[dict[str, Any]],
    ours: list[dict[str, Any]],
    theirs: list[dict[str, Any]],
    place: Place,
    marked: Sequence[Place],
) -> Merged:
    """Things with keys: first which there are and in what order, then each of them."""
    before, here, there = ({entry["key"]: entry for entry in side} for side in (base, ours, theirs))
    order = _merge_words(list(before), list(here), list(there), place)
    parts = {  # also of what one side took out, which the other may have changed
        key: merge(*_three(before, here, there, key), place=(*place, key), marked=marked)
        for key in dict.fromkeys([*order.value, *before])
    }
    conflicts = order.conflicts + [each for part in parts.values() for each in part.conflicts]
    kept = [parts[key].value for key in order.value]
    return Merged([value for value in kept if value is not NOTHING], conflicts)


def _merge_words(base: list[str], ours: list[str], theirs: list[str], place: Place) -> Merged:
    chunks = merge_lines(base, ours, theirs)
    is_clear = all(chunk.theirs is None for chunk in chunks)
    found = [word for chunk in chunks for word in chunk.ours]
    return Merged(found, [] if is_clear and len(set(found)) == len(found) else [place])


def _merge_texts(base: str, ours: str, theirs: str, place: Place, is_marked: bool) -> Merged:
    chunks = merge_lines(base.split("\n"), ours.split("\n"), theirs.split("\n"))
    if all(chunk.theirs is None for chunk in chunks):
        return Merged("\n".join(with_markers(chunks)))
    return Merged("\n".join(with_markers(chunks)) if is_marked else ours, [place])


def _three(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], name: str) -> tuple[Any, Any, Any]:
    return base.get(name, NOTHING), ours.get(name, NOTHING), theirs.get(name, NOTHING)


def _are_keyed(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) and "key" in entry for entry in value)


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
