import functools

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_urlconf, reverse

MENU = {
    "home": "learn:home",
    "search": "learn:search",
    "team": "reports:team",
    "staff": "admin:index",
    "profile": "accounts:profile",
    "data": "learn:data",
    "manager_sees": "learn:what_manager_sees",
    "sign_in": "accounts:sign_in",
    "sign_out": "accounts:sign_out",
}


def site(request: HttpRequest) -> dict[str, object]:
    """`SITE_NAME`, `DEMO`, `VERSION` and the addresses of the menu, `MENU`, for every template."""
    menu = menu_of(get_urlconf() or settings.ROOT_URLCONF)
    return {"SITE_NAME": settings.SITE_NAME, "DEMO": settings.DEMO, "VERSION": settings.VERSION, "MENU": menu}


@functools.cache
def menu_of(urlconf: str) -> dict[str, str]:
    """Found once, since every page has them; those that there are not are left out."""
    found = {}
    for name, view in MENU.items():
        try:
            found[name] = reverse(view, urlconf)
        except NoReverseMatch:
            continue
    return found
