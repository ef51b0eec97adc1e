from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models.lesson import Lesson, LessonRevision


class PublishRequestQuerySet(models.QuerySet["PublishRequest"]):
    def waiting(self) -> PublishRequestQuerySet:
        """Not answered, and about what still is the draft of a lesson that learners see as they did then."""
        newer = LessonRevision.objects.filter(
            lesson=OuterRef("revision__lesson"), number__gt=OuterRef("revision__number")
        )
        shown = F("revision__lesson__published_revision")
        as_then = Q(base=shown) | Q(base=None, revision__lesson__published_revision=None)
        open_ = self.filter(as_then, answer="", revision__lesson__retired_at=None, revision__published_at=None)
        return open_.filter(~Exists(newer))

    def answered(self, since: datetime) -> PublishRequestQuerySet:
        """Confirmed or declined, which only somebody else can do, after this moment."""
        answers = [PublishRequest.Answer.CONFIRMED, PublishRequest.Answer.DECLINED]
        return self.filter(answer__in=answers, answered_at__gt=since)


class PublishRequest(models.Model):
    """An editor wants to publish what reaches many people; somebody else says yes or no. A fact, and its answer."""

    class Answer(models.TextChoices):
        CONFIRMED = "confirmed", _("Confirmed")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    revision = models.ForeignKey(LessonRevision, models.PROTECT, related_name="requests", verbose_name=_("revision"))
    base = models.ForeignKey(
        LessonRevision, models.PROTECT, null=True, related_name="+", verbose_name=_("what learners saw then")
    )
    effect = models.CharField(_("effect"), max_length=10, choices=LessonRevision.Effect)
    redo_due_on = models.DateField(_("to be redone by"), null=True, blank=True)
    people = models.PositiveIntegerField(_("people it reached then"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("answered by")
    )
    answered_at = models.DateTimeField(_("answered"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = PublishRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request to publish")
        verbose_name_plural = _("requests to publish")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["revision"], condition=Q(answer=""), name="publish_request_once"),
            models.CheckConstraint(
                condition=Q(answer="", answered_by=None, answered_at=None)
                | (~Q(answer="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="publish_request_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(answer="confirmed", answered_by=F("asked_by")), name="publish_request_second_person"
            ),
        ]

    def __str__(self) -> str:
        return self.revision.title

    @property
    def lesson(self) -> Lesson:
        return self.revision.lesson

    @property
    def is_waiting(self) -> bool:
        lesson = self.revision.lesson
        if self.answer or lesson.retired_at or self.revision.published_at:
            return False
        return lesson.published_revision_id == self.base_id and lesson.draft == self.revision
