"""The page of an organization, and its files: a line for each team, with all below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache, reduce
from operator import add, itemgetter
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Concat
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from accounts.cells import Cell
from accounts.models import Team
from accounts.models.team import STEP
from accounts.statements import Prepared
from accounts.teams import roots
from courses.models import Enrollment, Path
from notices.rows import Gaps, gap
from reports import words
from reports.asking import population_of
from reports.export import download
from reports.forms import ReportForm, as_query
from reports.organization import Scope, Sums, counted
from reports.population import SIZE, Population
from reports.shown import EMPTY, UNDER
from reports.standing import SET_ASIDE, Standing, Summary
from reports.team import Within, within_of

DEFAULT_SORT = "name"
WIDTH = 100  # of the bar of a team, in its own units
LABELS = {
    "name": gettext_lazy("Team"),
    "people": gettext_lazy("People"),
    "complete": gettext_lazy("Complete"),
    "overdue": gettext_lazy("Overdue"),
    "soon": gettext_lazy("Due soon"),
    "update": gettext_lazy("Update due"),
    "way": gettext_lazy("In progress"),
    "not-started": gettext_lazy("Not started"),
    "not-asked": gettext_lazy("Not asked yet"),
}
NUMBERS = ["overdue", "soon", "update", "way", "not-started", "not-asked"]
PLACE = "TEAM"  # in an address, of the number of the team
RECT = '<rect class="bar bar-{}" x="{}" width="{}" height="10"/>'
BAR = [standing for standing in reversed(Standing) if standing not in SET_ASIDE]  # from done to overdue


@dataclass(slots=True)
class Line:
    """A team and all below it."""

    pk: int
    name: str
    path: str
    above: str  # the name of the team it is in
    sums: Sums

    @property
    def summary(self) -> Summary:
        return self.sums.summary


def percent_of(summary: Summary) -> int | None:
    """How many of those asked are complete, rounded down; None where nobody is asked."""
    return summary.complete * 100 // summary.asked if summary.asked else None


def under_way(summary: Summary) -> int:
    return summary[Standing.UNDER_WAY] + summary[Standing.DONE_SO_FAR]


COUNTS: dict[str, Callable[[Summary], int | None]] = {
    "people": lambda summary: summary.people,
    "complete": percent_of,
    "overdue": lambda summary: summary[Standing.OVERDUE],
    "soon": lambda summary: summary[Standing.DUE_SOON],
    "update": lambda summary: summary[Standing.UPDATE_DUE],
    "way": under_way,
    "not-started": lambda summary: summary[Standing.NOT_STARTED],
    "not-asked": lambda summary: summary[Standing.NOT_ASKED],
}


class OrganizationForm(ReportForm):
    """The query part of the address of an organization."""

    sorts = LABELS

    depth = forms.ChoiceField(label=gettext_lazy("depth"), required=False, choices=[("all", "all")])


@dataclass(frozen=True)
class Wanted:
    """What an address asks of an organization. What it asks for in vain is left out, and named in `ignored`."""

    team_id: int | None
    is_deep: bool
    path: str
    sort: str
    page: int
    ignored: tuple[str, ...]

    @classmethod
    def read(cls, data: QueryDict) -> Wanted:
        given, ignored = OrganizationForm(data).read()
        return cls(
            team_id=given.get("team"),
            is_deep=given.get("depth") == "all",
            path=given.get("path") or "",
            sort=given.get("sort") or DEFAULT_SORT,
            page=given.get("page") or 1,
            ignored=ignored,
        )

    @property
    def key(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def backwards(self) -> bool:
        return self.sort.startswith("-")

    def query(self, **changes: Any) -> str:
        """The query part of the address with something changed; begins with page 1 again."""
        sort = self.sort if self.sort != DEFAULT_SORT else None
        depth = "all" if self.is_deep else None
        wanted = {"team": self.team_id, "depth": depth, "path": self.path, "sort": sort} | changes
        return as_query({name: str(value) for name, value in wanted.items() if value})

    def people_url(self, team: int | str | None) -> str:
        """The report of the people of a team, on the same path."""
        query = Wanted(None, False, self.path, DEFAULT_SORT, 1, ()).query(team=team)
        return reverse("reports:team") + (query if query != "?" else "")

    def sort_query(self, key: str) -> str:
        """The address that sorts by this key, or turns it around; numbers begin with the largest."""
        first, other = (key, f"-{key}") if key == "name" else (f"-{key}", key)
        return self.query(sort=other if self.sort == first else first)


@dataclass(frozen=True)
class Organization:
    """All that is listed, sorted, and all together."""

    population: Population
    wanted: Wanted
    scope: Scope
    within: Within | None
    lines: list[Line]
    total: Summary
    direct: Summary  # of the team above itself, without those below; only where the list has the next level
    at: datetime

    @classmethod
    def asked_for(cls, request: HttpRequest) -> Organization:
        """403 for people to whom reports are not open, 404 for a team they may not see."""
        population, wanted, at = population_of(request), Wanted.read(request.GET), timezone.now()
        tops = roots() if population.is_everybody else population.tops
        if wanted.team_id is not None:
            team = population.team(wanted.team_id)
            if team is None:
                raise Http404
            population = population.narrowed(team)
        within = None
        if wanted.path:
            course, _slash, path = wanted.path.partition("/")
            within = within_of(population.people, course, path)
            if within is None:
                wanted = replace(wanted, path="", ignored=(*wanted.ignored, _("path")))
        scope = Scope.of(population, tops, wanted.is_deep)
        sums = counted(population, scope, within, at)
        lines = sorted_lines(lines_of(scope, sums), wanted)
        own = sums[scope.above.path].summary if scope.above and not scope.is_deep else Sums().summary
        return cls(population, wanted, scope, within, lines, sums[""].summary, own, at)

    @property
    def title(self) -> str:
        if self.scope.above:
            return self.scope.above.name
        return _("All teams") if self.population.is_everybody else self.population.title

    @property
    def last(self) -> int:
        return max(1, -(-len(self.lines) // SIZE))

    @property
    def number(self) -> int:
        return min(self.wanted.page, self.last)

    @property
    def shown(self) -> list[Line]:
        return self.lines[(self.number - 1) * SIZE : self.number * SIZE]

    @property
    def is_past_the_end(self) -> bool:
        return self.wanted.page > self.number

    @property
    def previous_query(self) -> str:
        return self.wanted.query(page=self.number - 1) if self.number > 1 else ""

    @property
    def next_query(self) -> str:
        return self.wanted.query(page=self.number + 1) if self.number < self.last else ""

    @property
    def sentence(self) -> str:
        return words.headline(self.title, self.total)

    @property
    def in_words(self) -> str:
        """Who is counted, for the foot of the page and of the file."""
        who = ngettext("%(n)d person", "%(n)d people", self.total.people) % {"n": self.total.people}
        name = {"who": who, "team": self.title, "path": self.within.title if self.within else ""}
        if self.scope.above and self.within:
            said = _("%(who)s on %(path)s with an active account and a place in %(team)s or below, except yourself.")
        elif self.scope.above:
            said = _("%(who)s with an active account and a place in %(team)s or below, except yourself.")
        elif self.within:
            said = _("%(who)s on %(path)s with an active account and a place in one of these teams, except yourself.")
        else:
            said = _("%(who)s with an active account and a place in one of these teams, except yourself.")
        once = _(
            "Each team counts with all teams below it. Somebody with places in two teams counts in both, and once in "
            "the total; somebody asked for two courses counts in the states of both."
        )
        return f"{said % name} {once}"


def lines_of(scope: Scope, sums: dict[str, Sums]) -> list[Line]:
    """One query at most, for the names."""
    nothing, found = Sums(), scope.teams()
    name_of = {path: name for _pk, name, path in found}
    name_of |= {team.path: team.name for team in scope.tops}
    return [Line(pk, name, path, name_of.get(path[:-STEP], ""), sums.get(path, nothing)) for pk, name, path in found]


def sorted_lines(lines: list[Line], wanted: Wanted) -> list[Line]:
    """Those without a value come last, whichever way; ties in the order of the tree."""
    count = COUNTS.get(wanted.key)
    keys: list[Any] = [count(line.summary) if count else line.name.casefold() for line in lines]
    known = [(key, line) for key, line in zip(keys, lines, strict=True) if key is not None]
    unknown = [line for key, line in zip(keys, lines, strict=True) if key is None]
    return [line for _key, line in sorted(known, key=itemgetter(0), reverse=wanted.backwards)] + unknown


@dataclass(slots=True)
class Shown:
    """A line as the table prints it; texts only."""

    name: str
    url: str  # empty where no team lies below
    people: str
    html: SafeString


class Printer:
    """Makes the rows of one page."""

    def __init__(self, wanted: Wanted) -> None:
        self.is_deep, self.text = wanted.is_deep, cache(escape)
        self.under = cache(lambda text: format_html(UNDER, text) if text else EMPTY)
        self.down = wanted.query(team=PLACE)
        self.people_url = wanted.people_url(PLACE)
        self.people = str(LABELS["people"])
        named = {name: gap(name) for name in ("name", "under", "people", "percent", "said", "bar")}
        links = {name: gap(name) for name in ("url", "people_url")}
        numbers = [(str(LABELS[key]), gap(key)) for key in NUMBERS]
        around = {"people": self.people, "complete": str(LABELS["complete"]), "numbers": numbers}
        self.row = Gaps("reports/team_row.html", {"row": named, **around})
        self.linked = Gaps("reports/team_row.html", {"row": named | links, **around})

    def line(self, line: Line, goes_down: bool) -> Shown:
        """A row that leads to the people of a team, and to the teams below it where there are some."""
        place, summary = str(line.pk), line.summary
        url = self.down.replace(PLACE, place) if goes_down else ""
        people_url = self.people_url.replace(PLACE, place)
        texts = self.texts(escape(line.name), line.above if self.is_deep else "", summary)
        html = self.linked.filled(url=url or people_url, people_url=people_url, **texts)
        return Shown(line.name, url, str(summary.people), html)

    def plain(self, name: str, summary: Summary, under: str = "") -> SafeString:
        """A row that leads nowhere."""
        return self.row.filled(**self.texts(escape(name), under, summary))

    def texts(self, name: SafeString, under: str, summary: Summary) -> dict[str, str]:
        percent = percent_of(summary)
        return {
            "name": name,
            "under": self.under(under),
            "people": self.text(str(summary.people)),
            "percent": self.text("–" if percent is None else f"{percent}%"),
            "said": said(summary.complete, summary.asked),
            "bar": reduce(add, [rect(*part) for part in bar(summary)], EMPTY),
            **{key: self.text(str(COUNTS[key](summary))) for key in NUMBERS},
        }


@lru_cache(maxsize=16_384)
def rect(standing: str, start: int, width: int) -> SafeString:
    """One of the few that there are: places and widths are whole units."""
    return format_html(RECT, standing, start, width)


def shown(one: Organization, printer: Printer) -> list[Shown]:
    """The lines of the page; one query, unless all teams are at hand, for which of them have teams below."""
    wide = above_others(one)
    return [printer.line(line, line.path in wide) for line in one.shown]


def above_others(one: Organization) -> set[str]:
    """The paths of those of the page that have teams below."""
    if one.wanted.is_deep:
        return {line.path[:-STEP] for line in one.lines}
    last = Concat(OuterRef("path"), Value("9" * STEP))
    below = Team.objects.filter(path__gt=OuterRef("path"), path__lte=last)
    few = Team.objects.filter(Exists(below), pk__in=[line.pk for line in one.shown])
    return set(few.values_list("path", flat=True))


def said(complete: int, asked: int) -> str:
    return _("%(complete)d of %(asked)d") % {"complete": complete, "asked": asked} if asked else _("nobody is asked")


def bar(summary: Summary) -> list[tuple[str, int, int]]:
    """State, where it begins, how wide: whole units that fill the bar exactly."""
    total, before, parts = sum(summary[standing] for standing in BAR), 0, []
    for standing in BAR:
        if n := summary[standing]:
            start, end = before * WIDTH // total, (before + n) * WIDTH // total
            parts.append((standing.value, start, end - start))
            before += n
    return parts


def columns(wanted: Wanted) -> list[tuple[str, str, str, str]]:
    """Key, label, the address that sorts by it, and how it is sorted now."""
    way = "descending" if wanted.backwards else "ascending"
    return [
        (key, str(label), wanted.sort_query(key), way if wanted.key == key else "") for key, label in LABELS.items()
    ]


def trail(one: Organization) -> list[tuple[str, str]]:
    """The teams above the one that is shown, as far as the viewer may see them; one query."""
    if one.scope.above is None or one.wanted.team_id is None:
        return []
    path = one.scope.above.path
    above = Team.objects.filter(path__in=[path[:end] for end in range(STEP, len(path), STEP)]).order_by("path")
    if not one.population.viewer.sees_everybody:
        above = above.under(*one.population.tops)
    return [(team.name, one.wanted.query(team=team.pk)) for team in above]


@Prepared
def paths_taken() -> QuerySet[Any, Any]:
    """Courses, and their paths that somebody takes."""
    found = Path.objects.filter(Exists(Enrollment.objects.filter(path=OuterRef("pk"))))
    named = found.order_by("course__title", "position", "pk")
    return named.values_list("course__key", "course__title", "key", "title")


def paths_to_choose() -> list[tuple[str, str]]:
    """The same, to choose from; one query."""
    choices: dict[str, str] = {}
    for course, title, key, name in paths_taken():
        choices.setdefault(course, title)
        choices[f"{course}/{key}"] = f"– {name}"
    return list(choices.items())


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """How the teams stand, one beside the other."""
    one = Organization.asked_for(request)
    printer, in_itself = Printer(one.wanted), _("Directly in %(team)s") % {"team": one.title}
    context = {
        "page": one,
        "asked": one.wanted,
        "rows": shown(one, printer),
        "direct": printer.plain(in_itself, one.direct) if one.direct.people else "",
        "total": printer.plain(_("All together"), one.total, _("each person once")),
        "columns": columns(one.wanted),
        "report_url": one.wanted.people_url(one.wanted.team_id),
        "trail": trail(one),
        "all_query": one.wanted.query(team=None),
        "file_query": one.wanted.query(),
        "paths": paths_to_choose(),
        "as_of": words.as_of(one.at),
    }
    return render(request, "reports/organization.html", context)


def lines(one: Organization) -> Iterator[list[Cell]]:
    """The file: all teams, all together, and how many teams there are."""
    labels = [str(standing.label) for standing in Standing]
    yield [_("Team"), _("In"), _("People"), _("Asked"), _("Complete"), _("Percent"), *labels]
    together = (_("All together, each person once"), "", one.total)
    for name, above, summary in [*((line.name, line.above, line.summary) for line in one.lines), together]:
        counts = [summary[standing] for standing in Standing]
        yield [name, above, summary.people, summary.asked, summary.complete, percent_of(summary), *counts]
    n = len(one.lines)
    yield [ngettext("%(n)d team", "%(n)d teams", n) % {"n": n}, one.in_words, words.as_of(one.at)]


@require_safe
def file(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """The lines of the page, all of them, with its filters."""
    one = Organization.asked_for(request)
    return download(lines(one), kind, "organization", one.at)
