"""Publishing what reaches many people: one person asks, another confirms or declines. Decision 0023."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses import progress, publishing
from courses.models import Lesson, LessonRevision, PublishRequest

ALONE = 50  # people; an editor may announce or redo for so many without asking anybody

Answer = PublishRequest.Answer


def is_needed(lesson: Lesson, effect: LessonRevision.Effect) -> bool:
    """Whether publishing with this effect reaches so many people that a second person confirms it."""
    return effect != LessonRevision.Effect.SILENT and publishing.head_counts(lesson).completed > ALONE


@transaction.atomic
def ask(
    revision: LessonRevision,
    effect: LessonRevision.Effect,
    *,
    by: User,
    redo_due_on: date | None = None,
    at: datetime | None = None,
) -> PublishRequest:
    """Ask for a second person to confirm; of two clicks, the second finds the request of the first."""
    lesson = Lesson.objects.select_for_update(of=("self",), no_key=True).get(pk=revision.lesson_id)
    at = at or timezone.now()
    if waiting := PublishRequest.objects.waiting().filter(revision=revision).first():
        return waiting
    void = PublishRequest.objects.filter(revision=revision, answer="")
    void.update(answer=Answer.WITHDRAWN, answered_by=by, answered_at=at)
    is_redo = effect == LessonRevision.Effect.REDO
    return PublishRequest.objects.create(
        revision=revision,
        base_id=lesson.published_revision_id,
        effect=effect,
        redo_due_on=redo_due_on if is_redo else None,
        people=publishing.head_counts(lesson).completed,
        asked_by=by,
        asked_at=at,
    )


@transaction.atomic
def confirm(request: PublishRequest, by: User, at: datetime | None = None) -> None:
    """Publish what was asked for. Raises ValidationError for a request that is void, and for who asked."""
    if request.effect == LessonRevision.Effect.REDO:
        progress.hold(request.revision.lesson.course)  # before the lesson, as everywhere: the order of locks
    request = held(request)
    if by == request.asked_by:
        raise ValidationError(_("You asked for this yourself. Somebody else has to confirm it."))
    _answer(request, Answer.CONFIRMED, by, "", at)
    publishing.publish(
        request.revision,
        LessonRevision.Effect(request.effect),
        by=request.asked_by,
        redo_due_on=request.redo_due_on,
        at=at,
    )


@transaction.atomic
def decline(request: PublishRequest, by: User, reason: str, at: datetime | None = None) -> None:
    """Say no, and why. Raises ValidationError for a request that is void, and for who asked."""
    request = held(request)
    if by == request.asked_by:
        raise ValidationError(_("You asked for this yourself. You can withdraw it."))
    _answer(request, Answer.DECLINED, by, reason, at)


@transaction.atomic
def withdraw(request: PublishRequest, by: User, at: datetime | None = None) -> None:
    """Take it back. Raises ValidationError for a request that is void."""
    _answer(held(request), Answer.WITHDRAWN, by, "", at)


def held(request: PublishRequest) -> PublishRequest:
    """The request as it is now, with its lesson locked, so that nobody publishes or answers meanwhile."""
    Lesson.objects.select_for_update(of=("self",), no_key=True).get(pk=request.revision.lesson_id)
    found = PublishRequest.objects.select_related("revision__lesson", "asked_by").get(pk=request.pk)
    if found.answer:
        raise ValidationError(_("This request was answered already."))
    if not found.is_waiting:
        raise ValidationError(
            _("This request is void: the lesson was edited, published or taken away since. Nothing was published.")
        )
    return found


def _answer(request: PublishRequest, answer: PublishRequest.Answer, by: User, reason: str, at: datetime | None) -> None:
    request.answer, request.answered_by, request.reason = answer, by, reason
    request.answered_at = at or timezone.now()
    request.save(update_fields=["answer", "answered_by", "answered_at", "reason"])
