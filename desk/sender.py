from datetime import timedelta

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from notices.models import Heartbeat, Notice

ALIVE_WITHIN = timedelta(minutes=5)


def sender(request: HttpRequest) -> HttpResponse:
    """Whether background processes are alive and what waits to be sent, for operators."""
    if not request.user.has_perm("notices.view_heartbeat"):
        raise PermissionDenied
    now = timezone.now()
    beats = [(beat, beat.at > now - ALIVE_WITHIN) for beat in Heartbeat.objects.order_by("name")]
    waiting = Notice.objects.waiting(now)
    context = {
        **admin.site.each_context(request),
        "title": _("Is the sender running?"),
        "beats": beats,
        "alive": any(alive for _beat, alive in beats),
        "waiting": waiting.count(),
        "oldest": waiting.order_by("not_before").first(),
        "given_up": Notice.objects.filter(failed_at__isnull=False).count(),
    }
    return TemplateResponse(request, "desk/sender.html", context)
