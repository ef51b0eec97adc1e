from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models.course import Course, validate_key
from courses.models.lesson import Lesson


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
    def required(self) -> PathStepQuerySet:
        """Steps whose lesson is published and counts."""
        return self.filter(Lesson.published_q("lesson__"), lesson__required=True)

    def required_of(self, path: Any, enrolled_at: Any) -> PathStepQuerySet:
        """The required set of an enrollment, given its path and start as values or as OuterRef expressions.

        A step with `since` after the start is new to people under way, and optional for them.
        """
        return self.required().filter(Q(since=None) | Q(since__lte=enrolled_at), path=path)


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
