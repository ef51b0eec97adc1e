"""Bringing people in who have not come yet: invitations by mail, and sheets of slips for those without."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.utils import timezone

from accounts import audit, letters
from accounts.models import SignInSlip, Team, User
from accounts.models.slip import SignInSlipQuerySet
from accounts.models.user import UserQuerySet
from notices import outbox

LEFT_ALONE = timedelta(days=3)  # whoever has a younger invitation that still works gets no other
A_MOMENT = timedelta(minutes=10)  # the same for one who is chosen by hand
BATCH = 500  # people of one transaction
SHEET = 200  # slips of a sheet


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
        return people.active().filter(password__startswith="!")  # noqa: S106  # as Django marks that there is none
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


def invite(
    by: User, people: UserQuerySet, subject: Team | User, at: datetime | None = None, within: timedelta = LEFT_ALONE
) -> int:
    """Write an invitation to each of these people who should get one and whom `by` may invite; returns how many.

    Batch by batch, each in a transaction of its own with its line in the audit list of `subject`. Safe to repeat, and
    to go on with after it was cut off: whoever was invited lately is left out.
    """
    at = at or timezone.now()
    mine = people.filter(pk__in=User.objects.slip_printable_by(by).values("pk"))
    chosen = list(to_mail(mine, at, within).order_by("pk").values_list("pk", flat=True))
    batches = [chosen[start : start + BATCH] for start in range(0, len(chosen), BATCH)]
    return sum(_invite_batch(by, batch, subject, at, within) for batch in batches)


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
