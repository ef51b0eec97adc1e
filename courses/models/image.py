from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses.models.course import Course, validate_key
from courses.models.lesson import Lesson


def new_name() -> str:
    """A name for a file that nobody can guess."""
    return secrets.token_hex(16)


class ImageQuerySet(models.QuerySet["Image"]):
    def in_use(self) -> ImageQuerySet:
        """Those that editors may put into lessons: neither replaced nor retired."""
        return self.filter(retired_at=None)

    def named(self, course: Course, keys: Iterable[str]) -> dict[str, Image]:
        """What a text shows by these keys: the picture in use, or else the last that was."""
        found = self.filter(course=course, key__in=keys).order_by(F("retired_at").asc(nulls_last=True), "pk")
        return {image.key: image for image in found}

    def visible_to(self, user: User | AnonymousUser) -> ImageQuerySet:
        """All of the courses a person may see; of the open sample, for everybody, those that its text names."""
        named = Concat(Value("(image:"), OuterRef("key"), Value(")"))
        sample = Lesson.objects.published().filter(course=OuterRef("course"), is_sample=True)
        in_sample = Exists(sample.filter(published_revision__body__contains=named))
        return self.filter(Q(course__in=Course.objects.visible_to(user)) | in_sample)


class Image(models.Model):
    """A picture that editors put into lessons by `![…](image:key)`: re-encoded, without what a camera noted in it.

    A file is never changed. Replacing a picture retires its row and gives the key to a new one.
    """

    course = models.ForeignKey(Course, models.PROTECT, related_name="images", verbose_name=_("course"))
    key = models.SlugField(_("key"), max_length=80, validators=[validate_key])
    title = models.CharField(_("title"), max_length=100)
    alt = models.CharField(
        _("what it shows"),
        max_length=300,
        help_text=_("For people who do not see it: what one would say about it on the phone. Without “picture of”."),
    )
    credit = models.CharField(
        _("credit"), max_length=200, blank=True, help_text=_("Whose picture it is, if that has to be said beside it.")
    )
    width = models.PositiveSmallIntegerField(_("width"), editable=False)
    height = models.PositiveSmallIntegerField(_("height"), editable=False)
    name = models.CharField(max_length=32, unique=True, default=new_name, editable=False)
    content_hash = models.CharField(max_length=64, editable=False)
    source_hash = models.CharField(max_length=64, blank=True, editable=False)
    loaded_from = models.CharField(
        max_length=64, blank=True, editable=False, help_text=_("Hash of the file it was written anew from.")
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by")
    )
    uploaded_at = models.DateTimeField(_("uploaded"), default=timezone.now, editable=False)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True, editable=False)

    objects = ImageQuerySet.as_manager()

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["course", "title", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "key"],
                condition=Q(retired_at=None),
                name="image_key_once_a_course",
                violation_error_message=_("Another picture of this course has this key already. Choose another."),
            ),
            models.UniqueConstraint(
                fields=["course", "content_hash"],
                condition=Q(retired_at=None),
                name="image_once_a_course",
                violation_error_message=_("This course has this very picture already."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("learn:image", args=[self.course.key, self.name])

    @property
    def is_in_use(self) -> bool:
        return self.retired_at is None

    @property
    def file(self) -> str:
        """Where it lies in the media."""
        return f"images/{self.name[:2]}/{self.name}.webp"

    def is_visible_to(self, user: User | AnonymousUser) -> bool:
        return Image.objects.visible_to(user).filter(pk=self.pk).exists()
