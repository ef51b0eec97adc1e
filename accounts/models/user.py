from __future__ import annotations

import functools
import string
import zoneinfo
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import RPad
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import letters
from accounts.models.team import LENGTH, SHORT_LIST, Membership, OneTeam, Team
from accounts.statements import Prepared
from notices.models import Notice

# Only these letters lose their case: str.lower() turns the Kelvin sign into k, and so one address into another's.
LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)


def site_time_zone() -> str:
    """The default of a person's time zone; a function, so that migrations do not depend on the setting."""
    return settings.TIME_ZONE


@functools.cache
def time_zones() -> frozenset[str]:
    """All names of time zones; asked once, since finding them reads a hundred files."""
    return frozenset(zoneinfo.available_timezones())


def validate_time_zone(value: str) -> None:
    if value not in time_zones():
        raise ValidationError(
            _("%(value)s is not a time zone. Choose one such as Europe/Paris."), params={"value": value}
        )


@Prepared
def managing(user: int) -> models.QuerySet[Membership]:
    """The places in which a person manages a team, with the team, in the order of the tree."""
    return Membership.objects.managing().filter(user=user).select_related("team").order_by("team__path")


@Prepared
def teams_around(user: int) -> models.QuerySet[Team]:
    """The teams a person manages, all below, and what lies between in the order of the tree, with `is_managed`: so many
    that one sees whether they are many.
    """
    managed = Membership.objects.managing().filter(user=user)
    ends = managed.annotate(end=RPad("team__path", models.Value(LENGTH), models.Value("9")))
    first, last = managed.order_by("team__path").values("team__path"), ends.order_by("-end").values("end")
    teams = Team.objects.filter(path__gte=models.Subquery(first[:1]), path__lte=models.Subquery(last[:1]))
    return teams.annotate(is_managed=Exists(managed.filter(team=OuterRef("pk")))).order_by("path")[: SHORT_LIST + 1]


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def active_or_left(self) -> UserQuerySet:
        """Those who are here, and those who left; nobody who is switched off for another reason, or was erased."""
        return self.filter(Q(is_active=True) | Q(left_at__isnull=False, erased_at=None))

    def left(self, before: datetime | None = None) -> UserQuerySet:
        """People who left, of those who were not erased; with `before`, only who did by that moment."""
        gone = self.filter(left_at__isnull=False, erased_at=None)
        return gone.filter(left_at__lte=before) if before else gone

    def not_come(self) -> UserQuerySet:
        """Active people who never signed in."""
        return self.active().filter(last_login=None)

    def without_a_role(self) -> UserQuerySet:
        """Those who neither manage a team nor have a staff role."""
        managing = Membership.objects.managing().filter(user=OuterRef("pk"))
        return self.filter(~Exists(managing), is_staff=False)

    def with_is_manager(self) -> UserQuerySet:
        """Annotate `is_manager`: manages a team. The navigation shows the team pages without a query of its own."""
        return self.annotate(is_manager=Exists(Membership.objects.managing().filter(user=OuterRef("pk"))))

    def unreachable(self) -> UserQuerySet:
        """People whom no mail reaches: without an address, or the last one sent there came back."""
        bounced = Notice.objects.bounced().filter(recipient=OuterRef("pk"), address=OuterRef("email"))
        return self.filter(Q(email=None) | Exists(bounced))

    def in_teams(self, *teams: Team | OneTeam) -> UserQuerySet:
        """People with a membership, of any role, in one of these teams or below them; each once."""
        # IN, not EXISTS: SQLite would look at everybody for EXISTS, and starts from the teams for IN.
        return self.filter(pk__in=Membership.objects.in_teams(*teams).values("user"))

    def directly_in(self, *teams: Team) -> UserQuerySet:
        """People with a place in one of these teams itself, and the managers of the teams directly below; each once."""
        return self.filter(pk__in=Membership.objects.directly_in(*teams).values("user"))

    def managed_by(self, user: User | AnonymousUser, teams: Sequence[Team | OneTeam] | None = None) -> UserQuerySet:
        """Whom this person may see in reports: HR everybody, a manager the people of their teams and of all below.

        Never one's own row: the manager above sees that. Nobody for people who manage nothing. One query finds the
        teams, unless the caller has just asked `user.managed_teams()` and hands it over.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        others = self.exclude(pk=user.pk)
        if user.sees_everybody:
            return others
        return others.in_teams(*(user.managed_teams() if teams is None else teams))

    def with_sign_in_name(self, name: str) -> UserQuerySet:
        """The one person with this e-mail address or staff number, or nobody. Case does not matter."""
        name = User.clean_sign_in_name(name)
        return self.filter(email=name) if "@" in name else self.filter(staff_number=name)

    def slip_printable_by(
        self, user: User | AnonymousUser, teams: Sequence[Team | OneTeam] | None = None
    ) -> UserQuerySet:
        """For whom this person may print a sign-in slip: nobody who may do more than they.

        A slip is the power to sign in as somebody. So superusers print for staff, HR for everybody else, and a manager
        for the people of their teams, but not for a manager of teams beyond these. For a superuser only the command
        does. `teams` as in `managed_by`.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        people = self.active().filter(is_superuser=False).exclude(pk=user.pk)
        if user.is_superuser:
            return people
        if user.is_staff and user.has_perm("accounts.print_slips"):
            return people.filter(is_staff=False)
        teams = user.managed_teams() if teams is None else teams
        beyond = Membership.objects.managing().filter(user=OuterRef("pk")).exclude(Team.range_of("team__path", teams))
        return people.filter(~Exists(beyond), is_staff=False).in_teams(*teams)


