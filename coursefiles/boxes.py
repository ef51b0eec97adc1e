"""The boxes of a body: whether each has a name that there is, and ends."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

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
                yield number, _("This `:::` closes no box. Remove it.")
            opened = None
        elif match[2] in ("diagram", "fact") and not re.fullmatch(KEY, match[3].strip()):
            yield number, _("Write `::: %(box)s key`, with the key in small letters.") % {"box": match[2]}
            opened = number, match[2]
        elif match[2] not in BOXES:
            text = _('There is no box "%(box)s". There are %(known)s.')
            yield number, text % {"box": match[2], "known": ", ".join(sorted(BOXES))}
        elif opened is not None:
            text = _('The box "%(box)s" is not closed before the next. Write `:::` behind its text.')
            yield opened[0], text % {"box": opened[1]}
            opened = number, match[2]
        else:
            opened = number, match[2]
    if opened is not None:
        yield opened[0], _('The box "%(box)s" is not closed. Write `:::` behind its text.') % {"box": opened[1]}
