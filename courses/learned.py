"""Lessons done and lessons in all, one enrollment after the other, for a file of any number.

The same as `counting.progress_of`, and cheaper by far where they are thousands: `with_learned` adds what was done to
the query of the rows, as one text for each enrollment, and a Counter counts it. People who go through a path in its
order leave the same few texts, so nearly all are counted already. A row for each completion cost five times as much
(docs/performance.md).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Aggregate, BigIntegerField, Case, F, Max, OuterRef, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Concat

from courses.counting import Counted
from courses.models import Completion, ExtraStep, PathStep
from courses.models.enrollment import EnrollmentQuerySet

LESSONS = 2**40  # the number of a lesson is less, and so most figures are as short as it
LARGE = Value(LESSONS, BigIntegerField())  # else PostgreSQL is told that it is as small as a redo level, and makes it 0
PLAIN, BY_QUIZ, CREDITED = WAYS = range(3)
WAY_OF = {  # the commonest first
    Completion.How.READ: PLAIN,
    Completion.How.QUIZ: PLAIN,
    Completion.How.BY_QUIZ: BY_QUIZ,
    Completion.How.CREDITED: CREDITED,
}
END = "|"
KEPT = 10_000  # texts that are remembered while a file is written


class Listed(Aggregate):
    """Whole numbers as one text with commas between, in whatever order."""

    function = "GROUP_CONCAT"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, function="STRING_AGG", template="%(function)s((%(expressions)s)::text, ',')"
        )


def with_learned(enrollments: EnrollmentQuerySet) -> EnrollmentQuerySet:
    """Annotate `learned`, the last completion and all of them in figures, and `beside`, the lessons beside the path.

    Both are for `Counter.count`, and None where there is nothing.
    """
    way = Case(*[When(how=how, then=Value(way)) for how, way in WAY_OF.items()], output_field=BigIntegerField())
    plain = [how for how, way in WAY_OF.items() if way == PLAIN]
    done = Completion.objects.filter(enrollment=OuterRef("pk")).order_by().values("enrollment")
    figure = F("lesson") + (F("redo_level") * len(WAYS) + way) * LARGE
    code = Case(When(redo_level=0, how__in=plain, then=F("lesson")), default=figure)  # nearly all; nothing to work out
    text = Concat(Cast(Max("at"), TextField()), Value(END, TextField()), Listed(code))
    extra = ExtraStep.objects.counting().filter(enrollment=OuterRef("pk")).order_by().values("enrollment")
    level = F("lesson") + F("lesson__published_revision__redo_level") * LARGE
    return enrollments.annotate(
        learned=Subquery(done.annotate(text=text).values("text")),
        beside=Case(When(cycle__gt=1, then=Subquery(extra.annotate(text=Listed(level)).values("text")))),
    )


class Steps(NamedTuple):
    """What a path asks for: lessons with their redo level, and since when where it is not from the beginning."""

    always: dict[int, int]
    later: list[tuple[datetime, int, int]]


class Counter:
    """Counts the lessons of one enrollment after the other; one query, for what the paths ask for."""

    def __init__(self) -> None:
        self.paths: dict[int, Steps] = defaultdict(lambda: Steps({}, []))
        steps = PathStep.objects.required().order_by("since")
        level = F("lesson__published_revision__redo_level")
        for path, lesson, redo_level, since in steps.values_list("path", "lesson", level, "since"):
            if since is None:
                self.paths[path].always[lesson] = redo_level
            else:
                self.paths[path].later.append((since, lesson, redo_level))
        self.counted = lru_cache(maxsize=KEPT)(self._counted)

    def count(self, path: int, at: str, learned: str | None, beside: str | None) -> tuple[str, Counted]:
        """The moment of the last completion, empty if there is none, and the lessons; `at` is when they were enrolled.

        Both moments are texts, as the database writes them.
        """
        later = self.paths[path].later
        asked = bisect_right(later, moment(at), key=lambda step: step[0]) if later else 0
        last, _end, codes = (learned or "").partition(END)
        return last, self.counted(path, asked, codes, beside or "")

    def _counted(self, path: int, later: int, codes: str, beside: str) -> Counted:
        """`later`: how many of the steps that came later are asked for."""
        level_of = {lesson: level for level, lesson in divided(beside)}
        for _since, lesson, level in self.paths[path].later[:later]:
            level_of[lesson] = level
        level_of |= self.paths[path].always
        done: tuple[set[int], ...] = tuple(set() for _way in WAYS)
        for figure, lesson in divided(codes):
            level, way = divmod(figure, len(WAYS))
            if level >= level_of.get(lesson, level + 1):
                done[way].add(lesson)
        return Counted(len(set().union(*done)), len(level_of), len(done[BY_QUIZ]), len(done[CREDITED]))


def divided(codes: str) -> Iterator[tuple[int, int]]:
    return (divmod(int(code), LESSONS) for code in codes.split(",")) if codes else iter(())


def moment(text: str) -> datetime:
    """A moment as the databases write it; both keep it in UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def minute(text: str) -> str:
    """Such a moment to the minute, of which there are fewer: enough to tell its day in any time zone."""
    return text[:16]
