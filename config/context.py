from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """`SITE_NAME`, `DEMO` and `VERSION` for every template."""
    return {"SITE_NAME": settings.SITE_NAME, "DEMO": settings.DEMO, "VERSION": settings.VERSION}
