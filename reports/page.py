"""One page of a report: its rows, how many stand where, and the small chart of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Team
from accounts.models.team import STEP
from accounts.teams import SHORT_LIST
from reports.forms import Asked
from reports.population import SIZE, Population
from reports.standing import SET_ASIDE, TO_ACT_ON, Row, Standing, Summary
from reports.team import as_rows, rows_of, rows_of_few, summary_of
from reports.words import zone

LISTED = 10  # people to act on that are listed above the table; more are one click away
WIDTH = 1000  # of the chart, in its own units


@dataclass(frozen=True)
class Page:
    asked: Asked
    rows: list[Row]
    summary: Summary
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
    def previous_query(self) -> str:
        return self.asked.query(page=self.number - 1) if self.number > 1 else ""

    @property
    def next_query(self) -> str:
        return self.asked.query(page=self.number + 1) if self.number < self.last else ""

    @property
    def title(self) -> str:
        return str(Standing(self.asked.standing).label) if self.asked.standing else _("Everybody")

    @property
    def more_to_act_on(self) -> int:
        return self.summary.to_act_on - len(self.to_act_on)

    @property
    def to_act_on(self) -> list[Row]:
        """The first people somebody should speak to; of use on the plain first page, which begins with them."""
        return [row for row in self.rows[:LISTED] if row.standing in TO_ACT_ON]


def page_of(population: Population, asked: Asked, at: datetime) -> Page:
    """The page that was asked for, or the last one there is. Three queries, five if there are more."""
    few = population.few() if asked.page == 1 and not asked.standing else None
    if few is not None:
        return only_page_of(few, population, asked, at)
    summary = summary_of(population.people, at)
    total = summary[asked.standing] if asked.standing else summary.rows
    number = min(asked.page, last_page(total))
    query = rows_of(population.people, standing=asked.standing, sort=asked.sort, backwards=asked.backwards, at=at)
    rows = as_rows(query[(number - 1) * SIZE : number * SIZE]) if total else []
    return Page(asked, rows, summary, population.prints_for(rows), total=total, number=number)


def only_page_of(few: dict[int, bool], population: Population, asked: Asked, at: datetime) -> Page:
    """Of few people; only if they are asked to take many courses it is not the only page."""
    rows = rows_of_few(few, SIZE + 1, asked.sort, asked.backwards, at)
    summary = Summary.of_rows(rows) if len(rows) <= SIZE else summary_of(population.people, at)
    return Page(asked, rows[:SIZE], summary, {pk for pk in few if few[pk]}, total=summary.rows, number=1)


def last_page(total: int) -> int:
    return max(1, -(-total // SIZE))


def options(teams: list[Team], chosen: int | None) -> list[tuple[int, str]]:
    """The teams as lines of a select; of thousands, those around the chosen one."""
    top = min((team.depth for team in teams), default=0)
    shown = near(teams, chosen) if is_long(teams) else teams
    return [(team.pk, "– " * (team.depth - top) + team.name) for team in shown]


def is_long(teams: list[Team]) -> bool:
    return len(teams) > SHORT_LIST


def near(teams: list[Team], chosen: int | None) -> list[Team]:
    """The topmost, those directly below the chosen one, and what lies beside the way down to it."""
    way = next((team.path for team in teams if team.pk == chosen), "")
    top = min(team.depth for team in teams)
    tops = [team for team in teams if team.depth == top]
    if not way and len(tops) == 1:
        way = tops[0].path
    return [team for team in teams if team.depth == top or (way and way.startswith(team.path[:-STEP]))]


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
    """The heading of a column that the table can be sorted by."""

    key: str
    label: str
    query: str
    aria_sort: str  # "", "ascending" or "descending"


def columns(asked: Asked) -> list[Column]:
    labels = {
        "name": _("Person"),
        "progress": _("Progress"),
        "state": _("State"),
        "due": _("Due (%(zone)s)") % {"zone": zone()},
        "last": _("Last learning day"),
    }
    way = "descending" if asked.backwards else "ascending"
    return [
        Column(key, label, asked.sort_query(key), way if asked.sort == key else "") for key, label in labels.items()
    ]
