"""What became of a request to publish, for who asked: a line on their staff pages, and news in their next letter."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.mailing import Words
from accounts.models import User
from courses.models import PublishRequest
from notices.models import News

FRESH = timedelta(days=14)


@dataclass(frozen=True)
class Answered:
    request: PublishRequest
    edition: str = ""
    kind: ClassVar[str] = News.Kind.ANSWER
    rank: ClassVar[int] = 8

    @property
    def person(self) -> int:
        return self.request.asked_by_id

    @property
    def about(self) -> int:
        return self.request.pk

    @property
    def topic(self) -> tuple[str, int]:
        return "answer", self.about

    def words(self) -> Words:
        title, text = said(self.request)
        return Words(title, text, _("Open the lesson"), url_of(self.request))


def said(request: PublishRequest) -> tuple[str, str]:
    """The answer in a title and a sentence or two."""
    names = {
        "title": request.revision.title,
        "who": request.answered_by.name if request.answered_by else "",
        "reason": request.reason,
    }
    if request.answer == PublishRequest.Answer.CONFIRMED:
        return (
            _("“%(title)s” is published") % names,
            _("%(who)s confirmed what you asked for. Learners see the new text.") % names,
        )
    return (
        _("“%(title)s” is not published") % names,
        _("%(who)s declined: “%(reason)s” Learners see what they saw; your draft is kept.") % names,
    )


def url_of(request: PublishRequest) -> str:
    return reverse("admin:courses_lesson_change", args=[request.revision.lesson_id])


def pieces(at: datetime, people: Collection[int]) -> Iterator[Answered]:
    """Of the requests of these people, those answered of late, told already or not; one query if there are none.

    Not to who is no editor any more. Who has no address has the line on their staff pages.
    """
    found = PublishRequest.objects.answered(at - FRESH).filter(
        asked_by__in=people, asked_by__is_active=True, asked_by__email__isnull=False, answered_at__lte=at
    )
    for request in found.select_related("revision", "asked_by", "answered_by").order_by("pk"):
        if request.asked_by.has_perm("courses.change_lesson"):
            yield Answered(request)


def lately(user: User, at: datetime) -> list[PublishRequest]:
    """What became of this person's own requests, the newest first."""
    own = PublishRequest.objects.answered(at - FRESH).filter(asked_by=user.pk)
    return list(own.select_related("revision", "answered_by").order_by("-answered_at", "-pk")[:3])
