from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from accounts.models.user import UserQuerySet
from courses.models.course import Course
from courses.models.enrollment import Enrollment, site_day
from courses.models.path import Path

AT_ONCE = 2000  # people who are enrolled by one statement


class EnrollmentChange(models.Model):
    """The fact that somebody changed what an enrollment asks of a person, with who, when and why."""

    class What(models.TextChoices):
        DUE = "due", _("Due date")
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

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.get_what_display()}"


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

        None past the cut-off: nobody is asked for what they could not do any more.
        """
        at = at or timezone.now()
        if not self.is_open(at):
            return 0
        before = self.enrollments.count()
        while people := self.people_to_enroll().order_by("pk").only("pk")[:AT_ONCE]:
            missing = [self.enrollment_of(person, at) for person in people]
            Enrollment.objects.bulk_create(missing, ignore_conflicts=True)
        return self.enrollments.count() - before

    def enrollment_of(self, person: User, at: datetime, path: Path | None = None) -> Enrollment:
        """What this asks of a person who joins at that moment, not saved; on another path of the course if given."""
        return Enrollment(
            user=person,
            course=self.course,
            path=path or self.path,
            assignment=self,
            enrolled_at=at,
            due_on=self.due_day(at),
            closes_on=self.closes_on,
        )

    def due_day(self, at: datetime) -> date | None:
        if self.due_days is not None:
            return site_day(at) + timedelta(days=self.due_days)
        return self.due_on
