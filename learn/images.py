"""The pictures of a course, for the people who may see it."""

from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from courses.models import Image

A_YEAR = 60 * 60 * 24 * 365


@login_not_required
@require_safe
def image(request: HttpRequest, course: str, name: str) -> HttpResponse:
    """One picture. Its file never changes, so the browser keeps it, and nobody else does; by itself it does nothing."""
    found = get_object_or_404(Image.objects.visible_to(request.user), course__key=course, name=name)
    try:
        with default_storage.open(found.file) as file:
            data = file.read()
    except FileNotFoundError as error:
        raise Http404 from error
    headers = {
        "Cache-Control": f"private, max-age={A_YEAR}, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Disposition": content_disposition_header(True, f"{found.key}.webp") or "attachment",
    }
    return HttpResponse(data, content_type="image/webp", headers=headers)
