from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, Subquery, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses.models.course import Course, Module, edits_courses, validate_key

if TYPE_CHECKING:
    from courses.models.enrollment import Enrollment


COMPLETABLE = ["reading", "quiz"]  # kinds in which there is something to complete; only they can be required


class LessonQuerySet(models.QuerySet["Lesson"]):
    def published(self) -> LessonQuerySet:
        """Lessons learners can open: published, not retired, in a module that is ready."""
        return self.filter(Lesson.published_q())

    def visible_to(self, user: User | AnonymousUser) -> LessonQuerySet:
        """Published lessons of the courses a person is or was enrolled in; all for an editor; the sample for all."""
        lessons = self.published()
        if not user.is_authenticated:
            return lessons.filter(is_sample=True)
        if edits_courses(user):
            return lessons
        return lessons.filter(Q(is_sample=True) | Q(course__in=user.enrollments.values("course")))

    def in_order(self) -> LessonQuerySet:
        return self.order_by("module__position", "position", "pk")

    def with_state(self, enrollment: Enrollment | None) -> LessonQuerySet:
        """Annotate `is_complete`, `is_required` and `is_changed` for one enrollment; all false without one.

        Changed: after the revision that was completed, another was published, and not silently.
        """
        if enrollment is None:
            no = Value(False, output_field=BooleanField())
            return self.annotate(is_complete=no, is_required=no, is_changed=no)
        completions = enrollment.completions.filter(lesson=OuterRef("pk"))
        later = LessonRevision.objects.filter(lesson=OuterRef("pk"), number__gt=OuterRef("completed_number"))
        return self.annotate(
            is_complete=Exists(completions.counting()),
            is_required=ExpressionWrapper(enrollment.required_q(), output_field=BooleanField()),
            completed_number=Subquery(completions.order_by("-revision__number").values("revision__number")[:1]),
            is_changed=Exists(later.exclude(published_at=None).exclude(effect=LessonRevision.Effect.SILENT)),
        )


