from __future__ import annotations

import secrets
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses.models.course import Course, Module
from courses.models.lesson import Lesson, LessonQuerySet, LessonRevision
from courses.models.path import REFRESHER, ExtraStep, ExtraStepQuerySet, Path, PathStep, PathStepQuerySet

DUE_SOON = timedelta(days=7)
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without letters and digits that look alike on paper
CODE_LENGTH = 16
REDO_LEVEL = F("lesson__published_revision__redo_level")  # of a completion: what is published of its lesson


def site_day(at: datetime | None = None) -> date:
    """The calendar day at a moment, in the site's time zone, in which due dates are meant."""
    return timezone.localdate(at, timezone.get_default_timezone())


def day_after(day: date) -> datetime:
    """The moment at which a day is over, in the site's time zone."""
    return datetime.combine(day + timedelta(days=1), time(), timezone.get_default_timezone())


class State(models.TextChoices):
    """Where an enrollment stands. Derived when asked, never stored."""

    WITHDRAWN = "withdrawn", _("Withdrawn")
    COMPLETE = "complete", _("Complete")
    EXCUSED = "excused", _("Excused")
    PAUSED = "paused", _("Paused")
    UPDATE_DUE = "update-due", _("Update due")
    OVERDUE = "overdue", _("Overdue")
    UNDER_WAY = "under-way", _("In progress")
    NOT_STARTED = "not-started", _("Not started")


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def current(self) -> EnrollmentQuerySet:
        """The highest cycle of each person and course."""
        return self.filter(Enrollment.current_q())

    def open(self, at: datetime | None = None) -> EnrollmentQuerySet:
        """Those in which something can still be completed: not withdrawn, and not past a cut-off."""
        return self.filter(Enrollment.open_q(at))

    def managed_by(self, user: User | AnonymousUser) -> EnrollmentQuerySet:
        """The current ones of the active people that this person manages; never one's own."""
        return self.current().filter(user__in=User.objects.managed_by(user).active())

    def complete(self) -> EnrollmentQuerySet:
        return self.filter(completed_at__isnull=False)

    def running(self) -> EnrollmentQuerySet:
        """Those whose clock runs: neither excused nor paused nor withdrawn."""
        return self.filter(Enrollment.running_q())

    def unfinished(self) -> EnrollmentQuerySet:
        """Those that ask for something: not withdrawn, and not complete as the course stands."""
        return self.filter(Enrollment.unfinished_q())

    def overdue(self, at: datetime | None = None) -> EnrollmentQuerySet:
        """Not complete, the clock runs, and the due day is over."""
        return self.filter(Enrollment.running_q(), completed_at=None, due_on__lt=site_day(at))

    def due_soon(self, at: datetime | None = None) -> EnrollmentQuerySet:
        """Not complete, the clock runs, and due today or in the next seven days."""
        return self.filter(Enrollment.due_soon_q(at))

    def update_due(self) -> EnrollmentQuerySet:
        """Complete once, and not since a required lesson was published to be done again."""
        return self.filter(completed_at__isnull=False, current_at__lt=F("path__redo_at"))

    def with_state(self, at: datetime | None = None) -> EnrollmentQuerySet:
        """Annotate `state`, one of State; the same rule as `state_at`."""
        whens = [When(rule, then=Value(state)) for rule, state in Enrollment.state_rules(at)]
        return self.annotate(state=Case(*whens, output_field=models.CharField()))

    def with_progress(self, without: Lesson | None = None, opened: Module | None = None) -> EnrollmentQuerySet:
        """Annotate `lessons_done` and `lessons_total`: two integers over the same required set, so never more than all.

        `without` tells how it would be if that lesson were not required, `opened` if that module were ready.
        """
        # That they are of the course goes without saying, but PostgreSQL would else read the lessons of all courses.
        steps = PathStep.objects.required_of(OuterRef("path"), OuterRef("enrolled_at"), opened).filter(
            lesson__course=OuterRef("course")
        )
        extra = ExtraStep.objects.required(opened).filter(enrollment=OuterRef("pk"))
        if without:
            steps, extra = steps.exclude(lesson=without), extra.exclude(lesson=without)
        done = Exists(Completion.objects.of_step())
        return self.annotate(
            lessons_total=_count(steps, "path") + _count_again(extra),
            lessons_done=_count(steps.filter(done), "path") + _count_again(extra.filter(done)),
        )

    def with_basis(self) -> EnrollmentQuerySet:
        """Annotate `basis`, the path whose renewal holds for an enrollment: its own, of a refresher the one before.

        None for somebody who only ever took the refresher.
        """
        before = Enrollment.objects.filter(
            user=OuterRef("user"), course=OuterRef("course"), cycle__lte=OuterRef("cycle")
        ).exclude(path__key=REFRESHER)
        return self.annotate(basis=Subquery(before.order_by("-cycle").values("path")[:1]))

    def on_basis(self, path: Path) -> EnrollmentQuerySet:
        """Those for which the renewal of a path holds."""
        return self.filter(course=path.course_id).with_basis().filter(Q(basis=path.pk))

    def with_last_learned(self) -> EnrollmentQuerySet:
        """Annotate `last_learned_at`, the moment of the last completion, or None."""
        last = Completion.objects.filter(enrollment=OuterRef("pk")).order_by("-at").values("at")[:1]
        return self.annotate(last_learned_at=Subquery(last))


