"""Who is in a report: decided here, once, and printed in words on every page and file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Team, User
from accounts.models.team import OneTeam
from accounts.models.user import UserQuerySet
from accounts.statements import Prepared
from accounts.teams import around, is_short_list, roots
from reports.standing import Row

NAMED = 3  # teams named in a sentence; more are counted
SIZE = 50  # rows of a page


@cache
def few_of(teams: int) -> Prepared:
    """For managers of so many teams, those below counted as well."""

    def few(viewer: int, **paths: str) -> QuerySet[User, tuple[int, bool]]:
        manager, listed = User(pk=viewer), [OneTeam(path) for path in paths.values()]
        return few_among(User.objects.managed_by(manager, listed).active(), manager, listed)

    return Prepared(few)


def few_among(people: UserQuerySet, viewer: User, teams: Sequence[Team | OneTeam]) -> QuerySet[User, tuple[int, bool]]:
    """These people, up to one more than a page has rows, with whether the viewer may print a slip for them."""
    printable = User.objects.slip_printable_by(viewer, teams).filter(pk=OuterRef("pk"))
    return people.annotate(has_slip=Exists(printable)).order_by().values_list("pk", "has_slip")[: SIZE + 1]


@dataclass(frozen=True)
class Population:
    """Active people a viewer may see in reports, each once, and never the viewer; those who left if asked for."""

    viewer: User
    tops: list[Team]  # what the viewer manages, if they do not see everybody
    below: list[Team] | None  # the same, with all teams below; None if they are too many for a list
    teams: list[Team]  # whose people they are; empty: nobody's, or everybody's if `is_everybody`
    is_everybody: bool
    chosen: Team | None = None  # the one team it was narrowed to
    is_narrowed: bool = False
    is_direct: bool = False
    has_leavers: bool = False

    @classmethod
    def of(cls, viewer: User) -> Population:
        """Everybody `viewer` may see; one query, two for managers of many teams, or those for the permissions of HR."""
        everybody = viewer.sees_everybody
        tops, below = ([], None) if everybody else viewer.managed_tree()
        return cls(viewer=viewer, tops=tops, below=below, teams=tops, is_everybody=everybody)

    @property
    def managed(self) -> Sequence[Team | OneTeam]:
        """What the viewer manages: team by team, unless they are many."""
        few = self.below if self.below is not None and len(self.below) <= SIZE else None
        return self.tops if few is None else [OneTeam(team.path) for team in few]

    @property
    def people(self) -> UserQuerySet:
        people = User.objects.managed_by(self.viewer, self.managed)
        people = people.active_or_left() if self.has_leavers else people.active()
        if self.is_direct:
            return people.directly_in(*self.teams)
        return people.in_teams(*self.teams) if self.is_narrowed else people

    @property
    def may_look(self) -> bool:
        """Whether team reports are for this viewer at all; learners answer 403."""
        return self.is_everybody or bool(self.teams)

    @property
    def is_usual(self) -> bool:
        """A manager without staff rights, and all their people: the queries of their report are prepared."""
        chosen = self.is_narrowed or self.is_direct or self.has_leavers
        return bool(self.teams) and not (chosen or self.viewer.is_staff or self.viewer.is_superuser)

    def team(self, number: int) -> Team | None:
        """The team of this number, if the report can be narrowed to it; one query, if they are many or all."""
        if self.below is not None:
            return next((team for team in self.below if team.pk == number), None)
        teams = Team.objects.all() if self.viewer.sees_everybody else Team.objects.under(*self.tops)
        return teams.filter(pk=number).first()

    def choices(self) -> tuple[list[Team], bool]:
        """The teams to choose from, in the order of the tree, and whether these are all: of many only the next ones
        on the way down. No query for a manager of few, three at most.
        """
        if self.below is not None:
            return self.below, True
        if self.viewer.sees_everybody and is_short_list():
            return list(Team.objects.all()), True
        return around(self.chosen, roots() if self.viewer.sees_everybody else self.tops), False

    @property
    def has_several_teams(self) -> bool:
        return self.below is None or len(self.below) > 1

    def narrowed(self, *teams: Team) -> Population:
        """The same people, but only those of some of the teams they are of, and of the teams below them."""
        chosen = teams[0] if len(teams) == 1 else None
        return replace(self, teams=[*teams], chosen=chosen, is_everybody=False, is_narrowed=True)

    def direct(self) -> Population:
        """The same, but only people of these teams themselves and the managers of the teams directly below."""
        return replace(self, is_direct=True)

    def with_leavers(self) -> Population:
        """The same, and the people who left while they had a place there."""
        return replace(self, has_leavers=True)

    def few(self) -> dict[int, bool] | None:
        """All people by number, with whether the viewer may print a slip for them, if they fit on a page; one query."""
        if self.is_usual and self.below is not None and len(self.below) <= SIZE:
            paths = [team.path for team in self.below]
            paths += [""] * (-len(paths) % 5 if len(paths) > 1 else 0)
            found = few_of(len(paths))(viewer=self.viewer.pk, **{f"path{n}": path for n, path in enumerate(paths)})
        else:
            found = list(few_among(self.people, self.viewer, self.managed))
        return dict(found) if len(found) <= SIZE else None

    def prints_for(self, rows: Iterable[Row]) -> set[int]:
        """The people of these rows for whom the viewer may print a sign-in slip, by number; one query."""
        people = User.objects.slip_printable_by(self.viewer, self.managed).filter(
            pk__in={row.person_id for row in rows}
        )
        return set(people.values_list("pk", flat=True))

    @property
    def title(self) -> str:
        """Whose standing a sentence tells: “Shop Lyon”, “Shop Lyon and Shop Lille”, “Your 5 teams”, “Everybody”."""
        if self.is_everybody:
            return _("Everybody")
        if len(self.teams) > NAMED:
            return ngettext("Your %(n)d team", "Your %(n)d teams", len(self.teams)) % {"n": len(self.teams)}
        return get_text_list([team.name for team in self.teams], _("and"))

    def sentence(self, count: int) -> str:
        """Who is counted, in words, for the foot of a page or file."""
        who = ngettext("%(n)d person", "%(n)d people", count) % {"n": count}
        words = {"who": who, "teams": get_text_list([team.name for team in self.teams], _("and"))}
        return f"{self._in_words() % words} {set_aside()}"

    def _in_words(self) -> str:
        if self.is_everybody and self.has_leavers:
            return _("%(who)s: everybody with an active account, and who left, except yourself.")
        if self.is_everybody:
            return _("%(who)s: everybody with an active account except yourself.")
        if self.is_direct and self.has_leavers:
            return _(
                "%(who)s: everybody with an active account, or who left, and a place in %(teams)s itself, and the "
                "managers of the teams directly below, except yourself."
            )
        if self.is_direct:
            return _(
                "%(who)s: everybody with an active account and a place in %(teams)s itself, and the managers of the "
                "teams directly below, except yourself."
            )
        if self.has_leavers:
            return _(
                "%(who)s: everybody with an active account, or who left, and a place in %(teams)s or a team below, "
                "except yourself."
            )
        return _("%(who)s: everybody with an active account and a place in %(teams)s or a team below, except yourself.")


def set_aside() -> str:
    """What is meant by “asked”, in words."""
    return _("Who is excused, paused or withdrawn is listed, but not counted among those asked.")
