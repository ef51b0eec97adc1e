"""What a manager is told once a week: where the teams stand, by the rows of the report, and whom to tell in person."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import mailing
from accounts.mailing import Piece, Words
from accounts.models import Membership, User
from accounts.models.team import STEP
from courses import reminding
from courses.models.enrollment import site_day
from notices.models import News
from reports import words
from reports.population import Population
from reports.standing import BEHIND, Row, Summary
from reports.team import as_rows, rows_of, summary_of

LISTED = 12  # names of a list; more are on the page


@dataclass(frozen=True)
class Digest:
    """One, however many teams."""

    person: int
    edition: str
    title: str
    summary: Summary
    rows: tuple[Row, ...]
    to_tell: tuple[str, ...]
    about: int = 0
    kind: ClassVar[str] = News.Kind.DIGEST
    rank: ClassVar[int] = 60

    @property
    def topic(self) -> tuple[str, int]:
        return "team", 0

    @property
    def is_worth_a_mail(self) -> bool:
        return bool(self.rows or self.to_tell)

    def words(self) -> Words:
        return Words(
            _("%(team)s this week") % {"team": self.title},
            words.sentence(self.title, self.summary),
            _("See the team"),
            reverse("reports:team"),
            tuple(self.lists()),
        )

    def lists(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for standing in BEHIND:
            rows = [row for row in self.rows if row.standing == standing]
            if rows:
                yield str(standing.label), shortened([line_of(row) for row in rows], self.summary[standing])
        if self.to_tell:
            heading = _("Please tell in person: they have no e-mail address here, or it does not work")
            yield heading, shortened(list(self.to_tell), len(self.to_tell))


def line_of(row: Row) -> str:
    """“Ada Moreau: Full path, due November 20”"""
    names = {"name": row.name, "path": row.path}
    if row.due_on is None:
        return _("%(name)s: %(path)s") % names
    return _("%(name)s: %(path)s, due %(day)s") % {**names, "day": words.weekday(row.due_on)}


def shortened(lines: list[str], total: int) -> tuple[str, ...]:
    more = total - min(len(lines), LISTED)
    end = [ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}] if more else []
    return tuple(lines[:LISTED] + end)


def week_of(day: date) -> str:
    """“2026-W48”"""
    year, week, _weekday = day.isocalendar()
    return f"{year}-W{week:02d}"


def digest_of(manager: User, at: datetime, untold: Collection[int]) -> Digest | None:
    """The digest of this week, or None if there is nothing to say. `untold`: people who have news and no mail."""
    population = Population.of(manager)
    if population.is_everybody:  # HR, who may manage a team as well
        population = population.narrowed(*manager.managed_teams())
    if not population.teams:
        return None
    people = population.people
    summary = summary_of(people, at)
    rows: list[Row] = []
    for standing in BEHIND:
        if summary[standing]:
            rows += as_rows(rows_of(people, standing=standing, sort="due", at=at)[:LISTED])
    to_tell = people.filter(pk__in=untold).order_by("name", "pk").values_list("name", flat=True)
    found = Digest(
        person=manager.pk,
        edition=week_of(site_day(at)),
        title=population.title,
        summary=summary,
        rows=tuple(rows),
        to_tell=tuple(to_tell),
    )
    return found if found.is_worth_a_mail else None


def unreachable(found: Sequence[Piece], at: datetime) -> set[int]:
    """Of the people these pieces are for, those whom no mail reaches and who have not read it on the screen."""
    asked = [piece for piece in found if piece.kind not in (News.Kind.CERTIFICATE, News.Kind.CHANGE)]
    people = User.objects.active().filter(pk__in={piece.person for piece in asked}).unreachable()
    out_of_reach = set(people.values_list("pk", flat=True))
    untold = mailing.untold(asked, mailing.arrived(at, out_of_reach))
    return {piece.person for piece in untold} & out_of_reach


def managers_to_tell(at: datetime, untold: Collection[int]) -> list[int]:
    """Managers who want a digest, have not had this week's, and in or below whose teams something is to be said.

    Three queries; `digest_of` then looks closely.
    """
    paths = set(teams_with_news(at, untold))
    managing = Membership.objects.managing().filter(user__is_active=True, user__mail_digest=True)
    places = managing.filter(user__email__isnull=False).order_by().values_list("user", "team__path")
    candidates = {user for user, path in places if path in paths}
    had = {person for person, kind, _about, edition in mailing.told(at, candidates) if is_this_week(kind, edition, at)}
    return sorted(candidates - had)


def is_this_week(kind: str, edition: str, at: datetime) -> bool:
    return kind == News.Kind.DIGEST and edition == week_of(site_day(at))


def teams_with_news(at: datetime, untold: Collection[int]) -> Iterator[str]:
    """The paths of the teams of people to be chased or told, and of all above them."""
    heard = reminding.heard(at)
    chased = heard.overdue(at) | heard.due_soon(at) | heard.update_due()
    people = Membership.objects.filter(user__in=chased.values("user")) | Membership.objects.filter(user__in=untold)
    for path in people.order_by().values_list("team__path", flat=True).distinct():
        yield from (path[:end] for end in range(STEP, len(path) + 1, STEP))
