"""The boxes of a body: whether each has a name that there is, and ends."""

import re
from collections.abc import Iterator

from courses import markdown
from courses.models.course import KEY

BOXES = {*markdown.BOXES, "diagram", "fact"}


def broken_boxes(body: str) -> Iterator[tuple[int, str]]:
    """Lines of a body, counted from 0, where a box has an unknown name, is not closed, or closes nothing."""
    opened: tuple[int, str] | None = None
    for number, line in enumerate(body.split("\n")):
        match = re.match(r"^(:{3,})\s*(\S*)\s*(.*)$", line)
        if match is None:
            continue
        if not match[2]:
            if opened is None:
                yield number, "This `:::` closes no box. Remove it."
            opened = None
        elif match[2] in ("diagram", "fact") and not re.fullmatch(KEY, match[3].strip()):
            yield number, f"Write `::: {match[2]} key`, with the key in small letters."
            opened = number, match[2]
        elif match[2] not in BOXES:
            yield number, f'There is no box "{match[2]}". There are {", ".join(sorted(BOXES))}.'
        elif opened is not None:
            yield opened[0], f'The box "{opened[1]}" is not closed before the next. Write `:::` behind its text.'
            opened = number, match[2]
        else:
            opened = number, match[2]
    if opened is not None:
        yield opened[0], f'The box "{opened[1]}" is not closed. Write `:::` behind its text.'
