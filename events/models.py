from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, RPad
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Team, User
from accounts.models.team import LENGTH
from accounts.models.user import site_time_zone, validate_time_zone
from courses.models import Course, Enrollment
from notices.hours import zone_of

LONGEST = timedelta(days=14)
TICKED_FROM = timedelta(hours=1)  # before it begins: people arrive early


class LiveSessionQuerySet(models.QuerySet["LiveSession"]):
    def coming(self, at: datetime | None = None) -> LiveSessionQuerySet:
        """Those that take place and are not over."""
        return self.filter(cancelled_at=None, ends_at__gt=at or timezone.now())

    def meant_for(self, user: User | AnonymousUser) -> LiveSessionQuerySet:
        """Those this person may register for: open to everybody, of a course they take, of a team they are in."""
        return self.filter(LiveSession.meant_for_q(user.pk)) if user.is_authenticated else self.none()

    def led_by(self, user: User | AnonymousUser) -> LiveSessionQuerySet:
        """Those whose participants this person may see and tick: their own as a trainer; all of them for HR."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff and user.has_perm("events.change_livesession"):
            return self
        return self.filter(pk__in=LiveSession.trainers.through.objects.filter(user=user.pk).values("livesession"))

    def visible_to(self, user: User | AnonymousUser) -> LiveSessionQuerySet:
        """Those whose page this person may open: meant for them, led by them, or they once registered for it."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff and user.has_perm("events.view_livesession"):
            return self
        return self.filter(LiveSession.concerning_q(user.pk))

    def with_place_of(self, user: int) -> LiveSessionQuerySet:
        """Annotate `taken` (how many are registered), and of this person `registration` (or None), `before` (how many
        registered before them) and `came`."""
        active = Registration.objects.active().filter(session=OuterRef("pk"))
        own = active.filter(user=user).values("pk")[:1]
        came = Attendance.objects.counting().filter(session=OuterRef("pk"), user=user)
        counted = self.annotate(taken=_count(active), registration=Subquery(own), came=Exists(came))
        return counted.annotate(before=_count(active.filter(pk__lt=OuterRef("registration"))))


def _count(registrations: RegistrationQuerySet) -> Coalesce:
    counted = registrations.order_by().values("session").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


class LiveSession(models.Model):
    """People meet a trainer at a time, in a room or by a link. Moments are moments; the zone is for reading them.

    Sessions are cancelled, never deleted: people had it in their calendars.
    """

    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"), blank=True, max_length=10_000, help_text=_("Markdown."))
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    time_zone = models.CharField(_("time zone"), max_length=60, default=site_time_zone, validators=[validate_time_zone])
    place = models.CharField(_("place"), max_length=300, blank=True, help_text=_("Address and room."))
    link = models.URLField(
        _("link"), max_length=500, blank=True, help_text=_("Of the video meeting. Only who has a seat gets to see it.")
    )
    seats = models.PositiveSmallIntegerField(
        _("seats"), null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("Empty: no limit.")
    )
    is_public = models.BooleanField(
        _("open to everybody"),
        default=False,
        help_text=_("On: title and time stand on the first page, signed out, and everybody here may register."),
    )
    course = models.ForeignKey(
        Course, models.PROTECT, null=True, blank=True, related_name="live_sessions", verbose_name=_("course")
    )
    teams = models.ManyToManyField(Team, blank=True, related_name="live_sessions", verbose_name=_("teams"))
    trainers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="sessions_led", verbose_name=_("trainers")
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by")
    )
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True, editable=False)

    objects = LiveSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("live session")
        verbose_name_plural = _("live sessions")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="live_session_ends_after_it_starts",
                violation_error_message=_("The end must come after the start."),
            ),
            models.CheckConstraint(
                condition=Q(seats=None) | Q(seats__gte=1),
                name="live_session_has_a_seat",
                violation_error_message=_("A session has at least one seat. Leave it empty for no limit."),
            ),
            models.CheckConstraint(
                condition=~Q(place="", link=""),
                name="live_session_is_somewhere",
                violation_error_message=_("Give a place or a link: people need to know where to go."),
            ),
        ]
        indexes = [models.Index(fields=["starts_at"], name="live_session_starts_at")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("events:session", args=[self.pk])

    @staticmethod
    def meant_for_q(user: int) -> Q:
        """The condition behind `meant_for()`, for somebody with this number."""
        end = RPad(OuterRef("team__path"), Value(LENGTH), Value("9"))
        places = Membership.objects.filter(user=user, team__path__gte=OuterRef("team__path"), team__path__lte=end)
        of_team = LiveSession.teams.through.objects.filter(Exists(places), livesession=OuterRef("pk"))
        taken = Enrollment.objects.filter(user=user, course=OuterRef("course"), withdrawn_at=None)
        return Q(is_public=True) | Q(Exists(taken)) | Q(Exists(of_team))

    @staticmethod
    def concerning_q(user: int) -> Q:
        """Meant for this person, led by them, or they registered, even if they cancelled since."""
        leads = LiveSession.trainers.through.objects.filter(user=user, livesession=OuterRef("pk"))
        registered = Registration.objects.filter(user=user, session=OuterRef("pk"))
        return LiveSession.meant_for_q(user) | Q(Exists(leads)) | Q(Exists(registered))

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.time_zone)

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None

    @property
    def has_web_link(self) -> bool:
        """Whether the link may be pressed: whatever is stored, no other scheme becomes an address of a page."""
        return self.link.startswith(("https://", "http://"))

    def is_coming(self, at: datetime | None = None) -> bool:
        return not self.is_cancelled and self.ends_at > (at or timezone.now())

    def is_over(self, at: datetime | None = None) -> bool:
        return self.ends_at <= (at or timezone.now())

    def is_open(self, at: datetime | None = None) -> bool:
        """Whether one can register, and cancel a registration: until it begins."""
        return not self.is_cancelled and self.starts_at > (at or timezone.now())

    def is_ticked_by(self, at: datetime | None = None) -> bool:
        """Whether the trainer can tick who came, by this moment: from an hour before the start on."""
        return not self.is_cancelled and self.starts_at - TICKED_FROM <= (at or timezone.now())

    def is_meant_for(self, user: User | AnonymousUser) -> bool:
        return LiveSession.objects.meant_for(user).filter(pk=self.pk).exists()

    def is_led_by(self, user: User | AnonymousUser) -> bool:
        return LiveSession.objects.led_by(user).filter(pk=self.pk).exists()

    def has_room_after(self, before: int) -> bool:
        """Whether there is a seat for somebody before whom so many registered."""
        return self.seats is None or before < self.seats

    def seated(self) -> list[Registration]:
        """Who has a seat, in the order of registration; one query."""
        active = self.registrations.active().select_related("user").order_by("pk")
        return list(active if self.seats is None else active[: self.seats])


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def active(self) -> RegistrationQuerySet:
        """Those that hold: not cancelled, of people with an account. Who left keeps no seat from others."""
        return self.filter(cancelled_at=None, user__is_active=True)

    def seated(self) -> RegistrationQuerySet:
        """Those with a seat; the others of `active()` wait. Counted for each row: for many, ask the session."""
        earlier = Registration.objects.active().filter(session=OuterRef("session"), pk__lt=OuterRef("pk"))
        return (
            self.active()
            .annotate(ahead=_count(earlier))
            .filter(Q(session__seats=None) | Q(ahead__lt=F("session__seats")))
        )


