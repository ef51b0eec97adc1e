"""One page of a report: its rows, how many stand where, and the small chart of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.utils.translation import gettext as _

from accounts.models import Team
from courses.models import Path
from courses.models.enrollment import site_day
from reports.asking import selected
from reports.forms import DEFAULT_SORT, Asked
from reports.population import SIZE, Population
from reports.standing import BEHIND, SET_ASIDE, TO_ACT_ON, Row, Standing, Summary, Tally, is_in, window_of
from reports.team import KEYS, rows_at, rows_of_few, tally_of
from reports.words import zone

LISTED = 10  # people to act on that are listed above the table; more are one click away
SLOW_SORTS = ("progress", "last")  # what each learned is looked up before the first is known
LONGEST = 2000  # rows that are sorted so: a third of a second
WIDTH = 1000  # of the chart, in its own units


@dataclass(frozen=True)
class Taken:
    """A path that somebody of a report takes."""

    course_key: str
    course: str
    path_id: int
    path_key: str
    path: str


@dataclass(frozen=True)
class Page:
    asked: Asked
    rows: list[Row]
    tally: Tally
    paths: list[Taken]
    slips: set[int]  # for whom the viewer may print a sign-in slip
    total: int
    number: int

    @property
    def last(self) -> int:
        return last_page(self.total)

    @property
    def is_past_the_end(self) -> bool:
        """Whether a page was asked for that there is not; the last one is shown instead."""
        return self.asked.page > self.number

    @property
    def is_long(self) -> bool:
        return self.tally.rows > LONGEST

    @property
    def behind(self) -> int | None:
        """How many people are behind; None where the page cannot tell, since it has not all rows and there are several
        courses, of which somebody may take two.
        """
        if len(self.rows) == self.total:
            return len({row.person_id for row in self.rows if row.standing in BEHIND})
        is_one_course = self.asked.within or len({one.course_key for one in self.paths}) < 2
        return self.summary.behind if is_one_course or not self.summary.behind else None

    @property
    def previous_query(self) -> str:
        return self.asked.query(page=self.number - 1) if self.number > 1 else ""

    @property
    def next_query(self) -> str:
        return self.asked.query(page=self.number + 1) if self.number < self.last else ""

    @property
    def title(self) -> str:
        if self.asked.standing:
            return str(Standing(self.asked.standing).label)
        return _("Listed") if self.asked.is_narrowed else _("Everybody")

    @cached_property
    def summary(self) -> Summary:
        """Of all people of the report, or of those on the course or path that was chosen."""
        return self.tally.summary(meant(self.paths, self.asked))

    @cached_property
    def shown(self) -> Summary:
        """Of those that are left by all that was chosen but the state: what the chart shows."""
        if not self.asked.window:
            return self.summary
        return self.tally.summary(meant(self.paths, self.asked), self.asked.window)

    @property
    def more_to_act_on(self) -> int:
        return self.summary.to_act_on - len(self.to_act_on)

    @property
    def to_act_on(self) -> list[Row]:
        """The first people somebody should speak to; of use on the plain first page, which begins with them."""
        return [row for row in self.rows[:LISTED] if row.standing in TO_ACT_ON]


def page_of(population: Population, asked: Asked, at: datetime) -> Page:
    """The page that was asked for, or the last one there is. Three queries, eight if there are more."""
    few = population.few() if asked.page == 1 else None
    if few is not None:
        rows = rows_of_few(few, SIZE + 1, asked.sort, asked.backwards, at)
        if len(rows) <= SIZE:
            return only_page_of(rows, {pk for pk in few if few[pk]}, asked, at)
    tally = tally_of(population.people, at)
    asked = sortable(asked, tally)
    paths = taken(tally.paths)
    counted = tally.summary(meant(paths, asked), asked.window)
    total = counted[asked.standing] if asked.standing else counted.rows
    number = min(asked.page, last_page(total))
    keys = selected(population, asked, at, KEYS)[(number - 1) * SIZE : number * SIZE] if total else ()
    rows = rows_at(keys, at) if total else []
    return Page(asked, rows, tally, paths, population.prints_for(rows), total=total, number=number)


def only_page_of(everybody: list[Row], slips: set[int], asked: Asked, at: datetime) -> Page:
    """Of all rows there are, those that were asked for; no more queries."""
    today = site_day(at)
    rows = [row for row in everybody if is_asked_for(row, asked, today)]
    taken_here = {
        row.path_id: Taken(row.course_key, row.course, row.path_id, row.path_key, row.path)
        for row in everybody
        if row.path_id
    }
    paths = sorted(taken_here.values(), key=lambda one: (one.course, one.path))
    return Page(asked, rows, Tally.of_rows(everybody, today), paths, slips, total=len(rows), number=1)


def is_asked_for(row: Row, asked: Asked, today: date) -> bool:
    """Whether a row is left by the filters; the same rule as `rows_of`."""
    if asked.path and asked.path not in (row.course_key, f"{row.course_key}/{row.path_key}"):
        return False
    if asked.standing and row.standing != asked.standing:
        return False
    return is_in(window_of(row.standing, row.due_on, today), asked.window)


def sortable(asked: Asked, tally: Tally) -> Asked:
    """Sorted otherwise, if this order asks for a count of everybody's lessons and they are too many."""
    too_long = asked.sort in SLOW_SORTS and tally.rows > LONGEST
    return asked.without("sort", sort=DEFAULT_SORT, backwards=False) if too_long else asked


