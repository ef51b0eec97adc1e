"""Bringing people in who have not come yet: invitations by mail, and sheets of slips for those without."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.utils import timezone

from accounts import audit, letters
from accounts.models import InvitationRound, SignInSlip, Team, User
from accounts.models.slip import SignInSlipQuerySet
from accounts.models.user import UserQuerySet
from notices import hours, outbox

LEFT_ALONE = timedelta(days=3)  # whoever has a younger invitation that still works gets no other
A_MOMENT = timedelta(minutes=10)  # the same for one who is chosen by hand
AT_ONCE = 100  # people invited by the request itself; more take their turn
BATCH = 100  # people of one transaction
SHEET = 200  # slips of a sheet

How = InvitationRound.How
CHOSEN: dict[str, dict[str, Any]] = {  # as `with_invitations` annotates
    How.NEVER: {"invited_at": None},
    How.MAIL: {"last_by_mail": True},
    How.PAPER: {"last_by_mail": False},
    How.OVER: {"works": False, "invited_at__isnull": False},
    How.NO_MAIL: {"email": None},
}


def recent(at: datetime | None = None, within: timedelta = LEFT_ALONE) -> SignInSlipQuerySet:
    """Invitations that are so young that nobody needs another."""
    at = at or timezone.now()
    return SignInSlip.objects.valid(at).filter(by_mail=True, printed_at__gt=at - within)


def to_mail(people: UserQuerySet, at: datetime | None = None, within: timedelta = LEFT_ALONE) -> UserQuerySet:
    """Of these, those whom an invitation by mail would go to: an address, never signed in, none sent lately."""
    lately = recent(at, within).filter(user=OuterRef("pk"))
    return people.not_come().filter(~Exists(lately), email__isnull=False)


def for_paper(people: UserQuerySet, with_mail: bool = False) -> UserQuerySet:
    """Of these, those who need a slip: never signed in and no address; `with_mail`, all who never set a password."""
    if with_mail:
        return people.active().filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return people.not_come().filter(email=None)


@dataclass(frozen=True)
class Reach:
    """How many people of a team would be invited, and how many not, and why. Each person counts once."""

    mail: int
    lately: int
    paper: int
    come: int
    colleagues: int  # with staff rights, whom HR may not invite


def reach(by: User, team: Team, at: datetime | None = None) -> Reach:
    """What inviting the team, with those below it, would do; two queries."""
    everybody = User.objects.active().in_teams(team).exclude(pk=by.pk).count()
    people = User.objects.slip_printable_by(by).in_teams(team)
    counted = people.annotate(has_lately=Exists(recent(at).filter(user=OuterRef("pk")))).aggregate(
        all=Count("pk"),
        come=Count("pk", filter=Q(last_login__isnull=False)),
        paper=Count("pk", filter=Q(last_login=None, email=None)),
        lately=Count("pk", filter=Q(last_login=None, email__isnull=False, has_lately=True)),
    )
    mail = counted["all"] - counted["come"] - counted["paper"] - counted["lately"]
    return Reach(mail, counted["lately"], counted["paper"], counted["come"], everybody - counted["all"])


def invite(by: User, person: User, at: datetime | None = None) -> bool:
    """Write an invitation to one person, if they should get one and `by` may invite them; whether one was written."""
    return _invite_batch(by, [person.pk], person, at or timezone.now(), A_MOMENT) > 0


def begin(by: User, team: Team | None, how: str = "", at: datetime | None = None) -> tuple[int, int]:
    """Invite everybody of a team, or all of a list: AT_ONCE people now, the others batch by batch (`go_on`).

    Returns how many were invited, and how many are left. The same again while that goes on begins nothing new.
    """
    at = at or timezone.now()
    InvitationRound.objects.bulk_create([InvitationRound(team=team, how=how, by=by, at=at)], ignore_conflicts=True)
    one = InvitationRound.objects.open().filter(team=team, how=how).first()
    if one is None:  # somebody's round, that ended in this very moment
        return 0, 0
    return _next_batch(one, AT_ONCE, at), left_in(one, at).count()


def go_on(most: int, at: datetime | None = None) -> int:
    """The next batch of the rounds that are open, the oldest first, to people in whose zone it is a working hour.

    For the timer; returns how many were invited, `most` at most. Safe to run twice and at once.
    """
    at = at or timezone.now()
    invited = 0
    for one in InvitationRound.objects.open().select_related("by", "team"):
        while invited < most and (some := _next_batch(one, min(BATCH, most - invited), at, in_hours=True)):
            invited += some
    return invited


def stop(one: InvitationRound, by: User, at: datetime | None = None) -> bool:
    """Invite nobody else in this round; False if it was over. Who was invited stays so."""
    ended = InvitationRound.objects.filter(pk=one.pk).end(at) > 0
    if ended:
        audit.record(by, one.team or by, "Stopped a round of invitations")
    return ended


def left_in(one: InvitationRound, at: datetime | None = None) -> UserQuerySet:
    """Whom this round still invites. Whoever got a mail since it began got that of this round, or a newer one."""
    at = at or timezone.now()
    since = SignInSlip.objects.filter(by_mail=True, printed_at__gte=one.at, user=OuterRef("pk"))
    return to_mail(listed(one.by, one.team, one.how, at), at).filter(~Exists(since))


@transaction.atomic
def _next_batch(one: InvitationRound, size: int, at: datetime, in_hours: bool = False) -> int:
    """Invite some more, unless it was ended meanwhile; the round ends with the last. One at a time for each round."""
    if not list(InvitationRound.objects.open().filter(pk=one.pk).select_for_update()):
        return 0
    people = left_in(one, at)
    now = people.filter(time_zone__in=open_zones(people, at)) if in_hours else people
    chosen = list(now.order_by("pk").values_list("pk", flat=True)[:size])
    invited = _invite_batch(one.by, chosen, one.team or one.by, at, LEFT_ALONE) if chosen else 0
    if not left_in(one, at).exists():
        InvitationRound.objects.filter(pk=one.pk).end(at)
    return invited


def open_zones(people: UserQuerySet, at: datetime) -> list[str]:
    """The time zones of these people in which it is a working hour."""
    zones = people.order_by().values_list("time_zone", flat=True).distinct()
    return [zone for zone in zones if hours.is_open(at, zone)]


def listed(by: User, team: Team | None = None, how: str = "", at: datetime | None = None) -> UserQuerySet:
    """Of the people whom `by` may let in, those who have not come: of all teams or one, by how they were invited."""
    people = with_invitations(User.objects.slip_printable_by(by).not_come(), at)
    people = people.in_teams(team) if team else people
    return people.filter(**CHOSEN[how]) if how else people


@transaction.atomic
def _invite_batch(by: User, chosen: list[int], subject: Team | User, at: datetime, within: timedelta) -> int:
    locked = list(User.objects.select_for_update().filter(pk__in=chosen).order_by("pk"))
    # Asked again under the lock: of two who invite at the same instant one does.
    people = to_mail(User.objects.slip_printable_by(by).filter(pk__in=chosen), at, within)
    still = set(people.values_list("pk", flat=True))
    batch = [person for person in locked if person.pk in still]
    if not batch:
        return 0
    made = SignInSlip.make_for(batch, by, by_mail=True, at=at)
    outbox.write_all(
        letters.invitation(slip.user, code, slip.expires_at, f"invitation:{slip.pk}") for slip, code in made
    )
    audit.record(by, subject, f"Invited {len(batch)} by mail")
    return len(batch)


@transaction.atomic
def print_sheet(
    by: User, team: Team, with_mail: bool = False, at: datetime | None = None
) -> list[tuple[SignInSlip, str]]:
    """Make the slips of a team's sheet, with their codes, in the order of names. Raises TooMany beyond SHEET."""
    people = for_paper(User.objects.slip_printable_by(by).in_teams(team), with_mail)
    chosen = list(people.select_for_update(of=("self",)).order_by("name", "pk")[: SHEET + 1])
    if len(chosen) > SHEET:
        raise TooMany
    made = SignInSlip.make_for(chosen, by, by_mail=False, at=at)
    if made:
        audit.record(by, team, f"Printed {len(made)} sign-in slips")
    return made


class TooMany(Exception):
    """More people than a sheet has room for."""


def with_invitations(people: UserQuerySet, at: datetime | None = None) -> UserQuerySet:
    """Annotate when these people were invited last (`invited_at`), how often by mail (`mails`) and on paper (`papers`),
    and of the last one whether it was by mail (`last_by_mail`) and whether it still works (`works`).
    """
    own = SignInSlip.objects.filter(user=OuterRef("pk")).order_by()
    last = own.order_by("-printed_at", "-pk")

    def counted(slips: SignInSlipQuerySet) -> Subquery:
        return Subquery(slips.values("user").annotate(n=Count("pk")).values("n"))

    return people.annotate(
        invited_at=Subquery(last.values("printed_at")[:1]),
        last_by_mail=Subquery(last.values("by_mail")[:1]),
        mails=counted(own.filter(by_mail=True)),
        papers=counted(own.filter(by_mail=False)),
        works=Exists(SignInSlip.objects.valid(at).filter(user=OuterRef("pk"))),
    )
