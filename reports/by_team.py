"""The page of an organization, and its files: a line for each team, with all below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from accounts.cells import Cell
from accounts.models import Team
from accounts.models.team import STEP
from accounts.teams import roots
from courses.models import Enrollment, Path
from reports import words
from reports.asking import population_of
from reports.export import download
from reports.forms import KEY, LARGEST
from reports.organization import Scope, Sums, counted
from reports.population import SIZE, Population
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
BAR = [standing for standing in reversed(Standing) if standing not in SET_ASIDE]  # from done to overdue


@dataclass(frozen=True)
class Line:
    """A team and all below it."""

    pk: int
    name: str
    path: str
    above: str  # the name of the team it is in
    summary: Summary

    @property
    def percent(self) -> int | None:
        return percent_of(self.summary)


SORTS: dict[str, Callable[[Line], Any]] = {
    "name": lambda line: line.name.casefold(),
    "people": lambda line: line.summary.people,
    "complete": lambda line: line.percent,
    "overdue": lambda line: line.summary[Standing.OVERDUE],
    "soon": lambda line: line.summary[Standing.DUE_SOON],
    "update": lambda line: line.summary[Standing.UPDATE_DUE],
    "way": lambda line: under_way(line.summary),
    "not-started": lambda line: line.summary[Standing.NOT_STARTED],
    "not-asked": lambda line: line.summary[Standing.NOT_ASKED],
}


def percent_of(summary: Summary) -> int | None:
    """How many of those asked are complete, rounded down; None where nobody is asked."""
    return summary.complete * 100 // summary.asked if summary.asked else None


def under_way(summary: Summary) -> int:
    return summary[Standing.UNDER_WAY] + summary[Standing.DONE_SO_FAR]


class OrganizationForm(forms.Form):
    """The query part of the address of an organization."""

    team = forms.IntegerField(label=gettext_lazy("team"), required=False, min_value=1, max_value=LARGEST)
    depth = forms.ChoiceField(label=gettext_lazy("depth"), required=False, choices=[("all", "all")])
    path = forms.RegexField(rf"^{KEY}(?:/{KEY})?\Z", label=gettext_lazy("path"), required=False, max_length=120)
    sort = forms.ChoiceField(
        label=gettext_lazy("order"), required=False, choices=[(sign + key, key) for key in SORTS for sign in ("", "-")]
    )
    page = forms.IntegerField(label=gettext_lazy("page"), required=False, min_value=1, max_value=100_000)


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
        form = OrganizationForm(data)
        form.is_valid()
        given = form.cleaned_data
        return cls(
            team_id=given.get("team"),
            is_deep=given.get("depth") == "all",
            path=given.get("path") or "",
            sort=given.get("sort") or DEFAULT_SORT,
            page=given.get("page") or 1,
            ignored=tuple(str(form.fields[name].label) for name in form.errors),
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
        query = QueryDict(mutable=True)
        query.update({name: str(value) for name, value in wanted.items() if value})
        return f"?{query.urlencode(safe='/')}"

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
    """One query, for the names."""
    nothing = Sums().summary
    found = list(scope.teams.values_list("pk", "name", "path"))
    name_of = {path: name for _pk, name, path in found}
    name_of |= {team.path: team.name for team in scope.tops}
    return [
        Line(pk, name, path, name_of.get(path[:-STEP], ""), sums[path].summary if path in sums else nothing)
        for pk, name, path in found
    ]


def sorted_lines(lines: list[Line], wanted: Wanted) -> list[Line]:
    """Those without a value come last, whichever way; ties in the order of the tree."""
    key = SORTS[wanted.key]
    known = [line for line in lines if key(line) is not None]
    unknown = [line for line in lines if key(line) is None]
    return sorted(known, key=key, reverse=wanted.backwards) + unknown


@dataclass(frozen=True)
class Shown:
    """A line as the table prints it; `url` is empty where no team lies below."""

    name: str
    above: str
    url: str
    people_url: str
    people: str
    percent: str
    said: str
    bar: list[tuple[str, int, int]]  # state, where it begins, how wide
    numbers: list[tuple[str, str]]  # with the heading of the column


def shown(one: Organization) -> list[Shown]:
    """The lines of the page; one query, for which of them have teams below."""
    last = Concat(OuterRef("path"), Value("9" * STEP))
    below = Team.objects.filter(path__gt=OuterRef("path"), path__lte=last)
    wide = set(Team.objects.filter(Exists(below), pk__in=[line.pk for line in one.shown]).values_list("pk", flat=True))
    labels = numbers_shown()
    down = one.wanted.query(team=PLACE)
    people = one.wanted.people_url(PLACE)
    return [
        Shown(
            name=line.name,
            above=line.above if one.wanted.is_deep else "",
            url=down.replace(PLACE, str(line.pk)) if line.pk in wide else "",
            people_url=people.replace(PLACE, str(line.pk)),
            **figures(line.summary, labels),
        )
        for line in one.shown
    ]


def numbers_shown() -> list[tuple[str, Callable[[Line], Any]]]:
    """The headings of the numbers, and what stands below them."""
    return [(str(LABELS[key]), SORTS[key]) for key in NUMBERS]


def figures(summary: Summary, labels: list[tuple[str, Callable[[Line], Any]]]) -> dict[str, Any]:
    """The cells of a line but its name."""
    line = Line(0, "", "", "", summary)
    return {
        "people": str(summary.people),
        "percent": "–" if line.percent is None else f"{line.percent}%",
        "said": said(summary),
        "bar": bar(summary),
        "numbers": [(label, str(number(line))) for label, number in labels],
    }


def said(summary: Summary) -> str:
    if not summary.asked:
        return _("nobody is asked")
    return _("%(complete)d of %(asked)d") % {"complete": summary.complete, "asked": summary.asked}


def bar(summary: Summary) -> list[tuple[str, int, int]]:
    """Whole units that fill the bar exactly."""
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


def paths_to_choose() -> list[tuple[str, str]]:
    """Courses, and their paths that somebody takes; one query."""
    found = Path.objects.filter(Exists(Enrollment.objects.filter(path=OuterRef("pk"))))
    choices: dict[str, str] = {}
    for course, title, key, name in found.order_by("course__title", "position", "pk").values_list(
        "course__key", "course__title", "key", "title"
    ):
        choices.setdefault(course, title)
        choices[f"{course}/{key}"] = f"– {name}"
    return list(choices.items())


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """How the teams stand, one beside the other."""
    one = Organization.asked_for(request)
    context = {
        "page": one,
        "asked": one.wanted,
        "rows": shown(one),
        "direct": figures(one.direct, numbers_shown()) if one.direct.people else None,
        "total": figures(one.total, numbers_shown()),
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
    for line in [*one.lines, Line(0, _("All together, each person once"), "", "", one.total)]:
        counts = [line.summary[standing] for standing in Standing]
        known = [line.summary.people, line.summary.asked, line.summary.complete, line.percent]
        yield [line.name, line.above, *known, *counts]
    n = len(one.lines)
    yield [ngettext("%(n)d team", "%(n)d teams", n) % {"n": n}, one.in_words, words.as_of(one.at)]


@require_safe
def file(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """The lines of the page, all of them, with its filters."""
    one = Organization.asked_for(request)
    return download(lines(one), kind, "organization", one.at)