def taken(paths: Iterable[int]) -> list[Taken]:
    """These paths, for a list to choose from; one query."""
    found = Path.objects.filter(pk__in=paths).order_by("course__title", "title", "pk")
    return [Taken(*values) for values in found.values_list("course__key", "course__title", "pk", "key", "title")]


def meant(paths: Iterable[Taken], asked: Asked) -> set[int] | None:
    """Those of the paths that were chosen; None for all."""
    course, _slash, key = asked.path.partition("/")
    return {one.path_id for one in paths if one.course_key == course and key in ("", one.path_key)} if course else None


def path_options(paths: Sequence[Taken]) -> list[tuple[str, str]]:
    """The paths as lines of a select; where there are several courses, each of them and its paths under it."""
    if len({one.course_key for one in paths}) < 2:
        return [(f"{one.course_key}/{one.path_key}", one.path) for one in paths]
    lines = {}
    for one in paths:
        lines[one.course_key] = one.course
        lines[f"{one.course_key}/{one.path_key}"] = f"– {one.path}"
    return list(lines.items())


def last_page(total: int) -> int:
    return max(1, -(-total // SIZE))


def options(teams: list[Team]) -> list[tuple[int, str]]:
    """The teams as lines of a select."""
    top = min((team.depth for team in teams), default=0)
    return [(team.pk, "– " * (team.depth - top) + team.name) for team in teams]


@dataclass(frozen=True)
class Segment:
    """A part of the chart's bar, and the line of the legend beside it."""

    standing: Standing
    count: int
    x: int
    width: int
    query: str
    is_chosen: bool


def chart(summary: Summary, asked: Asked) -> list[Segment]:
    """From done to overdue, then those set aside; whole units that fill the bar exactly."""
    segments, before = [], 0
    asked_of = [standing for standing in reversed(Standing) if standing not in SET_ASIDE]
    for standing in [*asked_of, *SET_ASIDE]:
        count = summary[standing]
        if not count:
            continue
        start, end = (n * WIDTH // summary.rows for n in (before, before + count))
        chosen = asked.standing == standing
        query = asked.query(state=None if chosen else standing.value)
        segments.append(Segment(standing, count, start, end - start, query, chosen))
        before += count
    return segments


@dataclass(frozen=True)
class Column:
    """The heading of a column of the table."""

    key: str
    label: str
    query: str  # empty where it cannot be sorted by
    aria_sort: str  # "", "ascending" or "descending"


def columns(page: Page) -> list[Column]:
    asked = page.asked
    labels = {
        "name": _("Person"),
        "progress": _("Progress"),
        "module": _("Module now"),
        "state": _("State"),
        "due": _("Due (%(zone)s)") % {"zone": zone()},
        "last": _("Last learning day"),
    }
    way = "descending" if asked.backwards else "ascending"
    plain = {"module", *(SLOW_SORTS if page.is_long else ())}
    return [
        Column(key, label, "" if key in plain else asked.sort_query(key), way if asked.sort == key else "")
        for key, label in labels.items()
    ]
