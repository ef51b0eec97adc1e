"""The site's addresses, and a few that go wrong on purpose."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from accounts.models import User
from config.urls import handler400, handler403, handler404, handler500, urlpatterns
from notices.models import Notice

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("Ada Moreau <ada@example.com> broke it")


@login_not_required
def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


@login_not_required
def away(request: HttpRequest) -> HttpResponse:
    raise OperationalError("could not connect to server: Connection refused")


@login_not_required
def read(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(User.objects.filter(name=request.GET.get("name", "Ada")).count()))


@login_not_required
def write(request: HttpRequest) -> HttpResponse:
    """Two rows or none."""
    with transaction.atomic():
        for number in (1, 2):
            key = f"{request.POST['key']}-{number}"
            Notice.objects.create(key=key, kind="plain", address="a@example.com", subject="s", body="x" * 9000)
    return HttpResponse("saved")


urlpatterns = [
    path("test/broken", broken),
    path("test/forbidden", forbidden),
    path("test/away", away),
    path("test/read", read),
    path("test/write", write),
    *urlpatterns,
]
