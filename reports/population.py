"""Who is in a report: decided here, once, and printed in words on every page and file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Team, User
from accounts.models.user import UserQuerySet
from reports.standing import Row

NAMED = 3  # teams named in a sentence; more are counted


@dataclass(frozen=True)
class Population:
    """Active people a viewer may see in reports, each once, and never the viewer."""

    viewer: User
    people: UserQuerySet
    printable: UserQuerySet  # for whom the viewer may print a sign-in slip, whether they are among these people or not
    teams: list[Team]  # whose people they are; empty: nobody's, or everybody's if `is_everybody`
    is_everybody: bool

    @classmethod
    def of(cls, viewer: User) -> Population:
        """Everybody `viewer` may see; one query, or those for the permissions of HR."""
        everybody = viewer.sees_everybody
        tops = [] if everybody else viewer.managed_teams()
        people = User.objects.managed_by(viewer, tops).active()
        printable = User.objects.slip_printable_by(viewer, tops)
        return cls(viewer=viewer, people=people, printable=printable, teams=tops, is_everybody=everybody)

    @property
    def may_look(self) -> bool:
        """Whether team reports are for this viewer at all; learners answer 403."""
        return self.is_everybody or bool(self.teams)

    def choices(self) -> list[Team]:
        """The teams this report can be narrowed to, in the order of the tree; one query."""
        return list(Team.objects.all() if self.is_everybody else Team.objects.under(*self.teams))

    def narrowed(self, *teams: Team) -> Population:
        """The same people, but only those of some of `choices()` and of the teams below them."""
        return replace(self, people=self.people.in_teams(*teams), teams=[*teams], is_everybody=False)

    def prints_for(self, rows: Iterable[Row]) -> set[int]:
        """The people of these rows for whom the viewer may print a sign-in slip, by number; one query."""
        people = self.printable.filter(pk__in={row.person_id for row in rows})
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
        if self.is_everybody:
            return _("%(who)s: everybody with an active account except yourself.") % {"who": who}
        teams = get_text_list([team.name for team in self.teams], _("and"))
        return _(
            "%(who)s: everybody with an active account and a place in %(teams)s or a team below, except yourself."
        ) % {"who": who, "teams": teams}
