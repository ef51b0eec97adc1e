from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User

ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # without letters and digits that look alike on paper
LENGTH = 12
VALID_FOR = timedelta(days=7)
LINK_VALID_FOR = timedelta(days=14)


def digest(code: str) -> str:
    return salted_hmac("accounts.SignInSlip", code, algorithm="sha256").hexdigest()


def new_code() -> str:
    """A code for paper."""
    return "".join(secrets.choice(ALPHABET) for place in range(LENGTH))


def grouped(code: str) -> str:
    """For paper: ABCD EFGH JKMN."""
    return " ".join(code[place : place + 4] for place in range(0, len(code), 4))


def clean_code(code: str) -> str:
    """What somebody types from paper: spaces, hyphens and lower case do not matter."""
    return "".join(letter for letter in code.upper() if letter in ALPHABET)


class SignInSlipQuerySet(models.QuerySet["SignInSlip"]):
    def valid(self, at: datetime | None = None) -> SignInSlipQuerySet:
        return self.filter(used_at=None, expires_at__gt=at or timezone.now())

    def by_link(self, code: str) -> SignInSlipQuerySet:
        """The invitation whose link has this code, whatever became of it. One at most."""
        return self.filter(by_mail=True, digest=digest(code)).select_related("user")

    def end(self, at: datetime | None = None) -> None:
        """Let none of these be used any more."""
        at = at or timezone.now()
        self.valid(at).update(expires_at=at)

    def matching(self, name: str, code: str) -> SignInSlipQuerySet:
        """The slip of the active person with this address or number that has this code. One query, whoever it is."""
        name = User.clean_sign_in_name(name)
        person = Q(user__email=name) | Q(user__staff_number=name)
        printed = self.filter(user__is_active=True, by_mail=False, digest=digest(clean_code(code)))
        return printed.filter(person).select_related("user")


class SignInSlip(models.Model):
    """The fact that a one-time code was made for a person, on paper or in a mailed link. Only its digest is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="slips", verbose_name=_("person"))
    printed_by = models.ForeignKey(
        User,
        models.PROTECT,
        related_name="+",
        verbose_name=_("printed by"),
        null=True,
        blank=True,
        help_text=_("Nobody, if it was made by a command."),
    )
    by_mail = models.BooleanField(
        _("sent by mail"), default=False, help_text=_("The code is in the link of an invitation, not on paper.")
    )
    printed_at = models.DateTimeField(_("printed"), default=timezone.now)
    expires_at = models.DateTimeField(_("valid until"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)

    objects = SignInSlipQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-in slip")
        verbose_name_plural = _("sign-in slips")

    def __str__(self) -> str:
        return f"{self.user} · {self.printed_at:%Y-%m-%d}"

    def is_valid(self, at: datetime | None = None) -> bool:
        return self.used_at is None and self.expires_at > (at or timezone.now())

    class Over(models.TextChoices):
        """Why a link or a code no longer works."""

        USED = "used", _("used already")
        EXPIRED = "expired", _("too old")
        REPLACED = "replaced", _("ended")

    def over(self, at: datetime | None = None) -> Over | None:
        """Why it cannot be used any more; None while it can. What ended before its time was ended by something new."""
        if self.is_valid(at):
            return None
        if self.used_at is not None:
            return self.Over.USED
        lifetime = LINK_VALID_FOR if self.by_mail else VALID_FOR
        return self.Over.EXPIRED if self.expires_at >= self.printed_at + lifetime else self.Over.REPLACED

    @classmethod
    @transaction.atomic
    def print_for(cls, user: User, by: User | None, at: datetime | None = None) -> tuple[SignInSlip, str]:
        """Make a slip, ending any earlier one of this person. Returns it with its code, which is kept nowhere."""
        return cls.make_for([user], by, by_mail=False, at=at)[0]

    @classmethod
    @transaction.atomic
    def make_for(
        cls, people: Sequence[User], by: User | None, *, by_mail: bool, at: datetime | None = None
    ) -> list[tuple[SignInSlip, str]]:
        """Make a slip or, `by_mail`, an invitation for each of these, ending any earlier ones, in a few statements.

        Returns them in the same order with their codes, which are kept nowhere.
        """
        at = at or timezone.now()
        cls.objects.filter(user__in=people).end(at)
        until = at + (LINK_VALID_FOR if by_mail else VALID_FOR)
        codes = [secrets.token_urlsafe(24) if by_mail else new_code() for person in people]
        slips = SignInSlip.objects.bulk_create(
            SignInSlip(
                user=person, printed_by=by, by_mail=by_mail, printed_at=at, expires_at=until, digest=digest(code)
            )
            for person, code in zip(people, codes, strict=True)
        )
        return list(zip(slips, codes, strict=True))

    def redeem(self, password: str, at: datetime | None = None) -> bool:
        """Set the person's password, which ends every older session, and use up this slip: both or neither.

        False if the slip is no longer valid. Of two at the same instant one wins.
        """
        at = at or timezone.now()
        self.user.set_password(password)  # takes long, so before there is a lock
        with transaction.atomic():
            if not SignInSlip.objects.filter(pk=self.pk).valid(at).update(used_at=at):
                return False
            self.user.save(update_fields=["password"])
        return True
