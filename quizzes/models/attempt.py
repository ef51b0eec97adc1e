from __future__ import annotations

from decimal import Decimal
from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from courses.models import Enrollment, Lesson
from quizzes import grading
from quizzes.models.quiz import QuestionRevision, Quiz


def plain(score: Decimal) -> str:
    """A score as people write it: 7 or 6.5, never 7.00."""
    return number_format(format(score.normalize(), "f"))


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def of(self, user: User) -> AttemptQuerySet:
        """The attempts of one person; views reach attempts through this and nothing else."""
        return self.filter(enrollment__user=user)

    def reachable(self) -> AttemptQuerySet:
        """Those whose pages can be opened: of the current cycle, at a published quiz.

        The lessons of Lesson.objects.visible_to(user): the enrollment of an attempt is what shows its lesson.
        """
        return self.filter(Enrollment.current_q("enrollment__"), Lesson.published_q("quiz__lesson__"))

    def open(self) -> AttemptQuerySet:
        return self.filter(closed_at=None)

    def closed(self) -> AttemptQuerySet:
        return self.filter(closed_at__isnull=False)

    def passed(self) -> AttemptQuerySet:
        """Those that passed: on the day they were closed, or by a regrade since."""
        return self.filter(Attempt.passed_q())


class Attempt(models.Model):
    """One go at a quiz. Open until the person closes it; then score and the mark of the day are facts."""

    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="attempts", verbose_name=_("enrollment"))
    quiz = models.ForeignKey(Quiz, models.PROTECT, related_name="attempts", verbose_name=_("quiz"))
    number = models.PositiveSmallIntegerField(_("number"))
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    score = models.DecimalField(_("score"), max_digits=6, decimal_places=2, null=True, blank=True)
    pass_mark = models.PositiveSmallIntegerField(_("mark used"), null=True, blank=True)
    max_score = models.PositiveSmallIntegerField(_("questions"))
    passed = models.BooleanField(_("passed"), null=True, blank=True)
    forgotten_at = models.DateTimeField(_("answers forgotten"), null=True, blank=True, editable=False)
    counted_in = models.ForeignKey(
        Team,
        models.SET_NULL,
        related_name="+",
        verbose_name=_("counted in"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Of a very first attempt: the home team of that day, in whose figures it stays."),
    )

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["enrollment", "quiz", "number"]
        constraints = [
            models.UniqueConstraint(fields=["enrollment", "quiz", "number"], name="attempt_number"),
            models.UniqueConstraint(
                fields=["enrollment", "quiz"], condition=Q(closed_at=None), name="attempt_one_open"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, score=None, passed=None)
                | Q(closed_at__isnull=False, score__isnull=False, passed__isnull=False, pass_mark__isnull=False),
                name="attempt_scored_when_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.quiz} {self.number}"

    def get_absolute_url(self) -> str:
        """The result once closed; while open it leads to where the person was."""
        return reverse("quizzes:attempt", args=self._address())

    def get_question_url(self, position: int) -> str:
        return reverse("quizzes:question", args=[*self._address(), position])

    def get_close_url(self) -> str:
        return reverse("quizzes:close", args=self._address())

    def _address(self) -> list[str | int]:
        lesson = self.quiz.lesson
        return [lesson.course.key, lesson.slug, self.number]

    @staticmethod
    def passed_q() -> Q:
        """The condition behind `passed()`, for counting."""
        regraded = Regrade.objects.filter(attempt=OuterRef("pk"), passed=True)
        return Q(passed=True) | Q(Exists(regraded))

    @property
    def is_passed(self) -> bool:
        """Whether it passed, on the day it was closed or by a regrade since; the same rule as `passed()`."""
        return bool(self.passed) or bool(self.regrade and self.regrade.passed)

    @cached_property
    def regrade(self) -> Regrade | None:
        """What counts of its regrades, or None. Of many attempts prefetch `regrades`."""
        regrades = list(self.regrades.all())
        return regrades[-1] if regrades else None

    @property
    def score_now(self) -> Decimal | None:
        """The score of the day, or what regrades made of it."""
        return self.regrade.score_after if self.regrade else self.score

    @property
    def plain_score(self) -> str:
        """The score of the day."""
        return "" if self.score is None else plain(self.score)

    @property
    def plain_score_now(self) -> str:
        return "" if self.score_now is None else plain(self.score_now)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class Answer(models.Model):
    """One drawn question of an attempt, with the order its options are shown in, and the response once there is one."""

    attempt = models.ForeignKey(
        Attempt, models.CASCADE, related_name="answers", verbose_name=_("attempt"), db_index=False
    )
    question_revision = models.ForeignKey(
        QuestionRevision, models.PROTECT, related_name="+", verbose_name=_("question")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    option_order = models.JSONField(_("order of options"), default=list)
    response = models.JSONField(_("response"), null=True, blank=True)
    saved_at = models.DateTimeField(_("saved"), null=True, blank=True)
    marked = models.BooleanField(_("marked for review"), default=False)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["attempt", "position"]
        constraints = [models.UniqueConstraint(fields=["attempt", "position"], name="answer_position")]

    def __str__(self) -> str:
        return f"{self.attempt} · {self.position}"

    @property
    def is_answered(self) -> bool:
        """Whether all of the question is answered; of half an answer, what is there is kept and graded."""
        return grading.is_complete(self.response)

    @property
    def state(self) -> str:
        """How the list of questions shows it: marked, answered or unanswered."""
        if self.marked:
            return "marked"
        return "answered" if self.is_answered else "unanswered"


class Regrade(models.Model):
    """The fact that an answer of a closed attempt was worth more by a mended key. Written by quizzes/regrading.py.

    It stands beside the attempt, whose own score, mark and pass stay those of the day. Points and score only rise.
    """

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="regrades", verbose_name=_("attempt"))
    answer = models.ForeignKey(
        Answer, models.PROTECT, related_name="regrades", verbose_name=_("answer"), db_index=False
    )
    question_revision = models.ForeignKey(
        QuestionRevision, models.PROTECT, related_name="+", verbose_name=_("graded by")
    )
    points_before = models.DecimalField(_("points before"), max_digits=3, decimal_places=2)
    points_after = models.DecimalField(_("points after"), max_digits=3, decimal_places=2)
    score_before = models.DecimalField(_("score before"), max_digits=6, decimal_places=2)
    score_after = models.DecimalField(_("score after"), max_digits=6, decimal_places=2)
    passed = models.BooleanField(_("passed"))
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("regrade")
        verbose_name_plural = _("regrades")
        ordering = ["score_after", "pk"]  # the last is what counts
        constraints = [
            models.UniqueConstraint(fields=["answer", "question_revision"], name="regrade_once_a_revision"),
            models.CheckConstraint(
                condition=models.Q(points_after__gt=models.F("points_before")), name="regrade_only_helps"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt}: {self.points_before} → {self.points_after}"

    @property
    def plain_score(self) -> str:
        return plain(self.score_after)


class RetakeChange(models.Model):
    """The fact that HR let a person try a final sooner, or set or lifted a limit, with who, when and why."""

    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="retake_changes", verbose_name=_("enrollment")
    )
    quiz = models.ForeignKey(Quiz, models.PROTECT, related_name="retake_changes", verbose_name=_("final"))
    may_start_at = models.DateTimeField(_("may start from"), null=True, blank=True)
    limit = models.PositiveSmallIntegerField(
        _("attempts in all"), null=True, blank=True, help_text=_("0 lifts a limit that was set before.")
    )
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("change of retakes")
        verbose_name_plural = _("changes of retakes")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(may_start_at__isnull=False) | Q(limit__isnull=False), name="retake_change_changes"
            )
        ]

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.quiz}"


class Inspection(models.Model):
    """The fact that HR opened the answers of an attempt to settle an appeal. Written by quizzes/inspecting.py.

    The person reads it beside their result, with the reason.
    """

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="inspections", verbose_name=_("attempt"))
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("look at answers")
        verbose_name_plural = _("looks at answers")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return str(self.attempt)


class CheckAnswer(models.Model):
    """A person's first response to the check question of a lesson. In no report."""

    user = models.ForeignKey(User, models.PROTECT, related_name="check_answers", verbose_name=_("person"))
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="check_answers", verbose_name=_("lesson"))
    question_revision = models.ForeignKey(
        QuestionRevision, models.PROTECT, related_name="+", verbose_name=_("question")
    )
    response = models.JSONField(_("response"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("answer to a check")
        verbose_name_plural = _("answers to checks")
        constraints = [models.UniqueConstraint(fields=["user", "lesson"], name="check_answer_first_only")]

    def __str__(self) -> str:
        return f"{self.user} · {self.lesson}"
