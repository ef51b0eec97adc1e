from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses.models import Course, Lesson, Objective
from courses.models.course import validate_key
from quizzes import grading


class QuestionQuerySet(models.QuerySet["Question"]):
    def published(self) -> QuestionQuerySet:
        """Questions that new attempts can draw."""
        return self.filter(published_revision__isnull=False, retired_at=None)


class Question(models.Model):
    """A question of a course. What it asks is in its revisions; attempts keep the revision they drew."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="questions", verbose_name=_("course"))
    key = models.SlugField(_("key"), max_length=100, validators=[validate_key])
    published_revision = models.ForeignKey(
        "quizzes.QuestionRevision",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("published"),
    )
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True, editable=False)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["course", "key"]
        constraints = [models.UniqueConstraint(fields=["course", "key"], name="question_key_once_a_course")]

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        """Its page for editors; learners meet a question in attempts only."""
        return reverse("admin:quizzes_question_change", args=[self.pk])

    def get_analysis_url(self) -> str:
        return reverse("reports:question", args=[self.course.key, self.key])

    @property
    def is_published(self) -> bool:
        return self.published_revision_id is not None and self.retired_at is None

    @property
    def draft(self) -> QuestionRevision | None:
        return self.revisions.order_by("-number").first()

    @transaction.atomic
    def add_revision(self, *, by: User | None = None, **content: Any) -> QuestionRevision:
        """Save content as the newest revision. Raises ValidationError if its body does not fit its type."""
        Question.objects.select_for_update().get(pk=self.pk)
        last = self.draft
        revision = QuestionRevision(question=self, number=last.number + 1 if last else 1, created_by=by, **content)
        revision.clean()
        revision.save()
        return revision

    def set_retired(self, retired: bool, at: datetime | None = None) -> None:
        """Let new attempts and readers not meet this question any more, or again; what was answered is kept."""
        self.retired_at = (at or timezone.now()) if retired else None
        self.save(update_fields=["retired_at"])

    def publish(self, revision: QuestionRevision) -> None:
        """Let new attempts draw this revision; open ones keep theirs."""
        self.published_revision = revision
        self.save(update_fields=["published_revision"])


class QuestionRevisionQuerySet(models.QuerySet["QuestionRevision"]):
    def newest(self) -> QuestionRevisionQuerySet:
        """Of each question the one that is its draft."""
        newer = QuestionRevision.objects.filter(question=OuterRef("question"), number__gt=OuterRef("number"))
        return self.filter(~Exists(newer))


class QuestionRevision(models.Model):
    """What a question asked at one time. Answers point here, so that a later edit changes nobody's result."""

    class Level(models.TextChoices):
        RECALL = "recall", _("Recall")
        APPLY = "apply", _("Apply")
        JUDGE = "judge", _("Judge")

    question = models.ForeignKey(Question, models.PROTECT, related_name="revisions", verbose_name=_("question"))
    number = models.PositiveIntegerField(_("number"), editable=False)
    type = models.CharField(_("type"), max_length=20, choices=grading.type_choices, default="single")
    objective = models.ForeignKey(
        Objective, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("objective")
    )
    level = models.CharField(_("level"), max_length=10, choices=Level, blank=True)
    reread = models.ForeignKey(
        Lesson, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lesson to reread")
    )
    body = models.JSONField(_("body"), help_text=_("stem, and the parts of its type; checked by quizzes/grading.py."))
    created_at = models.DateTimeField(_("saved"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by")
    )
    source_hash = models.CharField(max_length=64, blank=True, editable=False)

    objects = QuestionRevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question revision")
        verbose_name_plural = _("question revisions")
        ordering = ["question", "-number"]
        constraints = [models.UniqueConstraint(fields=["question", "number"], name="question_revision_number")]

    def __str__(self) -> str:
        return f"{self.question} ({self.number})"

    def clean(self) -> None:
        super().clean()
        if problems := grading.problems(self.type, self.body):
            raise ValidationError({"body": [problem.text for problem in problems]})

    @property
    def stem(self) -> str:
        return str(self.body["stem"])


class Quiz(models.Model):
    """How the quiz of a lesson is drawn and passed; both numbers are counts of questions.

    A final draws by the person's path instead: quizzes/drawing.py says how many, and how many pass.
    """

    lesson = models.OneToOneField(Lesson, models.PROTECT, related_name="quiz", verbose_name=_("lesson"))
    draw = models.PositiveSmallIntegerField(_("questions drawn"), default=8)
    pass_mark = models.PositiveSmallIntegerField(_("right answers needed"), default=6)
    is_final = models.BooleanField(
        _("final"), default=False, help_text=_("Draws from each module of a path; both numbers follow from the path.")
    )

    class Meta:
        verbose_name = _("quiz")
        verbose_name_plural = _("quizzes")
        constraints = [
            models.CheckConstraint(
                condition=Q(pass_mark__lte=models.F("draw"), pass_mark__gte=1),
                name="quiz_pass_mark_within_draw",
                violation_error_message=_("The mark must be between 1 and the number of questions drawn."),
            )
        ]

    def __str__(self) -> str:
        return str(self.lesson)

    def pool(self) -> QuestionQuerySet:
        """What a new attempt is drawn from."""
        return Question.objects.published().filter(pool_items__quiz=self)


class PoolItem(models.Model):
    """A question that the attempts at a quiz are drawn from."""

    quiz = models.ForeignKey(Quiz, models.CASCADE, related_name="pool_items", verbose_name=_("quiz"))
    question = models.ForeignKey(Question, models.PROTECT, related_name="pool_items", verbose_name=_("question"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("question of the pool")
        verbose_name_plural = _("questions of the pool")
        ordering = ["quiz", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["quiz", "question"], name="pool_item_once_a_quiz")]

    def __str__(self) -> str:
        return str(self.question)


class LessonCheck(models.Model):
    """The one question in the text of a reading lesson; answered right or wrong, it lets the reader go on."""

    lesson = models.OneToOneField(Lesson, models.PROTECT, related_name="check_question", verbose_name=_("lesson"))
    question = models.ForeignKey(Question, models.PROTECT, related_name="lesson_checks", verbose_name=_("question"))

    class Meta:
        verbose_name = _("check question")
        verbose_name_plural = _("check questions")

    def __str__(self) -> str:
        return str(self.question)