PeopleManager = models.Manager.from_queryset(UserQuerySet)


class UserManager(BaseUserManager["User"], PeopleManager["User"]):
    """What UserQuerySet can be asked, and the making of people by name, as Django's commands want it."""

    def by_sign_in_name(self, name: str) -> User | None:
        return self.with_sign_in_name(name).first()

    def create_user(self, *, name: str, password: str | None = None, **fields: Any) -> User:
        """Without a password nobody signs in until one is set. Raises ValidationError, as without a sign-in name."""
        user = User(name=name, **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, *, name: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(name=name, password=password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. They sign in by e-mail address or staff number; one of the two is required.

    Addresses are kept in lower case and compared exactly, so that no look-alike letter finds somebody else's account.
    """

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As my device does")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    email = models.EmailField(_("e-mail address"), unique=True, null=True, blank=True)
    staff_number = models.CharField(
        _("staff number"),
        max_length=40,
        unique=True,
        null=True,
        blank=True,
        validators=[
            RegexValidator(r"^[0-9A-Za-z][0-9A-Za-z._/-]*$", _("A staff number has letters, digits and . _ / - only."))
        ],
    )
    external_id = models.CharField(
        _("external id"),
        max_length=64,
        unique=True,
        null=True,
        blank=True,
        help_text=_("The person's number in your own system. A people file finds them by it first."),
    )
    name = models.CharField(_("name"), max_length=150)
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default=site_time_zone, validators=[validate_time_zone])
    theme = models.CharField(_("colors"), max_length=10, choices=Theme, default=Theme.SYSTEM)
    mail_reminders = models.BooleanField(
        _("all reminders"), default=True, help_text=_("Off: only what is new, and one reminder on the day it is due.")
    )
    mail_news = models.BooleanField(_("certificates, and lessons that changed"), default=True)
    mail_digest = models.BooleanField(_("how my team stands, once a week"), default=True)
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Off: the person cannot sign in, is signed out everywhere and gets no mail."),
    )
    is_staff = models.BooleanField(
        _("may use the staff pages"),
        default=False,
        help_text=_("For editors, HR and operators; what they may do there is set by their roles."),
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    left_at = models.DateTimeField(_("left"), null=True, blank=True, editable=False)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True, editable=False)
    session_epoch = models.PositiveIntegerField(_("times signed out everywhere"), default=0, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=False) | Q(staff_number__isnull=False) | Q(erased_at__isnull=False),
                name="user_has_a_sign_in_name",
                violation_error_message=_("Give an e-mail address or a staff number: the person signs in with it."),
            ),
            models.CheckConstraint(condition=Q(left_at=None) | Q(is_active=False), name="user_who_left_is_inactive"),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(is_active=False, email=None, staff_number=None, external_id=None),
                name="user_erased_is_nobody",
            ),
        ]
        permissions = [
            ("view_everybody", "Can see everybody in reports"),
            ("print_slips", "Can print sign-in slips for anybody"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        self._clean_names()

    def _clean_names(self) -> None:
        """Each name that somebody is known by in its one spelling; an empty one is none."""
        self.email = self.clean_email(self.email) or None
        self.staff_number = self.clean_staff_number(self.staff_number) or None
        self.external_id = (self.external_id or "").strip() or None

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Also ends unused slips when a password was set, by whatever door: paper must not outlive it."""
        self._clean_names()
        has_new_password = self._password is not None  # type: ignore[attr-defined]  # as `set_password` leaves it, until it is saved
        super().save(*args, **kwargs)
        if has_new_password:
            self.slips.end()

    @staticmethod
    def clean_email(value: str | None) -> str:
        """Trimmed, in lower case, without changing which letters they are (no Unicode folding: CVE-2019-19844)."""
        return (value or "").strip().translate(LOWER)

    @staticmethod
    def clean_staff_number(value: str | None) -> str:
        return (value or "").strip().translate(UPPER)

    @classmethod
    def clean_sign_in_name(cls, name: str) -> str:
        """What somebody typed into "E-mail or staff number", as it would be stored."""
        return cls.clean_email(name) if "@" in name else cls.clean_staff_number(name)

    @property
    def sign_in_name(self) -> str:
        """The name this person is known to sign in with: the address, or else the staff number."""
        return self.email or self.staff_number or ""

    @property
    def first_name(self) -> str:
        """The word people are greeted by; names are not split any further."""
        return self.name.split()[0] if self.name.split() else self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.first_name

    def is_unreachable(self) -> bool:
        return self.email is None or self.has_bouncing_address()

    def has_bouncing_address(self) -> bool:
        return Notice.objects.bounced().filter(recipient=self, address=self.email or "").exists()

    @property
    def is_not_come(self) -> bool:
        return self.is_active and self.last_login is None

    @property
    def sees_everybody(self) -> bool:
        return self.is_staff and self.has_perm("accounts.view_everybody")

    @property
    def home_team(self) -> Team | None:
        membership = self.memberships.filter(is_home=True).select_related("team").first()
        return membership.team if membership else None

    def managed_teams(self) -> list[Team]:
        """The teams this person is manager of, without those that lie below another of them."""
        teams = [place.team for place in managing(user=self.pk)]
        tops: list[Team] = []
        for team in teams:
            if not tops or not team.is_under(tops[-1]):
                tops.append(team)
        return tops

    def managed_tree(self) -> tuple[list[Team], list[Team] | None]:
        """`managed_teams()`, and the same with all teams below, in the order of the tree, or None if those are too many
        for a list. One query, or two.
        """
        tops: list[Team] = []
        below: list[Team] = []
        around = teams_around.raw(user=self.pk)
        if len(around) > SHORT_LIST:
            return self.managed_teams(), None
        for team in teams_around.read(around):
            inside = bool(tops) and team.is_under(tops[-1])
            if team.is_managed and not inside:
                tops.append(team)
            if team.is_managed or inside:
                below.append(team)
        return tops, below

    def may_see(self, person: User) -> bool:
        return User.objects.managed_by(self).filter(pk=person.pk).exists()

    def may_print_slip_for(self, person: User) -> bool:
        return User.objects.slip_printable_by(self).filter(pk=person.pk).exists()

    @transaction.atomic
    def change_email(self, new: str | None) -> None:
        """Give this person another address, or none; the only place where that is done.

        Ends their sessions, open reset links and invitations, and tells the old address. Raises ValidationError if the
        new one is no address, is somebody else's, or if nothing would be left to sign in with.
        """
        old, self.email = User.objects.only("email").get(pk=self.pk).email, self.clean_email(new) or None
        if self.email == old:
            return
        self.full_clean()
        self.save(update_fields=["email"])
        self.sign_out_everywhere()
        self.slips.filter(by_mail=True).end()
        if old:
            letters.address_changed(self, old)

    @transaction.atomic
    def leave(self, at: datetime | None = None) -> None:
        """Note that this person left: no sign-in, no mail, no report, from the next request on. History is kept.

        Saying it twice keeps the first moment.
        """
        if self.left_at is not None:
            return
        self.is_active, self.left_at = False, at or timezone.now()
        self.save(update_fields=["is_active", "left_at"])
        self.slips.end()
        self.sign_out_everywhere()

    def come_back(self) -> None:
        """Let a person who left or was switched off in again, with their history. Raises ValueError if erased."""
        if self.erased_at is not None:
            raise ValueError("This person was erased; there is nobody to come back.")
        self.is_active, self.left_at = True, None
        self.save(update_fields=["is_active", "left_at"])

    @transaction.atomic
    def place_home(self, team: Team | None, role: str = Membership.Role.MEMBER) -> None:
        """Give this person another home team, or none. The managers of the old one stop seeing them at once.

        A place they have in the new one already becomes home. What they did goes along.
        """
        self.memberships.filter(is_home=True).exclude(team=team).delete()
        if team is not None:
            self.memberships.update_or_create(team=team, defaults={"is_home": True, "role": role})

    @transaction.atomic
    def place_further(self, places: dict[Team, str]) -> None:
        """Give this person exactly these further teams, with their role in each; the home team stays as it is."""
        further = self.memberships.filter(is_home=False)
        further.exclude(team__in=places).delete()
        for team, role in places.items():
            self.memberships.update_or_create(team=team, is_home=False, defaults={"role": role})

    def sign_out_everywhere(self) -> None:
        """End every session of this person, this one too, with the next request."""
        self.session_epoch = models.F("session_epoch") + 1
        self.save(update_fields=["session_epoch"])
        self.refresh_from_db(fields=["session_epoch"])

    def get_session_auth_hash(self) -> str:
        """Also changes with `session_epoch`: django.contrib.auth compares it on every request and ends what differs."""
        return f"{super().get_session_auth_hash()}.{self.session_epoch}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same by the keys of SECRET_KEY_FALLBACKS, so that a new key signs nobody out."""
        for known in super().get_session_auth_fallback_hash():
            yield f"{known}.{self.session_epoch}"