def _count(steps: QuerySet[Any], by: str) -> Coalesce:
    counted = steps.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _count_again(extra: ExtraStepQuerySet) -> Case:
    """In a first cycle there are none, and nothing is asked."""
    return Case(When(cycle__gt=1, then=_count(extra, "enrollment")), default=0, output_field=IntegerField())


class Enrollment(models.Model):
    """One person, one course, one cycle, on one path. The dates are facts; percentages and states are derived."""

    user = models.ForeignKey(User, models.PROTECT, related_name="enrollments", verbose_name=_("person"))
    course = models.ForeignKey(Course, models.PROTECT, related_name="enrollments", verbose_name=_("course"))
    path = models.ForeignKey(Path, models.PROTECT, related_name="enrollments", verbose_name=_("path"))
    cycle = models.PositiveSmallIntegerField(_("cycle"), default=1)
    assignment = models.ForeignKey(
        "courses.Assignment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="enrollments",
        verbose_name=_("asked by"),
    )
    enrolled_at = models.DateTimeField(_("enrolled"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)
    current_at = models.DateTimeField(_("last complete"), null=True, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True, help_text=_("Advice: nothing closes on this day."))
    closes_on = models.DateField(
        _("closes"), null=True, blank=True, help_text=_("After this day nothing more is recorded.")
    )
    excused_at = models.DateTimeField(_("excused"), null=True, blank=True, editable=False)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrollment")
        verbose_name_plural = _("enrollments")
        constraints = [
            models.UniqueConstraint(fields=["user", "course", "cycle"], name="enrollment_once_a_cycle"),
            models.CheckConstraint(condition=Q(cycle__gte=1), name="enrollment_cycles_begin_with_one"),
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(completed_at=None), name="enrollment_due_open"),
            models.Index(fields=["user", "course", "cycle"], condition=Q(cycle__gt=1), name="enrollment_taken_again"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.path}"

    @staticmethod
    def current_q(prefix: str = "") -> Q:
        """The condition behind `current()`, for queries that reach enrollments through another model."""
        # What is later than another is not the first; said twice, it is looked for among the few that are not.
        later = Enrollment.objects.filter(
            user=OuterRef(f"{prefix}user"),
            course=OuterRef(f"{prefix}course"),
            cycle__gt=OuterRef(f"{prefix}cycle"),
        ).filter(cycle__gt=1)
        return Q(~Exists(later))

    def required_steps(self) -> PathStepQuerySet:
        """The part of the required set that its path asks for; in a first cycle all of it."""
        return PathStep.objects.required_of(self.path_id, self.enrolled_at)

    def required_q(self) -> Q:
        """For a query of lessons: whether one is in the required set, by the path or beside it."""
        required = Q(Exists(self.required_steps().filter(lesson=OuterRef("pk"))))
        if self.cycle > 1:
            required |= Q(Exists(self.extra_steps.required().filter(lesson=OuterRef("pk"))))
        return required

    def required_lessons(self) -> LessonQuerySet:
        """The required set: what must be complete for this enrollment to be complete."""
        return Lesson.objects.filter(self.required_q(), course=self.course_id)

    def waits_for(self, lesson: Lesson) -> Lesson | None:
        """On a path in order, the required lesson that must be complete before this one opens.

        What was completed stays open, and so is every quiz: who knows a module may show it first, and a final never
        locks. Every door to a lesson asks this: its page, its check, its quiz and Continue.
        """
        if lesson.kind == Lesson.Kind.QUIZ:
            return None
        if not self.path.is_sequential or self.completions.counting().filter(lesson=lesson).exists():
            return None
        own, required = self.path.steps.filter(lesson=lesson), self.required_steps()
        if self.cycle > 1:  # what stands beside the path is outside its order
            extra = self.extra_steps.values("lesson")
            own, required = own.exclude(lesson__in=extra), required.exclude(lesson__in=extra)
        done = self.completions.counting().values("lesson")
        before = required.filter(position__lt=Subquery(own.values("position")[:1])).exclude(lesson__in=done)
        step = before.order_by("position").select_related("lesson__course", "lesson__published_revision").first()
        return step.lesson if step else None

    def progress(self) -> tuple[int, int]:
        """Lessons done and lessons in all; one query. For many at once: courses/counting.py."""
        counted: Any = Enrollment.objects.with_progress().get(pk=self.pk)
        return counted.lessons_done, counted.lessons_total

    @staticmethod
    def open_q(at: datetime | None = None) -> Q:
        """The condition behind `open()`. A pause stops the clock of the cut-off, too."""
        return Q(withdrawn_at=None) & (Q(closes_on=None) | Q(closes_on__gte=site_day(at)) | Q(paused_at__isnull=False))

    def is_open(self, at: datetime | None = None) -> bool:
        if self.withdrawn_at:
            return False
        return self.closes_on is None or self.closes_on >= site_day(at) or self.paused_at is not None

    @property
    def is_complete(self) -> bool:
        return self.completed_at is not None

    def is_overdue(self, at: datetime | None = None) -> bool:
        return not self.is_complete and self.is_running and self.due_on is not None and self.due_on < site_day(at)

    @staticmethod
    def running_q(prefix: str = "") -> Q:
        """The condition behind `running()`, also for queries that reach enrollments through another model."""
        return Q(**{f"{prefix}{name}": None for name in ("withdrawn_at", "excused_at", "paused_at")})

    @property
    def is_running(self) -> bool:
        return self.withdrawn_at is None and self.excused_at is None and self.paused_at is None

    @staticmethod
    def up_to_date_q() -> Q:
        """Complete, and nothing was published since to be done again."""
        again = Q(current_at__isnull=False, path__redo_at__isnull=False, current_at__lt=F("path__redo_at"))
        return Q(completed_at__isnull=False) & ~again

    @staticmethod
    def unfinished_q() -> Q:
        """The condition behind `unfinished()`."""
        return Q(withdrawn_at=None) & ~Enrollment.up_to_date_q()

    @property
    def is_unfinished(self) -> bool:
        return self.withdrawn_at is None and not (self.is_complete and not self.is_update_due)

    @staticmethod
    def due_soon_q(at: datetime | None = None) -> Q:
        """The condition behind `due_soon()`, for annotations."""
        today = site_day(at)
        return Enrollment.running_q() & Q(completed_at=None, due_on__gte=today, due_on__lte=today + DUE_SOON)

    @staticmethod
    def done_so_far_q() -> Q:
        """All lessons there are yet are done, and more are being prepared.

        Nobody is told off for what they cannot do.
        """
        begun = Enrollment.running_q() & Q(completed_at=None, started_at__isnull=False)
        preparing = Q(course__in=Module.objects.in_preparation().values("course"))  # IN: found once, not for each row
        steps = PathStep.objects.required_of(OuterRef("path"), OuterRef("enrolled_at"))
        done = Exists(Completion.objects.of_step())
        left = steps.filter(~done, lesson__course=OuterRef("course"))
        extra = ExtraStep.objects.required().filter(~done, enrollment=OuterRef("pk"))
        return begun & preparing & ~Q(Exists(left)) & (Q(cycle=1) | ~Q(Exists(extra)))

    @staticmethod
    def state_rules(at: datetime | None = None) -> list[tuple[Q, State]]:
        """The conditions behind `with_state()`; the first that is true decides, and the last always is."""
        return [
            (Q(withdrawn_at__isnull=False), State.WITHDRAWN),
            (Enrollment.up_to_date_q(), State.COMPLETE),
            (Q(excused_at__isnull=False), State.EXCUSED),
            (Q(paused_at__isnull=False), State.PAUSED),
            (Q(completed_at__isnull=False), State.UPDATE_DUE),
            (Q(due_on__lt=site_day(at)), State.OVERDUE),
            (Q(started_at__isnull=False), State.UNDER_WAY),
            (Q(started_at=None), State.NOT_STARTED),
        ]

    def is_due_soon(self, at: datetime | None = None) -> bool:
        today = site_day(at)
        if self.is_complete or not self.is_running or self.due_on is None:
            return False
        return today <= self.due_on <= today + DUE_SOON

    @property
    def is_update_due(self) -> bool:
        if self.completed_at is None or self.current_at is None or self.path.redo_at is None:
            return False
        return self.current_at < self.path.redo_at

    def state_at(self, at: datetime | None = None) -> State:
        """Where this enrollment stands at a moment; the same rule as `with_state`."""
        if self.withdrawn_at:
            return State.WITHDRAWN
        if self.is_complete and not self.is_update_due:
            return State.COMPLETE
        if self.excused_at:
            return State.EXCUSED
        if self.paused_at:
            return State.PAUSED
        if self.is_complete:
            return State.UPDATE_DUE
        if self.is_overdue(at):
            return State.OVERDUE
        return State.UNDER_WAY if self.started_at else State.NOT_STARTED


class CompletionQuerySet(models.QuerySet["Completion"]):
    def counting(self, level: F = REDO_LEVEL) -> CompletionQuerySet:
        """Those that still count: no redo of the lesson was published since the revision they were made against.

        `level` is the published one, for a query that reaches it by a way of its own.
        """
        return self.filter(redo_level__gte=level)

    def of_step(self) -> CompletionQuerySet:
        """Inside a query of steps, itself inside one of enrollments: those that complete the step for each."""
        own = self.filter(enrollment=OuterRef(OuterRef("pk")), lesson=OuterRef("lesson"))
        return own.counting(OuterRef("lesson__published_revision__redo_level"))


class Completion(models.Model):
    """The fact that a lesson was completed. Written by courses/progress.py and by nobody else."""

    class How(models.TextChoices):
        READ = "read", _("read")
        QUIZ = "quiz", _("quiz passed")
        CREDITED = "credited", _("credited")  # done elsewhere before, see Credit
        BY_QUIZ = "by-quiz", _("by quiz")  # a reading, credited since its module's quiz was passed well at once

    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="completions", verbose_name=_("enrollment"), db_index=False
    )
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="completions", verbose_name=_("lesson"))
    revision = models.ForeignKey(LessonRevision, models.PROTECT, related_name="+", verbose_name=_("revision"))
    redo_level = models.PositiveSmallIntegerField(_("redo level"))
    how = models.CharField(_("how"), max_length=10, choices=How)
    at = models.DateTimeField(_("at"), default=timezone.now)
    credit = models.ForeignKey(
        "courses.Credit", models.PROTECT, null=True, blank=True, related_name="completions", verbose_name=_("credit")
    )

    objects = CompletionQuerySet.as_manager()

    class Meta:
        verbose_name = _("completion")
        verbose_name_plural = _("completions")
        indexes = [
            # All that a report reads of thirty completions of each person, side by side: the rows themselves lie far
            # apart, and to fetch them was most of what a report cost (docs/decisions/0035-reports-from-one-index.md).
            models.Index(fields=["enrollment", "at", "lesson", "redo_level", "how"], name="completion_for_reports"),
        ]
        constraints = [
            # Also the index that progress is asked by; an index of the enrollment alone would cost and not serve.
            models.UniqueConstraint(fields=["enrollment", "lesson", "redo_level"], name="completion_once_a_redo_level"),
            models.CheckConstraint(
                condition=Q(how="credited", credit__isnull=False) | (~Q(how="credited") & Q(credit=None)),
                name="completion_credited_says_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.lesson}"

    @property
    def is_counting(self) -> bool:
        published = self.lesson.published_revision
        return published is not None and self.redo_level >= published.redo_level


def new_code() -> str:
    """An unguessable certificate code, 16 letters and digits that can be typed from paper."""
    return "".join(secrets.choice(CODE_LETTERS) for place in range(CODE_LENGTH))


def clean_code(typed: str) -> str | None:
    """The code that somebody meant who read it from paper, or None if it cannot be one.

    Case, spaces and hyphens do not matter, nor does the width of the letters. U can only be a V that was misread; for
    the others that no code has (0 O 1 I L) there is no telling.
    """
    letters = unicodedata.normalize("NFKC", typed).upper().replace("U", "V")
    code = "".join(letter for letter in letters if letter.isalnum())
    return code if len(code) == CODE_LENGTH and set(code) <= set(CODE_LETTERS) else None


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def valid(self) -> CertificateQuerySet:
        """Those that still say who did what: all but those of people who were erased."""
        return self.filter(withdrawn_at=None)

    def expired(self, at: datetime | None = None) -> CertificateQuerySet:
        """Those whose last day is over."""
        return self.filter(expires_on__lt=site_day(at))

    def of(self, user: User | AnonymousUser) -> CertificateQuerySet:
        """A person's own, the newest first; nobody else gets to see more than the check page says."""
        return self.valid().filter(enrollment__user=user.pk).order_by("-issued_at", "-pk")


class Certificate(models.Model):
    """Made in the transaction that completed the course, with the name and title of that day. For ever."""

    enrollment = models.OneToOneField(
        Enrollment, models.PROTECT, related_name="certificate", verbose_name=_("enrollment")
    )
    code = models.CharField(_("code"), max_length=20, unique=True, default=new_code)
    name = models.CharField(_("name"), max_length=150)
    course_title = models.CharField(_("course"), max_length=200)
    issued_at = models.DateTimeField(_("issued"), default=timezone.now)
    expires_on = models.DateField(
        _("valid until"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Where the course is taken again after a time, by the rule of the day of issue."),
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(name=""), name="certificate_withdrawn_names_nobody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.course_title}"

    def get_absolute_url(self) -> str:
        return reverse("learn:certificate", args=[self.code])

    def get_check_url(self) -> str:
        """Where anybody who has the code reads what the certificate says."""
        return reverse("learn:check_certificate", args=[self.code])

    @property
    def is_valid(self) -> bool:
        return self.withdrawn_at is None

    def is_expired(self, at: datetime | None = None) -> bool:
        return self.expires_on is not None and self.expires_on < site_day(at)

    @property
    def issued_on(self) -> date:
        """The day in the site's time zone, so that the page, the paper and the check say the same everywhere."""
        return site_day(self.issued_at)

    @property
    def grouped_code(self) -> str:
        """For paper: ABCD EFGH JKMN PQRS."""
        return " ".join(self.code[place : place + 4] for place in range(0, len(self.code), 4))

    def withdraw(self, at: datetime | None = None) -> None:
        """Take the name out of it, for a person who is erased; its code answers "withdrawn" from now on."""
        self.name, self.withdrawn_at = "", self.withdrawn_at or at or timezone.now()
        self.save(update_fields=["name", "withdrawn_at"])
