"""Teams by the way down to them, as people write it: Shops / Lyon 3."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Team
from accounts.models.team import DEEPEST, STEP

NAME = 100  # letters in the name of a team
SUGGESTIONS = 20  # looking for the nearest name is slow; who has more mistakes has a greater one


@dataclass(frozen=True)
class NewTeam:
    """A team that is not here yet, by the names from the top."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return " / ".join(self.names)


def folded(text: str) -> str:
    return re.sub(r"\s*/\s*", "/", " ".join(text.split())).strip("/ ").casefold()


class Tree:
    """All teams, asked once. A team is found by its whole path, or by the end of it if only one team ends so."""

    def __init__(self, make: bool = False) -> None:
        self.make_missing = make
        self.whole: dict[str, list[Team]] = defaultdict(list)
        self.endings: dict[str, list[Team]] = defaultdict(list)
        self.titles: dict[str, str] = {}  # by the path of the team
        self.suggested: dict[str, str] = {}
        for team in Team.objects.order_by("path"):
            self.add(team)

    def add(self, team: Team) -> None:
        above = self.titles.get(team.path[:-STEP])
        title = f"{above} / {team.name}" if above else team.name
        self.titles[team.path] = title
        self.whole[folded(title)].append(team)
        names = title.split(" / ")
        for place in range(1, len(names)):
            self.endings[folded(" / ".join(names[place:]))].append(team)

    def title(self, team: Team | NewTeam) -> str:
        return str(team) if isinstance(team, NewTeam) else self.titles.get(team.path, team.name)

    def find(self, text: str) -> Team | NewTeam:
        """Raises ValidationError if there is no such team, or more than one."""
        key = folded(text)
        found = self.whole.get(key) or self.endings.get(key) or []
        if len(found) > 1:
            names = ", ".join(self.titles[team.path] for team in found[:3])
            raise ValidationError(_("“%(text)s” can be any of: %(names)s.") % {"text": text, "names": names})
        if found:
            return found[0]
        if self.make_missing:
            return self.new(text)
        raise ValidationError(_("There is no team “%(text)s”.") % {"text": text} + self.nearest(key))

    def nearest(self, key: str) -> str:
        """A sentence with the nearest name, if there is one."""
        if key not in self.suggested and len(self.suggested) < SUGGESTIONS:
            near = difflib.get_close_matches(key, [*self.whole, *self.endings], n=1, cutoff=0.75)
            teams = [team for name in near for team in (self.whole.get(name) or self.endings.get(name) or [])]
            self.suggested[key] = self.titles[teams[0].path] if teams else ""
        name = self.suggested.get(key)
        return " " + _("Did you mean “%(name)s”?") % {"name": name} if name else ""

    def new(self, text: str) -> NewTeam:
        names = tuple(name.strip() for name in text.split("/"))
        if not all(names):
            raise ValidationError(_("“%(text)s” has a level without a name.") % {"text": text})
        if len(names) > DEEPEST:
            raise ValidationError(_("Teams can be nested %(levels)d levels deep, not deeper.") % {"levels": DEEPEST})
        if any(len(name) > NAME for name in names):
            raise ValidationError(_("A team's name can have 100 letters, not more."))
        for level in range(1, len(names)):
            if len(self.whole.get(folded("/".join(names[:level])), [])) > 1:
                raise ValidationError(_("There are two teams “%(name)s”.") % {"name": " / ".join(names[:level])})
        return NewTeam(names)

    def made(self, team: Team | NewTeam) -> Team:
        """The team, made with those above it if it is not here."""
        if isinstance(team, Team):
            return team
        here = self.whole.get(folded(str(team)))
        if here:
            return here[0]
        above = self.made(NewTeam(team.names[:-1])) if len(team.names) > 1 else None
        made = Team.add(team.names[-1], above)
        self.add(made)
        return made
