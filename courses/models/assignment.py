from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.batches import batches_of
from accounts.models import Team, User
from accounts.models.user import UserQuerySet
from courses.models.course import Course
from courses.models.enrollment import Enrollment, site_day
from courses.models.path import Path

BATCH = 1000  # people enrolled at a time


class EnrollmentChange(models.Model):
    """The fact that somebody changed what an enrollment asks of a person, with who, when and why."""

    class What(models.TextChoices):
        DUE = "due", _("Due date")
        MORE_TIME = "more-time", _("More time, by the manager")
        CLOSES = "closes", _("Cut-off")
        EXCUSED = "excused", _("Excused")
        ASKED_AGAIN = "asked-again", _("No longer excused")
        PAUSED = "paused", _("Paused")
        RESUMED = "resumed", _("Resumed")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        REINSTATED = "reinstated", _("Asked again")

    class Excuse(models.TextChoices):
        """Why somebody is excused: the `new` of such a change, read by HR alone."""

        ABSENCE = "absence", _("Long absence")
        ROLE = "role", _("Other role")
        TRAINING = "training", _("Equivalent training")
        OTHER = "other", _("Other")

    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="changes", verbose_name=_("enrollment"))
    what = models.CharField(_("what"), max_length=20, choices=What)
    old = models.CharField(_("before"), max_length=100, blank=True)
    new = models.CharField(_("after"), max_length=100, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("change of an enrollment")
        verbose_name_plural = _("changes of enrollments")
        ordering = ["-at", "-pk"]
        constraints = [
            # Of two managers at the same instant one gives more time.
            models.UniqueConstraint(
                fields=["enrollment"], condition=Q(what="more-time"), name="change_more_time_once_a_cycle"
            )
        ]

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.get_what_display()}"

    @property
    def before(self) -> str:
        """`old` as one reads it: a day, the word of an excuse."""
        return self._in_words(self.old)

    @property
    def after(self) -> str:
        """`new` as one reads it."""
        return self._in_words(self.new)

    def _in_words(self, value: str) -> str:
        if self.what in DAYS and (day := _day_in(value)):
            return date_format(day, "DATE_FORMAT")
        if self.what == self.What.EXCUSED:
            return str(dict(self.Excuse.choices).get(value, value))
        if self.what == self.What.RESUMED and value.isdecimal():
            return ngettext("%(n)d day later", "%(n)d days later", int(value)) % {"n": int(value)}
        return value


def _day_in(value: str) -> date | None:
    """The day that was written down; None for anything else, which is then shown as it is."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


DAYS = (EnrollmentChange.What.DUE, EnrollmentChange.What.MORE_TIME, EnrollmentChange.What.CLOSES)


class Assignment(models.Model):
    """A team, and all below it, is asked to take a path of a course by a day."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="assignments", verbose_name=_("team"))
    course = models.ForeignKey(Course, models.PROTECT, related_name="assignments", verbose_name=_("course"))
    path = models.ForeignKey(Path, models.PROTECT, related_name="assignments", verbose_name=_("path"))
    due_on = models.DateField(_("due on"), null=True, blank=True)
    due_days = models.PositiveSmallIntegerField(
        _("or due so many days after joining"), null=True, blank=True, help_text=_("For people who come later, too.")
    )
    closes_on = models.DateField(_("closes"), null=True, blank=True)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(due_on=None) | Q(due_days=None),
                name="assignment_one_kind_of_due",
                violation_error_message=_("Give a due date or a number of days, not both."),
            ),
            models.CheckConstraint(
                condition=Q(closes_on=None) | Q(due_on=None) | Q(closes_on__gte=models.F("due_on")),
                name="assignment_closes_after_due",
                violation_error_message=_("The cut-off cannot come before the due date."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team} · {self.path}"

    def is_open(self, at: datetime | None = None) -> bool:
        return self.closes_on is None or self.closes_on >= site_day(at)

    def people_to_enroll(self) -> UserQuerySet:
        """Active people of the team, and below, who were never enrolled in the course."""
        enrolled = Enrollment.objects.filter(user=OuterRef("pk"), course=self.course)
        return User.objects.in_teams(self.team).filter(~Exists(enrolled), is_active=True)

    def enroll_due(self, at: datetime | None = None) -> int:
        """Make the enrollments that are missing and return how many; safe to run twice, and at the same time.

        In batches, each written by itself: whoever runs it again goes on where it was cut off. None past the cut-off:
        nobody is asked for what they could not do any more.
        """
        at = at or timezone.now()
        if not self.is_open(at):
            return 0
        before = self.enrollments.count()
        for batch in batches_of(self.people_to_enroll(), BATCH):
            Enrollment.objects.bulk_create([self.enrollment_of(pk, at) for pk in batch], ignore_conflicts=True)
        return self.enrollments.count() - before

    def enrollment_of(self, person: int, at: datetime, path: Path | None = None) -> Enrollment:
        """What this asks of a person who joins at that moment, not saved; on another path of the course if given."""
        return Enrollment(
            user_id=person,
            course_id=self.course_id,
            path=path or self.path,
            assignment=self,
            enrolled_at=at,
            due_on=self.due_day(at),
            closes_on=self.closes_on,
        )

    @classmethod
    def move_all(cls, old: Team, new: Team) -> int:
        """Let everything that was asked of one team be asked of another, for a merge; returns how many requests."""
        return cls.objects.filter(team=old).update(team=new)

    @classmethod
    def people_reached_by_merge(cls, old: Team, new: Team, at: datetime | None = None) -> int:
        """How many people of `new` the timer will ask when the open requests of `old` hold for it."""
        asked = cls.objects.filter(Q(closes_on=None) | Q(closes_on__gte=site_day(at)), team=old)
        missing = Q(pk__in=[])
        for course in set(asked.values_list("course", flat=True)):
            missing |= Q(~Exists(Enrollment.objects.filter(user=OuterRef("pk"), course=course)))
        there = User.objects.active().in_teams(new).exclude(pk__in=User.objects.in_teams(old).values("pk"))
        return there.filter(missing).count()

    def due_day(self, at: datetime) -> date | None:
        if self.due_days is not None:
            return site_day(at) + timedelta(days=self.due_days)
        return self.due_on
