from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Concat, Length, Substr
from django.utils.translation import gettext_lazy as _

STEP = 4  # digits for a level of the path: 9,999 teams below one team
LENGTH = 64
DEEPEST = LENGTH // STEP
SHORT_LIST = 200  # teams that fit in a select


def path_end(path: str) -> str:
    """The last path that `path` and everything below it can have.

    Digits only, for the order of anything else depends on the language of a PostgreSQL database: in most, ":" comes
    before "0" and not behind "9".
    """
    return path.ljust(LENGTH, "9")


@dataclass(frozen=True)
class OneTeam:
    """A team without those below, by its path. PostgreSQL keeps a plan for some of them, but for no range."""

    path: str


@dataclass(frozen=True)
class Branch:
    """A team with all below it, by the ends of its range: for queries that are prepared before a team is known."""

    path: str
    last_path: str


class TeamQuerySet(models.QuerySet["Team"]):
    def under(self, *teams: Team | OneTeam | Branch) -> TeamQuerySet:
        """These teams and all below them, by ranges of the indexed path (`startswith` scans the table on SQLite)."""
        return self.filter(Team.range_of("path", teams))

    def children_of(self, team: Team) -> TeamQuerySet:
        """The teams directly below one, in the order of the tree."""
        below = self.under(team).annotate(length=Length("path"))
        return below.filter(length=len(team.path) + STEP).order_by("path")


