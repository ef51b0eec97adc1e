from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from tests.bench.bare.models import Note


def page(request: HttpRequest) -> HttpResponse:
    context = {
        "note": Note.objects.get(pk=1),
        "other": Note.objects.get(pk=2),
        "notes": Note.objects.filter(pk__lte=10).order_by("pk"),
    }
    return render(request, "bare/page.html", context)


@require_POST
def write(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        Note.objects.filter(pk=request.user.pk % 10 + 1).update(text=request.POST["text"][:100])
    return redirect("page")
