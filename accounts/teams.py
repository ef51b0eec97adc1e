"""Finding a team among thousands by what somebody types, and saying which one is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from django.db.models import Q
from django.db.models.functions import Length

from accounts.models import Team
from accounts.models.team import SHORT_LIST, STEP, TeamQuerySet, path_end

LONGEST_LIST = 500  # teams offered at one step on the way through thousands
JOINT = " / "
SAID = 20  # candidates named when a text fits several


def is_short_list() -> bool:
    """Whether the teams fit in a select; one query, and a small one however many there are."""
    return len(Team.objects.order_by().values_list("pk", flat=True)[: SHORT_LIST + 1]) <= SHORT_LIST


def around(chosen: Team | None, tops: Sequence[Team]) -> list[Team]:
    """Of thousands of teams those from which one goes on: the topmost, what lies beside the way down to the chosen one,
    and those directly below it; without one, below the only top. One query.
    """
    way = chosen.path if chosen else tops[0].path if len(tops) == 1 else ""
    wanted = Q(pk__in=[team.pk for team in tops])
    for top in tops:
        for end in range(len(top.path), len(way) + 1, STEP) if way.startswith(top.path) else ():
            wanted |= Q(path__gte=way[:end], path__lte=path_end(way[:end]), length=end + STEP)
    return list(Team.objects.annotate(length=Length("path")).filter(wanted).order_by("path")[:LONGEST_LIST])


def roots() -> list[Team]:
    """The topmost teams of all."""
    return list(Team.objects.annotate(length=Length("path")).filter(length=STEP).order_by("path")[:LONGEST_LIST])


def named(text: str, teams: TeamQuerySet | None = None) -> TeamQuerySet:
    """Teams whose name has this in it; of “Lyon / Shop 3”, the last part."""
    teams = Team.objects.all() if teams is None else teams
    last = text[:200].split(JOINT.strip())[-1].strip()
    return teams.filter(name__icontains=last) if last else teams.none()


def with_full_names(teams: Sequence[Team]) -> list[tuple[Team, str]]:
    """Each team with the names on the way to it; one query for all. Of two that read alike, the number, too."""
    ways = {team.path[:end] for team in teams for end in range(STEP, len(team.path) + 1, STEP)}
    names = dict(Team.objects.filter(path__in=ways).values_list("path", "name"))
    full = [JOINT.join(names[team.path[:end]] for end in range(STEP, len(team.path) + 1, STEP)) for team in teams]
    return [
        (team, name if full.count(name) == 1 else f"{name} #{team.pk}") for team, name in zip(teams, full, strict=True)
    ]


def meant(text: str) -> list[tuple[Team, str]]:
    """The teams that somebody may mean, with their full names: one if there is no doubt.

    No doubt is left by a full name, by a name that only one team has, and by the number behind a #.
    """
    if number := re.search(r"#(\d{1,9})$", text):
        return with_full_names(list(Team.objects.filter(pk=int(number[1]))))
    found = with_full_names(list(named(text).order_by("path")[: SAID * 10]))
    typed = folded(text)
    for exact in (
        [one for one in found if folded(one[1]) == typed],
        [one for one in found if folded(one[0].name) == typed],
    ):
        if exact:
            return exact
    return found


def is_meant(text: str, one: tuple[Team, str]) -> bool:
    """Whether a text names this team without a doubt; a part of a name may have been meant for another."""
    team, name = one
    return folded(text) in (folded(name), folded(team.name)) or text.endswith(f"#{team.pk}")


def folded(text: str) -> str:
    """As it is compared: case and spaces do not matter."""
    return " ".join(text.casefold().replace("/", " / ").split())


def full_name(team: Team) -> str:
    return with_full_names([team])[0][1]


def listed(found: Iterable[tuple[Team, str]]) -> str:
    return "; ".join(name for _team, name in list(found)[:SAID])
