from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notices.models import SENDER, WRITER, Heartbeat, Notice

NAMES = {SENDER: _("Sender"), WRITER: _("Writer of reminders")}


def beats_at(at: datetime) -> list[tuple[Heartbeat, Any, bool]]:
    """Each background process with its name in words and whether it is alive."""
    return [
        (beat, NAMES.get(beat.name, beat.name), not beat.is_late(at)) for beat in Heartbeat.objects.order_by("name")
    ]


def is_sending(beats: list[tuple[Heartbeat, Any, bool]]) -> bool:
    return any(alive for beat, _name, alive in beats if beat.name == SENDER)


def trouble(user: User | AnonymousUser, at: datetime | None = None) -> Any:
    """What is wrong with the sending of mail, in a sentence for the operators' first page; one query for them."""
    if not user.has_perm("notices.view_heartbeat"):
        return ""
    beats = beats_at(at or timezone.now())
    if not is_sending(beats):
        return _("The sender does not run: no mail goes out.")
    if any(beat.name == WRITER and not alive for beat, _name, alive in beats):
        return _("The writer of reminders has not run for an hour: no reminders are written.")
    return ""


def sender(request: HttpRequest) -> HttpResponse:
    """Whether background processes are alive and what waits to be sent, for operators."""
    if not request.user.has_perm("notices.view_heartbeat"):
        raise PermissionDenied
    now = timezone.now()
    beats = beats_at(now)
    waiting = Notice.objects.waiting(now)
    context = {
        **admin.site.each_context(request),
        "title": _("Is the sender running?"),
        "beats": beats,
        "alive": is_sending(beats),
        "waiting": waiting.count(),
        "oldest": waiting.order_by("not_before").first(),
        "given_up": Notice.objects.filter(failed_at__isnull=False).count(),
        "bouncing": Notice.objects.bounced().values("address").distinct().count(),
    }
    return TemplateResponse(request, "desk/sender.html", context)