class Registration(models.Model):
    """The fact that somebody registered, and perhaps cancelled. Who registers again stands at the end of the line.

    The order of the line is the order of the rows: they are written under a lock of the session, one after another.
    """

    session = models.ForeignKey(LiveSession, models.PROTECT, related_name="registrations", verbose_name=_("session"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="session_registrations", verbose_name=_("person")
    )
    registered_at = models.DateTimeField(_("registered"), default=timezone.now)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        constraints = [
            models.UniqueConstraint(
                fields=["session", "user"], condition=Q(cancelled_at=None), name="registration_once_a_session"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.session}"

    @property
    def is_active(self) -> bool:
        return self.cancelled_at is None and self.user.is_active

    @property
    def before(self) -> int:
        """How many stand before this one in the line; one query."""
        return Registration.objects.active().filter(session=self.session_id, pk__lt=self.pk).count()

    @property
    def is_seated(self) -> bool:
        return self.is_active and self.session.has_room_after(self.before)


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def counting(self) -> AttendanceQuerySet:
        return self.filter(withdrawn_at=None)


class Attendance(models.Model):
    """The fact that somebody came, who says so and when; and, if that was a mistake, who took it back."""

    session = models.ForeignKey(LiveSession, models.PROTECT, related_name="attendances", verbose_name=_("session"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="attendances", verbose_name=_("person")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken back by"),
    )
    withdrawn_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        constraints = [
            models.UniqueConstraint(
                fields=["session", "user"], condition=Q(withdrawn_at=None), name="attendance_once_a_session"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="attendance_taken_back_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.session}"

    @property
    def is_counting(self) -> bool:
        return self.withdrawn_at is None


class SessionChange(models.Model):
    """The fact that a session was moved, changed or cancelled. How many there are is what calendars call SEQUENCE."""

    class What(models.TextChoices):
        TIME = "time", _("Time")
        PLACE = "place", _("Place or link")
        DETAILS = "details", _("Title or text")
        CANCELLED = "cancelled", _("Cancelled")

    session = models.ForeignKey(LiveSession, models.PROTECT, related_name="changes", verbose_name=_("session"))
    what = models.CharField(_("what"), max_length=10, choices=What)
    old = models.CharField(_("before"), max_length=900, blank=True)
    new = models.CharField(_("after"), max_length=900, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("change of a live session")
        verbose_name_plural = _("changes of live sessions")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=Q(what="cancelled"), name="live_session_cancelled_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session} · {self.get_what_display()}"


__all__ = ["Attendance", "LiveSession", "Registration", "SessionChange"]