class Lesson(models.Model):
    """The smallest thing one can complete. What it says is in its revisions; learners see `published_revision`."""

    class Kind(models.TextChoices):
        READING = "reading", _("Reading")
        STORY = "story", _("Story")
        QUIZ = "quiz", _("Quiz")
        PAGE = "page", _("Page")

    course = models.ForeignKey(Course, models.PROTECT, related_name="lessons", verbose_name=_("course"))
    module = models.ForeignKey(Module, models.PROTECT, related_name="lessons", verbose_name=_("module"))
    key = models.SlugField(_("key"), max_length=80, validators=[validate_key], help_text=_("Never changes."))
    slug = models.SlugField(_("address"), max_length=80, validators=[validate_key])
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.READING)
    position = models.PositiveSmallIntegerField(_("position"))
    required = models.BooleanField(
        _("required"), default=True, help_text=_("Off: open to everybody on the course, and counted for nobody.")
    )
    always_read = models.BooleanField(
        _("always read"),
        default=False,
        help_text=_("On: doing well in the quiz does not replace reading this, as with safety."),
    )
    is_sample = models.BooleanField(
        _("open sample"), default=False, help_text=_("On: anybody can read it without signing in. One lesson a course.")
    )
    published_revision = models.ForeignKey(
        "courses.LessonRevision",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("published"),
    )
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True, editable=False)

    objects = LessonQuerySet.as_manager()

    class Meta:
        verbose_name = _("lesson")
        verbose_name_plural = _("lessons")
        ordering = ["module", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["course", "key"], name="lesson_key_once_a_course"),
            models.UniqueConstraint(fields=["course", "slug"], name="lesson_slug_once_a_course"),
            models.UniqueConstraint(fields=["course"], condition=Q(is_sample=True), name="lesson_one_sample_a_course"),
            models.CheckConstraint(
                condition=Q(required=False) | Q(kind__in=COMPLETABLE),
                name="lesson_required_can_be_completed",
                violation_error_message=_(
                    "Stories and pages cannot be required: there is nothing to complete in them."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        return f"{self.course.get_absolute_url()}{self.slug}/"

    @staticmethod
    def published_q(prefix: str = "", opened: Module | None = None) -> Q:
        """The condition behind `published()`, for queries that reach lessons through another model.

        `opened` tells how it would be if that module were ready.
        """
        shown = Q(**{f"{prefix}published_revision__isnull": False, f"{prefix}retired_at__isnull": True})
        ready = Q(**{f"{prefix}module__status": Module.Status.READY})
        return shown & (ready | Q(**{f"{prefix}module": opened.pk}) if opened else ready)

    @property
    def is_published(self) -> bool:
        return self.published_revision_id is not None and self.retired_at is None and self.module.is_ready

    @property
    def has_been_published(self) -> bool:
        """Whether learners ever saw any text of it; it may be hidden now."""
        return self.published_revision_id is not None or self.revisions.exclude(published_at=None).exists()

    @property
    def title(self) -> str:
        """What learners see; of a lesson never published, the draft's."""
        shown = self.published_revision or self.draft
        return shown.title if shown else self.key

    @property
    def draft(self) -> LessonRevision | None:
        """The newest revision, which is what editors work on."""
        return self.revisions.order_by("-number").first()

    @transaction.atomic
    def add_revision(self, *, by: User | None = None, **content: Any) -> LessonRevision:
        """Save content as the newest revision; learners see it when it is published. Never changes an earlier one."""
        Lesson.objects.select_for_update().get(pk=self.pk)
        last = self.draft
        return self.revisions.create(
            number=last.number + 1 if last else 1,
            redo_level=last.redo_level if last else 0,
            created_by=by,
            **content,
        )


class LessonRevisionQuerySet(models.QuerySet["LessonRevision"]):
    def newest(self) -> LessonRevisionQuerySet:
        """Of each lesson the one that is its draft."""
        return self.filter(LessonRevision.newest_q())

    def current(self) -> LessonRevisionQuerySet:
        """Of each lesson what learners see, and its draft."""
        return self.filter(Q(pk=F("lesson__published_revision")) | LessonRevision.newest_q())


class LessonRevision(models.Model):
    """What a lesson said at one time. Facts point here, so that an auditor can read the very text a person read."""

    class Effect(models.TextChoices):
        SILENT = "silent", _("Silent: a typo, nothing to tell")
        ANNOUNCE = "announce", _("Announce: people who completed it see that it changed")
        REDO = "redo", _("Redo: people who completed it are asked to do it again")

    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="revisions", verbose_name=_("lesson"))
    number = models.PositiveIntegerField(_("number"), editable=False)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"), blank=True, help_text=_("Markdown."))
    takeaway = models.CharField(_("takeaway"), max_length=400, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=1, editable=False)
    objectives = models.JSONField(
        _("objectives"), default=list, blank=True, help_text=_("Codes of this module's objectives.")
    )
    sources = models.JSONField(
        _("sources"), default=dict, blank=True, help_text=_("covers: source ideas; refs: references.")
    )
    note = models.CharField(_("what changed"), max_length=300, blank=True)
    effect = models.CharField(_("effect"), max_length=10, choices=Effect, default=Effect.SILENT, editable=False)
    redo_level = models.PositiveSmallIntegerField(_("redo level"), default=0, editable=False)
    redo_due_on = models.DateField(_("to be redone by"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("saved"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by")
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("published by"),
    )
    source_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text=_("Of the file it was loaded from.")
    )

    objects = LessonRevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ["lesson", "-number"]
        constraints = [models.UniqueConstraint(fields=["lesson", "number"], name="lesson_revision_number")]

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"

    @staticmethod
    def newest_q() -> Q:
        """The condition behind `newest()`."""
        return ~Q(Exists(LessonRevision.objects.filter(lesson=OuterRef("lesson"), number__gt=OuterRef("number"))))

    def get_as_read_url(self) -> str:
        """The text as it was, for HR and editors."""
        return reverse("learn:as_read", args=[self.pk])


class Diagram(models.Model):
    """A drawing from the course files: sanitized SVG, put into pages by its key."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="diagrams", verbose_name=_("course"))
    key = models.SlugField(_("key"), max_length=80, validators=[validate_key])
    module_key = models.SlugField(_("module"), max_length=80, blank=True, help_text=_("In whose folder its file lies."))
    title = models.CharField(_("title"), max_length=125)
    alt = models.TextField(_("what it shows"))
    svg = models.TextField(editable=False)
    source_hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("diagram")
        verbose_name_plural = _("diagrams")
        ordering = ["course", "key"]
        constraints = [models.UniqueConstraint(fields=["course", "key"], name="diagram_key_once_a_course")]

    def __str__(self) -> str:
        return self.title


def newest_title(lesson: str) -> Subquery:
    """For annotations: what editors call the lesson that this column names."""
    return Subquery(LessonRevision.objects.filter(lesson=OuterRef(lesson)).order_by("-number").values("title")[:1])
