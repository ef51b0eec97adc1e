from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from courses.models.course import Course, Module, validate_key
from courses.models.lesson import Lesson

REFRESHER = "refresher"  # the key of the path that is asked again after a time


class Path(models.Model):
    """An ordered list of lessons that a person is asked to take. What lies outside stays open."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="paths", verbose_name=_("course"))
    key = models.SlugField(_("key"), validators=[validate_key])
    title = models.CharField(_("title"), max_length=200)
    summary = models.CharField(_("for whom"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_default = models.BooleanField(_("default"), default=False)
    is_sequential = models.BooleanField(
        _("in order"), default=False, help_text=_("Each lesson opens when the required ones before it are complete.")
    )
    certificate = models.BooleanField(
        _("certificate"),
        default=True,
        help_text=_("Off: completing this path makes no certificate. Those that were issued stay as they are."),
    )
    redo_at = models.DateTimeField(
        _("last redo"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Last time a required lesson was published to be done again."),
    )

    class Meta:
        verbose_name = _("path")
        verbose_name_plural = _("paths")
        ordering = ["course", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["course", "key"], name="path_key_once_a_course"),
            models.UniqueConstraint(fields=["course"], condition=Q(is_default=True), name="path_one_default_a_course"),
        ]

    def __str__(self) -> str:
        return self.title


class PathStepQuerySet(models.QuerySet["PathStep"]):
    def required(self, opened: Module | None = None) -> PathStepQuerySet:
        """Steps whose lesson is published and counts; `opened` as in `Lesson.published_q`."""
        return self.filter(Lesson.published_q("lesson__", opened), lesson__required=True)

    def required_of(self, path: Any, enrolled_at: Any, opened: Module | None = None) -> PathStepQuerySet:
        """The required set of an enrollment, given its path and start as values or as OuterRef expressions.

        A step with `since` after the start is new to people under way, and optional for them.
        """
        return self.required(opened).filter(Q(since=None) | Q(since__lte=enrolled_at), path=path)


class PathStep(models.Model):
    """A lesson in its place on a path, and since when it is asked of people who begin."""

    path = models.ForeignKey(Path, models.CASCADE, related_name="steps", verbose_name=_("path"))
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="steps", verbose_name=_("lesson"))
    position = models.PositiveSmallIntegerField(_("position"))
    since = models.DateTimeField(
        _("since"), null=True, blank=True, help_text=_("Required only for people who started at this moment or later.")
    )

    objects = PathStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["path", "position"]
        constraints = [models.UniqueConstraint(fields=["path", "lesson"], name="step_once_a_path")]

    def __str__(self) -> str:
        return f"{self.path} {self.position}"


class ExtraStepQuerySet(models.QuerySet["ExtraStep"]):
    def required(self, opened: Module | None = None) -> ExtraStepQuerySet:
        """Those whose lesson is published and counts, and is not in the required set by its path already."""
        enrolled = OuterRef("enrollment__path"), OuterRef("enrollment__enrolled_at")
        by_path = PathStep.objects.required_of(*enrolled, opened)
        return self.counting(opened).filter(~Exists(by_path.filter(lesson=OuterRef("lesson"))))

    def counting(self, opened: Module | None = None) -> ExtraStepQuerySet:
        """Those whose lesson is published and counts, whether or not the path asks for it as well."""
        return self.filter(Lesson.published_q("lesson__", opened), lesson__required=True)


class ExtraStep(models.Model):
    """A lesson that one enrollment requires beside its path: in a refresher, what was published to be done again.

    There are none in a first cycle, which queries that are asked often rely on. They stand outside the order of a path:
    open from the start, and nothing waits for them.
    """

    enrollment = models.ForeignKey("courses.Enrollment", models.PROTECT, related_name="extra_steps", db_index=False)
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="+", verbose_name=_("lesson"))

    objects = ExtraStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("extra lesson")
        verbose_name_plural = _("extra lessons")
        constraints = [models.UniqueConstraint(fields=["enrollment", "lesson"], name="extra_step_once")]

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.lesson}"
