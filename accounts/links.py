import unicodedata

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def is_own(request: HttpRequest, url: str) -> bool:
    """Whether a link from outside leads to a page of this site, in every browser's reading of it."""
    own = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return (
        own and "\\" not in url and not any(unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") for letter in url)
    )
