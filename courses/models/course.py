from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from itertools import count

from django.contrib.auth.models import AnonymousUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.models import User

KEY = r"^[a-z0-9]+(-[a-z0-9]+)*$"
OBJECTIVE = r"^O[0-9]+\.[0-9]+$"
validate_key = RegexValidator(KEY, _("Small letters and digits, joined by hyphens."))


def key_from(title: str, longest: int) -> str:
    """A key made of the letters of a title; empty if it has none."""
    return re.sub("-+", "-", slugify(title).replace("_", "-"))[:longest].strip("-")


def free_key(key: str, taken: Collection[str]) -> str:
    """This key, or with the first number behind it that makes it one of a kind."""
    numbered = (f"{key}-{number}" for number in count(2))
    return key if key not in taken else next(each for each in numbered if each not in taken)


def edits_courses(user: User | AnonymousUser) -> bool:
    """Whether this person is an editor, who sees all published content without being enrolled."""
    return user.is_authenticated and user.is_staff and user.has_perm("courses.change_lesson")


@lru_cache(maxsize=1024)
def get_outline_url(key: str, urlconf: str | None, prefix: str) -> str:
    """Found once, since a page leads to its course in several places; `prefix` is what else the address depends on."""
    return reverse("learn:outline", urlconf, args=[key])


@lru_cache(maxsize=4096)
def get_module_url(course: str, key: str, urlconf: str | None, prefix: str) -> str:
    """As `get_outline_url`."""
    return reverse("learn:module", urlconf, args=[course, key])


class CourseQuerySet(models.QuerySet["Course"]):
    def ready(self) -> CourseQuerySet:
        """Those that can be completed and certified: no module is in preparation."""
        return self.filter(~Exists(Module.objects.in_preparation().filter(course=OuterRef("pk"))))

    def visible_to(self, user: User | AnonymousUser) -> CourseQuerySet:
        """Courses the person is or was enrolled in, in any cycle; all of them for an editor."""
        if not user.is_authenticated:
            return self.none()
        if edits_courses(user):
            return self
        return self.filter(pk__in=user.enrollments.values("course"))


class Course(models.Model):
    """The root of the tree of content, and what a person is enrolled in. Loaded from files, then edited on the site."""

    key = models.SlugField(
        _("key"), unique=True, validators=[validate_key], help_text=_("Part of every address; never changes.")
    )
    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("summary"), blank=True)
    source_hash = models.CharField(max_length=64, blank=True, editable=False)

    objects = CourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def get_analysis_url(self) -> str:
        """How people answer its questions."""
        return reverse("reports:analysis", args=[self.key])

    def get_absolute_url(self) -> str:
        return get_outline_url(self.key, get_urlconf(), get_script_prefix())

    @property
    def is_ready(self) -> bool:
        """Whether no module is in preparation. Only then can the course be completed and certified."""
        return not self.modules.in_preparation().exists()


class Skill(models.Model):
    """What objectives are grouped by, across the modules of a course."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="skills", verbose_name=_("course"))
    key = models.SlugField(_("key"), validators=[validate_key])
    title = models.CharField(_("title"), max_length=100)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("skill")
        verbose_name_plural = _("skills")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["course", "key"], name="skill_key_once_a_course")]

    def __str__(self) -> str:
        return self.title


class ModuleQuerySet(models.QuerySet["Module"]):
    def ready(self) -> ModuleQuerySet:
        return self.filter(status=Module.Status.READY)

    def in_preparation(self) -> ModuleQuerySet:
        return self.filter(status=Module.Status.IN_PREPARATION)


class Module(models.Model):
    """A chapter of a course. While one is in preparation, nobody completes the course."""

    class Status(models.TextChoices):
        IN_PREPARATION = "in-preparation", _("In preparation")
        READY = "ready", _("Ready")

    course = models.ForeignKey(Course, models.PROTECT, related_name="modules", verbose_name=_("course"))
    key = models.SlugField(_("key"), validators=[validate_key])
    title = models.CharField(_("title"), max_length=200)
    purpose = models.TextField(_("purpose"), blank=True)
    position = models.PositiveSmallIntegerField(_("position"))
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=Status,
        default=Status.IN_PREPARATION,
        help_text=_("Learners see the lessons of a module once it is ready."),
    )
    illustration = models.ForeignKey(
        "courses.Diagram", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("illustration")
    )
    source_hash = models.CharField(max_length=64, blank=True, editable=False)

    objects = ModuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("module")
        verbose_name_plural = _("modules")
        ordering = ["course", "position"]
        constraints = [models.UniqueConstraint(fields=["course", "key"], name="module_key_once_a_course")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return get_module_url(self.course.key, self.key, get_urlconf(), get_script_prefix())

    @property
    def is_ready(self) -> bool:
        return self.status == self.Status.READY

    @property
    def is_in_preparation(self) -> bool:
        return self.status == self.Status.IN_PREPARATION


class Objective(models.Model):
    """What a module promises that one can do after it."""

    module = models.ForeignKey(Module, models.PROTECT, related_name="objectives", verbose_name=_("module"))
    key = models.CharField(
        _("code"),
        max_length=20,
        validators=[RegexValidator(OBJECTIVE, _("Such as O9.1: the ninth module, its first objective."))],
    )
    text = models.CharField(_("text"), max_length=300)
    skill = models.ForeignKey(Skill, models.PROTECT, related_name="objectives", verbose_name=_("skill"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("objective")
        verbose_name_plural = _("objectives")
        ordering = ["module", "position"]
        constraints = [models.UniqueConstraint(fields=["module", "key"], name="objective_key_once_a_module")]

    def __str__(self) -> str:
        return f"{self.key} {self.text}"