class Team(models.Model):
    """A team in the tree. `path` is the way down from the root, four digits a level: 0001, 00010003, 000100030002."""

    name = models.CharField(_("name"), max_length=100)
    path = models.CharField(max_length=LENGTH, unique=True, editable=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["path"]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def range_of(field: str, teams: Sequence[Team | OneTeam | Branch]) -> Q:
        """A condition that `field` lies in the subtree of one of the teams; false for no team."""
        alone = [team.path for team in teams if isinstance(team, OneTeam)]
        condition = Q(**{f"{field}__in": alone})
        for team in teams:
            if isinstance(team, OneTeam):
                continue
            condition |= Q(**{f"{field}__gte": team.path, f"{field}__lte": team.last_path})
        return condition

    @property
    def last_path(self) -> str:
        return path_end(self.path)

    @property
    def depth(self) -> int:
        return len(self.path) // STEP

    @property
    def parent(self) -> Team | None:
        return Team.objects.filter(path=self.path[:-STEP]).first() if self.depth > 1 else None

    def is_under(self, other: Team) -> bool:
        """Whether this is `other` or lies below it."""
        return self.path.startswith(other.path)

    @property
    def height(self) -> int:
        """Levels this team takes with all below it; one query, none for a team that is not saved yet."""
        if self._state.adding:
            return 1
        paths = Team.objects.under(self).values_list("path", flat=True)
        return (max(len(path) for path in paths) - len(self.path)) // STEP + 1

    def check_place(self, parent: Team | None) -> None:
        """Raise ValidationError if this team, with all below it, cannot hang under `parent`: a circle, or too deep."""
        if parent and not self._state.adding and parent.is_under(self):
            raise ValidationError(
                _("%(team)s cannot move below %(parent)s, which is part of it."),
                params={"team": self.name, "parent": parent.name},
            )
        if (parent.depth if parent else 0) + self.height > DEEPEST:
            raise ValidationError(
                _("Teams can be nested %(levels)d levels deep, not deeper."), params={"levels": DEEPEST}
            )

    @classmethod
    def add(cls, name: str, parent: Team | None = None) -> Team:
        """Create a team as the last child of `parent`, or as a root. Raises ValidationError below the deepest level."""
        try:
            return cls._add(name, parent)
        except IntegrityError:  # only before there is a first team to lock can two take one place
            return cls._add(name, parent)

    @classmethod
    @transaction.atomic
    def _add(cls, name: str, parent: Team | None) -> Team:
        cls._lock_tree(parent)
        cls(name=name).check_place(parent)
        return cls.objects.create(name=name, path=cls._next_path(parent.path if parent else ""))

    @classmethod
    def _lock_tree(cls, *known: Team | None) -> None:
        """Let changes of the tree's shape wait for each other, and learn where the known teams are by now."""
        cls.objects.select_for_update().order_by("pk").first()
        for team in known:
            if team:
                team.refresh_from_db(fields=["path"])

    @classmethod
    def _next_path(cls, parent_path: str) -> str:
        below = cls.objects.filter(path__gt=parent_path, path__lte=path_end(parent_path))
        siblings = below.annotate(length=Length("path")).filter(length=len(parent_path) + STEP)
        last = siblings.order_by("-path").values_list("path", flat=True).first()
        number = int(last[-STEP:]) + 1 if last else 1
        if number > 9999:
            raise ValidationError(_("A team can have 9,999 teams directly below it, not more."))
        return f"{parent_path}{number:0{STEP}d}"

    @transaction.atomic
    def move(self, parent: Team | None) -> None:
        """Hang this team and all below it under `parent` (None: make it a root).

        Raises ValidationError for a circle and for a tree that would be too deep.
        """
        Team._lock_tree(self, parent)
        if self.path[:-STEP] == (parent.path if parent else ""):
            return
        self.check_place(parent)
        old, new = self.path, self._next_path(parent.path if parent else "")
        Team.objects.under(self).update(path=Concat(models.Value(new), Substr("path", len(old) + 1)))
        self.path = new

    def check_merge(self, other: Team) -> None:
        """Raise ValidationError if this team cannot become one with `other`: itself, a part of it, or too deep then."""
        if self.pk == other.pk:
            raise ValidationError(_("Choose another team than this one."))
        if other.is_under(self):
            raise ValidationError(
                _("%(other)s is part of %(team)s. Move it out first, or merge it the other way round."),
                params={"other": other.name, "team": self.name},
            )
        if other.depth + self.height - 1 > DEEPEST:
            raise ValidationError(
                _("Teams can be nested %(levels)d levels deep, not deeper."), params={"levels": DEEPEST}
            )

    @transaction.atomic
    def merge_into(self, other: Team) -> None:
        """Make this team one with `other`: its people and the teams below it go there, then it is deleted.

        Somebody in both keeps one place, as manager if they were in either, and as home if either was. Raises
        ValidationError as `check_merge`, DoesNotExist if one of the two is gone, and ProtectedError while something
        else still hangs on this team.
        """
        Team._lock_tree(self, other)
        list(Team.objects.select_for_update().filter(pk__in=[self.pk, other.pk]).order_by("pk"))
        self.check_merge(other)
        self._join_places(other)
        for below in Team.objects.children_of(self):
            below.move(other)
        self.delete()

    def _join_places(self, other: Team) -> None:
        places = list(self.memberships.select_for_update().order_by("pk"))
        there = other.memberships.filter(user__in=[place.user_id for place in places])
        twice = set(there.values_list("user", flat=True))
        both = [place for place in places if place.user_id in twice]
        self.memberships.filter(user__in=twice).delete()  # first: one home at a time
        managers = [place.user_id for place in both if place.role == Membership.Role.MANAGER]
        there.filter(user__in=managers).update(role=Membership.Role.MANAGER)
        there.filter(user__in=[place.user_id for place in both if place.is_home]).update(is_home=True)
        self.memberships.update(team=other)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def managing(self) -> MembershipQuerySet:
        return self.filter(role=Membership.Role.MANAGER)

    def in_teams(self, *teams: Team | OneTeam | Branch) -> MembershipQuerySet:
        """Memberships in these teams or below them."""
        return self.filter(Team.range_of("team__path", teams))

    def directly_in(self, *teams: Team) -> MembershipQuerySet:
        """Memberships in these teams themselves, and of the managers of the teams directly below them."""
        direct = Q(team__path__in=[team.path for team in teams])
        for team in teams:
            ends = {"team__path__gte": team.path, "team__path__lte": team.last_path}
            direct |= Q(role=Membership.Role.MANAGER, length=len(team.path) + STEP, **ends)
        return self.annotate(length=Length("team__path")).filter(direct)


class Membership(models.Model):
    """A person's place in a team. One place is home; a manager of a team sees its people and all below it."""

    class Role(models.TextChoices):
        MEMBER = "member", _("Member")
        MANAGER = "manager", _("Manager")

    team = models.ForeignKey(Team, models.PROTECT, related_name="memberships", verbose_name=_("team"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    is_home = models.BooleanField(_("home team"), default=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("place in a team")
        verbose_name_plural = _("places in teams")
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_once_a_team"),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(is_home=True),
                name="membership_one_home",
                violation_error_message=_("A person has one home team."),
            ),
        ]
        # A few in a hundred; reports look at their people one by one.
        indexes = [models.Index(fields=["team"], condition=Q(is_home=False), name="membership_beside")]

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"

    def clean(self) -> None:
        super().clean()
        homes: Any = Membership.objects.filter(user_id=self.user_id, is_home=True).exclude(pk=self.pk)
        if self.is_home and self.user_id and homes.exists():
            raise ValidationError({"is_home": _("%(name)s has a home team already.") % {"name": self.user.name}})
